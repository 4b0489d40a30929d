//! The sequence header (AV1 bitstream section 5.5), which a file says in its own header again.

use super::super::Size;
use super::super::bits::Bits;
use super::obu::{Obus, SEQUENCE_HEADER};

/// What a sequence header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceHeader<'a> {
    /// The OBU.
    pub obu: &'a [u8],
    /// The size of the pictures.
    pub size: Size,
    /// `seq_profile`.
    pub profile: u8,
    /// `seq_level_idx` of the first operating point.
    pub level: u8,
    /// `seq_tier` of the first operating point.
    pub high_tier: bool,
    /// How colours are coded.
    pub color: Color,
}

/// How colours are coded (section 5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // as in the bitstream
pub struct Color {
    /// More than 8 bits.
    pub high_bitdepth: bool,
    /// 12 bits.
    pub twelve_bit: bool,
    /// No colours.
    pub monochrome: bool,
    /// Half as many samples of colours across.
    pub subsampling_x: bool,
    /// Half as many samples of colours down.
    pub subsampling_y: bool,
    /// `chroma_sample_position`.
    pub sample_position: u8,
}

impl<'a> SequenceHeader<'a> {
    /// The first one in a frame.
    pub fn find(frame: &'a [u8]) -> Option<Self> {
        let obu = Obus::new(frame)
            .map_while(|obu| obu)
            .find(|obu| obu.header.kind == SEQUENCE_HEADER)?;
        Self::read(frame.get(obu.at..obu.body.end)?, frame.get(obu.body)?)
    }

    fn read(obu: &'a [u8], body: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(body);
        let profile = bits.read(3)? as u8;
        // still_picture.
        bits.skip(1)?;
        let reduced = bits.bit()?;
        let (level, high_tier) = if reduced {
            (bits.read(5)?, false)
        } else {
            operating_points(&mut bits)?
        };
        let (across, down) = (bits.read(4)? + 1, bits.read(4)? + 1);
        let size = Size {
            width: bits.read(across)?.checked_add(1)?,
            height: bits.read(down)?.checked_add(1)?,
        };
        skip_tools(&mut bits, reduced)?;
        Some(Self {
            obu,
            size,
            profile,
            // Five bits.
            level: level as u8,
            high_tier,
            color: color(&mut bits, profile)?,
        })
    }
}

/// Level and tier of the first operating point.
fn operating_points(bits: &mut Bits<'_>) -> Option<(u32, bool)> {
    let mut delay_bits = None;
    if bits.bit()? {
        // timing_info: two numbers, equal_picture_interval.
        bits.skip(64)?;
        if bits.bit()? {
            bits.exp_golomb()?;
        }
        if bits.bit()? {
            delay_bits = Some(bits.read(5)? + 1);
            bits.skip(42)?;
        }
    }
    let display_delay = bits.bit()?;
    let mut first = None;
    for _ in 0..=bits.read(5)? {
        bits.skip(12)?;
        let level = bits.read(5)?;
        let tier = level > 7 && bits.bit()?;
        first = first.or(Some((level, tier)));
        if let Some(delay_bits) = delay_bits
            && bits.bit()?
        {
            bits.skip(2 * delay_bits + 1)?;
        }
        if display_delay && bits.bit()? {
            bits.skip(4)?;
        }
    }
    first
}

/// What is between the size and the colours (section 5.5.1).
fn skip_tools(bits: &mut Bits<'_>, reduced: bool) -> Option<()> {
    const SELECT: u32 = 2;
    if !reduced && bits.bit()? {
        bits.skip(7)?;
    }
    // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter.
    bits.skip(3)?;
    if !reduced {
        bits.skip(4)?;
        let order_hint = bits.bit()?;
        if order_hint {
            bits.skip(2)?;
        }
        let screen_content = if bits.bit()? { SELECT } else { bits.read(1)? };
        if screen_content > 0 && !bits.bit()? {
            bits.skip(1)?;
        }
        if order_hint {
            bits.skip(3)?;
        }
    }
    // enable_superres, enable_cdef, enable_restoration.
    bits.skip(3)
}

fn color(bits: &mut Bits<'_>, profile: u8) -> Option<Color> {
    /// BT.709, sRGB and identity: red, green and blue.
    const RGB: (u32, u32, u32) = (1, 13, 0);
    let high_bitdepth = bits.bit()?;
    let twelve_bit = profile == 2 && high_bitdepth && bits.bit()?;
    let monochrome = profile != 1 && bits.bit()?;
    let description = if bits.bit()? {
        (bits.read(8)?, bits.read(8)?, bits.read(8)?)
    } else {
        (2, 2, 2)
    };
    let (mut x, mut y, mut sample_position) = (true, true, 0);
    if monochrome {
        bits.skip(1)?;
    } else if description == RGB {
        (x, y) = (false, false);
    } else {
        bits.skip(1)?;
        (x, y) = match profile {
            0 => (true, true),
            1 => (false, false),
            _ if twelve_bit => {
                let x = bits.bit()?;
                (x, x && bits.bit()?)
            }
            _ => (true, false),
        };
        if x && y {
            sample_position = bits.read(2)? as u8;
        }
    }
    Some(Color {
        high_bitdepth,
        twelve_bit,
        monochrome,
        subsampling_x: x,
        subsampling_y: y,
        sample_position,
    })
}
