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

/// When a state machine wants to be woken, and what for. The earlier one is the lesser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// When.
    pub at: Time,
    /// What for, in words joined by `_`, such as `ice_consent` or `sctp_retransmission`.
    pub reason: &'static str,
}

impl Deadline {
    /// The earliest of several timers, each with what it is for.
    pub(crate) fn earliest<const N: usize>(
        timers: [(Option<Time>, &'static str); N],
    ) -> Option<Self> {
        timers
            .into_iter()
            .filter_map(|(at, reason)| Some(Self { at: at?, reason }))
            .min()
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

    /// The earliest deadline, and its timer.
    pub(crate) fn next(&self) -> Option<(Time, usize)> {
        let timers = self.deadlines.iter().enumerate();
        timers
            .filter_map(|(timer, deadline)| Some(((*deadline)?, timer)))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_has_its_own_reason() {
        let at = Time::from_millis;
        let timers = [
            (Some(at(3)), "late"),
            (None, "never"),
            (Some(at(2)), "soon"),
        ];
        let soon = Deadline {
            at: at(2),
            reason: "soon",
        };
        assert_eq!(Deadline::earliest(timers), Some(soon));
        assert_eq!(Deadline::earliest([(None, "never")]), None);
    }

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
        assert_eq!(table.next().map(|(at, _)| at), Some(Time::from_millis(10)));
        assert!(!table.expire(0, Time::from_millis(9)));
        assert!(table.expire(0, Time::from_millis(10)));
        assert!(!table.expire(0, Time::from_millis(10)));
        assert_eq!(table.next().map(|(at, _)| at), Some(Time::from_millis(20)));
        table.stop(2);
        assert_eq!(table.next(), None);
    }
}
