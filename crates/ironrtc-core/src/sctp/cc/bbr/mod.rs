//! BBR (draft-ietf-ccwg-bbr, version 3): paces at the measured rate of delivery and keeps about the
//! product of that and the shortest round trip in flight, instead of filling queues until they
//! overflow.
//!
//! It departs from the draft in what a loss says. Without signs of a queue, losses below
//! [`model::RANDOM_LOSS`] are taken for those of a radio link and answered by nothing but
//! retransmission; with a queue, the draft's rules hold.

mod model;
mod probe;

use std::time::Duration;

use model::{Bounds, Model};
use probe::Cycle;

use super::{Ack, CongestionControl, Sample};
use crate::time::Time;

/// Draft section 2.4: 4 ln 2, the least gain that doubles the rate in a round.
const STARTUP_GAIN: f64 = 2.77;
const STARTUP_WINDOW_GAIN: f64 = 2.0;
const DRAIN_GAIN: f64 = 0.5;
const PROBE_RTT_WINDOW_GAIN: f64 = 0.5;
/// Draft section 2.5: paced a little below the measured rate, so that a queue drains.
const PACING_MARGIN: f64 = 0.99;
/// Draft section 2.7.
const MIN_WINDOW_PACKETS: usize = 4;
/// Draft section 2.13.1: how long the shortest round trip is believed, and how long a probe for it
/// lasts.
const MIN_RTT_AGE: Duration = Duration::from_secs(5);
const PROBE_RTT_TIME: Duration = Duration::from_millis(200);
/// How long it is believed if what is measured seems to confirm it. Beside a flow that keeps the queue
/// filled, the least of what is measured is the wait behind that flow.
const MIN_RTT_PROBE_INTERVAL: Duration = Duration::from_secs(10);
/// Draft section 5.3.1.2: growth of the rate that says that the pipe is not full, and rounds
/// without it.
const FULL_PIPE_GROWTH: f64 = 1.25;
const FULL_PIPE_ROUNDS: u32 = 3;
/// After the first loss of startup: the gain, and the growth that says that the pipe is not full.
const CAUTIOUS_GAIN: f64 = 1.4;
const CAUTIOUS_GROWTH: f64 = 1.1;
const CAUTIOUS_ROUNDS: u32 = 2;
/// Fewer lost packets in a round say nothing.
const FEW_LOSSES: usize = 6;

/// Draft section 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Startup,
    Drain,
    Down,
    Cruise,
    Refill,
    Up,
    ProbeRtt,
}

/// A model of the network, and the phase in which it is refined.
#[derive(Debug)]
pub(super) struct Bbr {
    mode: Mode,
    model: Model,
    cycle: Cycle,
    window: usize,
    initial: usize,
    max: usize,
    packet: usize,
    /// The highest rate of startup, and rounds in which it has hardly grown.
    full_rate: f64,
    full_rounds: u32,
    full: bool,
    /// Startup has lost something.
    cautious: bool,
    /// When a probe for the shortest round trip ends, once little enough is in flight.
    probe_rtt_end: Option<Time>,
    /// The window before a probe or a timeout.
    before: Option<usize>,
    /// The bounds before the last losses.
    bounds: Option<Bounds>,
}

impl Bbr {
    pub(super) fn new(initial: usize, max: usize) -> Self {
        Self {
            mode: Mode::Startup,
            model: Model::new(),
            cycle: Cycle::new(),
            window: initial,
            initial,
            max,
            packet: 1200,
            full_rate: 0.0,
            full_rounds: 0,
            full: false,
            cautious: false,
            probe_rtt_end: None,
            before: None,
            bounds: None,
        }
    }

    const fn gains(&self) -> (f64, f64) {
        match self.mode {
            Mode::Startup if self.cautious => (CAUTIOUS_GAIN, STARTUP_WINDOW_GAIN),
            Mode::Startup => (STARTUP_GAIN, STARTUP_WINDOW_GAIN),
            Mode::Drain => (DRAIN_GAIN, STARTUP_WINDOW_GAIN),
            Mode::Down => (probe::DOWN_GAIN, 2.0),
            Mode::Cruise | Mode::Refill => (1.0, 2.0),
            Mode::Up => (probe::UP_GAIN, 2.25),
            Mode::ProbeRtt => (1.0, PROBE_RTT_WINDOW_GAIN),
        }
    }

    const fn least(&self) -> usize {
        MIN_WINDOW_PACKETS * self.packet
    }

    /// Bytes in flight for a gain, with what acknowledgements in bunches and bursts need.
    fn inflight(&self, gain: f64) -> usize {
        let product = self.model.product(gain).saturating_add(self.allowance());
        product.max(self.least())
    }

    /// Draft section 5.6.4.2: room for the bursts of both ends.
    fn allowance(&self) -> usize {
        let quantum = (self.model.rate() / 1000.0) as usize;
        3 * quantum.clamp(self.packet, 65_536)
    }

    /// Draft section 5.3.1.2 and 5.3.1.3: whether startup has filled the pipe.
    ///
    /// A short queue overflows from the bursts of startup long before the pipe is full. So a loss
    /// only makes startup cautious, and the end comes when the rate has ceased to grow. Beside a long
    /// queue one round without growth is enough, or else retransmissions would be lost in it.
    fn check_full(&mut self, sample: &Sample) {
        if self.full || !self.model.round_started() {
            return;
        }
        let lossy = self.model.round_lost() >= FEW_LOSSES * self.packet
            && self.model.round_loss_is_too_high();
        let grows = self.model.max_rate() >= self.full_rate * FULL_PIPE_GROWTH;
        if lossy && !grows && self.model.has_long_queue() {
            self.fill(lossy);
            return;
        }
        if lossy && !self.cautious {
            self.cautious = true;
            self.full_rate = self.model.max_rate();
            self.full_rounds = 0;
            return;
        }
        if sample.rate.is_none_or(|rate| rate.app_limited) {
            return;
        }
        let (growth, rounds) = if self.cautious {
            (CAUTIOUS_GROWTH, CAUTIOUS_ROUNDS)
        } else {
            (FULL_PIPE_GROWTH, FULL_PIPE_ROUNDS)
        };
        if self.model.max_rate() >= self.full_rate * growth {
            self.full_rate = self.model.max_rate();
            self.full_rounds = 0;
            return;
        }
        self.full_rounds += 1;
        if self.full_rounds >= rounds {
            self.fill(lossy);
        }
    }

    /// The pipe is full; losses show by how much too full.
    fn fill(&mut self, lossy: bool) {
        self.full = true;
        if lossy {
            let inflight = self.model.product(1.0).max(self.model.round_delivered());
            self.model.inflight_hi = inflight.max(self.least());
        }
    }

    fn advance(&mut self, sample: &Sample) {
        if self.mode == Mode::Startup && self.full {
            self.mode = Mode::Drain;
        }
        if self.mode == Mode::Drain && sample.flight <= self.inflight(1.0) {
            self.start_down(sample);
        }
        if self.full && !matches!(self.mode, Mode::Startup | Mode::Drain | Mode::ProbeRtt) {
            self.advance_cycle(sample);
        }
        self.check_probe_rtt(sample);
    }

    /// Draft section 5.3.4: now and then little is sent, to see the round trip without a queue.
    fn check_probe_rtt(&mut self, sample: &Sample) {
        let now = sample.now;
        if self.mode != Mode::ProbeRtt {
            let old = self.model.min_rtt_is_old(now, MIN_RTT_AGE)
                || self.model.min_rtt_is_unproven(now, MIN_RTT_PROBE_INTERVAL);
            if old && self.full && sample.flight > self.inflight(PROBE_RTT_WINDOW_GAIN) {
                self.before = Some(self.window);
                self.mode = Mode::ProbeRtt;
                self.probe_rtt_end = None;
            } else if old && sample.flight <= self.inflight(PROBE_RTT_WINDOW_GAIN) {
                // So little is in flight that the round trip is seen without a probe.
                self.model.renew_min_rtt(now);
            }
            return;
        }
        match self.probe_rtt_end {
            None if sample.flight <= self.inflight(PROBE_RTT_WINDOW_GAIN) + self.packet => {
                let time = PROBE_RTT_TIME.max(self.model.min_rtt());
                self.probe_rtt_end = Some(now + time);
                self.model.begin_min_rtt(now, sample.rtt);
            }
            Some(end) if now >= end => {
                self.model.renew_min_rtt(now);
                self.window = self.window.max(self.before.take().unwrap_or_default());
                self.model.reset_lower_bounds();
                self.start_down(sample);
                self.mode = Mode::Cruise;
            }
            _ => {}
        }
    }

    /// Draft section 5.6.4: grows the window to what the model allows.
    fn set_window(&mut self, sample: &Sample) {
        let (_, gain) = self.gains();
        let target = self
            .inflight(gain)
            .saturating_add(self.model.extra_acked())
            .min(self.max);
        if self.full {
            self.window = (self.window + sample.acked).min(target);
        } else if self.window < target || self.model.delivered() < self.initial as u64 {
            self.window = (self.window + sample.acked).min(self.max);
        }
        let bound = match self.mode {
            Mode::Cruise | Mode::ProbeRtt => self.with_headroom(),
            Mode::Startup | Mode::Drain => usize::MAX,
            Mode::Down | Mode::Refill | Mode::Up => self.model.inflight_hi,
        };
        let mut bound = bound.min(self.model.inflight_lo);
        if self.mode == Mode::ProbeRtt {
            bound = bound.min(self.inflight(PROBE_RTT_WINDOW_GAIN));
        }
        self.window = self.window.min(bound).max(self.least());
    }
}

impl CongestionControl for Bbr {
    fn window(&self) -> usize {
        self.window
    }

    fn threshold(&self) -> usize {
        self.model.inflight_hi
    }

    fn on_ack(&mut self, _ack: &Ack) {}

    fn on_delivery(&mut self, sample: &Sample) {
        self.packet = sample.packet;
        // What drain sees lost is what startup has sent.
        let probing = matches!(
            self.mode,
            Mode::Startup | Mode::Drain | Mode::Refill | Mode::Up
        );
        self.model.update(sample, probing, self.window);
        self.check_full(sample);
        self.check_inflight(sample);
        self.advance(sample);
        self.model.end_round();
        self.set_window(sample);
    }

    fn pacing_rate(&self, srtt: Duration) -> Option<f64> {
        let (gain, _) = self.gains();
        let rate = self.model.rate();
        if self.full {
            return Some(rate * gain * PACING_MARGIN);
        }
        if srtt.is_zero() {
            return None;
        }
        if self.cautious {
            return Some(rate * gain);
        }
        // Draft section 5.6.2: in startup the rate only grows.
        let initial = self.window as f64 / srtt.as_secs_f64();
        Some(rate.max(initial) * gain)
    }

    fn on_loss(&mut self, _packet: usize) {
        self.bounds = Some(self.model.bounds());
    }

    fn on_timeout(&mut self, packet: usize) {
        self.bounds = Some(self.model.bounds());
        self.before = Some(self.window.max(self.before.unwrap_or_default()));
        self.window = (MIN_WINDOW_PACKETS * packet).min(self.window);
    }

    fn on_spurious(&mut self) {
        // Draft section 5.5.10.3: what the losses seemed to show of the path is taken back too.
        if let Some(bounds) = self.bounds.take() {
            self.model.restore(bounds);
        }
        if self.mode != Mode::ProbeRtt {
            self.window = self.window.max(self.before.take().unwrap_or_default());
        }
    }

    /// Pacing keeps the first burst after a pause small, and the model ages by itself.
    fn on_idle(&mut self, _timeouts: u32, _floor: usize) {}
}

#[cfg(test)]
mod tests;
