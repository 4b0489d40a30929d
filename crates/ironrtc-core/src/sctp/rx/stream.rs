//! One stream that the peer sends on: order, messages ready to be read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::runs::{Allowed, Fragment, Inserted, Numbering, Runs};
use super::window::{MESSAGE_OVERHEAD, STREAM_OVERHEAD, Usage};
use crate::sctp::message::IncomingMessage;
use crate::sctp::num::{EPOCH, MessageNo, Ssn};
use crate::sctp::packet::data::DataChunk;
use crate::sctp::packet::forward::Skip;
use crate::work;

/// Queues with more room than this are not kept for the next stream that needs some.
const MAX_SPARE: usize = 16;
/// A queue of messages gives room back from this size on.
const MIN_SHRINK: usize = 64;

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is kept or delivered.
    Kept,
    /// It contradicts what arrived before.
    Invalid,
    /// Its message is larger than allowed.
    TooLarge,
    /// The window is full; nothing has changed.
    NoRoom,
}

/// What the application reads from a stream.
#[derive(Debug)]
enum Item {
    Message(IncomingMessage),
    /// Here the peer reset the stream: what follows is of its next use.
    Reset,
}

/// What waits in a stream. Most streams of an association have nothing waiting.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    ready: VecDeque<Item>,
    /// Resets among what is ready.
    resets: usize,
    /// Complete messages that wait for one before them.
    waiting: BTreeMap<u64, IncomingMessage>,
}

/// A stream of the peer's.
#[derive(Debug)]
pub(crate) struct InStream {
    /// Position of the SSN or MID that is delivered next.
    next: u64,
    /// Position of the last unordered message (I-DATA) that the sender gave up, or 0. A fragment
    /// of it that comes later would wait for ever.
    skipped_unordered: u64,
    /// An event about this stream is on its way to the application.
    pub(crate) announced: bool,
    /// The peer has sent on it since it was reset last.
    pub(crate) used: bool,
    queues: Option<Box<Queues>>,
}

impl InStream {
    pub(crate) fn new() -> Self {
        Self {
            next: EPOCH,
            skipped_unordered: 0,
            announced: false,
            used: false,
            queues: None,
        }
    }

    /// Whether it is as a stream that was never used.
    pub(crate) fn is_fresh(&self) -> bool {
        self.queues.is_none() && !self.used && !self.announced
    }

    pub(crate) fn front(&self) -> Option<&IncomingMessage> {
        match self.queues.as_ref()?.ready.front()? {
            Item::Message(message) => Some(message),
            Item::Reset => None,
        }
    }

    pub(crate) fn pop(&mut self, usage: &mut Usage) -> Option<IncomingMessage> {
        let queues = self.queues.as_mut()?;
        let message = match queues.ready.pop_front()? {
            Item::Message(message) => message,
            Item::Reset => {
                queues.ready.push_front(Item::Reset);
                return None;
            }
        };
        usage.remove(message.data.len() + MESSAGE_OVERHEAD);
        // The window is charged by the message, so a long queue gives back what it had grown to.
        let (len, capacity) = (queues.ready.len(), queues.ready.capacity());
        if len == 0 && queues.waiting.is_empty() {
            self.release(usage);
        } else if capacity >= MIN_SHRINK && len < capacity / 4 {
            work::add(len);
            queues.ready.shrink_to(capacity / 2);
        }
        Some(message)
    }

    /// Whether the peer has reset the stream behind what is to be read.
    pub(crate) fn has_reset(&self) -> bool {
        self.queues.as_ref().is_some_and(|queues| queues.resets > 0)
    }

    /// Goes over the peer's reset, if that is next; true if it was.
    pub(crate) fn pop_reset(&mut self, usage: &mut Usage) -> bool {
        let Some(queues) = &mut self.queues else {
            return false;
        };
        if !matches!(queues.ready.front(), Some(Item::Reset)) {
            return false;
        }
        queues.ready.pop_front();
        queues.resets -= 1;
        usage.remove(MESSAGE_OVERHEAD);
        self.release(usage);
        true
    }

    fn queues(&mut self, usage: &mut Usage) -> &mut Queues {
        self.queues.get_or_insert_with(|| {
            usage.add(STREAM_OVERHEAD);
            usage.spare.pop().unwrap_or_default()
        })
    }

    /// Gives the queues back once they are empty.
    fn release(&mut self, usage: &mut Usage) {
        let empty = |queues: &mut Box<Queues>| queues.ready.is_empty() && queues.waiting.is_empty();
        if let Some(queues) = self.queues.take_if(empty) {
            usage.remove(STREAM_OVERHEAD);
            if queues.ready.capacity() <= MAX_SPARE && usage.spare.len() < MAX_SPARE {
                usage.spare.push(queues);
            }
        }
    }

    /// Takes in a chunk whose TSN is at `tsn_position`.
    pub(crate) fn insert(
        &mut self,
        interleaved: bool,
        tsn_position: u64,
        chunk: &DataChunk<'_>,
        allowed: Allowed,
        (runs, usage): (&mut Runs, &mut Usage),
    ) -> Taken {
        let mut header = chunk.header;
        let unordered = header.unordered();
        if unordered && !interleaved {
            // RFC 9260 section 3.3.1: the SSN of an unordered chunk is ignored.
            header.sequence = 0;
        }
        let sequence = self.sequence(interleaved, unordered, header.sequence);
        if !unordered && sequence < self.next {
            return Taken::Invalid;
        }
        let skipped = self.skipped_unordered;
        if interleaved
            && unordered
            && skipped > 0
            && MessageNo(header.sequence).near(skipped) <= skipped
        {
            return Taken::Invalid;
        }
        if header.begins() && header.ends() {
            if chunk.payload.len() > allowed.max_message {
                return Taken::TooLarge;
            }
            if chunk.payload.len() + MESSAGE_OVERHEAD + STREAM_OVERHEAD > allowed.room {
                return Taken::NoRoom;
            }
            let message = IncomingMessage {
                ppid: header.ppid,
                data: Bytes::copy_from_slice(chunk.payload),
            };
            return self.deliver(unordered, sequence, message, usage);
        }
        let (numbering, position) = if interleaved {
            let numbering = Numbering::of(header.stream, unordered, sequence);
            (numbering, u64::from(header.fsn.0))
        } else {
            (Numbering::TSN, tsn_position)
        };
        let fragment = Fragment {
            numbering,
            position,
            header,
            payload: chunk.payload,
        };
        match runs.insert(&fragment, allowed, usage) {
            Inserted::Partial => Taken::Kept,
            Inserted::Complete(message, number) => {
                if interleaved {
                    // Fragments behind the end of a message can only be a peer's mistake.
                    runs.discard_message(numbering, usage);
                }
                let sequence = self.sequence(interleaved, unordered, number);
                self.deliver(unordered, sequence, message, usage)
            }
            Inserted::Invalid => Taken::Invalid,
            Inserted::TooLarge => Taken::TooLarge,
            Inserted::NoRoom => Taken::NoRoom,
        }
    }

    const fn sequence(&self, interleaved: bool, unordered: bool, number: u32) -> u64 {
        match (interleaved, unordered) {
            (true, true) => number as u64,
            (true, false) => MessageNo(number).near(self.next),
            (false, _) => Ssn(number as u16).near(self.next),
        }
    }

    fn deliver(
        &mut self,
        unordered: bool,
        sequence: u64,
        message: IncomingMessage,
        usage: &mut Usage,
    ) -> Taken {
        let cost = message.data.len() + MESSAGE_OVERHEAD;
        let next = self.next;
        let queues = self.queues(usage);
        if unordered {
            queues.ready.push_back(Item::Message(message));
        } else if sequence == next {
            queues.ready.push_back(Item::Message(message));
            let waits = !queues.waiting.is_empty();
            self.next += 1;
            if waits {
                self.deliver_waiting();
            }
        } else if let Entry::Vacant(entry) = queues.waiting.entry(sequence) {
            // If its sender has left a number out, it waits for ever, as with every other stack:
            // werift counts an empty message and sends nothing for it, instead of RFC 8831 section
            // 6.6's one byte.
            entry.insert(message);
        } else {
            return Taken::Invalid;
        }
        usage.add(cost);
        usage.messages += 1;
        Taken::Kept
    }

    fn deliver_waiting(&mut self) {
        let Some(queues) = &mut self.queues else {
            return;
        };
        while let Some(entry) = queues.waiting.first_entry()
            && *entry.key() == self.next
        {
            work::add(1);
            queues.ready.push_back(Item::Message(entry.remove()));
            self.next += 1;
        }
    }

    /// The sender gave up messages up to one: what waited for them is delivered.
    pub(crate) fn skip(
        &mut self,
        interleaved: bool,
        skip: &Skip,
        (runs, usage): (&mut Runs, &mut Usage),
    ) {
        let &Skip {
            stream,
            unordered,
            sequence: number,
        } = skip;
        let last = self.sequence(interleaved, unordered, number);
        if interleaved {
            runs.discard_messages(Numbering::of(stream, unordered, last), usage);
        }
        if unordered && interleaved {
            self.skipped_unordered = match self.skipped_unordered {
                0 => EPOCH + u64::from(number),
                before => before.max(MessageNo(number).near(before)),
            };
        }
        if unordered || last < self.next {
            return;
        }
        self.next = last + 1;
        if let Some(queues) = &mut self.queues {
            while let Some(entry) = queues.waiting.first_entry()
                && *entry.key() <= last
            {
                work::add(1);
                queues.ready.push_back(Item::Message(entry.remove()));
            }
        }
        self.deliver_waiting();
    }

    /// RFC 6525 section 5.2.2: numbers start again at zero. What is complete is delivered first.
    /// The fragments of incomplete messages are the caller's to discard.
    pub(crate) fn reset(&mut self, usage: &mut Usage) {
        let queues = self.queues(usage);
        for message in std::mem::take(&mut queues.waiting).into_values() {
            work::add(1);
            queues.ready.push_back(Item::Message(message));
        }
        if !matches!(queues.ready.back(), Some(Item::Reset)) {
            queues.ready.push_back(Item::Reset);
            queues.resets += 1;
            usage.add(MESSAGE_OVERHEAD);
        }
        self.next = EPOCH;
        self.skipped_unordered = 0;
        self.used = false;
    }

    /// The peer started over: as a reset, but what waits for a message before it is lost. False if
    /// nothing is left to be read.
    pub(crate) fn restart(&mut self, usage: &mut Usage) -> bool {
        if let Some(queues) = &mut self.queues {
            for message in std::mem::take(&mut queues.waiting).into_values() {
                usage.remove(message.data.len() + MESSAGE_OVERHEAD);
            }
        }
        self.release(usage);
        let unread = self.queues.is_some();
        if unread {
            self.reset(usage);
        }
        unread
    }
}
