//! Chunks sent and not yet acknowledged cumulatively.
//!
//! Acknowledging costs in proportion to what is acknowledged for the first time, or is missing,
//! never to everything in flight.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use super::delivery::{Delivery, Snapshot};
use super::doubts::Doubts;
use super::order::SendOrder;
use super::queue::Fragment;
use super::ranges::Ranges;
use crate::sctp::message::StreamId;
use crate::sctp::num::{EPOCH, Tsn};
use crate::sctp::packet::data::DataHeader;
use crate::time::Time;
use crate::work;

/// How long and how often a message is tried (RFC 7496).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) retransmits: Option<u16>,
    pub(crate) expires: Option<Time>,
}

impl Limits {
    /// Whether the message may be given up at all.
    const fn are_set(&self) -> bool {
        self.retransmits.is_some() || self.expires.is_some()
    }

    pub(crate) fn expired(&self, now: Time) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }
}

/// Where a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    InFlight,
    /// To be sent again.
    Lost,
    /// Acknowledged by a gap block.
    Acked,
    /// Given up.
    Abandoned,
}

/// A chunk that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) header: DataHeader,
    pub(super) payload: Bytes,
    /// How far away the fragments of the same message before and behind it are, if the message may
    /// be given up; 0 for none.
    pub(super) previous: u32,
    pub(super) next: u32,
    pub(super) limits: Limits,
    pub(super) sent_at: Time,
    pub(super) transmissions: u16,
    pub(super) state: State,
    pub(super) snapshot: Snapshot,
}

impl Sent {
    /// Whether the chunk may not be sent again, so that its message is given up if it was lost.
    ///
    /// RFC 9260 section 11.1.5: once a chunk of a message was sent, the message is committed, and
    /// its lifetime no longer counts. So what was begun is finished, or else overload would waste
    /// the greater part of every message. Of a message in several chunks each that is lost is
    /// repaired once even after the lifetime; only the second loss ends it.
    pub(super) fn is_spent(&self, now: Time) -> bool {
        let whole = self.header.begins() && self.header.ends();
        self.limits
            .retransmits
            .is_some_and(|most| self.transmissions > most)
            || (self.limits.expired(now) && (whole || self.transmissions > 1))
    }
}

/// What an acknowledgement changed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Acked {
    /// Payload acknowledged for the first time.
    pub(crate) bytes: usize,
    /// The cumulative TSN moved.
    pub(crate) advanced: bool,
    /// When the latest chunk was sent that is acknowledged now and was sent only once.
    pub(crate) sample: Option<Time>,
    /// When the latest of the chunks acknowledged now was sent, and its position.
    pub(super) latest: Option<(Time, u64)>,
    /// What was known as that one was sent.
    pub(super) newest: Option<(Time, Snapshot)>,
    /// When the first of the chunks was sent that came later than one sent after it, of those sent
    /// only once.
    pub(super) overtaken: Option<Time>,
    /// A chunk taken for lost had only been late.
    pub(super) proven: bool,
    /// A chunk sent again was acknowledged too early to answer that.
    pub(super) early: bool,
    /// The lowest chunk acknowledged now that was taken for lost and not sent again.
    pub(super) late: Option<u64>,
    pub(super) unanswered: Time,
}

impl Acked {
    /// A chunk sent only once is acknowledged.
    #[inline]
    fn note_once(&mut self, sent_at: Time) {
        // RFC 9260 section 6.3.1, rule C5 (Karn): no sample from what was sent twice.
        if self.sample.is_none_or(|before| before < sent_at) {
            self.sample = Some(sent_at);
        }
    }

    /// A transmission is acknowledged.
    #[inline]
    fn note_transmission(&mut self, position: u64, sent_at: Time, snapshot: Snapshot) {
        if self.latest < Some((sent_at, position)) {
            self.latest = Some((sent_at, position));
            self.newest = Some((sent_at, snapshot));
        }
    }
}

/// A chunk that is acknowledged for the first time.
#[derive(Clone, Copy, Debug)]
struct Delivered {
    position: u64,
    len: usize,
    sent_at: Time,
    /// It was sent only once.
    once: bool,
    /// It was taken for lost, and not sent again since.
    lost: bool,
    snapshot: Snapshot,
}

/// The chunks from the one behind the cumulative acknowledgement on.
#[derive(Debug)]
pub(crate) struct Outstanding {
    /// Position of the first chunk, one behind the cumulative acknowledgement.
    pub(super) base: u64,
    pub(super) chunks: VecDeque<Sent>,
    pub(super) flight: usize,
    pub(super) gaps: Ranges,
    pub(super) lost: BTreeSet<u64>,
    pub(super) order: SendOrder,
    /// The highest position acknowledged so far.
    highest: u64,
    /// Payload acknowledged by gap blocks, in bytes.
    pub(super) gap_bytes: usize,
    /// The chunk sent again to probe for a loss at the end, until it is known whether it was one.
    pub(super) probed: Option<u64>,
    /// What was sent again before this was so for nothing, after a timeout that proved spurious.
    pub(super) needless: Time,
    /// RFC 3758 section 3.5: what the peer may take for acknowledged ends before this.
    pub(super) forward: u64,
    /// The last message to skip of each stream, and its last chunk's position.
    pub(super) skipped: BTreeMap<(StreamId, bool), (u64, u32)>,
    pub(crate) partial_reliability: bool,
    pub(crate) retransmissions: u64,
    pub(super) delivery: Delivery,
}

#[cfg(test)]
mod tests;

impl Outstanding {
    pub(crate) fn new(initial: Tsn) -> Self {
        let base = EPOCH + u64::from(initial.0);
        Self {
            base,
            chunks: VecDeque::new(),
            flight: 0,
            gaps: Ranges::default(),
            lost: BTreeSet::new(),
            order: SendOrder::default(),
            highest: base - 1,
            gap_bytes: 0,
            probed: None,
            needless: Time::ZERO,
            forward: base,
            skipped: BTreeMap::new(),
            partial_reliability: false,
            retransmissions: 0,
            delivery: Delivery::default(),
        }
    }

    /// Payload in flight, in bytes.
    pub(crate) const fn flight(&self) -> usize {
        self.flight
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Position of the highest TSN acknowledged cumulatively.
    pub(crate) const fn cumulative(&self) -> u64 {
        self.base - 1
    }

    /// Position of the next new TSN.
    pub(crate) fn next(&self) -> u64 {
        self.base + self.chunks.len() as u64
    }

    /// Payload behind missing chunks that has arrived, in bytes.
    pub(crate) const fn gap_bytes(&self) -> usize {
        self.gap_bytes
    }

    pub(crate) fn has_lost(&self) -> bool {
        !self.lost.is_empty()
    }

    pub(super) fn get(&self, position: u64) -> Option<&Sent> {
        self.chunks
            .get(usize::try_from(position.checked_sub(self.base)?).ok()?)
    }

    pub(super) fn get_mut(&mut self, position: u64) -> Option<&mut Sent> {
        self.chunks
            .get_mut(usize::try_from(position.checked_sub(self.base)?).ok()?)
    }

    /// Remembers a new chunk that is sent now.
    #[inline]
    pub(crate) fn push(&mut self, now: Time, fragment: Fragment) {
        let Fragment {
            header,
            payload,
            previous,
            limits,
        } = fragment;
        let position = self.next();
        let previous = match previous {
            Some(previous) if limits.are_set() => self.link(previous, position),
            _ => 0,
        };
        self.flight += payload.len();
        let snapshot = self.delivery.on_send(now, self.flight, payload.len());
        self.order.push(now, position);
        self.chunks.push_back(Sent {
            header,
            payload,
            previous,
            next: 0,
            limits,
            sent_at: now,
            transmissions: 1,
            state: State::InFlight,
            snapshot,
        });
    }

    /// Ties two fragments of a message, and gives how far apart they are: 0 if the first one is
    /// acknowledged.
    fn link(&mut self, previous: u64, position: u64) -> u32 {
        let distance = u32::try_from(position - previous).unwrap_or_default();
        match self.get_mut(previous) {
            Some(sent) => {
                sent.next = distance;
                distance
            }
            None => 0,
        }
    }

    /// Gives a TSN to the end of a message that will not be sent, so that it can be skipped.
    pub(crate) fn push_abandoned(&mut self, header: DataHeader) -> u64 {
        let position = self.next();
        self.chunks.push_back(Sent {
            header,
            payload: Bytes::new(),
            previous: 0,
            next: 0,
            limits: Limits::default(),
            sent_at: Time::ZERO,
            transmissions: 0,
            state: State::Abandoned,
            snapshot: Snapshot::default(),
        });
        position
    }

    /// Takes in a SACK; `None` if it is older than one before, or acknowledges what was not sent.
    /// It cannot be the answer to a retransmission sent after `unanswered`.
    pub(crate) fn on_sack(
        &mut self,
        unanswered: Time,
        cumulative: Tsn,
        blocks: impl Iterator<Item = (u16, u16)>,
        doubts: &mut Doubts,
    ) -> Option<Acked> {
        let cumulative = cumulative.near(self.base);
        if cumulative + 1 < self.base || cumulative >= self.next() {
            return None;
        }
        let mut acked = Acked {
            advanced: cumulative >= self.base,
            unanswered,
            ..Acked::default()
        };
        while self.base <= cumulative {
            work::add(1);
            let Some(sent) = self.chunks.front() else {
                break;
            };
            match sent.state {
                State::InFlight if sent.transmissions == 1 && self.base > self.highest => {
                    // Nearly always: what `on_delivered` does about what came once and in order.
                    let len = sent.payload.len();
                    acked.bytes += len;
                    self.flight -= len;
                    self.highest = self.base;
                    acked.note_once(sent.sent_at);
                    acked.note_transmission(self.base, sent.sent_at, sent.snapshot);
                }
                State::InFlight | State::Lost => {
                    let delivered = Delivered::new(self.base, sent);
                    self.on_delivered(delivered, &mut acked, doubts);
                }
                State::Acked => self.gap_bytes -= sent.payload.len(),
                State::Abandoned => {}
            }
            self.chunks.pop_front();
            self.base += 1;
        }
        self.gaps.remove_below(self.base);
        // What comes first now may have been given up while something before it was awaited.
        self.forward = self.forward.max(self.base);
        self.advance_forward();
        let next = self.next();
        for (first, last) in blocks {
            work::add(1);
            let first = cumulative + u64::from(first);
            let end = cumulative + u64::from(last) + 1;
            if first > cumulative && first < end && end <= next {
                self.on_block(first, end, &mut acked, doubts);
            }
        }
        Some(acked)
    }

    fn on_block(&mut self, first: u64, end: u64, acked: &mut Acked, doubts: &mut Doubts) {
        let mut position = first;
        while position < end {
            work::add(1);
            // Skip what earlier acknowledgements have covered.
            if let Some(covered) = self.gaps.end_of_range_at(position) {
                position = covered;
                continue;
            }
            let Some(sent) = self.get_mut(position) else {
                break;
            };
            match sent.state {
                State::InFlight | State::Lost => {
                    let delivered = Delivered::new(position, sent);
                    sent.state = State::Acked;
                    self.gap_bytes += delivered.len;
                    self.on_delivered(delivered, acked, doubts);
                }
                // It was given up as lost and had only been late.
                State::Abandoned => acked.proven |= doubts.resolve(position),
                State::Acked => {}
            }
            position += 1;
        }
        self.gaps.insert(first, end);
    }

    /// A chunk is acknowledged for the first time.
    #[inline]
    fn on_delivered(&mut self, delivered: Delivered, acked: &mut Acked, doubts: &mut Doubts) {
        let Delivered {
            position,
            len,
            sent_at,
            once,
            lost,
            snapshot,
        } = delivered;
        acked.bytes += len;
        if lost {
            self.lost.remove(&position);
        } else {
            self.flight -= len;
        }
        // RFC 8985 section 6.2, step 3.
        if once && position < self.highest {
            acked.overtaken = Some(acked.overtaken.map_or(sent_at, |at| at.min(sent_at)));
        }
        self.highest = self.highest.max(position);
        if once {
            acked.note_once(sent_at);
        }
        // RFC 8985 section 6.2, step 2: what comes too early answers an earlier transmission.
        let early = !once && (sent_at > acked.unanswered || sent_at < self.needless);
        if !early {
            acked.note_transmission(position, sent_at, snapshot);
        }
        if lost {
            acked.late = Some(acked.late.map_or(position, |before| before.min(position)));
        }
        if lost || early {
            let proven = doubts.resolve(position);
            acked.proven |= proven;
            acked.early |= proven && early;
        }
        if early && self.probed == Some(position) {
            self.probed = None;
        }
    }

    /// The peer has received a TSN more than once; true if a chunk taken for lost was not.
    pub(crate) fn on_duplicate(&mut self, tsn: Tsn, doubts: &mut Doubts) -> bool {
        work::add(1);
        let position = tsn.near(self.base);
        if self.probed == Some(position) {
            self.probed = None;
        }
        doubts.resolve(position)
    }
}

impl Delivered {
    fn new(position: u64, sent: &Sent) -> Self {
        Self {
            position,
            len: sent.payload.len(),
            sent_at: sent.sent_at,
            once: sent.transmissions == 1,
            lost: sent.state == State::Lost,
            snapshot: sent.snapshot,
        }
    }
}
