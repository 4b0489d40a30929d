//! Randomness as an argument: one generator, seeded by the driver.
//!
//! Production drivers seed it with 32 bytes from the operating system; tests and the simulator
//! seed it with a number, so that every run replays. Private keys never come from here: they
//! come from the crypto library.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng};

/// The core's only source of randomness (transaction ids, tags, credentials, jitter).
#[derive(Clone, Debug)]
pub struct Rng {
    stream: ChaCha12Rng,
    replays: bool,
}

impl Rng {
    /// A generator seeded with 32 bytes of the operating system's entropy.
    pub fn from_entropy(seed: [u8; 32]) -> Self {
        Self {
            stream: ChaCha12Rng::from_seed(seed),
            replays: false,
        }
    }

    /// A generator that replays: for tests and the simulator, never for production. A certificate
    /// made with it makes handshakes whose lengths and times replay as well.
    pub fn from_test_seed(seed: u64) -> Self {
        Self {
            stream: ChaCha12Rng::seed_from_u64(seed),
            replays: true,
        }
    }

    /// Whether it comes from [`from_test_seed`](Self::from_test_seed).
    pub(crate) const fn replays(&self) -> bool {
        self.replays
    }

    /// An independent generator derived from this one, for a sub-machine that keeps its own.
    pub fn fork(&mut self) -> Self {
        let mut seed = [0; 32];
        self.fill(&mut seed);
        Self {
            replays: self.replays,
            ..Self::from_entropy(seed)
        }
    }

    /// Fills `buf` with random bytes.
    pub fn fill(&mut self, buf: &mut [u8]) {
        self.stream.fill_bytes(buf);
    }

    /// A random array, such as a STUN transaction id.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }

    /// A uniform 32-bit number.
    pub fn u32(&mut self) -> u32 {
        self.stream.next_u32()
    }

    /// A uniform 64-bit number.
    pub fn u64(&mut self) -> u64 {
        self.stream.next_u64()
    }

    /// A number in `0..bound`, or 0 if `bound` is 0. The bias is below 2^-32 for small bounds.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.u64() % bound }
    }

    /// `len` characters of the ice-char set (RFC 8839 section 5.4), six random bits each.
    pub fn ice_chars(&mut self, len: usize) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut raw = vec![0; len];
        self.fill(&mut raw);
        raw.iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_replays_and_forks_differ() {
        let mut a = Rng::from_test_seed(7);
        let mut b = Rng::from_test_seed(7);
        assert_eq!(a.u64(), b.u64());
        let mut fork = a.fork();
        assert_ne!(fork.u64(), a.u64());
        assert!(fork.replays() && !Rng::from_entropy([7; 32]).fork().replays());
        assert_ne!(Rng::from_test_seed(8).u64(), Rng::from_test_seed(7).u64());
    }

    #[test]
    fn ice_chars_have_the_length_asked_for() {
        let text = Rng::from_test_seed(1).ice_chars(24);
        assert_eq!(text.len(), 24);
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        );
    }
}
