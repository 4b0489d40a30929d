//! One direction of one epoch: seals and opens records in place.

use std::ops::Range;
use std::sync::Arc;

use aws_lc_rs::aead::{Aad, Nonce, Tag};

use super::record::{ALERT, APPLICATION_DATA, Header, PLAINTEXT_HEADER_LEN, VERSION_1_2};
use super::tap::{Learnt, Scheme, TAG_LEN, Tap, xor};
use crate::replay::{ReplayWindow, reconstruct};

/// Records below the highest that are still told apart, in words of 64. The RFC advises 64 records,
/// but what is older is lost, and 20 ms of jitter at 100 Mbit/s put 200 of our small packets out of
/// order. 4,096 cover 40 ms at 1 Gbit/s.
const WINDOW_WORDS: usize = 64;

/// RFC 9147 section 4.5.3 allows 2^24.5 records under one AES-GCM key.
const MAX_GCM_RECORDS: u64 = 23_700_000;
/// RFC 9147 section 4.5.3: this many forgeries under one key, and it opens nothing any more.
const MAX_FORGERIES: u64 = 1 << 36;
/// Sequence numbers have 48 bits and must not wrap.
const MAX_SEQUENCE: u64 = (1 << 48) - 1;
/// The longest plaintext of a record (RFC 9147 section 4).
const MAX_PLAINTEXT: usize = 1 << 14;
/// A DTLS 1.3 record shows 16 bits of its sequence number, which dimpl completes by the last that
/// it saw. So it must see one every now and then, or a close after many records is lost on it.
const SYNC_EVERY: u64 = 1024;
const EXPLICIT_NONCE_LEN: usize = 8;
/// The head of a record of DTLS 1.3 as we write it: flags, 16 bits of number, a length.
const HEAD_13: usize = 5;

/// Why a record was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SealFailure {
    #[error("the key is used up, and the peer has not accepted a new one")]
    UsedUp,
    #[error("a record holds {MAX_PLAINTEXT} bytes at most")]
    TooLong,
    #[error("the crypto library failed")]
    Library,
}

/// The keys we send with.
#[derive(Debug)]
pub(super) struct SendKeys {
    key: Key,
    /// The first number that is ours; dimpl has used those below.
    first: u64,
    next: u64,
    limit: u64,
}

/// The keys we receive with.
#[derive(Debug)]
pub(super) struct ReceiveKeys {
    key: Key,
    /// Numbers below are left to dimpl, which has opened some of them.
    first: u64,
    window: ReplayWindow<WINDOW_WORDS>,
    /// The highest number that dimpl was shown.
    synced: Option<u64>,
    forgeries: u64,
}

/// What a record held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Application data, at this place of the record.
    Application(Range<usize>),
    /// A record that dimpl must see, as it came.
    ForDimpl,
    /// Forged, replayed or malformed.
    Rejected,
}

#[derive(Debug)]
struct Key {
    tap: Arc<Tap>,
    epoch: u16,
    iv: [u8; 12],
}

impl Key {
    fn new(tap: Arc<Tap>, learnt: Learnt, epoch: u16) -> Self {
        let iv = learnt.iv;
        Self { tap, epoch, iv }
    }

    fn nonce(&self, sequence: u64, explicit: [u8; EXPLICIT_NONCE_LEN]) -> [u8; 12] {
        match self.tap.scheme {
            Scheme::Dtls12Gcm => {
                let mut nonce = self.iv;
                for (byte, value) in nonce.iter_mut().skip(4).zip(explicit) {
                    *byte = value;
                }
                nonce
            }
            Scheme::Dtls12ChaCha => xor(self.iv, self.number(sequence)),
            Scheme::Dtls13 => xor(self.iv, sequence),
        }
    }

    /// Seals in place, and returns the tag.
    fn seal<A: AsRef<[u8]>>(&self, nonce: [u8; 12], aad: A, body: &mut [u8]) -> Option<Tag> {
        #[cfg(test)]
        self.tap.audit(nonce);
        seal(&self.tap, nonce, aad, body)
    }

    /// Opens in place: the plaintext comes before the tag.
    fn open<A: AsRef<[u8]>>(&self, nonce: [u8; 12], aad: A, body: &mut [u8]) -> bool {
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.tap
            .aead
            .open_in_place(nonce, Aad::from(aad), body)
            .is_ok()
    }

    /// Epoch and sequence number as DTLS 1.2 writes them.
    fn number(&self, sequence: u64) -> u64 {
        u64::from(self.epoch) << 48 | sequence
    }

    fn explicit_len(&self) -> usize {
        match self.tap.scheme {
            Scheme::Dtls12Gcm => EXPLICIT_NONCE_LEN,
            Scheme::Dtls12ChaCha | Scheme::Dtls13 => 0,
        }
    }

    /// Additional data of DTLS 1.2 (RFC 5246 section 6.2.3.3).
    fn additional_data12(&self, sequence: u64, kind: u8, len: usize) -> [u8; 13] {
        let [a, b, c, d, e, f, g, h] = self.number(sequence).to_be_bytes();
        let [major, minor] = VERSION_1_2;
        let [high, low] = (len as u16).to_be_bytes();
        [a, b, c, d, e, f, g, h, kind, major, minor, high, low]
    }
}

impl SendKeys {
    /// Takes sending over from dimpl, unless that is unsafe.
    pub(super) fn take(tap: Arc<Tap>, learnt: Learnt, epoch: u16) -> Option<Self> {
        if !tap.take() {
            return None;
        }
        let first = tap.next();
        let gcm13 = tap.scheme == Scheme::Dtls13
            && *tap.aead.algorithm() != aws_lc_rs::aead::CHACHA20_POLY1305;
        Some(Self {
            key: Key::new(tap, learnt, epoch),
            first,
            next: first,
            limit: if gcm13 { MAX_GCM_RECORDS } else { MAX_SEQUENCE },
        })
    }

    pub(super) fn epoch(&self) -> u16 {
        self.key.epoch
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// The number of the next record.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn is_dtls13(&self) -> bool {
        self.key.tap.scheme == Scheme::Dtls13
    }

    /// True once dimpl has dropped the cipher: it has moved on to the next epoch.
    pub(super) fn is_abandoned(&self) -> bool {
        Arc::strong_count(&self.key.tap) == 1
    }

    #[cfg(test)]
    pub(super) fn skip_to(&mut self, next: u64) {
        self.next = next;
    }

    /// Bytes of a record before its plaintext.
    pub(super) fn head_len(&self) -> usize {
        if self.is_dtls13() {
            HEAD_13
        } else {
            PLAINTEXT_HEADER_LEN + self.key.explicit_len()
        }
    }

    /// Appends a record to `out` and returns its length.
    pub(super) fn seal(
        &mut self,
        kind: u8,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<usize, SealFailure> {
        let start = out.len();
        out.resize(start + self.head_len(), 0);
        out.extend_from_slice(plaintext);
        self.seal_in_place(kind, start, out)
    }

    /// Makes a record of what stands in `out` from `start` on, which is room for its head and the
    /// plaintext, and returns its length. Of what cannot be sealed nothing is left.
    pub(super) fn seal_in_place(
        &mut self,
        kind: u8,
        start: usize,
        out: &mut Vec<u8>,
    ) -> Result<usize, SealFailure> {
        let sealed = self.try_seal(kind, start, out);
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed.map(|()| out.len() - start)
    }

    fn try_seal(&mut self, kind: u8, start: usize, out: &mut Vec<u8>) -> Result<(), SealFailure> {
        // An alert may still be sent when data may not.
        if self.next >= MAX_SEQUENCE || (self.next >= self.limit && kind != ALERT) {
            return Err(SealFailure::UsedUp);
        }
        let body = start + self.head_len();
        let len = out.len().checked_sub(body).ok_or(SealFailure::Library)?;
        if len > MAX_PLAINTEXT {
            return Err(SealFailure::TooLong);
        }
        let sequence = self.next;
        // Whatever happens, the number is used.
        self.next += 1;
        let sealed = if self.is_dtls13() {
            self.seal13(sequence, kind, start, out)
        } else {
            self.seal12(sequence, kind, start, out)
        };
        sealed.ok_or(SealFailure::Library)
    }

    fn seal13(&self, sequence: u64, kind: u8, start: usize, out: &mut Vec<u8>) -> Option<()> {
        out.push(kind);
        let len = out.len() - start - HEAD_13 + TAG_LEN;
        // RFC 9147 section 4: 001CSLEE with 16 bits of sequence number and a length.
        let flags = 0x2c | (self.key.epoch & 3) as u8;
        let [high, low] = (sequence as u16).to_be_bytes();
        let [len_high, len_low] = (len as u16).to_be_bytes();
        let head = [flags, high, low, len_high, len_low];
        let (room, body) = out.get_mut(start..)?.split_at_mut_checked(head.len())?;
        room.copy_from_slice(&head);
        let nonce = self.key.nonce(sequence, [0; EXPLICIT_NONCE_LEN]);
        let tag = self.key.seal(nonce, head, body)?;
        out.extend_from_slice(tag.as_ref());
        let (head, body) = out.get_mut(start..)?.split_at_mut_checked(HEAD_13)?;
        let mask = self.key.tap.mask(body.get(..TAG_LEN)?)?;
        for (byte, bits) in head.iter_mut().skip(1).take(2).zip(mask) {
            *byte ^= bits;
        }
        Some(())
    }

    fn seal12(&self, sequence: u64, kind: u8, start: usize, out: &mut Vec<u8>) -> Option<()> {
        let head_len = self.head_len();
        let (room, body) = out.get_mut(start..)?.split_at_mut_checked(head_len)?;
        let number = self.key.number(sequence).to_be_bytes();
        let len = self.key.explicit_len() + body.len() + TAG_LEN;
        // RFC 5288 section 3: epoch and sequence number as explicit nonce, so none comes twice.
        let head = [kind]
            .into_iter()
            .chain(VERSION_1_2)
            .chain(number)
            .chain((len as u16).to_be_bytes())
            .chain(number);
        for (byte, value) in room.iter_mut().zip(head) {
            *byte = value;
        }
        let aad = self.key.additional_data12(sequence, kind, body.len());
        let nonce = self.key.nonce(sequence, number);
        let tag = self.key.seal(nonce, aad, body)?;
        out.extend_from_slice(tag.as_ref());
        Some(())
    }
}

impl ReceiveKeys {
    /// Opens records from the first that dimpl has not seen.
    pub(super) fn take(tap: Arc<Tap>, learnt: Learnt, epoch: u16) -> Self {
        let first = tap.next();
        Self {
            key: Key::new(tap, learnt, epoch),
            first,
            window: ReplayWindow::starting_at(first),
            synced: None,
            forgeries: 0,
        }
    }

    pub(super) fn epoch(&self) -> u16 {
        self.key.epoch
    }

    /// These keys open nothing any more, in dimpl either.
    pub(super) fn retire(self) {
        self.key.tap.retire();
    }

    pub(super) fn is_dtls13(&self) -> bool {
        self.key.tap.scheme == Scheme::Dtls13
    }

    /// Opens a record in place.
    ///
    /// What is not application data is for dimpl, and so is one record in [`SYNC_EVERY`]: those are
    /// sealed again.
    pub(super) fn open(&mut self, header: &Header, record: &mut [u8]) -> Opened {
        if self.forgeries >= MAX_FORGERIES {
            return Opened::Rejected;
        }
        match self.key.tap.scheme {
            Scheme::Dtls13 => self.open13(header, record),
            Scheme::Dtls12Gcm | Scheme::Dtls12ChaCha => self.open12(header, record),
        }
        .unwrap_or(Opened::Rejected)
    }

    fn open13(&mut self, header: &Header, record: &mut [u8]) -> Option<Opened> {
        let (head, body) = record.split_at_mut_checked(header.len)?;
        let mut plain_head = [0; 5];
        let plain_head = plain_head.get_mut(..header.len)?;
        plain_head.copy_from_slice(head);
        let mask = self.key.tap.mask(body.get(..TAG_LEN)?)?;
        let wide = plain_head.first()? & 0x08 != 0;
        let mut partial = 0;
        let bytes = plain_head.iter_mut().skip(1).take(if wide { 2 } else { 1 });
        for (byte, bits) in bytes.zip(mask) {
            *byte ^= bits;
            partial = partial << 8 | u64::from(*byte);
        }
        let bits = if wide { 16 } else { 8 };
        let sequence = reconstruct(partial, bits, self.window.next());
        if sequence < self.first {
            return Some(Opened::ForDimpl);
        }
        if sequence > MAX_SEQUENCE || !self.window.is_new(sequence) {
            return None;
        }
        let nonce = self.key.nonce(sequence, [0; EXPLICIT_NONCE_LEN]);
        let aad = &*plain_head;
        if !self.key.open(nonce, aad, body) {
            self.forgeries += 1;
            return None;
        }
        self.window.insert(sequence);
        let len = body.len().checked_sub(TAG_LEN)?;
        let plaintext = body.get(..len)?;
        // The content type is the last byte that is not zero; padding follows it.
        let content_len = plaintext.iter().rposition(|byte| *byte != 0)?;
        let kind = *plaintext.get(content_len)?;
        if is_for_dimpl(&mut self.synced, kind, sequence) {
            restore(&self.key.tap, nonce, aad, body, len)?;
            return Some(Opened::ForDimpl);
        }
        let content = header.len..header.len + content_len;
        Some(Opened::Application(content))
    }

    fn open12(&mut self, header: &Header, record: &mut [u8]) -> Option<Opened> {
        let (kind, sequence) = (header.kind, header.sequence);
        if sequence < self.first {
            return Some(Opened::ForDimpl);
        }
        if !self.window.is_new(sequence) {
            return None;
        }
        let (head, fragment) = record.split_at_mut_checked(header.len)?;
        if head.get(1..3) != Some(&VERSION_1_2) {
            return None;
        }
        let explicit_len = self.key.explicit_len();
        let (explicit, body) = fragment.split_at_mut_checked(explicit_len)?;
        debug_assert!(
            matches!(explicit.len(), 0 | 8),
            "a suite has no explicit nonce, or one of 8"
        );
        let explicit = explicit.first_chunk().copied().unwrap_or_default();
        let len = body.len().checked_sub(TAG_LEN)?;
        let nonce = self.key.nonce(sequence, explicit);
        let aad = self.key.additional_data12(sequence, kind, len);
        if !self.key.open(nonce, aad, body) {
            self.forgeries += 1;
            return None;
        }
        self.window.insert(sequence);
        if is_for_dimpl(&mut self.synced, kind, sequence) {
            restore(&self.key.tap, nonce, aad, body, len)?;
            return Some(Opened::ForDimpl);
        }
        let start = header.len + explicit_len;
        Some(Opened::Application(start..start + len))
    }
}

/// True if dimpl must see a record: all that is not application data, and so much of that as keeps
/// dimpl's idea of the current sequence number right. The first, too: it proves that the peer's
/// handshake is done.
fn is_for_dimpl(synced: &mut Option<u64>, kind: u8, sequence: u64) -> bool {
    let due = synced.is_none_or(|last| sequence >= last + SYNC_EVERY);
    if due || kind != APPLICATION_DATA {
        *synced = (*synced).max(Some(sequence));
        return true;
    }
    false
}

/// Turns an opened record back into what it was, with the same nonce: it goes no further than to
/// dimpl in this process.
fn restore<A: AsRef<[u8]>>(
    tap: &Tap,
    nonce: [u8; 12],
    aad: A,
    body: &mut [u8],
    len: usize,
) -> Option<()> {
    let (plaintext, tag) = body.split_at_mut_checked(len)?;
    tag.copy_from_slice(seal(tap, nonce, aad, plaintext)?.as_ref());
    Some(())
}

fn seal<A: AsRef<[u8]>>(tap: &Tap, nonce: [u8; 12], aad: A, body: &mut [u8]) -> Option<Tag> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = tap
        .aead
        .seal_in_place_separate_tag(nonce, Aad::from(aad), body);
    tag.ok()
}
