use std::net::SocketAddr;
use std::time::Duration;

use ironrtc_netem::{Link, Parcel, Wire};

use super::*;
use crate::datagram::{DropReason, Path};
use crate::rng::Rng;
use crate::time::Time;
use crate::wire::stun::{AttributeType, BINDING, Class, IntegrityKind, Message, Writer};

const LATENCY: Duration = Duration::from_millis(2);

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Two agents and what flies between them.
pub(super) struct Net {
    pub(super) a: Agent,
    pub(super) b: Agent,
    pub(super) now: Time,
    pub(super) wire: Wire<(Path, Vec<u8>)>,
    pub(super) rng: Rng,
    pub(super) sent: u64,
    /// Every address that each side ever had: a driver keeps its sockets over a restart.
    pub(super) homes: [Vec<SocketAddr>; 2],
}

impl Net {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::from_test_seed(seed);
        let mut a = Agent::new(IceConfig::default(), rng.fork());
        let mut b = Agent::new(IceConfig::default(), rng.fork());
        a.set_role(Role::Controlling);
        b.set_role(Role::Controlled);
        a.set_local_credentials(Time::ZERO, Credentials::generate(&mut rng));
        b.set_local_credentials(Time::ZERO, Credentials::generate(&mut rng));
        Self {
            a,
            b,
            now: Time::ZERO,
            wire: Wire::new(Link::plain(LATENCY)),
            rng,
            sent: 0,
            homes: [Vec::new(), Vec::new()],
        }
    }

    pub(super) fn gather(&mut self, at_a: &[&str], at_b: &[&str]) {
        for (side, (agent, sockets)) in [(&mut self.a, at_a), (&mut self.b, at_b)]
            .into_iter()
            .enumerate()
        {
            agent.start_gathering(self.now);
            for socket in sockets {
                self.homes[side].push(address(socket));
                agent.add_local_socket(self.now, address(socket));
            }
            agent.all_sockets_added(self.now);
        }
    }

    pub(super) fn introduce(&mut self) {
        let (a, b) = (&mut self.a, &mut self.b);
        a.set_remote(self.now, b.local_credentials().unwrap().clone(), false);
        b.set_remote(self.now, a.local_credentials().unwrap().clone(), false);
    }

    pub(super) fn tell_candidates(&mut self) {
        for candidate in self.b.local_candidates().to_vec() {
            self.a.add_remote_candidate(self.now, candidate).unwrap();
        }
        for candidate in self.a.local_candidates().to_vec() {
            self.b.add_remote_candidate(self.now, candidate).unwrap();
        }
        self.a.end_of_remote_candidates(self.now);
        self.b.end_of_remote_candidates(self.now);
    }

    pub(super) fn connected(seed: u64) -> Self {
        let mut net = Self::new(seed);
        net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
        net.introduce();
        net.tell_candidates();
        net.run(Duration::from_secs(1));
        assert_eq!(net.a.state(), IceState::Completed);
        net
    }

    pub(super) fn flush(&mut self) {
        let mut out = Vec::new();
        let now = self.now.since(Time::ZERO);
        for (from, agent) in [&mut self.a, &mut self.b].into_iter().enumerate() {
            while let Some(transmit) = agent.poll_transmit(self.now, &mut out) {
                let bytes = std::mem::take(&mut out);
                self.sent += 1;
                let parcel = Parcel::bare(bytes.len());
                let packet = (transmit.path, bytes);
                let mut below = |bound| self.rng.below(bound);
                self.wire.send(now, from, parcel, &packet, &mut below);
            }
        }
    }

    /// Runs for a time, from event to event.
    pub(super) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.flush();
            let arrivals = self.wire.next_arrival().map(|at| Time::ZERO + at);
            let timers = [self.a.poll_timeout(), self.b.poll_timeout()];
            let next = timers.into_iter().flatten().chain(arrivals).min();
            let Some(next) = next.filter(|at| *at <= end) else {
                break;
            };
            self.now = self.now.max(next);
            let now = self.now.since(Time::ZERO);
            while let Some((_, (path, bytes))) = self.wire.receive(now) {
                let back = Path::udp(path.remote, path.local);
                if self.homes[0].contains(&back.local) {
                    self.a.handle_datagram(self.now, back, &bytes);
                } else if self.homes[1].contains(&back.local) {
                    self.b.handle_datagram(self.now, back, &bytes);
                }
            }
            self.a.handle_timeout(self.now);
            self.b.handle_timeout(self.now);
        }
        self.now = end;
        self.a.handle_timeout(end);
        self.b.handle_timeout(end);
    }
}

#[test]
fn two_agents_connect_within_a_few_round_trips() {
    let mut net = Net::new(1);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    net.introduce();
    net.tell_candidates();
    net.run(Duration::from_millis(20));
    assert_eq!(net.a.state(), IceState::Completed);
    assert_eq!(net.b.state(), IceState::Completed);
    let path = Path::udp(address("10.0.0.1:1000"), address("10.0.0.2:2000"));
    assert_eq!(net.a.selected().map(Route::path), Some(path));
    assert!(net.a.accepts(path));
    assert!(!net.a.accepts(Path {
        remote: address("10.0.0.3:2000"),
        ..path
    }));
    let stats = net.a.pair_stats();
    assert!(stats[0].nominated && stats[0].selected);
    assert_eq!(stats[0].counters.current_round_trip_time, Some(LATENCY * 2));
}

#[test]
fn several_addresses_of_both_families_settle_on_one_pair() {
    let mut net = Net::new(2);
    net.gather(
        &["[2001:db8::1]:1000", "10.0.0.1:1000", "127.0.0.1:1001"],
        &["10.0.0.2:2000", "[2001:db8::2]:2000"],
    );
    net.introduce();
    net.tell_candidates();
    net.run(Duration::from_secs(2));
    assert_eq!(
        (net.a.state(), net.b.state()),
        (IceState::Completed, IceState::Completed)
    );
    let (ours, theirs) = (
        net.a.selected().map(Route::path).unwrap(),
        net.b.selected().map(Route::path).unwrap(),
    );
    assert_eq!((ours.local, ours.remote), (theirs.remote, theirs.local));
    assert_eq!(
        net.b
            .pair_stats()
            .iter()
            .filter(|pair| pair.nominated)
            .count(),
        1
    );
}

#[test]
fn a_side_that_knows_no_candidates_is_found_by_the_other() {
    let mut net = Net::new(3);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    net.introduce();
    for candidate in net.b.local_candidates().to_vec() {
        net.a.add_remote_candidate(net.now, candidate).unwrap();
    }
    net.run(Duration::from_secs(1));
    assert_eq!(
        net.b.remote_candidates()[0].kind,
        CandidateKind::PeerReflexive
    );
    assert!(net.a.selected().is_some() && net.b.selected().is_some());
}

#[test]
fn checks_that_come_before_the_answer_count_later() {
    let mut net = Net::new(4);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    // Only b knows a, as when its answer has not arrived yet.
    let credentials = net.a.local_credentials().unwrap().clone();
    net.b.set_remote(net.now, credentials, false);
    for candidate in net.a.local_candidates().to_vec() {
        net.b.add_remote_candidate(net.now, candidate).unwrap();
    }
    net.run(Duration::from_millis(100));
    let credentials = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(net.now, credentials, false);
    net.run(Duration::from_millis(100));
    assert!(
        net.a.selected().is_some(),
        "without a single candidate from signalling"
    );
}

#[test]
fn role_conflicts_are_resolved_both_ways() {
    for role in [Role::Controlling, Role::Controlled] {
        for seed in 10..14 {
            let mut net = Net::new(seed);
            net.a.set_role(role);
            net.b.set_role(role);
            net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
            net.introduce();
            net.tell_candidates();
            net.run(Duration::from_secs(3));
            assert_ne!(net.a.role(), net.b.role(), "seed {seed}");
            assert_eq!(net.a.state(), IceState::Completed, "seed {seed}");
            assert_eq!(net.b.state(), IceState::Completed, "seed {seed}");
        }
    }
}

#[test]
fn a_pair_is_nominated_once_the_peer_has_checked_it_too() {
    let mut net = Net::new(21);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    let nominated = |agent: &Agent| agent.pair_stats().iter().any(|pair| pair.nominated);
    // The peer answers our checks before it has our description.
    let credentials = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(net.now, credentials, false);
    for candidate in net.b.local_candidates().to_vec() {
        net.a.add_remote_candidate(net.now, candidate).unwrap();
    }
    net.run(Duration::from_millis(500));
    assert_eq!(net.a.state(), IceState::Connected);
    assert!(!nominated(&net.a));
    let credentials = net.a.local_credentials().unwrap().clone();
    net.b.set_remote(net.now, credentials, false);
    net.run(Duration::from_millis(100));
    assert!(nominated(&net.a) && nominated(&net.b));
}

#[test]
fn agents_connect_through_30_percent_loss() {
    for seed in 100..130 {
        let mut net = Net::new(seed);
        net.wire.link.loss = 300;
        net.gather(&["10.0.0.1:1000", "10.1.0.1:1000"], &["10.0.0.2:2000"]);
        net.introduce();
        net.tell_candidates();
        net.run(Duration::from_secs(25));
        let (ours, theirs) = (
            net.a.selected().map(Route::path).unwrap(),
            net.b.selected().map(Route::path).unwrap(),
        );
        assert_eq!(
            (ours.local, ours.remote),
            (theirs.remote, theirs.local),
            "seed {seed}"
        );
        for agent in [&net.a, &net.b] {
            assert!(
                agent.pair_stats().iter().any(|pair| pair.nominated),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn consent_ends_thirty_seconds_after_the_last_answer() {
    let mut net = Net::connected(6);
    net.wire.link.loss = 1000;
    let path = net.a.selected().map(Route::path).unwrap();
    net.run(Duration::from_secs(10));
    assert_eq!(net.a.state(), IceState::Disconnected);
    assert!(net.a.accepts(path));
    net.run(Duration::from_secs(25));
    assert_eq!(net.a.state(), IceState::Failed);
    assert_eq!(net.a.selected().map(Route::path), None);
    assert!(!net.a.accepts(path));
    let before = net.sent;
    net.run(Duration::from_secs(60));
    assert_eq!(net.sent, before, "silence");
}

#[test]
fn a_short_silence_passes() {
    let mut net = Net::connected(7);
    net.wire.link.loss = 1000;
    net.run(Duration::from_secs(15));
    assert_eq!(net.a.state(), IceState::Disconnected);
    net.wire.link.loss = 0;
    net.run(Duration::from_secs(10));
    assert_eq!(net.a.state(), IceState::Completed);
    net.run(Duration::from_secs(300));
    assert_eq!(
        (net.a.state(), net.b.state()),
        (IceState::Completed, IceState::Completed)
    );
}

#[test]
fn an_unreachable_peer_fails_after_patience() {
    let mut net = Net::new(9);
    net.wire.link.loss = 1000;
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    net.introduce();
    net.tell_candidates();
    net.run(Duration::from_secs(5));
    assert_eq!(net.a.state(), IceState::Checking);
    net.run(Duration::from_secs(40));
    assert_eq!(net.a.state(), IceState::Failed);
}

#[test]
fn strangers_move_nothing() {
    let mut net = Net::connected(20);
    let path = net.a.selected().map(Route::path).unwrap();
    let stranger = Path {
        remote: address("192.0.2.66:6666"),
        ..path
    };
    let local = net.a.local_credentials().unwrap().ufrag().clone();
    let drops = net.a.drops().count(DropReason::StunUnauthenticated);
    for class in [Class::Request, Class::Success, Class::Error] {
        for from in [stranger, path] {
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes, class, BINDING, net.rng.bytes());
            writer.attribute(AttributeType::USERNAME, format!("{local}:x").as_bytes());
            writer.attribute(AttributeType::USE_CANDIDATE, &[]);
            writer.integrity(IntegrityKind::Sha1, b"not the password");
            writer.fingerprint();
            net.a.handle_datagram(net.now, from, &bytes);
        }
    }
    assert_eq!(
        net.a.drops().count(DropReason::StunUnauthenticated),
        drops + 6
    );
    assert_eq!(
        net.a.poll_transmit(net.now, &mut Vec::new()),
        None,
        "no answer either"
    );
    assert_eq!(net.a.selected().map(Route::path), Some(path));
    assert!(!net.a.accepts(stranger));
}

#[test]
fn an_unknown_required_attribute_is_refused_with_420() {
    let mut net = Net::connected(21);
    let path = net.a.selected().map(Route::path).unwrap();
    let local = net.a.local_credentials().unwrap().clone();
    let remote = net.b.local_credentials().unwrap().ufrag().clone();
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, Class::Request, BINDING, [7; 12]);
    writer.attribute(
        AttributeType::USERNAME,
        format!("{}:{remote}", local.ufrag()).as_bytes(),
    );
    writer.attribute(AttributeType(0x7777), &[1]);
    writer.integrity(IntegrityKind::Sha1, local.pwd().as_bytes());
    writer.fingerprint();
    net.a.handle_datagram(net.now, path, &bytes);
    let mut out = Vec::new();
    net.a.poll_transmit(net.now, &mut out).unwrap();
    let answer = Message::parse(&out).unwrap();
    assert_eq!(answer.error_code().unwrap().code, 420);
    assert_eq!(
        answer.unknown_attributes().collect::<Vec<_>>(),
        [AttributeType(0x7777)]
    );
    assert!(answer.verify_integrity(IntegrityKind::Sha1, local.pwd().as_bytes()));
}

#[test]
fn ten_thousand_candidates_cost_a_bounded_trickle_of_checks() {
    let mut net = Net::new(22);
    net.gather(&["10.0.0.1:1000", "10.1.0.1:1000"], &["10.0.0.2:2000"]);
    net.introduce();
    let template = net.b.local_candidates()[0].clone();
    let mut refused = 0;
    for number in 0..10_000u32 {
        let ip = std::net::Ipv4Addr::from(0xc633_0000 + number);
        let candidate = Candidate {
            address: CandidateAddress::Ip(ip.into()),
            ..template.clone()
        };
        refused += u32::from(net.a.add_remote_candidate(net.now, candidate).is_err());
    }
    assert_eq!(refused, 10_000 - 64);
    assert_eq!(net.a.pair_stats().len(), 100);
    net.run(Duration::from_secs(1));
    assert!(net.sent <= 20 + 20 + 5, "{} in a second", net.sent);
    net.run(Duration::from_secs(60));
    let before = net.sent;
    net.run(Duration::from_secs(60));
    // RFC 8445 section 6.1.2.6: pairs of one foundation are checked one after another.
    assert!(
        net.sent - before <= 2 * 60,
        "{} in a minute",
        net.sent - before
    );
}

#[test]
fn candidates_that_name_no_host_are_refused() {
    let mut net = Net::new(23);
    net.introduce();
    let parse = |text: &str| -> Candidate {
        format!("candidate:1 1 udp 1 {text} typ host")
            .parse()
            .unwrap()
    };
    let refused =
        |net: &mut Net, text| net.a.add_remote_candidate(Time::ZERO, parse(text)).is_err();
    for text in [
        "0.0.0.0 9",
        "224.0.0.1 9",
        "255.255.255.255 9",
        ":: 9",
        "10.0.0.1 0",
        "x.local 9",
    ] {
        assert!(refused(&mut net, text), "{text}");
    }
    assert!(!refused(&mut net, "10.0.0.1 9"));
}

#[test]
fn stun_servers_give_reflexive_candidates_and_their_silence_is_reported() {
    let mut net = Net::new(24);
    let (socket, server) = (address("10.0.0.1:1000"), address("192.0.2.1:3478"));
    net.a.start_gathering(net.now);
    net.a.add_local_socket(net.now, socket);
    net.a.add_stun_server(net.now, "stun:one", server);
    net.a
        .add_stun_server(net.now, "stun:two", address("192.0.2.2:3478"));
    net.a.all_sockets_added(net.now);
    let mut out = Vec::new();
    let transmit = net.a.poll_transmit(net.now, &mut out).unwrap();
    assert_eq!(transmit.path.remote, server);
    let request = Message::parse(&out).unwrap();
    let mut answer = Vec::new();
    let mut writer = Writer::new(&mut answer, Class::Success, BINDING, request.transaction());
    writer.xor_mapped_address(address("203.0.113.9:4444"));
    writer.fingerprint();
    net.a.handle_datagram(net.now, transmit.path, &answer);
    net.run(Duration::from_secs(10));
    assert_eq!(net.a.gathering_state(), GatheringState::Complete);
    let reflexive = &net.a.local_candidates()[1];
    assert_eq!(reflexive.kind, CandidateKind::ServerReflexive);
    assert_eq!(reflexive.socket_addr(), Some(address("203.0.113.9:4444")));
    let errors: Vec<Event> = std::iter::from_fn(|| net.a.poll_event())
        .filter(|event| matches!(event, Event::CandidateError { .. }))
        .collect();
    assert!(
        matches!(&errors[..], [Event::CandidateError { url, error_code: 701, .. }] if url == "stun:two"),
        "{errors:?}"
    );
}
