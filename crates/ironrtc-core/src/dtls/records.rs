//! Our record layer for application data, once dimpl has set up its keys.
//!
//! dimpl keeps the handshake, alerts, ACKs and key updates. Each epoch's keys are taken over after
//! dimpl has used them for a record (see [`tap`](super::tap)), in either direction alone:
//!
//! - **Receiving**: we open everything, and hand dimpl what is not application data as it came. It
//!   opens that again itself, so nothing rests on our word.
//! - **Sending**: dimpl stops encrypting, so no nonce is used twice. What it wants to send comes as
//!   plaintext with its own record number, and is sealed under ours. Of handshake messages we
//!   remember both numbers: the peer's ACK names ours, and dimpl waits for its own.

use std::sync::Arc;

use super::acks::{Acks, Renumbered};
use super::keys::{Opened, ReceiveKeys, SealFailure, SendKeys};
use super::record::{self, ALERT, APPLICATION_DATA, HANDSHAKE};
use super::tap::{self, Direction, Learnt, Scheme, TAG_LEN, Tap};
use crate::replay::reconstruct;
use crate::work;

/// One of so many of our records is shown to dimpl as sent, for it counts towards a key update.
pub(super) const TICK_EVERY: u64 = 256;
/// Keys of dimpl's that may wait to be understood: a handshake makes four.
const MAX_TAPS: usize = 8;
/// The epoch before the first with application data (RFC 9147 section 6.1, RFC 6347 section 4.1).
const LAST_HANDSHAKE_EPOCH_13: u16 = 2;

/// The record layer of one association.
#[derive(Debug, Default)]
pub(super) struct Records {
    taps: Vec<Arc<Tap>>,
    send: Option<SendKeys>,
    /// By the low two bits of the epoch, as DTLS 1.3 names it.
    receive: [Option<ReceiveKeys>; 4],
    /// The last epochs taken over.
    send_epoch: u16,
    receive_epoch: u16,
    /// The suite of the keys taken over.
    suite: Option<&'static str>,
    /// The number that dimpl gives its next record.
    next_by_dimpl: u64,
    acks: Acks,
}

impl Records {
    /// Comes before each call into dimpl.
    pub(super) fn begin(&mut self) {
        tap::begin(std::mem::take(&mut self.acks));
    }

    /// Comes after it, when dimpl's output has been collected. Takes over what can be if the
    /// association is `ready`: the handshake done and the peer trusted.
    pub(super) fn finish(&mut self, ready: bool) {
        let (taps, acks) = tap::finish();
        let new = std::mem::replace(&mut self.acks, acks);
        self.acks.append(new);
        if self.send.as_ref().is_some_and(SendKeys::is_abandoned) {
            self.send = None;
        }
        self.taps.extend(taps);
        let surplus = self.taps.len().saturating_sub(MAX_TAPS);
        self.taps.drain(..surplus);
        work::add(self.taps.len());
        if !ready || self.taps.is_empty() {
            return;
        }
        for tap in std::mem::take(&mut self.taps) {
            match tap.learnt() {
                Some(learnt) => self.take_over(tap, learnt),
                None => self.taps.push(tap),
            }
        }
    }

    fn take_over(&mut self, tap: Arc<Tap>, learnt: Learnt) {
        let sending = learnt.direction == Direction::Send;
        let last = if sending {
            self.send_epoch
        } else {
            self.receive_epoch
        };
        let epoch = if tap.scheme == Scheme::Dtls13 {
            last.max(LAST_HANDSHAKE_EPOCH_13).saturating_add(1)
        } else {
            last.saturating_add(1)
        };
        let named = if tap.scheme == Scheme::Dtls13 {
            epoch & 3
        } else {
            epoch
        };
        // Handshake keys stay dimpl's, as does everything unexpected.
        if named != learnt.epoch {
            return;
        }
        self.suite = Some(tap.suite);
        if sending {
            self.send = SendKeys::take(tap, learnt, epoch);
            self.send_epoch = epoch;
            self.next_by_dimpl = self.send.as_ref().map_or(0, SendKeys::first);
            self.acks.set_first(epoch, self.next_by_dimpl);
            return;
        }
        // The next epoch's records are dimpl's until it has opened one.
        if let Some(slot) = self
            .receive
            .get_mut(usize::from((epoch.wrapping_add(1)) & 3))
            && let Some(keys) = slot.take()
        {
            keys.retire();
        }
        if let Some(slot) = self.receive.get_mut(usize::from(epoch & 3)) {
            *slot = Some(ReceiveKeys::take(tap, learnt, epoch));
            self.receive_epoch = epoch;
        }
    }

    /// The suite, once keys were taken over.
    pub(super) fn suite(&self) -> Option<&'static str> {
        self.suite
    }

    /// The highest epoch that either side uses.
    pub(super) fn last_epoch(&self) -> u16 {
        self.send_epoch.max(self.receive_epoch)
    }

    /// True if [`open`](Self::open) has keys.
    pub(super) fn is_receiving(&self) -> bool {
        self.receive_epoch > 0
    }

    /// Opens one record in place.
    pub(super) fn open(&mut self, header: &record::Header, record: &mut [u8]) -> Opened {
        let slot = self.receive.get_mut(usize::from(header.epoch & 3));
        let Some(keys) = slot.and_then(Option::as_mut) else {
            return Opened::ForDimpl;
        };
        if header.unified != keys.is_dtls13() || (!header.unified && header.epoch != keys.epoch()) {
            return Opened::ForDimpl;
        }
        keys.open(header, record)
    }

    /// Bytes of a record of application data before its plaintext; none if dimpl must make it.
    pub(super) fn head_len(&self) -> usize {
        self.send.as_ref().map_or(0, SendKeys::head_len)
    }

    /// Makes a record of application data of what stands in `out` from `start` on, and returns its
    /// length; `None` if dimpl must do it. The flag says that dimpl should be shown one
    /// ([`TICK_EVERY`]).
    pub(super) fn seal_in_place(
        &mut self,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Option<Result<(usize, bool), SealFailure>> {
        let keys = self.send.as_mut()?;
        let sealed = keys.seal_in_place(APPLICATION_DATA, start, out);
        // DTLS 1.2 has no key update.
        let tick = keys.is_dtls13() && keys.next().is_multiple_of(TICK_EVERY);
        Some(sealed.map(|len| (len, tick)))
    }

    /// A last record, of an alert, under the newest keys of DTLS 1.3 that are known. dimpl encrypts
    /// nothing more under them, so no nonce comes twice.
    pub(super) fn alert(&mut self, level: u8, description: u8) -> Option<Vec<u8>> {
        let taps = self.taps.drain(..).chain(tap::made());
        let known = taps.filter_map(|tap| {
            let learnt = tap.learnt()?;
            let usable = tap.scheme == Scheme::Dtls13 && learnt.direction == Direction::Send;
            usable.then_some((tap, learnt))
        });
        let (tap, learnt) = known.last()?;
        let epoch = learnt.epoch;
        let mut keys = SendKeys::take(tap, learnt, epoch)?;
        let mut record = Vec::new();
        keys.seal(ALERT, &[level, description], &mut record).ok()?;
        Some(record)
    }

    /// Turns a datagram of dimpl's into one that may go out, possibly empty.
    pub(super) fn outgoing(&mut self, datagram: &[u8]) -> Vec<u8> {
        if self.send.is_none() {
            return datagram.to_vec();
        }
        let mut out = Vec::with_capacity(datagram.len());
        let mut rest = datagram;
        while let Some(header) = record::header(rest) {
            let Some((record, tail)) = rest.split_at_checked(header.record_len) else {
                break;
            };
            rest = tail;
            if self.is_bare(&header) {
                self.reseal(&header, record, &mut out);
            } else {
                out.extend_from_slice(record);
            }
        }
        out
    }

    /// True for a record that dimpl left to us to encrypt.
    fn is_bare(&self, header: &record::Header) -> bool {
        self.send.as_ref().is_some_and(|keys| {
            if keys.is_dtls13() {
                header.unified && header.epoch == keys.epoch() & 3
            } else {
                header.epoch == keys.epoch()
            }
        })
    }

    /// Seals a record that dimpl left bare. One that cannot be sealed is lost, as on the network; so
    /// is one of this epoch that dimpl did not leave to us, since we would use its nonce again.
    fn reseal(&mut self, header: &record::Header, record: &[u8], out: &mut Vec<u8>) {
        let Some(keys) = self.send.as_mut() else {
            return;
        };
        let tag = record.last_chunk::<TAG_LEN>();
        let Some(plaintext) = tag.and_then(|tag| tap::take_bare(tag)) else {
            return;
        };
        let split = plaintext.split_last();
        let (kind, content) = match split {
            Some((kind, content)) if header.unified => (*kind, content),
            _ if header.unified => return,
            _ => (header.kind, plaintext.as_slice()),
        };
        let partial = record.get(1..3).and_then(|bytes| bytes.first_chunk::<2>());
        let partial = partial.map_or(0, |bytes| u16::from_be_bytes(*bytes));
        let by_dimpl = reconstruct(partial.into(), 16, self.next_by_dimpl);
        self.next_by_dimpl = by_dimpl + 1;
        // Application data here is a tick.
        if kind == APPLICATION_DATA {
            return;
        }
        let by_us = keys.next();
        if keys.seal(kind, content, out).is_err() || kind != HANDSHAKE || !header.unified {
            return;
        }
        let epoch = keys.epoch();
        self.acks.add(Renumbered {
            epoch,
            by_dimpl,
            by_us,
        });
    }

    #[cfg(test)]
    pub(super) fn send_keys(&mut self) -> Option<&mut SendKeys> {
        self.send.as_mut()
    }

    #[cfg(test)]
    pub(super) fn epochs(&self) -> (u16, u16) {
        (self.send_epoch, self.receive_epoch)
    }
}
