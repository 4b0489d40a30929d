//! The timestamps of one stream that is sent, whatever its packets' own timestamps are.

use std::time::Duration;

use crate::rtp::clock::ticks;
use crate::time::Time;
use crate::wire::rtp::RtpTime;

/// What follows is never so much before what went on that it is made up for later: then the two
/// have no clock in common.
const MAX_AHEAD: Duration = Duration::from_secs(1);

/// The line of one stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Whose timestamps the offset is for.
    timeline: u64,
    offset: u32,
    /// The latest timestamp that was sent, and when its moment was.
    latest: (RtpTime, Time),
    /// So many ticks later than its moment that is, since timestamps only grow.
    ahead: u64,
}

impl Line {
    /// A line that begins with a timestamp of this timeline, as this number.
    pub(crate) const fn begin(timeline: u64, first: RtpTime, as_what: u32, captured: Time) -> Self {
        Self {
            timeline,
            offset: as_what.wrapping_sub(first.get()),
            latest: (RtpTime::new(as_what), captured),
            ahead: 0,
        }
    }

    /// The timestamp to send. One of another timeline goes on so much later as it was captured.
    pub(crate) fn map(
        &mut self,
        captured: Time,
        timeline: u64,
        timestamp: RtpTime,
        clock_rate: u32,
    ) -> RtpTime {
        let (latest, at) = self.latest;
        if self.timeline != timeline {
            let passed = ticks(captured.since(at), clock_rate);
            let behind = ticks(at.since(captured), clock_rate) + self.ahead;
            let step = passed.saturating_sub(behind).max(1);
            let ahead = (step + behind).saturating_sub(passed);
            let next = RtpTime::new(latest.get().wrapping_add(step as u32));
            *self = Self::begin(timeline, timestamp, next.get(), captured);
            if ahead <= ticks(MAX_AHEAD, clock_rate) {
                self.ahead = ahead;
            }
            return next;
        }
        let mapped = RtpTime::new(timestamp.get().wrapping_add(self.offset));
        if mapped.is_after(latest) {
            self.latest = (mapped, captured);
        }
        mapped
    }

    /// The timestamp of a moment, not before what was sent last.
    pub(crate) fn at(&self, now: Time, clock_rate: u32) -> RtpTime {
        let (latest, at) = self.latest;
        let passed = ticks(now.since(at), clock_rate).saturating_sub(self.ahead);
        RtpTime::new(latest.get().wrapping_add(passed.max(1) as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn what_was_captured_together_has_one_timestamp_whatever_timeline_it_is_of() {
        let first = RtpTime::new(u32::MAX - 100);
        let mut line = Line::begin(1, first, 7_000, at(1_000));
        assert_eq!(line.map(at(1_000), 1, first, 90_000).get(), 7_000);
        let later = RtpTime::new(first.get().wrapping_add(9_000));
        assert_eq!(line.map(at(1_100), 1, later, 90_000).get(), 16_000);
        // The other stream's timestamps have nothing to do with those.
        let other = |millis: u64| RtpTime::new(500 + 90 * millis as u32);
        assert_eq!(line.map(at(1_133), 2, other(0), 90_000).get(), 18_970);
        assert_eq!(line.map(at(1_166), 2, other(33), 90_000).get(), 21_940);
    }

    #[test]
    fn timestamps_only_grow_and_what_that_costs_is_made_up_for() {
        let mut line = Line::begin(1, RtpTime::new(0), 0, at(1_000));
        // A key frame of another layer, of the moment before what went on last.
        assert_eq!(line.map(at(967), 2, RtpTime::new(0), 90_000).get(), 1);
        assert_eq!(
            line.map(at(1_000), 2, RtpTime::new(2_970), 90_000).get(),
            2_971
        );
        // Back again, to where it would have been without.
        assert_eq!(
            line.map(at(1_100), 1, RtpTime::new(9_000), 90_000).get(),
            9_000
        );
        // Another clock altogether: what it lies behind is not waited for.
        assert_eq!(line.map(at(0), 3, RtpTime::new(5), 90_000).get(), 9_001);
        assert_eq!(line.map(at(100), 4, RtpTime::new(5), 90_000).get(), 18_001);
    }

    #[test]
    fn steps_within_a_timeline_are_kept_however_unevenly_it_is_sent() {
        let mut line = Line::begin(1, RtpTime::new(0), 0, at(0));
        for (step, millis) in [3, 29, 41, 95, 96].into_iter().enumerate() {
            let timestamp = RtpTime::new(960 * step as u32);
            let mapped = line.map(at(millis), 1, timestamp, 48_000);
            assert_eq!(mapped, timestamp);
        }
    }
}
