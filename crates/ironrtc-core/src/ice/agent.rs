//! The agent: what drivers and the transport call.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use super::checks::{RETRY, UNHEARD};
use super::gather::{Gatherer, Surroundings, report_unreachable};
use super::generation::Generation;
use super::learnt::{Recent, Throttle};
use super::previous::Previous;
use super::remotes::Told;
use super::selection::Selection;
use super::{
    Candidate, CandidateAddress, CandidateProtocol, Credentials, Event, GatheringState, IceConfig,
    IceState, Role, Route, is_mdns,
};
use crate::datagram::{DropCounters, DropReason};
use crate::observe::Observer;
use crate::rng::Rng;
use crate::time::{Deadline, Time};

/// Why a remote candidate was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddCandidateError {
    /// The address is a name.
    #[error("the candidate's address {0:?} is a name; resolve it first")]
    Unresolved(String),
    /// Port 0.
    #[error("the candidate has port 0, which nothing can be sent to")]
    Port,
    /// Unspecified, multicast or broadcast.
    #[error("the candidate's address {0} is not the address of one host")]
    Address(IpAddr),
    /// TCP.
    #[error("TCP candidates are not supported; the peer's UDP candidates are used")]
    Transport,
    /// The candidate belongs to other credentials than the present ones.
    #[error("the candidate belongs to ufrag {0:?}, which is not the peer's present one")]
    Generation(String),
    /// The bound is reached.
    #[error("the peer has told 64 candidates already; more are refused")]
    TooMany,
    /// The bound of names is reached.
    #[error("32 names of the peer's candidates were looked up already; more are refused")]
    TooManyNames,
    /// The agent is closed.
    #[error("the ICE agent is closed")]
    Closed,
}

/// One ICE agent.
#[derive(Debug)]
pub struct Agent {
    pub(super) config: IceConfig,
    pub(super) rng: Rng,
    pub(super) clock: Time,
    pub(super) tie_breaker: u64,
    pub(super) role: Role,
    pub(super) local: Option<Credentials>,
    /// The peer's credentials before our restart: not to be checked with.
    stale_remote: Option<Credentials>,
    pub(super) gatherer: Gatherer,
    pub(super) generation: Generation,
    pub(super) previous: Option<Previous>,
    pub(super) selection: Selection,
    /// The checks that came last.
    pub(super) recent: Recent,
    /// Paces checks towards learnt addresses.
    pub(super) throttle: Throttle,
    pub(super) responses: VecDeque<(Route, Vec<u8>)>,
    pub(super) events: VecDeque<Event>,
    pub(super) drops: DropCounters,
    pub(super) observer: Observer,
}

impl Agent {
    /// An agent without credentials, controlled until told otherwise.
    pub fn new(config: IceConfig, mut rng: Rng) -> Self {
        Self {
            config: config.bounded(),
            clock: Time::ZERO,
            tie_breaker: rng.u64(),
            rng,
            role: Role::Controlled,
            local: None,
            stale_remote: None,
            gatherer: Gatherer::default(),
            generation: Generation::default(),
            previous: None,
            selection: Selection::default(),
            recent: Recent::default(),
            throttle: Throttle::default(),
            responses: VecDeque::new(),
            events: VecDeque::new(),
            drops: DropCounters::default(),
            observer: Observer::default(),
        }
    }

    /// Sets our credentials. Others than the present ones restart ICE (RFC 8445 section 9): the
    /// selected pair stays in use until the new generation has nominated one.
    pub fn set_local_credentials(&mut self, now: Time, credentials: Credentials) {
        if self.local.as_ref() == Some(&credentials) || self.selection.is_closed() {
            return;
        }
        if let Some(old) = self.local.replace(credentials) {
            self.keep_previous(now, old);
            self.stale_remote = self.generation.remote.take();
            self.generation = Generation::default();
            self.gatherer.restart();
        } else if let Some(local) = &self.local {
            self.gatherer.set_fragment(local.ufrag().as_str());
        }
        if let Some((credentials, lite)) = self.generation.waiting.take() {
            self.set_remote(now, credentials, lite);
        }
        self.settle(now);
    }

    /// Forgets the peer, as after a rollback. Sockets and candidates stay, for the next peer's
    /// description.
    pub fn forget_remote(&mut self, now: Time) {
        if self.selection.is_closed() {
            return;
        }
        self.generation = Generation::default();
        self.stale_remote = None;
        self.previous = None;
        self.responses.clear();
        self.settle(now);
    }

    /// Whether only relayed candidates may be used. The sockets that are known stay as they are.
    pub fn set_relay_only(&mut self, relay_only: bool) {
        self.config.relay_only = relay_only;
    }

    /// Sets the peer's credentials. Others than the present ones mean that it restarted.
    pub fn set_remote(&mut self, now: Time, credentials: Credentials, lite: bool) {
        let known = self.generation.remote.as_ref() == Some(&credentials);
        let stale = self.stale_remote.as_ref() == Some(&credentials);
        if known || stale || self.selection.is_closed() {
            return;
        }
        if self.local.is_none() {
            self.generation.waiting = Some((credentials, lite));
            return;
        }
        if self.generation.remote.is_some() {
            if let Some(local) = self.local.clone() {
                self.keep_previous(now, local);
            }
            self.generation = Generation::default();
        }
        if lite {
            self.switch_role(Role::Controlling);
        }
        self.stale_remote = None;
        let generation = &mut self.generation;
        generation.remote = Some(credentials);
        generation.remote_lite = lite;
        generation.started = Some(now);
        generation.consent_lost = false;
        generation.next_retry = now + RETRY;
        generation.next_check = now;
        let early = std::mem::take(&mut generation.early);
        self.form_pairs(now);
        for seen in early {
            self.on_check(now, &seen);
        }
        self.settle(now);
    }

    /// Sets who nominates. A role that a conflict has decided since stays.
    pub fn set_role(&mut self, role: Role) {
        if self.generation.started.is_none() {
            self.switch_role(role);
        }
    }

    /// Who nominates.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Begins gathering; the driver then adds its sockets and servers.
    pub fn start_gathering(&mut self, _now: Time) {
        if self.selection.state() != IceState::Closed {
            self.gatherer.start(&mut self.events);
        }
    }

    /// The gatherer, and what it needs of us.
    pub(super) fn gatherer(&mut self) -> (&mut Gatherer, Surroundings<'_>) {
        let around = Surroundings {
            config: &self.config,
            rng: &mut self.rng,
            fragment: self.local.as_ref().map(|local| local.ufrag().as_str()),
            events: &mut self.events,
        };
        (&mut self.gatherer, around)
    }

    /// A bound UDP socket: a host candidate, and a place to ask STUN servers from.
    pub fn add_local_socket(&mut self, now: Time, address: SocketAddr) {
        if self.selection.is_closed() {
            return;
        }
        let (gatherer, mut around) = self.gatherer();
        gatherer.add_socket(now, address, &mut around);
        self.pair_socket(now, address);
    }

    /// A STUN server's address.
    pub fn add_stun_server(&mut self, now: Time, url: &str, address: SocketAddr) {
        let (gatherer, mut around) = self.gatherer();
        gatherer.add_server(now, url, address, &mut around);
    }

    /// A STUN server whose name has no address, or whose URL we cannot use.
    pub fn stun_server_failed(&mut self, url: &str, text: &str) {
        report_unreachable(&mut self.events, url, text);
    }

    /// No more sockets and servers will come.
    pub fn all_sockets_added(&mut self, now: Time) {
        self.gatherer.end(&mut self.events);
        self.settle(now);
    }

    /// A candidate of the peer. One that is known already is accepted and changes nothing.
    pub fn add_remote_candidate(
        &mut self,
        now: Time,
        candidate: Candidate,
    ) -> Result<(), AddCandidateError> {
        self.tell_remote_candidate(now, &candidate);
        let taken = self.take_remote_candidate(now, candidate);
        taken.inspect_err(|error| self.tell_refused_candidate(now, error))
    }

    fn take_remote_candidate(
        &mut self,
        now: Time,
        candidate: Candidate,
    ) -> Result<(), AddCandidateError> {
        if self.selection.is_closed() {
            return Err(AddCandidateError::Closed);
        }
        let ip = match &candidate.address {
            CandidateAddress::Ip(ip) => *ip,
            CandidateAddress::Name(name) => {
                return Err(AddCandidateError::Unresolved(name.clone()));
            }
        };
        if candidate.protocol != CandidateProtocol::Udp {
            return Err(AddCandidateError::Transport);
        }
        if candidate.port == 0 {
            return Err(AddCandidateError::Port);
        }
        let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
        if ip.is_unspecified() || ip.is_multicast() || broadcast {
            return Err(AddCandidateError::Address(ip));
        }
        // After our restart the peer's old candidates, which its description still has, say nothing
        // about where it will be reached.
        if self.generation.remote.is_none()
            && let Some(stale) = &self.stale_remote
        {
            return Err(AddCandidateError::Generation(stale.ufrag().to_string()));
        }
        let expected = self.generation.remote.as_ref().map(Credentials::ufrag);
        if let (Some(fragment), Some(expected)) = (&candidate.username_fragment, expected)
            && *expected != fragment.as_str()
        {
            return Err(AddCandidateError::Generation(fragment.clone()));
        }
        let address = SocketAddr::new(ip, candidate.port);
        match self.generation.remotes.tell(&candidate, address)? {
            Told::Known => return Ok(()),
            Told::Better => {
                let checklist = &mut self.generation.checklist;
                checklist.replace_remote(self.role, address, &candidate);
                return Ok(());
            }
            Told::New => self.pair_remote(now, &candidate),
        }
        self.settle(now);
        Ok(())
    }

    /// No more candidates of the peer will come.
    pub fn end_of_remote_candidates(&mut self, now: Time) {
        self.generation.remotes.end();
        self.settle(now);
    }

    /// Ends everything: nothing is answered or sent any more.
    pub fn close(&mut self) {
        self.generation = Generation::of(self.generation.remote.take());
        self.responses.clear();
        self.gatherer.stop();
        self.previous = None;
        self.selection.close(&mut self.events);
    }

    /// Takes in one STUN message.
    pub fn handle_datagram(&mut self, now: Time, route: impl Into<Route>, data: &[u8]) {
        if self.selection.is_closed() {
            self.drops.add(DropReason::Closed);
            return;
        }
        self.clock = now;
        if self.on_message(now, route.into(), data) {
            self.settle(now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) and
    /// [`poll_transmit`](Self::poll_transmit) want to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_deadline().map(|deadline| deadline.at)
    }

    /// The same, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        if self.selection.is_closed() {
            return None;
        }
        let known = self.generation.remote.is_some();
        let pairs = || self.generation.checklist.pairs();
        let retransmissions = pairs().filter_map(|pair| Some(pair.check.as_ref()?.next_send));
        // A lite agent may have nominated before it knows the peer's credentials.
        let in_use = pairs().filter(|pair| self.is_in_use(pair) && known);
        let consent = in_use.map(|pair| pair.next_consent);
        let ordinary = (known && self.may_check())
            .then(|| self.generation.checklist.next_ordinary())
            .flatten();
        let nomination = self.generation.nomination_at.filter(|_| self.may_check());
        let nomination = nomination.into_iter().flat_map(|at| [at, at + UNHEARD]);
        Deadline::earliest([
            (retransmissions.min(), "ice_check_retransmission"),
            (
                consent.chain(self.next_previous_consent()).min(),
                "ice_consent",
            ),
            (
                self.next_triggered().map(|(_, at)| at),
                "ice_triggered_check",
            ),
            (ordinary.map(|_| self.generation.next_check), "ice_check"),
            (
                nomination.filter(|at| *at > self.clock).min(),
                "ice_nomination",
            ),
            (self.next_probe().map(|(_, at)| at), "ice_probe"),
            (self.gatherer.next_query(), "ice_gathering"),
            (self.next_verdict(), "ice_verdict"),
        ])
    }

    /// Advances the time.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.selection.is_closed() {
            return;
        }
        self.clock = now;
        self.gatherer.expire(now, &mut self.events);
        self.expire_consent(now);
        self.retry_failed(now);
        self.settle(now);
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Whether data from this path may be handed up: the peer has answered a check of ours on it,
    /// which nobody can do who only repeats what the peer once said, and still consents.
    pub fn accepts(&self, route: impl Into<Route>) -> bool {
        let route = route.into();
        self.previous
            .as_ref()
            .is_some_and(|previous| !previous.pair.lost && previous.pair.route == route)
            || self
                .generation
                .checklist
                .at(route)
                .is_some_and(|pair| pair.authenticated && pair.is_valid())
    }

    /// Whether an authenticated request came from this path, perhaps before the peer's description
    /// did: [`accepts`](Self::accepts) may follow.
    pub fn may_accept(&self, route: impl Into<Route>) -> bool {
        let route = route.into();
        self.generation.early.iter().any(|seen| seen.route == route)
            || self
                .generation
                .checklist
                .at(route)
                .is_some_and(|pair| pair.authenticated)
    }

    /// Whether the peer has our description, as far as we can know: it has checked us, or it
    /// answered our description.
    ///
    /// What the peer answers to checks of ours says nothing about that, since it answers whoever
    /// knows its description. A controlled side whose peer only ever answers waits two seconds.
    pub fn peer_is_ready(&self, now: Time) -> bool {
        let waited = |at: Time| at + UNHEARD <= now;
        self.generation.heard.is_some()
            || self.role == Role::Controlling
            || self.generation.nomination_at.is_some_and(waited)
    }

    /// Whether the peer has checked us in this generation.
    pub fn is_heard(&self) -> bool {
        self.generation.heard.is_some()
    }

    /// Where to send data.
    pub fn selected(&self) -> Option<Route> {
        self.selection.route()
    }

    /// The connection state.
    pub fn state(&self) -> IceState {
        self.selection.state()
    }

    /// The gathering state.
    pub fn gathering_state(&self) -> GatheringState {
        self.gatherer.state()
    }

    /// Whether the name in a peer's candidate may be looked up ([`IceConfig::resolve_names`]).
    pub fn may_resolve(&self, name: &str) -> bool {
        self.config.resolve_names || is_mdns(name)
    }

    /// Counts the name in a peer's candidate as looked up, or says why it is not to be.
    pub fn look_up(&mut self, name: &str) -> Result<(), AddCandidateError> {
        if self.selection.is_closed() {
            return Err(AddCandidateError::Closed);
        }
        if !self.may_resolve(name) {
            return Err(AddCandidateError::Unresolved(name.to_owned()));
        }
        self.generation.remotes.look_up()
    }

    /// The candidates gathered in this generation.
    pub fn local_candidates(&self) -> &[Candidate] {
        self.gatherer.candidates()
    }

    /// The peer's candidates, told and found.
    pub fn remote_candidates(&self) -> &[Candidate] {
        self.generation.remotes.candidates()
    }

    /// Our credentials.
    pub fn local_credentials(&self) -> Option<&Credentials> {
        self.local.as_ref()
    }

    /// The peer's credentials.
    pub fn remote_credentials(&self) -> Option<&Credentials> {
        self.generation.remote.as_ref()
    }

    /// What was dropped.
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }
}
