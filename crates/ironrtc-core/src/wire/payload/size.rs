//! The size of the pictures that begin with a key frame, which files want in their headers.

use super::bits::Bits;
use super::{Format, av1, h264, key};

/// A picture's size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Size {
    /// The size of a key frame; none for other frames, for audio, and for H.265.
    pub fn of(format: Format, frame: &[u8]) -> Option<Self> {
        match format {
            Format::Vp8 => Self::of_vp8(frame),
            Format::Vp9 => Self::of_vp9(frame),
            Format::H264 => h264::units(frame)
                .filter_map(|range| frame.get(range))
                .find_map(Self::of_h264),
            Format::Av1 => av1::SequenceHeader::find(frame).map(|header| header.size),
            Format::Opus | Format::Pcmu | Format::Pcma | Format::G722 | Format::H265 => None,
        }
    }

    /// RFC 6386 section 9.1.
    fn of_vp8(frame: &[u8]) -> Option<Self> {
        let [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..] = frame else {
            return None;
        };
        let number = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
        key::vp8(frame).then(|| Self {
            width: number(*w0, *w1),
            height: number(*h0, *h1),
        })
    }

    /// VP9 bitstream sections 6.2 and 6.2.2 to 6.2.4.
    pub(super) fn of_vp9(frame: &[u8]) -> Option<Self> {
        const SRGB: u32 = 7;
        let mut bits = Bits::new(frame);
        let (key, profile) = key::vp9_header(&mut bits)?;
        if !key || bits.read(24)? != 0x49_83_42 {
            return None;
        }
        if profile >= 2 {
            bits.skip(1)?;
        }
        let odd = profile & 1 == 1;
        if bits.read(3)? == SRGB {
            bits.skip(u32::from(odd))?;
        } else {
            bits.skip(if odd { 4 } else { 1 })?;
        }
        Some(Self {
            width: bits.read(16)? + 1,
            height: bits.read(16)? + 1,
        })
    }

    /// A sequence parameter set (H.264 section 7.3.2.1.1).
    fn of_h264(unit: &[u8]) -> Option<Self> {
        let [header, profile, _, _, rest @ ..] = unit else {
            return None;
        };
        if header & 0x1F != h264::SPS {
            return None;
        }
        let mut bits = Bits::of_unit(rest);
        bits.exp_golomb()?;
        let chroma = if matches!(
            profile,
            100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
        ) {
            skip_high_profile(&mut bits)?
        } else {
            1
        };
        skip_order_count(&mut bits)?;
        bits.exp_golomb()?;
        bits.skip(1)?;
        let width = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
        let units = bits.exp_golomb()?.checked_add(1)?;
        let fields = !bits.bit()?;
        if fields {
            bits.skip(1)?;
        }
        let rows = 1 + u32::from(fields);
        let height = units.checked_mul(16)?.checked_mul(rows)?;
        bits.skip(1)?;
        let mut crop = [0; 4];
        if bits.bit()? {
            for edge in &mut crop {
                *edge = bits.exp_golomb()?;
            }
        }
        let [left, right, top, bottom] = crop;
        // Table 6-1: how many pixels a unit of cropping is.
        let (across, down) = match chroma {
            1 => (2, 2 * rows),
            2 => (2, rows),
            _ => (1, rows),
        };
        let cut = |whole: u32, one: u32, other: u32, unit: u32| {
            whole.checked_sub(one.checked_add(other)?.checked_mul(unit)?)
        };
        Some(Self {
            width: cut(width, left, right, across)?,
            height: cut(height, top, bottom, down)?,
        })
    }
}

/// What profiles with other formats than 4:2:0 have; gives `chroma_format_idc`.
fn skip_high_profile(bits: &mut Bits<'_>) -> Option<u32> {
    let chroma = bits.exp_golomb()?;
    if chroma == 3 {
        bits.skip(1)?;
    }
    bits.exp_golomb()?;
    bits.exp_golomb()?;
    bits.skip(1)?;
    if bits.bit()? {
        for list in 0..if chroma == 3 { 12 } else { 8 } {
            if bits.bit()? {
                skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Some(chroma)
}

/// `log2_max_frame_num_minus4`, and how the order of pictures is told.
fn skip_order_count(bits: &mut Bits<'_>) -> Option<()> {
    bits.exp_golomb()?;
    match bits.exp_golomb()? {
        0 => {
            bits.exp_golomb()?;
        }
        1 => {
            bits.skip(1)?;
            bits.exp_golomb()?;
            bits.exp_golomb()?;
            // At most 255 of them.
            for _ in 0..bits.exp_golomb()?.min(255) {
                bits.exp_golomb()?;
            }
        }
        _ => {}
    }
    Some(())
}

/// H.264 section 7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut Bits<'_>, length: u32) -> Option<()> {
    let (mut last, mut next) = (8_i32, 8_i32);
    for _ in 0..length {
        if next != 0 {
            next = last.wrapping_add(bits.signed_exp_golomb()?) & 0xFF;
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}
