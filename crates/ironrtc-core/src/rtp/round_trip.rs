//! How long a packet and what answers it are under way, smoothed.

use std::time::Duration;

/// The round trip before one is measured.
const DEFAULT: Duration = Duration::from_millis(100);

/// The round trip of a session, smoothed as RFC 6298 section 2 has it: one sample that was held up
/// changes little.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrip(Option<Duration>);

impl RoundTrip {
    /// One was measured.
    pub(crate) fn on_sample(&mut self, sample: Duration) {
        let smoothed = self.0.map_or(sample, |before| (before * 7 + sample) / 8);
        self.0 = Some(smoothed);
    }

    /// The smoothed round trip, once one was measured.
    pub(crate) const fn get(self) -> Option<Duration> {
        self.0
    }

    /// The smoothed round trip, or a usual one.
    pub(crate) fn or_default(self) -> Duration {
        self.0.unwrap_or(DEFAULT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sample_that_was_held_up_changes_an_eighth() {
        let mut trip = RoundTrip::default();
        assert_eq!((trip.get(), trip.or_default()), (None, DEFAULT));
        trip.on_sample(Duration::from_millis(40));
        assert_eq!(trip.get(), Some(Duration::from_millis(40)));
        trip.on_sample(Duration::from_millis(840));
        assert_eq!(trip.get(), Some(Duration::from_millis(140)));
        for _ in 0..50 {
            trip.on_sample(Duration::from_millis(40));
        }
        assert!(trip.or_default() < Duration::from_millis(42));
    }
}
