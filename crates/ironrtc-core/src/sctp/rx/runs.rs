//! Fragments on their way to becoming messages: runs of consecutive fragments.
//!
//! Fragments that arrive in order are appended to one buffer, which becomes the message without
//! another copy. Fragments out of order begin runs of their own, joined when the hole is filled.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::window::{MESSAGE_OVERHEAD, RUN_OVERHEAD, Usage};
use crate::sctp::message::IncomingMessage;
use crate::sctp::packet::data::DataHeader;

/// Consecutive fragments of one message.
#[derive(Debug)]
struct Run {
    /// The position after the last fragment.
    end: u64,
    begins: bool,
    ends: bool,
    sequence: u32,
    ppid: u32,
    len: usize,
    parts: VecDeque<Vec<u8>>,
}

impl Run {
    /// Whether the fragments behind this run belong to its message.
    const fn continues(&self, begins: bool, sequence: u32) -> bool {
        !self.ends && !begins && self.sequence == sequence
    }

    fn append(&mut self, header: &DataHeader, payload: &[u8]) {
        self.end += 1;
        self.ends = header.ends();
        self.len += payload.len();
        if let Some(last) = self.parts.back_mut() {
            last.extend_from_slice(payload);
        }
    }

    /// Joins the run behind this one. The shorter list of parts moves, so that no order of
    /// arrival costs more than a logarithmic number of moves for each part.
    fn join(&mut self, mut next: Self) {
        self.end = next.end;
        self.ends = next.ends;
        self.len += next.len;
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
                // The buffer was reserved for a message of the usual size.
                if only.capacity() > 2 * only.len() {
                    only.shrink_to_fit();
                }
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
}

/// The incomplete messages of one numbering: a stream's DATA, or one message's I-DATA.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    runs: BTreeMap<u64, Run>,
    /// Payload in all runs.
    bytes: usize,
}

impl Runs {
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether all runs together hold more than `limit` bytes.
    pub(crate) const fn len_exceeds(&self, limit: usize) -> bool {
        self.bytes > limit
    }

    /// Takes in the fragment at `position` (its TSN, or its FSN for I-DATA).
    pub(crate) fn insert(
        &mut self,
        position: u64,
        header: &DataHeader,
        payload: &[u8],
        max_message: usize,
        usage: &mut Usage,
    ) -> Inserted {
        let before = self.runs.range_mut(..=position).next_back();
        let start = match before {
            Some((_, run)) if run.end > position => return Inserted::Invalid,
            Some((start, run))
                if run.end == position && run.continues(header.begins(), header.sequence) =>
            {
                run.append(header, payload);
                self.bytes += payload.len();
                usage.add(payload.len());
                *start
            }
            _ => {
                let mut part = Vec::with_capacity(usage.reservation(payload.len()));
                part.extend_from_slice(payload);
                let run = Run {
                    end: position + 1,
                    begins: header.begins(),
                    ends: header.ends(),
                    sequence: header.sequence,
                    ppid: header.ppid,
                    len: payload.len(),
                    parts: VecDeque::from([part]),
                };
                self.runs.insert(position, run);
                self.bytes += payload.len();
                usage.add(payload.len() + RUN_OVERHEAD);
                usage.open_runs += 1;
                position
            }
        };
        if self.runs.len() > 1 {
            self.join_next(start, usage);
        }
        let Some(run) = self.runs.get(&start) else {
            return Inserted::Partial;
        };
        if run.len > max_message {
            return Inserted::TooLarge;
        }
        if !(run.begins && run.ends) {
            return Inserted::Partial;
        }
        match self.runs.remove(&start) {
            Some(run) => {
                self.bytes -= run.len;
                usage.remove(RUN_OVERHEAD);
                usage.add(MESSAGE_OVERHEAD);
                usage.open_runs -= 1;
                usage.usual_message = run.len;
                let sequence = run.sequence;
                Inserted::Complete(run.into_message(), sequence)
            }
            None => Inserted::Partial,
        }
    }

    /// Joins the run at `start` with the one behind it, if they touch and belong together.
    fn join_next(&mut self, start: u64, usage: &mut Usage) {
        let Some(run) = self.runs.get(&start) else {
            return;
        };
        let end = run.end;
        let joins = self
            .runs
            .get(&end)
            .is_some_and(|next| run.continues(next.begins, next.sequence));
        if joins
            && let Some(next) = self.runs.remove(&end)
            && let Some(run) = self.runs.get_mut(&start)
        {
            run.join(next);
            usage.remove(RUN_OVERHEAD);
            usage.open_runs -= 1;
        }
    }

    /// Gives up the fragments up to `position`.
    pub(crate) fn discard_through(&mut self, position: u64, usage: &mut Usage) {
        while let Some(entry) = self.runs.first_entry() {
            if *entry.key() > position {
                return;
            }
            let len = entry.remove().len;
            self.bytes -= len;
            usage.remove(len + RUN_OVERHEAD);
            usage.open_runs -= 1;
        }
    }
}
