//! Redundant data (RFC 2198): a payload carries those before it again.

use std::collections::VecDeque;

/// Blocks of a payload that are read; more make it malformed.
pub const MAX_BLOCKS: usize = 16;
/// Redundant blocks that [`Writer`] keeps at most.
pub const MAX_REDUNDANT: usize = 8;

/// Of a header with another behind it (section 3).
const FOLLOWED: u8 = 0x80;
const MAX_OFFSET: u32 = 0x3FFF;
const MAX_LENGTH: usize = 0x3FF;

/// A block of a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// The payload type that it would have alone.
    pub payload_type: u8,
    /// Ticks by which it is older than the packet's timestamp; 0 for the primary one.
    pub offset: u16,
    /// Its payload.
    pub data: &'a [u8],
}

/// A payload whose blocks are all there.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    headers: &'a [u8],
    blocks: &'a [u8],
}

impl<'a> Payload<'a> {
    /// Reads the headers.
    pub fn parse(payload: &'a [u8]) -> Option<Self> {
        let mut rest = payload;
        let (mut count, mut redundant) = (0, 0);
        while let [flags, tail @ ..] = rest
            && flags & FOLLOWED != 0
        {
            let [_, high, low, tail @ ..] = tail else {
                return None;
            };
            count += 1;
            if count >= MAX_BLOCKS {
                return None;
            }
            redundant += usize::from(u16::from_be_bytes([high & 3, *low]));
            rest = tail;
        }
        let (_, blocks) = rest.split_first()?;
        let headers = payload.get(..payload.len() - blocks.len())?;
        (redundant <= blocks.len()).then_some(Self { headers, blocks })
    }

    /// The blocks, oldest first as a rule; the primary one is the last.
    pub fn blocks(self) -> impl Iterator<Item = Block<'a>> {
        let (mut headers, mut rest) = (self.headers, self.blocks);
        std::iter::from_fn(move || match headers {
            [flags, offset, middle, low, tail @ ..] if flags & FOLLOWED != 0 => {
                headers = tail;
                let length = u16::from_be_bytes([middle & 3, *low]);
                let (data, behind) = rest.split_at_checked(length.into())?;
                rest = behind;
                Some(Block {
                    payload_type: flags & 0x7F,
                    offset: u16::from_be_bytes([*offset, *middle]) >> 2,
                    data,
                })
            }
            [payload_type, ..] => {
                headers = &[];
                Some(Block {
                    payload_type: *payload_type,
                    offset: 0,
                    data: rest,
                })
            }
            [] => None,
        })
    }

    /// The block that is not redundant; video has no other (RFC 5109 section 14.2).
    pub fn primary(self) -> Option<Block<'a>> {
        self.blocks().last()
    }
}

/// Writes payloads with those that were sent before.
#[derive(Clone, Debug)]
pub struct Writer {
    payload_type: u8,
    distance: usize,
    /// Timestamp and payload, oldest first.
    sent: VecDeque<(u32, Vec<u8>)>,
}

impl Writer {
    /// Repeats `distance` payloads, at most [`MAX_REDUNDANT`], of this payload type.
    pub fn new(payload_type: u8, distance: usize) -> Self {
        Self {
            payload_type: payload_type & 0x7F,
            distance: distance.min(MAX_REDUNDANT),
            sent: VecDeque::new(),
        }
    }

    /// Appends a payload with as many of those before it as `max` bytes have room for, the newest of
    /// them rather than older ones.
    pub fn write(&mut self, timestamp: u32, payload: &[u8], max: usize, out: &mut Vec<u8>) {
        let mut room = max.saturating_sub(payload.len() + 1);
        let mut used = 0;
        for (sent, data) in self.sent.iter().rev() {
            // Section 3: 14 bits of offset, 10 of length.
            let offset = timestamp.wrapping_sub(*sent);
            if offset == 0 || offset > MAX_OFFSET || data.len() + 4 > room {
                break;
            }
            room -= data.len() + 4;
            used += 1;
        }
        let redundant = self.sent.range(self.sent.len() - used..);
        for (sent, data) in redundant.clone() {
            // Both fit, as was seen above and as nothing longer is kept.
            let fields = timestamp.wrapping_sub(*sent) << 10 | data.len() as u32;
            let [_, a, b, c] = fields.to_be_bytes();
            out.extend([FOLLOWED | self.payload_type, a, b, c]);
        }
        out.push(self.payload_type);
        for (_, data) in redundant {
            out.extend_from_slice(data);
        }
        out.extend_from_slice(payload);
        self.remember(timestamp, payload);
    }

    fn remember(&mut self, timestamp: u32, payload: &[u8]) {
        if payload.len() > MAX_LENGTH {
            // Those before it would stand beside a gap.
            self.sent.clear();
            return;
        }
        let mut place = if self.sent.len() >= self.distance {
            match self.sent.pop_front() {
                Some((_, place)) => place,
                None => return,
            }
        } else {
            Vec::new()
        };
        place.clear();
        place.extend_from_slice(payload);
        self.sent.push_back((timestamp, place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: &[u8]) -> Vec<(u8, u16, Vec<u8>)> {
        let payload = Payload::parse(payload).expect("well formed");
        let blocks = payload.blocks();
        blocks
            .map(|block| (block.payload_type, block.offset, block.data.to_vec()))
            .collect()
    }

    #[test]
    fn headers_are_laid_out_as_in_the_rfc() {
        // Section 3: F and type 111, 14 bits of 960, 10 bits of 3; then type 111 alone.
        let payload = [0xEF, 0x0F, 0x00, 0x03, 0x6F, 1, 2, 3, 9, 8];
        let expected = [(111, 960, vec![1, 2, 3]), (111, 0, vec![9, 8])];
        assert_eq!(read(&payload), expected);
        let mut writer = Writer::new(111, 1);
        let mut out = Vec::new();
        writer.write(5, &[1, 2, 3], 1200, &mut out);
        assert_eq!(out, [0x6F, 1, 2, 3]);
        out.clear();
        writer.write(965, &[9, 8], 1200, &mut out);
        assert_eq!(out, payload);
    }

    #[test]
    fn the_newest_payloads_are_repeated_as_far_as_there_is_room() {
        let mut writer = Writer::new(63, 2);
        let mut out = Vec::new();
        for time in 0..4 {
            out.clear();
            writer.write(
                (u32::MAX - 959).wrapping_add(time * 960),
                &[time as u8; 100],
                1200,
                &mut out,
            );
        }
        let offsets: Vec<u16> = read(&out).iter().map(|block| block.1).collect();
        assert_eq!(offsets, [1920, 960, 0]);
        out.clear();
        writer.write(2_880, &[4; 100], 300, &mut out);
        assert_eq!(read(&out).len(), 2);
        assert!(out.len() <= 300);
        // After a pause nothing is near enough.
        out.clear();
        writer.write(100_000, &[5; 100], 1200, &mut out);
        assert_eq!(read(&out).len(), 1);
    }

    #[test]
    fn what_cannot_be_described_is_not_repeated() {
        let mut writer = Writer::new(111, 9);
        let mut out = Vec::new();
        writer.write(0, &[1; 1024], 1200, &mut out);
        out.clear();
        writer.write(960, &[2], 1200, &mut out);
        assert_eq!(out, [111, 2]);
        for time in 2..40 {
            writer.write(time * 10, &[3], 1200, &mut out);
        }
        assert_eq!(writer.sent.len(), MAX_REDUNDANT);
    }

    #[test]
    fn payloads_that_are_cut_off_or_have_too_many_blocks_are_malformed() {
        let payload = [0xEF, 0x0F, 0x00, 0x03, 0x6F, 1, 2, 3];
        for length in 0..payload.len() {
            assert!(Payload::parse(&payload[..length]).is_none(), "{length}");
        }
        // An empty primary block is not ours to judge.
        assert_eq!(read(&payload).len(), 2);
        let blocks = |count: usize| {
            let mut payload = [0x80, 0, 0, 0].repeat(count - 1);
            payload.push(0);
            payload
        };
        assert!(Payload::parse(&blocks(MAX_BLOCKS)).is_some());
        assert!(Payload::parse(&blocks(MAX_BLOCKS + 1)).is_none());
    }

    #[test]
    fn video_in_a_single_block_is_found() {
        let block = Payload::parse(&[96, 0x10, 0]).and_then(Payload::primary);
        let block = block.expect("a block");
        assert_eq!((block.payload_type, block.data), (96, &[0x10, 0][..]));
    }
}
