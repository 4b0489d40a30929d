//! What was sent of a stream, to be sent again: payloads by reference, not packets.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;
use crate::wire::rtp::FixedHeader;

use super::frame::Body;

/// Most packets that are kept.
const CAPACITY: usize = 9600;
/// Positions without a packet that are bridged; what lies before more of them is given up.
const MAX_GAP: u64 = 1000;
/// So many of the newest are looked through for one that fills the rate.
const MAX_LOOK: usize = 8;
/// They are kept at least so long, and three round trips.
const MIN_AGE: Duration = Duration::from_secs(1);
const ROUND_TRIPS: u32 = 3;

/// A packet that was sent.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) header: FixedHeader,
    pub(super) body: Body,
    sent: Time,
    /// When it was sent again.
    again: Option<Time>,
    /// It waits to be sent again.
    waits: bool,
}

/// The packets of one stream, one for each position.
#[derive(Debug, Default)]
pub(super) struct History {
    first: u64,
    /// None for those that were left out, or not kept.
    packets: VecDeque<Option<Kept>>,
}

impl History {
    /// A packet was sent, perhaps after others with higher positions.
    pub(super) fn push(
        &mut self,
        now: Time,
        round_trip: Duration,
        position: u64,
        header: FixedHeader,
        body: Body,
    ) {
        let kept = Some(Kept {
            header,
            body,
            sent: now,
            again: None,
            waits: false,
        });
        let end = self.first + self.packets.len() as u64;
        if self.packets.is_empty() || position >= end + MAX_GAP {
            self.packets.clear();
            self.first = position;
        }
        let index = position.checked_sub(self.first).map(|index| index as usize);
        // What is older than the oldest is not kept.
        let Some(index) = index else { return };
        match self.packets.get_mut(index) {
            Some(place) => *place = kept,
            None => {
                self.packets.resize_with(index, || None);
                self.packets.push_back(kept);
            }
        }
        let age = MIN_AGE.max(round_trip * ROUND_TRIPS);
        let is_over = |kept: &Kept| now.since(kept.sent) > age;
        while let Some(oldest) = self.packets.front()
            && (self.packets.len() > CAPACITY || oldest.as_ref().is_none_or(is_over))
        {
            self.packets.pop_front();
            self.first += 1;
        }
    }

    fn get_mut(&mut self, position: u64) -> Option<&mut Kept> {
        let index = usize::try_from(position.checked_sub(self.first)?).ok()?;
        self.packets.get_mut(index)?.as_mut()
    }

    /// A packet is asked for: its bytes if it is to be sent again, which it is once a round trip. That
    /// varies, and a request that comes a fifth of it early is not of the time before.
    pub(super) fn ask(&mut self, now: Time, round_trip: Duration, position: u64) -> Option<usize> {
        let kept = self.get_mut(position)?;
        let too_soon = |again| now.since(again) < round_trip * 4 / 5;
        if kept.waits || kept.again.is_some_and(too_soon) {
            return None;
        }
        kept.waits = true;
        Some(kept.body.len())
    }

    /// The newest packet with at least so many bytes, among the last ones, that does not wait to be sent
    /// again.
    pub(super) fn newest(&self, least: usize) -> Option<u64> {
        let is_fit = |kept: &Kept| !kept.waits && kept.body.len() >= least;
        let mut newest = self.packets.iter().rev().take(MAX_LOOK);
        let back = newest.position(|kept| kept.as_ref().is_some_and(is_fit))?;
        Some(self.first + (self.packets.len() - 1 - back) as u64)
    }

    /// A packet was to be sent again, for which there is no room.
    pub(super) fn release(&mut self, position: u64) {
        if let Some(kept) = self.get_mut(position) {
            kept.waits = false;
        }
    }

    /// A packet is sent again now.
    pub(super) fn take(&mut self, now: Time, position: u64) -> Option<&Kept> {
        let kept = self.get_mut(position)?;
        kept.waits = false;
        kept.again = Some(now);
        Some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{PayloadType, Ssrc};
    use crate::wire::rtp::{RtpTime, SeqNo};
    use bytes::Bytes;

    const TRIP: Duration = Duration::from_millis(100);

    fn push(history: &mut History, millis: u64, position: u64) {
        let header = FixedHeader {
            marker: false,
            payload_type: PayloadType::of_low_bits(96),
            sequence: SeqNo::of(position),
            timestamp: RtpTime::new(0),
            ssrc: Ssrc::new(1),
        };
        let body = Body::new(Bytes::from_static(b"abc"), None, Default::default());
        history.push(Time::from_millis(millis), TRIP, position, header, body);
    }

    #[test]
    fn a_packet_is_sent_again_once_a_round_trip() {
        let mut history = History::default();
        push(&mut history, 0, 10);
        let at = Time::from_millis;
        assert_eq!(history.ask(at(50), TRIP, 10), Some(3));
        // It waits already.
        assert_eq!(history.ask(at(50), TRIP, 10), None);
        assert!(history.take(at(60), 10).is_some());
        assert_eq!(history.ask(at(139), TRIP, 10), None);
        assert_eq!(history.ask(at(140), TRIP, 10), Some(3));
        assert_eq!(history.ask(at(140), TRIP, 9), None);
        assert_eq!(history.ask(at(140), TRIP, 11), None);
    }

    #[test]
    fn a_gap_is_bridged_and_filled_late_unless_it_is_long() {
        let mut history = History::default();
        for position in [10, 11, 13] {
            push(&mut history, 0, position);
        }
        let now = Time::from_millis(1);
        let asked = [10, 11, 12, 13].map(|position| history.ask(now, TRIP, position));
        assert_eq!(asked, [Some(3), Some(3), None, Some(3)]);
        let kept = history.take(now, 13).expect("it is kept");
        assert_eq!(kept.header.sequence.get(), 13);
        push(&mut history, 1, 12);
        assert_eq!(history.ask(now, TRIP, 12), Some(3));
        let far = 14 + MAX_GAP;
        push(&mut history, 1, far);
        let asked = [13, far].map(|position| history.ask(now, TRIP, position));
        assert_eq!(asked, [None, Some(3)]);
    }

    #[test]
    fn packets_are_kept_for_a_second_and_no_more_than_there_is_room_for() {
        let mut history = History::default();
        push(&mut history, 0, 1);
        push(&mut history, 1000, 2);
        assert!(history.ask(Time::from_millis(1000), TRIP, 1).is_some());
        push(&mut history, 1001, 3);
        assert!(history.ask(Time::from_millis(1001), TRIP, 1).is_none());
        assert!(history.ask(Time::from_millis(1001), TRIP, 2).is_some());
        for position in 4..20_000 {
            push(&mut history, 1001, position);
        }
        assert_eq!(history.packets.len(), CAPACITY);
    }
}
