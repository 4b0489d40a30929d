//! Time as an argument: the core is told the time and never reads a clock.

use std::marker::PhantomData;
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

/// The timers of one state machine: an enumeration whose discriminants count from zero.
pub(crate) trait TimerName: Copy + 'static {
    /// All of them, in the order of their discriminants.
    const ALL: &[Self];

    /// The discriminant.
    fn index(self) -> usize;

    /// What it is for, as in [`Deadline::reason`].
    fn reason(self) -> &'static str;
}

/// One optional deadline for each of `N` timers; each state machine owns one table.
#[derive(Clone, Debug)]
pub(crate) struct TimerTable<T, const N: usize> {
    deadlines: [Option<Time>; N],
    names: PhantomData<T>,
}

impl<T: TimerName, const N: usize> TimerTable<T, N> {
    pub(crate) const fn new() -> Self {
        Self {
            deadlines: [None; N],
            names: PhantomData,
        }
    }

    /// Starts a timer anew, or with `None` stops it.
    pub(crate) fn set(&mut self, timer: T, at: impl Into<Option<Time>>) {
        if let Some(slot) = self.deadlines.get_mut(timer.index()) {
            *slot = at.into();
        }
    }

    pub(crate) fn stop(&mut self, timer: T) {
        self.set(timer, None);
    }

    fn get(&self, timer: T) -> Option<Time> {
        self.deadlines.get(timer.index()).copied().flatten()
    }

    pub(crate) fn is_set(&self, timer: T) -> bool {
        self.get(timer).is_some()
    }

    /// Stops `timer` and returns true if its deadline has passed.
    pub(crate) fn expire(&mut self, timer: T, now: Time) -> bool {
        let due = self.get(timer).is_some_and(|at| at <= now);
        if due {
            self.stop(timer);
        }
        due
    }

    /// The earliest deadline, and what it is for; of several at one time, the first of [`TimerName::ALL`].
    pub(crate) fn next_deadline(&self) -> Option<Deadline> {
        let mut first: Option<(Time, T)> = None;
        for (timer, deadline) in T::ALL.iter().zip(&self.deadlines) {
            if let Some(at) = *deadline
                && first.is_none_or(|(before, _)| at < before)
            {
                first = Some((at, *timer));
            }
        }
        let (at, timer) = first?;
        Some(Deadline {
            at,
            reason: timer.reason(),
        })
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

    #[derive(Clone, Copy)]
    enum Alarm {
        Tea,
        Eggs,
        Bread,
    }

    impl TimerName for Alarm {
        const ALL: &[Self] = &[Self::Tea, Self::Eggs, Self::Bread];

        fn index(self) -> usize {
            self as usize
        }

        fn reason(self) -> &'static str {
            match self {
                Self::Tea => "tea",
                Self::Eggs => "eggs",
                Self::Bread => "bread",
            }
        }
    }

    #[test]
    fn a_timer_expires_once_and_the_table_reports_the_earliest() {
        let mut table = TimerTable::<Alarm, 3>::new();
        let next = |table: &TimerTable<Alarm, 3>| {
            let deadline = table.next_deadline();
            deadline.map(|deadline| (deadline.at, deadline.reason))
        };
        let at = Time::from_millis;
        assert_eq!(next(&table), None);
        table.set(Alarm::Bread, at(20));
        table.set(Alarm::Tea, at(10));
        assert_eq!(next(&table), Some((at(10), "tea")));
        assert!(!table.expire(Alarm::Tea, at(9)));
        assert!(table.expire(Alarm::Tea, at(10)));
        assert!(!table.expire(Alarm::Tea, at(10)));
        assert_eq!(next(&table), Some((at(20), "bread")));
        table.set(Alarm::Eggs, at(20));
        assert_eq!(next(&table), Some((at(20), "eggs")));
        table.stop(Alarm::Eggs);
        assert!(!table.is_set(Alarm::Eggs) && table.is_set(Alarm::Bread));
        table.stop(Alarm::Bread);
        assert_eq!(next(&table), None);
    }
}
