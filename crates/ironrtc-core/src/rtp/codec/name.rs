//! Names of codecs.

use std::fmt;

/// A codec's name, known whatever its case (RFC 4855 section 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CodecName {
    /// RFC 7587.
    Opus,
    /// G.711 µ-law (RFC 3551).
    Pcmu,
    /// G.711 A-law (RFC 3551).
    Pcma,
    /// RFC 3551, with a clock of half its rate.
    G722,
    /// Comfort noise (RFC 3389).
    ComfortNoise,
    /// Tones of a telephone (RFC 4733).
    TelephoneEvent,
    /// Redundant data (RFC 2198).
    Red,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// RFC 7798.
    H265,
    /// The AV1 RTP specification of the Alliance for Open Media.
    Av1,
    /// Retransmission (RFC 4588).
    Rtx,
    /// Parity of unequal protection (RFC 5109).
    UlpFec,
    /// Flexible parity as libwebrtc has it (draft 03 of RFC 8627).
    FlexFec03,
    /// Another.
    Other(Box<str>),
}

/// Longest name that is kept.
const MAX_LENGTH: usize = 64;

const NAMES: [(CodecName, &str); 15] = [
    (CodecName::Opus, "opus"),
    (CodecName::Pcmu, "PCMU"),
    (CodecName::Pcma, "PCMA"),
    (CodecName::G722, "G722"),
    (CodecName::ComfortNoise, "CN"),
    (CodecName::TelephoneEvent, "telephone-event"),
    (CodecName::Red, "red"),
    (CodecName::Vp8, "VP8"),
    (CodecName::Vp9, "VP9"),
    (CodecName::H264, "H264"),
    (CodecName::H265, "H265"),
    (CodecName::Av1, "AV1"),
    (CodecName::Rtx, "rtx"),
    (CodecName::UlpFec, "ulpfec"),
    (CodecName::FlexFec03, "flexfec-03"),
];

impl CodecName {
    /// Reads a name; `None` if it is not one short word.
    pub fn read(text: &str) -> Option<Self> {
        // RFC 4855 section 3 and RFC 6838 section 4.2: a token, which an answer can repeat.
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(fits) {
            return None;
        }
        let known = NAMES
            .iter()
            .find(|(_, word)| word.eq_ignore_ascii_case(text));
        Some(known.map_or_else(
            // The case of a name does not tell codecs apart.
            || Self::Other(text.to_ascii_lowercase().into()),
            |(name, _)| name.clone(),
        ))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        if let Self::Other(name) = self {
            return name;
        }
        let known = NAMES.iter().find(|(name, _)| name == self);
        known.map_or("", |(_, word)| word)
    }

    /// It protects or repeats what other codecs carry, or carries nothing of its own: a section
    /// needs another beside it ("resiliency codec" in webrtc-pc section 5.3).
    pub const fn is_helper(&self) -> bool {
        matches!(
            self,
            Self::Rtx
                | Self::Red
                | Self::UlpFec
                | Self::FlexFec03
                | Self::ComfortNoise
                | Self::TelephoneEvent
        )
    }
}

impl fmt::Display for CodecName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
