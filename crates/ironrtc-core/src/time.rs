//! Time as an argument: the core is told the time and never reads a clock.

use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A moment, in nanoseconds since an epoch that the driver chose.
///
/// A driver maps its monotonic clock to this; the simulator starts at zero. Arithmetic saturates,
/// so a hostile or absurd duration can never wrap a deadline into the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The driver's epoch.
    pub const ZERO: Self = Self(0);

    /// A moment `nanos` nanoseconds after the epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// A moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Time elapsed since `earlier`, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }
}

impl AddAssign<Duration> for Time {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

impl Sub for Time {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// One optional deadline per variant of a timer enum; each state machine owns one table.
///
/// `N` is the number of variants and a timer's index is its discriminant.
#[derive(Clone, Debug)]
pub(crate) struct TimerTable<const N: usize> {
    deadlines: [Option<Time>; N],
}

impl<const N: usize> TimerTable<N> {
    pub(crate) const fn new() -> Self {
        Self {
            deadlines: [None; N],
        }
    }

    pub(crate) fn set(&mut self, timer: usize, at: Time) {
        if let Some(slot) = self.deadlines.get_mut(timer) {
            *slot = Some(at);
        }
    }

    pub(crate) fn stop(&mut self, timer: usize) {
        if let Some(slot) = self.deadlines.get_mut(timer) {
            *slot = None;
        }
    }

    pub(crate) fn get(&self, timer: usize) -> Option<Time> {
        self.deadlines.get(timer).copied().flatten()
    }

    /// Stops `timer` and returns true if its deadline has passed.
    pub(crate) fn expire(&mut self, timer: usize, now: Time) -> bool {
        let due = self.get(timer).is_some_and(|at| at <= now);
        if due {
            self.stop(timer);
        }
        due
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Time> {
        self.deadlines.iter().flatten().min().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_in_both_directions() {
        assert_eq!(
            Time::from_nanos(u64::MAX) + Duration::MAX,
            Time::from_nanos(u64::MAX)
        );
        assert_eq!(Time::from_millis(1) - Duration::from_secs(1), Time::ZERO);
        assert_eq!(Time::from_millis(1) - Time::from_millis(5), Duration::ZERO);
        assert_eq!(
            Time::from_millis(5) - Time::from_millis(1),
            Duration::from_millis(4)
        );
    }

    #[test]
    fn a_timer_expires_once_and_the_table_reports_the_earliest() {
        let mut table = TimerTable::<3>::new();
        assert_eq!(table.next(), None);
        table.set(2, Time::from_millis(20));
        table.set(0, Time::from_millis(10));
        assert_eq!(table.next(), Some(Time::from_millis(10)));
        assert!(!table.expire(0, Time::from_millis(9)));
        assert!(table.expire(0, Time::from_millis(10)));
        assert!(!table.expire(0, Time::from_millis(10)));
        assert_eq!(table.next(), Some(Time::from_millis(20)));
        table.stop(2);
        assert_eq!(table.next(), None);
    }
}
