//! Fragments on their way to becoming messages: runs of consecutive fragments.
//!
//! Fragments that arrive in order are appended to one buffer, which becomes the message without
//! another copy. Fragments out of order begin runs of their own, joined when the hole is filled.
//! The runs of all streams lie in one map in the order in which a peer gives them up, so that
//! giving up costs in proportion to what is given up, whatever else is incomplete.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;

use bytes::Bytes;

use super::window::{PART_OVERHEAD, RUN_OVERHEAD, Usage};
use crate::sctp::message::{IncomingMessage, StreamId};
use crate::sctp::packet::data::DataHeader;
use crate::work;

/// A message of so many bytes has no more than one in so many reserved in vain.
pub(crate) const MAX_SLACK: usize = 4;
/// Largest buffer that is added to a run.
const MAX_PART: usize = 64 * 1024;

/// Which numbering a fragment belongs to. Those of DATA are numbered by their TSNs, whatever the
/// stream; those of I-DATA within their message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Numbering {
    stream: StreamId,
    unordered: bool,
    message: u64,
}

impl Numbering {
    /// The TSNs.
    pub(crate) const TSN: Self = Self::of(StreamId(0), false, 0);

    /// The fragments of one message, whose MID is at this position.
    pub(crate) const fn of(stream: StreamId, unordered: bool, message: u64) -> Self {
        Self {
            stream,
            unordered,
            message,
        }
    }
}

type Key = (Numbering, u64);

/// A fragment that has arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fragment<'a> {
    pub(crate) numbering: Numbering,
    pub(crate) position: u64,
    pub(crate) header: DataHeader,
    pub(crate) payload: &'a [u8],
}

/// What may be kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed {
    pub(crate) max_message: usize,
    /// Bytes that the window has left.
    pub(crate) room: usize,
}

/// Consecutive fragments of one message.
#[derive(Debug)]
struct Run {
    /// The position after the last fragment.
    end: u64,
    stream: StreamId,
    unordered: bool,
    begins: bool,
    ends: bool,
    sequence: u32,
    ppid: u32,
    len: usize,
    /// Bytes reserved in all parts.
    capacity: usize,
    parts: VecDeque<Vec<u8>>,
}

impl Run {
    fn new(fragment: &Fragment<'_>, capacity: usize) -> Self {
        let header = &fragment.header;
        let mut part = Vec::with_capacity(capacity);
        part.extend_from_slice(fragment.payload);
        Self {
            end: fragment.position + 1,
            stream: header.stream,
            unordered: header.unordered(),
            begins: header.begins(),
            ends: header.ends(),
            sequence: header.sequence,
            ppid: header.ppid,
            len: part.len(),
            capacity: part.capacity(),
            parts: VecDeque::from([part]),
        }
    }

    /// What the window is charged for it.
    fn cost(&self) -> usize {
        RUN_OVERHEAD + self.capacity + PART_OVERHEAD * self.parts.len().saturating_sub(1)
    }

    fn is_continued_by_fragment(&self, header: &DataHeader) -> bool {
        !self.ends
            && !header.begins()
            && self.sequence == header.sequence
            && self.stream == header.stream
            && self.unordered == header.unordered()
    }

    fn is_continued_by(&self, next: &Self) -> bool {
        !self.ends
            && !next.begins
            && self.sequence == next.sequence
            && self.stream == next.stream
            && self.unordered == next.unordered
    }

    /// Appends a fragment, and gives by how much that raises the cost; `None` if there is no room
    /// for it.
    ///
    /// Buffers do not grow, which would move what they hold; another one follows, of a size in
    /// proportion to what is there, so that little is reserved in vain and there are few of them.
    fn append(&mut self, fragment: &Fragment<'_>, room: usize) -> Option<usize> {
        let payload = fragment.payload;
        let last = self.parts.back_mut()?;
        let mut added = 0;
        let spare = last.capacity() - last.len();
        let (fits, rest) = payload.split_at(spare.min(payload.len()));
        if !rest.is_empty() {
            let room = room.checked_sub(rest.len() + PART_OVERHEAD)?;
            let wanted = (self.len / MAX_SLACK).min(MAX_PART);
            let capacity = wanted.min(rest.len() + room / 4).max(rest.len());
            let mut part = Vec::with_capacity(capacity);
            part.extend_from_slice(rest);
            self.capacity += part.capacity();
            added = part.capacity() + PART_OVERHEAD;
            last.extend_from_slice(fits);
            self.parts.push_back(part);
        } else {
            last.extend_from_slice(fits);
        }
        self.end += 1;
        self.ends = fragment.header.ends();
        self.len += payload.len();
        Some(added)
    }

    /// Joins the run behind this one. The shorter list of parts moves, so that no order of
    /// arrival costs more than a logarithmic number of moves for each part.
    fn join(&mut self, mut next: Self) {
        self.end = next.end;
        self.ends = next.ends;
        self.len += next.len;
        self.capacity += next.capacity;
        work::add(self.parts.len().min(next.parts.len()));
        if next.parts.len() <= self.parts.len() {
            self.parts.append(&mut next.parts);
        } else {
            while let Some(part) = self.parts.pop_back() {
                next.parts.push_front(part);
            }
            self.parts = next.parts;
        }
    }

    fn into_message(mut self) -> IncomingMessage {
        let data = match (self.parts.pop_front(), self.parts.is_empty()) {
            (Some(mut only), true) => {
                // The window is charged for the message's own length from now on.
                only.shrink_to_fit();
                only
            }
            (first, _) => {
                let mut whole = Vec::with_capacity(self.len);
                for part in first.iter().chain(&self.parts) {
                    whole.extend_from_slice(part);
                }
                whole
            }
        };
        IncomingMessage {
            ppid: self.ppid,
            data: Bytes::from(data),
        }
    }
}

/// What became of a fragment.
#[derive(Debug)]
pub(crate) enum Inserted {
    /// The message is not complete.
    Partial,
    /// The fragment completed this message.
    Complete(IncomingMessage, u32),
    /// It overlaps with what is there.
    Invalid,
    /// The message is larger than allowed.
    TooLarge,
    /// The window is full; nothing has changed.
    NoRoom,
}

/// The incomplete messages of all streams.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    runs: BTreeMap<Key, Run>,
    /// Where the run of DATA begins to which a fragment was added last.
    last: u64,
}

impl Runs {
    /// Takes in a fragment.
    pub(crate) fn insert(
        &mut self,
        fragment: &Fragment<'_>,
        allowed: Allowed,
        usage: &mut Usage,
    ) -> Inserted {
        let &Fragment {
            numbering,
            position,
            ref header,
            payload,
        } = fragment;
        if self.runs.is_empty() {
            return self.begin(fragment, allowed, usage);
        }
        if let Some(inserted) = self.append_in_order(fragment, allowed, usage) {
            return inserted;
        }
        let before = self.runs.range_mut(..=(numbering, position)).next_back();
        let start = match before.filter(|(key, _)| key.0 == numbering) {
            Some((_, run)) if run.end > position => return Inserted::Invalid,
            Some((start, run)) if run.end == position && run.is_continued_by_fragment(header) => {
                if run.len + payload.len() > allowed.max_message {
                    return Inserted::TooLarge;
                }
                let Some(added) = run.append(fragment, allowed.room) else {
                    return Inserted::NoRoom;
                };
                usage.add(added);
                *start
            }
            _ => return self.begin(fragment, allowed, usage),
        };
        self.finish(start, allowed, usage)
    }

    /// What arrives in order continues a run of which it is known where it begins, so that the
    /// search for it is spared. `None` if there is no such run.
    fn append_in_order(
        &mut self,
        fragment: &Fragment<'_>,
        allowed: Allowed,
        usage: &mut Usage,
    ) -> Option<Inserted> {
        let &Fragment {
            numbering,
            position,
            ref header,
            payload,
        } = fragment;
        let alone = self.runs.len() == 1;
        if !alone && self.runs.contains_key(&(numbering, position)) {
            return None;
        }
        let start = match numbering {
            Numbering::TSN => (numbering, self.last),
            _ => (numbering, 0),
        };
        let run = self.runs.get_mut(&start)?;
        if run.end != position || !run.is_continued_by_fragment(header) {
            return None;
        }
        if run.len + payload.len() > allowed.max_message {
            return Some(Inserted::TooLarge);
        }
        let Some(added) = run.append(fragment, allowed.room) else {
            return Some(Inserted::NoRoom);
        };
        usage.add(added);
        if alone && !(run.begins && run.ends) {
            return Some(Inserted::Partial);
        }
        Some(self.finish(start, allowed, usage))
    }

    /// Begins a run.
    fn begin(&mut self, fragment: &Fragment<'_>, allowed: Allowed, usage: &mut Usage) -> Inserted {
        let payload = fragment.payload;
        if payload.len() > allowed.max_message {
            return Inserted::TooLarge;
        }
        let Some(room) = allowed.room.checked_sub(payload.len() + RUN_OVERHEAD) else {
            return Inserted::NoRoom;
        };
        let capacity = if fragment.header.begins() {
            usage.reservation(payload.len(), room)
        } else {
            payload.len()
        };
        let run = Run::new(fragment, capacity);
        usage.add(run.cost());
        let start = (fragment.numbering, fragment.position);
        self.runs.insert(start, run);
        self.finish(start, allowed, usage)
    }

    /// After something was added to the run at `start`.
    fn finish(&mut self, start: Key, allowed: Allowed, usage: &mut Usage) -> Inserted {
        if start.0 == Numbering::TSN {
            self.last = start.1;
        }
        if self.runs.len() > 1 {
            self.join_next(start, usage);
        }
        let Some(run) = self.runs.get(&start) else {
            return Inserted::Partial;
        };
        if run.len > allowed.max_message {
            return Inserted::TooLarge;
        }
        if !(run.begins && run.ends) {
            return Inserted::Partial;
        }
        match self.remove(start, usage) {
            Some(run) => {
                usage.usual_message = run.len;
                let sequence = run.sequence;
                Inserted::Complete(run.into_message(), sequence)
            }
            None => Inserted::Partial,
        }
    }

    /// Joins the run at `start` with the one behind it, if they touch and belong together.
    fn join_next(&mut self, start: Key, usage: &mut Usage) {
        let Some(run) = self.runs.get(&start) else {
            return;
        };
        let end = (start.0, run.end);
        let joins = self
            .runs
            .get(&end)
            .is_some_and(|next| run.is_continued_by(next));
        if joins
            && let Some(next) = self.remove(end, usage)
            && let Some(run) = self.runs.get_mut(&start)
        {
            let before = run.cost();
            run.join(next);
            usage.add(run.cost() - before);
        }
    }

    fn remove(&mut self, key: Key, usage: &mut Usage) -> Option<Run> {
        let run = self.runs.remove(&key)?;
        work::add(1);
        usage.remove(run.cost());
        Some(run)
    }

    fn discard(&mut self, keys: RangeInclusive<Key>, usage: &mut Usage) {
        while let Some((&key, _)) = self.runs.range(keys.clone()).next() {
            self.remove(key, usage);
        }
    }

    /// Gives up the fragments of DATA up to a TSN.
    pub(crate) fn discard_through(&mut self, tsn_position: u64, usage: &mut Usage) {
        self.discard((Numbering::TSN, 0)..=(Numbering::TSN, tsn_position), usage);
    }

    /// Gives up the fragments of a stream's messages up to one, of those with or without order.
    pub(crate) fn discard_messages(&mut self, last: Numbering, usage: &mut Usage) {
        let first = Numbering { message: 0, ..last };
        self.discard((first, 0)..=(last, u64::MAX), usage);
    }

    /// Gives up the fragments of one message.
    pub(crate) fn discard_message(&mut self, message: Numbering, usage: &mut Usage) {
        self.discard((message, 0)..=(message, u64::MAX), usage);
    }

    /// Gives up everything.
    pub(crate) fn discard_all(&mut self, usage: &mut Usage) {
        while let Some((&key, _)) = self.runs.first_key_value() {
            self.remove(key, usage);
        }
    }
}
