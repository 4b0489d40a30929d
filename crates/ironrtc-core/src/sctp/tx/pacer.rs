//! Pacing: bursts no larger than a budget that fills with time, or else than a number of packets.

use std::time::Duration;

use crate::time::Time;

/// A quantum is what flows in this time, so that batches stay large at high rates.
const QUANTUM: Duration = Duration::from_millis(1);
/// Most bytes of one quantum: one batch of segmentation offload.
const MAX_QUANTUM: f64 = 65_536.0;
/// So much time's budget is kept, since timers of operating systems come late.
const KEPT: Duration = Duration::from_millis(2);
/// On paths shorter than this the acknowledgements pace well enough, and timers could not.
const SHORTEST: Duration = Duration::from_millis(2);

/// A budget of bytes.
#[derive(Debug)]
pub(super) struct Pacer {
    /// Bytes a second; `None` for no limit.
    rate: Option<f64>,
    budget: f64,
    at: Time,
    packet: f64,
    /// The budget was used up, and a whole quantum is awaited.
    waits: bool,
    /// Packets of new data that may still be sent before the next acknowledgement, where nothing
    /// else spreads them (RFC 9260 section 6.1, rule D).
    burst: usize,
    max_burst: usize,
}

impl Pacer {
    pub(super) fn new(max_burst: usize) -> Self {
        Self {
            rate: None,
            budget: 0.0,
            at: Time::ZERO,
            packet: 0.0,
            waits: false,
            burst: max_burst,
            max_burst: max_burst.max(1),
        }
    }

    /// Sets the rate in bytes a second for a path with this round-trip time.
    pub(super) fn set_rate(&mut self, rate: Option<f64>, rtt: Duration, packet: usize) {
        self.packet = packet as f64;
        self.rate = rate.filter(|rate| *rate > 0.0 && rtt >= SHORTEST);
        if self.rate.is_none() {
            self.waits = false;
        }
    }

    fn quantum(&self, rate: f64) -> f64 {
        (rate * QUANTUM.as_secs_f64())
            .min(MAX_QUANTUM)
            .max(self.packet)
    }

    /// Fills the budget up to now.
    pub(super) fn refill(&mut self, now: Time) {
        let Some(rate) = self.rate else { return };
        let quantum = self.quantum(rate);
        if now > self.at {
            let most = quantum + rate * KEPT.as_secs_f64();
            let more = rate * now.since(self.at).as_secs_f64();
            self.budget = (self.budget + more).min(most);
            self.at = now;
        }
        // A billionth of a second is not worth another timer. A lower rate, which has a smaller
        // quantum, may have come at this very time.
        if self.budget + 1.0 >= quantum {
            self.waits = false;
        }
    }

    /// Whether another packet may be sent.
    pub(super) const fn may_send(&self) -> bool {
        !self.waits
    }

    /// Whether another packet of new data may be.
    pub(super) const fn may_send_new(&self) -> bool {
        !self.waits && (self.burst > 0 || self.rate.is_some())
    }

    /// A packet of new data was sent.
    pub(super) const fn on_new_packet(&mut self) {
        self.burst = self.burst.saturating_sub(1);
    }

    /// The peer answers, or is asked with patience: another burst may follow.
    pub(super) const fn allow_burst(&mut self) {
        self.burst = self.max_burst;
    }

    pub(super) fn on_sent(&mut self, bytes: usize) {
        if self.rate.is_some() {
            self.budget -= bytes as f64;
            self.waits = self.budget <= 0.0;
        }
    }

    /// When the next packet may be sent, if not now.
    pub(super) fn next(&self) -> Option<Time> {
        let rate = self.rate.filter(|_| self.waits)?;
        let missing = (self.quantum(rate) - self.budget).max(0.0);
        Some(self.at + Duration::from_secs_f64((missing / rate).min(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(50);

    /// Bytes sent in a second, and the largest burst.
    fn run(rate: f64, late: Duration) -> (usize, usize) {
        let mut pacer = Pacer::new(4);
        let mut now = Time::from_millis(1);
        let end = now + Duration::from_secs(1);
        pacer.set_rate(Some(rate), RTT, 1200);
        let (mut sent, mut largest) = (0, 0);
        while now < end {
            pacer.refill(now);
            let mut burst = 0;
            while pacer.may_send() {
                pacer.on_sent(1200);
                burst += 1200;
            }
            sent += burst;
            largest = largest.max(burst);
            now = pacer.next().unwrap() + late;
        }
        (sent, largest)
    }

    #[test]
    fn what_is_sent_follows_the_rate_in_bursts_of_at_most_three_milliseconds() {
        for rate in [100e3, 1e6, 10e6, 100e6] {
            for late in [0, 1] {
                let (sent, largest) = run(rate, Duration::from_millis(late));
                let ratio = sent as f64 / rate;
                assert!((0.97..1.05).contains(&ratio), "{rate} {late}: {ratio}");
                let most = rate * 0.003 + 2400.0;
                assert!((largest as f64) < most, "{rate} {late}: {largest}");
            }
        }
    }

    #[test]
    fn a_lower_rate_leaves_no_timer_that_is_due_and_changes_nothing() {
        let mut pacer = Pacer::new(4);
        let now = Time::from_millis(1);
        pacer.set_rate(Some(10e6), RTT, 1200);
        pacer.refill(now);
        while pacer.may_send() {
            pacer.on_sent(1200);
        }
        let now = now + Duration::from_micros(500);
        pacer.refill(now);
        assert!(!pacer.may_send());
        pacer.set_rate(Some(1e6), RTT, 1200);
        pacer.refill(now);
        assert!(pacer.may_send() || pacer.next() > Some(now));
    }

    #[test]
    fn a_short_path_or_an_unknown_rate_is_not_paced() {
        let mut pacer = Pacer::new(4);
        for (rate, rtt) in [(None, RTT), (Some(1e6), Duration::from_micros(300))] {
            pacer.set_rate(rate, rtt, 1200);
            pacer.on_sent(1 << 30);
            assert!(pacer.may_send() && pacer.next().is_none());
        }
    }
}
