//! Messages that wait to be sent, by stream, and which stream is next.
//!
//! With DATA, streams take turns message by message, since the fragments of a message have
//! consecutive TSNs. With I-DATA they share by weight, fragment by fragment (weighted fair
//! queueing, RFC 8260 section 3.6).

use std::collections::{BTreeMap, VecDeque};

use bytes::{Buf, Bytes};

use super::out_stream::{
    MAX_HELD, OutStream, Pending, StreamPhase, announce_low, header_of, take_sequence,
};
use super::outstanding::Limits;
use super::ready::Ready;
use crate::sctp::message::{Event, OutgoingMessage, Reliability, StreamId};
use crate::sctp::packet::data::{DataHeader, FLAG_END, header_len};
use crate::time::Time;
use crate::work;

/// No fragment smaller than this only to fill a packet.
const MIN_FRAGMENT: usize = 64;

/// A message of this size fits in one packet of any path, with headers (RFC 9260 section 6.9 on the
/// smallest path MTU, less DTLS).
const MIN_FULL: usize = 400;

/// Empty queues that are kept, of no more places than this.
const MAX_SPARE: usize = 16;

/// A fragment taken from the queue.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) header: DataHeader,
    pub(crate) payload: Bytes,
    /// Position of the fragment of the same message before it.
    pub(crate) previous: Option<u64>,
    pub(crate) limits: Limits,
}

/// Room in the packet that is being filled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Bytes left for a chunk.
    pub(crate) left: usize,
    /// Bytes for chunks in an empty packet.
    pub(crate) full: usize,
}

/// The send queue of an association.
#[derive(Debug)]
pub(crate) struct SendQueue {
    /// Boxed, since a map that grows keeps half of its places free.
    streams: BTreeMap<StreamId, Box<OutStream>>,
    /// Empty queues for the next streams that have something to send.
    spare: Vec<VecDeque<Pending>>,
    /// Streams with messages beside the current one, by virtual time.
    ready: Ready,
    current: Option<StreamId>,
    /// Virtual time of the last fragment sent.
    clock: u64,
    queued: usize,
    /// Streams that are being reset and have nothing left to send, since this was last taken.
    drained: Vec<StreamId>,
    /// A message with a lifetime was queued since the queue was empty last.
    may_expire: bool,
    /// Bytes of the messages that were begun and are not finished, in whole.
    begun: usize,
    pub(crate) interleaved: bool,
    /// Most bytes of messages begun and not finished, so that a peer's window, filled by
    /// incomplete messages of many streams, cannot block all of them for ever.
    pub(crate) max_begun: usize,
}

impl SendQueue {
    pub(crate) const fn new() -> Self {
        Self {
            streams: BTreeMap::new(),
            spare: Vec::new(),
            ready: Ready::new(),
            current: None,
            clock: 0,
            queued: 0,
            drained: Vec::new(),
            may_expire: false,
            begun: 0,
            interleaved: false,
            max_begun: usize::MAX,
        }
    }

    /// Bytes that wait, control messages included.
    pub(crate) const fn queued(&self) -> usize {
        self.queued
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.queued == 0
    }

    pub(crate) fn buffered_amount(&self, stream: StreamId) -> usize {
        self.streams.get(&stream).map_or(0, |entry| entry.buffered)
    }

    fn stream(&mut self, stream: StreamId) -> &mut OutStream {
        self.streams.entry(stream).or_default()
    }

    pub(crate) fn set_low_threshold(&mut self, stream: StreamId, bytes: usize) {
        // The usual threshold needs no entry, which a stream's last setting would leave behind.
        if bytes > 0 || self.streams.contains_key(&stream) {
            self.stream(stream).low_threshold = bytes;
        }
    }

    pub(crate) fn set_weight(&mut self, stream: StreamId, weight: u16) {
        self.stream(stream).weight = weight.max(1);
    }

    pub(crate) fn phase(&self, stream: StreamId) -> StreamPhase {
        self.streams
            .get(&stream)
            .map_or_else(StreamPhase::default, |entry| entry.phase)
    }

    pub(crate) fn begin_reset(&mut self, stream: StreamId) {
        let entry = self.stream(stream);
        entry.phase = StreamPhase::Resetting;
        if entry.queue.is_empty() {
            self.drained.push(stream);
        }
    }

    /// Takes the streams that are being reset and have nothing left to send, with the position of
    /// their last TSN.
    pub(crate) fn take_drained(&mut self) -> impl Iterator<Item = (u64, StreamId)> + '_ {
        let last = |stream| self.streams.get(&stream)?.last_tsn;
        std::mem::take(&mut self.drained)
            .into_iter()
            .map(move |stream| (last(stream).unwrap_or(0), stream))
    }

    /// The stream takes messages again, and those that were held back come first. With nothing to
    /// remember of it, it is as one that was never used.
    pub(crate) fn end_reset(&mut self, now: Time, stream: StreamId) {
        let entry = self.stream(stream);
        entry.phase = StreamPhase::Open;
        let held = std::mem::take(&mut entry.held);
        if held.is_empty() && entry.is_fresh() {
            self.streams.remove(&stream);
            self.current.take_if(|current| *current == stream);
        }
        for message in held {
            self.push(now, stream, message);
        }
    }

    /// Keeps a message until the stream's reset has ended; false if too many wait already.
    pub(crate) fn hold(&mut self, stream: StreamId, message: OutgoingMessage) -> bool {
        let entry = self.stream(stream);
        if entry.held.len() >= MAX_HELD {
            return false;
        }
        entry.held.push(message);
        true
    }

    pub(crate) fn set_last_tsn(&mut self, stream: StreamId, position: u64) {
        self.stream(stream).last_tsn = Some(position);
    }

    /// RFC 6525 section 5.2.7: numbers start again at zero.
    pub(crate) fn renumber(&mut self, stream: StreamId) {
        let entry = self.stream(stream);
        entry.next_ordered = 0;
        entry.next_unordered = 0;
    }

    /// The application took the event about a stream's buffered amount.
    pub(crate) fn on_low_announced(&mut self, stream: StreamId) {
        if let Some(entry) = self.streams.get_mut(&stream) {
            entry.low_announced = false;
        }
    }

    pub(crate) fn push(&mut self, now: Time, stream: StreamId, message: OutgoingMessage) {
        self.queued += message.data.len();
        let clock = self.clock;
        let current = self.current;
        let entry = self.streams.entry(stream).or_default();
        if !message.control {
            entry.buffered += message.data.len();
        }
        let limits = match message.reliability {
            Reliability::Reliable => Limits::default(),
            Reliability::MaxRetransmits(most) => Limits {
                retransmits: Some(most),
                expires: None,
            },
            Reliability::MaxLifetime(lifetime) => Limits {
                retransmits: None,
                expires: Some(now + lifetime),
            },
        };
        let idle = entry.queue.is_empty();
        if entry.queue.capacity() == 0 {
            // Room for one, as most streams of many have at most one message waiting.
            let spare = self.spare.pop();
            entry.queue = spare.unwrap_or_else(|| VecDeque::with_capacity(1));
        }
        let expires = limits.expires.is_some();
        entry.queue.push_back(Pending {
            data: message.data,
            sent: 0,
            last: None,
            next_fsn: 0,
            sequence: None,
            ppid: message.ppid,
            ordered: message.ordered,
            control: message.control,
            limits,
        });
        if idle && current != Some(stream) {
            entry.virtual_time = entry.virtual_time.max(clock);
            let key = (entry.virtual_time, stream);
            self.ready.insert(key, false);
        }
        self.may_expire |= expires;
    }

    /// Makes the stream whose turn it is the current one.
    fn select(&mut self) -> Option<StreamId> {
        if let Some(current) = self.current {
            debug_assert!(self.streams.contains_key(&current), "{current:?} is gone");
            let entry = self.streams.get(&current)?;
            let front = entry.queue.front();
            let stays = match front {
                None => false,
                // DATA: one message at a time.
                Some(pending) if !self.interleaved && pending.sent > 0 => true,
                Some(_) => self
                    .ready
                    .first()
                    .is_none_or(|first| (entry.virtual_time, current) <= *first),
            };
            if stays {
                return Some(current);
            }
            if let Some(front) = front {
                let turn = (entry.virtual_time, current);
                self.ready.insert(turn, front.sent > 0);
            }
            self.current = None;
        }
        let (virtual_time, stream) = self.ready.pop_first()?;
        self.clock = self.clock.max(virtual_time);
        self.current = Some(stream);
        Some(stream)
    }

    /// The current stream's turn if it may begin or go on; otherwise one that is under way. A
    /// message that fits in one fragment may always begin, since it is never incomplete.
    fn select_allowed(&mut self) -> Option<StreamId> {
        let stream = self.select()?;
        if !self.interleaved || self.begun == 0 {
            return Some(stream);
        }
        let entry = self.streams.get(&stream)?;
        let front = entry.queue.front()?;
        let len = front.data.len();
        if front.sent > 0 || len <= MIN_FULL || self.begun + len <= self.max_begun {
            return Some(stream);
        }
        let (_, other) = self.ready.pop_under_way()?;
        self.ready.insert((entry.virtual_time, stream), false);
        self.current = Some(other);
        self.current
    }

    /// The message that goes next.
    fn front_allowed(&mut self) -> Option<&Pending> {
        // Nearly always one stream alone has something to send.
        let alone = self.ready.is_empty() && (self.begun == 0 || !self.interleaved);
        let stream = match self.current {
            Some(current) if alone => current,
            _ => self.select_allowed()?,
        };
        self.streams.get(&stream)?.queue.front()
    }

    /// Length of the next fragment that fits, if any.
    pub(crate) fn peek(&mut self, room: Room) -> Option<usize> {
        let header = header_len(self.interleaved);
        let left = (room.left & !3).checked_sub(header)?;
        let full = (room.full & !3).checked_sub(header)?;
        let front = self.front_allowed()?;
        let rest = front.data.len() - front.sent;
        if rest <= left {
            return Some(rest);
        }
        // A message that fits a packet of its own is not cut to fill this one.
        let may_cut = front.sent > 0 || rest > full;
        (left >= full || (may_cut && left >= MIN_FRAGMENT)).then_some(left)
    }

    /// Takes a fragment of the length that [`Self::peek`] gave, to be sent at `position`.
    #[inline]
    pub(crate) fn take(
        &mut self,
        len: usize,
        position: u64,
        events: &mut VecDeque<Event>,
    ) -> Option<Fragment> {
        let stream = self.current?;
        let interleaved = self.interleaved;
        let entry = self.streams.get_mut(&stream)?;
        let front = entry.queue.front_mut()?;
        let sequence = match front.sequence {
            Some(sequence) => sequence,
            None => {
                let sequence = take_sequence(
                    &mut entry.next_ordered,
                    &mut entry.next_unordered,
                    interleaved,
                    front.ordered,
                );
                front.sequence = Some(sequence);
                self.begun += front.data.len();
                sequence
            }
        };
        let mut header = header_of(front, stream, sequence, interleaved);
        let whole = front.data.len();
        let range = front.sent..front.sent + len;
        let ends = range.end == whole;
        let payload = if ends {
            // The reference itself, which costs less than another one.
            let mut data = std::mem::take(&mut front.data);
            data.advance(range.start);
            data
        } else {
            front.data.slice(range)
        };
        front.sent += len;
        front.next_fsn += 1;
        let previous = front.last.replace(position);
        let limits = front.limits;
        let counted = if front.control { 0 } else { len };
        entry.virtual_time += if interleaved {
            // In units of 1/256 byte at the default weight.
            (len as u64) * 65_536 / u64::from(entry.weight)
        } else {
            u64::from(ends)
        };
        if ends {
            header.flags |= FLAG_END;
            self.begun = self.begun.saturating_sub(whole);
            entry.last_tsn = Some(position);
            entry.queue.pop_front();
            if entry.is_drained() {
                self.drained.push(stream);
            }
            release(entry, &mut self.spare);
        }
        self.queued -= len;
        if entry.unbuffer(counted) {
            announce_low(stream, entry, events);
        }
        Some(Fragment {
            header,
            payload,
            previous,
            limits,
        })
    }

    /// Drops messages at the front of the stream whose turn it is that have outlived their
    /// lifetime and were not begun, and gives their number.
    #[inline]
    pub(crate) fn expire(&mut self, now: Time, events: &mut VecDeque<Event>) -> u64 {
        self.may_expire &= !self.is_empty();
        if !self.may_expire {
            return 0;
        }
        self.drop_expired(now, events)
    }

    fn drop_expired(&mut self, now: Time, events: &mut VecDeque<Event>) -> u64 {
        let mut dropped = 0;
        while let Some(stream) = self.select_allowed()
            && let Some(front) = self.streams.get(&stream).and_then(|s| s.queue.front())
            && front.sent == 0
            && front.limits.expired(now)
        {
            self.drop_front(stream, None, events);
            dropped += 1;
        }
        dropped
    }

    /// Drops the first message of a stream if it is the one of which `last` is the last position
    /// sent so far; if it was begun, returns the header of a chunk that would end it.
    pub(crate) fn drop_front(
        &mut self,
        stream: StreamId,
        last: Option<u64>,
        events: &mut VecDeque<Event>,
    ) -> Option<DataHeader> {
        let interleaved = self.interleaved;
        let entry = self.streams.get_mut(&stream)?;
        if entry.queue.front()?.last != last {
            return None;
        }
        let front = entry.queue.pop_front()?;
        let rest = front.data.len() - front.sent;
        self.queued -= rest;
        if front.sequence.is_some() {
            self.begun = self.begun.saturating_sub(front.data.len());
        }
        let counted = if front.control { 0 } else { rest };
        if entry.unbuffer(counted) {
            announce_low(stream, entry, events);
        }
        if entry.is_drained() {
            self.drained.push(stream);
        }
        if self.current != Some(stream) {
            let turn = (entry.virtual_time, stream);
            self.ready.remove(&turn);
            // Of the next message nothing was sent.
            if !entry.queue.is_empty() {
                self.ready.insert(turn, false);
            }
        }
        release(entry, &mut self.spare);
        let sequence = front.sequence?;
        let mut header = header_of(&front, stream, sequence, interleaved);
        header.flags |= FLAG_END;
        Some(header)
    }

    /// Drops what was queued on streams that the peer turned out not to accept.
    pub(crate) fn limit_streams(&mut self, limit: u16) {
        for (stream, entry) in self.streams.split_off(&StreamId(limit)) {
            work::add(1 + entry.queue.len());
            self.ready.remove(&(entry.virtual_time, stream));
            let rest = |pending: &Pending| pending.data.len() - pending.sent;
            self.queued -= entry.queue.iter().map(rest).sum::<usize>();
            if self.current == Some(stream) {
                self.current = None;
            }
        }
    }

    /// Forgets everything, as after a restart of the peer, which no channel outlives. So a peer that
    /// starts over again and again finds nothing left to forget.
    pub(crate) fn clear(&mut self) {
        work::add(self.streams.len());
        self.streams.retain(|_, entry| {
            **entry = OutStream {
                low_announced: entry.low_announced,
                ..OutStream::default()
            };
            entry.low_announced
        });
        self.ready.clear();
        self.drained.clear();
        self.current = None;
        self.queued = 0;
        self.begun = 0;
    }
}

/// Takes a stream's empty queue back: most streams have nothing to send most of the time.
fn release(entry: &mut OutStream, spare: &mut Vec<VecDeque<Pending>>) {
    if entry.queue.is_empty() {
        let queue = std::mem::take(&mut entry.queue);
        if queue.capacity() <= MAX_SPARE && spare.len() < MAX_SPARE {
            spare.push(queue);
        }
    }
}
