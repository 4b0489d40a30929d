//! How late packets are that come out of order, so that those that are only late are not asked for.

use std::time::Duration;

/// Gaps that are kept in mind.
const GAPS: usize = 64;
/// Of so many of them the wait is long enough.
const ENOUGH: u8 = 61;
/// How long a step of the histogram is, and how many there are.
const STEP: Duration = Duration::from_millis(4);
const STEPS: usize = 26;

/// The last gaps between packets that were closed: how long each was open, if what closed it was a
/// packet that came late, and not one that was sent again.
#[derive(Debug)]
pub(super) struct Lateness {
    /// Steps; 0 for a packet that no waiting would have brought.
    gaps: [u8; GAPS],
    next: usize,
    /// How many of the gaps have so many steps.
    counts: [u8; STEPS],
}

impl Default for Lateness {
    fn default() -> Self {
        let mut counts = [0; STEPS];
        counts[0] = GAPS as u8;
        Self {
            gaps: [0; GAPS],
            next: 0,
            counts,
        }
    }
}

impl Lateness {
    /// A gap was closed by a packet that was so late; by a retransmission, or by nothing, if none.
    pub(super) fn on_closed(&mut self, late: Option<Duration>) {
        let steps = late.map_or(0, |late| late.as_nanos().div_ceil(STEP.as_nanos()));
        let steps = usize::try_from(steps).unwrap_or(usize::MAX).min(STEPS - 1);
        let (Some(gap), Some(count)) = (self.gaps.get_mut(self.next), self.counts.get_mut(steps))
        else {
            return;
        };
        *count += 1;
        let before = std::mem::replace(gap, steps as u8);
        if let Some(count) = self.counts.get_mut(usize::from(before)) {
            *count -= 1;
        }
        self.next = (self.next + 1) % GAPS;
    }

    /// How long a packet is waited for before it is asked for: until nineteen of twenty gaps would
    /// have been closed that are closed by waiting.
    pub(super) fn wait(&self) -> Duration {
        let mut seen = 0;
        let enough = self.counts.iter().position(|count| {
            seen += count;
            seen >= ENOUGH
        });
        STEP * enough.unwrap_or(0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn where_packets_are_lost_or_seldom_late_nothing_is_waited_for() {
        let mut lateness = Lateness::default();
        for gap in 0..1_000 {
            lateness.on_closed((gap % 22 == 0).then_some(millis(30)));
            assert_eq!(lateness.wait(), Duration::ZERO);
        }
    }

    #[test]
    fn where_they_are_late_they_are_waited_for_so_long_and_no_longer_than_a_bound() {
        let mut lateness = Lateness::default();
        for gap in 0..200 {
            lateness.on_closed(Some(millis(gap % 20)));
        }
        assert!((millis(16)..=millis(20)).contains(&lateness.wait()));
        for _ in 0..64 {
            lateness.on_closed(Some(Duration::from_secs(9)));
        }
        assert_eq!(lateness.wait(), millis(100));
        for _ in 0..64 {
            lateness.on_closed(None);
        }
        assert_eq!(lateness.wait(), Duration::ZERO);
    }
}
