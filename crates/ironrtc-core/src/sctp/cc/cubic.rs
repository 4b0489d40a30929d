//! CUBIC (RFC 9438) with SCTP's byte counting.

use super::hystart::HyStart;
use super::{Ack, CongestionControl, idle_window};
use crate::time::Time;

/// RFC 9438 section 4.1: the constant C, in packets per second cubed.
const C: f64 = 0.4;
/// RFC 9438 section 4.6: what a loss leaves of the window.
const BETA: f64 = 0.7;
/// RFC 9438 section 4.3: growth that makes CUBIC as fast as Reno, in packets per window.
const ALPHA: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA);

/// Congestion avoidance since the last loss or pause.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    start: Time,
    /// Seconds after which the window is back at `w_max`.
    k: f64,
    /// What Reno would have by now, in packets.
    reno: f64,
}

/// What a reduction changes, as it was before.
#[derive(Clone, Copy, Debug)]
struct Before {
    window: usize,
    threshold: usize,
    w_max: f64,
    epoch: Option<Epoch>,
}

/// A window that grows with the cube of the time since the last loss.
#[derive(Debug)]
pub(super) struct Cubic {
    window: usize,
    threshold: usize,
    max: usize,
    /// The window before the last loss, in packets.
    w_max: f64,
    epoch: Option<Epoch>,
    slow_start: HyStart,
    before: Option<Before>,
}

impl Cubic {
    pub(super) const fn new(initial: usize, max: usize) -> Self {
        Self {
            window: initial,
            threshold: usize::MAX,
            max,
            w_max: 0.0,
            epoch: None,
            slow_start: HyStart::new(),
            before: None,
        }
    }

    fn avoid(&mut self, ack: &Ack) {
        let packet = ack.packet.max(1) as f64;
        let window = self.window as f64 / packet;
        let w_max = self.w_max.max(window);
        let epoch = self.epoch.get_or_insert_with(|| Epoch {
            start: ack.now,
            k: ((w_max - window) / C).cbrt(),
            reno: window,
        });
        let acked = ack.bytes as f64 / packet;
        // RFC 9438 section 4.3: once Reno would be back at w_max it grows by a whole packet.
        let alpha = if epoch.reno < w_max { ALPHA } else { 1.0 };
        epoch.reno += alpha * acked / window;
        let elapsed = ack.now.since(epoch.start).as_secs_f64();
        let cubic = |seconds: f64| C * (seconds - epoch.k).powi(3) + w_max;
        let grown = if cubic(elapsed) < epoch.reno {
            epoch.reno.max(window)
        } else {
            // RFC 9438 section 4.2: the target is a round trip ahead and within half a window.
            let target = cubic(elapsed + ack.srtt.as_secs_f64()).clamp(window, 1.5 * window);
            window + (target - window) / window * acked
        };
        self.window = ((grown * packet) as usize).clamp(self.window, self.max.max(self.window));
    }

    fn shrink(&mut self, packet: usize) {
        self.before = Some(Before {
            window: self.window,
            threshold: self.threshold,
            w_max: self.w_max,
            epoch: self.epoch,
        });
        let window = self.window as f64 / packet.max(1) as f64;
        // RFC 9438 section 4.7: fast convergence makes room for new flows.
        self.w_max = if window < self.w_max {
            window * (1.0 + BETA) / 2.0
        } else {
            window
        };
        self.threshold = ((self.window as f64 * BETA) as usize).max(4 * packet);
        self.epoch = None;
    }
}

impl CongestionControl for Cubic {
    fn window(&self) -> usize {
        self.window
    }

    fn threshold(&self) -> usize {
        self.threshold
    }

    fn on_ack(&mut self, ack: &Ack) {
        if self.window < self.threshold {
            self.slow_start
                .grow(ack, &mut self.window, &mut self.threshold, self.max);
        } else if ack.limited {
            self.avoid(ack);
        } else {
            // RFC 9438 section 5.8: time in which the application was the limit does not count.
            self.epoch = None;
        }
    }

    fn on_loss(&mut self, packet: usize) {
        self.shrink(packet);
        self.window = self.threshold;
    }

    fn on_timeout(&mut self, packet: usize) {
        self.shrink(packet);
        self.window = packet;
        self.slow_start = HyStart::new();
    }

    fn on_spurious(&mut self) {
        // RFC 9438 section 4.9: everything goes back to its value before the reduction.
        if let Some(before) = self.before.take() {
            self.window = self.window.max(before.window);
            self.threshold = self.threshold.max(before.threshold);
            self.w_max = before.w_max;
            self.epoch = before.epoch;
        }
    }

    fn on_idle(&mut self, timeouts: u32, floor: usize) {
        self.threshold = self.threshold.max(self.window / 4 * 3);
        self.window = idle_window(self.window, timeouts, floor);
        self.epoch = None;
        self.before = None;
        self.slow_start = HyStart::new();
    }
}
