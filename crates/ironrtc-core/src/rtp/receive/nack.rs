//! Which packets of a stream are missing and are to be asked for (RFC 4585 section 6.2.1).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Time;
use crate::wire::rtp::SeqNo;

/// Most packets that are missed at a time. Beyond them a key frame costs less.
const MAX_MISSING: usize = 1000;
/// How far behind the newest packet one is still worth asking for.
const MAX_AGE: u64 = 450;
/// How often a packet is asked for.
const MAX_REQUESTS: u8 = 10;
/// Requests for one packet are a round trip apart, and at least so much.
const MIN_INTERVAL: Duration = Duration::from_millis(20);
/// Most packets that one request names.
pub(super) const MAX_REQUEST: usize = 128;

/// One packet that is missing.
#[derive(Clone, Copy, Debug)]
struct Missing {
    next: Time,
    requests: u8,
}

/// The missing packets of one stream, by their positions.
#[derive(Debug, Default)]
pub(crate) struct Missed {
    missing: BTreeMap<u64, Missing>,
    /// No request is due before.
    due: Option<Time>,
    highest: Option<u64>,
    needs_key_frame: bool,
}

impl Missed {
    /// A packet came, by itself or as a retransmission.
    pub(crate) fn on_packet(&mut self, now: Time, position: u64) {
        let Some(highest) = self.highest else {
            self.highest = Some(position);
            return;
        };
        if position <= highest {
            self.missing.remove(&position);
            if self.missing.is_empty() {
                self.due = None;
            }
            return;
        }
        self.highest = Some(position);
        let oldest = position.saturating_sub(MAX_AGE);
        while let Some(entry) = self.missing.first_entry()
            && *entry.key() < oldest
        {
            entry.remove();
        }
        let gap = (highest + 1).max(oldest)..position;
        if gap.start > highest + 1
            || self.missing.len() + (gap.end - gap.start) as usize > MAX_MISSING
        {
            self.restart(position);
            self.needs_key_frame = true;
            return;
        }
        if gap.is_empty() {
            return;
        }
        self.due = Some(self.due.map_or(now, |due| due.min(now)));
        let first = Missing {
            next: now,
            requests: 0,
        };
        self.missing.extend(gap.map(|position| (position, first)));
    }

    /// The stream has begun anew.
    pub(crate) fn restart(&mut self, position: u64) {
        self.missing.clear();
        self.due = None;
        self.highest = Some(position);
    }

    /// When the next request is due.
    pub(crate) const fn next_request(&self) -> Option<Time> {
        self.due
    }

    /// The packets to ask for now, in their order. A packet that was asked for often enough is given
    /// up.
    pub(crate) fn take_due(&mut self, now: Time, round_trip: Duration, out: &mut Vec<SeqNo>) {
        let interval = round_trip.max(MIN_INTERVAL);
        self.missing.retain(|position, missing| {
            if missing.next > now || out.len() >= MAX_REQUEST {
                return true;
            }
            if missing.requests == MAX_REQUESTS {
                return false;
            }
            missing.requests += 1;
            missing.next = now + interval;
            out.push(SeqNo::of(*position));
            true
        });
        self.due = self.missing.values().map(|missing| missing.next).min();
    }

    /// Whether too much was missing to be asked for, since this was asked last.
    pub(crate) const fn take_key_frame_need(&mut self) -> bool {
        std::mem::replace(&mut self.needs_key_frame, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIP: Duration = Duration::from_millis(100);

    fn due(missed: &mut Missed, millis: u64) -> Vec<u16> {
        let mut out = Vec::new();
        missed.take_due(Time::from_millis(millis), TRIP, &mut out);
        out.into_iter().map(SeqNo::get).collect()
    }

    fn arrive(missed: &mut Missed, positions: &[u64]) {
        for position in positions {
            missed.on_packet(Time::ZERO, *position);
        }
    }

    #[test]
    fn a_gap_is_asked_for_at_once_and_again_each_round_trip() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[65_534, 65_537]);
        assert_eq!(missed.next_request(), Some(Time::ZERO));
        assert_eq!(due(&mut missed, 0), [65_535, 0]);
        assert_eq!(due(&mut missed, 99), []);
        assert_eq!(due(&mut missed, 100), [65_535, 0]);
    }

    #[test]
    fn a_packet_that_came_is_never_asked_for_again() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 13]);
        assert_eq!(due(&mut missed, 0), [11, 12]);
        // Late, or as a retransmission: it makes no difference.
        arrive(&mut missed, &[11]);
        assert_eq!(due(&mut missed, 100), [12]);
        arrive(&mut missed, &[12]);
        assert_eq!(
            (due(&mut missed, 200), missed.next_request()),
            (vec![], None)
        );
    }

    #[test]
    fn a_packet_is_given_up_after_ten_requests() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 12]);
        let requests = (0..50).map(|round| due(&mut missed, round * 100).len());
        assert_eq!(requests.sum::<usize>(), 10);
        assert_eq!(missed.next_request(), None);
    }

    #[test]
    fn a_packet_far_behind_the_newest_one_is_given_up() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 12]);
        for position in 13..=11 + MAX_AGE {
            arrive(&mut missed, &[position]);
        }
        assert_eq!(due(&mut missed, 0), [11]);
        arrive(&mut missed, &[12 + MAX_AGE]);
        assert_eq!(due(&mut missed, 1000), []);
    }

    #[test]
    fn too_long_a_gap_needs_a_key_frame_and_keeps_nothing() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 12]);
        assert!(!missed.take_key_frame_need());
        arrive(&mut missed, &[12 + MAX_AGE + 2]);
        assert!(missed.take_key_frame_need() && !missed.take_key_frame_need());
        assert_eq!(missed.next_request(), None);
        // Every second packet lost is no reason.
        let mut missed = Missed::default();
        for position in 0..3000 {
            arrive(&mut missed, &[position * 2]);
            assert!(missed.missing.len() <= MAX_MISSING);
        }
        assert!(!missed.take_key_frame_need());
        // Two requests name them all.
        assert_eq!(due(&mut missed, 0).len(), MAX_REQUEST);
        assert_eq!(due(&mut missed, 0).len(), 225 - MAX_REQUEST);
    }
}
