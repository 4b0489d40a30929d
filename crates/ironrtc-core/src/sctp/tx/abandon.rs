//! Chunks that are given up, and what the peer is told to skip (RFC 3758).

use std::collections::BTreeMap;

use super::outstanding::{Outstanding, State};
use crate::sctp::message::StreamId;
use crate::sctp::num::Tsn;
use crate::sctp::packet::forward::Skip;
use crate::time::Time;

/// A message of which a chunk was given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abandoned {
    pub(crate) stream: StreamId,
    pub(crate) message: u64,
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
        let (stream, message) = (sent.header.stream, sent.message);
        let complete = self.abandon_from(position, message);
        Some(Abandoned {
            stream,
            message,
            complete,
        })
    }

    /// Gives up the chunks of a message around `position`; true if its last one was among them.
    fn abandon_from(&mut self, position: u64, message: u64) -> bool {
        let mut at = position;
        while let Some(sent) = self.get(at) {
            let begins = sent.message == message && sent.header.begins();
            self.abandon_chunk(at, message);
            if begins || at == self.base {
                break;
            }
            at -= 1;
        }
        let mut at = position;
        while let Some(sent) = self.get(at) {
            let ends = sent.message == message && sent.header.ends();
            self.abandon_chunk(at, message);
            if ends {
                return true;
            }
            at += 1;
        }
        false
    }

    fn abandon_chunk(&mut self, position: u64, message: u64) {
        let Some(sent) = self.get_mut(position) else {
            return;
        };
        if sent.message != message {
            return;
        }
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
    }

    /// RFC 3758 section 3.5, rule C2.
    pub(crate) fn advance_forward(&mut self) {
        while self
            .get(self.forward)
            .is_some_and(|sent| sent.state == State::Abandoned)
        {
            self.forward += 1;
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
    pub(crate) fn forward(&self, interleaved: bool, most: usize) -> (Tsn, Vec<Skip>) {
        let mut skips: BTreeMap<(StreamId, bool), u32> = BTreeMap::new();
        let mut position = self.base;
        while position < self.forward {
            let Some(sent) = self.get(position) else {
                break;
            };
            let unordered = sent.header.unordered();
            // RFC 3758 section 3.2: unordered DATA is not listed.
            if interleaved || !unordered {
                let key = (sent.header.stream, unordered);
                if skips.len() >= most && !skips.contains_key(&key) {
                    break;
                }
                skips.insert(key, sent.header.sequence);
            }
            position += 1;
        }
        let skips = skips
            .into_iter()
            .map(|((stream, unordered), sequence)| Skip {
                stream,
                unordered,
                sequence,
            })
            .collect();
        (Tsn::of(position - 1), skips)
    }
}
