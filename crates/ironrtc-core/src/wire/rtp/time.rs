//! NTP timestamps, with which reports and capture times tell the time of day.

use std::time::Duration;

/// A moment in NTP's format (RFC 3550 section 4): seconds since 1900 and their fraction, 32 bits
/// each. The seconds wrap in 2036, so that moments are compared on the shorter way around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NtpTime(u64);

/// The middle 32 bits of a moment, or a duration in the same units of 1/65,536 s (RFC 3550
/// section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NtpShort(u32);

/// 1970 in NTP's seconds.
const UNIX_EPOCH: u64 = 2_208_988_800;
const NANOS: u128 = 1_000_000_000;

impl NtpTime {
    /// The moment as it is on the wire.
    pub const fn new(bits: u64) -> Self {
        Self(bits)
    }

    /// As it is on the wire.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The moment that lies so long after 1970, in UTC.
    pub const fn from_unix(since: Duration) -> Self {
        let seconds = since.as_secs().wrapping_add(UNIX_EPOCH) << 32;
        let fraction = ((since.subsec_nanos() as u64) << 32) / NANOS as u64;
        Self(seconds | fraction)
    }

    /// The moment `duration` later.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        let units = (duration.as_nanos() << 32).div_ceil(NANOS);
        Self(self.0.wrapping_add(units as u64))
    }

    /// The moment `duration` earlier.
    #[must_use]
    pub const fn minus(self, duration: Duration) -> Self {
        let units = (duration.as_nanos() << 32).div_ceil(NANOS);
        Self(self.0.wrapping_sub(units as u64))
    }

    /// How far it lies behind `earlier`, in units of 2^-32 s; negative if it lies before.
    pub const fn units_since(self, earlier: Self) -> i64 {
        self.0.wrapping_sub(earlier.0) as i64
    }

    /// The time since `earlier`, zero if that is later.
    pub const fn since(self, earlier: Self) -> Duration {
        let units = self.units_since(earlier);
        if units <= 0 {
            return Duration::ZERO;
        }
        Duration::from_nanos(((units as u128 * NANOS) >> 32) as u64)
    }

    /// The middle 32 bits.
    pub const fn short(self) -> NtpShort {
        NtpShort((self.0 >> 16) as u32)
    }
}

impl NtpShort {
    /// The bits as they are on the wire.
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// As it is on the wire.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// A duration; one beyond 18 hours is as long as can be said.
    pub const fn from_duration(duration: Duration) -> Self {
        let units = (duration.as_nanos() << 16) / NANOS;
        Self(if units > u32::MAX as u128 {
            u32::MAX
        } else {
            units as u32
        })
    }

    /// As a duration.
    pub const fn to_duration(self) -> Duration {
        Duration::from_nanos(((self.0 as u128 * NANOS) >> 16) as u64)
    }

    /// RFC 3550 section 6.4.1: the round trip is the time since a report was sent without the time
    /// that it was held. None if that is negative, as with clocks that were set.
    pub const fn round_trip(now: Self, last_report: Self, held: Self) -> Option<Duration> {
        let units = now.0.wrapping_sub(last_report.0).wrapping_sub(held.0) as i32;
        if units < 0 {
            return None;
        }
        Some(Self(units as u32).to_duration())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3550_section_6_4_1_has_a_round_trip_of_6125_ms() {
        // Figure 2: A = 0xb710:8000, DLSR = 0x0005:4000, LSR = 0xb705:2000.
        let trip = NtpShort::round_trip(
            NtpShort(0xb710_8000),
            NtpShort(0xb705_2000),
            NtpShort(0x0005_4000),
        );
        assert_eq!(trip, Some(Duration::from_millis(6125)));
        let set_back = NtpShort::round_trip(NtpShort(1), NtpShort(2), NtpShort(0));
        assert_eq!(set_back, None);
    }

    #[test]
    fn the_example_of_rfc_3550_is_a_day_in_1995() {
        // Section 6.4.1, figure 2: the sender's report of 10 Nov 1995 11:33:25.125 UTC.
        let moment = NtpTime::from_unix(Duration::from_millis(816_003_205_125));
        assert_eq!(moment.get(), 0xb44d_b705_2000_0000);
        assert_eq!(moment.short(), NtpShort(0xb705_2000));
    }

    #[test]
    fn time_goes_on_over_the_wrap_of_2036() {
        let before = NtpTime::new(u64::MAX);
        let after = before.plus(Duration::from_secs(2));
        assert_eq!(after.get() >> 32, 1);
        assert_eq!(after.since(before), Duration::from_secs(2));
        assert_eq!(before.since(after), Duration::ZERO);
    }

    #[test]
    fn a_long_duration_saturates() {
        let day = NtpShort::from_duration(Duration::from_secs(86_400));
        assert_eq!(day, NtpShort(u32::MAX));
        let half = NtpShort::from_duration(Duration::from_millis(500));
        assert_eq!(
            (half.get(), half.to_duration()),
            (0x8000, Duration::from_millis(500))
        );
    }
}
