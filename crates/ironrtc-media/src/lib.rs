//! Recording to media files and playing them, without decoding.
//!
//! A crate of its own, so that only those who record compile what knows containers. It takes and gives
//! [`Frame`]s: what a track of a connection receives and sends.
#![forbid(unsafe_code)]

mod any;
mod frame;
pub mod ivf;
mod limit;
pub mod mp4;
pub mod ogg;
mod opening;
mod timeline;
mod track;
pub mod webm;

pub use any::{Container, Player, Recorder};
pub use frame::Frame;
pub use ironrtc_core::wire::payload::Format;
pub use opening::Opening;
pub use timeline::Timeline;
pub use track::Tracks;

/// The largest frame that is read; a file that claims more is refused.
pub const MAX_FRAME: usize = 16 << 20;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system's.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The bytes are not of this container, or of a kind of it that is not read.
    #[error("this is no file of the kind: {0}")]
    Malformed(&'static str),
    /// The container's structure is wrong.
    #[error("the file is damaged: {0}")]
    Container(String),
    /// A frame, or the file's header, claims to be larger than is taken.
    #[error("the file claims {0} of more than {MAX_FRAME} bytes")]
    TooLarge(&'static str),
    /// Nothing in it is in a format that is known here.
    #[error("there is no track in a known format")]
    NoTrack,
}

/// Why a frame cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system's.
    #[error("the file cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// The container, or the recording as it was begun, has no track for it.
    #[error("there is no track for {}", .0.name())]
    NoTrack(Format),
    /// It is older than the one before it in its track.
    #[error("the frame is older than the one before it")]
    OutOfOrder,
    /// It cannot be read as what it should be.
    #[error("the frame is not well formed: {0}")]
    Malformed(&'static str),
    /// Its numbers are beyond what the container can say.
    #[error("the container cannot say this: {0}")]
    Container(String),
}
