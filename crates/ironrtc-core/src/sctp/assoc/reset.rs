//! Resets of streams in both directions (RFC 6525): which are due, and what the peer is answered.

use std::collections::BTreeSet;

use crate::sctp::message::StreamId;
use crate::sctp::num::{EPOCH, RequestSn, Tsn};
use crate::sctp::packet::reconfig::{outcome, write_outgoing};
use crate::work;

/// Most streams in one request, so that it fits into a packet of any size.
const MAX_STREAMS: usize = 200;

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

/// What is to be done about our resets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ResetStep {
    /// Nothing yet.
    Wait,
    /// These parameters are to be sent in a RE-CONFIG chunk, again and again until they are answered.
    Ask(Vec<u8>),
    /// These streams' resets are over.
    Finish {
        streams: Vec<StreamId>,
        /// The peer has reset them, too, so that their numbers begin anew.
        renumber: bool,
    },
    /// The answer was to nothing that we have asked.
    Drop,
}

/// What is to be done about a reset of the peer's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PeerReset {
    /// These streams begin anew; none means all.
    Perform(Vec<StreamId>),
    /// That has been done.
    Done,
    /// Data before it is missing.
    Wait,
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

    /// We use a stream: a reset of all streams is to reach it. False if that is known.
    pub(super) fn note_used(&mut self, stream: StreamId) -> bool {
        let news = self.noted != Some(stream);
        if news {
            self.noted = Some(stream);
            self.used.insert(stream);
        }
        news
    }

    /// Streams that we have used since we reset them last.
    pub(super) fn used(&self) -> impl ExactSizeIterator<Item = StreamId> + '_ {
        self.used.iter().copied()
    }

    /// We reset a stream.
    pub(super) fn forget(&mut self, stream: StreamId) {
        self.used.remove(&stream);
        self.noted = None;
    }

    /// Everything on these streams was sent, the last of it at these positions.
    pub(super) fn on_drained(&mut self, streams: impl IntoIterator<Item = (u64, StreamId)>) {
        self.waiting.extend(streams);
    }

    /// Whether a stream's reset is so far that the peer may have seen its end.
    pub(super) fn is_requested(&self, stream: StreamId) -> bool {
        let request = self.request.as_ref();
        request.is_some_and(|request| request.streams.contains(&stream))
    }

    /// Makes a request for the streams whose data was acknowledged, up to the position `cumulative`.
    /// Waiting for that costs little and is what receivers without deferred resets need. `last_tsn`
    /// is the last that was sent; `peer_resets` says that the peer knows resets at all.
    pub(super) fn advance(
        &mut self,
        cumulative: u64,
        last_tsn: Tsn,
        peer_resets: bool,
    ) -> ResetStep {
        if self.request.is_some() {
            return ResetStep::Wait;
        }
        let mut streams = Vec::new();
        while streams.len() < MAX_STREAMS
            && let Some(&(last, stream)) = self.waiting.first()
            && last <= cumulative
        {
            work::add(1);
            self.waiting.pop_first();
            streams.push(stream);
        }
        if streams.is_empty() {
            return ResetStep::Wait;
        }
        if !peer_resets {
            // The peer cannot be told; numbers go on.
            return ResetStep::Finish {
                streams,
                renumber: false,
            };
        }
        let number = self.next_number;
        self.next_number = RequestSn(number.0.wrapping_add(1));
        self.request = Some(Request {
            number,
            last_tsn,
            streams,
        });
        self.ask()
    }

    /// The request in flight, as it was (RFC 6525 section 5.1.1).
    pub(super) fn ask(&self) -> ResetStep {
        let Some(request) = &self.request else {
            return ResetStep::Wait;
        };
        let mut params = Vec::new();
        write_outgoing(
            &mut params,
            request.number,
            RequestSn::of(self.last_handled),
            request.last_tsn,
            &request.streams,
        );
        ResetStep::Ask(params)
    }

    /// The peer has answered a request.
    pub(super) fn on_response(&mut self, number: RequestSn, result: u32) -> ResetStep {
        let Some(request) = self.request.take_if(|request| request.number == number) else {
            return ResetStep::Drop;
        };
        if result == outcome::IN_PROGRESS {
            // The timer, which is still running, asks again.
            self.request = Some(request);
            return ResetStep::Wait;
        }
        ResetStep::Finish {
            streams: request.streams,
            // Refused: our numbers go on, but the stream is ours again.
            renumber: matches!(result, outcome::PERFORMED | outcome::NOTHING_TO_DO),
        }
    }

    /// Checks the number of a request of the peer's (RFC 6525 section 5.2.1). The error is what to
    /// answer without looking at it.
    pub(super) fn check(&mut self, number: RequestSn) -> Result<(), u32> {
        let position = number.near(self.last_handled);
        let again = position == self.last_handled;
        let in_progress = self.last_outcome == outcome::IN_PROGRESS;
        if again && !in_progress {
            return Err(self.last_outcome);
        }
        if !again && position != self.last_handled + 1 {
            return Err(outcome::BAD_SEQUENCE);
        }
        // RFC 6525 has a request that is in progress repeated as it was; libwebrtc gave it a new
        // number for years. Either way it is looked at afresh.
        self.last_handled = position;
        Ok(())
    }

    /// What the request that was checked last is answered.
    pub(super) const fn on_answered(&mut self, outcome: u32) {
        self.last_outcome = outcome;
    }

    /// The peer resets streams after the data up to the position `last` (RFC 6525 section 5.2.2).
    pub(super) fn on_outgoing(
        &mut self,
        number: RequestSn,
        last: u64,
        cumulative: u64,
        streams: Vec<StreamId>,
    ) -> PeerReset {
        self.deferred = None;
        if last > cumulative {
            self.deferred = Some(Deferred {
                number,
                last,
                streams,
            });
            return PeerReset::Wait;
        }
        // The same under a new number, as the answer to the old one was not waited for.
        let reset = (last, streams);
        if self.completed.take().as_ref() == Some(&reset) {
            return PeerReset::Done;
        }
        self.noted = None;
        PeerReset::Perform(reset.1)
    }

    /// A reset of the peer's that has waited for data, once that is there: its request, which is
    /// to be answered, and its streams.
    pub(super) fn take_ready(&mut self, cumulative: u64) -> Option<(RequestSn, Vec<StreamId>)> {
        let ready = self
            .deferred
            .take_if(|deferred| deferred.last <= cumulative)?;
        self.completed = Some((ready.last, ready.streams.clone()));
        self.noted = None;
        self.last_outcome = outcome::PERFORMED;
        Some((ready.number, ready.streams))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamId = StreamId(3);
    const SENT: Tsn = Tsn(99);

    fn resets() -> Resets {
        let mut resets = Resets::new(Tsn(50));
        resets.start(Tsn(50), Tsn(70));
        resets
    }

    #[test]
    fn a_request_waits_for_acknowledgements_and_for_the_answer_to_the_one_before() {
        let mut resets = resets();
        resets.on_drained([(10, STREAM), (20, StreamId(4))]);
        assert_eq!(resets.advance(9, SENT, true), ResetStep::Wait);
        assert!(matches!(resets.advance(10, SENT, true), ResetStep::Ask(_)));
        assert!(resets.is_requested(STREAM) && !resets.is_requested(StreamId(4)));
        assert_eq!(resets.advance(20, SENT, true), ResetStep::Wait);
        let performed = resets.on_response(RequestSn(50), outcome::PERFORMED);
        let finish = ResetStep::Finish {
            streams: vec![STREAM],
            renumber: true,
        };
        assert_eq!(performed, finish);
        assert!(matches!(resets.advance(20, SENT, true), ResetStep::Ask(_)));
        // An answer to the first comes twice.
        let again = resets.on_response(RequestSn(50), outcome::PERFORMED);
        assert_eq!(again, ResetStep::Drop);
    }

    #[test]
    fn a_request_in_progress_is_repeated_as_it_was() {
        let mut resets = resets();
        resets.on_drained([(10, STREAM)]);
        let asked = resets.advance(10, SENT, true);
        let progress = resets.on_response(RequestSn(50), outcome::IN_PROGRESS);
        assert_eq!(progress, ResetStep::Wait);
        assert_eq!(resets.ask(), asked);
    }

    #[test]
    fn a_peer_that_knows_no_resets_is_not_asked() {
        let mut resets = resets();
        resets.on_drained([(10, STREAM)]);
        let finish = ResetStep::Finish {
            streams: vec![STREAM],
            renumber: false,
        };
        assert_eq!(resets.advance(10, SENT, false), finish);
        assert_eq!(resets.ask(), ResetStep::Wait);
    }

    #[test]
    fn a_deferred_reset_is_performed_once_under_whatever_number_it_comes() {
        let mut resets = resets();
        let streams = vec![STREAM];
        assert_eq!(resets.check(RequestSn(70)), Ok(()));
        let late = resets.on_outgoing(RequestSn(70), 30, 29, streams.clone());
        assert_eq!(late, PeerReset::Wait);
        resets.on_answered(outcome::IN_PROGRESS);
        assert_eq!(resets.take_ready(29), None);
        let ready = resets.take_ready(30);
        assert_eq!(ready, Some((RequestSn(70), streams.clone())));
        assert_eq!(resets.check(RequestSn(70)), Err(outcome::PERFORMED));
        assert_eq!(resets.check(RequestSn(72)), Err(outcome::BAD_SEQUENCE));
        assert_eq!(resets.check(RequestSn(71)), Ok(()));
        let same = resets.on_outgoing(RequestSn(71), 30, 30, streams.clone());
        assert_eq!(same, PeerReset::Done);
        // Once more it is a reset of what came since.
        let another = resets.on_outgoing(RequestSn(72), 30, 30, streams.clone());
        assert_eq!(another, PeerReset::Perform(streams));
    }
}
