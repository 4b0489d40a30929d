//! The sizes that frames of VP9 claim: any frame may have one, not key frames alone, and a superframe
//! holds several frames.

use ironrtc_core::wire::payload::Size;

/// The largest size that is claimed in a superframe; none if none is.
pub(super) fn largest(data: &[u8]) -> Option<Size> {
    let area = |size: &Size| u64::from(size.width) * u64::from(size.height);
    frames(data).filter_map(size).max_by_key(area)
}

/// The frames of a superframe (VP9 bitstream annex B), or the one that there is.
fn frames(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let index = index(data);
    let whole = index.is_none().then_some(data);
    let mut rest = data;
    let parts = index.into_iter().flatten().map_while(move |length| {
        let (frame, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(frame)
    });
    parts.chain(whole)
}

/// The lengths of the frames in a superframe: at most eight.
fn index(data: &[u8]) -> Option<impl Iterator<Item = usize>> {
    let marker = *data.last()?;
    if marker & 0xE0 != 0xC0 {
        return None;
    }
    let frames = usize::from(marker & 7) + 1;
    let bytes = usize::from(marker >> 3 & 3) + 1;
    let table = data.len().checked_sub(2 + frames * bytes)?;
    if data[table] != marker {
        return None;
    }
    let lengths = &data[table + 1..data.len() - 1];
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .rfold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    Some(lengths.chunks_exact(bytes).map(number))
}

/// What a frame's header says (VP9 bitstream section 6.2).
fn size(frame: &[u8]) -> Option<Size> {
    const SYNC: u32 = 0x49_83_42;
    const SRGB: u32 = 7;
    let mut bits = Bits { data: frame, at: 0 };
    if bits.read(2)? != 2 {
        return None;
    }
    let profile = bits.read(1)? | bits.read(1)? << 1;
    if profile == 3 {
        bits.read(1)?;
    }
    // show_existing_frame.
    if bits.read(1)? == 1 {
        return None;
    }
    let key = bits.read(1)? == 0;
    let shown = bits.read(1)? == 1;
    let resilient = bits.read(1)? == 1;
    let intra_only = !key && !shown && bits.read(1)? == 1;
    if !key && !resilient {
        // reset_frame_context.
        bits.read(2)?;
    }
    if key || intra_only {
        if bits.read(24)? != SYNC {
            return None;
        }
        if key || profile > 0 {
            if profile >= 2 {
                bits.read(1)?;
            }
            let odd = profile & 1 == 1;
            if bits.read(3)? == SRGB {
                bits.read(u32::from(odd))?;
            } else {
                bits.read(if odd { 4 } else { 1 })?;
            }
        }
        if intra_only {
            // refresh_frame_flags.
            bits.read(8)?;
        }
    } else {
        // refresh_frame_flags, and the three references with their signs.
        bits.read(8)?;
        bits.read(12)?;
        for _ in 0..3 {
            // found_ref: the size is that of a reference.
            if bits.read(1)? == 1 {
                return None;
            }
        }
    }
    Some(Size {
        width: bits.read(16)? + 1,
        height: bits.read(16)? + 1,
    })
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn read(&mut self, count: u32) -> Option<u32> {
        let mut number = 0;
        for _ in 0..count {
            let byte = self.data.get(self.at / 8)?;
            number = number << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits written one after the other.
    fn header(fields: &[(u32, u32)]) -> Vec<u8> {
        let mut bits = Vec::new();
        for (value, count) in fields {
            bits.extend((0..*count).rev().map(|bit| value >> bit & 1));
        }
        bits.chunks(8)
            .map(|bits| {
                let byte = bits.iter().fold(0, |byte, bit| byte << 1 | *bit as u8);
                byte << (8 - bits.len())
            })
            .collect()
    }

    /// Marker, profile, not existing, not key, shown, not resilient, reset, refreshed, references.
    const DELTA: [(u32, u32); 9] = [
        (2, 2),
        (0, 2),
        (0, 1),
        (1, 1),
        (1, 1),
        (0, 1),
        (0, 2),
        (1, 8),
        (0, 12),
    ];

    #[test]
    fn a_frame_between_key_frames_may_claim_a_size() {
        let own = header(&[&DELTA[..], &[(0, 3), (65_535, 16), (36_863, 16)]].concat());
        let size = largest(&own).unwrap();
        assert_eq!((size.width, size.height), (65_536, 36_864));
        let of_reference = header(&[&DELTA[..], &[(1, 1), (0, 32)]].concat());
        assert_eq!(largest(&of_reference), None);
    }

    #[test]
    fn each_frame_of_a_superframe_counts() {
        let small = header(&[&DELTA[..], &[(0, 3), (15, 16), (15, 16), (0, 5)]].concat());
        let large = header(&[&DELTA[..], &[(0, 3), (9_999, 16), (9_999, 16), (0, 5)]].concat());
        let marker = 0xC0 | 1;
        let lengths = [marker, small.len() as u8, large.len() as u8, marker];
        let data = [&small[..], &large, &lengths].concat();
        assert_eq!(largest(&data).unwrap().width, 10_000);
        // One whose index is cut off, or says nonsense, is read as a frame.
        assert_eq!(largest(&data[..data.len() - 1]).unwrap().width, 16);
        assert_eq!(largest(&[]), None);
        assert_eq!(largest(&[0xC7]), None);
    }
}
