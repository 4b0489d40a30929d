//! Datagrams on their way in: who speaks, and from where.

use super::media::PacketKind;
use super::{Security, Transport};
use crate::datagram::{DropReason, Ecn, Path};
use crate::dtls::DtlsState;
use crate::ice::Route;
use crate::observe::{Content, Direction};
use crate::time::Time;

/// Handshake datagrams of a path held until the handshake can begin: a ClientHello with a
/// post-quantum key share takes two, and may come twice.
const MAX_HELD: usize = 4;
/// Paths of which any are held. Whoever repeats a check of the peer's before we know its addresses
/// has a path as well, and takes no place of others.
const MAX_HELD_PATHS: usize = 8;
/// Longest datagram that is held.
const MAX_HELD_LEN: usize = 2048;

/// Whom a datagram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Stun,
    Dtls,
    Media(PacketKind),
    Unknown,
}

impl Protocol {
    /// RFC 7983 section 7, as updated by RFC 9443.
    fn of(data: &[u8]) -> Self {
        match *data {
            [0..=3, ..] => Self::Stun,
            [20..=63, ..] => Self::Dtls,
            // RFC 5761 section 4: RTP's payload types 64 to 95 are left to RTCP.
            [128..=191, 192..=223, ..] => Self::Media(PacketKind::Rtcp),
            [128..=191, ..] => Self::Media(PacketKind::Rtp),
            _ => Self::Unknown,
        }
    }
}

impl Transport {
    /// Takes in one datagram, decrypting in place.
    pub fn handle_datagram(&mut self, now: Time, path: Path, ecn: Option<Ecn>, data: &mut [u8]) {
        if self.closed {
            self.drops.add(DropReason::Closed);
            return;
        }
        let dropped = self.drops_to_tell();
        let route = Route::from(path);
        match Protocol::of(data) {
            Protocol::Stun => {
                self.tell_received(now, path, Content::Udp, data);
                self.ice.handle_datagram(now, route, data);
            }
            Protocol::Dtls => self.on_dtls_datagram(now, route, data),
            Protocol::Media(kind) => self.on_media_datagram(now, route, ecn, kind, data),
            Protocol::Unknown => self.drops.add(DropReason::UnknownProtocol),
        }
        self.has_news(now);
        if let Some(dropped) = dropped {
            self.tell_drops(now, &dropped);
        }
    }

    fn tell_received(&self, now: Time, path: Path, content: Content, data: &[u8]) {
        let observer = &self.config.observer;
        observer.packet(now, Direction::Received, path, content, data);
    }

    /// Only a path on which the peer has answered ICE's checks leads to DTLS, so that a stranger's
    /// ClientHello (CVE-2023-49786 and its kin) never meets the handshake.
    fn on_dtls_datagram(&mut self, now: Time, route: Route, data: &mut [u8]) {
        if !self.ice.accepts(route) {
            if self.ice.may_accept(route) {
                self.hold(route, data);
            } else {
                self.drops.add(DropReason::UnvalidatedPath);
            }
            return;
        }
        let Security::Begun(engine) = &mut self.security else {
            self.hold(route, data);
            return;
        };
        let observer = &self.config.observer;
        if engine.state() == DtlsState::Connecting {
            observer.packet(now, Direction::Received, route.path(), Content::Udp, data);
        }
        let association = &mut self.association;
        let mut opened = false;
        engine.handle_datagram(now, data, &mut |packet| {
            opened = true;
            observer.packet(
                now,
                Direction::Received,
                route.path(),
                Content::Sctp,
                packet,
            );
            if let Some(association) = association {
                association.handle_packet(now, packet);
            }
        });
        // Once there are keys, only what they open is a sign of the peer's life.
        if opened || engine.state() == DtlsState::Connecting {
            let bytes = data.len() as u64;
            self.counters.packets_received += 1;
            self.counters.bytes_received += bytes;
            self.ice.on_data_received(now, route, 1, bytes);
        }
    }

    /// Our answer to its check is all that the peer needs to begin the handshake, and it often
    /// does so before its description has come here, or before our own check is through. Its
    /// first flight waits for that, instead of its retransmission timer.
    fn hold(&mut self, route: Route, data: &[u8]) {
        let early = matches!(self.dtls_state(), DtlsState::New | DtlsState::Connecting);
        let of_path = self.held.iter().filter(|(held, _)| *held == route).count();
        let room = match of_path {
            0 => self.held_paths() < MAX_HELD_PATHS,
            some => some < MAX_HELD,
        };
        if early && room && data.len() <= MAX_HELD_LEN {
            self.held.push((route, data.to_vec()));
        } else {
            self.drops.add(DropReason::UnvalidatedPath);
        }
    }

    fn held_paths(&self) -> usize {
        let held = self.held.iter().enumerate();
        let first = |at: usize, route: &Route| {
            let mut before = self.held.iter().take(at);
            before.all(|(other, _)| other != route)
        };
        held.filter(|(at, (route, _))| first(*at, route)).count()
    }

    /// Whether the peer has begun the handshake, and not only somebody who repeats its checks.
    pub(super) fn peer_spoke_first(&self) -> bool {
        self.held.iter().any(|(route, _)| self.ice.accepts(*route))
    }

    /// Once the handshake has begun, reads what was held of paths that have proved themselves.
    pub(super) fn release_held(&mut self, now: Time) {
        if self.held.is_empty() || !matches!(self.security, Security::Begun(_)) {
            return;
        }
        if self.dtls_state() != DtlsState::Connecting {
            self.held.clear();
        }
        for (route, mut data) in std::mem::take(&mut self.held) {
            self.on_dtls_datagram(now, route, &mut data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_decides() {
        let expected = |byte: u8| match byte {
            0..=3 => Protocol::Stun,
            20..=63 => Protocol::Dtls,
            128..=191 => Protocol::Media(PacketKind::Rtp),
            _ => Protocol::Unknown,
        };
        for byte in 0..=255 {
            assert_eq!(Protocol::of(&[byte, 0]), expected(byte), "{byte}");
        }
        assert_eq!(Protocol::of(&[]), Protocol::Unknown);
    }

    #[test]
    fn the_second_byte_tells_rtcp_from_rtp() {
        for byte in 0..=255 {
            let kind = match byte {
                192..=223 => PacketKind::Rtcp,
                _ => PacketKind::Rtp,
            };
            assert_eq!(Protocol::of(&[0x80, byte]), Protocol::Media(kind), "{byte}");
        }
        assert_eq!(Protocol::of(&[0x80]), Protocol::Media(PacketKind::Rtp));
    }
}
