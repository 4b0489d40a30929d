//! Which header extensions are offered (RFC 8285).

use super::{HeaderExtension, MediaKind};

impl HeaderExtension {
    /// Those that sections of a kind have, in the order in which they are offered.
    pub const fn usual(kind: MediaKind) -> &'static [Self] {
        match kind {
            MediaKind::Audio => &[
                Self::Mid,
                Self::TransportSequence,
                Self::AbsoluteSendTime,
                Self::AudioLevel,
                Self::MixedAudioLevels,
                Self::AbsoluteCaptureTime,
            ],
            MediaKind::Video => &[
                Self::Mid,
                Self::RtpStreamId,
                Self::RepairedRtpStreamId,
                Self::TransportSequence,
                Self::AbsoluteSendTime,
                Self::TransmissionOffset,
                Self::VideoOrientation,
                Self::PlayoutDelay,
                Self::DependencyDescriptor,
                Self::VideoLayersAllocation,
                Self::AbsoluteCaptureTime,
            ],
        }
    }
}
