//! The secrets of a handshake, for who asked to see them ([`Observe::wants_secrets`]).
//!
//! dimpl derives them by HMACs that it has from our provider, so a call's input tells which secret
//! its output is. Nothing is kept, or looked at, for a handshake that nobody asked about.
//!
//! [`Observe::wants_secrets`]: crate::observe::Observe::wants_secrets

use std::cell::Cell;

use dimpl::CryptoError;
use dimpl::crypto::{HashAlgorithm, HmacProvider};

use super::record::{self, HANDSHAKE};
use crate::observe::{Observer, Secret};

/// Length of a master secret (RFC 5246 section 8.1).
const MASTER_LEN: usize = 48;
/// Where a ClientHello's random is behind a record's header: the handshake header of 12 bytes and
/// two of version (RFC 6347 section 4.2.2).
const RANDOM_AT: usize = 12 + 2;
const CLIENT_HELLO: u8 = 1;

/// The label of RFC 8446 section 7.1, and the name of its secret in RFC 9850.
const LABELS: [(&[u8], &str); 5] = [
    (b"c hs traffic", "CLIENT_HANDSHAKE_TRAFFIC_SECRET"),
    (b"s hs traffic", "SERVER_HANDSHAKE_TRAFFIC_SECRET"),
    (b"c ap traffic", "CLIENT_TRAFFIC_SECRET_0"),
    (b"s ap traffic", "SERVER_TRAFFIC_SECRET_0"),
    (b"exp master", "EXPORTER_SECRET"),
];

/// What one handshake's observer is told of keys.
#[derive(Debug, Default)]
pub(super) struct KeyLog {
    observer: Observer,
    /// Whether the observer wants secrets, and the handshake still makes them.
    active: bool,
    client_random: Option<[u8; 32]>,
}

impl KeyLog {
    pub(super) fn new(observer: Observer) -> Self {
        Self {
            active: observer.wants_secrets(),
            observer,
            client_random: None,
        }
    }

    /// A datagram of the handshake, in either direction: it may hold the ClientHello.
    pub(super) fn on_datagram(&mut self, datagram: &[u8]) {
        if self.active
            && let Some(random) = client_random(datagram)
        {
            self.client_random = Some(random);
        }
    }

    /// dimpl is about to be called.
    pub(super) fn begin(&self) {
        if self.active {
            CAUGHT.set(Some(Caught::default()));
        }
    }

    /// dimpl has returned: tells of the secrets that it has made.
    pub(super) fn finish(&self) {
        if !self.active {
            return;
        }
        let Some(caught) = CAUGHT.take() else { return };
        let Some(client_random) = &self.client_random else {
            return;
        };
        for (label, secret) in &caught.secrets {
            self.observer.secret(&Secret {
                label,
                client_random,
                secret,
            });
        }
    }
}

/// The random of the ClientHello that a datagram begins with.
fn client_random(datagram: &[u8]) -> Option<[u8; 32]> {
    let header = record::header(datagram)?;
    let message = datagram.get(header.len..header.record_len)?;
    // Message type, length, message number, and the offset of this fragment.
    let is_first = matches!(message, [CLIENT_HELLO, _, _, _, _, _, 0, 0, 0, ..]);
    if !header.is_plaintext(HANDSHAKE) || !is_first {
        return None;
    }
    message.get(RANDOM_AT..)?.first_chunk().copied()
}

/// What was derived during a call into dimpl.
#[derive(Default)]
struct Caught {
    secrets: Vec<(&'static str, Vec<u8>)>,
    /// As much of a master secret as there is.
    master: Vec<u8>,
}

impl Caught {
    fn on_hmac(&mut self, data: &[u8], output: &[u8]) {
        if let Some(name) = secret_of(data) {
            self.secrets.push((name, output.to_vec()));
        } else if is_master_block(data, output.len()) {
            self.master.extend_from_slice(output);
            if self.master.len() >= MASTER_LEN {
                self.master.truncate(MASTER_LEN);
                let master = std::mem::take(&mut self.master);
                self.secrets.push(("CLIENT_RANDOM", master));
            }
        }
    }
}

/// The secret that HKDF-Expand-Label makes of this input (RFC 8446 section 7.1, with the prefix of
/// RFC 9147 section 5.9): two bytes of length, the label with its length, the context, and 1.
fn secret_of(data: &[u8]) -> Option<&'static str> {
    let [_, _, len, rest @ ..] = data else {
        return None;
    };
    let label = rest.get(..usize::from(*len))?.strip_prefix(b"dtls13")?;
    let (_, name) = LABELS.iter().find(|(known, _)| *known == label)?;
    Some(name)
}

/// Whether this is the input of a block of a master secret (RFC 5246 section 5): A(i), which is as
/// long as the output, the label, and the seed.
fn is_master_block(data: &[u8], hash_len: usize) -> bool {
    data.get(hash_len..).is_some_and(|rest| {
        // RFC 5246 section 8.1, RFC 7627 section 4.
        rest.starts_with(b"master secret") || rest.starts_with(b"extended master secret")
    })
}

thread_local! {
    /// dimpl is synchronous: what is derived during a call belongs to the handshake that made it.
    static CAUGHT: Cell<Option<Caught>> = const { Cell::new(None) };
}

/// HMACs that can be listened to.
#[derive(Debug)]
pub(super) struct AudibleHmac(pub(super) &'static dyn HmacProvider);

impl HmacProvider for AudibleHmac {
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        data: &[u8],
        out: &mut [u8],
    ) -> Result<usize, CryptoError> {
        let len = self.0.hmac(hash, key, data, out)?;
        if let Some(mut caught) = CAUGHT.take() {
            debug_assert!(len <= out.len(), "a code fits where it was written");
            caught.on_hmac(data, out.get(..len).unwrap_or_default());
            CAUGHT.set(Some(caught));
        }
        Ok(len)
    }
}
