//! One stream that the peer sends on: order, messages ready to be read.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::runs::{Inserted, Runs};
use super::window::{MESSAGE_OVERHEAD, Usage};
use crate::sctp::message::IncomingMessage;
use crate::sctp::num::{EPOCH, Mid, Ssn};
use crate::sctp::packet::data::DataChunk;

/// Which numbering an incomplete message belongs to: whether it is unordered, and the position of
/// its MID, which is 0 for DATA, where TSNs number the fragments of all messages of the stream.
type PartialKey = (bool, u64);

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is kept or delivered.
    Kept,
    /// It contradicts what arrived before.
    Invalid,
    /// Its message is larger than allowed.
    TooLarge,
}

/// A stream of the peer's.
#[derive(Debug)]
pub(crate) struct InStream {
    /// Position of the SSN or MID that is delivered next.
    next: u64,
    partial: BTreeMap<PartialKey, Runs>,
    /// Complete messages that wait for one before them.
    waiting: BTreeMap<u64, IncomingMessage>,
    ready: VecDeque<IncomingMessage>,
    /// Position of the last unordered message (I-DATA) that the sender gave up. A fragment of it
    /// that comes later would wait for ever.
    skipped_unordered: Option<u64>,
    /// An event about this stream is on its way to the application.
    pub(crate) announced: bool,
}

impl InStream {
    pub(crate) fn new() -> Self {
        Self {
            next: EPOCH,
            partial: BTreeMap::new(),
            waiting: BTreeMap::new(),
            ready: VecDeque::new(),
            skipped_unordered: None,
            announced: false,
        }
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn front(&self) -> Option<&IncomingMessage> {
        self.ready.front()
    }

    pub(crate) fn pop(&mut self, usage: &mut Usage) -> Option<IncomingMessage> {
        let message = self.ready.pop_front()?;
        usage.remove(message.data.len() + MESSAGE_OVERHEAD);
        Some(message)
    }

    /// Takes in a chunk whose TSN is at `tsn_position`.
    pub(crate) fn insert(
        &mut self,
        interleaved: bool,
        tsn_position: u64,
        chunk: &DataChunk<'_>,
        max_message: usize,
        usage: &mut Usage,
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
        if interleaved
            && unordered
            && self
                .skipped_unordered
                .is_some_and(|skipped| Mid(header.sequence).near(skipped) <= skipped)
        {
            return Taken::Invalid;
        }
        if header.begins() && header.ends() {
            if chunk.payload.len() > max_message {
                return Taken::TooLarge;
            }
            usage.add(chunk.payload.len() + MESSAGE_OVERHEAD);
            let message = IncomingMessage {
                ppid: header.ppid,
                data: Bytes::copy_from_slice(chunk.payload),
            };
            return self.deliver(unordered, sequence, message, usage);
        }
        let (key, position) = if interleaved {
            ((unordered, sequence), u64::from(header.fsn.0))
        } else {
            ((unordered, 0), tsn_position)
        };
        let runs = self.partial.entry(key).or_default();
        match runs.insert(position, &header, chunk.payload, max_message, usage) {
            Inserted::Partial if interleaved && runs.len_exceeds(max_message) => Taken::TooLarge,
            Inserted::Partial => Taken::Kept,
            Inserted::Complete(message, number) => {
                if interleaved {
                    // Fragments behind the end of a message can only be a peer's mistake.
                    runs.discard_through(u64::MAX, usage);
                    self.partial.remove(&key);
                }
                let sequence = self.sequence(interleaved, unordered, number);
                self.deliver(unordered, sequence, message, usage)
            }
            Inserted::Invalid => Taken::Invalid,
            Inserted::TooLarge => Taken::TooLarge,
        }
    }

    const fn sequence(&self, interleaved: bool, unordered: bool, number: u32) -> u64 {
        match (interleaved, unordered) {
            (true, true) => number as u64,
            (true, false) => Mid(number).near(self.next),
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
        if unordered {
            self.ready.push_back(message);
        } else if sequence == self.next {
            self.next += 1;
            self.ready.push_back(message);
            if !self.waiting.is_empty() {
                self.deliver_waiting();
            }
        } else {
            let cost = message.data.len() + MESSAGE_OVERHEAD;
            if self.waiting.contains_key(&sequence) {
                usage.remove(cost);
                return Taken::Invalid;
            }
            self.waiting.insert(sequence, message);
        }
        usage.messages += 1;
        Taken::Kept
    }

    fn deliver_waiting(&mut self) {
        while let Some(message) = self.waiting.remove(&self.next) {
            self.ready.push_back(message);
            self.next += 1;
        }
    }

    /// RFC 3758 section 3.6: gives up fragments of DATA up to a TSN.
    pub(crate) fn discard_fragments(&mut self, tsn_position: u64, usage: &mut Usage) {
        for runs in self.partial.values_mut() {
            runs.discard_through(tsn_position, usage);
        }
        self.partial.retain(|_, runs| !runs.is_empty());
    }

    /// The sender gave up messages up to `number`: what waited for them is delivered.
    pub(crate) fn skip(
        &mut self,
        interleaved: bool,
        unordered: bool,
        number: u32,
        usage: &mut Usage,
    ) {
        let last = self.sequence(interleaved, unordered, number);
        if interleaved {
            let gone = |key: &PartialKey| key.0 == unordered && key.1 <= last;
            for (_, runs) in self.partial.iter_mut().filter(|(key, _)| gone(key)) {
                runs.discard_through(u64::MAX, usage);
            }
            self.partial.retain(|key, _| !gone(key));
        }
        if unordered && interleaved {
            self.skipped_unordered = Some(match self.skipped_unordered {
                Some(before) => before.max(Mid(number).near(before)),
                None => EPOCH + u64::from(number),
            });
        }
        if unordered || last < self.next {
            return;
        }
        self.next = last + 1;
        let later = self.waiting.split_off(&self.next);
        let due = std::mem::replace(&mut self.waiting, later);
        self.ready.extend(due.into_values());
        self.deliver_waiting();
    }

    /// RFC 6525 section 5.2.2: numbers start again at zero. What is complete is delivered first.
    pub(crate) fn reset(&mut self, usage: &mut Usage) {
        for runs in self.partial.values_mut() {
            runs.discard_through(u64::MAX, usage);
        }
        self.partial.clear();
        let waiting = std::mem::take(&mut self.waiting);
        self.ready.extend(waiting.into_values());
        self.next = EPOCH;
        self.skipped_unordered = None;
    }
}
