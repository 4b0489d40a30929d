//! What losses say of the rate.

use std::time::Duration;

use crate::time::Time;

/// Losses are counted over so long and so many packets.
const MIN_TIME: Duration = Duration::from_millis(250);
const MIN_PACKETS: u32 = 20;
const HIGH: f64 = 0.1;
const LOW: f64 = 0.02;

/// What the rate may do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LossVerdict {
    Grow,
    Hold,
    /// It is to become this share of what it is, once.
    Shrink(f64),
}

/// Packets since the last verdict.
#[derive(Debug)]
pub(super) struct LossCounter {
    since: Option<Time>,
    lost: u32,
    received: u32,
    verdict: LossVerdict,
}

impl Default for LossCounter {
    fn default() -> Self {
        Self {
            since: None,
            lost: 0,
            received: 0,
            verdict: LossVerdict::Grow,
        }
    }
}

impl LossCounter {
    pub(super) const fn on_packet(&mut self, is_lost: bool) {
        match is_lost {
            true => self.lost = self.lost.saturating_add(1),
            false => self.received = self.received.saturating_add(1),
        }
    }

    pub(super) fn verdict(&mut self, now: Time) -> LossVerdict {
        let since = *self.since.get_or_insert(now);
        let packets = self.lost.saturating_add(self.received);
        if now.since(since) >= MIN_TIME && packets >= MIN_PACKETS {
            let share = f64::from(self.lost) / f64::from(packets);
            (self.since, self.lost, self.received) = (Some(now), 0, 0);
            if share > HIGH {
                // What was lost is not lost again until the next count.
                self.verdict = LossVerdict::Hold;
                return LossVerdict::Shrink(1.0 - 0.5 * share);
            }
            self.verdict = match share < LOW {
                true => LossVerdict::Grow,
                false => LossVerdict::Hold,
            };
        }
        self.verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(lost: u32, received: u32) -> LossVerdict {
        let mut counter = LossCounter::default();
        assert_eq!(counter.verdict(Time::ZERO), LossVerdict::Grow);
        (0..lost).for_each(|_| counter.on_packet(true));
        (0..received).for_each(|_| counter.on_packet(false));
        counter.verdict(Time::from_millis(250))
    }

    #[test]
    fn few_losses_let_the_rate_grow_some_hold_it_and_many_shrink_it() {
        assert_eq!(after(1, 99), LossVerdict::Grow);
        assert_eq!(after(2, 98), LossVerdict::Hold);
        assert_eq!(after(10, 90), LossVerdict::Hold);
        assert_eq!(after(20, 80), LossVerdict::Shrink(0.9));
        // Too few to say.
        assert_eq!(after(9, 10), LossVerdict::Grow);
    }

    #[test]
    fn one_count_shrinks_the_rate_once() {
        let mut counter = LossCounter::default();
        let _ = counter.verdict(Time::ZERO);
        (0..50).for_each(|_| counter.on_packet(true));
        let verdicts = [250, 260, 500].map(|at| counter.verdict(Time::from_millis(at)));
        let hold = LossVerdict::Hold;
        assert_eq!(verdicts, [LossVerdict::Shrink(0.5), hold, hold]);
    }
}
