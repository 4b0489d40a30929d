//! HyStart++ (RFC 9406): leaves slow start when the round-trip time begins to grow, which is
//! before a queue overflows.

use std::time::Duration;

use super::Ack;

/// RFC 9406 section 4.3 has 4 ms and 16 ms. A receiver on the same host overflows its socket buffer
/// within a millisecond, so the lower bound is smaller here.
const MIN_THRESHOLD: Duration = Duration::from_millis(1);
const MAX_THRESHOLD: Duration = Duration::from_millis(16);
/// Samples before a round is judged.
const MIN_SAMPLES: u32 = 8;
/// Growth in conservative slow start is divided by this.
const CSS_DIVISOR: usize = 4;
/// Rounds of conservative slow start before slow start ends.
const CSS_ROUNDS: u32 = 5;

/// How far slow start has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The window doubles in a round trip.
    SlowStart,
    /// The round-trip time has grown; growth is slower until that is certain.
    Conservative { baseline: Duration, rounds: u32 },
}

/// The state of one slow start.
#[derive(Debug)]
pub(super) struct HyStart {
    phase: Phase,
    round_end: u64,
    last_min: Option<Duration>,
    current_min: Option<Duration>,
    samples: u32,
}

impl HyStart {
    pub(super) const fn new() -> Self {
        Self {
            phase: Phase::SlowStart,
            round_end: 0,
            last_min: None,
            current_min: None,
            samples: 0,
        }
    }

    /// Grows the window for an acknowledgement in slow start, which ends by bringing the threshold
    /// down to the window.
    pub(super) fn grow(
        &mut self,
        ack: &Ack,
        window: &mut usize,
        threshold: &mut usize,
        max: usize,
    ) {
        let (growth, over) = self.on_ack(ack);
        if ack.limited {
            *window = (*window + growth).min(max);
        }
        if over {
            *threshold = *window;
        }
    }

    /// By how much the window grows for an acknowledgement in slow start, and whether slow start
    /// is over.
    fn on_ack(&mut self, ack: &Ack) -> (usize, bool) {
        let mut over = false;
        if ack.cumulative >= self.round_end {
            self.round_end = ack.next;
            self.last_min = self.current_min.take();
            self.samples = 0;
            if let Phase::Conservative { rounds, .. } = &mut self.phase {
                *rounds += 1;
                over = *rounds >= CSS_ROUNDS;
            }
        }
        if let Some(rtt) = ack.rtt {
            self.current_min = Some(self.current_min.map_or(rtt, |min| min.min(rtt)));
            self.samples += 1;
        }
        if self.samples >= MIN_SAMPLES
            && let Some(current) = self.current_min
        {
            self.judge(current);
        }
        match self.phase {
            Phase::SlowStart => (ack.bytes, false),
            Phase::Conservative { .. } => (ack.bytes / CSS_DIVISOR, over),
        }
    }

    fn judge(&mut self, current: Duration) {
        match self.phase {
            Phase::SlowStart => {
                let Some(last) = self.last_min else { return };
                let threshold = (last / 8).clamp(MIN_THRESHOLD, MAX_THRESHOLD);
                if current >= last + threshold {
                    self.phase = Phase::Conservative {
                        baseline: current,
                        rounds: 0,
                    };
                }
            }
            // RFC 9406 section 4.2: the growth was noise, slow start resumes.
            Phase::Conservative { baseline, .. } if current < baseline => {
                self.phase = Phase::SlowStart;
            }
            Phase::Conservative { .. } => {}
        }
    }
}
