//! Probing for bandwidth: down, cruise, refill, up, and again (draft section 5.3.3).

use std::time::Duration;

use super::super::Sample;
use super::model::BETA;
use super::{Bbr, FULL_PIPE_GROWTH, FULL_PIPE_ROUNDS, Mode};
use crate::time::Time;

pub(super) const DOWN_GAIN: f64 = 0.9;
pub(super) const UP_GAIN: f64 = 1.25;
/// Draft section 2.8: left to others while not probing.
const HEADROOM: f64 = 0.15;
/// Draft section 5.3.3.5.2: time between two probes, at least, and what is added at random.
const LEAST_WAIT: Duration = Duration::from_secs(2);
const RANDOM_WAIT_MILLIS: u64 = 1000;
/// Draft section 5.3.3.5.1: most round trips between two probes, as with Reno on such a path.
const MOST_ROUNDS: u64 = 63;

/// Where the cycle is.
#[derive(Debug)]
pub(super) struct Cycle {
    began: Time,
    began_round: u64,
    wait: Duration,
    /// Acknowledgements are still of the probe that has ended.
    stopping: bool,
    /// The probe has not been answered by a reduction yet.
    may_reduce: bool,
    /// Bytes acknowledged since the upper bound was raised, and how fast it is raised.
    up_acked: usize,
    up_rounds: u32,
    /// The highest rate of the probe, and rounds in which it has hardly grown.
    up_rate: f64,
    flat_rounds: u32,
}

impl Cycle {
    pub(super) const fn new() -> Self {
        Self {
            began: Time::ZERO,
            began_round: 0,
            wait: LEAST_WAIT,
            stopping: false,
            may_reduce: false,
            up_acked: 0,
            up_rounds: 0,
            up_rate: 0.0,
            flat_rounds: 0,
        }
    }
}

impl Bbr {
    pub(super) fn start_down(&mut self, sample: &Sample) {
        self.cycle.began = sample.now;
        self.cycle.began_round = self.model.rounds();
        // Flows that lost at the same time shall not probe at the same time. Randomness of a low
        // quality will do.
        let noise = (sample.now.as_nanos() ^ sample.delivered).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let millis = (noise >> 32) % RANDOM_WAIT_MILLIS;
        self.cycle.wait = LEAST_WAIT + Duration::from_millis(millis);
        self.cycle.stopping = true;
        self.mode = Mode::Down;
    }

    fn start_refill(&mut self) {
        self.model.reset_lower_bounds();
        self.model.begin_round();
        self.cycle.up_rounds = 0;
        self.cycle.up_acked = 0;
        self.cycle.stopping = false;
        self.mode = Mode::Refill;
    }

    fn start_up(&mut self) {
        self.cycle.may_reduce = true;
        self.cycle.up_rate = self.model.max_rate();
        self.cycle.flat_rounds = 0;
        self.mode = Mode::Up;
    }

    pub(super) fn with_headroom(&self) -> usize {
        let bound = self.model.inflight_hi;
        if bound == usize::MAX {
            return bound;
        }
        let headroom = ((bound as f64 * HEADROOM) as usize).max(self.packet);
        bound.saturating_sub(headroom).max(self.least())
    }

    /// Draft section 5.3.3.5: as often as time or Reno's pace demand.
    fn is_time_to_probe(&self, now: Time) -> bool {
        let rounds = self.model.product(1.0) / self.packet.max(1);
        let most = MOST_ROUNDS.min(rounds as u64).max(4);
        now.since(self.cycle.began) >= self.cycle.wait
            || self.model.rounds() >= self.cycle.began_round + most
    }

    pub(super) fn advance_cycle(&mut self, sample: &Sample) {
        let now = sample.now;
        if self.cycle.stopping && self.model.round_started() {
            self.cycle.stopping = false;
            if sample.rate.is_some_and(|rate| !rate.app_limited) {
                self.model.advance_max_rate();
            }
        }
        match self.mode {
            Mode::Down if self.is_time_to_probe(now) => self.start_refill(),
            Mode::Down => {
                let target = self.inflight(1.0).min(self.with_headroom());
                if sample.flight <= target {
                    self.mode = Mode::Cruise;
                }
            }
            Mode::Cruise if self.is_time_to_probe(now) => self.start_refill(),
            // One whole round at full rate, so that a probe starts from a full pipe.
            Mode::Refill if self.model.round_started() => self.start_up(),
            Mode::Up => {
                self.raise_upper_bound(sample);
                if self.probe_is_over(sample) {
                    self.start_down(sample);
                }
            }
            _ => {}
        }
    }

    /// Whether all of the window is in flight.
    fn is_limited(&self, sample: &Sample) -> bool {
        sample.prior_flight + self.packet >= self.window
    }

    /// Draft section 5.3.3.4: a probe lasts until the rate has ceased to grow, so that its answers are
    /// seen, also behind the queue of others. What the upper bound holds back says nothing yet.
    fn probe_is_over(&mut self, sample: &Sample) -> bool {
        if self.is_limited(sample) && self.window >= self.model.inflight_hi {
            self.cycle.up_rate = self.model.max_rate();
            self.cycle.flat_rounds = 0;
            return false;
        }
        let rate = self.model.round_rate();
        if rate >= self.cycle.up_rate * FULL_PIPE_GROWTH {
            self.cycle.up_rate = rate;
            self.cycle.flat_rounds = 0;
        } else if self.model.round_started() {
            self.cycle.flat_rounds += 1;
        }
        self.cycle.flat_rounds >= FULL_PIPE_ROUNDS
    }

    /// Draft section 5.3.3.6: the bound grows faster with each round that it limits.
    fn raise_upper_bound(&mut self, sample: &Sample) {
        let limited = self.is_limited(sample);
        if self.model.inflight_hi == usize::MAX || !limited || self.window < self.model.inflight_hi
        {
            return;
        }
        if self.model.round_started() {
            self.cycle.up_rounds = (self.cycle.up_rounds + 1).min(30);
        }
        self.cycle.up_acked += sample.acked;
        // A packet for each of so many bytes acknowledged.
        let every = (self.window >> self.cycle.up_rounds).max(self.packet);
        let packets = self.cycle.up_acked / every;
        self.cycle.up_acked -= packets * every;
        self.model.inflight_hi += packets * self.packet;
    }

    /// Draft section 5.5.10.2: a loss in a probe shows how much is too much.
    ///
    /// The draft keeps as much as was in flight then, and with it most of the queue. Where one
    /// overflows there may be others, who answer by less: CUBIC by [`BETA`]. So do we, down to what
    /// fills the pipe at our rate without a queue, which is all of it for a flow alone. This also
    /// brings flows of our kind together, as who has more gives back more.
    pub(super) fn check_inflight(&mut self, sample: &Sample) {
        let Some((flight, lost)) = sample.worst else {
            return;
        };
        let tolerated = (flight as f64 * self.model.tolerated_loss()) as usize;
        let few = lost < 2 * self.packet;
        if lost <= tolerated || few || !self.cycle.may_reduce {
            return;
        }
        if !matches!(self.mode, Mode::Up | Mode::Down | Mode::Cruise) {
            return;
        }
        self.cycle.may_reduce = false;
        // As much as was in flight when the loss became too high.
        let safe = flight.saturating_sub(lost.saturating_sub(tolerated));
        let bound = if self.model.has_queue() {
            let pipe = self.model.product(1.0 / (1.0 - HEADROOM));
            ((safe as f64 * BETA) as usize).max(pipe.min(safe))
        } else {
            safe
        };
        let least = (self.model.product(1.0).min(self.window) as f64 * BETA) as usize;
        self.model.inflight_hi = bound.max(least).max(self.least());
        if self.mode == Mode::Up {
            self.start_down(sample);
        }
    }
}
