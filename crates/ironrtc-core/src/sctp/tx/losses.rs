//! Which chunks are lost, by time or by a timeout, and sending them again.

use std::time::Duration;

use super::outstanding::{Outstanding, State};
use crate::sctp::num::Tsn;
use crate::sctp::packet::data::DataHeader;
use crate::time::Time;
use crate::work;

/// A chunk to write.
#[derive(Debug)]
pub(crate) struct ToSend<'a> {
    pub(crate) tsn: Tsn,
    pub(crate) header: DataHeader,
    pub(crate) payload: &'a [u8],
}

impl Outstanding {
    /// Finds losses: chunks in flight that were sent before `latest`, and longer ago than `wait`.
    /// Gives the time at which the next one will be lost, if nothing more is heard of it.
    pub(crate) fn detect_losses(
        &mut self,
        now: Time,
        deadline: Option<((Time, u64), Duration)>,
        losses: &mut Vec<u64>,
    ) -> Option<Time> {
        while let Some((at, position)) = self.first_in_flight() {
            work::add(1);
            let (latest, wait) = deadline?;
            if (at, position) >= latest {
                return None;
            }
            if at + wait > now {
                return Some(at + wait);
            }
            self.mark_lost(position);
            losses.push(position);
            self.order.pop_first();
        }
        None
    }

    /// The transmission that is in flight for the longest time.
    fn first_in_flight(&mut self) -> Option<(Time, u64)> {
        let Self {
            order,
            chunks,
            base,
            ..
        } = self;
        order.first(*base, |at, position| {
            usize::try_from(position - *base)
                .ok()
                .and_then(|offset| chunks.get(offset))
                .is_some_and(|sent| sent.state == State::InFlight && sent.sent_at == at)
        })
    }

    /// Takes a chunk for lost; false if it is not in flight.
    fn mark_lost(&mut self, position: u64) -> bool {
        let Some(sent) = self.get_mut(position) else {
            return false;
        };
        if sent.state != State::InFlight {
            return false;
        }
        sent.state = State::Lost;
        let (len, snapshot) = (sent.payload.len(), sent.snapshot);
        self.flight -= len;
        self.delivery.on_lost(&snapshot, len);
        self.lost.insert(position);
        true
    }

    /// Takes those for lost that were sent no later than `sent_before`.
    pub(crate) fn mark_old_lost(&mut self, sent_before: Time, losses: &mut Vec<u64>) {
        while let Some((at, position)) = self.first_in_flight()
            && at <= sent_before
        {
            self.order.pop_first();
            self.mark_lost(position);
            losses.push(position);
        }
    }

    /// The retransmission timer ran out: takes the first chunk for lost, and all that were sent no
    /// later than `sent_before` (RFC 8985 section 6.3).
    pub(crate) fn on_timeout(&mut self, sent_before: Time, losses: &mut Vec<u64>) {
        // RFC 9260 section 6.2.1: a receiver may take back what a gap block acknowledged. It has
        // done so if the first missing chunk is one of those.
        if self
            .chunks
            .front()
            .is_some_and(|sent| sent.state == State::Acked)
        {
            self.take_back_gaps();
        }
        let first = self
            .chunks
            .iter()
            .position(|sent| matches!(sent.state, State::InFlight | State::Lost))
            .map(|offset| self.base + offset as u64);
        if let Some(first) = first
            && self.mark_lost(first)
        {
            losses.push(first);
        }
        self.mark_old_lost(sent_before, losses);
        self.probed = None;
    }

    fn take_back_gaps(&mut self) {
        self.gaps.clear();
        self.gap_bytes = 0;
        for (offset, sent) in self.chunks.iter_mut().enumerate() {
            if sent.state == State::Acked {
                sent.state = State::Lost;
                self.lost.insert(self.base + offset as u64);
            }
        }
    }

    /// What was taken for lost and has not been sent again is in flight after all.
    pub(crate) fn restore_lost(&mut self) {
        for position in std::mem::take(&mut self.lost) {
            if let Some(sent) = self.get_mut(position) {
                sent.state = State::InFlight;
                let at = sent.sent_at;
                self.flight += sent.payload.len();
                self.order.push(at, position);
            }
        }
        self.order.sort();
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
        let offset = self
            .chunks
            .iter()
            .rposition(|sent| sent.state == State::InFlight && !(partial && sent.is_spent(now)))?;
        let position = self.base + offset as u64;
        if let Some(sent) = self.get(position) {
            self.flight -= sent.payload.len();
        }
        self.probed = Some(position);
        self.resend(now, position)
    }

    fn resend(&mut self, now: Time, position: u64) -> Option<ToSend<'_>> {
        let len = self.get(position)?.payload.len();
        self.flight += len;
        self.retransmissions += 1;
        self.order.push(now, position);
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
