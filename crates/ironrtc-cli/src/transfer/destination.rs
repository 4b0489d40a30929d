//! Where received files go, and what they become there.

use std::fs::{self, File, FileTimes, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use super::TransferError;
use super::disk::{self, Writer};
use super::name::{MAX_DEPTH, part_name, safe_name, safe_path};
use super::protocol::Announced;

/// Where files go.
#[derive(Clone, Debug)]
pub(super) enum Destination {
    /// Into a directory.
    Directory {
        directory: PathBuf,
        /// Replace files that exist.
        force: bool,
    },
    /// To stdout, one after the other.
    Stdout,
}

/// What an announced file becomes.
#[derive(Debug)]
pub(super) struct Place {
    /// Its name here, for people.
    pub(super) name: String,
    pub(super) size: u64,
    /// How much an earlier transfer has left.
    pub(super) offset: u64,
    /// Has seen that.
    pub(super) hash: Sha256,
    target: Target,
}

#[derive(Debug)]
enum Target {
    File {
        path: PathBuf,
        part: PathBuf,
        /// Holds the lock.
        file: File,
        replace: bool,
        modified: Option<SystemTime>,
        executable: bool,
    },
    Directory(PathBuf),
    Stdout,
}

impl Destination {
    /// Makes the directory, so that what is wrong with it is known before anyone connects.
    pub(super) fn prepare(&self) -> Result<(), TransferError> {
        match self {
            Self::Directory { directory, .. } => {
                fs::create_dir_all(directory).map_err(TransferError::disk(directory))
            }
            Self::Stdout => Ok(()),
        }
    }

    /// Opens `.NAME.ironrtc-part`, and hashes what an earlier transfer has left in it.
    pub(super) async fn open(&self, file: &Announced) -> Result<Place, TransferError> {
        let components = match &file.path {
            Some(path) => safe_path(path),
            None => vec![safe_name(&file.name)],
        };
        if components.len() > MAX_DEPTH {
            let text = format!("it is more than {MAX_DEPTH} directories deep");
            return Err(TransferError::Unfit(text));
        }
        let name = components.join("/");
        let place = |target| Place {
            name: name.clone(),
            size: file.size,
            offset: 0,
            hash: Sha256::new(),
            target,
        };
        let Self::Directory { directory, force } = self else {
            if file.directory {
                let text = "a directory cannot go to stdout".to_owned();
                return Err(TransferError::Unfit(text));
            }
            return Ok(place(Target::Stdout));
        };
        let (last, parents) = components
            .split_last()
            .map_or(("file", &[][..]), |(l, p)| (l, p));
        let parent = make_directories(directory, parents)?;
        if file.directory {
            return Ok(place(Target::Directory(parent.join(last))));
        }
        let path = parent.join(last);
        if !force && fs::symlink_metadata(&path).is_ok() {
            return Err(TransferError::Exists(path));
        }
        let part = parent.join(part_name(last));
        let found = open_part(&part)?;
        let length = found.metadata().map_err(TransferError::disk(&part))?.len();
        // More than the file has is of another file.
        let offset = if length <= file.size { length } else { 0 };
        let hash = disk::hash_file(&found, offset)
            .await
            .map_err(TransferError::disk(&part))?;
        let target = Target::File {
            path,
            part,
            file: found,
            replace: *force,
            modified: file.modified.and_then(time_of),
            executable: file.executable,
        };
        Ok(Place {
            offset,
            hash,
            ..place(target)
        })
    }
}

impl Place {
    pub(super) const fn is_directory(&self) -> bool {
        matches!(self.target, Target::Directory(_))
    }

    /// Writes from `at` on; `hash` has seen what is before it.
    pub(super) fn writer(&self, at: u64, hash: Sha256) -> Result<Writer, TransferError> {
        Ok(match &self.target {
            Target::File { file, part, .. } => {
                let file = file.try_clone().map_err(TransferError::disk(part))?;
                Writer::to_file(file, at, hash)
            }
            Target::Directory(_) => Writer::to(io::sink()),
            Target::Stdout => Writer::to(io::stdout()),
        })
    }

    /// What is being written.
    pub(super) fn path(&self) -> &Path {
        match &self.target {
            Target::File { part, .. } => part,
            Target::Directory(path) => path,
            Target::Stdout => Path::new("stdout"),
        }
    }

    /// The hash is wrong: continuing behind wrong bytes would never give the right one.
    pub(super) fn discard(&self) -> Result<(), TransferError> {
        match &self.target {
            Target::File { part, .. } => fs::remove_file(part).map_err(TransferError::disk(part)),
            _ => Ok(()),
        }
    }

    /// The hash is right: the file gets its name. Gives its path, for people.
    pub(super) fn store(&self) -> Result<String, TransferError> {
        match &self.target {
            Target::File {
                path,
                part,
                file,
                replace,
                modified,
                executable,
            } => {
                if !replace && fs::symlink_metadata(path).is_ok() {
                    return Err(TransferError::Exists(path.clone()));
                }
                // Not every file system has times and permissions.
                if let Err(error) = set_properties(file, *modified, *executable) {
                    tracing::debug!("the properties of {} stay: {error}", path.display());
                }
                fs::rename(part, path).map_err(TransferError::disk(path))?;
                Ok(path.display().to_string())
            }
            Target::Directory(path) => {
                make_directory(path)?;
                Ok(path.display().to_string())
            }
            Target::Stdout => Ok(self.name.clone()),
        }
    }
}

/// Goes down from `directory`, making what is missing. A link is not followed: it could lead out.
fn make_directories(directory: &Path, names: &[String]) -> Result<PathBuf, TransferError> {
    let mut path = directory.to_owned();
    for name in names {
        path.push(name);
        make_directory(&path)?;
    }
    Ok(path)
}

fn make_directory(path: &Path) -> Result<(), TransferError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(TransferError::Exists(path.to_owned())),
        Err(_) => fs::create_dir(path).map_err(TransferError::disk(path)),
    }
}

/// Milliseconds since 1970 as a time of this system.
fn time_of(milliseconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_millis(milliseconds.unsigned_abs());
    if milliseconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

fn set_properties(file: &File, modified: Option<SystemTime>, executable: bool) -> io::Result<()> {
    #[cfg(unix)]
    if executable {
        use std::os::unix::fs::PermissionsExt as _;
        let mut permissions = file.metadata()?.permissions();
        // Whoever may read it may run it.
        let mode = permissions.mode();
        permissions.set_mode(mode | (mode & 0o444) >> 2);
        file.set_permissions(permissions)?;
    }
    #[cfg(not(unix))]
    let _ = executable;
    match modified {
        Some(time) => file.set_times(FileTimes::new().set_modified(time)),
        None => Ok(()),
    }
}

fn open_part(path: &Path) -> Result<File, TransferError> {
    let disk = |error| TransferError::Disk {
        path: path.to_owned(),
        error,
    };
    // A link or a pipe of that name was not left by a transfer.
    if fs::symlink_metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(disk(io::Error::other("is not a regular file; remove it")));
    }
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(TransferError::Busy(path.to_owned())),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(error)) => Err(disk(error)),
    }
}
