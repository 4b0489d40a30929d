//! Packets of RTP and RTCP between the wire and whoever speaks RTP over this transport.

use std::collections::VecDeque;

use super::Transport;
use super::batch::{Batch, Carried, Growth};
use super::keying::{Keying, SrtpState};
use crate::datagram::{DropReason, Ecn, Transmit};
use crate::ice::Route;
use crate::observe::{Content, Direction};
use crate::rtp::RtpPlan;
use crate::time::Time;

/// Packets that wait to be read, or to be sent. A video's frame of 4 Mbit/s is about 12.
const MAX_WAITING: usize = 512;
/// Packets of RTCP that still go out when DTLS ends.
const MAX_LAST_PACKETS: usize = 4;
/// The longest packet that is sent: it fits every IPv6 path with UDP's header and a tag.
const MAX_PACKET_LEN: usize = 1232 - 16 - 4;

/// What a packet of media is (RFC 5761).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketKind {
    /// Media.
    Rtp,
    /// Reports and requests about it.
    Rtcp,
}

/// A packet of media from the peer, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaPacket {
    /// What it is.
    pub kind: PacketKind,
    /// When it came.
    pub at: Time,
    /// The mark that it came with.
    pub ecn: Option<Ecn>,
    /// The packet, whose structure nobody has checked yet.
    pub data: Vec<u8>,
}

/// Why a packet of media is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendMediaError {
    /// No plan has media, or there are no keys for it.
    #[error("media is not connected")]
    NotConnected,
    /// It would not fit a datagram on every path.
    #[error("a packet of media has {MAX_PACKET_LEN} bytes at most")]
    TooLong,
    /// Many packets wait. Polling for datagrams makes room.
    #[error("too many packets wait to be sent")]
    Full,
}

/// The media of one transport.
#[derive(Debug, Default)]
pub(super) struct Media {
    pub(super) plan: Option<RtpPlan>,
    pub(super) keying: Keying,
    /// The state that was reported last.
    pub(super) told: SrtpState,
    received: VecDeque<MediaPacket>,
    rtp: VecDeque<Vec<u8>>,
    rtcp: VecDeque<Vec<u8>>,
    /// A packet of RTP that did not fit the last batch.
    carried: Carried,
}

impl Media {
    /// Takes a plan over: without one, what waits to be sent is not sent.
    pub(super) fn set_plan(&mut self, plan: Option<&RtpPlan>) {
        self.plan = plan.cloned();
        if self.plan.is_none() {
            self.clear_queues();
        }
    }

    fn clear_queues(&mut self) {
        self.rtp.clear();
        self.rtcp.clear();
        self.carried.clear();
    }

    /// Another peer comes: nothing is left of this one's media.
    pub(super) fn forget(&mut self) {
        self.clear_queues();
        self.received.clear();
        self.plan = None;
        self.keying = Keying::default();
    }
}

impl Transport {
    /// The next packet of media from the peer. What waits too long makes room for what comes after
    /// it.
    pub fn poll_media(&mut self) -> Option<MediaPacket> {
        self.media.received.pop_front()
    }

    /// Sends a packet of RTP, or a compound packet of RTCP, with the next batches: RTCP before RTP,
    /// each in the order that it was given.
    ///
    /// What cannot be sealed is not sent: the sequence numbers of a source begin below 32,768, and none comes twice (see
    /// [`Outbound::seal_rtp`](crate::srtp::Outbound::seal_rtp)).
    pub fn send_media(&mut self, kind: PacketKind, packet: Vec<u8>) -> Result<(), SendMediaError> {
        self.draw_consequences();
        if self.srtp_state() != SrtpState::Connected {
            return Err(SendMediaError::NotConnected);
        }
        if packet.len() > MAX_PACKET_LEN {
            return Err(SendMediaError::TooLong);
        }
        let queue = match kind {
            PacketKind::Rtp => &mut self.media.rtp,
            PacketKind::Rtcp => &mut self.media.rtcp,
        };
        if queue.len() >= MAX_WAITING {
            return Err(SendMediaError::Full);
        }
        queue.push_back(packet);
        Ok(())
    }

    /// Opens a packet of media, which only comes from the peer on a path that ICE has proved, and
    /// only counts once our own description asks for it.
    pub(super) fn on_media_datagram(
        &mut self,
        now: Time,
        route: Route,
        ecn: Option<Ecn>,
        kind: PacketKind,
        data: &mut [u8],
    ) {
        if self.media.plan.is_none() {
            self.drops.add(DropReason::Media);
            return;
        }
        if !self.ice.accepts(route) {
            self.drops.add(DropReason::UnvalidatedPath);
            return;
        }
        // The handshake's end can be in the same batch.
        if matches!(self.media.keying, Keying::Waiting) {
            self.key_media();
        }
        let Some(protection) = self.media.keying.ready() else {
            self.drops.add(DropReason::Media);
            return;
        };
        let size = data.len() as u64;
        let opened = match kind {
            PacketKind::Rtp => protection.inbound.open_rtp(data),
            PacketKind::Rtcp => protection.inbound.open_rtcp(data),
        };
        let packet = match opened {
            Ok(len) => data.get(..len).unwrap_or_default(),
            Err(reason) => {
                self.drops.add(reason);
                return;
            }
        };
        let observer = &self.config.observer;
        let path = route.path();
        observer.packet(now, Direction::Received, path, Content::Rtp, packet);
        if self.media.received.len() >= MAX_WAITING {
            self.media.received.pop_front();
            self.drops.add(DropReason::MediaUnread);
        }
        self.media.received.push_back(MediaPacket {
            kind,
            at: now,
            ecn,
            data: packet.to_vec(),
        });
        self.counters.packets_received += 1;
        self.counters.bytes_received += size;
        self.ice.on_data_received(now, route, 1, size);
    }

    /// Seals the last packets of RTCP, such as a goodbye (RFC 3550 section 6.6): after this there are
    /// no keys.
    pub(super) fn write_last_media(&mut self, now: Time) {
        if let Some(route) = self.ice.selected() {
            for _ in 0..MAX_LAST_PACKETS {
                let mut sealed = Vec::new();
                if self.media.rtcp.is_empty() {
                    break;
                }
                if self.write_media(now, route, 1, &mut sealed).is_some() {
                    self.goodbyes.push_back((route.path(), sealed));
                }
            }
        }
        self.media.clear_queues();
        self.media.keying = Keying::default();
    }

    /// Seals what media has to send: a packet of RTCP, or else a batch of RTP.
    pub(super) fn write_media(
        &mut self,
        now: Time,
        route: Route,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let media = &mut self.media;
        let outbound = &mut media.keying.ready()?.outbound;
        let observer = &self.config.observer;
        let tell = |packet: &[u8]| {
            observer.packet(now, Direction::Sent, route.path(), Content::Rtp, packet);
        };
        if let Some(packet) = media.rtcp.pop_front() {
            let mut batch = Batch::new(out, route.head_room(), 1);
            let begun = batch.begin(0);
            batch.out.extend_from_slice(&packet);
            tell(&packet);
            match outbound.seal_rtcp(batch.out, begun.record_at) {
                Ok(_) => batch.commit(begun, false),
                Err(_) => batch.cancel(begun),
            }
            return batch.finish(route.path());
        }
        let overhead = outbound.rtp_overhead();
        let growth = Growth {
            expected: overhead,
            most: overhead,
        };
        let mut batch = Batch::new(out, route.head_room(), max_segments);
        while batch.takes_more() {
            let begun = batch.begin(0);
            if media.carried.take(batch.out).is_none() {
                let Some(packet) = media.rtp.pop_front() else {
                    batch.cancel(begun);
                    break;
                };
                batch.out.extend_from_slice(&packet);
            }
            if !batch.admits(&begun, growth, false) {
                batch.carry_over(begun, false, &mut media.carried);
                break;
            }
            tell(batch.packet(&begun));
            match outbound.seal_rtp(batch.out, begun.record_at) {
                Ok(_) => batch.commit(begun, false),
                Err(_) => batch.cancel(begun),
            }
        }
        batch.finish(route.path())
    }
}
