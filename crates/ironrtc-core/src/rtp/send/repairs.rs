//! How much may be sent again: no more than the rate, or requests for what congestion lost would make
//! more of it.

use std::time::Duration;

use crate::time::Time;

/// Over so much time.
const WINDOW: Duration = Duration::from_millis(500);

/// Bytes that were sent again, and whose time at the rate has not passed.
#[derive(Debug, Default)]
pub(super) struct RepairBudget {
    /// Bytes a second; none for no limit.
    rate: Option<f64>,
    debt: f64,
    at: Time,
}

impl RepairBudget {
    /// Sets the rate in bits a second.
    pub(super) fn set_rate(&mut self, now: Time, bits: Option<u64>) {
        self.settle(now);
        self.rate = bits.map(|bits| bits as f64 / 8.0);
    }

    fn settle(&mut self, now: Time) {
        let passed = now.since(self.at).as_secs_f64();
        let paid = self.rate.map_or(self.debt, |rate| rate * passed);
        self.debt = (self.debt - paid).max(0.0);
        self.at = self.at.max(now);
    }

    /// Whether so many bytes may be sent again now, which they are then.
    pub(super) fn takes(&mut self, now: Time, bytes: usize) -> bool {
        self.settle(now);
        let most = self.rate.map(|rate| rate * WINDOW.as_secs_f64());
        let debt = self.debt + bytes as f64;
        if most.is_some_and(|most| debt > most) {
            return false;
        }
        self.debt = debt;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_second_of_the_rate_is_sent_again_at_once_and_then_the_rate() {
        let mut budget = RepairBudget::default();
        let at = Time::from_millis;
        assert!(budget.takes(at(0), 1_000_000), "there is no rate");
        budget.set_rate(at(0), Some(80_000));
        budget.debt = 0.0;
        let mut again = |millis| (0..100).filter(|_| budget.takes(at(millis), 1_000)).count();
        assert_eq!(again(0), 5);
        assert_eq!(again(99), 0);
        assert_eq!(again(1_000), 5);
        assert_eq!(again(1_200), 2);
    }
}
