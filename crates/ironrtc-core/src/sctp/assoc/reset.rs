//! Stream reset (RFC 6525).

use std::collections::BTreeSet;

use super::Association;
use super::state::{State, Timer};
use crate::datagram::DropReason;
use crate::sctp::message::{Event, StreamId};
use crate::sctp::num::{EPOCH, RequestSn, Tsn};
use crate::sctp::packet::reconfig::{Reconfig, Streams, outcome, write_outgoing, write_response};
use crate::sctp::packet::{kind, write_chunk};
use crate::sctp::tx::StreamPhase;
use crate::time::Time;
use crate::work;

/// Most streams in one request, so that it fits into a packet of any size.
const MAX_STREAMS: usize = 200;
/// With so many events not taken by the application, the peer has to wait with resets.
const MAX_EVENTS: usize = 4096;

/// A request of ours in flight.
#[derive(Debug)]
struct Request {
    number: RequestSn,
    last_tsn: Tsn,
    streams: Vec<StreamId>,
}

/// A request of the peer's that waits for the last data before it.
#[derive(Debug)]
struct Deferred {
    number: RequestSn,
    last: u64,
    /// Empty means all.
    streams: Vec<StreamId>,
}

/// Resets of both directions.
#[derive(Debug)]
pub(super) struct Resets {
    /// Streams of ours of which everything was sent, by the position of their last TSN. They wait
    /// until that was acknowledged, and for a request.
    waiting: BTreeSet<(u64, StreamId)>,
    /// Streams that we have used since we reset them last.
    used: BTreeSet<StreamId>,
    /// The one of them that was noted last, until either side resets one: a message on it has
    /// nothing to note.
    noted: Option<StreamId>,
    request: Option<Request>,
    next_number: RequestSn,
    /// Position of the peer's last request, and what it was answered.
    last_handled: u64,
    last_outcome: u32,
    deferred: Option<Deferred>,
    /// The last TSN and the streams of the reset that was performed last after a wait.
    completed: Option<(u64, Vec<StreamId>)>,
}

impl Resets {
    pub(super) const fn new(local_tsn: Tsn) -> Self {
        Self {
            waiting: BTreeSet::new(),
            used: BTreeSet::new(),
            noted: None,
            request: None,
            next_number: RequestSn(local_tsn.0),
            last_handled: EPOCH,
            last_outcome: outcome::NOTHING_TO_DO,
            deferred: None,
            completed: None,
        }
    }

    /// RFC 6525 section 4.1: numbers begin with each side's initial TSN.
    pub(super) fn start(&mut self, local_tsn: Tsn, peer_tsn: Tsn) {
        *self = Self {
            waiting: std::mem::take(&mut self.waiting),
            used: std::mem::take(&mut self.used),
            ..Self::new(local_tsn)
        };
        self.last_handled = EPOCH + u64::from(peer_tsn.0) - 1;
    }

    /// We reset a stream.
    fn forget(&mut self, stream: StreamId) {
        self.used.remove(&stream);
        self.noted = None;
    }
}

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
        if self.resets.noted == Some(stream) {
            return;
        }
        self.resets.noted = Some(stream);
        self.resets.used.insert(stream);
        if let Some(rx) = &mut self.rx {
            rx.note_used(stream);
        }
    }

    /// The peer's resets are to reach what we had used before it was known.
    pub(super) fn note_early_use(&mut self) {
        if let Some(rx) = &mut self.rx {
            work::add(self.resets.used.len());
            for stream in &self.resets.used {
                rx.note_used(*stream);
            }
        }
    }

    /// Makes a request for the streams whose data was acknowledged. Waiting for that costs little
    /// and is what receivers without deferred resets need.
    pub(super) fn advance_resets(&mut self, now: Time) {
        let resets = &mut self.resets;
        resets.waiting.extend(self.tx.queue_mut().take_drained());
        if resets.waiting.is_empty()
            || resets.request.is_some()
            || !matches!(self.state, State::Established | State::ShutdownReceived)
        {
            return;
        }
        let cumulative = self.tx.cumulative();
        let mut streams = Vec::new();
        while streams.len() < MAX_STREAMS
            && let Some(&(last, stream)) = resets.waiting.first()
            && last <= cumulative
        {
            work::add(1);
            resets.waiting.pop_first();
            streams.push(stream);
        }
        if streams.is_empty() {
            return;
        }
        if !self.extensions.reconfig {
            // The peer cannot be told; numbers go on.
            self.finish_request(now, &streams, false);
            return;
        }
        let number = self.resets.next_number;
        self.resets.next_number = RequestSn(number.0.wrapping_add(1));
        self.resets.request = Some(Request {
            number,
            last_tsn: self.tx.last_tsn(),
            streams,
        });
        self.send_request(now);
    }

    fn send_request(&mut self, now: Time) {
        let Some(request) = &self.resets.request else {
            return;
        };
        let mut params = Vec::new();
        write_outgoing(
            &mut params,
            request.number,
            RequestSn::of(self.resets.last_handled),
            request.last_tsn,
            &request.streams,
        );
        self.push_reconfig(&params);
        self.set_timer(Timer::Reconfig, now + self.tx.rto());
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
        if self.resets.request.is_none() {
            return;
        }
        self.tx.set_errors(self.tx.errors() + 1);
        if !self.give_up_if_silent() {
            self.tx.rtt_mut().back_off();
            self.send_request(now);
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

    /// Checks a request's number and answers it (RFC 6525 section 5.2.1).
    fn on_request(&mut self, request: RequestSn, perform: impl FnOnce(&mut Self) -> u32) {
        let position = request.near(self.resets.last_handled);
        let again = position == self.resets.last_handled;
        let in_progress = self.resets.last_outcome == outcome::IN_PROGRESS;
        if again && !in_progress {
            self.respond(request, self.resets.last_outcome);
            return;
        }
        if !again && position != self.resets.last_handled + 1 {
            self.respond(request, outcome::BAD_SEQUENCE);
            return;
        }
        // RFC 6525 has a request that is in progress repeated as it was; libwebrtc gave it a new
        // number for years. Either way it is looked at afresh.
        self.resets.last_handled = position;
        let outcome = if self.events.len() > MAX_EVENTS {
            outcome::IN_PROGRESS
        } else {
            perform(self)
        };
        self.resets.last_outcome = outcome;
        self.respond(request, outcome);
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
        self.resets.deferred = None;
        let deferred = Deferred {
            number,
            last: rx.position(last_tsn),
            streams: streams.iter().collect(),
        };
        if deferred.last > rx.cumulative() {
            self.resets.deferred = Some(deferred);
            return outcome::IN_PROGRESS;
        }
        // The same under a new number, as the answer to the old one was not waited for.
        let done = self.resets.completed.take();
        if done != Some((deferred.last, deferred.streams.clone())) {
            self.perform(deferred.streams);
        }
        outcome::PERFORMED
    }

    /// RFC 6525 section 5.2.3: the peer asks us to reset streams that we send on.
    fn on_incoming_reset(&mut self, now: Time, streams: Streams<'_>) -> u32 {
        let asked: Vec<StreamId> = if streams.is_empty() {
            self.resets.used.iter().copied().collect()
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
        let cumulative = rx.cumulative();
        let ready = self
            .resets
            .deferred
            .take_if(|deferred| deferred.last <= cumulative);
        if let Some(deferred) = ready {
            self.resets.completed = Some((deferred.last, deferred.streams.clone()));
            self.perform(deferred.streams);
            self.resets.last_outcome = outcome::PERFORMED;
            self.respond(deferred.number, outcome::PERFORMED);
        }
    }

    fn perform(&mut self, streams: Vec<StreamId>) {
        self.resets.noted = None;
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
        let Some(request) = self
            .resets
            .request
            .take_if(|request| request.number == number)
        else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        self.tx.set_errors(0);
        match result {
            outcome::IN_PROGRESS => {
                // The timer, which is still running, asks again.
                self.resets.request = Some(request);
                return;
            }
            outcome::PERFORMED | outcome::NOTHING_TO_DO => {
                self.finish_request(now, &request.streams, true);
            }
            // Refused: our numbers go on, but the stream is ours again.
            _ => self.finish_request(now, &request.streams, false),
        }
        self.stop_timer(Timer::Reconfig);
        self.advance_resets(now);
    }

    /// Whether a stream's reset is so far that the peer may have seen its end.
    pub(super) fn reset_is_requested(&self, stream: StreamId) -> bool {
        let request = self.resets.request.as_ref();
        request.is_some_and(|request| request.streams.contains(&stream))
    }

    fn finish_request(&mut self, now: Time, streams: &[StreamId], renumber: bool) {
        for stream in streams {
            let queue = self.tx.queue_mut();
            if renumber {
                queue.renumber(*stream);
            }
            queue.end_reset(now, *stream);
            self.events.push_back(Event::StreamResetDone(*stream));
        }
    }
}
