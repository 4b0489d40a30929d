//! The header extensions that are negotiated (RFC 8285), by their URIs.

use super::MediaKind;
use crate::words::words;

/// A header extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum HeaderExtension {
    /// The section that a packet is for (RFC 9143 section 15).
    Mid,
    /// The encoding that a packet is of (RFC 8852).
    RtpStreamId,
    /// The encoding that a retransmission is of (RFC 8852).
    RepairedRtpStreamId,
    /// The packet's number over all of a transport, for transport-cc.
    TransportSequence,
    /// When it was sent, in 24 bits.
    AbsoluteSendTime,
    /// When it was sent, against its timestamp (RFC 5450).
    TransmissionOffset,
    /// How loud it is (RFC 6464).
    AudioLevel,
    /// How loud those in a mix are (RFC 6465).
    MixedAudioLevels,
    /// How the camera was held (3GPP TS 26.114).
    VideoOrientation,
    /// How long a player is to wait.
    PlayoutDelay,
    /// When it was captured.
    AbsoluteCaptureTime,
    /// Which frames a frame needs (AV1's RTP specification, for all codecs).
    DependencyDescriptor,
    /// Which layers are sent, and how large.
    VideoLayersAllocation,
}

words!(HeaderExtension, "RTP header extension", {
    Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
    RtpStreamId => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    RepairedRtpStreamId => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    TransportSequence => "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    AbsoluteSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    TransmissionOffset => "urn:ietf:params:rtp-hdrext:toffset",
    AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    MixedAudioLevels => "urn:ietf:params:rtp-hdrext:csrc-audio-level",
    VideoOrientation => "urn:3gpp:video-orientation",
    PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    AbsoluteCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    DependencyDescriptor =>
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    VideoLayersAllocation =>
        "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00",
});

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
