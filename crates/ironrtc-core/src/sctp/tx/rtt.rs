//! Round-trip time and retransmission timeout (RFC 9260 section 6.3).

use std::time::Duration;

/// Clock granularity (RFC 9260 section 6.3.1, rule C4).
const GRANULARITY: Duration = Duration::from_millis(1);

/// Estimates the round-trip time.
#[derive(Debug)]
pub(crate) struct Rtt {
    smoothed: Option<Duration>,
    variation: Duration,
    timeout: Duration,
    initial: Duration,
    min: Duration,
    max: Duration,
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
        }
    }

    pub(crate) fn on_sample(&mut self, sample: Duration) {
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
        let timeout = smoothed + (self.variation * 4).max(GRANULARITY);
        self.timeout = timeout.clamp(self.min.min(self.max), self.max);
    }

    /// RFC 9260 section 6.3.3, rule E2: the timeout doubles.
    pub(crate) fn back_off(&mut self) {
        self.timeout = (self.timeout * 2).min(self.max);
    }

    /// The peer answered, so what was lost before says nothing about the timeout.
    pub(crate) fn forgive(&mut self) {
        if self.smoothed.is_none() {
            self.timeout = self.initial;
        }
    }

    pub(crate) const fn smoothed(&self) -> Option<Duration> {
        self.smoothed
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
        rtt.on_sample(ms(100));
        // SRTT 100, RTTVAR 50.
        assert_eq!(rtt.timeout(), ms(300));
        rtt.on_sample(ms(180));
        // RTTVAR = 0.75 * 50 + 0.25 * 80 = 57.5, SRTT = 110.
        assert_eq!(rtt.smoothed(), Some(ms(110)));
        assert_eq!(rtt.timeout(), ms(110) + ms(230));
    }

    #[test]
    fn back_off_doubles_up_to_the_maximum_and_a_sample_ends_it() {
        let mut rtt = Rtt::new(ms(500), ms(400), ms(3000));
        for expected in [1000, 2000, 3000, 3000] {
            rtt.back_off();
            assert_eq!(rtt.timeout(), ms(expected));
        }
        rtt.on_sample(ms(1));
        assert_eq!(rtt.timeout(), ms(400));
    }
}
