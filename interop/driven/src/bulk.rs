//! Much random data, and the hash over it.

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// What arrived of a bulk transfer so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Received {
    pub(crate) bytes: usize,
    pub(crate) messages: usize,
    hash: Sha256,
}

impl Received {
    fn add(&mut self, data: &[u8]) {
        self.bytes += data.len();
        self.messages += 1;
        self.hash.update(data);
    }

    pub(crate) fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

/// The bulk side of one channel.
#[derive(Debug)]
pub(crate) struct Inbox(watch::Sender<Received>);

impl Inbox {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Received::default()))
    }

    pub(crate) fn add(&self, data: &[u8]) {
        self.0.send_modify(|received| received.add(data));
    }

    /// Waits for that many bytes, and starts anew.
    pub(crate) async fn take(&self, bytes: usize) -> Received {
        let mut watched = self.0.subscribe();
        // The sender is ours, so it is there.
        let _ = watched.wait_for(|received| received.bytes >= bytes).await;
        self.0.send_replace(Received::default())
    }
}

/// Random enough to notice any mistake, and the same each time (xorshift64*).
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Bytes {
        let mut data = Vec::with_capacity(len + 8);
        while data.len() < len {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let word = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
            data.extend_from_slice(&word.to_le_bytes());
        }
        data.truncate(len);
        data.into()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
