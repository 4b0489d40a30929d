//! One stream that we send on: its messages, numbers and settings.

use std::collections::VecDeque;

use bytes::Bytes;

use super::outstanding::Limits;
use crate::sctp::message::{Event, OutgoingMessage, StreamId};
use crate::sctp::num::Fsn;
use crate::sctp::packet::data::{DataHeader, FLAG_BEGIN, FLAG_UNORDERED};

/// A stream's weight unless the application sets another (RFC 8831 section 6.4, "normal").
const DEFAULT_WEIGHT: u16 = 256;
/// Most messages that wait for the end of one stream's reset.
pub(super) const MAX_HELD: usize = 4;

/// A message that waits, or its rest.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) data: Bytes,
    /// Bytes sent, and the position of the last fragment of them.
    pub(super) sent: usize,
    pub(super) last: Option<u64>,
    pub(super) next_fsn: u32,
    pub(super) sequence: Option<u32>,
    pub(super) ppid: u32,
    pub(super) ordered: bool,
    pub(super) control: bool,
    pub(super) limits: Limits,
}

/// Whether a stream takes messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StreamPhase {
    /// Yes.
    #[default]
    Open,
    /// No: it is being reset.
    Resetting,
}

/// A stream that we send on.
#[derive(Debug)]
pub(super) struct OutStream {
    pub(super) queue: VecDeque<Pending>,
    pub(super) phase: StreamPhase,
    pub(super) next_ordered: u32,
    pub(super) next_unordered: u32,
    /// Bytes of the application's, without control messages.
    pub(super) buffered: usize,
    pub(super) low_threshold: usize,
    pub(super) low_announced: bool,
    pub(super) weight: u16,
    pub(super) virtual_time: u64,
    /// Position of the last TSN sent on the stream.
    pub(super) last_tsn: Option<u64>,
    /// Messages that wait for the end of a reset.
    pub(super) held: Vec<OutgoingMessage>,
}

impl Default for OutStream {
    fn default() -> Self {
        Self {
            queue: VecDeque::new(),
            phase: StreamPhase::Open,
            next_ordered: 0,
            next_unordered: 0,
            buffered: 0,
            low_threshold: 0,
            low_announced: false,
            weight: DEFAULT_WEIGHT,
            virtual_time: 0,
            last_tsn: None,
            held: Vec::new(),
        }
    }
}

impl OutStream {
    /// Whether nothing needs to be remembered of it but how hard it competed.
    pub(super) fn is_fresh(&self) -> bool {
        self.queue.is_empty()
            && self.next_ordered == 0
            && self.next_unordered == 0
            && self.low_threshold == 0
            && !self.low_announced
    }

    /// Whether it is being reset and has nothing left to send.
    pub(super) fn is_drained(&self) -> bool {
        self.phase == StreamPhase::Resetting && self.queue.is_empty()
    }

    /// Takes bytes off the buffered amount; true if it fell to the threshold from above.
    pub(super) const fn unbuffer(&mut self, bytes: usize) -> bool {
        let before = self.buffered;
        self.buffered = before.saturating_sub(bytes);
        before > self.low_threshold && self.buffered <= self.low_threshold
    }
}

pub(super) fn take_sequence(
    next_ordered: &mut u32,
    next_unordered: &mut u32,
    interleaved: bool,
    ordered: bool,
) -> u32 {
    // RFC 9260 section 3.3.1: the SSN of an unordered DATA chunk is ignored. RFC 8260 section
    // 2.1: the MIDs of unordered messages are counted apart.
    let next = match (interleaved, ordered) {
        (_, true) => next_ordered,
        (true, false) => next_unordered,
        (false, false) => return 0,
    };
    let sequence = *next;
    *next = next.wrapping_add(1);
    if interleaved {
        sequence
    } else {
        sequence & 0xffff
    }
}

pub(super) const fn header_of(
    pending: &Pending,
    stream: StreamId,
    sequence: u32,
    interleaved: bool,
) -> DataHeader {
    let begins = pending.sent == 0;
    let mut flags = 0;
    if begins {
        flags |= FLAG_BEGIN;
    }
    if !pending.ordered {
        flags |= FLAG_UNORDERED;
    }
    DataHeader {
        stream,
        sequence,
        fsn: Fsn(if interleaved { pending.next_fsn } else { 0 }),
        ppid: pending.ppid,
        flags,
    }
}

pub(super) fn announce_low(stream: StreamId, entry: &mut OutStream, events: &mut VecDeque<Event>) {
    if !entry.low_announced {
        entry.low_announced = true;
        events.push_back(Event::BufferedAmountLow(stream));
    }
}
