//! Why a transfer ended early.

use std::io;
use std::path::PathBuf;

/// Why a transfer ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// The channel closed.
    #[error("the connection ended before the transfer did; run both commands again to continue")]
    Ended,
    /// Ctrl-C.
    #[error("interrupted; run both commands again to continue")]
    Interrupted,
    /// The receiver does not want the file.
    #[error("the receiver refused the file: {0}")]
    Refused(String),
    /// The user was asked, and does not want the file.
    #[error("declined")]
    Declined,
    /// What arrives cannot go where it should.
    #[error("{0}")]
    Unfit(String),
    /// The file to write exists.
    #[error("{} exists; use --force to replace it, or --output for another directory", .0.display())]
    Exists(PathBuf),
    /// Another process writes the same file.
    #[error("{} is being written by another transfer; wait for its end", .0.display())]
    Busy(PathBuf),
    /// The other side gave up.
    #[error("the other side gave up: {0}")]
    Peer(String),
    /// The other side does not keep to the protocol.
    #[error(
        "the other side does not follow the file protocol: {0}; use the same version of ironrtc on both sides"
    )]
    Protocol(String),
    /// The bytes that arrived are not those that were sent.
    #[error(
        "the SHA-256 of {name} is {actual}, and the sender says {expected}: the data is damaged and is not kept; send it again"
    )]
    Mismatch {
        /// The file.
        name: String,
        /// What the sender says.
        expected: String,
        /// What arrived.
        actual: String,
    },
    /// A file shrank or grew while it was read.
    #[error("{0} changed while it was being sent; send it again")]
    Changed(String),
    /// Reading or writing failed.
    #[error("{}: {error}", .path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl TransferError {
    pub(super) fn disk(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Disk { path, error }
    }
}
