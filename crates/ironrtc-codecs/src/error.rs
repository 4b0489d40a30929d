//! What goes wrong, and whose fault it is.

use crate::Format;

/// This machine, or this build, has no such codec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not available: {reason}", .format.name())]
pub struct Unavailable {
    /// Which one.
    pub format: Format,
    /// Why, and what would help.
    pub reason: String,
}

impl Unavailable {
    pub(crate) fn new(format: Format, reason: impl ToString) -> Self {
        Self {
            format,
            reason: reason.to_string(),
        }
    }
}

/// A frame cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// What was given is nothing that this codec encodes.
    #[error("this cannot be encoded: {0}")]
    Unfit(&'static str),
    /// The library's.
    #[error(transparent)]
    Library(#[from] ironrtc_libs::Error),
}

/// A frame cannot be decoded: it is damaged, lacks those before it, or is none of this codec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The decoder waits for a key frame, which is to be asked for.
    #[error("this is no key frame, and the decoder needs one")]
    NeedsKeyFrame,
    /// The picture claims to be larger than is taken.
    #[error("the picture claims {width} by {height} pixels, which is more than is decoded")]
    TooLarge {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// The frame makes no sense to the decoder.
    #[error("the frame cannot be decoded: {0}")]
    Malformed(String),
}

/// Planes, pixels or samples are none of the size that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FrameError(pub(crate) &'static str);
