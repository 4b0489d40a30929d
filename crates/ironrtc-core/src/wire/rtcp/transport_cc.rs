//! Transport-wide feedback: when each packet of a transport arrived
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

use crate::ids::Ssrc;
use crate::serial::serial;
use crate::time::Time;
use crate::wire::Reader;
use crate::wire::rtp::SeqNo;

use super::chunks::{ChunkWriter, Runs, Symbol};
use super::compound::{FORMAT_TRANSPORT_CC, TRANSPORT_FEEDBACK, write_packet};

/// A packet's head and the fields before the chunks.
const HEAD: usize = 20;
/// The reference time's unit, and how many of a time's unit it has.
const TICK_NANOS: u64 = 250_000;
const TICKS_PER_REFERENCE: u64 = 256;

serial!(
    /// When a packet arrived by the receiver's clock, in units of 250 µs modulo 2^32: the 24 bits of
    /// the reference time, and its 256 parts.
    pub ArrivalTime,
    u32,
    i32
);

impl ArrivalTime {
    /// The time since `earlier` on the shorter way, in units of 250 µs.
    pub const fn ticks_since(self, earlier: Self) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }
}

/// What a receiver tells of some packets in a row.
#[derive(Clone, Copy, Debug)]
pub struct TransportFeedback<'a> {
    /// Who tells it.
    pub sender: Ssrc,
    /// One of the streams.
    pub media: Ssrc,
    /// The number of the first packet.
    pub base: SeqNo,
    /// How many packets it is about, at least one.
    pub packets: u16,
    /// Counts feedback packets.
    pub count: u8,
    reference: ArrivalTime,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> TransportFeedback<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let sender = Ssrc::new(reader.u32()?);
        let media = Ssrc::new(reader.u32()?);
        let base = SeqNo::new(reader.u16()?);
        let packets = reader.u16()?;
        let [a, b, c, count] = reader.array::<4>()?;
        let chunks = reader.rest();
        let mut runs = Runs::new(chunks, packets);
        let lengths = runs
            .by_ref()
            .map(|(symbol, run)| symbol.delta_length() * usize::from(run));
        let length = lengths.sum();
        if packets == 0 || !runs.is_complete() {
            return None;
        }
        Some(Self {
            sender,
            media,
            base,
            packets,
            count,
            reference: ArrivalTime(u32::from_be_bytes([a, b, c, 0])),
            chunks,
            // What follows fills the last word.
            deltas: Reader::new(runs.rest()).bytes(length)?,
        })
    }

    /// What is told, in the order of the packets' numbers.
    pub const fn arrivals(&self) -> Arrivals<'a> {
        Arrivals {
            runs: Runs::new(self.chunks, self.packets),
            deltas: Reader::new(self.deltas),
            run: (Symbol::Lost, 0),
            next: self.base,
            time: self.reference,
        }
    }
}

/// What is told of a packet, or of several in a row that have not arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// These have not arrived, so far.
    Lost {
        /// The number of the first one.
        first: SeqNo,
        /// How many.
        packets: u16,
    },
    /// This one has.
    Received {
        /// Its number.
        sequence: SeqNo,
        /// When.
        at: ArrivalTime,
    },
}

/// Walks over what is told. It costs no more than the feedback has bits: lost packets come as runs.
#[derive(Clone, Copy, Debug)]
pub struct Arrivals<'a> {
    runs: Runs<'a>,
    deltas: Reader<'a>,
    run: (Symbol, u16),
    next: SeqNo,
    time: ArrivalTime,
}

impl Iterator for Arrivals<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        if self.run.1 == 0 {
            self.run = self.runs.next()?;
        }
        let (symbol, packets) = self.run;
        let first = self.next;
        let delta = match symbol {
            Symbol::Lost => {
                self.run.1 = 0;
                self.next = SeqNo::new(first.get().wrapping_add(packets));
                return Some(Arrival::Lost { first, packets });
            }
            Symbol::Small => i32::from(self.deltas.u8()?),
            Symbol::Large => i32::from(self.deltas.u16()? as i16),
        };
        self.run.1 -= 1;
        self.next = first.plus(1);
        self.time = ArrivalTime(self.time.0.wrapping_add_signed(delta));
        Some(Arrival::Received {
            sequence: first,
            at: self.time,
        })
    }
}

/// Appends feedback about the packets from position `base` on: `arrivals` in the order of their
/// positions, as many as fit into `limit` bytes and one reference time. It begins later if 32,768
/// packets before the first arrival were lost.
///
/// Gives the position behind the last one that it tells of, where the next feedback begins; none,
/// and nothing is written, if there are no arrivals: libwebrtc refuses feedback without one.
pub fn write_transport_feedback(
    out: &mut Vec<u8>,
    (sender, media): (Ssrc, Ssrc),
    count: u8,
    base: u64,
    arrivals: impl IntoIterator<Item = (u64, Time)>,
    limit: usize,
) -> Option<u64> {
    let mut arrivals = arrivals.into_iter().peekable();
    let (first, since) = *arrivals.peek()?;
    let base = base.clamp(first.saturating_sub(1 << 15), first);
    let reference = since.as_nanos() / (TICK_NANOS * TICKS_PER_REFERENCE);
    let mut tick = reference * TICKS_PER_REFERENCE;
    let (mut next, mut chunks, mut deltas) = (base, ChunkWriter::new(), Vec::new());
    for (position, at) in arrivals {
        let Some(lost) = position.checked_sub(next) else {
            continue;
        };
        // Each time is rounded by itself, so that errors do not add up.
        let now = at.as_nanos() / TICK_NANOS;
        let Ok(delta) = i16::try_from(now as i64 - tick as i64) else {
            break;
        };
        let symbol = match delta {
            0..=255 => Symbol::Small,
            _ => Symbol::Large,
        };
        let length = HEAD + chunks.length_with(lost) + deltas.len() + symbol.delta_length();
        let is_first = next == base;
        if position - base >= u64::from(u16::MAX) || (length > limit && !is_first) {
            break;
        }
        chunks.push(Symbol::Lost, lost as u16);
        chunks.push(symbol, 1);
        let [high, low] = delta.to_be_bytes();
        if symbol == Symbol::Large {
            deltas.push(high);
        }
        deltas.push(low);
        (tick, next) = (now, position + 1);
    }
    write_packet(out, FORMAT_TRANSPORT_CC, TRANSPORT_FEEDBACK, |out| {
        out.extend_from_slice(&sender.get().to_be_bytes());
        out.extend_from_slice(&media.get().to_be_bytes());
        out.extend_from_slice(&SeqNo::of(base).get().to_be_bytes());
        out.extend_from_slice(&((next - base) as u16).to_be_bytes());
        // 24 bits of the reference time: it wraps after twelve days.
        let word = (reference as u32) << 8 | u32::from(count);
        out.extend_from_slice(&word.to_be_bytes());
        out.extend_from_slice(&chunks.finish());
        out.extend_from_slice(&deltas);
    });
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use crate::wire::rtcp::{Compound, Packet};
    use std::time::Duration;

    const SSRCS: (Ssrc, Ssrc) = (Ssrc::new(1), Ssrc::new(2));

    fn read(packet: &[u8]) -> TransportFeedback<'_> {
        match Compound::parse(packet).and_then(|mut packets| packets.next()) {
            Some(Packet::TransportFeedback(feedback)) => feedback,
            other => panic!("no feedback: {other:?}"),
        }
    }

    fn received(packet: &[u8]) -> Vec<(u16, u32)> {
        let arrivals = read(packet).arrivals();
        arrivals
            .filter_map(|arrival| match arrival {
                Arrival::Received { sequence, at } => Some((sequence.get(), at.0)),
                Arrival::Lost { .. } => None,
            })
            .collect()
    }

    #[test]
    fn feedback_is_laid_out_as_in_the_draft() {
        let at = |millis| Time::from_millis(millis);
        // 640 ms is 10 reference times; then 1 ms later, and 100 ms later after a loss.
        let arrivals = [
            (1 << 16 | 5, at(640)),
            (1 << 16 | 6, at(641)),
            (1 << 16 | 8, at(741)),
        ];
        let mut out = Vec::new();
        let next = write_transport_feedback(&mut out, SSRCS, 7, arrivals[0].0, arrivals, 1150);
        assert_eq!(next, Some(1 << 16 | 9));
        let expected = [
            0x8f, 205, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, // head
            0, 5, 0, 4, 0, 0, 10, 7, // from 5 on four packets, at 10 reference times
            0xd4, 0x80, // small, small, lost, large
            0, 4, 0x01, 0x90, // 0, 4 and 400 ticks
            0, 0,
        ];
        assert_eq!(out, expected);
        let feedback = read(&out);
        assert_eq!(
            (feedback.base.get(), feedback.packets, feedback.count),
            (5, 4, 7)
        );
        assert_eq!((feedback.sender, feedback.media), SSRCS);
        assert_eq!(received(&out), [(5, 2560), (6, 2564), (8, 2964)]);
        let lost = feedback.arrivals().nth(2);
        let seven = Arrival::Lost {
            first: SeqNo::new(7),
            packets: 1,
        };
        assert_eq!(lost, Some(seven));
    }

    #[test]
    fn there_is_no_feedback_without_an_arrival() {
        let mut out = Vec::new();
        assert_eq!(
            write_transport_feedback(&mut out, SSRCS, 0, 5, [], 1150),
            None
        );
        assert!(out.is_empty());
    }

    #[test]
    fn a_reference_time_wraps_after_24_bits() {
        // 2^23 reference times, where a signed number would turn negative, and 2^24, where it wraps.
        for half in [1_u64, 2] {
            let wrap = Time::from_millis((half << 23) * 64);
            let arrivals = [
                (1, wrap - Duration::from_millis(1)),
                (2, wrap + Duration::from_millis(1)),
            ];
            let mut out = Vec::new();
            write_transport_feedback(&mut out, SSRCS, 0, 1, arrivals, 1150);
            let found: Vec<_> = read(&out).arrivals().collect();
            let [
                Arrival::Received { at: a, .. },
                Arrival::Received { at: b, .. },
            ] = found[..]
            else {
                panic!("{found:?}");
            };
            assert_eq!(b.ticks_since(a), 8);
        }
    }

    #[test]
    fn what_does_not_fit_begins_the_next_feedback() {
        let arrivals = (0..2000_u64).map(|i| (1000 + i * 3, Time::from_millis(50 * i)));
        let (mut base, mut all, mut packets) = (1000, Vec::new(), 0);
        while base < 1000 + 1999 * 3 {
            let mut out = Vec::new();
            let rest = arrivals
                .clone()
                .skip_while(|(position, _)| *position < base);
            let next = write_transport_feedback(&mut out, SSRCS, 0, base, rest, 1150);
            assert!(out.len() <= 1152 && next.is_some_and(|next| next > base));
            base = next.expect("more");
            all.extend(received(&out).into_iter().map(|(sequence, _)| sequence));
            packets += 1;
        }
        assert_eq!(all.len(), 2000);
        assert!(
            all.iter()
                .zip(0..)
                .all(|(sequence, i)| *sequence == 1000 + i * 3)
        );
        assert_eq!(packets, 3);
    }

    #[test]
    fn a_pause_longer_than_a_time_can_say_begins_a_new_feedback() {
        let arrivals = [(1, Time::from_millis(0)), (2, Time::from_millis(9_000))];
        let mut out = Vec::new();
        let next = write_transport_feedback(&mut out, SSRCS, 0, 1, arrivals, 1150);
        assert_eq!(next, Some(2));
        assert_eq!(received(&out).len(), 1);
    }

    #[test]
    fn a_gap_longer_than_16_bits_begins_a_new_feedback() {
        let now = Time::from_millis(1);
        let mut out = Vec::new();
        let next = write_transport_feedback(&mut out, SSRCS, 0, 1, [(1, now), (70_000, now)], 1150);
        assert_eq!(next, Some(2));
        out.clear();
        // And packets lost before the first one are only told as far as there is room.
        let next = write_transport_feedback(&mut out, SSRCS, 0, 2, [(70_000, now)], 1150);
        assert_eq!((next, read(&out).packets), (Some(70_001), 32_769));
    }

    #[test]
    fn arrivals_out_of_order_have_times_that_go_back() {
        for seed in 0..100 {
            let mut rng = Rng::from_test_seed(seed);
            let mut position = 1 << 16;
            let arrivals: Vec<_> = (0..100)
                .map(|_| {
                    position += 1 + rng.below(4);
                    (
                        position,
                        Time::from_nanos(10_000_000_000 + rng.below(2_000_000_000)),
                    )
                })
                .collect();
            let mut out = Vec::new();
            let next =
                write_transport_feedback(&mut out, SSRCS, 0, arrivals[0].0, arrivals.clone(), 1150);
            assert_eq!(next, Some(position + 1));
            let expected: Vec<_> = arrivals
                .iter()
                .map(|(position, at)| (*position as u16, (at.as_nanos() / 250_000) as u32))
                .collect();
            assert_eq!(received(&out), expected, "seed {seed}");
        }
    }

    #[test]
    fn feedback_that_says_more_than_it_has_is_malformed() {
        let good = [
            0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 2, 0, 0, 10, 7, 0x20, 0x02, 1, 2,
        ];
        assert_eq!(received(&good), [(5, 2561), (6, 2563)]);
        for (at, byte) in [
            (15, 0),    // no packets
            (15, 3),    // chunks for fewer packets
            (20, 0x40), // times of two bytes each
            (20, 0x60), // the reserved symbol
        ] {
            let mut bad = good;
            bad[at] = byte;
            let first = Compound::parse(&bad).and_then(|mut packets| packets.next());
            assert!(matches!(first, Some(Packet::Malformed)), "{at}: {byte}");
        }
    }

    #[test]
    fn all_lost_packets_of_a_feedback_cost_as_much_as_its_chunks() {
        let mut packet = vec![
            0x8f, 205, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 0,
        ];
        for _ in 0..10 {
            packet.extend_from_slice(&[0x1f, 0xff]);
        }
        assert_eq!(read(&packet).arrivals().count(), 9);
    }
}
