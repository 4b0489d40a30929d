//! Which frames a decoder can start with.

use super::bits::Bits;
use super::{Format, av1, h264, h265};

/// True if a decoder can start with this frame. Audio always is; H.264 and H.265 are taken with
/// start codes, or with lengths of four bytes.
pub fn frame_is_key(format: Format, frame: &[u8]) -> bool {
    match format {
        Format::Opus | Format::Pcmu | Format::Pcma | Format::G722 => true,
        Format::Vp8 => vp8(frame),
        Format::Vp9 => vp9(frame) == Some(true),
        Format::H264 => h264::units(frame)
            .filter_map(|range| frame.get(range.start))
            .any(|octet| octet & 0x1F == h264::IDR),
        Format::H265 => h264::units(frame)
            .filter_map(|range| frame.get(range.start))
            .any(|octet| h265::is_key(octet >> 1 & 0x3F)),
        Format::Av1 => av1::has_sequence_header(frame),
    }
}

/// RFC 6386 section 9.1: the lowest bit of a frame is 0 for key frames.
pub(super) fn vp8(frame: &[u8]) -> bool {
    frame.first().is_some_and(|octet| octet & 1 == 0)
}

/// VP9 bitstream section 6.2: the frame's type; none if there is no frame.
pub(super) fn vp9(frame: &[u8]) -> Option<bool> {
    let mut bits = Bits::new(frame);
    vp9_header(&mut bits).map(|(key, _)| key)
}

/// Reads up to what follows the frame's type and flags; gives that and the profile.
pub(super) fn vp9_header(bits: &mut Bits<'_>) -> Option<(bool, u32)> {
    // frame_marker.
    if bits.read(2)? != 2 {
        return None;
    }
    let (low, high) = (bits.read(1)?, bits.read(1)?);
    let profile = high << 1 | low;
    if profile == 3 {
        bits.skip(1)?;
    }
    // show_existing_frame: nothing follows that could be decoded alone.
    if bits.bit()? {
        return Some((false, profile));
    }
    let key = !bits.bit()?;
    // show_frame, error_resilient_mode.
    bits.skip(2)?;
    Some((key, profile))
}
