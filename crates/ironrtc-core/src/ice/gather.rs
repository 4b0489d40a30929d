//! Gathering: host candidates from sockets, server-reflexive ones from STUN servers (RFC 8445
//! section 5.1.1).

use std::net::SocketAddr;
use std::time::Duration;

use super::{
    Agent, Candidate, CandidateAddress, CandidateKind, CandidateProtocol, Event, GatheringState,
};
use crate::datagram::{DropReason, Path, Transmit};
use crate::time::Time;
use crate::wire::stun::{BINDING, Class, Message, TransactionId, Writer};

/// Most sockets, and most addresses of STUN servers.
pub(super) const MAX_SOCKETS: usize = 32;
const MAX_SERVERS: usize = 16;
/// RFC 8839 via webrtc-pc section 4.8.3: the code of a server that cannot be reached.
const UNREACHABLE: u16 = 701;

#[derive(Clone, Debug)]
pub(super) struct Server {
    url: String,
    address: SocketAddr,
}

/// A question to a STUN server.
#[derive(Clone, Debug)]
pub(super) struct Query {
    url: String,
    path: Path,
    transaction: TransactionId,
    next_send: Time,
    interval: Duration,
    give_up: Time,
}

impl Agent {
    pub(super) fn on_socket(&mut self, now: Time, socket: SocketAddr) {
        if self.sockets.contains(&socket) || self.sockets.len() >= MAX_SOCKETS {
            return;
        }
        self.sockets.push(socket);
        if !self.config.relay_only {
            let host = self.host_candidate(socket);
            self.publish(host);
            for server in self.servers.clone() {
                self.ask(now, socket, &server);
            }
        }
    }

    pub(super) fn on_server(&mut self, now: Time, url: &str, address: SocketAddr) {
        let known = self.servers.iter().any(|s| s.address == address);
        if known || self.servers.len() >= MAX_SERVERS || self.config.lite {
            return;
        }
        let server = Server {
            url: url.to_owned(),
            address,
        };
        if !self.config.relay_only {
            for socket in self.sockets.clone() {
                self.ask(now, socket, &server);
            }
        }
        self.servers.push(server);
    }

    fn ask(&mut self, now: Time, socket: SocketAddr, server: &Server) {
        let same_family = socket.is_ipv4() == server.address.is_ipv4();
        let in_scope = !socket.ip().is_loopback() || server.address.ip().is_loopback();
        if !same_family || !in_scope {
            return;
        }
        // RFC 8445 section 14.2: new transactions are spaced.
        let count = u32::try_from(self.queries.len()).unwrap_or(u32::MAX);
        let start = now + self.config.gather_interval.saturating_mul(count);
        self.queries.push(Query {
            url: server.url.clone(),
            path: Path {
                local: socket,
                remote: server.address,
            },
            transaction: self.rng.bytes(),
            next_send: start,
            interval: self.config.gather_rto,
            give_up: start + self.config.gather_timeout,
        });
    }

    pub(super) fn write_due_query(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Transmit> {
        let query = self
            .queries
            .iter_mut()
            .find(|query| query.next_send <= now)?;
        query.next_send = now + query.interval;
        query.interval *= 2;
        let (path, transaction, start) = (query.path, query.transaction, out.len());
        Writer::new(out, Class::Request, BINDING, transaction).fingerprint();
        Some(Transmit::single(path, out.len() - start))
    }

    pub(super) fn expire_queries(&mut self, now: Time) {
        let (over, running) = self
            .queries
            .drain(..)
            .partition(|query| query.give_up <= now);
        self.queries = running;
        for query in over {
            self.fail_query(&query, UNREACHABLE, "the STUN server did not answer");
        }
        self.finish_gathering();
    }

    fn fail_query(&mut self, query: &Query, error_code: u16, text: &str) {
        self.events.push_back(Event::CandidateError {
            address: Some(query.path.local),
            url: query.url.clone(),
            error_code,
            error_text: text.to_owned(),
        });
    }

    pub(super) fn on_server_failed(&mut self, url: &str, text: &str) {
        self.events.push_back(Event::CandidateError {
            address: None,
            url: url.to_owned(),
            error_code: UNREACHABLE,
            error_text: text.to_owned(),
        });
    }

    /// True if the message answers a question to a STUN server.
    pub(super) fn on_server_response(&mut self, path: Path, message: &Message<'_>) -> bool {
        let answered = self
            .queries
            .iter()
            .position(|query| query.transaction == message.transaction() && query.path == path);
        let Some(index) = answered else { return false };
        let query = self.queries.remove(index);
        match (message.class(), message.mapped_address()) {
            (Class::Success, Some(mapped)) => self.on_mapped(&query, mapped),
            (Class::Error, _) => {
                let error = message.error_code();
                let (code, reason) = error.map_or((UNREACHABLE, ""), |e| (e.code, e.reason));
                self.fail_query(&query, code, reason);
            }
            _ => self.drops.add(DropReason::StunMalformed),
        }
        self.finish_gathering();
        true
    }

    fn on_mapped(&mut self, query: &Query, mapped: SocketAddr) {
        // RFC 8445 section 5.1.3: an address that is a host candidate's adds nothing.
        let known = |c: &Candidate| c.socket_addr() == Some(mapped);
        if mapped == query.path.local || self.local_candidates.iter().any(known) {
            return;
        }
        let kind = CandidateKind::ServerReflexive;
        let base = query.path.local;
        self.publish(Candidate {
            foundation: foundation(kind, base, Some(query.path.remote)),
            component: 1,
            protocol: CandidateProtocol::Udp,
            priority: self.priority_of(kind, base),
            address: CandidateAddress::Ip(mapped.ip()),
            port: mapped.port(),
            kind,
            related: Some((base.ip().to_string(), base.port())),
            tcp_type: None,
            username_fragment: None,
            url: Some(query.url.clone()),
        });
    }

    fn publish(&mut self, mut candidate: Candidate) {
        candidate.username_fragment = self.local.as_ref().map(|local| local.ufrag.clone());
        self.local_candidates.push(candidate.clone());
        self.events.push_back(Event::LocalCandidate(candidate));
    }

    pub(super) fn finish_gathering(&mut self) {
        let done = self.sockets_complete && self.queries.is_empty();
        if done && self.gathering == GatheringState::Gathering {
            self.set_gathering(GatheringState::Complete);
        }
    }

    pub(super) fn host_candidate(&self, socket: SocketAddr) -> Candidate {
        let kind = CandidateKind::Host;
        Candidate {
            foundation: foundation(kind, socket, None),
            component: 1,
            protocol: CandidateProtocol::Udp,
            priority: self.priority_of(kind, socket),
            address: CandidateAddress::Ip(socket.ip()),
            port: socket.port(),
            kind,
            related: None,
            tcp_type: None,
            username_fragment: None,
            url: None,
        }
    }

    /// RFC 8445 section 5.1.2.1: sockets are preferred in the order in which the driver gave them.
    pub(super) fn priority_of(&self, kind: CandidateKind, socket: SocketAddr) -> u32 {
        let place = self.sockets.iter().position(|known| *known == socket);
        let place = u16::try_from(place.unwrap_or(self.sockets.len())).unwrap_or(u16::MAX);
        Candidate::priority_of(kind, u16::MAX - place)
    }

    pub(super) fn next_query(&self) -> Option<Time> {
        self.queries
            .iter()
            .map(|query| query.next_send.min(query.give_up))
            .min()
    }
}

/// RFC 8445 section 5.1.1.3: the same for the same kind, base address and server.
fn foundation(kind: CandidateKind, base: SocketAddr, server: Option<SocketAddr>) -> String {
    let server = server
        .map(|server| server.ip().to_string())
        .unwrap_or_default();
    let text = format!("{kind} {} {server}", base.ip());
    crc_fast::crc32_iso_hdlc(text.as_bytes()).to_string()
}
