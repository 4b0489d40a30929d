//! What is known of the network: rates, round trips, losses, and the bounds that follow.

use std::time::Duration;

use super::super::Sample;
use crate::time::Time;

/// Draft section 2.8: a part of this lost in a round shows that too much is in flight, if there is
/// a queue.
pub(super) const CONGESTED_LOSS: f64 = 0.02;
/// Without a queue it takes this much: a part below may be a radio link's.
pub(super) const RANDOM_LOSS: f64 = 0.1;
/// Draft section 2.8: what congestion leaves of a bound.
pub(super) const BETA: f64 = 0.7;
/// A round whose mean round trip is longer than that of the quickest round by this part and
/// [`QUEUE_TIME`] shows a queue. The mean of many does not mind jitter.
const QUEUE_PART: u32 = 16;
const QUEUE_TIME: Duration = Duration::from_millis(1);
const FEW_RTTS: u32 = 4;
/// A mean round trip longer than the shortest by this part: the line was busy all the time.
const LONG_QUEUE_PART: u32 = 4;
/// A round trip within this part of the shortest confirms it.
const CONFIRMING_PART: u32 = 64;
/// On shorter paths than this, operating systems and not the network make the round trip.
const LEAST_RTT: Duration = Duration::from_micros(100);
/// On shorter paths than this, bunches of acknowledgements are those of a busy host. Room for them
/// would only fill its socket buffers and caches.
const BUSY_HOST_RTT: Duration = Duration::from_millis(2);
/// Draft section 2.11: rounds for which bunches of acknowledgements are remembered, halved.
const EXTRA_ACKED_ROUNDS: u64 = 5;

/// The largest of the present and the last period.
#[derive(Clone, Copy, Debug, Default)]
struct MaxOfTwo([f64; 2]);

impl MaxOfTwo {
    const fn get(&self) -> f64 {
        self.0[0].max(self.0[1])
    }

    const fn add(&mut self, value: f64) {
        self.0[0] = self.0[0].max(value);
    }

    const fn advance(&mut self) {
        if self.0[0] > 0.0 {
            self.0 = [0.0, self.0[0]];
        }
    }
}

/// A round: from sending a chunk to its acknowledgement.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    count: u64,
    started: bool,
    next_delivered: u64,
    began_at: u64,
    lost: usize,
    /// Sum and number of the round trips measured in it.
    rtt_sum: Duration,
    rtts: u32,
    /// The highest rate in it.
    rate: f64,
    /// Most delivered between a chunk's sending and its acknowledgement.
    inflight: usize,
}

impl Round {
    /// The mean round trip, if enough were measured.
    fn mean_rtt(&self) -> Option<Duration> {
        (self.rtts >= FEW_RTTS).then(|| self.rtt_sum / self.rtts)
    }
}

/// The bounds that losses lower.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    rate_lo: f64,
    inflight_lo: usize,
    inflight_hi: usize,
}

#[derive(Debug)]
pub(super) struct Model {
    max_rate: MaxOfTwo,
    min_rtt: Option<Duration>,
    min_rtt_at: Time,
    /// When it was last measured with little of ours in flight.
    min_rtt_proven: Time,
    /// The mean of the quickest round.
    quiet_rtt: Option<Duration>,
    delivered: u64,
    round: Round,
    /// The last round that has ended, of which the next acknowledgements still say something.
    last: Round,
    extra: MaxOfTwo,
    extra_since: Time,
    extra_delivered: f64,
    extra_round: u64,
    /// Short-term bounds after congestion, until the next probe.
    rate_lo: f64,
    pub(super) inflight_lo: usize,
    /// Most bytes in flight without too high a loss.
    pub(super) inflight_hi: usize,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            max_rate: MaxOfTwo::default(),
            min_rtt: None,
            min_rtt_at: Time::ZERO,
            min_rtt_proven: Time::ZERO,
            quiet_rtt: None,
            delivered: 0,
            round: Round::default(),
            last: Round::default(),
            extra: MaxOfTwo::default(),
            extra_since: Time::ZERO,
            extra_delivered: 0.0,
            extra_round: 0,
            rate_lo: f64::INFINITY,
            inflight_lo: usize::MAX,
            inflight_hi: usize::MAX,
        }
    }

    /// Bytes a second.
    pub(super) const fn rate(&self) -> f64 {
        self.max_rate.get().min(self.rate_lo)
    }

    pub(super) const fn max_rate(&self) -> f64 {
        self.max_rate.get()
    }

    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    pub(super) fn min_rtt(&self) -> Duration {
        self.min_rtt.unwrap_or_default()
    }

    /// Rate times round trip, in bytes; no limit before they are known.
    pub(super) fn product(&self, gain: f64) -> usize {
        match self.min_rtt {
            Some(rtt) if self.rate() > 0.0 => {
                (gain * self.rate() * rtt.max(LEAST_RTT).as_secs_f64()) as usize
            }
            _ => usize::MAX,
        }
    }

    pub(super) const fn round_started(&self) -> bool {
        self.round.started
    }

    pub(super) const fn rounds(&self) -> u64 {
        self.round.count
    }

    pub(super) fn extra_acked(&self) -> usize {
        let extra = self.extra.get() as usize;
        if self.min_rtt() < BUSY_HOST_RTT {
            extra.min(self.product(1.0))
        } else {
            extra
        }
    }

    pub(super) const fn round_lost(&self) -> usize {
        self.round.lost
    }

    /// The highest rate of the round.
    pub(super) const fn round_rate(&self) -> f64 {
        self.round.rate
    }

    /// Has the round end with the acknowledgement of what is sent from now on.
    pub(super) const fn begin_round(&mut self) {
        self.round.next_delivered = self.delivered;
    }

    /// Most that was delivered in a round trip of the round.
    pub(super) const fn round_delivered(&self) -> usize {
        self.round.inflight
    }

    /// Whether packets wait in a queue.
    pub(super) fn has_queue(&self) -> bool {
        self.waits_longer_than(QUEUE_PART)
    }

    fn waits_longer_than(&self, part: u32) -> bool {
        let mean = self.round.mean_rtt().or_else(|| self.last.mean_rtt());
        match (mean, self.quiet_rtt) {
            (Some(mean), Some(quiet)) => mean > quiet + quiet / part + QUEUE_TIME,
            _ => false,
        }
    }

    /// Whether a queue was so long all through the round that the line cannot have been idle.
    pub(super) fn has_long_queue(&self) -> bool {
        self.waits_longer_than(LONG_QUEUE_PART)
    }

    /// The part that may be lost before it shows that too much is in flight.
    pub(super) fn tolerated_loss(&self) -> f64 {
        if self.has_queue() {
            CONGESTED_LOSS
        } else {
            RANDOM_LOSS
        }
    }

    fn round_loss(&self) -> f64 {
        let delivered = self.delivered.saturating_sub(self.round.began_at) as f64;
        let lost = self.round.lost as f64;
        lost / (delivered + lost).max(1.0)
    }

    pub(super) fn round_loss_is_too_high(&self) -> bool {
        self.round_loss() > self.tolerated_loss()
    }

    /// Takes in an acknowledgement.
    pub(super) fn update(&mut self, sample: &Sample, probing: bool, window: usize) {
        self.delivered = sample.delivered;
        self.round.lost += sample.lost;
        self.update_min_rtt(sample);
        if let Some(rate) = sample.rate {
            if rate.prior >= self.round.next_delivered {
                self.round.started = true;
            }
            self.round.inflight = self.round.inflight.max(rate.delivered as usize);
            // Draft section 4.1.2: an interval shorter than any round trip is no measurement.
            if rate.interval >= self.min_rtt() && !rate.interval.is_zero() {
                let measured = rate.delivered as f64 / rate.interval.as_secs_f64();
                self.round.rate = self.round.rate.max(measured);
                if measured >= self.max_rate.get() || !rate.app_limited {
                    self.max_rate.add(measured);
                }
            }
        }
        self.update_extra(sample, window);
        if self.round.started {
            self.adapt_lower_bounds(sample, probing, window);
        }
    }

    /// Draft section 5.5.10.3: congestion outside a probe lowers the short-term bounds.
    fn adapt_lower_bounds(&mut self, sample: &Sample, probing: bool, window: usize) {
        let enough = self.round.lost >= 2 * sample.packet;
        let congested = enough && (self.has_queue() || self.round_loss_is_too_high());
        if probing || !congested {
            return;
        }
        if self.rate_lo.is_infinite() {
            self.rate_lo = self.max_rate.get();
        }
        if self.inflight_lo == usize::MAX {
            self.inflight_lo = window;
        }
        self.rate_lo = self.round.rate.max(self.rate_lo * BETA);
        let less = (self.inflight_lo as f64 * BETA) as usize;
        self.inflight_lo = self.round.inflight.max(less);
    }

    /// After everything has seen that a round began.
    pub(super) fn end_round(&mut self) {
        if self.round.started {
            if let Some(mean) = self.round.mean_rtt() {
                self.quiet_rtt = Some(self.quiet_rtt.map_or(mean, |quiet| quiet.min(mean)));
            }
            self.last = self.round;
            self.round = Round {
                count: self.round.count + 1,
                next_delivered: self.delivered,
                began_at: self.delivered,
                ..Round::default()
            };
        }
    }

    /// What losses may lower from now on.
    pub(super) const fn bounds(&self) -> Bounds {
        Bounds {
            rate_lo: self.rate_lo,
            inflight_lo: self.inflight_lo,
            inflight_hi: self.inflight_hi,
        }
    }

    /// Losses were none: bounds become what they were, if they were higher.
    pub(super) fn restore(&mut self, bounds: Bounds) {
        self.rate_lo = self.rate_lo.max(bounds.rate_lo);
        self.inflight_lo = self.inflight_lo.max(bounds.inflight_lo);
        self.inflight_hi = self.inflight_hi.max(bounds.inflight_hi);
        self.round.lost = 0;
    }

    pub(super) const fn reset_lower_bounds(&mut self) {
        self.rate_lo = f64::INFINITY;
        self.inflight_lo = usize::MAX;
    }

    /// The samples of a probe are in; those of the one before the last are forgotten.
    pub(super) const fn advance_max_rate(&mut self) {
        self.max_rate.advance();
    }

    fn update_min_rtt(&mut self, sample: &Sample) {
        let Some(rtt) = sample.rtt else { return };
        self.round.rtt_sum += rtt;
        self.round.rtts += 1;
        match self.min_rtt {
            Some(least) if rtt > least + least / CONFIRMING_PART => {}
            least => {
                if least.is_none() {
                    self.min_rtt_proven = sample.now;
                }
                self.min_rtt = Some(least.map_or(rtt, |least| least.min(rtt)));
                self.min_rtt_at = sample.now;
            }
        }
    }

    pub(super) fn min_rtt_is_old(&self, now: Time, age: Duration) -> bool {
        self.min_rtt.is_some() && now.since(self.min_rtt_at) > age
    }

    /// Nothing but samples of a full pipe has confirmed the shortest round trip for longer than this.
    pub(super) fn min_rtt_is_unproven(&self, now: Time, age: Duration) -> bool {
        self.min_rtt.is_some() && now.since(self.min_rtt_proven) > age
    }

    /// What is measured from now on replaces what was known.
    pub(super) fn begin_min_rtt(&mut self, now: Time, rtt: Option<Duration>) {
        self.min_rtt = rtt.or(self.min_rtt);
        self.quiet_rtt = None;
        self.renew_min_rtt(now);
    }

    pub(super) const fn renew_min_rtt(&mut self, now: Time) {
        self.min_rtt_at = now;
        self.min_rtt_proven = now;
    }

    /// Draft section 5.5.9: how much more than expected comes acknowledged at once.
    fn update_extra(&mut self, sample: &Sample, window: usize) {
        let expected = self.rate() * sample.now.since(self.extra_since).as_secs_f64();
        if self.extra_delivered <= expected {
            self.extra_since = sample.now;
            self.extra_delivered = 0.0;
        }
        let expected = self.rate() * sample.now.since(self.extra_since).as_secs_f64();
        self.extra_delivered += sample.acked as f64;
        let extra = (self.extra_delivered - expected).min(window as f64);
        self.extra.add(extra);
        if self.round.count >= self.extra_round + EXTRA_ACKED_ROUNDS {
            self.extra_round = self.round.count;
            self.extra.advance();
        }
    }
}
