//! One candidate pair (RFC 8445 section 6.1.2), and which ones are formed.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Agent, Candidate, IceConfig, PairCounters, PairState, Role, Route};
use crate::datagram::Path;
use crate::time::Time;
use crate::wire::stun::TransactionId;
use crate::work;

/// A check that waits for its response.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) transaction: TransactionId,
    pub(super) first_sent: Time,
    pub(super) next_send: Time,
    pub(super) interval: Duration,
    pub(super) sent: u8,
    pub(super) nominates: bool,
    pub(super) as_role: Role,
}

/// A local socket and a remote address.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) route: Route,
    pub(super) local: Candidate,
    pub(super) remote: Candidate,
    pub(super) priority: u64,
    /// Pairs of the same foundations have the same number.
    pub(super) group: u32,
    pub(super) state: PairState,
    pub(super) check: Option<Check>,
    /// The peer has proved itself on this path, by a request or by a response.
    pub(super) authenticated: bool,
    pub(super) nominated: bool,
    /// Data went over it, and the peer's consent to that has expired. RFC 7675 section 5.1: the same
    /// credentials are not used on it again.
    pub(super) lost: bool,
    /// The peer nominated it before our own check was through (RFC 8445 section 7.3.1.5).
    pub(super) nominate_on_success: bool,
    /// When the peer last answered a check of ours.
    pub(super) answered: Option<Time>,
    pub(super) consent_until: Time,
    pub(super) next_consent: Time,
    pub(super) consent_check: Option<(TransactionId, Time)>,
    pub(super) last_seen: Time,
    /// Its checks failed before; one is sent now and then.
    pub(super) retried: bool,
    pub(super) counters: PairCounters,
}

impl Pair {
    pub(super) fn new(
        now: Time,
        role: Role,
        route: Route,
        local: Candidate,
        remote: Candidate,
    ) -> Self {
        Self {
            route,
            priority: pair_priority(role, &local, &remote),
            group: 0,
            local,
            remote,
            state: PairState::Frozen,
            check: None,
            authenticated: false,
            nominated: false,
            lost: false,
            nominate_on_success: false,
            answered: None,
            consent_until: now,
            next_consent: now,
            consent_check: None,
            last_seen: now,
            retried: false,
            counters: PairCounters::default(),
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.state == PairState::Succeeded
    }

    /// Consent shown by an answer to a check of ours (RFC 7675 section 5.1).
    pub(super) fn on_answer(&mut self, now: Time, config: &IceConfig) {
        self.answered = Some(now);
        self.last_seen = now;
        self.consent_until = now + config.consent_timeout;
    }

    /// Consent shown by a check of the peer's: current browsers may stop answering our checks on a
    /// pair that works. It holds only for so long after the last answer.
    pub(super) fn on_request(&mut self, now: Time, config: &IceConfig) {
        self.last_seen = now;
        let end = self.answered.unwrap_or(now) + config.proof_timeout;
        let until = (now + config.consent_timeout).min(end);
        self.consent_until = self.consent_until.max(until);
    }

    pub(super) fn foundation(&self) -> (&str, &str) {
        (&self.local.foundation, &self.remote.foundation)
    }

    pub(super) fn reprioritize(&mut self, role: Role) {
        self.priority = pair_priority(role, &self.local, &self.remote);
    }
}

impl Agent {
    /// Pairs every socket with every remote candidate it can reach.
    pub(super) fn form_pairs(&mut self, now: Time) {
        for remote in self.generation.remotes.candidates().to_vec() {
            self.pair_remote(now, &remote);
        }
    }

    /// Pairs a remote candidate with the sockets that reach it.
    pub(super) fn pair_remote(&mut self, now: Time, remote: &Candidate) {
        if self.pairs_nothing() {
            return;
        }
        for (socket, host) in self.gatherer.sockets() {
            if let Some(route) = reachable_route(socket, remote) {
                self.generation
                    .checklist
                    .add(now, self.role, route, (host, remote));
            }
        }
    }

    /// Pairs a socket with the remote candidates that it reaches. Candidates of other kinds share
    /// their base's pairs (RFC 8445 section 6.1.2.4).
    pub(super) fn pair_socket(&mut self, now: Time, socket: SocketAddr) {
        let Some(host) = self.gatherer.host(socket).filter(|_| !self.pairs_nothing()) else {
            return;
        };
        for remote in self.generation.remotes.candidates() {
            if let Some(route) = reachable_route(socket, remote) {
                self.generation
                    .checklist
                    .add(now, self.role, route, (host, remote));
            }
        }
    }

    /// Whether pairs come from the peer's checks alone, or from nothing.
    fn pairs_nothing(&self) -> bool {
        self.config.relay_only || self.generation.remote.is_none() || self.config.lite
    }
}

/// From a socket to a remote candidate, if that leads anywhere.
fn reachable_route(local: SocketAddr, remote: &Candidate) -> Option<Route> {
    work::add(1);
    let remote = remote.socket_addr()?;
    reachable(local.ip(), remote.ip()).then_some(Route::from(Path::udp(local, remote)))
}

/// RFC 8445 section 6.1.2.2, with the scopes of RFC 6724: a link-local address only reaches its
/// like, and so does a loopback address, or a description could have us knock at services of this
/// machine. Whoever does reach us is answered wherever it comes from.
fn reachable(local: IpAddr, remote: IpAddr) -> bool {
    let link_local = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let remote = remote.to_canonical();
    local.is_ipv4() == remote.is_ipv4()
        && link_local(local) == link_local(remote)
        && local.is_loopback() == remote.is_loopback()
}

/// RFC 8445 section 6.1.2.3.
fn pair_priority(role: Role, local: &Candidate, remote: &Candidate) -> u64 {
    let (controlling, controlled) = match role {
        Role::Controlling => (local.priority, remote.priority),
        Role::Controlled => (remote.priority, local.priority),
    };
    let (g, d) = (u64::from(controlling), u64::from(controlled));
    (g.min(d) << 32) + 2 * g.max(d) + u64::from(g > d)
}
