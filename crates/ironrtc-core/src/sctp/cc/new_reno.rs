//! The loss-based rules of RFC 9260 section 7.2.

use super::hystart::HyStart;
use super::{Ack, CongestionControl, idle_window};

/// Slow start and additive increase, halving on loss.
#[derive(Debug)]
pub(super) struct NewReno {
    window: usize,
    threshold: usize,
    max: usize,
    partial_bytes_acked: usize,
    slow_start: HyStart,
    /// Window and threshold before the last reduction.
    before: Option<(usize, usize)>,
}

impl NewReno {
    pub(super) const fn new(initial: usize, max: usize) -> Self {
        Self {
            window: initial,
            threshold: usize::MAX,
            max,
            partial_bytes_acked: 0,
            slow_start: HyStart::new(),
            before: None,
        }
    }

    fn shrink(&mut self, packet: usize) {
        self.before = Some((self.window, self.threshold));
        self.threshold = (self.window / 2).max(4 * packet);
        self.partial_bytes_acked = 0;
    }
}

impl CongestionControl for NewReno {
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
            return;
        }
        // RFC 9260 section 7.2.2: a packet more when a whole window was acknowledged.
        self.partial_bytes_acked += ack.bytes;
        if self.partial_bytes_acked >= self.window {
            if ack.limited {
                self.partial_bytes_acked -= self.window;
                self.window = (self.window + ack.packet).min(self.max);
            } else {
                self.partial_bytes_acked = self.window;
            }
        }
    }

    fn on_loss(&mut self, packet: usize) {
        // RFC 9260 section 7.2.3.
        self.shrink(packet);
        self.window = self.threshold;
    }

    fn on_timeout(&mut self, packet: usize) {
        self.shrink(packet);
        self.window = packet;
        self.slow_start = HyStart::new();
    }

    fn on_spurious(&mut self) {
        // RFC 4015 section 3.5: back to the window before, and to slow start if it was that.
        if let Some((window, threshold)) = self.before.take() {
            self.window = self.window.max(window);
            self.threshold = self.threshold.max(threshold);
        }
    }

    fn on_idle(&mut self, timeouts: u32, floor: usize) {
        self.threshold = self.threshold.max(self.window / 4 * 3);
        self.window = idle_window(self.window, timeouts, floor);
        self.before = None;
        self.slow_start = HyStart::new();
    }
}
