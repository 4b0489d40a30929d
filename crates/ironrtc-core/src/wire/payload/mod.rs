//! RTP payload formats: a frame is split into payloads, payloads are read and joined. No policy.
//!
//! A frame is one contiguous buffer. [`Splitter`] cuts it into [`Payload`]s, which hold the few
//! bytes that a format puts before a range of the frame, so nothing is copied until the packet is
//! written. [`Format::describe`] reads what a payload says of itself, and [`Format::join`] makes a
//! frame of the payloads that belong to it, with one copy.

pub mod av1;
mod bits;
pub mod dtmf;
pub mod fec;
pub mod g711;
pub mod h264;
pub mod h265;
mod join;
pub mod key;
pub mod opus;
pub mod red;
mod size;
mod split;
pub mod vp8;
pub mod vp9;

pub use join::{JoinError, Joined};
pub use size::Size;
pub use split::{
    About, MIN_PAYLOAD, PREFIX, Payload, Piece, Prefix, SplitError, Splitter, TemporalLayer,
};

/// Units (NAL units, OBUs) that one payload may hold; a payload with more is malformed.
pub const MAX_UNITS_PER_PAYLOAD: usize = 128;
/// Units that a frame may have to be split.
pub const MAX_UNITS_PER_FRAME: usize = 1024;

/// A format of payloads: what the name in `a=rtpmap` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// RFC 7587.
    Opus,
    /// G.711 µ-law, RFC 3551 section 4.5.14.
    Pcmu,
    /// G.711 A-law, RFC 3551 section 4.5.14.
    Pcma,
    /// RFC 3551 section 4.5.2.
    G722,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// RFC 7798: goes through as packets, and its key frames are seen.
    H265,
    /// "RTP Payload Format For AV1" of the Alliance for Open Media.
    Av1,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 9] = [
        Self::Opus,
        Self::Pcmu,
        Self::Pcma,
        Self::G722,
        Self::Vp8,
        Self::Vp9,
        Self::H264,
        Self::H265,
        Self::Av1,
    ];

    /// The encoding name of `a=rtpmap`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Vp8 => "VP8",
            Self::Vp9 => "VP9",
            Self::H264 => "H264",
            Self::H265 => "H265",
            Self::Av1 => "AV1",
        }
    }

    /// The format with an encoding name, whose case does not count (RFC 8866 section 6.6).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }

    /// Ticks of the RTP timestamp in a second.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            // RFC 3551 section 4.5.2: 8,000 for G.722 too, which samples at 16,000; the first
            // edition had it wrong, and everybody followed it.
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::Vp8 | Self::Vp9 | Self::H264 | Self::H265 | Self::Av1 => 90_000,
        }
    }

    /// True for pictures.
    pub const fn is_video(self) -> bool {
        match self {
            Self::Opus | Self::Pcmu | Self::Pcma | Self::G722 => false,
            Self::Vp8 | Self::Vp9 | Self::H264 | Self::H265 | Self::Av1 => true,
        }
    }

    /// Ticks of the RTP timestamp that an audio payload lasts; none for video and what is malformed.
    pub fn duration(self, payload: &[u8]) -> Option<u32> {
        match self {
            Self::Opus => opus::duration(payload),
            Self::Pcmu | Self::Pcma | Self::G722 => g711::duration(payload),
            _ => None,
        }
    }

    /// What a payload says of itself; none if it is malformed.
    pub fn describe(self, payload: &[u8]) -> Option<Descriptor> {
        match self {
            Self::Opus | Self::Pcmu | Self::Pcma | Self::G722 => {
                (!payload.is_empty()).then_some(Descriptor::WHOLE)
            }
            Self::Vp8 => vp8::describe(payload),
            Self::Vp9 => vp9::describe(payload),
            Self::H264 => h264::describe(payload),
            Self::H265 => h265::describe(payload),
            Self::Av1 => av1::describe(payload),
        }
    }

    /// Appends to `out` the frame that the payloads, in order, make.
    ///
    /// They are all of one frame if they follow each other without a gap, have one timestamp,
    /// [`Descriptor::begins`] is not [`Edge::No`] for the first and [`Descriptor::ends`] for the
    /// last; and the last has the marker or a packet of another timestamp follows without a gap.
    /// H.264 comes with start codes; [`h264::join`] gives lengths as well. On an error `out` is as
    /// it was.
    pub fn join<'a, I>(self, payloads: I, out: &mut Vec<u8>) -> Result<Joined, JoinError>
    where
        I: Iterator<Item = &'a [u8]> + Clone,
    {
        join::join(self, payloads, out)
    }
}

/// Whether a frame begins or ends with a payload, as far as the payload can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// It does not.
    No,
    /// It may: what is around the packet decides.
    Possible,
    /// It does.
    Certain,
}

/// A picture id (RFC 7741 section 4.2, RFC 9628 section 4.2) as wide as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureId {
    /// 7 bits.
    Short(u8),
    /// 15 bits.
    Long(u16),
}

impl PictureId {
    /// The number.
    pub const fn value(self) -> u16 {
        match self {
            Self::Short(id) => id as u16,
            Self::Long(id) => id,
        }
    }

    /// The id `count` pictures later, in the same width.
    #[must_use]
    pub const fn plus(self, count: u16) -> Self {
        match self {
            Self::Short(id) => Self::Short((id as u16).wrapping_add(count) as u8 & 0x7F),
            Self::Long(id) => Self::Long(id.wrapping_add(count) & 0x7FFF),
        }
    }
}

/// What a payload says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Whether a frame begins with it: a picture with all its layers, where there are layers.
    pub begins: Edge,
    /// Whether a frame ends with it, where there are layers that of one. Beyond that a marker, or the
    /// next packet's timestamp, says so.
    pub ends: Edge,
    /// True if a decoder can start with the frame that begins here.
    pub key: bool,
    /// The temporal layer, where it is told.
    pub temporal: Option<u8>,
    /// The spatial layer, where it is told.
    pub spatial: Option<u8>,
    /// True if the temporal layers above may be taken up with this frame.
    pub switches_up: bool,
    /// True if no other frame needs this one.
    pub discardable: bool,
    /// The number of the picture.
    pub picture_id: Option<PictureId>,
    /// The number of the last picture of the lowest temporal layer.
    pub tl0_pic_idx: Option<u8>,
    /// VP9 in flexible mode: `needs` says all that a frame needs of other pictures.
    pub is_flexible: bool,
    /// How far back the pictures lie that are needed, where the payload says it.
    pub needs: PictureDiffs,
}

/// Differences of picture ids, at most three (RFC 9628 section 4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PictureDiffs {
    diffs: [u8; 3],
    len: u8,
}

impl PictureDiffs {
    const NONE: Self = Self {
        diffs: [0; 3],
        len: 0,
    };

    fn push(&mut self, diff: u8) -> Option<()> {
        *self.diffs.get_mut(usize::from(self.len))? = diff;
        self.len += 1;
        Some(())
    }

    /// The differences.
    pub fn as_slice(&self) -> &[u8] {
        self.diffs.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl Descriptor {
    /// A payload that is a frame, as audio has it.
    const WHOLE: Self = Self {
        begins: Edge::Certain,
        ends: Edge::Certain,
        key: true,
        temporal: None,
        spatial: None,
        switches_up: false,
        discardable: false,
        picture_id: None,
        tl0_pic_idx: None,
        is_flexible: false,
        needs: PictureDiffs::NONE,
    };

    /// A payload in the middle of a frame, of which nothing else is known.
    const MIDDLE: Self = Self {
        begins: Edge::No,
        ends: Edge::No,
        key: false,
        ..Self::WHOLE
    };
}

#[cfg(test)]
mod tests;
