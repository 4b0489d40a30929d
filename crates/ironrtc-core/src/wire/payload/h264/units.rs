//! NAL units in a frame: behind start codes (H.264 annex B) or lengths (ISO/IEC 14496-15).

use std::ops::Range;

use super::super::SplitError;

/// How units follow each other in a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// `00 00 01` before each, as encoders and `.264` files have it ("Annex B").
    #[default]
    StartCodes,
    /// Four octets of length before each, as MP4 and Matroska have it ("AVCC").
    Lengths,
}

impl Framing {
    /// Appends a unit.
    pub fn write(self, unit: &[u8], out: &mut Vec<u8>) {
        let at = self.begin(out);
        out.extend_from_slice(unit);
        self.finish(at, out);
    }

    /// Appends what comes before a unit, and says where.
    pub(super) fn begin(self, out: &mut Vec<u8>) -> usize {
        let at = out.len();
        out.extend_from_slice(match self {
            Self::StartCodes => &[0, 0, 0, 1],
            Self::Lengths => &[0; 4],
        });
        at
    }

    /// Ends the unit that was begun at `at`.
    pub(super) fn finish(self, at: usize, out: &mut [u8]) {
        if self == Self::StartCodes {
            return;
        }
        let length = u32::try_from(out.len().saturating_sub(at + 4)).unwrap_or(u32::MAX);
        if let Some(place) = out.get_mut(at..at + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// The units of a frame with start codes, without these, and without zeros behind a unit.
pub fn units(frame: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut next = start_code(frame, 0);
    std::iter::from_fn(move || {
        loop {
            let begin = next? + 3;
            next = start_code(frame, begin);
            let mut end = next.unwrap_or(frame.len());
            // H.264 section B.1: no unit ends with a zero.
            while end > begin && frame.get(end - 1) == Some(&0) {
                end -= 1;
            }
            if begin < end {
                return Some(begin..end);
            }
        }
    })
}

/// Where the next `00 00 01` is.
fn start_code(frame: &[u8], mut from: usize) -> Option<usize> {
    loop {
        match frame.get(from..from.checked_add(3)?)? {
            [0, 0, 1] => return Some(from),
            // Only a zero can be the first or the second octet of one.
            [_, _, 0] => from += 1,
            _ => from += 3,
        }
    }
}

/// The units of a frame with lengths of four octets.
pub fn units_with_lengths(frame: &[u8]) -> Result<Vec<Range<usize>>, SplitError> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < frame.len() {
        let range = frame
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .and_then(|length| usize::try_from(u32::from_be_bytes(*length)).ok())
            .and_then(|length| Some(at + 4..(at + 4).checked_add(length)?))
            .filter(|range| range.end <= frame.len())
            .ok_or(SplitError::Malformed("a length runs over the end"))?;
        at = range.end;
        if !range.is_empty() {
            found.push(range);
        }
        if found.len() > super::super::MAX_UNITS_PER_FRAME {
            return Err(SplitError::Malformed("too many NAL units"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(frame: &[u8]) -> Vec<&[u8]> {
        units(frame).map(|range| &frame[range]).collect()
    }

    #[test]
    fn start_codes_of_three_and_four_octets_and_zeros_between_are_no_part_of_units() {
        let frame = [
            9, 0, 0, 0, 1, 7, 8, 0, 0, 1, 5, 0, 0, 3, 0, 0, 0, 0, 1, 6, 1, 0, 0,
        ];
        assert_eq!(found(&frame), [&[7, 8][..], &[5, 0, 0, 3], &[6, 1]]);
        assert!(found(&[0, 0, 1, 0, 0, 1]).is_empty());
        assert!(found(&[1, 2, 3]).is_empty());
        assert!(found(&[]).is_empty());
        assert_eq!(found(&[2, 2, 0, 0, 1, 4]), [[4]]);
        assert_eq!(found(&[2, 0, 0, 1, 4]), [[4]]);
    }

    #[test]
    fn lengths_are_written_and_read() {
        let mut out = Vec::new();
        Framing::Lengths.write(&[7, 1], &mut out);
        Framing::Lengths.write(&[5], &mut out);
        assert_eq!(out, [0, 0, 0, 2, 7, 1, 0, 0, 0, 1, 5]);
        assert_eq!(units_with_lengths(&out), Ok(vec![4..6, 10..11]));
        for malformed in [&[0, 0, 0][..], &[0, 0, 0, 2, 1], &[255, 255, 255, 255, 1]] {
            assert!(units_with_lengths(malformed).is_err(), "{malformed:?}");
        }
    }
}
