//! Three clocks: ours, the time of day, and the timestamps of a stream.

use std::time::Duration;

use crate::time::Time;
use crate::wire::rtcp::SenderInfo;
use crate::wire::rtp::{NtpShort, NtpTime, RtpTime};

const NANOS: u128 = 1_000_000_000;

/// The time of day by our clock. It never jumps: what the system's clock does later would look like
/// a change of the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    origin: Time,
    ntp: NtpTime,
}

impl WallClock {
    /// At `origin` it was so long after 1970.
    pub(crate) const fn new(origin: Time, since_1970: Duration) -> Self {
        Self {
            origin,
            ntp: NtpTime::from_unix(since_1970),
        }
    }

    pub(crate) const fn at(&self, now: Time) -> NtpTime {
        self.ntp.plus(now.since(self.origin))
    }
}

/// Ticks of a stream's clock in a duration.
pub(crate) const fn ticks(duration: Duration, rate: u32) -> u64 {
    (duration.as_nanos() * rate as u128 / NANOS) as u64
}

/// The timestamps of a stream that we send: one pair of a timestamp and the moment of its capture
/// gives those of all moments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaptureClock {
    rate: u32,
    timestamp: RtpTime,
    captured: Time,
}

impl CaptureClock {
    pub(crate) const fn new(rate: u32, timestamp: RtpTime, captured: Time) -> Self {
        Self {
            rate,
            timestamp,
            captured,
        }
    }

    /// The timestamp of a moment, which may lie before the pair.
    pub(crate) const fn at(&self, now: Time) -> RtpTime {
        let passed = ticks(now.since(self.captured), self.rate) as u32;
        let missing = ticks(self.captured.since(now), self.rate) as u32;
        let number = self.timestamp.get().wrapping_add(passed);
        RtpTime::new(number.wrapping_sub(missing))
    }
}

/// What a sender's reports say of a stream that we receive: when its timestamps were, by the
/// sender's time of day.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReportedClock {
    last: Option<(SenderInfo, Time)>,
}

impl ReportedClock {
    pub(crate) const fn on_report(&mut self, now: Time, info: SenderInfo) {
        self.last = Some((info, now));
    }

    /// For a report of ours: the middle of the last report's time, and the time since it came.
    pub(crate) fn last_report(&self, now: Time) -> (NtpShort, NtpShort) {
        self.last.map_or_else(Default::default, |(info, came)| {
            (info.ntp.short(), NtpShort::from_duration(now.since(came)))
        })
    }

    /// The sender's time of day at a timestamp of a clock of this rate.
    pub(crate) fn captured(&self, timestamp: RtpTime, rate: u32) -> Option<NtpTime> {
        let (info, _) = self.last?;
        let distance = timestamp.since(info.rtp);
        let nanos = u128::from(distance.unsigned_abs()) * NANOS / u128::from(rate.max(1));
        let duration = Duration::from_nanos(u64::try_from(nanos).ok()?);
        Some(if distance < 0 {
            info.ntp.minus(duration)
        } else {
            info.ntp.plus(duration)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_goes_on_with_our_clock() {
        let clock = WallClock::new(Time::from_millis(500), Duration::from_secs(1_000_000));
        let later = clock.at(Time::from_millis(1_500));
        assert_eq!(later, NtpTime::from_unix(Duration::from_secs(1_000_001)));
    }

    #[test]
    fn a_moment_has_its_timestamp_before_and_after_the_capture_and_over_the_wrap() {
        let captured = Time::from_millis(10_000);
        let clock = CaptureClock::new(90_000, RtpTime::new(u32::MAX - 89), captured);
        assert_eq!(clock.at(captured).get(), u32::MAX - 89);
        assert_eq!(clock.at(captured + Duration::from_millis(2)).get(), 90);
        let before = clock.at(captured - Duration::from_millis(1));
        assert_eq!(before.get(), u32::MAX - 179);
    }

    #[test]
    fn a_report_gives_timestamps_their_time_of_day() {
        let mut clock = ReportedClock::default();
        assert_eq!(clock.captured(RtpTime::new(0), 48_000), None);
        assert_eq!(clock.last_report(Time::ZERO), Default::default());
        let ntp = NtpTime::from_unix(Duration::from_secs(1_000));
        let info = SenderInfo {
            ntp,
            rtp: RtpTime::new(100),
            packets: 0,
            octets: 0,
        };
        clock.on_report(Time::from_millis(50), info);
        let half = clock.captured(RtpTime::new(24_100), 48_000);
        assert_eq!(half, Some(ntp.plus(Duration::from_millis(500))));
        let before = clock.captured(RtpTime::new(100).plus(-24_000), 48_000);
        assert_eq!(before, Some(ntp.minus(Duration::from_millis(500))));
        let (last, since) = clock.last_report(Time::from_millis(1_050));
        assert_eq!((last, since.get()), (ntp.short(), 1 << 16));
    }
}
