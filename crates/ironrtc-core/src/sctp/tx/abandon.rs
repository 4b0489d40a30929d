//! Chunks that are given up, and what the peer is told to skip (RFC 3758).

use std::collections::BTreeMap;

use super::outstanding::{Outstanding, Sent, State};
use crate::sctp::message::StreamId;
use crate::sctp::num::Tsn;
use crate::sctp::packet::forward::Skip;
use crate::time::Time;
use crate::work;

/// A message of which a chunk was given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abandoned {
    pub(crate) stream: StreamId,
    /// Position of the last of its chunks that was sent.
    pub(crate) last: u64,
    /// Whether all of it had been sent.
    pub(crate) complete: bool,
}

impl Outstanding {
    /// Gives up the message of the first chunk to be sent again, if it has used up its limits.
    #[inline]
    pub(crate) fn take_abandoned(&mut self, now: Time) -> Option<Abandoned> {
        if !self.partial_reliability {
            return None;
        }
        let position = *self.lost.first()?;
        let sent = self.get(position).filter(|sent| sent.is_spent(now))?;
        let stream = sent.header.stream;
        let (last, complete) = self.abandon_message(position);
        Some(Abandoned {
            stream,
            last,
            complete,
        })
    }

    /// Gives up the message that the chunk at `position` belongs to, and gives the position of its
    /// last one, and whether all of it had been sent. Costs as much as the message has chunks.
    fn abandon_message(&mut self, position: u64) -> (u64, bool) {
        let mut at = position;
        while let Some(sent) = self.abandon_chunk(at)
            && sent.previous > 0
        {
            at -= u64::from(sent.previous);
        }
        let mut last = position;
        while let Some(sent) = self.abandon_chunk(last) {
            if sent.next == 0 {
                return (last, sent.header.ends());
            }
            last += u64::from(sent.next);
        }
        (last, false)
    }

    fn abandon_chunk(&mut self, position: u64) -> Option<&Sent> {
        work::add(1);
        let sent = self.get_mut(position)?;
        let state = std::mem::replace(&mut sent.state, State::Abandoned);
        let len = std::mem::take(&mut sent.payload).len();
        match state {
            State::InFlight => self.flight -= len,
            State::Lost => {
                self.lost.remove(&position);
            }
            State::Acked => self.gap_bytes -= len,
            State::Abandoned => {}
        }
        self.get(position)
    }

    /// RFC 3758 section 3.5, rule C2.
    pub(crate) fn advance_forward(&mut self) {
        while let Some(sent) = self.get(self.forward)
            && sent.state == State::Abandoned
        {
            let header = sent.header;
            let stream = (header.stream, header.unordered());
            self.skipped.insert(stream, (self.forward, header.sequence));
            self.forward += 1;
        }
        if !self.must_forward() {
            self.skipped.clear();
        }
    }

    /// Whether the peer has to be told to skip something.
    pub(crate) const fn must_forward(&self) -> bool {
        self.forward > self.base
    }

    /// The last TSN that the peer is to skip.
    pub(crate) const fn forward_tsn(&self) -> Tsn {
        Tsn::of(self.forward - 1)
    }

    /// The cumulative TSN to tell the peer, and the messages skipped, as many as `most` streams.
    pub(crate) fn forward(&mut self, interleaved: bool, most: usize) -> (Tsn, Vec<Skip>) {
        let base = self.base;
        work::add(self.skipped.len());
        self.skipped.retain(|_, (position, _)| *position >= base);
        let skips: Vec<Skip> = self
            .skipped
            .iter()
            .map(|(stream, (_, sequence))| skip(stream, *sequence))
            .filter(|skip| is_listed(interleaved, skip.unordered))
            .collect();
        if skips.len() <= most {
            return (self.forward_tsn(), skips);
        }
        self.forward_partly(interleaved, most)
    }

    /// As far as `most` streams reach, of more.
    fn forward_partly(&self, interleaved: bool, most: usize) -> (Tsn, Vec<Skip>) {
        let mut skips: BTreeMap<(StreamId, bool), u32> = BTreeMap::new();
        let mut position = self.base;
        while position < self.forward {
            work::add(1);
            let Some(sent) = self.get(position) else {
                break;
            };
            let unordered = sent.header.unordered();
            if is_listed(interleaved, unordered) {
                let key = (sent.header.stream, unordered);
                if skips.len() >= most && !skips.contains_key(&key) {
                    break;
                }
                skips.insert(key, sent.header.sequence);
            }
            position += 1;
        }
        let skips = skips
            .iter()
            .map(|(stream, sequence)| skip(stream, *sequence));
        (Tsn::of(position - 1), skips.collect())
    }
}

/// RFC 3758 section 3.2: unordered DATA is not listed.
const fn is_listed(interleaved: bool, unordered: bool) -> bool {
    interleaved || !unordered
}

const fn skip(&(stream, unordered): &(StreamId, bool), sequence: u32) -> Skip {
    Skip {
        stream,
        unordered,
        sequence,
    }
}
