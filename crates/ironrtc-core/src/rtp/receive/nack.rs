//! Which packets of a stream are missing and are to be asked for (RFC 4585 section 6.2.1).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Time;
use crate::wire::rtp::SeqNo;

use super::lateness::Lateness;

/// How far behind the newest packet one is still worth asking for, and so the most packets that are
/// missed at a time. Beyond them a key frame costs less.
pub(super) const MAX_MISSING: u64 = 1000;
/// How often a packet is asked for.
const MAX_REQUESTS: u8 = 10;
/// Requests for one packet are a round trip and a fifth of it apart, as round trips vary, and at least
/// so much.
const MIN_INTERVAL: Duration = Duration::from_millis(20);
/// Most packets that one request names.
pub(super) const MAX_REQUEST: usize = 128;

/// One packet that is missing.
#[derive(Clone, Copy, Debug)]
struct Missing {
    since: Time,
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
    lateness: Lateness,
    /// As it was when packets were asked for last.
    round_trip: Duration,
}

impl Missed {
    /// A packet came: by itself, or in another way, such as a retransmission.
    pub(crate) fn on_packet(&mut self, now: Time, position: u64, by_itself: bool) {
        let Some(highest) = self.highest else {
            self.highest = Some(position);
            return;
        };
        if position <= highest {
            if let Some(missing) = self.missing.remove(&position) {
                let late = now.since(missing.since);
                // What was asked for may be sent again as it was, a round trip later.
                let asked = missing.requests > 0 && late >= self.round_trip;
                self.lateness
                    .on_closed((by_itself && !asked).then_some(late));
            }
            if self.missing.is_empty() {
                self.due = None;
            }
            return;
        }
        self.highest = Some(position);
        self.forget_before(position.saturating_sub(MAX_MISSING));
        let gap = highest + 1..position;
        if gap.end - gap.start > MAX_MISSING {
            self.restart(position);
            self.needs_key_frame = true;
            return;
        }
        if gap.is_empty() {
            return;
        }
        let next = now + self.lateness.wait();
        self.due = Some(self.due.map_or(next, |due| due.min(next)));
        let first = Missing {
            since: now,
            next,
            requests: 0,
        };
        self.missing.extend(gap.map(|position| (position, first)));
    }

    /// Packets before a position are of no use any more.
    pub(crate) fn forget_before(&mut self, position: u64) {
        while let Some(entry) = self.missing.first_entry()
            && *entry.key() < position
        {
            entry.remove();
            self.lateness.on_closed(None);
        }
        if self.missing.is_empty() {
            self.due = None;
        }
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
        self.round_trip = round_trip;
        let interval = (round_trip + round_trip / 5).max(MIN_INTERVAL);
        let lateness = &mut self.lateness;
        self.missing.retain(|position, missing| {
            if missing.next > now || out.len() >= MAX_REQUEST {
                return true;
            }
            if missing.requests == MAX_REQUESTS {
                lateness.on_closed(None);
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
            missed.on_packet(Time::ZERO, *position, true);
        }
    }

    #[test]
    fn a_gap_is_asked_for_at_once_and_again_each_round_trip_and_a_fifth() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[65_534, 65_537]);
        assert_eq!(missed.next_request(), Some(Time::ZERO));
        assert_eq!(due(&mut missed, 0), [65_535, 0]);
        assert_eq!(due(&mut missed, 119), []);
        assert_eq!(due(&mut missed, 120), [65_535, 0]);
    }

    #[test]
    fn a_packet_that_came_is_never_asked_for_again() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 13]);
        assert_eq!(due(&mut missed, 0), [11, 12]);
        // Late, or as a retransmission: it makes no difference.
        arrive(&mut missed, &[11]);
        assert_eq!(due(&mut missed, 120), [12]);
        missed.on_packet(Time::from_millis(130), 12, false);
        assert_eq!(
            (due(&mut missed, 240), missed.next_request()),
            (vec![], None)
        );
    }

    #[test]
    fn a_packet_is_given_up_after_ten_requests() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 12]);
        let requests = (0..50).map(|round| due(&mut missed, round * 120).len());
        assert_eq!(requests.sum::<usize>(), 10);
        assert_eq!(missed.next_request(), None);
    }

    #[test]
    fn a_packet_far_behind_the_newest_one_is_given_up() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 12]);
        for position in 13..=11 + MAX_MISSING {
            arrive(&mut missed, &[position]);
        }
        assert_eq!(due(&mut missed, 0), [11]);
        arrive(&mut missed, &[12 + MAX_MISSING]);
        assert_eq!(due(&mut missed, 1000), []);
    }

    #[test]
    fn too_long_a_gap_needs_a_key_frame_and_keeps_nothing() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 12]);
        assert!(!missed.take_key_frame_need());
        arrive(&mut missed, &[12 + MAX_MISSING + 2]);
        assert!(missed.take_key_frame_need() && !missed.take_key_frame_need());
        assert_eq!(missed.next_request(), None);
        // Every second packet lost is no reason.
        let mut missed = Missed::default();
        for position in 0..3000 {
            arrive(&mut missed, &[position * 2]);
            assert!(missed.missing.len() as u64 <= MAX_MISSING);
        }
        assert!(!missed.take_key_frame_need());
        // Four requests name them all.
        let requests: Vec<_> = std::iter::repeat_with(|| due(&mut missed, 0).len())
            .take_while(|count| *count > 0)
            .collect();
        assert_eq!((requests.len(), requests.iter().sum()), (4, 500));
    }

    #[test]
    fn what_nobody_waits_for_is_not_asked_for() {
        let mut missed = Missed::default();
        arrive(&mut missed, &[10, 14]);
        missed.forget_before(13);
        assert_eq!(due(&mut missed, 0), [13]);
        missed.forget_before(14);
        assert_eq!(missed.next_request(), None);
    }

    #[test]
    fn packets_that_are_always_late_are_not_asked_for_and_lost_ones_are_a_little_later() {
        let mut missed = Missed::default();
        let (mut requests, mut last) = (0, 0);
        for pair in 0..500_u64 {
            let now = pair * 20;
            // Of each two packets the first comes 9 ms after the second.
            missed.on_packet(Time::from_millis(now), 2 * pair + 1, true);
            requests += due(&mut missed, now).len();
            missed.on_packet(Time::from_millis(now + 9), 2 * pair, true);
            requests += due(&mut missed, now + 9).len();
            last = 2 * pair + 1;
        }
        assert!(requests < 10, "{requests}");
        let at = Time::from_millis(10_000);
        missed.on_packet(at, last + 2, true);
        let due = missed.next_request().expect("one is missing");
        assert_eq!(due - at, Duration::from_millis(12));
    }
}
