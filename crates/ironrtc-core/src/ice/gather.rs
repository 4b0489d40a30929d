//! Gathering: host candidates from sockets, server-reflexive ones from STUN servers (RFC 8445
//! section 5.1.1).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::{
    Candidate, CandidateAddress, CandidateKind, CandidateProtocol, Event, GatheringState,
    IceConfig, Route,
};
use crate::datagram::Path;
use crate::rng::Rng;
use crate::time::Time;
use crate::wire::stun::{BINDING, Class, Message, TransactionId, Writer};
use crate::work;

/// Most sockets, and most addresses of STUN servers.
const MAX_SOCKETS: usize = 32;
const MAX_SERVERS: usize = 16;
/// RFC 8839 via webrtc-pc section 4.8.3: the code of a server that cannot be reached.
const UNREACHABLE: u16 = 701;

#[derive(Clone, Debug)]
struct Server {
    url: String,
    address: SocketAddr,
}

/// A question to a STUN server.
#[derive(Clone, Debug)]
struct Query {
    url: String,
    path: Path,
    transaction: TransactionId,
    next_send: Time,
    interval: Duration,
    give_up: Time,
}

/// A socket and its host candidate.
#[derive(Clone, Debug)]
struct Socket {
    address: SocketAddr,
    host: Candidate,
}

/// What gathering needs of its agent.
pub(super) struct Surroundings<'a> {
    pub(super) config: &'a IceConfig,
    pub(super) rng: &'a mut Rng,
    /// Our fragment, once there is one.
    pub(super) fragment: Option<&'a str>,
    pub(super) events: &'a mut VecDeque<Event>,
}

/// Our sockets and candidates of one generation, and the servers that are asked for more.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    state: GatheringState,
    sockets: Vec<Socket>,
    /// They outlast the generation.
    servers: Vec<Server>,
    queries: Vec<Query>,
    /// No more sockets and servers will come.
    complete: bool,
    candidates: Vec<Candidate>,
}

impl Gatherer {
    pub(super) fn state(&self) -> GatheringState {
        self.state
    }

    pub(super) fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    pub(super) fn sockets(&self) -> impl Iterator<Item = (SocketAddr, &Candidate)> {
        let sockets = self.sockets.iter();
        sockets.map(|socket| (socket.address, &socket.host))
    }

    /// The host candidate of a socket of this generation.
    pub(super) fn host(&self, address: SocketAddr) -> Option<&Candidate> {
        let mut sockets = self.sockets();
        sockets
            .find(|(known, _)| *known == address)
            .map(|(_, host)| host)
    }

    /// Begins anew for another generation.
    pub(super) fn restart(&mut self) {
        *self = Self {
            servers: std::mem::take(&mut self.servers),
            ..Self::default()
        };
    }

    /// Asks nobody any more.
    pub(super) fn stop(&mut self) {
        self.queries.clear();
    }

    pub(super) fn start(&mut self, events: &mut VecDeque<Event>) {
        self.set_state(GatheringState::Gathering, events);
    }

    fn set_state(&mut self, state: GatheringState, events: &mut VecDeque<Event>) {
        if self.state != state {
            self.state = state;
            events.push_back(Event::GatheringStateChange(state));
        }
    }

    /// Candidates that were gathered early belong to the first generation, whose fragment this is.
    pub(super) fn set_fragment(&mut self, fragment: &str) {
        for candidate in &mut self.candidates {
            candidate.username_fragment = Some(fragment.to_owned());
        }
    }

    pub(super) fn add_socket(
        &mut self,
        now: Time,
        address: SocketAddr,
        around: &mut Surroundings<'_>,
    ) {
        if self.host(address).is_some() || self.sockets.len() >= MAX_SOCKETS {
            return;
        }
        let host = self.make_host(address);
        self.sockets.push(Socket {
            address,
            host: host.clone(),
        });
        if !around.config.relay_only {
            self.publish(host, around);
            for server in self.servers.clone() {
                self.ask(now, address, &server, around);
            }
        }
    }

    pub(super) fn add_server(
        &mut self,
        now: Time,
        url: &str,
        address: SocketAddr,
        around: &mut Surroundings<'_>,
    ) {
        let known = self.servers.iter().any(|s| s.address == address);
        if known || self.servers.len() >= MAX_SERVERS || around.config.lite {
            return;
        }
        let server = Server {
            url: url.to_owned(),
            address,
        };
        if !around.config.relay_only {
            let sockets: Vec<_> = self.sockets().map(|(socket, _)| socket).collect();
            for socket in sockets {
                self.ask(now, socket, &server, around);
            }
        }
        self.servers.push(server);
    }

    fn ask(
        &mut self,
        now: Time,
        socket: SocketAddr,
        server: &Server,
        around: &mut Surroundings<'_>,
    ) {
        let same_family = socket.is_ipv4() == server.address.is_ipv4();
        let in_scope = !socket.ip().is_loopback() || server.address.ip().is_loopback();
        if !same_family || !in_scope {
            return;
        }
        // RFC 8445 section 14.2: new transactions are spaced.
        let count = u32::try_from(self.queries.len()).unwrap_or(u32::MAX);
        let start = now + around.config.gather_interval.saturating_mul(count);
        self.queries.push(Query {
            url: server.url.clone(),
            path: Path::udp(socket, server.address),
            transaction: around.rng.bytes(),
            next_send: start,
            interval: around.config.gather_rto,
            give_up: start + around.config.gather_timeout,
        });
    }

    /// Appends the next query that is due, and tells which way it goes.
    pub(super) fn write_due_query(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Route> {
        let query = self
            .queries
            .iter_mut()
            .find(|query| query.next_send <= now)?;
        query.next_send = now + query.interval;
        query.interval *= 2;
        let (path, transaction) = (query.path, query.transaction);
        Writer::new(out, Class::Request, BINDING, transaction).fingerprint();
        Some(path.into())
    }

    /// Gives up servers that did not answer.
    pub(super) fn expire(&mut self, now: Time, events: &mut VecDeque<Event>) {
        let (over, running) = self
            .queries
            .drain(..)
            .partition(|query| query.give_up <= now);
        self.queries = running;
        for query in over {
            let text = "the STUN server did not answer";
            report(
                events,
                Some(query.path.local),
                &query.url,
                UNREACHABLE,
                text,
            );
        }
        self.finish(events);
    }

    /// What becomes of a message, if it answers a question to a STUN server.
    pub(super) fn on_response(
        &mut self,
        path: Path,
        message: &Message<'_>,
        around: &mut Surroundings<'_>,
    ) -> Option<Result<(), Malformed>> {
        work::add(self.queries.len());
        let index = self
            .queries
            .iter()
            .position(|query| query.transaction == message.transaction() && query.path == path)?;
        let query = self.queries.remove(index);
        let mut result = Ok(());
        match (message.class(), message.mapped_address()) {
            (Class::Success, Some(mapped)) => self.on_mapped(&query, mapped, around),
            (Class::Error, _) => {
                let error = message.error_code();
                let (code, reason) = error.map_or((UNREACHABLE, ""), |e| (e.code, e.reason));
                let local = Some(query.path.local);
                report(around.events, local, &query.url, code, reason);
            }
            _ => result = Err(Malformed),
        }
        self.finish(around.events);
        Some(result)
    }

    fn on_mapped(&mut self, query: &Query, mapped: SocketAddr, around: &mut Surroundings<'_>) {
        // RFC 8445 section 5.1.3: an address that is a host candidate's adds nothing.
        let known = |c: &Candidate| c.socket_addr() == Some(mapped);
        if mapped == query.path.local || self.candidates.iter().any(known) {
            return;
        }
        let kind = CandidateKind::ServerReflexive;
        let base = query.path.local;
        let reflexive = Candidate {
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
        };
        self.publish(reflexive, around);
    }

    fn publish(&mut self, mut candidate: Candidate, around: &mut Surroundings<'_>) {
        candidate.username_fragment = around.fragment.map(str::to_owned);
        self.candidates.push(candidate.clone());
        around.events.push_back(Event::LocalCandidate(candidate));
    }

    /// No more sockets and servers will come.
    pub(super) fn end(&mut self, events: &mut VecDeque<Event>) {
        self.complete = true;
        self.finish(events);
    }

    fn finish(&mut self, events: &mut VecDeque<Event>) {
        let done = self.complete && self.queries.is_empty();
        if done && self.state == GatheringState::Gathering {
            self.set_state(GatheringState::Complete, events);
        }
    }

    fn make_host(&self, socket: SocketAddr) -> Candidate {
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
        let place = self.sockets().position(|(known, _)| known == socket);
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

/// An answer of a server's that says nothing.
pub(super) struct Malformed;

/// Reports a server whose name has no address, or whose URL we cannot use.
pub(super) fn report_unreachable(events: &mut VecDeque<Event>, url: &str, text: &str) {
    report(events, None, url, UNREACHABLE, text);
}

fn report(
    events: &mut VecDeque<Event>,
    address: Option<SocketAddr>,
    url: &str,
    error_code: u16,
    text: &str,
) {
    events.push_back(Event::CandidateError {
        address,
        url: url.to_owned(),
        error_code,
        error_text: text.to_owned(),
    });
}

/// RFC 8445 section 5.1.1.3: the same for the same kind, base address and server.
fn foundation(kind: CandidateKind, base: SocketAddr, server: Option<SocketAddr>) -> String {
    let server = server
        .map(|server| server.ip().to_string())
        .unwrap_or_default();
    let text = format!("{kind} {} {server}", base.ip());
    crc_fast::crc32_iso_hdlc(text.as_bytes()).to_string()
}
