//! Chunks sent and not yet acknowledged cumulatively.
//!
//! Acknowledging costs in proportion to what is acknowledged for the first time, or is missing,
//! never to everything in flight.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::delivery::{Delivery, Snapshot};
use super::ranges::Ranges;
use crate::sctp::num::{EPOCH, Tsn};
use crate::sctp::packet::data::DataHeader;
use crate::time::Time;

/// RFC 9260 section 7.2.4: miss indications that make a loss.
const MISSES: u8 = 3;

/// How long and how often a message is tried (RFC 7496).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) retransmits: Option<u16>,
    pub(crate) expires: Option<Time>,
}

impl Limits {
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
    pub(super) message: u64,
    pub(super) limits: Limits,
    pub(super) sent_at: Time,
    pub(super) transmissions: u16,
    pub(super) misses: u8,
    pub(super) state: State,
    pub(super) snapshot: Snapshot,
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
    /// When the latest of the chunks acknowledged now was sent.
    latest: Option<Time>,
    unanswered: Time,
    /// What was known as that one was sent.
    pub(super) newest: Option<(Time, Snapshot)>,
    /// The highest position acknowledged now.
    highest: u64,
}

/// A chunk to write.
#[derive(Debug)]
pub(crate) struct ToSend<'a> {
    pub(crate) tsn: Tsn,
    pub(crate) header: DataHeader,
    pub(crate) payload: &'a [u8],
}

/// The chunks from the one behind the cumulative acknowledgement on.
#[derive(Debug)]
pub(crate) struct Outstanding {
    /// Position of the first chunk, one behind the cumulative acknowledgement.
    pub(super) base: u64,
    pub(super) chunks: VecDeque<Sent>,
    pub(super) flight: usize,
    gaps: Ranges,
    pub(super) lost: BTreeSet<u64>,
    /// Retransmissions in the order in which they were sent.
    resent: VecDeque<(Time, u64)>,
    /// Below it, every missing chunk has been taken for lost once.
    scanned: u64,
    /// RFC 3758 section 3.5: what the peer may take for acknowledged ends before this.
    pub(super) forward: u64,
    pub(crate) partial_reliability: bool,
    pub(crate) retransmissions: u64,
    pub(super) delivery: Delivery,
}

impl Outstanding {
    pub(crate) fn new(initial: Tsn) -> Self {
        let base = EPOCH + u64::from(initial.0);
        Self {
            base,
            chunks: VecDeque::new(),
            flight: 0,
            gaps: Ranges::default(),
            lost: BTreeSet::new(),
            resent: VecDeque::new(),
            scanned: base,
            forward: base,
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

    /// Position of the highest chunk that is to be sent again.
    pub(crate) fn highest_lost(&self) -> Option<u64> {
        self.lost.last().copied()
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

    /// Remembers a new chunk that is sent now, and gives its position.
    pub(crate) fn push(
        &mut self,
        now: Time,
        header: DataHeader,
        payload: Bytes,
        message: u64,
        limits: Limits,
    ) -> u64 {
        let position = self.next();
        self.flight += payload.len();
        let snapshot = self.delivery.on_send(now, self.flight, payload.len());
        self.chunks.push_back(Sent {
            header,
            payload,
            message,
            limits,
            sent_at: now,
            transmissions: 1,
            misses: 0,
            state: State::InFlight,
            snapshot,
        });
        position
    }

    /// Gives a TSN to the end of a message that will not be sent, so that it can be skipped.
    pub(crate) fn push_abandoned(&mut self, header: DataHeader, message: u64) -> u64 {
        let position = self.next();
        self.chunks.push_back(Sent {
            header,
            payload: Bytes::new(),
            message,
            limits: Limits::default(),
            sent_at: Time::ZERO,
            transmissions: 0,
            misses: 0,
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
            let Some(sent) = self.chunks.pop_front() else {
                break;
            };
            match sent.state {
                State::InFlight => {
                    self.flight -= sent.payload.len();
                    acked.note(self.base, &sent);
                }
                State::Lost => {
                    self.lost.remove(&self.base);
                    acked.note(self.base, &sent);
                }
                State::Acked | State::Abandoned => {}
            }
            self.base += 1;
        }
        self.gaps.remove_below(self.base);
        self.scanned = self.scanned.max(self.base);
        // What comes first now may have been given up while something before it was awaited.
        self.forward = self.forward.max(self.base);
        self.advance_forward();
        let next = self.next();
        for (first, last) in blocks {
            let first = cumulative + u64::from(first);
            let end = cumulative + u64::from(last) + 1;
            if first > cumulative && first < end && end <= next {
                self.on_block(first, end, &mut acked);
            }
        }
        Some(acked)
    }

    fn on_block(&mut self, first: u64, end: u64, acked: &mut Acked) {
        let mut position = first;
        while position < end {
            // Skip what earlier acknowledgements have covered.
            if let Some(covered) = self.gaps.end_of_range_at(position) {
                position = covered;
                continue;
            }
            let Some(sent) = self.get_mut(position) else {
                break;
            };
            let state = sent.state;
            let len = sent.payload.len();
            if matches!(state, State::InFlight | State::Lost) {
                sent.state = State::Acked;
                acked.note(position, sent);
            }
            match state {
                State::InFlight => self.flight -= len,
                State::Lost => {
                    self.lost.remove(&position);
                }
                State::Acked | State::Abandoned => {}
            }
            position += 1;
        }
        self.gaps.insert(first, end);
    }

    /// Finds losses after an acknowledgement; true if there is one that was not known.
    ///
    /// A chunk is lost after three SACKs that acknowledge later ones (RFC 9260 section 7.2.4). A
    /// retransmission is lost once something sent well after it has arrived (as RFC 8985 does).
    pub(crate) fn detect_losses(&mut self, acked: &Acked, reorder: Duration) -> bool {
        let mut found = false;
        let mut position = self.scanned;
        let mut all_lost = true;
        while position < acked.highest {
            if let Some(covered) = self.gaps.end_of_range_at(position) {
                position = covered;
                continue;
            }
            if let Some(sent) = self.get_mut(position)
                && sent.state == State::InFlight
                && sent.transmissions == 1
            {
                sent.misses = sent.misses.saturating_add(1);
                if sent.misses >= MISSES {
                    self.mark_lost(position);
                    found = true;
                } else {
                    all_lost = false;
                }
            }
            position += 1;
            if all_lost {
                self.scanned = position;
            }
        }
        while let Some(&(at, position)) = self.resent.front() {
            let current = self
                .get(position)
                .is_some_and(|sent| sent.state == State::InFlight && sent.sent_at == at);
            if current && acked.latest.is_none_or(|latest| at + reorder >= latest) {
                break;
            }
            self.resent.pop_front();
            if current {
                self.mark_lost(position);
                found = true;
            }
        }
        found
    }

    /// When the oldest chunk with later ones acknowledged was sent, if any is still in flight.
    pub(crate) fn oldest_hole(&self) -> Option<Time> {
        self.holes().map(|(_, sent)| sent.sent_at).min()
    }

    fn holes(&self) -> impl Iterator<Item = (u64, &Sent)> {
        self.gaps
            .holes(self.base)
            .flat_map(|(first, end)| first..end)
            .filter_map(|position| Some((position, self.get(position)?)))
            .filter(|(_, sent)| sent.state == State::InFlight)
    }

    /// Takes those for lost that have later ones acknowledged and were sent before `sent_before`.
    pub(crate) fn mark_holes_lost(&mut self, sent_before: Time) -> bool {
        let old: Vec<u64> = self
            .holes()
            .filter(|(_, sent)| sent.sent_at <= sent_before)
            .map(|(position, _)| position)
            .collect();
        for position in &old {
            self.mark_lost(*position);
        }
        !old.is_empty()
    }

    fn mark_lost(&mut self, position: u64) {
        if let Some(sent) = self.get_mut(position)
            && sent.state == State::InFlight
        {
            sent.state = State::Lost;
            let (len, snapshot) = (sent.payload.len(), sent.snapshot);
            self.flight -= len;
            self.delivery.on_lost(&snapshot, len);
            self.lost.insert(position);
        }
    }

    /// Takes those for lost that were sent no later than `sent_before`.
    pub(crate) fn mark_old_lost(&mut self, sent_before: Time) {
        for (offset, sent) in self.chunks.iter_mut().enumerate() {
            if sent.state == State::InFlight && sent.sent_at <= sent_before {
                sent.state = State::Lost;
                self.flight -= sent.payload.len();
                self.delivery.on_lost(&sent.snapshot, sent.payload.len());
                self.lost.insert(self.base + offset as u64);
            }
        }
    }

    /// Takes everything in flight for lost, as when the retransmission timer ran out.
    pub(crate) fn mark_all_lost(&mut self) {
        // RFC 9260 section 6.2.1: a receiver may take back what a gap block acknowledged. It has
        // done so if the first missing chunk is one of those.
        let reneged = self
            .chunks
            .front()
            .is_some_and(|sent| sent.state == State::Acked);
        if reneged {
            self.gaps.clear();
        }
        for (offset, sent) in self.chunks.iter_mut().enumerate() {
            if sent.state == State::InFlight || (reneged && sent.state == State::Acked) {
                sent.state = State::Lost;
                self.lost.insert(self.base + offset as u64);
            }
        }
        self.flight = 0;
        self.resent.clear();
        self.scanned = self.next();
    }

    /// Length of the first chunk to be sent again.
    pub(crate) fn peek_lost(&self) -> Option<usize> {
        let position = *self.lost.first()?;
        self.get(position).map(|sent| sent.payload.len())
    }

    /// Takes the first chunk to be sent again.
    pub(crate) fn resend_lost(&mut self, now: Time) -> Option<ToSend<'_>> {
        let position = self.lost.pop_first()?;
        self.resend(now, position)
    }

    /// The highest chunk in flight that may be sent again, to probe for a loss at the end.
    pub(crate) fn resend_last(&mut self, now: Time) -> Option<ToSend<'_>> {
        let partial = self.partial_reliability;
        let offset = self.chunks.iter().rposition(|sent| {
            sent.state == State::InFlight
                && !(partial
                    && (sent.limits.expired(now)
                        || sent
                            .limits
                            .retransmits
                            .is_some_and(|most| sent.transmissions > most)))
        })?;
        let position = self.base + offset as u64;
        if let Some(sent) = self.get(position) {
            self.flight -= sent.payload.len();
        }
        self.resend(now, position)
    }

    fn resend(&mut self, now: Time, position: u64) -> Option<ToSend<'_>> {
        let len = self.get(position)?.payload.len();
        self.flight += len;
        self.retransmissions += 1;
        self.resent.push_back((now, position));
        let snapshot = self.delivery.on_send(now, self.flight, len);
        let sent = self.get_mut(position)?;
        sent.snapshot = snapshot;
        sent.state = State::InFlight;
        sent.sent_at = now;
        sent.transmissions = sent.transmissions.saturating_add(1);
        Some(ToSend {
            tsn: Tsn::of(position),
            header: sent.header,
            payload: &sent.payload,
        })
    }
}

impl Acked {
    fn note(&mut self, position: u64, sent: &Sent) {
        self.bytes += sent.payload.len();
        self.highest = self.highest.max(position);
        // RFC 9260 section 6.3.1, rule C5 (Karn): no sample from what was sent twice.
        if sent.transmissions == 1 {
            self.sample = self.sample.max(Some(sent.sent_at));
        }
        // RFC 8985 section 6.2, step 2: what comes too early answers the first transmission.
        if sent.transmissions == 1 || sent.sent_at <= self.unanswered {
            if self.latest <= Some(sent.sent_at) {
                self.latest = Some(sent.sent_at);
                self.newest = Some((sent.sent_at, sent.snapshot));
            }
        }
    }
}
