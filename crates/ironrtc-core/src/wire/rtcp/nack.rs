//! Which packets are missing (RFC 4585 section 6.2.1).

use crate::ids::Ssrc;
use crate::wire::Reader;
use crate::wire::rtp::SeqNo;

use super::compound::{FORMAT_NACK, TRANSPORT_FEEDBACK, write_packet};

/// The numbers behind the first one that an entry's bits stand for.
const BITS: i16 = 16;

/// Packets that a receiver misses.
#[derive(Clone, Copy, Debug)]
pub struct Nack<'a> {
    /// Who misses them.
    pub sender: Ssrc,
    /// The stream.
    pub media: Ssrc,
    entries: &'a [u8],
}

impl<'a> Nack<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        Some(Self {
            sender: Ssrc::new(reader.u32()?),
            media: Ssrc::new(reader.u32()?),
            entries: reader.rest(),
        })
    }

    /// The missing packets, at most 17 for each four bytes.
    pub const fn sequences(&self) -> NackSequences<'a> {
        NackSequences {
            entries: self.entries,
            first: SeqNo::new(0),
            next: 0,
            bits: 0,
        }
    }
}

/// Walks over missing packets.
#[derive(Clone, Copy, Debug)]
pub struct NackSequences<'a> {
    entries: &'a [u8],
    first: SeqNo,
    /// The distance from the first one that the lowest of the bits stands for.
    next: i16,
    bits: u16,
}

impl Iterator for NackSequences<'_> {
    type Item = SeqNo;

    fn next(&mut self) -> Option<SeqNo> {
        if self.bits == 0 {
            let mut reader = Reader::new(self.entries);
            let (first, bits) = (SeqNo::new(reader.u16()?), reader.u16()?);
            self.entries = reader.rest();
            *self = Self {
                first,
                bits,
                next: 1,
                ..*self
            };
            return Some(first);
        }
        let skipped = self.bits.trailing_zeros();
        let found = self.first.plus(self.next + skipped as i16);
        self.next += skipped as i16 + 1;
        self.bits = self.bits.checked_shr(skipped + 1).unwrap_or(0);
        Some(found)
    }
}

/// Appends a request for missing packets, which are given in their order. Nothing for none.
pub fn write_nack(out: &mut Vec<u8>, sender: Ssrc, media: Ssrc, missing: &[SeqNo]) {
    let Some((mut first, rest)) = missing.split_first().map(|(first, rest)| (*first, rest)) else {
        return;
    };
    write_packet(out, FORMAT_NACK, TRANSPORT_FEEDBACK, |out| {
        out.extend_from_slice(&sender.get().to_be_bytes());
        out.extend_from_slice(&media.get().to_be_bytes());
        let mut bits = 0_u16;
        let mut entry = |first: SeqNo, bits: u16| {
            out.extend_from_slice(&first.get().to_be_bytes());
            out.extend_from_slice(&bits.to_be_bytes());
        };
        for number in rest {
            let distance = number.since(first);
            if (1..=BITS).contains(&distance) {
                bits |= 1 << (distance - 1);
            } else if distance != 0 {
                entry(first, bits);
                (first, bits) = (*number, 0);
            }
        }
        entry(first, bits);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    fn written(missing: &[u16]) -> Vec<u8> {
        let missing: Vec<_> = missing.iter().copied().map(SeqNo::new).collect();
        let mut out = Vec::new();
        write_nack(&mut out, Ssrc::new(1), Ssrc::new(2), &missing);
        out
    }

    fn read(packet: &[u8]) -> Vec<u16> {
        let Some(Packet::Nack(nack)) = Compound::parse(packet).and_then(|mut p| p.next()) else {
            panic!("no NACK");
        };
        assert_eq!((nack.sender, nack.media), (Ssrc::new(1), Ssrc::new(2)));
        nack.sequences().map(SeqNo::get).collect()
    }

    #[test]
    fn sixteen_bits_stand_for_the_packets_behind_the_first_one() {
        let missing = [10, 11, 26, 27, 65_535];
        let packet = written(&missing);
        let expected = [
            0x81, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, // head
            0, 10, 0x80, 1, 0, 27, 0, 0, 0xff, 0xff, 0, 0,
        ];
        assert_eq!(packet, expected);
        assert_eq!(read(&packet), missing);
    }

    #[test]
    fn bits_go_on_over_the_wrap() {
        let packet = written(&[65_530, 65_535, 0, 10]);
        assert_eq!(packet[12..], [0xff, 0xfa, 0x80, 0x30]);
        assert_eq!(read(&packet), [65_530, 65_535, 0, 10]);
    }

    #[test]
    fn no_missing_packets_are_no_request() {
        assert!(written(&[]).is_empty());
    }

    #[test]
    fn half_an_entry_is_not_read() {
        let packet = [0x81, 205, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        assert!(read(&packet).is_empty());
        let all = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff];
        assert_eq!(read(&all), (0..=16).collect::<Vec<_>>());
    }
}
