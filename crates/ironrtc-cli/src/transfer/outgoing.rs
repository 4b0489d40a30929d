//! The sending side of the file protocol.

use std::io;

use ironrtc::{DataChannel, Message, SendError};

use super::TransferError;
pub(crate) use super::disk::Source;
use super::disk::{self, Piece};
use super::protocol::{Announced, Control};

/// Bytes of a file in one message. Every WebRTC peer accepts 64 KiB (RFC 8841 section 6.1).
const CHUNK: usize = 64 * 1024;
/// Payload that may wait in the channel: enough to keep the path busy, little enough that an end
/// comes through soon.
const WAITING: usize = 1024 * 1024;

/// Sends one file and waits until the receiver has confirmed its SHA-256, which is returned.
/// `on_progress` is told the offset that has left this machine.
pub(crate) async fn send_file(
    channel: &DataChannel,
    file: Announced,
    source: Box<dyn Source>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<String, TransferError> {
    let (size, name) = (file.size, file.name.clone());
    let name = name.as_str();
    send(channel, &Control::File(file))?;
    let (offset, prefix) = match answer(channel).await? {
        Control::Accept { offset, sha256 } if offset <= size => (offset, sha256),
        Control::Refuse { reason } => return Err(TransferError::Refused(reason)),
        other => return Err(unexpected(other)),
    };
    let mut pieces = disk::read(source, size, offset, prefix);
    let mut sent = 0;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Ok(Piece::Start(offset)) => {
                sent = offset;
                send(channel, &Control::Start { offset })?;
            }
            Ok(Piece::Block(mut block)) => {
                while !block.is_empty() {
                    let chunk = block.split_to(block.len().min(CHUNK));
                    sent += chunk.len() as u64;
                    wait_for_room(channel).await?;
                    channel.send(chunk).map_err(closed)?;
                    on_progress(sent.saturating_sub(channel.buffered_amount() as u64));
                }
            }
            Ok(Piece::End(sha256)) => {
                send(
                    channel,
                    &Control::End {
                        sha256: sha256.clone(),
                    },
                )?;
                return confirmed(channel, name, sha256).await;
            }
            Err(error) => {
                send(
                    channel,
                    &Control::failed("the file cannot be read to its end"),
                )?;
                return Err(if error.kind() == io::ErrorKind::UnexpectedEof {
                    TransferError::Changed(name.to_owned())
                } else {
                    TransferError::disk(name)(error)
                });
            }
        }
    }
    Err(TransferError::Ended)
}

async fn confirmed(
    channel: &DataChannel,
    name: &str,
    expected: String,
) -> Result<String, TransferError> {
    match answer(channel).await? {
        Control::Done { sha256 } if sha256 == expected => Ok(expected),
        Control::Done { sha256 } => Err(TransferError::Mismatch {
            name: name.to_owned(),
            expected,
            actual: sha256,
        }),
        other => Err(unexpected(other)),
    }
}

/// Waits until more may be queued; a message of the receiver in the middle of a file ends it.
async fn wait_for_room(channel: &DataChannel) -> Result<(), TransferError> {
    tokio::select! {
        biased;
        message = channel.recv() => {
            let message = message.ok_or(TransferError::Ended)?;
            Err(unexpected(Control::of(&message)?))
        }
        room = channel.buffered_amount_below(WAITING) => room.map_err(closed),
    }
}

pub(super) fn send(channel: &DataChannel, control: &Control) -> Result<(), TransferError> {
    channel.send(Message::from(control)).map_err(closed)
}

async fn answer(channel: &DataChannel) -> Result<Control, TransferError> {
    let message = channel.recv().await.ok_or(TransferError::Ended)?;
    Control::of(&message)
}

fn unexpected(control: Control) -> TransferError {
    match control {
        Control::Failed { reason } => TransferError::Peer(reason),
        _ => TransferError::Protocol("an answer came that belongs to no question".to_owned()),
    }
}

fn closed(error: SendError) -> TransferError {
    match error {
        SendError::NotOpen => TransferError::Ended,
        other => TransferError::Protocol(other.to_string()),
    }
}
