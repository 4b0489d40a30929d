//! The packets that were sent last, until it is known what became of them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::SentPacket;
use crate::ids::Ssrc;
use crate::time::Time;
use crate::wire::rtp::SeqNo;

/// Most packets that are kept: less than half of the numbers that there are.
const MAX_PACKETS: usize = 8192;
/// A packet that is told to be missing may still come, and the feedback that says so may be late
/// itself: it is lost once one that was sent so much later has arrived.
const REORDERING: Duration = Duration::from_millis(250);

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    /// It arrived, by the peer's clock if that was told.
    Received(Option<Time>),
}

/// A packet of which it is known what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketResult {
    pub(super) sent: Time,
    pub(super) bytes: usize,
    pub(super) fate: Fate,
}

impl PacketResult {
    pub(super) const fn arrived(&self) -> Option<Time> {
        match self.fate {
            Fate::Lost => None,
            Fate::Received(at) => at,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Untold,
    Missing,
    Done,
}

#[derive(Debug)]
struct Entry {
    ssrc: Ssrc,
    sent: Time,
    bytes: usize,
    state: State,
}

/// Where the packets of a source are among all.
#[derive(Debug, Default)]
struct Source {
    first: u64,
    numbers: VecDeque<u64>,
}

/// The last packets, by their numbers in the transport and by source.
#[derive(Debug, Default)]
pub(super) struct SentPackets {
    first: u64,
    entries: VecDeque<Entry>,
    sources: BTreeMap<Ssrc, Source>,
    /// From here on nothing was told yet, so each packet is told missing once.
    told: u64,
    /// Before this all is done.
    settled: u64,
    /// When the newest packet that arrived was sent.
    newest: Time,
}

impl SentPackets {
    pub(super) fn push(&mut self, now: Time, packet: SentPacket) {
        if packet.number != self.end() {
            self.entries.clear();
            self.sources.clear();
            self.first = packet.number;
        }
        self.entries.push_back(Entry {
            ssrc: packet.ssrc,
            sent: now,
            bytes: packet.bytes,
            state: State::Untold,
        });
        let source = self.sources.entry(packet.ssrc).or_default();
        if source.first + source.numbers.len() as u64 != packet.position {
            source.numbers.clear();
            source.first = packet.position;
        }
        source.numbers.push_back(packet.number);
        if self.entries.len() > MAX_PACKETS {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(entry) = self.entries.pop_front() else {
            return;
        };
        if let Some(source) = self.sources.get_mut(&entry.ssrc) {
            if source.numbers.front() == Some(&self.first) {
                source.numbers.pop_front();
                source.first += 1;
            }
            if source.numbers.is_empty() {
                self.sources.remove(&entry.ssrc);
            }
        }
        self.first += 1;
    }

    /// The number of the next packet.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The number in the transport of a source's packet.
    pub(super) fn number_of(&self, ssrc: Ssrc, sequence: SeqNo) -> Option<u64> {
        let source = self.sources.get(&ssrc)?;
        let position = sequence.near(source.first + source.numbers.len() as u64);
        let index = usize::try_from(position.checked_sub(source.first)?).ok()?;
        source.numbers.get(index).copied()
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get_mut(index)
    }

    /// So many packets in a row have not arrived so far.
    pub(super) fn on_missing(&mut self, first: u64, packets: u64) {
        // All of a run that was not told of before, so that it costs no more than what was sent.
        let end = first.saturating_add(packets).min(self.end());
        for number in first.max(self.told).max(self.first)..end {
            if let Some(entry) = self.get_mut(number)
                && entry.state == State::Untold
            {
                entry.state = State::Missing;
            }
        }
        self.told = self.told.max(end);
    }

    /// A packet has arrived; nothing if that was told before.
    pub(super) fn on_arrival(
        &mut self,
        number: u64,
        arrived: Option<Time>,
    ) -> Option<PacketResult> {
        let entry = self.get_mut(number)?;
        if entry.state == State::Done {
            return None;
        }
        entry.state = State::Done;
        let result = PacketResult {
            sent: entry.sent,
            bytes: entry.bytes,
            fate: Fate::Received(arrived),
        };
        self.newest = self.newest.max(result.sent);
        Some(result)
    }

    /// Appends the packets that must be lost by now. Those of which nothing was told, as feedback
    /// gets lost too, are none.
    pub(super) fn settle(&mut self, results: &mut Vec<PacketResult>) {
        let newest = self.newest;
        let mut number = self.settled.max(self.first);
        while let Some(entry) = self.get_mut(number)
            && entry.sent + REORDERING <= newest
        {
            if entry.state == State::Missing {
                results.push(PacketResult {
                    sent: entry.sent,
                    bytes: entry.bytes,
                    fate: Fate::Lost,
                });
            }
            entry.state = State::Done;
            number += 1;
        }
        self.settled = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Ssrc = Ssrc::new(1);
    const B: Ssrc = Ssrc::new(2);

    fn push(sent: &mut SentPackets, millis: u64, number: u64, ssrc: Ssrc, position: u64) {
        let packet = SentPacket {
            number,
            ssrc,
            position,
            bytes: 100,
        };
        sent.push(Time::from_millis(millis), packet);
    }

    fn filled(packets: u64) -> SentPackets {
        let mut sent = SentPackets::default();
        for number in 0..packets {
            push(&mut sent, number, number, A, 70_000 + number);
        }
        sent
    }

    #[test]
    fn a_packet_is_found_by_its_source_over_the_wrap_of_its_number() {
        let mut sent = SentPackets::default();
        for number in 0..20_u64 {
            let (ssrc, first) = if number % 2 == 0 { (A, 65_530) } else { (B, 9) };
            push(&mut sent, number, number, ssrc, first + number / 2);
        }
        assert_eq!(sent.number_of(A, SeqNo::new(65_530)), Some(0));
        assert_eq!(sent.number_of(A, SeqNo::new(1)), Some(14));
        assert_eq!(sent.number_of(B, SeqNo::new(9)), Some(1));
        assert_eq!(sent.number_of(B, SeqNo::new(8)), None);
        assert_eq!(sent.number_of(Ssrc::new(3), SeqNo::new(9)), None);
    }

    #[test]
    fn an_arrival_counts_once() {
        let mut sent = filled(3);
        let at = Some(Time::from_millis(7));
        let result = sent.on_arrival(1, at).expect("it was sent");
        assert_eq!((result.sent, result.arrived()), (Time::from_millis(1), at));
        assert_eq!(sent.on_arrival(1, at), None);
        assert_eq!(sent.on_arrival(3, at), None);
        assert_eq!(sent.on_arrival(u64::MAX, at), None);
    }

    #[test]
    fn what_is_missing_is_lost_once_one_sent_long_after_it_has_arrived() {
        let mut sent = filled(400);
        sent.on_missing(0, 10);
        let mut results = Vec::new();
        assert!(sent.on_arrival(200, None).is_some());
        sent.settle(&mut results);
        assert_eq!(results, []);
        // One of them has come after all, and of those from 10 on nothing was told.
        assert!(sent.on_arrival(3, None).is_some());
        assert!(sent.on_arrival(300, None).is_some());
        sent.settle(&mut results);
        let lost = results.iter().filter(|result| result.fate == Fate::Lost);
        assert_eq!((lost.count(), results.len()), (9, 9));
        sent.settle(&mut results);
        assert_eq!(results.len(), 9);
        assert_eq!(sent.on_arrival(4, None), None, "it comes too late to count");
    }

    #[test]
    fn what_is_kept_has_a_bound_by_number_and_by_source() {
        let mut sent = SentPackets::default();
        for number in 0..30_000 {
            push(&mut sent, number, number, Ssrc::new(number as u32), 5);
        }
        assert_eq!(sent.entries.len(), MAX_PACKETS);
        assert_eq!(sent.sources.len(), MAX_PACKETS);
        let mut sent = filled(30_000);
        assert_eq!(sent.sources[&A].numbers.len(), MAX_PACKETS);
        sent.on_missing(0, u64::MAX);
        assert_eq!(sent.told, 30_000);
        assert!(sent.on_arrival(30_000 - MAX_PACKETS as u64, None).is_some());
    }
}
