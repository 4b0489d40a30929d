//! Three clocks: ours, the time of day, and the timestamps of a stream.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;
use crate::wire::rtcp::SenderInfo;
use crate::wire::rtp::{NtpShort, NtpTime, RtpTime};

const NANOS: u64 = 1_000_000_000;

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

/// Ticks of a stream's clock in a duration, which wrap. It is asked for each packet, and seconds and
/// the rest of them spare a division of 128 bits.
pub(crate) const fn ticks(duration: Duration, rate: u32) -> u64 {
    let whole = duration.as_secs().wrapping_mul(rate as u64);
    whole.wrapping_add(duration.subsec_nanos() as u64 * rate as u64 / NANOS)
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

/// Most clocks of senders that are told apart.
const MAX_CLOCKS: usize = 8;
/// Reports of one clock come so unevenly at most.
const SAME_CLOCK: i64 = NANOS as i64;
/// With each report it is followed by no more than that, so that streams whose reports come at
/// different times stay together.
const MAX_STEP: i64 = 500_000;

/// The times of day of those whose streams we receive, by our clock: that of one sender is one for
/// all of its streams, or they would not stay together.
#[derive(Debug, Default)]
pub(crate) struct SenderClocks(VecDeque<i64>);

impl SenderClocks {
    /// A report came: when its moment was, by our clock. None if it tells no time of day
    /// (RFC 3550 section 6.4.1).
    pub(crate) fn on_report(&mut self, now: Time, ntp: NtpTime) -> Option<Time> {
        if ntp == NtpTime::default() {
            return None;
        }
        let told = ((u128::from(ntp.get()) * u128::from(NANOS)) >> 32) as i64;
        let ours = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
        let offset = told.wrapping_sub(ours);
        let distance = |known: &i64| offset.wrapping_sub(*known);
        let mut clocks = self.0.iter_mut();
        let found = clocks.find(|known| distance(known).unsigned_abs() < SAME_CLOCK as u64);
        let offset = if let Some(known) = found {
            *known += distance(known).clamp(-MAX_STEP, MAX_STEP);
            *known
        } else {
            if self.0.len() == MAX_CLOCKS {
                self.0.pop_front();
            }
            self.0.push_back(offset);
            offset
        };
        let nanos = u64::try_from(told.wrapping_sub(offset)).unwrap_or(0);
        Some(Time::from_nanos(nanos))
    }
}

/// What a timestamp tells is not believed if it is further from the packet's arrival.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// What a sender's reports say of a stream that we receive: when its timestamps were, by the
/// sender's time of day and by our clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReportedClock {
    last: Option<(SenderInfo, Time)>,
    /// The moment of the last report.
    ours: Option<Time>,
}

impl ReportedClock {
    pub(crate) const fn on_report(&mut self, now: Time, info: SenderInfo, ours: Option<Time>) {
        self.last = Some((info, now));
        self.ours = ours;
    }

    /// For a report of ours: the middle of the last report's time, and the time since it came.
    pub(crate) fn last_report(&self, now: Time) -> (NtpShort, NtpShort) {
        self.last.map_or_else(Default::default, |(info, came)| {
            (info.ntp.short(), NtpShort::from_duration(now.since(came)))
        })
    }

    /// When a timestamp of a packet that arrived now was, by our clock.
    pub(crate) fn sampled(&self, now: Time, timestamp: RtpTime, rate: u32) -> Option<Time> {
        let ((info, _), ours) = (self.last?, self.ours?);
        let distance = timestamp.since(info.rtp);
        let nanos = u64::from(distance.unsigned_abs()) * NANOS / u64::from(rate.max(1));
        let duration = Duration::from_nanos(nanos);
        let sampled = if distance < 0 {
            ours - duration
        } else {
            ours + duration
        };
        let is_near = now.since(sampled) <= MAX_DELAY && sampled.since(now) <= MAX_DELAY;
        is_near.then_some(sampled)
    }

    /// The sender's time of day at a timestamp of a clock of this rate.
    pub(crate) fn captured(&self, timestamp: RtpTime, rate: u32) -> Option<NtpTime> {
        let (info, _) = self.last?;
        let distance = timestamp.since(info.rtp);
        let nanos = u64::from(distance.unsigned_abs()) * NANOS / u64::from(rate.max(1));
        let duration = Duration::from_nanos(nanos);
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
        clock.on_report(Time::from_millis(50), info, None);
        let half = clock.captured(RtpTime::new(24_100), 48_000);
        assert_eq!(half, Some(ntp.plus(Duration::from_millis(500))));
        let before = clock.captured(RtpTime::new(100).plus(-24_000), 48_000);
        assert_eq!(before, Some(ntp.minus(Duration::from_millis(500))));
        let (last, since) = clock.last_report(Time::from_millis(1_050));
        assert_eq!((last, since.get()), (ntp.short(), 1 << 16));
    }

    #[test]
    fn the_streams_of_one_sender_have_one_clock_of_ours() {
        let day = NtpTime::from_unix(Duration::from_secs(1_000));
        let mut clocks = SenderClocks::default();
        let at = Time::from_millis;
        let ntp = |millis| day.plus(Duration::from_millis(millis));
        let near = |told: Option<Time>, millis: u64| {
            let told = told.expect("a time");
            let distance = told.since(at(millis)).max(at(millis).since(told));
            assert!(distance < Duration::from_millis(2), "{told:?}");
        };
        near(clocks.on_report(at(5_000), ntp(0)), 5_000);
        // The report of another stream was on its way for 200 ms longer.
        near(clocks.on_report(at(6_200), ntp(1_000)), 6_000);
        // A clock that runs faster is followed.
        for second in 2..20 {
            near(
                clocks.on_report(at(5_000 + second * 1_000), ntp(second * 1_000)),
                5_000 + second * 1_000,
            );
        }
        assert_eq!(clocks.on_report(at(1), NtpTime::default()), None);
        for sender in 1..100 {
            clocks.on_report(at(0), ntp(sender * 10_000));
        }
        assert_eq!(clocks.0.len(), MAX_CLOCKS);
    }

    #[test]
    fn a_timestamp_that_is_far_from_its_packet_tells_nothing() {
        let mut clock = ReportedClock::default();
        let info = SenderInfo {
            ntp: NtpTime::from_unix(Duration::from_secs(1_000)),
            rtp: RtpTime::new(90_000),
            packets: 0,
            octets: 0,
        };
        let at = Time::from_millis;
        assert_eq!(clock.sampled(at(0), RtpTime::new(0), 90_000), None);
        clock.on_report(at(20_000), info, Some(at(19_900)));
        let sampled = |timestamp| clock.sampled(at(20_000), RtpTime::new(timestamp), 90_000);
        assert_eq!(sampled(0), Some(at(18_900)));
        assert_eq!(sampled(99_000), Some(at(20_000)));
        assert_eq!(sampled(90_000 * 60), None);
    }
}
