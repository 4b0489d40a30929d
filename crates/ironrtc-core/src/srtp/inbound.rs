//! The direction from the peer.

use super::cipher::{Cipher, RTCP_HEADER_LEN};
use super::header::Header;
use super::index::{Index, Window};
use super::table::Table;
use super::{KeyError, MasterKey, Profile};
use crate::datagram::DropReason;

/// Sources whose packets are told apart, for RTP and for RTCP. A peer that has more in use is not
/// protected against the repetition of what those sent that were silent for long.
pub(super) const MAX_SOURCES: usize = 1024;

/// What is asked of header extensions and contributing sources (RFC 9335).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cryptex {
    /// They may be encrypted.
    #[default]
    Allowed,
    /// They must be: a packet that shows them is dropped.
    Required,
}

/// Opens what is received.
#[derive(Debug)]
pub struct Inbound {
    profile: Profile,
    rtp: Cipher,
    rtcp: Cipher,
    cryptex: Cryptex,
    sources: Table<Source>,
    control: Table<Window>,
    /// A packet as it came, while its number is in doubt.
    scratch: Vec<u8>,
}

/// A source of RTP that has proved to be the peer's.
#[derive(Debug)]
struct Source {
    seen: Window,
    /// The last packet was no good under the number that it should have: it was forged, or so many
    /// were lost that the rollover counter is another one.
    in_doubt: bool,
}

impl Inbound {
    /// Opens under a key.
    pub fn new(master: &MasterKey) -> Result<Self, KeyError> {
        let (rtp, rtcp) = (Cipher::rtp(master)?, Cipher::rtcp(master)?);
        Ok(Self::over(master.profile(), rtp, rtcp))
    }

    pub(super) const fn over(profile: Profile, rtp: Cipher, rtcp: Cipher) -> Self {
        Self {
            profile,
            rtp,
            rtcp,
            cryptex: Cryptex::Allowed,
            sources: Table::new(MAX_SOURCES),
            control: Table::new(MAX_SOURCES),
            scratch: Vec::new(),
        }
    }

    /// The profile.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// What is asked of header extensions and contributing sources from now on.
    pub const fn set_cryptex(&mut self, cryptex: Cryptex) {
        self.cryptex = cryptex;
    }

    /// Opens a packet of RTP where it lies, and returns the length of what was in it. Of one that is
    /// not the peer's, nothing usable is left.
    pub fn open_rtp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        let header = Header::read(packet).ok_or(DropReason::RtpMalformed)?;
        if !self.rtp.has_tag(packet, &header) {
            return Err(DropReason::RtpMalformed);
        }
        if self.cryptex == Cryptex::Required && header.has_secrets() && !header.is_encrypted() {
            return Err(DropReason::SrtpAuth);
        }
        let Some(source) = self.sources.get_mut(header.ssrc) else {
            return self.open_first(packet, &header);
        };
        let nearest = Index::nearest(header.sequence, &source.seen);
        let nearest = nearest.ok_or(DropReason::SrtpReplay)?;
        let is_new = source.seen.is_new(nearest.get());
        if is_new && !source.in_doubt {
            let Some(len) = self.rtp.open_rtp(packet, &header, nearest) else {
                source.in_doubt = true;
                return Err(DropReason::SrtpAuth);
            };
            source.seen.insert(nearest.get());
            return Ok(len);
        }
        // A number that is too old to tell can also be one that is half a turn or more ahead.
        if !is_new && source.seen.covers(nearest.get()) {
            return Err(DropReason::SrtpReplay);
        }
        let turns = [Some(nearest), nearest.later(), nearest.earlier()];
        let turns = turns.into_iter().flatten();
        let turns = turns.filter(|index| source.seen.is_new(index.get()));
        let opened = try_each(&self.rtp, &mut self.scratch, packet, &header, turns);
        let Some((len, index)) = opened else {
            return Err(if is_new {
                DropReason::SrtpAuth
            } else {
                DropReason::SrtpReplay
            });
        };
        source.seen.insert(index.get());
        source.in_doubt = false;
        Ok(len)
    }

    /// Opens the first packet of a source. Those before it, which may have been the last of a turn,
    /// can be lost.
    fn open_first(&mut self, packet: &mut [u8], header: &Header) -> Result<usize, DropReason> {
        let first = Index::first(header.sequence);
        let turns = [Some(first), first.later()].into_iter().flatten();
        let opened = try_each(&self.rtp, &mut self.scratch, packet, header, turns);
        let (len, index) = opened.ok_or(DropReason::SrtpAuth)?;
        let mut seen = Window::starting_at(index.get());
        seen.insert(index.get());
        let source = Source {
            seen,
            in_doubt: false,
        };
        self.sources.insert(header.ssrc, source);
        Ok(len)
    }

    /// Opens a compound packet of RTCP where it lies, and returns the length of what was in it.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        let header = packet.first_chunk::<RTCP_HEADER_LEN>();
        let [first, _, _, _, a, b, c, d] = *header.ok_or(DropReason::RtpMalformed)?;
        if first >> 6 != 2 {
            return Err(DropReason::RtpMalformed);
        }
        let ssrc = u32::from_be_bytes([a, b, c, d]);
        let index = self.rtcp.rtcp_index(packet);
        let index = u64::from(index.ok_or(DropReason::RtpMalformed)?);
        let known = self.control.get_mut(ssrc);
        if known.as_ref().is_some_and(|seen| !seen.is_new(index)) {
            return Err(DropReason::SrtpReplay);
        }
        let opened = self.rtcp.open_rtcp(packet, ssrc, &mut self.scratch);
        let len = opened.ok_or(DropReason::SrtpAuth)?;
        if let Some(seen) = known {
            seen.insert(index);
        } else {
            let mut seen = Window::starting_at(index);
            seen.insert(index);
            self.control.insert(ssrc, seen);
        }
        Ok(len)
    }

    #[cfg(test)]
    pub(super) fn sources(&self) -> (usize, usize) {
        (self.sources.len(), self.control.len())
    }
}

/// Opens a packet under the first number that fits. What fails leaves nothing usable, so the packet
/// is kept aside meanwhile.
fn try_each(
    cipher: &Cipher,
    scratch: &mut Vec<u8>,
    packet: &mut [u8],
    header: &Header,
    turns: impl Iterator<Item = Index>,
) -> Option<(usize, Index)> {
    scratch.clear();
    scratch.extend_from_slice(packet);
    let mut is_spoilt = false;
    for index in turns {
        if is_spoilt {
            packet.copy_from_slice(scratch);
        }
        if let Some(len) = cipher.open_rtp(packet, header, index) {
            return Some((len, index));
        }
        is_spoilt = true;
    }
    None
}
