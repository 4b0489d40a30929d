//! Packets of RTP and RTCP between the wire and the RTP session of this transport.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Transport;
use super::batch::{Batch, Carried, Growth};
use super::keying::{Keying, SrtpState};
use crate::datagram::{DropReason, Ecn, Transmit};
use crate::ice::Route;
use crate::observe::{Content, Direction};
use crate::rtp::{RtpEvent, RtpPlan, RtpSession};
use crate::time::{Deadline, Time};

/// Packets of the application's that wait to be sent. A video's frame of 4 Mbit/s is about 12.
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
    session: Option<Box<RtpSession>>,
    /// Packets that the application made.
    rtp: VecDeque<Vec<u8>>,
    rtcp: VecDeque<Vec<u8>>,
    /// A packet of RTP that did not fit the last batch.
    carried: Carried,
}

impl Media {
    fn clear_queues(&mut self) {
        self.rtp.clear();
        self.rtcp.clear();
        self.carried.clear();
    }

    /// Another peer comes: nothing is left of this one's media.
    pub(super) fn forget(&mut self) {
        self.clear_queues();
        self.session = None;
        self.plan = None;
        self.keying = Keying::default();
    }
}

impl Transport {
    /// The RTP session, once a plan has media.
    pub fn rtp(&self) -> Option<&RtpSession> {
        self.media.session.as_deref()
    }

    /// The same, to read and to send packets. See what there is to send then.
    pub fn rtp_mut(&mut self) -> Option<&mut RtpSession> {
        self.media.session.as_deref_mut()
    }

    /// What the session was told last.
    pub(crate) fn rtp_plan(&self) -> Option<&RtpPlan> {
        self.media.plan.as_ref()
    }

    /// Takes the plan of media over: without one, what waits to be sent is not sent.
    pub(super) fn apply_media(&mut self, now: Time, plan: Option<&RtpPlan>) {
        let media = &mut self.media;
        let ended = media.plan.is_some() && plan.is_none();
        media.plan = plan.cloned();
        if ended {
            media.clear_queues();
        }
        if let Some(plan) = plan {
            let session = media.session.get_or_insert_with(|| {
                let since_1970 = self.config.since_1970 + now.since(Time::ZERO);
                Box::new(RtpSession::new(now, since_1970, self.rng.fork()))
            });
            session.apply(now, plan);
        } else if let Some(session) = &mut media.session {
            session.apply(now, &RtpPlan::default());
        }
    }

    /// Whether packets of media would leave now: there are keys, and a path.
    pub fn media_flows(&self) -> bool {
        self.media.keying.is_ready() && self.ice.selected().is_some()
    }

    /// The next event about media. They are bounded: what is readable is read without one too.
    pub(crate) fn poll_media_event(&mut self) -> Option<RtpEvent> {
        self.draw_consequences();
        self.rtp_mut()?.poll_event()
    }

    /// When the session has something to tell the peer.
    pub(super) fn media_deadline(&self) -> Option<Deadline> {
        // It is asked when there is a path for the answer.
        self.rtp().filter(|_| self.media_flows())?.next_deadline()
    }

    /// Sends a packet of RTP, or a compound packet of RTCP, with the next batches: RTCP before RTP,
    /// each in the order that it was given. It is the application's own, with all that a session
    /// would write into it.
    ///
    /// What cannot be sealed is not sent: the sequence numbers of a source begin below 32,768, and
    /// none comes twice (see [`Outbound::seal_rtp`](crate::srtp::Outbound::seal_rtp)).
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
        if let Some(session) = &mut self.media.session {
            let handled = match kind {
                // The one copy: what is read of the packet are parts of this.
                PacketKind::Rtp => session.handle_rtp(now, ecn, &Bytes::copy_from_slice(packet)),
                PacketKind::Rtcp => session.handle_rtcp(now, packet),
            };
            if let Err(reason) = handled {
                self.drops.add(reason);
            }
        }
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
        let mut batch = Batch::new(out, route.head_room(), 1);
        let begun = batch.begin(0);
        let has_rtcp = if let Some(packet) = media.rtcp.pop_front() {
            batch.out.extend_from_slice(&packet);
            true
        } else {
            let session = media.session.as_deref_mut();
            session.is_some_and(|session| session.poll_rtcp(now, batch.out))
        };
        if has_rtcp {
            tell(batch.packet(&begun));
            match outbound.seal_rtcp(batch.out, begun.record_at) {
                Ok(_) => batch.commit(begun, false),
                Err(_) => batch.cancel(begun),
            }
            return batch.finish(route.path());
        }
        batch.cancel(begun);
        let most = outbound.rtp_overhead();
        let mut batch = Batch::new(out, route.head_room(), max_segments);
        while batch.takes_more() {
            let begun = batch.begin(0);
            let is_written = if media.carried.take(batch.out).is_some() {
                true
            } else if let Some(packet) = media.rtp.pop_front() {
                batch.out.extend_from_slice(&packet);
                true
            } else {
                let session = media.session.as_deref_mut();
                session.is_some_and(|session| session.poll_rtp(now, batch.out))
            };
            if !is_written {
                batch.cancel(begun);
                break;
            }
            let expected = outbound.rtp_growth(batch.packet(&begun));
            if !batch.admits(&begun, Growth { expected, most }, false) {
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
