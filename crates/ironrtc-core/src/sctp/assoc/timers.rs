//! Timers of all parts of an association.

use super::Association;
use super::state::{State, Timer};
use crate::sctp::message::DELAYED_SACK;
use crate::time::{Deadline, Time, TimerName};

impl Association {
    pub(super) fn set_timer(&mut self, timer: Timer, at: Time) {
        self.timers.set(timer, at);
    }

    pub(super) fn stop_timer(&mut self, timer: Timer) {
        self.timers.stop(timer);
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_deadline().map(|deadline| deadline.at)
    }

    /// The same, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        if self.state == State::Closed {
            return None;
        }
        let sack = self.rx.as_ref().and_then(|rx| rx.poll_timeout());
        let sack = Deadline::earliest([(sack, DELAYED_SACK)]);
        [self.timers.next_deadline(), self.tx.next_deadline(), sack]
            .into_iter()
            .flatten()
            .min()
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.state == State::Closed {
            return;
        }
        if let Some(rx) = &mut self.rx
            && rx.sack_is_due(now)
        {
            rx.want_sack();
        }
        self.tx.handle_timeout(now);
        if self.give_up_if_silent() {
            return;
        }
        self.check_black_hole(now);
        for timer in Timer::ALL {
            if self.timers.expire(*timer, now) {
                self.on_timer(now, *timer);
            }
        }
    }

    fn on_timer(&mut self, now: Time, timer: Timer) {
        match timer {
            Timer::Handshake => self.on_handshake_timeout(now),
            Timer::Shutdown => self.on_shutdown_timeout(now),
            Timer::ShutdownGuard => self.abort("the shutdown was not finished in time"),
            Timer::Reconfig => self.on_reconfig_timeout(now),
            Timer::Heartbeat => self.on_heartbeat_timeout(now),
            Timer::Probe => self.on_probe_timeout(now),
        }
    }
}
