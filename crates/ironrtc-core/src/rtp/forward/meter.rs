//! How much a stream takes.

use std::time::Duration;

use crate::time::Time;

/// What comes in so long is counted together.
const WINDOW: Duration = Duration::from_millis(500);
/// Longer without a packet is a pause, which says nothing of what follows.
const PAUSE: Duration = Duration::from_secs(2);

/// The bits a second of a stream, smoothed: a key frame alone is no other rate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateMeter {
    began: Option<Time>,
    bytes: u64,
    rate: Option<u64>,
}

impl RateMeter {
    pub(crate) fn on_packet(&mut self, now: Time, bytes: usize) {
        let began = *self.began.get_or_insert(now);
        let passed = now.since(began);
        if passed >= PAUSE {
            *self = Self::default();
            self.began = Some(now);
        } else if passed >= WINDOW {
            let millis = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
            let rate = self.bytes.saturating_mul(8_000) / millis;
            self.rate = Some(self.rate.map_or(rate, |old| (old * 3 + rate) / 4));
            self.began = Some(now);
            self.bytes = 0;
        }
        self.bytes += bytes as u64;
    }

    /// The rate; 0 before it is known.
    pub(crate) fn rate(&self) -> u64 {
        self.rate.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_has_its_rate_and_one_key_frame_does_not_change_it_much() {
        let mut meter = RateMeter::default();
        for millis in (0..3_000).step_by(10) {
            meter.on_packet(Time::from_millis(millis), 1_250);
        }
        assert_eq!(meter.rate(), 1_000_000);
        meter.on_packet(Time::from_millis(3_000), 50_000);
        for millis in (3_010..3_600).step_by(10) {
            meter.on_packet(Time::from_millis(millis), 1_250);
        }
        let rate = meter.rate();
        assert!((1_000_001..1_300_000).contains(&rate), "{rate}");
        meter.on_packet(Time::from_millis(10_000), 1_250);
        assert_eq!(meter.rate(), 0, "a pause says nothing of what follows");
    }
}
