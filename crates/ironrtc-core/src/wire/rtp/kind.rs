//! Which header extensions we know, and the numbers that a negotiation gave them.

/// A header extension that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(usize)]
pub enum ExtensionKind {
    /// The section's name (RFC 9143 section 15.2).
    Mid,
    /// The encoding's name in a simulcast (RFC 8852 section 4.3).
    Rid,
    /// The name of the encoding that a stream of retransmissions repairs (RFC 8852 section 4.3).
    RepairedRid,
    /// A number over all streams of a transport, for congestion control.
    TransportCc,
    /// When the packet was sent, in 6.18 bits.
    AbsSendTime,
    /// How long after its timestamp the packet was sent (RFC 5450).
    TransmissionOffset,
    /// The level of the audio in the packet (RFC 6464).
    AudioLevel,
    /// The level of each contributing source (RFC 6465).
    CsrcAudioLevel,
    /// How the video is to be turned (3GPP TS 26.114 section 7.4.5).
    VideoOrientation,
    /// How long to wait at least and at most before video is shown.
    PlayoutDelay,
    /// When the first sample was captured, by whose clock.
    AbsCaptureTime,
    /// What a frame depends on (AV1's RTP specification, appendix A).
    DependencyDescriptor,
    /// Which layers a video is sent in, with their rates and sizes.
    VideoLayersAllocation,
}

impl ExtensionKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Mid,
        Self::Rid,
        Self::RepairedRid,
        Self::TransportCc,
        Self::AbsSendTime,
        Self::TransmissionOffset,
        Self::AudioLevel,
        Self::CsrcAudioLevel,
        Self::VideoOrientation,
        Self::PlayoutDelay,
        Self::AbsCaptureTime,
        Self::DependencyDescriptor,
        Self::VideoLayersAllocation,
    ];

    /// The URI that stands for it in a description (RFC 8285 section 5).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Self::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Self::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Self::TransportCc => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            Self::AbsSendTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            Self::TransmissionOffset => "urn:ietf:params:rtp-hdrext:toffset",
            Self::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Self::CsrcAudioLevel => "urn:ietf:params:rtp-hdrext:csrc-audio-level",
            Self::VideoOrientation => "urn:3gpp:video-orientation",
            Self::PlayoutDelay => "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
            Self::AbsCaptureTime => "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
            Self::DependencyDescriptor => {
                "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
            }
            Self::VideoLayersAllocation => {
                "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
            }
        }
    }

    /// The extension of a URI, none if we do not know it.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.uri() == uri)
    }
}

/// The numbers of the extensions in the packets of a transport. All sections of a bundle have the
/// same ones (RFC 9143 section 9.1), and a number stands for one extension for good: packets under
/// way would be misread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionMap {
    /// By kind; 0 where there is none.
    ids: [u8; ExtensionKind::ALL.len()],
}

/// Why a number cannot be given to an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionMapError {
    /// Not a number of an element.
    #[error("an extension's number is 1 to 255")]
    Zero,
    /// It stands for something else.
    #[error("the number {id} stands for {} already", taken.uri())]
    Taken {
        /// The number.
        id: u8,
        /// What it stands for.
        taken: ExtensionKind,
    },
}

impl ExtensionMap {
    /// No extensions.
    pub const fn new() -> Self {
        Self {
            ids: [0; ExtensionKind::ALL.len()],
        }
    }

    /// Gives an extension its number.
    pub fn set(&mut self, kind: ExtensionKind, id: u8) -> Result<(), ExtensionMapError> {
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
    pub fn id(&self, kind: ExtensionKind) -> Option<u8> {
        self.ids.get(kind as usize).copied().filter(|id| *id != 0)
    }

    /// The extension of a number.
    pub fn kind(&self, id: u8) -> Option<ExtensionKind> {
        let place = self.ids.iter().position(|known| *known == id && id != 0)?;
        ExtensionKind::ALL.get(place).copied()
    }

    /// All extensions with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ExtensionKind, u8)> + '_ {
        let kinds = ExtensionKind::ALL.into_iter();
        kinds.filter_map(|kind| Some((kind, self.id(kind)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_place_and_its_own_uri() {
        for (place, kind) in ExtensionKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(ExtensionKind::from_uri(kind.uri()), Some(kind));
        }
        assert_eq!(ExtensionKind::from_uri("urn:unknown"), None);
    }

    #[test]
    fn a_map_goes_both_ways() {
        let mut map = ExtensionMap::new();
        map.set(ExtensionKind::Mid, 4).expect("free");
        map.set(ExtensionKind::TransportCc, 255).expect("free");
        assert_eq!(map.id(ExtensionKind::Mid), Some(4));
        assert_eq!(map.kind(255), Some(ExtensionKind::TransportCc));
        assert_eq!((map.kind(0), map.kind(5)), (None, None));
        assert_eq!(map.id(ExtensionKind::Rid), None);
        let all: Vec<_> = map.iter().collect();
        assert_eq!(
            all,
            [(ExtensionKind::Mid, 4), (ExtensionKind::TransportCc, 255)]
        );
    }

    #[test]
    fn a_number_stands_for_one_extension() {
        let mut map = ExtensionMap::new();
        map.set(ExtensionKind::Mid, 1).expect("free");
        map.set(ExtensionKind::Mid, 1).expect("the same");
        let taken = ExtensionMapError::Taken {
            id: 1,
            taken: ExtensionKind::Mid,
        };
        assert_eq!(map.set(ExtensionKind::Rid, 1), Err(taken));
        assert_eq!(map.set(ExtensionKind::Rid, 0), Err(ExtensionMapError::Zero));
    }
}
