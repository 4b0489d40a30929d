//! Files from a channel to where they belong.

use std::io;

use ironrtc::DataChannel;
use sha2::{Digest, Sha256};

use super::ask::Consent;
use super::destination::{Destination, Place};
use super::hash::hex;
use super::outgoing::send;
use super::progress::Progress;
use super::protocol::{Announced, Control};
use super::{Incoming, Step, TransferError};

const MIB: u64 = 1024 * 1024;

/// Receives files until the sender says that there are no more. A file that cannot be stored does
/// not stop the ones behind it; the first such error is returned at the end.
pub(super) async fn receive_files(
    channel: &DataChannel,
    destination: &Destination,
    mut consent: Consent,
    progress: Progress,
) -> Result<(), TransferError> {
    let mut incoming = Incoming::new();
    let mut first_error = None;
    loop {
        match next(channel, &mut incoming).await? {
            Step::File(file) => {
                let wanted = consent.of(&file).await.inspect_err(|error| {
                    let _ = send(channel, &Control::failed(error));
                })?;
                let place = match wanted {
                    true => destination.open(&file).await,
                    false => Err(TransferError::Declined),
                };
                let result = match place {
                    Ok(place) => {
                        tell_changes(&file, &place, progress);
                        incoming.accept(place.offset);
                        receive_one(channel, &mut incoming, place, progress).await
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
                        progress.failed("not received", file.path(), &error);
                        first_error.get_or_insert(error);
                    }
                }
            }
            Step::Bye => return first_error.map_or(Ok(()), Err),
            _ => return Err(TransferError::Protocol("a file has no name".to_owned())),
        }
    }
}

/// A name that is not what the sender called it is no surprise then.
fn tell_changes(file: &Announced, place: &Place, progress: Progress) {
    if file.path() != place.name {
        progress.note(&format!(
            "{:?} is stored as {:?}, which is safe here",
            file.path(),
            place.name
        ));
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
    place: Place,
    progress: Progress,
) -> Result<(), TransferError> {
    let (name, offset) = (place.name.as_str(), place.offset);
    let sha256 = (offset > 0).then(|| hex(&place.hash));
    send(channel, &Control::Accept { offset, sha256 })?;
    let bar = progress.file(name, place.size, place.is_directory());
    let (mut at, hash) = match next(channel, incoming).await? {
        Step::Start(0) => (0, Sha256::new()),
        Step::Start(_) => (offset, place.hash.clone()),
        Step::Failed(reason) => return Err(TransferError::Peer(reason)),
        _ => return Err(TransferError::Protocol("a file does not start".to_owned())),
    };
    bar.resume(at);
    let writer = place.writer(at, hash)?;
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
                    return Err(TransferError::disk(place.path())(error));
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
    let actual = writer
        .finish()
        .await
        .map_err(TransferError::disk(place.path()))?;
    if actual != expected {
        place.discard()?;
        let error = TransferError::Mismatch {
            name: name.to_owned(),
            expected,
            actual,
        };
        send(channel, &Control::failed(&error))?;
        return Err(error);
    }
    let stored = place.store().inspect_err(|error| {
        // If it does not arrive, the channel's end says the same.
        let _ = send(channel, &Control::failed(reason(error)));
    })?;
    send(
        channel,
        &Control::Done {
            sha256: actual.clone(),
        },
    )?;
    bar.finish("received", &stored, &actual);
    Ok(())
}
