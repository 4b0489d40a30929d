//! Round-trip time and retransmission timeout (RFC 9260 section 6.3).

use std::time::Duration;

use crate::time::Time;

/// A steady path has no variation, but its peer may wait 200 ms with an acknowledgement for a second
/// packet (RFC 9260 section 6.2). The bound takes the place of the clock granularity in section
/// 6.3.1, rule C4.
const LEAST_SPREAD: Duration = Duration::from_millis(220);
/// The least round trip is that of this time or up to twice as much, as a path may change.
const LEAST_WINDOW: Duration = Duration::from_secs(30);

/// Estimates the round-trip time.
#[derive(Debug)]
pub(crate) struct Rtt {
    smoothed: Option<Duration>,
    variation: Duration,
    timeout: Duration,
    initial: Duration,
    min: Duration,
    max: Duration,
    /// The least sample of the window before the present one, and of the present one.
    least: [Option<Duration>; 2],
    window_end: Time,
}

impl Rtt {
    pub(crate) fn new(initial: Duration, min: Duration, max: Duration) -> Self {
        Self {
            smoothed: None,
            variation: Duration::ZERO,
            timeout: initial.min(max),
            initial: initial.min(max),
            min,
            max,
            least: [None; 2],
            window_end: Time::ZERO,
        }
    }

    /// A round trip was measured by others before there was an association. Until there is a
    /// sample the timeout is no shorter than RFC 9260 section 6.3.1, rule C2, makes it from this.
    pub(crate) fn expect(&mut self, round_trip: Duration) {
        self.initial = self.initial.max(round_trip * 3).min(self.max);
        if self.smoothed.is_none() {
            self.timeout = self.timeout.max(self.initial);
        }
    }

    pub(crate) fn on_sample(&mut self, now: Time, sample: Duration) {
        let smoothed = match self.smoothed {
            None => {
                self.variation = sample / 2;
                sample
            }
            Some(smoothed) => {
                let error = smoothed.abs_diff(sample);
                self.variation = self.variation * 3 / 4 + error / 4;
                smoothed * 7 / 8 + sample / 8
            }
        };
        self.smoothed = Some(smoothed);
        self.set_timeout(smoothed);
        if now >= self.window_end {
            self.window_end = now + LEAST_WINDOW;
            self.least = [self.least[1], None];
        }
        let least = &mut self.least[1];
        *least = Some(least.map_or(sample, |before| before.min(sample)));
    }

    fn set_timeout(&mut self, smoothed: Duration) {
        let timeout = smoothed + (self.variation * 4).max(LEAST_SPREAD);
        self.timeout = timeout.clamp(self.min.min(self.max), self.max);
    }

    /// RFC 4015 section 4: a timeout was spurious, so the path has become slower than the
    /// estimate follows, and the estimate begins anew.
    pub(crate) fn on_spurious_timeout(&mut self, sample: Duration) {
        if self.smoothed.is_none_or(|smoothed| smoothed < sample) {
            self.smoothed = Some(sample);
            self.variation = sample / 2;
            self.set_timeout(sample);
        }
    }

    /// RFC 9260 section 6.3.3, rule E2: the timeout doubles.
    pub(crate) fn back_off(&mut self) {
        self.timeout = (self.timeout * 2).min(self.max);
    }

    /// The peer answered, so what was lost before says nothing about the timeout. But which of
    /// several packets was answered is not known, and the path may be slower than we thought: then
    /// RFC 6298 section 5.7 keeps a longer timeout until there is a sample.
    pub(crate) fn forgive(&mut self) {
        if self.smoothed.is_none() {
            self.timeout = self.timeout.min(self.initial * 2).min(self.max);
        }
    }

    pub(crate) const fn smoothed(&self) -> Option<Duration> {
        self.smoothed
    }

    /// The least round trip of late.
    pub(crate) fn least(&self) -> Option<Duration> {
        self.least.into_iter().flatten().min()
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_timeout_follows_the_rules_of_section_6_3_1() {
        let mut rtt = Rtt::new(ms(500), ms(10), ms(3000));
        assert_eq!(rtt.timeout(), ms(500));
        rtt.on_sample(Time::ZERO, ms(100));
        // SRTT 100, RTTVAR 50; four of those are less than an acknowledgement may take.
        assert_eq!(rtt.timeout(), ms(320));
        rtt.on_sample(Time::ZERO, ms(180));
        // RTTVAR = 0.75 * 50 + 0.25 * 80 = 57.5, SRTT = 110.
        assert_eq!(rtt.smoothed(), Some(ms(110)));
        assert_eq!(rtt.timeout(), ms(110) + ms(230));
        for _ in 0..100 {
            rtt.on_sample(Time::ZERO, ms(600));
        }
        // A delayed acknowledgement is no loss.
        assert!(rtt.timeout() > ms(800));
    }

    #[test]
    fn back_off_doubles_up_to_the_maximum_and_a_sample_ends_it() {
        let mut rtt = Rtt::new(ms(500), ms(400), ms(3000));
        for expected in [1000, 2000, 3000, 3000] {
            rtt.back_off();
            assert_eq!(rtt.timeout(), ms(expected));
        }
        rtt.on_sample(Time::ZERO, ms(1));
        assert_eq!(rtt.timeout(), ms(400));
    }

    #[test]
    fn what_others_measured_makes_the_first_timeout_longer_and_never_shorter() {
        let mut rtt = Rtt::new(ms(500), ms(400), ms(3000));
        rtt.expect(ms(20));
        assert_eq!(rtt.timeout(), ms(500));
        rtt.expect(ms(600));
        assert_eq!(rtt.timeout(), ms(1800));
        rtt.on_sample(Time::ZERO, ms(600));
        rtt.expect(ms(900));
        assert_eq!(rtt.timeout(), ms(1800), "measured by itself");
    }

    #[test]
    fn an_answer_to_one_of_several_packets_leaves_one_back_off() {
        let mut rtt = Rtt::new(ms(500), ms(400), ms(3000));
        for _ in 0..3 {
            rtt.back_off();
        }
        rtt.forgive();
        assert_eq!(rtt.timeout(), ms(1000));
    }

    #[test]
    fn the_least_round_trip_is_forgotten_after_a_while() {
        let mut rtt = Rtt::new(ms(500), ms(400), ms(3000));
        rtt.on_sample(Time::from_millis(1), ms(10));
        for second in 1..60 {
            rtt.on_sample(Time::from_millis(1000 * second), ms(200));
            assert_eq!(rtt.least(), Some(ms(10)), "{second}");
        }
        rtt.on_sample(Time::from_millis(61_000), ms(200));
        assert_eq!(rtt.least(), Some(ms(200)));
    }
}
