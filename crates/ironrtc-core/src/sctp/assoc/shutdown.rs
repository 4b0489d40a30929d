//! The end of an association: shutdown (RFC 9260 section 9.2), abort (9.1), failure.

use super::Association;
use super::state::{ShutdownStep, State, Timer};
use crate::datagram::DropReason;
use crate::sctp::message::{Event, SctpState};
use crate::sctp::num::Tsn;
use crate::sctp::packet::param::{Params, cause, write_param};
use crate::sctp::packet::sack::Sack;
use crate::sctp::packet::{FLAG_T, kind, write_chunk};
use crate::time::{Time, TimerTable};
use crate::wire::Reader;

/// Longest reason put into an ABORT, in bytes.
const MAX_REASON: usize = 256;

impl Association {
    /// Closes the association once everything queued has arrived.
    pub fn shutdown(&mut self, now: Time) {
        let step = self.state.on_application_shutdown();
        self.carry_out_shutdown(now, step);
        if matches!(step, ShutdownStep::Enter(_)) {
            self.advance_shutdown(now);
        }
    }

    /// Ends the association at once and tells the peer why.
    pub fn abort(&mut self, reason: &str) {
        if self.state == State::Closed {
            return;
        }
        self.send_abort(cause::USER_ABORT, cut(reason).as_bytes());
        self.close();
    }

    /// Ends the association for a mistake of the peer's.
    pub(super) fn abort_with(&mut self, code: u16, reason: &str) {
        self.abort_with_value(code, cut(reason).as_bytes(), reason);
    }

    /// Ends the association with an error cause of any content.
    pub(super) fn abort_with_value(&mut self, code: u16, value: &[u8], reason: &str) {
        self.send_abort(code, value);
        self.fail(reason);
    }

    fn send_abort(&mut self, code: u16, value: &[u8]) {
        // Without the peer's tag there is no packet that it would accept.
        if self.peer_tag == 0 {
            return;
        }
        let mut causes = Vec::new();
        write_param(&mut causes, code, &[value]);
        let mut chunk = Vec::new();
        write_chunk(&mut chunk, kind::ABORT, 0, &causes);
        self.pending.push_packet(self.peer_tag, chunk);
    }

    /// The association ends without a shutdown.
    pub(super) fn fail(&mut self, reason: &str) {
        if self.state == State::Closed {
            return;
        }
        self.events.push_back(Event::Aborted {
            reason: reason.to_owned(),
        });
        self.close();
    }

    fn close(&mut self) {
        self.timers = TimerTable::new();
        self.pending.clear();
        self.set_state(State::Closed);
    }

    pub(super) fn on_abort(&mut self, value: &[u8]) {
        let text = Params::new(value)
            .next()
            .map(|param| match param.kind {
                cause::USER_ABORT | cause::PROTOCOL_VIOLATION if !param.value.is_empty() => {
                    let text = String::from_utf8_lossy(param.value);
                    cut(&text).to_owned()
                }
                cause::USER_ABORT => "no reason given".to_owned(),
                code => format!("error cause {code}"),
            })
            .unwrap_or_else(|| "no reason given".to_owned());
        self.fail(&format!("the peer aborted the association: {text}"));
    }

    /// Goes on with a shutdown once everything sent was acknowledged.
    pub(super) fn advance_shutdown(&mut self, now: Time) {
        if !self.tx.is_idle() {
            return;
        }
        let step = self.state.on_all_acknowledged();
        self.carry_out_shutdown(now, step);
    }

    fn carry_out_shutdown(&mut self, now: Time, step: ShutdownStep) {
        match step {
            ShutdownStep::Nothing => {}
            ShutdownStep::Drop => self.drops.add(DropReason::SctpChunk),
            ShutdownStep::Enter(state) => {
                let under_way = self.state.goodbye().is_some();
                self.set_state(state);
                self.pending.goodbye = state.goodbye();
                if under_way {
                    // The guard counts from the first goodbye.
                    self.set_timer(Timer::Shutdown, now + self.tx.rto());
                } else if self.pending.goodbye.is_some() {
                    self.start_shutdown_timers(now);
                }
            }
            ShutdownStep::Repeat => self.pending.goodbye = self.state.goodbye(),
            ShutdownStep::Complete => {
                self.pending
                    .push_packet(self.peer_tag, shutdown_complete(0));
                self.close();
            }
            ShutdownStep::Reflect => {
                let chunk = shutdown_complete(FLAG_T);
                self.pending.push_packet(self.local_tag, chunk);
            }
            ShutdownStep::Abort => self.abort("closed before it was connected"),
            ShutdownStep::Close => self.close(),
        }
    }

    pub(super) fn start_shutdown_timers(&mut self, now: Time) {
        self.stop_timer(Timer::Heartbeat);
        self.stop_timer(Timer::Probe);
        self.set_timer(Timer::Shutdown, now + self.tx.rto());
        // RFC 9260 section 9.2: T5, "5 times RTO.Max".
        self.set_timer(Timer::ShutdownGuard, now + 5 * self.config.rto_max);
    }

    /// T2-shutdown.
    pub(super) fn on_shutdown_timeout(&mut self, now: Time) {
        self.tx.set_errors(self.tx.errors() + 1);
        if self.give_up_if_silent() {
            return;
        }
        self.tx.rtt_mut().back_off();
        let Some(goodbye) = self.state.goodbye() else {
            return;
        };
        self.pending.goodbye = Some(goodbye);
        self.set_timer(Timer::Shutdown, now + self.tx.rto());
    }

    pub(super) fn on_shutdown(&mut self, now: Time, value: &[u8]) {
        let Some(cumulative) = Reader::new(value).u32().map(Tsn) else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        let step = self.state.on_shutdown();
        self.carry_out_shutdown(now, step);
        if self.state == State::ShutdownReceived {
            let window = u32::try_from(self.tx.peer_window()).unwrap_or(u32::MAX);
            self.take_sack(now, &Sack::cumulative_only(cumulative, window));
            self.advance_shutdown(now);
        }
    }

    pub(super) fn on_shutdown_ack(&mut self, now: Time) {
        let step = self.state.on_shutdown_ack();
        self.carry_out_shutdown(now, step);
    }

    pub(super) fn on_shutdown_complete(&mut self, now: Time) {
        let step = self.state.on_shutdown_complete();
        self.carry_out_shutdown(now, step);
    }

    /// Gives the association up if the peer has been silent for too long (RFC 9260 section 8.1).
    pub(super) fn give_up_if_silent(&mut self) -> bool {
        let silent = self.tx.errors() > self.config.max_retransmissions;
        if silent && self.state.public() != SctpState::Closed {
            self.send_abort(cause::USER_ABORT, b"the peer does not answer");
            self.fail("the peer does not answer");
        }
        silent
    }
}

fn shutdown_complete(flags: u8) -> Vec<u8> {
    let mut chunk = Vec::new();
    write_chunk(&mut chunk, kind::SHUTDOWN_COMPLETE, flags, &[]);
    chunk
}

/// The beginning of a text, cut where a character ends.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_REASON);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
