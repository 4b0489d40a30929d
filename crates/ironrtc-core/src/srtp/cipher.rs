//! Session keys at work: packets of RTP and RTCP, in place.

use std::fmt;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};
use aws_lc_rs::cipher::DecryptingKey;
use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

use super::header::Header;
use super::index::Index;
use super::kdf::{self, Label};
use super::{KeyError, MasterKey, Profile};

/// The tag of AES-GCM is never cut (RFC 7714 section 13.2).
const GCM_TAG_LEN: usize = 16;
/// The header of the first packet of RTCP, which stays readable (RFC 3711 section 3.4).
pub(super) const RTCP_HEADER_LEN: usize = 8;
/// The word with a packet's number.
const WORD_LEN: usize = 4;
/// In that word: the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;
/// The key of HMAC-SHA1 (RFC 3711 section 5.2).
const MAC_KEY_LEN: usize = 20;

/// The session keys of one direction, for RTP or for RTCP.
pub(super) struct Cipher {
    mode: Mode,
    /// Padded with zeros to the length of a block.
    salt: Zeroizing<[u8; 16]>,
}

enum Mode {
    Gcm(LessSafeKey),
    CounterMode {
        key: Box<DecryptingKey>,
        mac: Box<hmac::Key>,
        tag_len: usize,
    },
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").finish_non_exhaustive()
    }
}

impl Cipher {
    /// The keys for RTP.
    pub(super) fn rtp(master: &MasterKey) -> Result<Self, KeyError> {
        let tag_len = master.profile().rtp_overhead();
        let labels = [Label::RtpKey, Label::RtpTag, Label::RtpSalt];
        Self::derive(master, labels, tag_len)
    }

    /// The keys for RTCP.
    pub(super) fn rtcp(master: &MasterKey) -> Result<Self, KeyError> {
        let tag_len = master.profile().rtcp_overhead() - WORD_LEN;
        let labels = [Label::RtcpKey, Label::RtcpTag, Label::RtcpSalt];
        Self::derive(master, labels, tag_len)
    }

    fn derive(
        master: &MasterKey,
        [key, mac, salt]: [Label; 3],
        tag_len: usize,
    ) -> Result<Self, KeyError> {
        let profile = master.profile();
        let mut bytes = Zeroizing::new([0; 32]);
        let bytes = bytes.get_mut(..profile.key_len()).unwrap_or_default();
        kdf::derive(master, key, bytes)?;
        let mut salt_bytes = Zeroizing::new([0; 14]);
        let salt_bytes = salt_bytes.get_mut(..profile.salt_len()).unwrap_or_default();
        kdf::derive(master, salt, salt_bytes)?;
        let mut mac_bytes = Zeroizing::new([0; MAC_KEY_LEN]);
        kdf::derive(master, mac, mac_bytes.as_mut())?;
        Self::new(profile, bytes, salt_bytes, mac_bytes.as_ref(), tag_len)
    }

    /// From session keys.
    pub(super) fn new(
        profile: Profile,
        key: &[u8],
        salt: &[u8],
        mac: &[u8],
        tag_len: usize,
    ) -> Result<Self, KeyError> {
        let gcm = |algorithm| {
            let key = UnboundKey::new(algorithm, key).map_err(|_| KeyError::Library)?;
            Ok(Mode::Gcm(LessSafeKey::new(key)))
        };
        let mode = match profile {
            Profile::AeadAes128Gcm => gcm(&AES_128_GCM)?,
            Profile::AeadAes256Gcm => gcm(&AES_256_GCM)?,
            Profile::Aes128CmSha1_80 | Profile::Aes128CmSha1_32 => Mode::CounterMode {
                key: Box::new(kdf::counter_mode(key)?),
                mac: Box::new(hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, mac)),
                tag_len,
            },
        };
        let mut padded = Zeroizing::new([0; 16]);
        for (place, byte) in padded.iter_mut().zip(salt) {
            *place = *byte;
        }
        Ok(Self { mode, salt: padded })
    }

    const fn tag_len(&self) -> usize {
        match self.mode {
            Mode::Gcm(_) => GCM_TAG_LEN,
            Mode::CounterMode { tag_len, .. } => tag_len,
        }
    }

    /// RFC 3711 section 4.1.1: the first block of the key stream.
    fn block(&self, ssrc: u32, index: u64) -> [u8; 16] {
        let [a, b, c, d] = ssrc.to_be_bytes();
        let [_, _, i, j, k, l, m, n] = index.to_be_bytes();
        let number = [0, 0, 0, 0, a, b, c, d, i, j, k, l, m, n, 0, 0];
        let mut block = *self.salt;
        for (byte, bits) in block.iter_mut().zip(number) {
            *byte ^= bits;
        }
        block
    }

    /// RFC 7714 sections 8.1 and 9.1.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let [a, b, c, d] = ssrc.to_be_bytes();
        let [_, _, i, j, k, l, m, n] = index.to_be_bytes();
        let mut nonce = [0, 0, a, b, c, d, i, j, k, l, m, n];
        for (byte, bits) in nonce.iter_mut().zip(self.salt.iter()) {
            *byte ^= bits;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// Seals the packet that stands in `out` from `start` on.
    pub(super) fn seal_rtp(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        header: &Header,
        index: Index,
    ) -> Option<()> {
        let packet = out.get_mut(start..)?;
        header.turn(packet);
        let (clear, body) = packet.split_at_mut_checked(header.clear_len())?;
        match &self.mode {
            Mode::Gcm(key) => {
                let nonce = self.nonce(header.ssrc, index.get());
                let tag = seal(key, nonce, clear, body)?;
                header.turn_back(packet);
                out.extend_from_slice(tag.as_ref());
            }
            Mode::CounterMode { key, mac, tag_len } => {
                kdf::apply(key, self.block(header.ssrc, index.get()), body)?;
                header.turn_back(packet);
                let tag = tag(mac, packet, index.rollovers());
                out.extend_from_slice(tag.as_ref().get(..*tag_len)?);
            }
        }
        Some(())
    }

    /// Opens a packet, if it was sealed under this number, and returns its length without the tag.
    /// Of a packet that was not, nothing usable is left.
    pub(super) fn open_rtp(
        &self,
        packet: &mut [u8],
        header: &Header,
        index: Index,
    ) -> Option<usize> {
        let len = packet.len().checked_sub(self.tag_len())?;
        match &self.mode {
            Mode::Gcm(key) => {
                header.turn(packet);
                let (clear, body) = packet.split_at_mut_checked(header.clear_len())?;
                open(key, self.nonce(header.ssrc, index.get()), clear, body)?;
            }
            Mode::CounterMode { key, mac, .. } => {
                let (plain, got) = packet.split_at_mut_checked(len)?;
                verify(&tag(mac, plain, index.rollovers()), got)?;
                header.turn(plain);
                let body = plain.get_mut(header.clear_len()..)?;
                kdf::apply(key, self.block(header.ssrc, index.get()), body)?;
            }
        }
        header.turn_back(packet.get_mut(..len)?);
        header.unmark(packet);
        Some(len)
    }

    /// True if a packet with this header has room for a tag.
    pub(super) fn has_tag(&self, packet: &[u8], header: &Header) -> bool {
        packet.len() >= header.len() + self.tag_len()
    }

    /// Seals the packet of RTCP that stands in `out` from `start` on, encrypted.
    pub(super) fn seal_rtcp(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        ssrc: u32,
        index: u32,
    ) -> Option<()> {
        let packet = out.get_mut(start..)?;
        let (header, body) = packet.split_first_chunk_mut::<RTCP_HEADER_LEN>()?;
        let word = index | ENCRYPTED;
        match &self.mode {
            // RFC 7714 section 9.2: the word with the number follows the tag.
            Mode::Gcm(key) => {
                let aad = additional_data(*header, word);
                let tag = seal(key, self.nonce(ssrc, index.into()), &aad, body)?;
                out.extend_from_slice(tag.as_ref());
                out.extend_from_slice(&word.to_be_bytes());
            }
            // RFC 3711 section 3.4: the tag follows the word.
            Mode::CounterMode { key, mac, tag_len } => {
                kdf::apply(key, self.block(ssrc, index.into()), body)?;
                let tag = tag(mac, packet, word);
                out.extend_from_slice(&word.to_be_bytes());
                out.extend_from_slice(tag.as_ref().get(..*tag_len)?);
            }
        }
        Some(())
    }

    /// The number of a packet of RTCP, as it claims.
    pub(super) fn rtcp_index(&self, packet: &[u8]) -> Option<u32> {
        Some(self.rtcp_word(packet)? & !ENCRYPTED)
    }

    fn rtcp_word(&self, packet: &[u8]) -> Option<u32> {
        if packet.len() < RTCP_HEADER_LEN + WORD_LEN + self.tag_len() {
            return None;
        }
        let behind = match self.mode {
            Mode::Gcm(_) => 0,
            Mode::CounterMode { tag_len, .. } => tag_len,
        };
        let end = packet.len().checked_sub(behind)?;
        let word = packet.get(..end)?.last_chunk::<WORD_LEN>()?;
        Some(u32::from_be_bytes(*word))
    }

    /// Opens a packet of RTCP and returns its length without what was added. `scratch` is for the
    /// rare one that is not encrypted.
    pub(super) fn open_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        scratch: &mut Vec<u8>,
    ) -> Option<usize> {
        let word = self.rtcp_word(packet)?;
        let index = u64::from(word & !ENCRYPTED);
        let is_encrypted = word & ENCRYPTED != 0;
        let len = packet.len().checked_sub(WORD_LEN + self.tag_len())?;
        match &self.mode {
            Mode::Gcm(key) => {
                let (sealed, _) = packet.split_at_mut_checked(len + GCM_TAG_LEN)?;
                let nonce = self.nonce(ssrc, index);
                if is_encrypted {
                    let (header, body) = sealed.split_first_chunk_mut::<RTCP_HEADER_LEN>()?;
                    open(key, nonce, &additional_data(*header, word), body)?;
                } else {
                    // RFC 7714 section 9.3: all of it is additional data, the word behind it.
                    let (plain, tag) = sealed.split_at_mut_checked(len)?;
                    scratch.clear();
                    scratch.extend_from_slice(plain);
                    scratch.extend_from_slice(&word.to_be_bytes());
                    open(key, nonce, scratch, tag)?;
                }
            }
            Mode::CounterMode { key, mac, .. } => {
                let (plain, rest) = packet.split_at_mut_checked(len)?;
                verify(&tag(mac, plain, word), rest.get(WORD_LEN..)?)?;
                if is_encrypted {
                    let body = plain.get_mut(RTCP_HEADER_LEN..)?;
                    kdf::apply(key, self.block(ssrc, index), body)?;
                }
            }
        }
        Some(len)
    }
}

/// RFC 7714 section 9.2: the header and the word with the number.
fn additional_data(header: [u8; RTCP_HEADER_LEN], word: u32) -> [u8; RTCP_HEADER_LEN + WORD_LEN] {
    let [a, b, c, d, e, f, g, h] = header;
    let [i, j, k, l] = word.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

fn seal(key: &LessSafeKey, nonce: Nonce, aad: &[u8], body: &mut [u8]) -> Option<Tag> {
    key.seal_in_place_separate_tag(nonce, Aad::from(aad), body)
        .ok()
}

fn open(key: &LessSafeKey, nonce: Nonce, aad: &[u8], body: &mut [u8]) -> Option<()> {
    key.open_in_place(nonce, Aad::from(aad), body)
        .ok()
        .map(|_| ())
}

/// RFC 3711 section 4.2: the packet, and what follows it in the authenticated portion.
fn tag(key: &hmac::Key, packet: &[u8], behind: u32) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(packet);
    context.update(&behind.to_be_bytes());
    context.sign()
}

fn verify(tag: &hmac::Tag, got: &[u8]) -> Option<()> {
    let expected = tag.as_ref().get(..got.len())?;
    // An empty tag would prove nothing.
    if got.is_empty() {
        return None;
    }
    constant_time::verify_slices_are_equal(expected, got).ok()
}

#[cfg(test)]
mod tests;
