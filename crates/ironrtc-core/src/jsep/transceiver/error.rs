//! Why something that is asked of a transceiver was refused. Nothing has changed then.

use super::TransceiverId;
use crate::rtp::MediaKind;

/// Why it was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransceiverError {
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// It is another connection's.
    #[error("the connection has no transceiver {}", .0.number())]
    Unknown(TransceiverId),
    /// It was stopped, or the offer that made it was taken back.
    #[error("the transceiver was stopped")]
    Stopped,
    /// The track has a sender already.
    #[error("the track {0:?} is sent already; replace or remove it first")]
    TrackIsSent(String),
    /// A track of another kind.
    #[error("the transceiver carries {0}")]
    Kind(MediaKind),
    /// More transceivers than a description has sections.
    #[error("a connection has at most {0} transceivers")]
    TooMany(usize),
    /// A track in more streams than a peer reads.
    #[error("a track is in at most {0} streams")]
    Streams(usize),
    /// The name of a stream cannot be said in a description.
    #[error("a stream's name is a word of at most 64 ASCII characters, not {0:?}")]
    Stream(String),
    /// Several encodings are told apart by names.
    #[error("several encodings need a rid each")]
    RidMissing,
    /// Two encodings of one name.
    #[error("two encodings have the rid {0:?}")]
    RidTwice(String),
    /// Pictures are not sent larger than they are.
    #[error("scaleResolutionDownBy is at least 1")]
    Scale,
    /// Nor in less than no frames.
    #[error("maxFramerate is not negative")]
    FrameRate,
    /// A codec that is not among the capabilities.
    #[error("the codec {0} is not among what can be received")]
    Codec(String),
    /// Codecs that carry no media of their own.
    #[error("a preference needs a codec that carries media, not only RTX, RED or the like")]
    OnlyHelpers,
    /// Parameters were set already, or are of before an exchange or an offer.
    #[error("no parameters were got since the last were set, or agreed on; get them anew")]
    Stale,
    /// What can only be read.
    #[error(
        "the transaction, the encodings' number and rids, codecs, header extensions and RTCP cannot be set"
    )]
    ReadOnly,
}

impl TransceiverError {
    /// The name of the exception that W3C's method throws.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Closed | Self::Stopped | Self::Stale => "InvalidStateError",
            Self::Unknown(_) | Self::TrackIsSent(_) => "InvalidAccessError",
            Self::Kind(_) | Self::Stream(_) | Self::RidMissing | Self::RidTwice(_) => "TypeError",
            Self::TooMany(_) | Self::Streams(_) => "OperationError",
            Self::Scale | Self::FrameRate => "RangeError",
            Self::Codec(_) | Self::OnlyHelpers | Self::ReadOnly => "InvalidModificationError",
        }
    }
}
