//! Several frames in a block (RFC 9559 section 10.3).

use std::ops::Range;

use super::ebml::variable;

/// The track, the time beside the cluster's, and where the frames are, at most 256.
pub(super) fn frames(block: &[u8]) -> Option<(u64, i16, Vec<Range<usize>>)> {
    let (track, used) = variable(block)?;
    let ([t0, t1, flags], rest) = block.get(used..)?.split_first_chunk()?;
    let time = i16::from_be_bytes([*t0, *t1]);
    let at = block.len() - rest.len();
    let frames = match flags >> 1 & 3 {
        0 => place(at, &[], block.len())?,
        kind => {
            let (more, rest) = rest.split_first()?;
            let more = usize::from(*more);
            match kind {
                1 => xiph(rest, more),
                2 => equal(rest, more),
                _ => ebml(rest, more),
            }
            .and_then(|(sizes, rest)| place(block.len() - rest.len(), &sizes, block.len()))?
        }
    };
    Some((track, time, frames))
}

type Sizes<'a> = Option<(Vec<usize>, &'a [u8])>;

/// Each size but the last in octets that are added up to the first below 255.
fn xiph(mut rest: &[u8], more: usize) -> Sizes<'_> {
    let mut sizes = Vec::with_capacity(more);
    for _ in 0..more {
        let mut size = 0_usize;
        loop {
            let (octet, tail) = rest.split_first()?;
            rest = tail;
            size += usize::from(*octet);
            if *octet < 255 {
                break;
            }
        }
        sizes.push(size);
    }
    Some((sizes, rest))
}

fn equal(rest: &[u8], more: usize) -> Sizes<'_> {
    let count = more + 1;
    rest.len()
        .is_multiple_of(count)
        .then(|| (vec![rest.len() / count; more], rest))
}

/// The first size, then by how much each but the last differs from the one before it.
fn ebml(mut rest: &[u8], more: usize) -> Sizes<'_> {
    let mut sizes = Vec::with_capacity(more);
    let mut size = 0_i64;
    for index in 0..more {
        let (value, used) = variable(rest)?;
        // At most 56 bits.
        let value = value.cast_signed();
        size = if index == 0 {
            value
        } else {
            // A number of n octets has its zero in the middle of its 7 n bits.
            let middle = (1_i64 << (7 * used - 1)) - 1;
            size.checked_add(value - middle)?
        };
        sizes.push(usize::try_from(size).ok()?);
        rest = rest.get(used..)?;
    }
    Some((sizes, rest))
}

/// One after another, and the last up to the end.
fn place(mut at: usize, sizes: &[usize], end: usize) -> Option<Vec<Range<usize>>> {
    let mut frames = Vec::with_capacity(sizes.len() + 1);
    for size in sizes {
        let next = at.checked_add(*size).filter(|next| *next <= end)?;
        frames.push(at..next);
        at = next;
    }
    frames.push(at..end);
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(block: &[u8]) -> Option<Vec<usize>> {
        let (track, time, frames) = frames(block)?;
        assert_eq!((track, time), (1, -2));
        Some(frames.into_iter().map(|range| range.len()).collect())
    }

    fn block(flags: u8, sizes: &[u8], data: usize) -> Vec<u8> {
        let mut block = vec![0x81, 0xFF, 0xFE, flags];
        block.extend(sizes);
        block.resize(block.len() + data, 7);
        block
    }

    #[test]
    fn each_kind_of_lacing_is_read_as_in_the_rfcs_examples() {
        // Sections 10.3.2 to 10.3.4: frames of 800, 500 and 1,000 octets, or of 800 each.
        let xiph = block(2, &[2, 255, 255, 255, 35, 255, 245], 2_300);
        assert_eq!(lengths(&xiph), Some(vec![800, 500, 1_000]));
        let ebml = block(6, &[2, 0x43, 0x20, 0x5E, 0xD3], 2_300);
        assert_eq!(lengths(&ebml), Some(vec![800, 500, 1_000]));
        assert_eq!(lengths(&block(4, &[2], 2_400)), Some(vec![800; 3]));
        assert_eq!(lengths(&block(0x80, &[], 5)), Some(vec![5]));
    }

    #[test]
    fn the_earliest_time_is_a_time() {
        let read = frames(&[0x81, 0x80, 0, 0, 1]);
        assert_eq!(read, Some((1, i16::MIN, std::iter::once(4..5).collect())));
    }

    #[test]
    fn sizes_beyond_the_block_are_wrong() {
        assert_eq!(lengths(&block(2, &[1, 255, 45], 299)), None);
        assert_eq!(lengths(&block(2, &[1, 255], 0)), None);
        assert_eq!(lengths(&block(4, &[2], 2_401)), None);
        // 1, and then less than nothing.
        assert_eq!(lengths(&block(6, &[2, 0x81, 0x80], 99)), None);
        assert_eq!(lengths(&block(6, &[255, 0x81], 99)), None);
        assert_eq!(lengths(&[0x81, 0xFF, 0xFE]), None);
    }
}
