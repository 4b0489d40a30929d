//! Two connections, the network between them and their signalling.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::time::Duration;

use ironrtc_core::channel::ChannelId;
use ironrtc_core::ice::GatheringState;
use ironrtc_core::jsep::{CandidateInit, SdpType, SessionDescription, SignalingState};
use ironrtc_core::peer::{Event, PeerConfig, PeerConnection};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;
use ironrtc_core::transport::IoRequest;

use crate::network::Network;
use crate::{Endpoint, Link, Nat, NatKind, Side, peer_config};

/// How a pair is made.
#[derive(Debug)]
pub struct Setup {
    /// From which all randomness follows.
    pub seed: u64,
    /// Settings of A.
    pub a: PeerConfig,
    /// Settings of B.
    pub b: PeerConfig,
    /// The ways from A and from B.
    pub links: [Link; 2],
    /// The NATs in front of A and B.
    pub nats: [Option<NatKind>; 2],
    /// The addresses of A and B.
    pub addresses: [Vec<IpAddr>; 2],
    /// Send candidates one by one instead of in the descriptions.
    pub trickle: bool,
    /// Ask the network's STUN server.
    pub stun: bool,
    /// How long signalling takes.
    pub signalling_delay: Duration,
}

impl Setup {
    /// A plain network with 1 ms of delay, and trickling.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::from_test_seed(seed);
        let address = |text: &str| vec![text.parse().expect("an address")];
        Self {
            seed,
            a: peer_config(&mut rng),
            b: peer_config(&mut rng),
            links: [Link::default(), Link::default()],
            nats: [None, None],
            addresses: [address("203.0.113.1"), address("203.0.113.2")],
            trickle: true,
            stun: false,
            signalling_delay: Duration::from_millis(1),
        }
    }

    /// Both ways alike.
    pub fn link(mut self, link: Link) -> Self {
        self.links = [link.clone(), link];
        self
    }
}

#[derive(Clone, Debug)]
enum Signal {
    Description(SessionDescription),
    Candidate(CandidateInit),
}

/// Two connections that signal to each other, negotiating when they need to.
#[derive(Debug)]
pub struct Pair {
    /// The first side.
    pub a: Endpoint,
    /// The second side.
    pub b: Endpoint,
    /// What is between them.
    pub network: Network,
    /// The present time.
    pub now: Time,
    /// Whether `negotiationneeded` is followed by an offer at once.
    pub auto_negotiate: bool,
    trickle: bool,
    stun: bool,
    signalling_delay: Duration,
    signals: VecDeque<(Time, Side, Signal)>,
    /// Sides whose description waits until it has all candidates.
    waiting: [bool; 2],
    /// Sides that ignored an offer, and so ignore its candidates.
    ignoring: [bool; 2],
    trace: DefaultHasher,
}

impl Pair {
    /// A pair in which nothing has happened.
    pub fn new(setup: Setup) -> Self {
        let mut rng = Rng::from_test_seed(setup.seed ^ 0x5eed);
        let mut network = Network::new(rng.fork());
        let [link_a, link_b] = setup.links;
        let [nat_a, nat_b] = setup.nats;
        let [addresses_a, addresses_b] = setup.addresses;
        let nat = |kind: Option<NatKind>, outer: &str| {
            kind.map(|kind| Nat::new(kind, outer.parse().expect("an address")))
        };
        let host_a = network.add_host(addresses_a.clone(), link_a, nat(nat_a, "192.0.2.1"));
        let host_b = network.add_host(addresses_b.clone(), link_b, nat(nat_b, "192.0.2.2"));
        let a = PeerConnection::new(setup.a, rng.fork());
        let b = PeerConnection::new(setup.b, rng.fork());
        Self {
            a: Endpoint::new(a, host_a, addresses_a),
            b: Endpoint::new(b, host_b, addresses_b),
            network,
            now: Time::ZERO,
            auto_negotiate: true,
            trickle: setup.trickle,
            stun: setup.stun,
            signalling_delay: setup.signalling_delay,
            signals: VecDeque::new(),
            waiting: [false, false],
            ignoring: [false, false],
            trace: DefaultHasher::new(),
        }
    }

    /// One side.
    pub fn side(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    /// The way from one side.
    pub fn link_mut(&mut self, side: Side) -> &mut Link {
        let host = self.side(side).host;
        self.network.link_mut(host)
    }

    /// Has a side send on the line on which the same side of another pair sends.
    pub fn share_line(&mut self, side: Side, other: &mut Self) {
        let theirs = other.side(side).host;
        let line = other.network.line(theirs);
        let host = self.side(side).host;
        self.network.share_line(host, line);
    }

    /// Moves a side to other addresses; it uses them from its next gathering on.
    pub fn move_to(&mut self, side: Side, addresses: Vec<IpAddr>) {
        let endpoint = self.side(side);
        endpoint.addresses.clone_from(&addresses);
        let host = endpoint.host;
        self.network.set_addresses(host, addresses);
    }

    /// A number that is the same for the same course of things: which datagram of what size went
    /// where, and when.
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Has a side make an offer and send it.
    pub fn offer(&mut self, side: Side) {
        let now = self.now;
        self.side(side)
            .connection
            .set_local_description(now, None)
            .expect("an offer can be made");
        self.send_description(side);
    }

    /// Has a side set a description, or the one that it would make itself: what its peer is to be
    /// told.
    pub fn describe(
        &mut self,
        side: Side,
        description: Option<SessionDescription>,
    ) -> SessionDescription {
        let now = self.now;
        self.side(side)
            .connection
            .set_local_description(now, description)
            .expect("a description of its own is taken");
        if !self.trickle {
            self.drain(side);
        }
        let description = self.side(side).connection.negotiator().local_description();
        description.expect("a local description")
    }

    /// Gives a side a description of its peer's.
    pub fn tell(&mut self, side: Side, description: SessionDescription) {
        let now = self.now;
        self.side(side)
            .connection
            .set_remote_description(now, description)
            .expect("the peer's description is taken");
    }

    /// An exchange by hand, in no time: a side sets `offer`, or the one that it would make itself.
    /// `tamper` has the offer on its way to the peer, and the answer before the peer sets it.
    pub fn negotiate_with(
        &mut self,
        from: Side,
        offer: Option<SessionDescription>,
        mut tamper: impl FnMut(SessionDescription) -> SessionDescription,
    ) {
        let offer = tamper(self.describe(from, offer));
        self.tell(from.other(), offer);
        let answer = self.side(from.other()).connection.create_answer();
        let answer = tamper(answer.expect("an answer can be made"));
        let answer = self.describe(from.other(), Some(answer));
        self.tell(from, answer);
    }

    fn send_description(&mut self, side: Side) {
        if !self.trickle {
            self.drain(side);
            let state = self.side(side).connection.ice_gathering_state();
            self.waiting[side as usize] = state != GatheringState::Complete;
            if self.waiting[side as usize] {
                return;
            }
        }
        let description = self.side(side).connection.negotiator().local_description();
        let description = description.expect("a local description");
        self.signal(side, Signal::Description(description));
    }

    fn signal(&mut self, from: Side, signal: Signal) {
        let at = self.now + self.signalling_delay;
        self.signals.push_back((at, from.other(), signal));
    }

    /// The pattern of webrtc-pc section 10.7, "perfect negotiation".
    fn on_signal(&mut self, to: Side, signal: Signal) {
        let now = self.now;
        let index = to as usize;
        let connection = &mut self.side(to).connection;
        match signal {
            Signal::Description(description) => {
                let stable = SignalingState::Stable;
                let is_offer = description.kind == SdpType::Offer;
                let collision = is_offer && connection.negotiator().signaling_state() != stable;
                self.ignoring[index] = collision && to == Side::A;
                if self.ignoring[index] {
                    return;
                }
                let connection = &mut self.side(to).connection;
                connection
                    .set_remote_description(now, description)
                    .expect("the peer's description is accepted");
                if is_offer {
                    connection
                        .set_local_description(now, None)
                        .expect("an answer can be made");
                    self.send_description(to);
                }
            }
            Signal::Candidate(candidate) => {
                let result = connection.add_ice_candidate(now, &candidate);
                // By hand, a description may come later than its candidates, or not at all.
                let excused = self.ignoring[index] || !self.auto_negotiate;
                assert!(result.is_ok() || excused, "{result:?}");
            }
        }
    }

    /// Handles all events of a side.
    fn drain(&mut self, side: Side) {
        let now = self.now;
        let stun = self.stun.then(|| self.network.stun_server());
        while let Some(event) = self.side(side).poll_event(now) {
            match event {
                Event::Io(id, IoRequest::Gather) => self.side(side).gather(now, id, stun),
                Event::Io(id, IoRequest::Release) => self.side(side).release(id),
                Event::IceCandidate(candidate) if self.trickle => {
                    self.signal(side, Signal::Candidate(candidate.unwrap_or_default()));
                }
                Event::IceCandidate(None) if self.waiting[side as usize] => {
                    self.waiting[side as usize] = false;
                    self.send_description(side);
                }
                Event::NegotiationNeeded if self.auto_negotiate => self.offer(side),
                _ => {}
            }
        }
    }

    fn flush(&mut self) {
        for side in [Side::A, Side::B] {
            self.drain(side);
            let now = self.now;
            let (endpoint, network) = match side {
                Side::A => (&mut self.a, &mut self.network),
                Side::B => (&mut self.b, &mut self.network),
            };
            endpoint.flush(now, network);
            self.drain(side);
        }
    }

    /// When something happens next.
    fn next(&self) -> Option<Time> {
        let signal = self.signals.iter().map(|(at, ..)| *at).min();
        [
            self.network.next_arrival(),
            signal,
            self.a.connection.poll_timeout(),
            self.b.connection.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Sends what is to be sent, and says when something happens next.
    pub fn next_event(&mut self) -> Option<Time> {
        self.flush();
        self.next()
    }

    /// Goes on to what happens next; false if nothing does by `limit`.
    pub fn step(&mut self, limit: Time) -> bool {
        self.flush();
        let Some(next) = self.next().filter(|next| *next <= limit) else {
            self.now = limit;
            return false;
        };
        self.now = self.now.max(next);
        let now = self.now;
        while let Some((host, datagram)) = self.network.receive(now) {
            let kind = datagram.data.first().map(|first| first / 20);
            (now, host, kind, datagram.data.len()).hash(&mut self.trace);
            let side = if host == self.a.host {
                Side::A
            } else {
                Side::B
            };
            self.side(side).deliver(now, datagram);
        }
        while let Some(index) = self.signals.iter().position(|(at, ..)| *at <= now) {
            if let Some((_, to, signal)) = self.signals.remove(index) {
                self.on_signal(to, signal);
            }
        }
        for side in [Side::A, Side::B] {
            let connection = &mut self.side(side).connection;
            if connection.poll_timeout().is_some_and(|at| at <= now) {
                connection.handle_timeout(now);
            }
            self.drain(side);
        }
        true
    }

    /// Goes on until the condition holds; false if it does not within `patience`.
    pub fn run_until(
        &mut self,
        patience: Duration,
        mut condition: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let limit = self.now + patience;
        let mut idle = 0;
        let mut last = self.now;
        while !condition(self) {
            if !self.step(limit) {
                return condition(self);
            }
            idle = if self.now == last { idle + 1 } else { 0 };
            last = self.now;
            assert!(idle < 100_000, "time stands still at {:?}", self.now);
        }
        true
    }

    /// Goes on for a while.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(time, |_| false);
    }

    /// Makes one channel on A and runs until both sides are connected.
    pub fn connect(&mut self) {
        self.a.create(self.now, "first");
        let connected = self.run_until(Duration::from_secs(30), |pair| {
            pair.a.is_connected() && pair.b.is_connected()
        });
        assert!(
            connected,
            "A is {:?} and B is {:?} after {:?}",
            self.a.connection.connection_state(),
            self.b.connection.connection_state(),
            self.now
        );
    }

    /// [`connect`](Self::connect), and waits until the channel is open: its names on A and on B.
    pub fn open(&mut self) -> (ChannelId, ChannelId) {
        self.connect();
        let announced =
            self.run_until(Duration::from_secs(30), |pair| !pair.b.announced.is_empty());
        assert!(announced, "the channel is announced");
        (ChannelId(0), self.b.announced[0])
    }
}
