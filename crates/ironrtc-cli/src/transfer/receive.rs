//! Files from a channel into a directory.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ironrtc::DataChannel;
use sha2::{Digest, Sha256};

use super::disk::{self, Writer};
use super::hash::hex;
use super::name::part_name;
use super::outgoing::send;
use super::progress::Progress;
use super::protocol::Control;
use super::{Incoming, Step, TransferError, safe_name};

const MIB: u64 = 1024 * 1024;

/// Where files go.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) directory: PathBuf,
    /// Replace files that exist.
    pub(super) force: bool,
}

/// A file that has begun to arrive.
#[derive(Debug)]
struct Part {
    name: String,
    size: u64,
    target: PathBuf,
    part: PathBuf,
    file: File,
    offset: u64,
    hash: Sha256,
}

/// Receives files until the sender says that there are no more. A file that cannot be stored does
/// not stop the ones behind it; the first such error is returned at the end.
pub(super) async fn receive_files(
    channel: &DataChannel,
    destination: &Destination,
    progress: Progress,
) -> Result<(), TransferError> {
    let mut incoming = Incoming::new();
    let mut first_error = None;
    loop {
        match next(channel, &mut incoming).await? {
            Step::File { name, size } => {
                let result = match destination.open(&name, size).await {
                    Ok(part) => {
                        incoming.accept(part.offset);
                        let replace = destination.force;
                        receive_one(channel, &mut incoming, part, replace, progress).await
                    }
                    Err(error) => {
                        incoming.refuse();
                        send(channel, &Control::refuse(reason(&error)))?;
                        Err(error)
                    }
                };
                match result {
                    Ok(()) => {}
                    Err(error) if ends_transfer(&error) => return Err(error),
                    Err(error) => {
                        progress.note(&format!("not received: {error}"));
                        first_error.get_or_insert(error);
                    }
                }
            }
            Step::Bye => return first_error.map_or(Ok(()), Err),
            _ => return Err(TransferError::Protocol("a file has no name".to_owned())),
        }
    }
}

/// After these the two sides no longer agree on what comes next.
const fn ends_transfer(error: &TransferError) -> bool {
    matches!(
        error,
        TransferError::Ended | TransferError::Protocol(_) | TransferError::Disk { .. }
    )
}

/// The sender need not know the paths of this machine.
fn reason(error: &TransferError) -> String {
    match error {
        TransferError::Exists(_) => {
            "a file of that name exists; the receiver can replace it with --force".to_owned()
        }
        TransferError::Busy(_) => "another transfer is writing that file".to_owned(),
        TransferError::Disk { error, .. } => format!("it cannot be written: {}", error.kind()),
        other => other.to_string(),
    }
}

async fn next(channel: &DataChannel, incoming: &mut Incoming) -> Result<Step, TransferError> {
    let message = channel.recv().await.ok_or(TransferError::Ended)?;
    incoming.handle_message(message).inspect_err(|error| {
        // The channel is useless from here on, so whether this arrives does not matter.
        let _ = send(channel, &Control::failed(error));
    })
}

async fn receive_one(
    channel: &DataChannel,
    incoming: &mut Incoming,
    part: Part,
    replace: bool,
    progress: Progress,
) -> Result<(), TransferError> {
    let Part {
        name,
        size,
        target,
        part: path,
        file,
        offset,
        hash,
    } = part;
    let sha256 = (offset > 0).then(|| hex(&hash));
    send(channel, &Control::Accept { offset, sha256 })?;
    let bar = progress.file(&name, size);
    let (mut at, hash) = match next(channel, incoming).await? {
        Step::Start(0) => (0, Sha256::new()),
        Step::Start(_) => (offset, hash),
        Step::Failed(reason) => return Err(TransferError::Peer(reason)),
        _ => return Err(TransferError::Protocol("a file does not start".to_owned())),
    };
    bar.resume(&name, at);
    // Kept until the file has its name, for its lock.
    let lock = file.try_clone().map_err(TransferError::disk(&path))?;
    let writer = Writer::new(file, at, hash);
    let expected = loop {
        match next(channel, incoming).await? {
            Step::Data(bytes) => {
                let length = bytes.len() as u64;
                at += length;
                if !writer.write(bytes).await {
                    let error = writer.finish().await.err();
                    send(
                        channel,
                        &Control::failed("the receiver cannot write the file"),
                    )?;
                    let error = error.unwrap_or_else(|| io::Error::other("writing stopped"));
                    return Err(TransferError::Disk { path, error });
                }
                bar.set(at);
                if at / MIB > (at - length) / MIB {
                    tracing::debug!("received {} MiB of {name}", at / MIB);
                }
            }
            Step::End(sha256) => break sha256,
            Step::Failed(reason) => return Err(TransferError::Peer(reason)),
            _ => return Err(TransferError::Protocol("a file does not end".to_owned())),
        }
    };
    let actual = writer.finish().await.map_err(TransferError::disk(&path))?;
    if actual != expected {
        // Continuing behind wrong bytes would never give the right hash.
        fs::remove_file(&path).map_err(TransferError::disk(&path))?;
        let error = TransferError::Mismatch {
            name,
            expected,
            actual,
        };
        send(channel, &Control::failed(&error))?;
        return Err(error);
    }
    if !replace && fs::symlink_metadata(&target).is_ok() {
        let error = TransferError::Exists(target);
        send(channel, &Control::failed(reason(&error)))?;
        return Err(error);
    }
    if let Err(error) = fs::rename(&path, &target) {
        send(
            channel,
            &Control::failed("the receiver cannot rename the file"),
        )?;
        return Err(TransferError::Disk {
            path: target,
            error,
        });
    }
    drop(lock);
    send(
        channel,
        &Control::Done {
            sha256: actual.clone(),
        },
    )?;
    bar.finish("received", &target.display().to_string(), &actual);
    Ok(())
}

impl Destination {
    /// Makes the directory, so that what is wrong with it is known before anyone connects.
    pub(super) fn prepare(&self) -> Result<(), TransferError> {
        fs::create_dir_all(&self.directory).map_err(TransferError::disk(&self.directory))
    }

    /// Opens `.NAME.ironrtc-part`, and hashes what an earlier transfer has left in it.
    async fn open(&self, name: &str, size: u64) -> Result<Part, TransferError> {
        let name = safe_name(name);
        let target = self.directory.join(&name);
        if !self.force && fs::symlink_metadata(&target).is_ok() {
            return Err(TransferError::Exists(target));
        }
        let part = self.directory.join(part_name(&name));
        let file = open_part(&part)?;
        let length = file.metadata().map_err(TransferError::disk(&part))?.len();
        // More than the file has is of another file.
        let offset = if length <= size { length } else { 0 };
        let hash = disk::hash_file(&file, offset)
            .await
            .map_err(TransferError::disk(&part))?;
        Ok(Part {
            name,
            size,
            target,
            part,
            file,
            offset,
            hash,
        })
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
