//! Which header extensions we know, and the numbers that a negotiation gave them.

use crate::words::words;

/// A header extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(usize)]
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
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Mid,
        Self::RtpStreamId,
        Self::RepairedRtpStreamId,
        Self::TransportSequence,
        Self::AbsoluteSendTime,
        Self::TransmissionOffset,
        Self::AudioLevel,
        Self::MixedAudioLevels,
        Self::VideoOrientation,
        Self::PlayoutDelay,
        Self::AbsoluteCaptureTime,
        Self::DependencyDescriptor,
        Self::VideoLayersAllocation,
    ];
}

/// The numbers of the extensions in the packets of a transport. All sections of a bundle have the
/// same ones (RFC 9143 section 9.1), and a number stands for one extension for good: packets under
/// way would be misread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionMap {
    /// By kind; 0 where there is none.
    ids: [u8; HeaderExtension::ALL.len()],
}

/// Why a number cannot be given to an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionMapError {
    /// Not a number of an element.
    #[error("an extension's number is 1 to 255")]
    Zero,
    /// It stands for something else.
    #[error("the number {id} stands for {} already", taken)]
    Taken {
        /// The number.
        id: u8,
        /// What it stands for.
        taken: HeaderExtension,
    },
}

impl ExtensionMap {
    /// No extensions.
    pub const fn new() -> Self {
        Self {
            ids: [0; HeaderExtension::ALL.len()],
        }
    }

    /// Gives an extension its number.
    pub fn set(&mut self, kind: HeaderExtension, id: u8) -> Result<(), ExtensionMapError> {
        // RFC 8285 section 4.3: 0 is padding. 15 ends the walk in the one-byte form only.
        if id == 0 {
            return Err(ExtensionMapError::Zero);
        }
        match self.kind(id) {
            Some(taken) if taken != kind => Err(ExtensionMapError::Taken { id, taken }),
            _ => {
                if let Some(slot) = self.ids.get_mut(kind as usize) {
                    *slot = id;
                }
                Ok(())
            }
        }
    }

    /// The number of an extension.
    pub fn id(&self, kind: HeaderExtension) -> Option<u8> {
        self.ids.get(kind as usize).copied().filter(|id| *id != 0)
    }

    /// The extension of a number.
    pub fn kind(&self, id: u8) -> Option<HeaderExtension> {
        let place = self.ids.iter().position(|known| *known == id && id != 0)?;
        HeaderExtension::ALL.get(place).copied()
    }

    /// All extensions with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (HeaderExtension, u8)> + '_ {
        let kinds = HeaderExtension::ALL.into_iter();
        kinds.filter_map(|kind| Some((kind, self.id(kind)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_place_and_its_own_uri() {
        for (place, kind) in HeaderExtension::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("urn:unknown".parse::<HeaderExtension>().is_err());
    }

    #[test]
    fn a_map_goes_both_ways() {
        let mut map = ExtensionMap::new();
        map.set(HeaderExtension::Mid, 4).expect("free");
        map.set(HeaderExtension::TransportSequence, 255)
            .expect("free");
        assert_eq!(map.id(HeaderExtension::Mid), Some(4));
        assert_eq!(map.kind(255), Some(HeaderExtension::TransportSequence));
        assert_eq!((map.kind(0), map.kind(5)), (None, None));
        assert_eq!(map.id(HeaderExtension::RtpStreamId), None);
        let all: Vec<_> = map.iter().collect();
        assert_eq!(
            all,
            [
                (HeaderExtension::Mid, 4),
                (HeaderExtension::TransportSequence, 255)
            ]
        );
    }

    #[test]
    fn a_number_stands_for_one_extension() {
        let mut map = ExtensionMap::new();
        map.set(HeaderExtension::Mid, 1).expect("free");
        map.set(HeaderExtension::Mid, 1).expect("the same");
        let taken = ExtensionMapError::Taken {
            id: 1,
            taken: HeaderExtension::Mid,
        };
        assert_eq!(map.set(HeaderExtension::RtpStreamId, 1), Err(taken));
        assert_eq!(
            map.set(HeaderExtension::RtpStreamId, 0),
            Err(ExtensionMapError::Zero)
        );
    }
}
