//! The direction to the peer.

use std::collections::BTreeMap;

use super::cipher::{Cipher, RTCP_HEADER_LEN};
use super::header::Header;
use super::index::{Index, Window};
use super::{KeyError, MasterKey, Profile, SealError};

/// Sources that send under one key. None is ever forgotten, since what was sent under its numbers
/// must not be sent again.
pub(super) const MAX_SOURCES: usize = 4096;
/// Of the first byte of a header: there is an extension, and so many contributing sources.
const EXTENSION_BIT: u8 = 0x10;
const SOURCES: u8 = 0x0f;
/// A packet of RTCP has a number of 31 bits.
const RTCP_END: u32 = 1 << 31;

/// Seals what is sent.
#[derive(Debug)]
pub struct Outbound {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    cryptex: bool,
    /// The numbers that each source has used.
    sources: BTreeMap<u32, Window>,
    /// The number of the next packet of RTCP, whoever it is from.
    next_rtcp: u32,
}

impl Outbound {
    /// Seals under a key.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        let (rtp, rtcp) = (Cipher::rtp(master)?, Cipher::rtcp(master)?);
        Ok(Self::over(master.profile(), rtp, rtcp))
    }

    pub(super) const fn over(profile: Profile, rtp: Cipher, rtcp: Cipher) -> Self {
        Self {
            profile,
            rtp,
            rtcp,
            cryptex: false,
            sources: BTreeMap::new(),
            next_rtcp: 0,
        }
    }

    /// The profile.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// Whether header extensions and contributing sources are encrypted from now on (RFC 9335).
    pub const fn set_cryptex(&mut self, on: bool) {
        self.cryptex = on;
    }

    /// The most bytes that [`seal_rtp`](Self::seal_rtp) adds.
    pub const fn rtp_overhead(&self) -> usize {
        self.profile.rtp_overhead() + if self.cryptex { 4 } else { 0 }
    }

    /// The bytes that [`seal_rtp`](Self::seal_rtp) adds to this packet.
    pub fn rtp_growth(&self, packet: &[u8]) -> usize {
        // RFC 9335 section 5.1: contributing sources without an extension get an empty one.
        let is_bare = packet
            .first()
            .is_some_and(|first| first & EXTENSION_BIT == 0 && first & SOURCES > 0);
        let head = if self.cryptex && is_bare { 4 } else { 0 };
        self.profile.rtp_overhead() + head
    }

    /// The bytes that [`seal_rtcp`](Self::seal_rtcp) adds.
    pub const fn rtcp_overhead(&self) -> usize {
        self.profile.rtcp_overhead()
    }

    /// Seals the packet of RTP that stands in `out` from `start` on, and returns its length. Of what
    /// cannot be sealed nothing is left in `out`.
    ///
    /// The sequence numbers of a source may come in any order, but none twice. They should begin
    /// below 32,768: should the first packets be lost, the peer still knows how often they turned.
    pub fn seal_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<usize, SealError> {
        let sealed = self.try_seal_rtp(out, start);
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed.map(|()| out.len() - start)
    }

    fn try_seal_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), SealError> {
        let packet = out.get(start..).ok_or(SealError::Malformed)?;
        let mut header = Header::read(packet).ok_or(SealError::Malformed)?;
        // What says that it is encrypted would be taken for that.
        if header.is_encrypted() {
            return Err(SealError::Extension);
        }
        if self.cryptex && header.has_secrets() {
            header.mark(out, start).map_err(|()| SealError::Extension)?;
        }
        let index = self.number(&header)?;
        self.rtp
            .seal_rtp(out, start, &header, index)
            .ok_or(SealError::Library)
    }

    /// The number of a packet, which is used from now on whatever happens.
    fn number(&mut self, header: &Header) -> Result<Index, SealError> {
        if let Some(window) = self.sources.get_mut(&header.ssrc) {
            let index = Index::nearest(header.sequence, window).ok_or(SealError::UsedUp)?;
            if !window.is_new(index.get()) {
                return Err(SealError::Repeated);
            }
            window.insert(index.get());
            return Ok(index);
        }
        if self.sources.len() >= MAX_SOURCES {
            return Err(SealError::TooManySources);
        }
        let index = Index::first(header.sequence);
        let mut window = Window::starting_at(index.get());
        window.insert(index.get());
        self.sources.insert(header.ssrc, window);
        Ok(index)
    }

    /// Seals the compound packet of RTCP that stands in `out` from `start` on, and returns its
    /// length. Of what cannot be sealed nothing is left in `out`.
    pub fn seal_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<usize, SealError> {
        let sealed = self.try_seal_rtcp(out, start);
        if sealed.is_err() {
            out.truncate(start);
        }
        sealed.map(|()| out.len() - start)
    }

    fn try_seal_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), SealError> {
        let packet = out.get(start..).ok_or(SealError::Malformed)?;
        let header = packet.first_chunk::<RTCP_HEADER_LEN>();
        let [_, _, _, _, a, b, c, d] = *header.ok_or(SealError::Malformed)?;
        let index = self.next_rtcp;
        if index >= RTCP_END {
            return Err(SealError::UsedUp);
        }
        self.next_rtcp += 1;
        let ssrc = u32::from_be_bytes([a, b, c, d]);
        self.rtcp
            .seal_rtcp(out, start, ssrc, index)
            .ok_or(SealError::Library)
    }

    #[cfg(test)]
    pub(super) fn skip_rtcp_to(&mut self, next: u32) {
        self.next_rtcp = next;
    }

    #[cfg(test)]
    pub(super) fn skip_rtp_to(&mut self, ssrc: u32, index: u64) {
        self.sources.insert(ssrc, Window::starting_at(index));
    }
}
