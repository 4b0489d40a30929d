//! Candidate pairs: forming, freezing and picking the next check (RFC 8445 section 6.1.2).

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::{Agent, Candidate, IceConfig, PairCounters, PairState, Role};
use crate::datagram::Path;
use crate::time::Time;
use crate::wire::stun::TransactionId;

/// Most pairs (RFC 8445 section 6.1.2.5 suggests 100).
pub(super) const MAX_PAIRS: usize = 100;

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
    pub(super) path: Path,
    pub(super) local: Candidate,
    pub(super) remote: Candidate,
    pub(super) priority: u64,
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

    fn foundation(&self) -> (&str, &str) {
        (&self.local.foundation, &self.remote.foundation)
    }
}

impl Agent {
    /// Pairs every socket with every remote candidate it can reach.
    pub(super) fn form_pairs(&mut self, now: Time) {
        if self.config.relay_only || self.remote.is_none() || self.config.lite {
            return;
        }
        let remotes = self.remote_candidates.clone();
        for remote in &remotes {
            let Some(address) = remote.socket_addr() else {
                continue;
            };
            for host in self.hosts() {
                if reachable(host.0.ip(), address.ip()) {
                    self.add_pair(now, host, remote.clone(), address);
                }
            }
        }
    }

    /// The host candidates with their sockets. Candidates of other kinds share their base's pairs
    /// (RFC 8445 section 6.1.2.4).
    fn hosts(&self) -> Vec<(SocketAddr, Candidate)> {
        self.sockets
            .iter()
            .map(|socket| (*socket, self.host_candidate(*socket)))
            .collect()
    }

    pub(super) fn add_pair(
        &mut self,
        now: Time,
        (socket, local): (SocketAddr, Candidate),
        remote: Candidate,
        address: SocketAddr,
    ) -> Option<usize> {
        let path = Path {
            local: socket,
            remote: address,
        };
        if let Some(index) = self.pair_at(path) {
            return Some(index);
        }
        let priority = pair_priority(self.role, &local, &remote);
        if self.pairs.len() >= MAX_PAIRS && !self.drop_worst_unused(priority) {
            return None;
        }
        let pair = Pair {
            path,
            priority,
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
        };
        self.pairs.push(pair);
        Some(self.pairs.len() - 1)
    }

    /// Makes room for a pair: for any in place of one that came to nothing, else for a better one in
    /// place of the worst that nothing has been sent on (RFC 8445 section 6.1.2.5).
    fn drop_worst_unused(&mut self, priority: u64) -> bool {
        let unused = self.pairs.iter().enumerate().filter(|(_, pair)| {
            let idle = matches!(pair.state, PairState::Frozen | PairState::Waiting);
            let worse = idle && pair.priority < priority;
            !pair.authenticated && !pair.lost && (pair.state == PairState::Failed || worse)
        });
        let worst = unused.min_by_key(|(_, pair)| (pair.state != PairState::Failed, pair.priority));
        let Some((index, _)) = worst else {
            return false;
        };
        self.pairs.remove(index);
        true
    }

    pub(super) fn pair_at(&self, path: Path) -> Option<usize> {
        self.pairs.iter().position(|pair| pair.path == path)
    }

    pub(super) fn reprioritize(&mut self) {
        let role = self.role;
        for pair in &mut self.pairs {
            pair.priority = pair_priority(role, &pair.local, &pair.remote);
        }
    }

    /// The next pair for an ordinary check (RFC 8445 section 6.1.4.2): the best that waits, else
    /// the best frozen one of a foundation on which nothing is under way.
    pub(super) fn next_ordinary(&self) -> Option<usize> {
        let best = |state: PairState, busy: &dyn Fn(&Pair) -> bool| {
            self.pairs
                .iter()
                .enumerate()
                .filter(|(_, pair)| pair.state == state && !busy(pair))
                .max_by_key(|(_, pair)| pair.priority)
                .map(|(index, _)| index)
        };
        best(PairState::Waiting, &|_| false).or_else(|| {
            best(PairState::Frozen, &|pair| {
                self.pairs.iter().any(|other| {
                    matches!(other.state, PairState::Waiting | PairState::InProgress)
                        && other.foundation() == pair.foundation()
                })
            })
        })
    }

    /// RFC 8445 section 7.2.5.3.3: success unfreezes the pairs of the same foundation.
    pub(super) fn unfreeze_like(&mut self, index: usize) {
        let Some(pair) = self.pairs.get(index) else {
            return;
        };
        let (local, remote) = (
            pair.local.foundation.clone(),
            pair.remote.foundation.clone(),
        );
        for other in &mut self.pairs {
            if other.state == PairState::Frozen && other.foundation() == (&local, &remote) {
                other.state = PairState::Waiting;
            }
        }
    }
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
