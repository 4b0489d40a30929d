//! Gathering: what the machine is told about sockets and servers.

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
    /// Of a STUN server, in which round.
    Server(u64, Server, Result<Vec<SocketAddr>, ResolveError>),
    /// Of a peer's candidate.
    Candidate(Box<Candidate>, Result<std::net::IpAddr, ResolveError>),
}

/// Gathering and lookups of one connection.
pub(super) struct Gathering {
    bind: Vec<SocketAddr>,
    /// Sockets that were bound before the start, so that a failure was an error there.
    bound: Vec<std::net::UdpSocket>,
    round: u64,
    /// Servers of this round that are still being looked up.
    outstanding: usize,
    lookups: JoinSet<Found>,
}

impl Gathering {
    pub(super) fn new(bind: Vec<SocketAddr>, bound: Vec<std::net::UdpSocket>) -> Self {
        Self {
            bind,
            bound,
            round: 0,
            outstanding: 0,
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
        self.round += 1;
        self.outstanding = 0;
        self.open_sockets(transport, sockets);
        let now = shared.clock.now();
        let mut core = shared.lock();
        for local in sockets.locals(transport) {
            core.machine.handle_io(now, IoResult::Socket(local));
        }
        for server in core.servers.clone() {
            self.ask(now, &mut core, server);
        }
        if self.outstanding == 0 {
            core.machine.handle_io(now, IoResult::Complete);
        }
        shared.finish(core, now);
    }

    fn ask(&mut self, now: Time, core: &mut Core<dyn Machine>, server: Server) {
        if server.scheme != Scheme::Stun {
            let reason = "only stun: is supported so far; the server is not used";
            let failed = IoResult::ServerFailed {
                url: server.url,
                reason: reason.to_owned(),
            };
            core.machine.handle_io(now, failed);
            return;
        }
        let round = self.round;
        self.outstanding += 1;
        self.lookups.spawn(async move {
            let found = resolve::server(&server.host, server.port).await;
            Found::Server(round, server, found)
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
    pub(super) fn resolve(&mut self, candidate: Candidate) {
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
            Found::Candidate(Box::new(candidate), found)
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
                Found::Server(round, server, addresses) if round == self.round => {
                    let url = server.url;
                    match addresses {
                        Ok(addresses) => {
                            for address in addresses {
                                let url = url.clone();
                                core.machine
                                    .handle_io(now, IoResult::Server { url, address });
                            }
                        }
                        Err(error) => {
                            let reason = error.to_string();
                            core.machine
                                .handle_io(now, IoResult::ServerFailed { url, reason });
                        }
                    }
                    self.outstanding -= 1;
                    if self.outstanding == 0 {
                        core.machine.handle_io(now, IoResult::Complete);
                    }
                }
                Found::Server(..) => {}
                Found::Candidate(candidate, Ok(address)) => {
                    let resolved = IoResult::Resolved(*candidate, address);
                    core.machine.handle_io(now, resolved);
                }
                Found::Candidate(_, Err(error)) => {
                    tracing::debug!(%error, "a candidate of the peer is not used");
                }
            }
            shared.finish(core, now);
        }
    }
}

/// Binds to an address, unless a socket is bound to it.
fn open(transport: TransportId, sockets: &mut Sockets, address: SocketAddr) {
    let same = |local: SocketAddr| {
        local.ip() == address.ip() && (address.port() == 0 || address.port() == local.port())
    };
    if sockets.locals(transport).any(same) {
        return;
    }
    match socket::bind(address).and_then(Socket::new) {
        Ok(socket) => sockets.add(transport, socket),
        Err(error) => {
            let address = Value::from(address);
            tracing::warn!(%address, %error, "an address is skipped");
        }
    }
}
