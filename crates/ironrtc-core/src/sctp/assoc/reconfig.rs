//! Resets of streams, carried out: RE-CONFIG chunks in and out.

use std::collections::BTreeSet;

use super::Association;
use super::reset::{PeerReset, ResetStep};
use super::state::{State, Timer};
use crate::datagram::DropReason;
use crate::sctp::message::{Event, StreamId};
use crate::sctp::num::{RequestSn, Tsn};
use crate::sctp::packet::reconfig::{Reconfig, Streams, outcome, write_response};
use crate::sctp::packet::{kind, write_chunk};
use crate::sctp::tx::StreamPhase;
use crate::time::Time;
use crate::work;

/// With so many events not taken by the application, the peer has to wait with resets.
const MAX_EVENTS: usize = 4096;

impl Association {
    /// Resets our side of a stream (RFC 6525) once everything queued on it was sent.
    pub fn reset_stream(&mut self, now: Time, stream: StreamId) {
        if matches!(self.state, State::Closed)
            || stream.0 >= self.outbound_streams
            || self.tx.queue().phase(stream) == StreamPhase::Resetting
        {
            return;
        }
        self.tx.queue_mut().begin_reset(stream);
        self.resets.forget(stream);
        self.advance_resets(now);
    }

    /// We use a stream: a reset of all streams is to reach it.
    pub(super) fn note_used(&mut self, stream: StreamId) {
        if self.resets.note_used(stream)
            && let Some(rx) = &mut self.rx
        {
            rx.note_used(stream);
        }
    }

    /// The peer's resets are to reach what we had used before it was known.
    pub(super) fn note_early_use(&mut self) {
        if let Some(rx) = &mut self.rx {
            let used = self.resets.used();
            work::add(used.len());
            used.for_each(|stream| rx.note_used(stream));
        }
    }

    /// Asks for the resets of streams whose data was acknowledged.
    pub(super) fn advance_resets(&mut self, now: Time) {
        self.resets.on_drained(self.tx.queue_mut().take_drained());
        if !matches!(self.state, State::Established | State::ShutdownReceived) {
            return;
        }
        let (cumulative, last_tsn) = (self.tx.cumulative(), self.tx.last_tsn());
        let peer_resets = self.extensions.reconfig;
        let step = self.resets.advance(cumulative, last_tsn, peer_resets);
        self.carry_out_reset(now, step);
    }

    fn carry_out_reset(&mut self, now: Time, step: ResetStep) {
        match step {
            ResetStep::Wait => {}
            ResetStep::Ask(params) => {
                self.push_reconfig(&params);
                self.set_timer(Timer::Reconfig, now + self.tx.rto());
            }
            ResetStep::Finish { streams, renumber } => {
                for stream in streams {
                    let queue = self.tx.queue_mut();
                    if renumber {
                        queue.renumber(stream);
                    }
                    queue.end_reset(now, stream);
                    self.events.push_back(Event::StreamResetDone(stream));
                }
            }
            ResetStep::Drop => self.drops.add(DropReason::SctpChunk),
        }
    }

    fn push_reconfig(&mut self, params: &[u8]) {
        let mut chunk = Vec::new();
        write_chunk(&mut chunk, kind::RECONFIG, 0, params);
        self.pending.push_chunk(chunk);
    }

    fn respond(&mut self, number: RequestSn, outcome: u32) {
        let mut params = Vec::new();
        write_response(&mut params, number, outcome);
        self.push_reconfig(&params);
    }

    /// No answer, or "in progress": the same request again (RFC 6525 section 5.1.1).
    pub(super) fn on_reconfig_timeout(&mut self, now: Time) {
        let again = self.resets.ask();
        if again == ResetStep::Wait {
            return;
        }
        self.tx.set_errors(self.tx.errors() + 1);
        if !self.give_up_if_silent() {
            self.tx.rtt_mut().back_off();
            self.carry_out_reset(now, again);
        }
    }

    pub(super) fn on_reconfig(&mut self, now: Time, value: &[u8]) {
        if !self.extensions.reconfig || !self.state.sends_data() {
            self.drops.add(DropReason::SctpChunk);
            return;
        }
        for param in Reconfig::parse(value) {
            match param {
                Reconfig::Outgoing {
                    request,
                    last_tsn,
                    streams,
                } => self.on_request(request, |association| {
                    association.on_outgoing_reset(request, last_tsn, streams)
                }),
                Reconfig::Incoming { request, streams } => self
                    .on_request(request, |association| {
                        association.on_incoming_reset(now, streams)
                    }),
                Reconfig::Other { request } => self.on_request(request, |_| outcome::DENIED),
                Reconfig::Response { request, outcome } => self.on_response(now, request, outcome),
            }
        }
    }

    /// Answers a request of the peer's, and performs it if it is one to look at.
    fn on_request(&mut self, request: RequestSn, perform: impl FnOnce(&mut Self) -> u32) {
        let answer = match self.resets.check(request) {
            Err(answer) => answer,
            Ok(()) => {
                let outcome = if self.events.len() > MAX_EVENTS {
                    outcome::IN_PROGRESS
                } else {
                    perform(self)
                };
                self.resets.on_answered(outcome);
                outcome
            }
        };
        self.respond(request, answer);
    }

    /// RFC 6525 section 5.2.2.
    fn on_outgoing_reset(&mut self, number: RequestSn, last_tsn: Tsn, streams: Streams<'_>) -> u32 {
        let Some(rx) = &self.rx else {
            return outcome::DENIED;
        };
        if streams
            .iter()
            .any(|stream| stream.0 >= self.inbound_streams)
        {
            return outcome::WRONG_SSN;
        }
        let (last, cumulative) = (rx.position(last_tsn), rx.cumulative());
        let streams = streams.iter().collect();
        match self.resets.on_outgoing(number, last, cumulative, streams) {
            PeerReset::Perform(streams) => self.perform(streams),
            PeerReset::Done => {}
            PeerReset::Wait => return outcome::IN_PROGRESS,
        }
        outcome::PERFORMED
    }

    /// RFC 6525 section 5.2.3: the peer asks us to reset streams that we send on.
    fn on_incoming_reset(&mut self, now: Time, streams: Streams<'_>) -> u32 {
        let asked: Vec<StreamId> = if streams.is_empty() {
            self.resets.used().collect()
        } else {
            streams.iter().collect()
        };
        if asked.iter().any(|stream| stream.0 >= self.outbound_streams) {
            return outcome::WRONG_SSN;
        }
        for stream in asked {
            work::add(1);
            self.resets.forget(stream);
            if self.tx.queue().phase(stream) == StreamPhase::Open {
                self.reset_stream(now, stream);
            }
        }
        outcome::PERFORMED
    }

    /// Performs a reset that has waited for data, once that is there.
    pub(super) fn perform_deferred_resets(&mut self) {
        let Some(rx) = &self.rx else { return };
        if let Some((number, streams)) = self.resets.take_ready(rx.cumulative()) {
            self.perform(streams);
            self.respond(number, outcome::PERFORMED);
        }
    }

    fn perform(&mut self, streams: Vec<StreamId>) {
        let Some(rx) = &mut self.rx else { return };
        let streams: BTreeSet<StreamId> = if streams.is_empty() {
            rx.used_streams()
        } else {
            streams.into_iter().collect()
        };
        for stream in streams {
            rx.reset_stream(stream, &mut self.events);
            self.events.push_back(Event::StreamResetByPeer(stream));
        }
    }

    fn on_response(&mut self, now: Time, number: RequestSn, result: u32) {
        let step = self.resets.on_response(number, result);
        if step != ResetStep::Drop {
            self.tx.set_errors(0);
        }
        let finished = matches!(step, ResetStep::Finish { .. });
        self.carry_out_reset(now, step);
        if finished {
            self.stop_timer(Timer::Reconfig);
            self.advance_resets(now);
        }
    }
}
