//! dimpl's crypto provider with AEADs that we can share.
//!
//! dimpl keeps its traffic keys to itself, but it lets us supply the ciphers. Ours do the same as
//! its own and note what one record under them tells: the direction, the epoch, the IV and the key
//! that hides record numbers. With that, [`Records`](super::records::Records) protects application
//! records itself. No key is stored as bytes, and none is ever printed.

mod suites;

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::aead::quic::HeaderProtectionKey;
use aws_lc_rs::aead::{self, LessSafeKey, UnboundKey};
use dimpl::crypto::{Aad, Buf, Cipher, Nonce, TmpBuf};
use dimpl::{CryptoError, CryptoOperation};

use super::acks::Acks;
use super::record::{ACK, HANDSHAKE, are_messages_bounded};
use crate::work;

pub(super) use self::suites::provider;

/// Length of the tag of every AEAD here.
pub(super) const TAG_LEN: usize = 16;
/// The epoch of DTLS 1.2's application data, as the head of an explicit nonce.
const EPOCH_1: [u8; 2] = [0, 1];

/// How a nonce is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RFC 5288: four bytes of IV and eight in the record.
    Dtls12Gcm,
    /// RFC 7905: the IV XORed with epoch and sequence number.
    Dtls12ChaCha,
    /// RFC 9147 section 4.2.2: the IV XORed with the sequence number.
    Dtls13,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Send,
    Receive,
}

/// What the first record under a key told.
#[derive(Clone, Copy)]
pub(super) struct Learnt {
    pub(super) direction: Direction,
    /// The epoch; of DTLS 1.3 its low two bits.
    pub(super) epoch: u16,
    /// The IV; of [`Scheme::Dtls12Gcm`] its first four bytes.
    pub(super) iv: [u8; 12],
}

/// One key of dimpl's, with what is known about it.
pub(super) struct Tap {
    pub(super) scheme: Scheme,
    /// The suite's name in IANA's registry.
    pub(super) suite: &'static str,
    pub(super) aead: LessSafeKey,
    learnt: OnceLock<Learnt>,
    number_key: OnceLock<HeaderProtectionKey>,
    /// One more than the highest sequence number that dimpl used.
    next: AtomicU64,
    /// dimpl no longer encrypts under this key: we do.
    taken: AtomicBool,
    /// dimpl no longer opens anything under this key: its records are too old.
    retired: AtomicBool,
    /// dimpl used an explicit nonce that we would use one day.
    tainted: AtomicBool,
    #[cfg(test)]
    id: u64,
}

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

impl Tap {
    /// What is known, once it is enough to protect records.
    pub(super) fn learnt(&self) -> Option<Learnt> {
        let complete = self.scheme != Scheme::Dtls13 || self.number_key.get().is_some();
        self.learnt.get().copied().filter(|_| complete)
    }

    /// One more than the highest sequence number that dimpl sealed or opened.
    pub(super) fn next(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Stops dimpl from encrypting: what it sends under this key from now on is zeros that name the
    /// plaintext kept aside ([`take_bare`]), for us to seal. A record that came to be sent as dimpl
    /// made it would show nothing. Refuses if a nonce could come twice.
    pub(super) fn take(&self) -> bool {
        let usable = !self.tainted.load(Ordering::Relaxed);
        self.taken.store(usable, Ordering::Relaxed);
        usable
    }

    fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Relaxed)
    }

    /// Stops dimpl from decrypting: it does not remember which records of this epoch it has seen.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// The mask over a record number (RFC 9147 section 4.2.3).
    pub(super) fn mask(&self, sample: &[u8]) -> Option<[u8; 5]> {
        self.number_key.get()?.new_mask(sample).ok()
    }

    /// Fails a test in which a nonce comes twice.
    #[cfg(test)]
    pub(super) fn audit(&self, nonce: [u8; 12]) {
        audit::check(self.id, nonce);
    }

    /// Notes a record that dimpl sealed, or opened successfully.
    fn observe(&self, direction: Direction, aad: &[u8], nonce: [u8; 12]) {
        let Some((epoch, sequence)) = record_number(self.scheme, aad) else {
            return;
        };
        let learnt = self.learnt.get_or_init(|| Learnt {
            direction,
            epoch,
            // Only the low bits of the number are in a DTLS 1.3 header, but they are all of it:
            // dimpl completes the first record's number to the nearest to zero.
            iv: match self.scheme {
                Scheme::Dtls12Gcm => nonce,
                Scheme::Dtls12ChaCha => xor(nonce, u64::from(epoch) << 48 | sequence),
                Scheme::Dtls13 => xor(nonce, sequence),
            },
        });
        let sequence = match (self.scheme, xor_difference(nonce, learnt.iv)) {
            (Scheme::Dtls13, number) => number,
            _ => sequence,
        };
        self.next.fetch_max(sequence + 1, Ordering::Relaxed);
        if self.scheme == Scheme::Dtls12Gcm
            && direction == Direction::Send
            && nonce.get(4..6) == Some(&EPOCH_1)
        {
            // dimpl draws explicit nonces at random; ours are epoch and sequence number.
            self.tainted.store(true, Ordering::Relaxed);
        }
    }
}

/// Epoch and sequence number from a record's additional data. Of DTLS 1.3, what the header shows.
fn record_number(scheme: Scheme, aad: &[u8]) -> Option<(u16, u64)> {
    if scheme == Scheme::Dtls13 {
        let (&first, rest) = aad.split_first()?;
        let sequence = match *rest {
            [high, low, ..] if first & 0x08 != 0 => u16::from_be_bytes([high, low]),
            [low, ..] if first & 0x08 == 0 => low.into(),
            _ => return None,
        };
        return Some((u16::from(first & 3), sequence.into()));
    }
    let both = u64::from_be_bytes(*aad.first_chunk()?);
    Some(((both >> 48) as u16, both & ((1 << 48) - 1)))
}

/// The nonce for a number, or the IV for a nonce (RFC 8446 section 5.3).
pub(super) fn xor(mut iv: [u8; 12], number: u64) -> [u8; 12] {
    for (byte, bits) in iv.iter_mut().skip(4).zip(number.to_be_bytes()) {
        *byte ^= bits;
    }
    iv
}

fn xor_difference(nonce: [u8; 12], iv: [u8; 12]) -> u64 {
    let both = nonce.iter().zip(iv).skip(4);
    both.fold(0, |number, (a, b)| number << 8 | u64::from(a ^ b))
}

/// What passes between the calls that dimpl makes for one record, and to the engine.
#[derive(Default)]
struct Trace {
    /// Keys made since [`begin`].
    made: Vec<Arc<Tap>>,
    /// The record sealed last. dimpl asks for the mask over its number next.
    sealed: Option<([u8; TAG_LEN], Arc<Tap>)>,
    /// The mask asked for last. dimpl opens the record with this sample next.
    masked: Option<([u8; TAG_LEN], HeaderProtectionKey)>,
    acks: Acks,
    /// Plaintexts that dimpl did not encrypt, by the tags that stand for them.
    bare: Vec<([u8; TAG_LEN], Vec<u8>)>,
    /// How many there were.
    named: u64,
}

impl Trace {
    /// Keeps a plaintext aside and names it. The name is no secret and no AEAD's tag.
    fn put_aside(&mut self, plaintext: Vec<u8>) -> [u8; TAG_LEN] {
        let mut tag = [0; TAG_LEN];
        self.named += 1;
        for (byte, value) in tag.iter_mut().skip(8).zip(self.named.to_be_bytes()) {
            *byte = value;
        }
        self.bare.push((tag, plaintext));
        tag
    }
}

thread_local! {
    /// dimpl is synchronous: what happens here during a call concerns the engine that made it.
    static TRACE: Cell<Trace> = Cell::default();
}

/// Calls a closure with the thread's trace.
fn trace<R>(f: impl FnOnce(&mut Trace) -> R) -> R {
    let mut current = TRACE.take();
    let result = f(&mut current);
    TRACE.set(current);
    result
}

/// An engine is about to call into dimpl: forgets what others left behind. ACKs that dimpl opens
/// are renumbered by `acks`.
pub(super) fn begin(acks: Acks) {
    TRACE.set(Trace {
        acks,
        ..Trace::default()
    });
}

/// The keys that dimpl made since [`begin`], and what was given there.
pub(super) fn finish() -> (Vec<Arc<Tap>>, Acks) {
    let trace = TRACE.take();
    (trace.made, trace.acks)
}

/// The keys that dimpl has made so far, since [`begin`].
pub(super) fn made() -> Vec<Arc<Tap>> {
    trace(|trace| trace.made.clone())
}

/// The plaintext that dimpl's record with this tag stands for.
pub(super) fn take_bare(tag: &[u8]) -> Option<Vec<u8>> {
    trace(|trace| {
        work::add(trace.bare.len());
        let place = trace.bare.iter().position(|(known, _)| known == tag)?;
        Some(trace.bare.swap_remove(place).1)
    })
}

struct TappedCipher(Arc<Tap>);

impl fmt::Debug for TappedCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TappedCipher {
    fn create(
        scheme: Scheme,
        suite: &'static str,
        algorithm: &'static aead::Algorithm,
        key: &[u8],
    ) -> Result<Box<dyn Cipher>, CryptoError> {
        let key = UnboundKey::new(algorithm, key)
            .map_err(|_| CryptoError::OperationFailed(CryptoOperation::CreateCipher))?;
        let tap = Arc::new(Tap {
            scheme,
            suite,
            aead: LessSafeKey::new(key),
            learnt: OnceLock::new(),
            number_key: OnceLock::new(),
            next: AtomicU64::new(0),
            taken: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            tainted: AtomicBool::new(false),
            #[cfg(test)]
            id: audit::next_id(),
        });
        trace(|trace| trace.made.push(Arc::clone(&tap)));
        Ok(Box::new(Self(tap)))
    }
}

impl Cipher for TappedCipher {
    fn encrypt(&mut self, plaintext: &mut Buf, aad: Aad, nonce: Nonce) -> Result<(), CryptoError> {
        let tap = &self.0;
        if tap.is_taken() {
            let tag = trace(|trace| trace.put_aside(plaintext.to_vec()));
            let len = plaintext.len();
            plaintext.clear();
            plaintext.resize(len, 0);
            plaintext.extend_from_slice(&tag);
        } else {
            #[cfg(test)]
            tap.audit(nonce.0);
            let unique = aead::Nonce::assume_unique_for_key(nonce.0);
            tap.aead
                .seal_in_place_append_tag(unique, aead::Aad::from(&aad[..]), plaintext)
                .map_err(|_| CryptoError::OperationFailed(CryptoOperation::Encrypt))?;
            tap.observe(Direction::Send, &aad, nonce.0);
        }
        if tap.scheme == Scheme::Dtls13
            && let Some(sample) = plaintext.first_chunk()
        {
            trace(|trace| trace.sealed = Some((*sample, Arc::clone(tap))));
        }
        Ok(())
    }

    fn decrypt(
        &mut self,
        ciphertext: &mut TmpBuf<'_>,
        aad: Aad,
        nonce: Nonce,
    ) -> Result<(), CryptoError> {
        let tap = &self.0;
        if tap.retired.load(Ordering::Relaxed) {
            return Err(CryptoError::OperationFailed(CryptoOperation::Decrypt));
        }
        let sample: Option<[u8; TAG_LEN]> = ciphertext.as_ref().first_chunk().copied();
        let unique = aead::Nonce::assume_unique_for_key(nonce.0);
        let len = tap
            .aead
            .open_in_place(unique, aead::Aad::from(&aad[..]), ciphertext.as_mut())
            .map_err(|_| CryptoError::OperationFailed(CryptoOperation::Decrypt))?
            .len();
        ciphertext.truncate(len);
        tap.observe(Direction::Receive, &aad, nonce.0);
        if tap.scheme != Scheme::Dtls13 {
            return Ok(());
        }
        trace(|trace| {
            if let Some((of, key)) = trace.masked.take()
                && Some(of) == sample
            {
                // The first one stays; later ones are the same.
                let _ = tap.number_key.set(key);
            }
            let plaintext = ciphertext.as_mut();
            let end = plaintext.iter().rposition(|byte| *byte != 0);
            match end.and_then(|end| plaintext.split_at_mut_checked(end)) {
                Some((content, [ACK, ..])) => trace.acks.renumber(content),
                Some((content, [HANDSHAKE, ..])) if !are_messages_bounded(content) => {
                    return Err(CryptoError::OperationFailed(CryptoOperation::Decrypt));
                }
                _ => {}
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod audit {
    use std::cell::Cell;
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicU64, Ordering};

    thread_local! {
        static USED: Cell<BTreeSet<(u64, [u8; 12])>> = Cell::default();
    }

    pub(super) fn next_id() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn check(key: u64, nonce: [u8; 12]) {
        let mut used = USED.take();
        let new = used.insert((key, nonce));
        USED.set(used);
        assert!(new, "a nonce was used twice");
    }
}
