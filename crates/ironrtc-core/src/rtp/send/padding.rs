//! What fills the rate that media leaves free, so that the peer's feedback tells whether the network
//! carries more.

use std::time::Duration;

use crate::time::Time;

/// No shorter packets are sent again to fill: they would take more headers than they fill.
pub(super) const LEAST_AGAIN: usize = 50;
/// The longest packet that only pads. RFC 3550 section 5.1 has room for 255 bytes.
pub(super) const LONGEST: u8 = 224;
/// What was not filled is made up for no longer than for this time, so that nothing bursts.
const MAX_CREDIT: Duration = Duration::from_millis(5);

/// Bytes that are still to be sent at a rate, whatever they are.
#[derive(Debug, Default)]
pub(super) struct Padder {
    /// Bytes a second; none while nothing is to be filled.
    rate: Option<f64>,
    /// Bytes sent beyond the rate, at `at`; negative if fewer were.
    debt: f64,
    at: Time,
}

impl Padder {
    /// Fills up to this rate in bits a second, or does not.
    pub(super) fn set_rate(&mut self, now: Time, bits: Option<u64>) {
        self.settle(now);
        if self.rate.is_none() {
            self.debt = 0.0;
        }
        self.rate = bits.map(|bits| bits as f64 / 8.0);
    }

    fn settle(&mut self, now: Time) {
        let passed = now.since(self.at).as_secs_f64();
        self.at = self.at.max(now);
        if let Some(rate) = self.rate {
            let credit = rate * MAX_CREDIT.as_secs_f64();
            self.debt = (self.debt - rate * passed).max(-credit);
        }
    }

    /// A packet left.
    pub(super) fn charge(&mut self, bytes: usize) {
        if self.rate.is_some() {
            self.debt += bytes as f64;
        }
    }

    /// Whether something is to be filled now.
    pub(super) fn is_due(&mut self, now: Time) -> bool {
        self.settle(now);
        self.rate.is_some() && self.debt <= 0.0
    }

    /// When that is.
    pub(super) fn next_due(&self) -> Option<Time> {
        let rate = self.rate.filter(|rate| *rate > 0.0)?;
        let wait = (self.debt.max(0.0) + 1.0) / rate;
        Some(self.at + Duration::from_secs_f64(wait))
    }
}
