//! The bitrate that a receiver takes: REMB (draft-alvestrand-rmcat-remb section 2.2).

use crate::ids::Ssrc;
use crate::wire::{Reader, Ssrcs};

use super::compound::{FORMAT_APPLICATION, PAYLOAD_FEEDBACK, write_packet};

const MANTISSA_BITS: u32 = 18;

/// The most that some streams together may send.
#[derive(Clone, Copy, Debug)]
pub struct MaxBitrate<'a> {
    /// Who says so.
    pub sender: Ssrc,
    /// In bits per second, with all headers.
    pub bitrate: u64,
    /// The streams that it is about.
    pub streams: Ssrcs<'a>,
}

impl<'a> MaxBitrate<'a> {
    /// What tells it from other applications' feedback.
    pub(super) const NAME: [u8; 4] = *b"REMB";

    /// The identifier of an application's feedback (RFC 4585 section 6.4).
    pub(super) fn identifier(body: &[u8]) -> Option<[u8; 4]> {
        let mut reader = Reader::new(body);
        reader.bytes(8)?;
        reader.array()
    }

    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let sender = Ssrc::new(reader.u32()?);
        let (_media, _name) = (reader.u32()?, reader.u32()?);
        let [count, rate @ ..] = reader.array::<4>()?;
        let [a, b, c] = rate;
        let exponent = u32::from(a >> 2);
        let mantissa = u64::from(u32::from_be_bytes([0, a & 3, b, c]));
        Some(Self {
            sender,
            // 63 is a legal exponent, and more than we can count is as much as there is.
            bitrate: mantissa.saturating_mul(1 << exponent),
            streams: Ssrcs(reader.bytes(usize::from(count) * 4)?),
        })
    }
}

/// Appends the most, in bits per second, that at most 255 streams together may send.
pub fn write_remb(out: &mut Vec<u8>, sender: Ssrc, bitrate: u64, streams: &[Ssrc]) {
    let streams = streams.get(..255).unwrap_or(streams);
    write_packet(out, FORMAT_APPLICATION, PAYLOAD_FEEDBACK, |out| {
        out.extend_from_slice(&sender.get().to_be_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&MaxBitrate::NAME);
        // The mantissa is cut, so that the rate is never more than was meant.
        let exponent = (u64::BITS - bitrate.leading_zeros()).saturating_sub(MANTISSA_BITS);
        let mantissa = (bitrate >> exponent) as u32;
        let word = (streams.len() as u32) << 24 | exponent << MANTISSA_BITS | mantissa;
        out.extend_from_slice(&word.to_be_bytes());
        for stream in streams {
            out.extend_from_slice(&stream.get().to_be_bytes());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    fn rate(packet: &[u8]) -> u64 {
        let Some(Packet::MaxBitrate(remb)) = Compound::parse(packet).and_then(|mut p| p.next())
        else {
            panic!("no REMB");
        };
        remb.bitrate
    }

    #[test]
    fn a_rate_has_eighteen_bits_and_an_exponent() {
        let mut out = Vec::new();
        write_remb(&mut out, Ssrc::new(1), 1_000_000, &[Ssrc::new(2)]);
        // 1,000,000 = 250,000 << 2, and 250,000 = 0x3d090.
        let expected = [
            0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 1, 0x0b, 0xd0, 0x90,
            0, 0, 0, 2,
        ];
        assert_eq!(out, expected);
        assert_eq!(rate(&out), 1_000_000);
    }

    #[test]
    fn a_rate_is_never_rounded_up() {
        for bitrate in [0, 1, 262_143, 262_145, 1_000_003, u64::MAX] {
            let mut out = Vec::new();
            write_remb(&mut out, Ssrc::new(1), bitrate, &[]);
            let read = rate(&out);
            assert!(
                read <= bitrate && bitrate - read <= bitrate >> 17,
                "{bitrate}"
            );
        }
    }

    #[test]
    fn the_largest_exponent_is_no_overflow() {
        let mut packet = [
            0x8f, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 0, 0xff, 0xff, 0xff,
        ];
        assert_eq!(rate(&packet), u64::MAX);
        // More streams than bytes.
        packet[16] = 1;
        let first = Compound::parse(&packet).and_then(|mut p| p.next());
        assert!(matches!(first, Some(Packet::Malformed)));
        // Another application's feedback.
        packet[12] = b'X';
        let first = Compound::parse(&packet).and_then(|mut p| p.next());
        assert!(matches!(first, Some(Packet::Unknown)));
    }
}
