//! What `send` is given, as a list of files: trees are walked, stdin is kept.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::TransferError;
use super::name::MAX_DEPTH;
use super::progress::Progress;
use super::protocol::{Announced, Listed, Offer};
use crate::usage::Usage;

/// Stands for stdin.
pub(super) const STDIN: &str = "-";
/// Names in an offer: a person reads no more, and they fit into a message.
const MAX_LISTED: usize = 20;
/// Longest names in an offer, in bytes altogether.
const MAX_LISTED_BYTES: usize = 8 * 1024;

/// Something to send.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) announced: Announced,
    pub(super) path: PathBuf,
    /// Opened early if the user named it; the files of a tree could be too many.
    file: Option<File>,
}

impl Outgoing {
    /// The bytes.
    pub(super) fn open(&mut self) -> Result<Box<dyn super::Source>, TransferError> {
        if self.announced.directory {
            return Ok(Box::new(io::empty()));
        }
        match self.file.take() {
            Some(file) => Ok(Box::new(file)),
            None => {
                let file = File::open(&self.path).map_err(TransferError::disk(&self.path))?;
                Ok(Box::new(file))
            }
        }
    }
}

/// What the user named, with the offer in the first.
pub(super) fn list(
    paths: &[PathBuf],
    stdin_name: &str,
    progress: Progress,
) -> anyhow::Result<Vec<Outgoing>> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == STDIN {
            files.push(stdin(stdin_name)?);
            continue;
        }
        let found = fs::metadata(path).map_err(TransferError::disk(path))?;
        if found.is_dir() {
            let root = fs::canonicalize(path).map_err(TransferError::disk(path))?;
            let name = root.file_name().unwrap_or_default().to_string_lossy();
            walk(path, &name, 0, &mut files, progress)?;
            continue;
        }
        if !found.is_file() {
            return Err(Usage(format!("{} is not a regular file", path.display())).into());
        }
        let file = File::open(path).map_err(TransferError::disk(path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        files.push(Outgoing {
            announced: announce(&name, &found),
            path: path.clone(),
            file: Some(file),
        });
    }
    let offer = offer(&files);
    if let Some(first) = files.first_mut() {
        first.announced.offer = Some(offer);
    }
    Ok(files)
}

/// Links to files are sent as files; links to directories could lead round in circles.
fn walk(
    directory: &Path,
    name: &str,
    depth: usize,
    files: &mut Vec<Outgoing>,
    progress: Progress,
) -> anyhow::Result<()> {
    if depth + 1 == MAX_DEPTH {
        return Err(Usage(format!(
            "{} is more than {MAX_DEPTH} directories deep; pack it first, for example with tar",
            directory.display()
        ))
        .into());
    }
    let disk = TransferError::disk(directory);
    let mut entries = fs::read_dir(directory)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(disk)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    if entries.is_empty() {
        files.push(Outgoing {
            announced: Announced {
                directory: true,
                ..in_tree(name, 0)
            },
            path: directory.to_owned(),
            file: None,
        });
    }
    for entry in entries {
        let path = entry.path();
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(TransferError::disk(&path))?;
        if kind.is_dir() {
            walk(&path, &inner, depth + 1, files, progress)?;
            continue;
        }
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => files.push(Outgoing {
                announced: announce(&inner, &found),
                path,
                file: None,
            }),
            _ => progress.note(&format!(
                "left out: {} is neither a file nor a directory",
                path.display()
            )),
        }
    }
    Ok(())
}

/// The name of older receivers is the last part of the path.
fn in_tree(path: &str, size: u64) -> Announced {
    let name = path.rsplit('/').next().unwrap_or_default();
    Announced {
        path: path.contains('/').then(|| path.to_owned()),
        ..Announced::new(name, size)
    }
}

fn announce(path: &str, found: &fs::Metadata) -> Announced {
    Announced {
        modified: found.modified().ok().and_then(milliseconds),
        executable: is_executable(found),
        ..in_tree(path, found.len())
    }
}

fn milliseconds(time: SystemTime) -> Option<i64> {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).ok(),
        Err(before) => i64::try_from(before.duration().as_millis())
            .ok()
            .map(i64::wrapping_neg),
    }
}

#[cfg(unix)]
fn is_executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
const fn is_executable(_: &fs::Metadata) -> bool {
    false
}

fn offer(files: &[Outgoing]) -> Offer {
    let mut room = MAX_LISTED_BYTES;
    let list = files.iter().take(MAX_LISTED).map_while(|file| {
        let path = file.announced.path().to_owned();
        room = room.checked_sub(path.len())?;
        let size = file.announced.size;
        Some(Listed { path, size })
    });
    Offer {
        list: list.collect(),
        files: files.len() as u64,
        bytes: files.iter().map(|file| file.announced.size).sum(),
    }
}

/// The size is announced first, so everything is read before anyone connects, into a file without
/// a name.
fn stdin(name: &str) -> Result<Outgoing, TransferError> {
    let disk = |error| TransferError::disk("stdin")(error);
    let mut file = nameless().map_err(disk)?;
    let size = io::copy(&mut io::stdin().lock(), &mut file).map_err(disk)?;
    file.seek(SeekFrom::Start(0)).map_err(disk)?;
    Ok(Outgoing {
        announced: Announced::new(name, size),
        path: PathBuf::from("stdin"),
        file: Some(file),
    })
}

fn nameless() -> io::Result<File> {
    let random = getrandom::u64().map_err(io::Error::other)?;
    let path = std::env::temp_dir().join(format!("ironrtc-stdin-{random:016x}"));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(windows)]
    {
        /// Deletes the file with its last handle.
        const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
        std::os::windows::fs::OpenOptionsExt::custom_flags(&mut options, FILE_FLAG_DELETE_ON_CLOSE);
    }
    let file = options.open(&path)?;
    #[cfg(unix)]
    fs::remove_file(&path)?;
    Ok(file)
}
