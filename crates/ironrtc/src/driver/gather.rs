//! Gathering: what the machine is told about sockets and servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ironrtc_core::ice::{Candidate, CandidateAddress};
use ironrtc_core::observe::Value;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{IoResult, TransportId};
use tokio::task::JoinSet;

use super::resolve::ResolveError;
use super::socket::{self, Socket};
use super::sockets::Sockets;
use super::{interfaces, resolve};
use crate::machine::Machine;
use crate::shared::{Core, Shared};
use crate::url::{Scheme, Server};

/// Most names that are looked up at once.
const MAX_LOOKUPS: usize = 64;

/// The outcome of a lookup.
enum Found {
    /// Of a STUN server, in which round of which transport.
    Server(
        TransportId,
        u64,
        Server,
        Result<Vec<SocketAddr>, ResolveError>,
    ),
    /// Of a peer's candidate for a transport.
    Candidate(
        TransportId,
        Box<Candidate>,
        Result<std::net::IpAddr, ResolveError>,
    ),
}

/// A round of a transport's gathering.
#[derive(Debug, Default)]
struct Round {
    number: u64,
    /// Its servers that are still being looked up.
    outstanding: usize,
}

/// Gathering and lookups of one connection.
pub(super) struct Gathering {
    bind: Vec<SocketAddr>,
    /// Sockets that were bound before the start, so that a failure was an error there.
    bound: Vec<std::net::UdpSocket>,
    rounds: BTreeMap<TransportId, Round>,
    /// How many rounds there were.
    begun: u64,
    lookups: JoinSet<Found>,
}

impl Gathering {
    pub(super) fn new(bind: Vec<SocketAddr>, bound: Vec<std::net::UdpSocket>) -> Self {
        Self {
            bind,
            bound,
            rounds: BTreeMap::new(),
            begun: 0,
            lookups: JoinSet::new(),
        }
    }

    /// Begins a round: announces the sockets at once, and servers as they are found.
    pub(super) fn start(
        &mut self,
        shared: &Shared<dyn Machine>,
        transport: TransportId,
        sockets: &mut Sockets,
    ) {
        self.begun += 1;
        let mut round = Round {
            number: self.begun,
            outstanding: 0,
        };
        self.open_sockets(transport, sockets);
        let now = shared.clock.now();
        let mut core = shared.lock();
        for local in sockets.locals(transport) {
            let socket = IoResult::Socket(local);
            core.machine.handle_io(now, transport, socket);
        }
        for server in core.servers.clone() {
            self.ask(now, &mut core, (transport, &mut round), server);
        }
        if round.outstanding == 0 {
            core.machine.handle_io(now, transport, IoResult::Complete);
        }
        self.rounds.insert(transport, round);
        shared.finish(core, now);
    }

    /// A transport is over.
    pub(super) fn forget(&mut self, transport: TransportId) {
        self.rounds.remove(&transport);
    }

    fn ask(
        &mut self,
        now: Time,
        core: &mut Core<dyn Machine>,
        (transport, round): (TransportId, &mut Round),
        server: Server,
    ) {
        if server.scheme != Scheme::Stun {
            let reason = "only stun: is supported so far; the server is not used";
            let failed = IoResult::ServerFailed {
                url: server.url,
                reason: reason.to_owned(),
            };
            core.machine.handle_io(now, transport, failed);
            return;
        }
        round.outstanding += 1;
        let number = round.number;
        self.lookups.spawn(async move {
            let found = resolve::server(&server.host, server.port).await;
            Found::Server(transport, number, server, found)
        });
    }

    /// Binds to what is not bound yet. An interface that came up since the last round counts; one
    /// that went away no longer does.
    fn open_sockets(&mut self, transport: TransportId, sockets: &mut Sockets) {
        for bound in self.bound.drain(..) {
            match Socket::new(bound) {
                Ok(socket) => sockets.add(transport, socket),
                Err(error) => tracing::warn!(%error, "a socket cannot be used"),
            }
        }
        let wanted = interfaces::addresses(&self.bind);
        let is_wanted = |local: SocketAddr| wanted.iter().any(|wanted| wanted.ip() == local.ip());
        sockets.keep(transport, is_wanted);
        for address in &wanted {
            open(transport, sockets, *address);
        }
        if sockets.is_empty() {
            tracing::warn!("no address could be bound: there will be no candidates");
        }
    }

    /// Looks the name of a peer's candidate up.
    pub(super) fn resolve(&mut self, transport: TransportId, candidate: Candidate) {
        let CandidateAddress::Name(name) = &candidate.address else {
            return;
        };
        if self.lookups.len() >= MAX_LOOKUPS {
            tracing::debug!("too many names to look up");
            return;
        }
        let name = name.clone();
        self.lookups.spawn(async move {
            let found = resolve::candidate(&name).await;
            Found::Candidate(transport, Box::new(candidate), found)
        });
    }

    /// Hands on what was found.
    pub(super) fn poll(
        &mut self,
        context: &mut std::task::Context<'_>,
        shared: &Shared<dyn Machine>,
    ) {
        while let std::task::Poll::Ready(Some(result)) = self.lookups.poll_join_next(context) {
            // A lookup that panicked cannot be told from one that found nothing.
            let Ok(found) = result else { continue };
            let now = shared.clock.now();
            let mut core = shared.lock();
            match found {
                Found::Server(id, number, server, addresses) => {
                    let round = self.rounds.get_mut(&id);
                    let Some(round) = round.filter(|round| round.number == number) else {
                        continue;
                    };
                    let url = server.url;
                    match addresses {
                        Ok(addresses) => {
                            for address in addresses {
                                let url = url.clone();
                                let server = IoResult::Server { url, address };
                                core.machine.handle_io(now, id, server);
                            }
                        }
                        Err(error) => {
                            let reason = error.to_string();
                            let failed = IoResult::ServerFailed { url, reason };
                            core.machine.handle_io(now, id, failed);
                        }
                    }
                    round.outstanding -= 1;
                    if round.outstanding == 0 {
                        core.machine.handle_io(now, id, IoResult::Complete);
                    }
                }
                Found::Candidate(id, candidate, Ok(address)) => {
                    let resolved = IoResult::Resolved(*candidate, address);
                    core.machine.handle_io(now, id, resolved);
                }
                Found::Candidate(_, _, Err(error)) => {
                    tracing::debug!(%error, "a candidate of the peer is not used");
                }
            }
            shared.finish(core, now);
        }
    }
}

/// Binds to an address, unless a socket is bound to it.
fn open(transport: TransportId, sockets: &mut Sockets, address: SocketAddr) {
    // Another transport of the connection may have the port that was configured.
    let taken = sockets.has(address);
    let same = |local: SocketAddr| {
        let port = address.port() == 0 || address.port() == local.port() || taken;
        local.ip() == address.ip() && port
    };
    if sockets.locals(transport).any(same) {
        return;
    }
    let port = if taken { 0 } else { address.port() };
    let bound = socket::bind(SocketAddr::new(address.ip(), port));
    match bound.and_then(Socket::new) {
        Ok(socket) => sockets.add(transport, socket),
        Err(error) => {
            let address = Value::from(address);
            tracing::warn!(%address, %error, "an address is skipped");
        }
    }
}
