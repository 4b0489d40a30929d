//! Recorded checks repeated by others, crowds of addresses, and what a datagram costs.

use std::net::SocketAddr;
use std::time::Duration;

use super::remotes::MAX_LEARNT;
use super::*;
use crate::datagram::Path;
use crate::rng::Rng;
use crate::time::Time;
use crate::wire::stun::{AttributeType, BINDING, Class, IntegrityKind, Message, Writer};

const PASSWORD: &str = "0123456789012345678901";
const PEER_PASSWORD: &str = "9876543210987654321098";

fn local() -> SocketAddr {
    "192.0.2.1:5000".parse().unwrap()
}

pub(super) fn from(remote: &str) -> Path {
    Path::udp(local(), remote.parse().unwrap())
}

/// An agent that knows its peer.
pub(super) fn agent(role: Role) -> Agent {
    let mut agent = Agent::new(IceConfig::default(), Rng::from_test_seed(3));
    let now = Time::ZERO;
    agent.set_role(role);
    agent.set_local_credentials(now, Credentials::new("abcd", PASSWORD).unwrap());
    agent.start_gathering(now);
    agent.add_local_socket(now, local());
    agent.all_sockets_added(now);
    agent.set_remote(now, Credentials::new("efgh", PEER_PASSWORD).unwrap(), false);
    agent
}

pub(super) fn check(transaction: [u8; 12], nominates: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, Class::Request, BINDING, transaction);
    writer.attribute(AttributeType::USERNAME, b"abcd:efgh");
    writer.attribute(AttributeType::PRIORITY, &[110, 0, 1, 255]);
    if nominates {
        writer.attribute(AttributeType::USE_CANDIDATE, &[]);
    }
    writer.integrity(IntegrityKind::Sha1, PASSWORD.as_bytes());
    writer.fingerprint();
    bytes
}

/// Sends what is due; answers our requests as the peer would if `answers`. Datagrams and bytes.
pub(super) fn flush(agent: &mut Agent, now: Time, answers: bool) -> (usize, usize) {
    let (mut datagrams, mut bytes, mut out) = (0, 0, Vec::new());
    while let Some(transmit) = agent.poll_transmit(now, &mut out) {
        (datagrams, bytes) = (datagrams + 1, bytes + out.len());
        let message = Message::parse(&out).unwrap();
        if answers && message.class() == Class::Request {
            let mut answer = Vec::new();
            let id = message.transaction();
            let mut writer = Writer::new(&mut answer, Class::Success, BINDING, id);
            writer.xor_mapped_address(local());
            writer.integrity(IntegrityKind::Sha1, PEER_PASSWORD.as_bytes());
            writer.fingerprint();
            agent.handle_datagram(now, transmit.path, &answer);
        }
        out.clear();
    }
    (datagrams, bytes)
}

/// Lets time pass.
pub(super) fn run(
    agent: &mut Agent,
    now: &mut Time,
    time: Duration,
    answers: bool,
) -> (usize, usize) {
    let end = *now + time;
    let (mut datagrams, mut bytes) = flush(agent, *now, answers);
    while let Some(at) = agent.poll_timeout().filter(|at| *at <= end) {
        *now = at.max(*now);
        agent.handle_timeout(*now);
        let sent = flush(agent, *now, answers);
        (datagrams, bytes) = (datagrams + sent.0, bytes + sent.1);
    }
    *now = end;
    agent.handle_timeout(end);
    (datagrams, bytes)
}

#[test]
fn a_recorded_check_from_many_addresses_shuts_nobody_out_and_costs_little() {
    let mut agent = agent(Role::Controlled);
    let request = check([7; 12], false);
    let mut now = Time::ZERO;
    for port in 1..=1000 {
        let path = from(&format!("198.51.100.66:{port}"));
        agent.handle_datagram(now, path, &request);
        flush(&mut agent, now, false);
    }
    assert_eq!(
        agent.generation.remotes.learnt().len(),
        1,
        "all copies of one check"
    );
    let told = "candidate:1 1 udp 2130706431 203.0.113.2 5000 typ host";
    agent
        .add_remote_candidate(now, told.parse().unwrap())
        .unwrap();
    let sent = run(&mut agent, &mut now, Duration::from_secs(1), false);
    assert!(sent.0 < 10, "{sent:?}");
}

#[test]
fn many_recorded_checks_teach_few_addresses_and_are_amplified_little() {
    let mut agent = agent(Role::Controlled);
    let (mut now, mut received, mut sent) = (Time::ZERO, 0, 0);
    for number in 0..1000_u16 {
        let mut transaction = [0; 12];
        transaction[..2].copy_from_slice(&number.to_be_bytes());
        let request = check(transaction, true);
        received += request.len();
        let path = from(&format!("198.51.100.66:{}", number + 1));
        agent.handle_datagram(now, path, &request);
        sent += run(&mut agent, &mut now, Duration::from_millis(1), false).1;
        assert!(
            agent.generation.remotes.learnt().len() <= MAX_LEARNT
                && agent.generation.checklist.counts().0 <= MAX_LEARNT
        );
        assert!(agent.generation.checklist.counts().1 <= MAX_LEARNT);
        assert_eq!(
            agent.remote_candidates().len(),
            agent.generation.remotes.learnt().len()
        );
    }
    sent += run(&mut agent, &mut now, Duration::from_secs(60), false).1;
    let factor = sent as f64 / received as f64;
    assert!(factor < 1.2, "amplified {factor:.2} times");
    // Those that the peer tells have their own room.
    for number in 0..64 {
        let told = format!("candidate:1 1 udp 5 203.0.113.{number} 5000 typ host");
        agent
            .add_remote_candidate(now, told.parse().unwrap())
            .unwrap();
    }
    let told = "candidate:1 1 udp 5 203.0.113.99 5000 typ host"
        .parse()
        .unwrap();
    let refused = agent.add_remote_candidate(now, told);
    assert_eq!(refused, Err(AddCandidateError::TooMany));
}

#[test]
fn one_burst_is_amplified_little_even_if_nothing_follows() {
    let mut agent = agent(Role::Controlled);
    let (mut now, mut received) = (Time::ZERO, 0);
    for number in 0..64_u8 {
        let request = check([number; 12], false);
        received += request.len();
        let path = from(&format!("198.51.100.{}:9", number + 1));
        agent.handle_datagram(now, path, &request);
    }
    let (_, at_once) = flush(&mut agent, now, false);
    assert!(at_once < received, "{at_once} of {received}");
    let (_, later) = run(&mut agent, &mut now, Duration::from_secs(30), false);
    let factor = (at_once + later) as f64 / received as f64;
    assert!(factor < 3.0, "amplified {factor:.2} times");
}

#[test]
fn a_peer_behind_a_nat_is_learnt_among_forged_addresses() {
    let mut agent = agent(Role::Controlled);
    let mut now = Time::ZERO;
    for number in 0..64_u8 {
        let path = from(&format!("198.51.100.{}:9", number + 1));
        agent.handle_datagram(now, path, &check([number; 12], false));
    }
    let real = from("203.0.113.2:4444");
    agent.handle_datagram(now, real, &check([99; 12], false));
    run(&mut agent, &mut now, Duration::from_secs(2), true);
    assert!(agent.accepts(real));
}

#[test]
fn a_repeated_check_keeps_no_pair_alive() {
    let mut agent = agent(Role::Controlled);
    let (path, recorded) = (from("203.0.113.2:5000"), check([7; 12], true));
    let mut now = Time::ZERO;
    agent.handle_datagram(now, path, &recorded);
    run(&mut agent, &mut now, Duration::from_secs(1), true);
    assert_eq!(agent.selected().map(Route::path), Some(path));
    for _ in 0..6 {
        run(&mut agent, &mut now, Duration::from_secs(5), false);
        agent.handle_datagram(now, path, &recorded);
    }
    run(&mut agent, &mut now, Duration::from_secs(1), false);
    assert_eq!(agent.state(), IceState::Failed);
}

#[test]
fn new_checks_keep_a_pair_alive_for_two_minutes_after_the_last_answer() {
    let mut agent = agent(Role::Controlled);
    let path = from("203.0.113.2:5000");
    let mut now = Time::ZERO;
    agent.handle_datagram(now, path, &check([0; 12], true));
    run(&mut agent, &mut now, Duration::from_secs(1), true);
    for number in 1..60_u8 {
        agent.handle_datagram(now, path, &check([number; 12], true));
        run(&mut agent, &mut now, Duration::from_secs(2), false);
        let alive = agent.selected().map(Route::path) == Some(path);
        assert_eq!(
            alive,
            now <= Time::ZERO + Duration::from_secs(120),
            "{now:?}"
        );
    }
}

#[test]
fn a_repeated_nomination_does_not_turn_the_choice_back() {
    let mut agent = agent(Role::Controlled);
    let (first, second) = (from("203.0.113.2:5000"), from("203.0.113.2:6000"));
    let mut now = Time::ZERO;
    agent.handle_datagram(now, first, &check([1; 12], true));
    run(&mut agent, &mut now, Duration::from_secs(1), true);
    assert_eq!(agent.selected().map(Route::path), Some(first));
    agent.handle_datagram(now, second, &check([2; 12], true));
    run(&mut agent, &mut now, Duration::from_secs(1), true);
    assert_eq!(agent.selected().map(Route::path), Some(second));
    agent.handle_datagram(now, first, &check([1; 12], true));
    run(&mut agent, &mut now, Duration::from_secs(1), true);
    assert_eq!(agent.selected().map(Route::path), Some(second));
}

#[test]
fn loopback_is_reached_from_loopback_only() {
    for (socket, remote, pairs) in [
        ("192.0.2.1:5000", "127.0.0.1", 0),
        ("192.0.2.1:5000", "192.168.0.1", 1),
        ("127.0.0.1:5000", "127.0.0.1", 1),
        ("127.0.0.1:5000", "192.168.0.1", 0),
        ("[2001:db8::1]:5000", "::1", 0),
        ("[2001:db8::1]:5000", "::ffff:127.0.0.1", 0),
        ("[::1]:5000", "::1", 1),
    ] {
        let mut agent = Agent::new(IceConfig::default(), Rng::from_test_seed(1));
        let now = Time::ZERO;
        agent.set_local_credentials(now, Credentials::new("abcd", PASSWORD).unwrap());
        agent.add_local_socket(now, socket.parse().unwrap());
        agent.set_remote(now, Credentials::new("efgh", PEER_PASSWORD).unwrap(), false);
        let told = format!("candidate:1 1 udp 5 {remote} 9 typ host");
        agent
            .add_remote_candidate(now, told.parse().unwrap())
            .unwrap();
        assert_eq!(
            agent.generation.checklist.counts().0,
            pairs,
            "{socket} {remote}"
        );
    }
    // Who does come from there is answered there.
    let mut agent = agent(Role::Controlled);
    let path = from("127.0.0.1:6000");
    let mut now = Time::ZERO;
    agent.handle_datagram(now, path, &check([1; 12], true));
    run(&mut agent, &mut now, Duration::from_secs(1), true);
    assert_eq!(agent.selected().map(Route::path), Some(path));
}

/// The worst state that a peer can build up, and no more of it with more datagrams: what one
/// datagram makes us look at is bounded by it.
#[test]
fn what_a_datagram_is_compared_with_is_bounded() {
    let mut agent = agent(Role::Controlling);
    let mut now = Time::ZERO;
    for number in 0..10_000_u32 {
        let ip = std::net::Ipv4Addr::from(0xc633_0000 + number);
        let told = format!("candidate:{number} 1 udp {number} {ip} 9 typ host");
        let _ = agent.add_remote_candidate(now, told.parse().unwrap());
        let mut transaction = [1; 12];
        transaction[..4].copy_from_slice(&number.to_be_bytes());
        let path = from(&format!("198.51.100.66:{}", number + 1));
        agent.handle_datagram(now, path, &check(transaction, false));
        if number % 100 == 0 {
            run(&mut agent, &mut now, Duration::from_millis(1), false);
        }
    }
    assert!(
        agent.generation.checklist.counts().0 <= 100,
        "{}",
        agent.generation.checklist.counts().0
    );
    assert!(agent.remote_candidates().len() <= 64 + MAX_LEARNT);
    assert!(agent.generation.checklist.counts().1 <= 100 && agent.responses.len() <= 64);
    let waiting = agent.events.len();
    assert!(waiting < 10, "{waiting} events");
}

#[test]
fn the_work_of_a_message_is_linear_in_its_attributes() {
    use crate::wire::stun::work;
    for attributes in [1_000, 2_000, 15_000] {
        for before in [false, true] {
            let mut agent = agent(Role::Controlled);
            let mut bytes = Vec::new();
            let mut writer = Writer::new(&mut bytes, Class::Request, BINDING, [7; 12]);
            let fill = |writer: &mut Writer<'_>| {
                for _ in 0..attributes {
                    // Unknown and required, the most laborious kind.
                    writer.attribute(AttributeType(0x7777), &[]);
                }
            };
            if before {
                fill(&mut writer);
            }
            writer.attribute(AttributeType::USERNAME, b"abcd:efgh");
            writer.integrity(IntegrityKind::Sha1, PASSWORD.as_bytes());
            if !before {
                fill(&mut writer);
            }
            writer.fingerprint();
            work::take();
            agent.handle_datagram(Time::ZERO, from("203.0.113.2:5000"), &bytes);
            let looks = work::take();
            assert!(looks <= 12 * (attributes + 10), "{looks} for {attributes}");
            let (sent, len) = flush(&mut agent, Time::ZERO, false);
            assert!(sent <= 2 && len < 300, "{sent} answers of {len} bytes");
        }
    }
}

#[test]
fn copies_that_overtake_each_check_do_not_hide_the_peer() {
    for told in [true, false] {
        let mut agent = agent(Role::Controlled);
        let path = from("203.0.113.2:5000");
        let mut now = Time::ZERO;
        if told {
            let line = "candidate:1 1 udp 2130706431 203.0.113.2 5000 typ host";
            let candidate = line.parse().unwrap();
            agent.add_remote_candidate(now, candidate).unwrap();
        } else {
            // Known by its answers only.
            agent.handle_datagram(now, path, &check([0; 12], false));
        }
        run(&mut agent, &mut now, Duration::from_secs(1), true);
        assert_eq!(agent.selected().map(Route::path), Some(path));
        for number in 1..30_u8 {
            let request = check([number; 12], true);
            agent.handle_datagram(now, from("198.51.100.66:9"), &request);
            agent.handle_datagram(now, path, &request);
            run(&mut agent, &mut now, Duration::from_secs(2), false);
        }
        let nominated = agent
            .generation
            .checklist
            .pairs()
            .find(|pair| pair.nominated);
        assert_eq!(
            nominated.map(|pair| pair.route.path()),
            Some(path),
            "told: {told}"
        );
        assert_eq!(
            agent.selected().map(Route::path),
            Some(path),
            "and it shows consent"
        );
    }
}

#[test]
fn a_refused_check_takes_no_pair_out_of_use() {
    for code in [400, 487] {
        let mut agent = agent(Role::Controlled);
        let path = from("203.0.113.2:5000");
        let mut now = Time::ZERO;
        agent.handle_datagram(now, path, &check([1; 12], false));
        run(&mut agent, &mut now, Duration::from_secs(1), true);
        let (end, mut refused, mut out) = (now + Duration::from_secs(25), 0, Vec::new());
        while let Some(at) = agent.poll_timeout().filter(|at| *at < end) {
            now = at.max(now) + Duration::from_millis(20);
            agent.handle_timeout(now);
            while let Some(transmit) = agent.poll_transmit(now, &mut out) {
                let mut answer = Vec::new();
                let transaction = Message::parse(&out).unwrap().transaction();
                let mut writer = Writer::new(&mut answer, Class::Error, BINDING, transaction);
                writer.error_code(code, "No");
                writer.integrity(IntegrityKind::Sha1, PEER_PASSWORD.as_bytes());
                writer.fingerprint();
                agent.handle_datagram(now, transmit.path, &answer);
                refused += 1;
                out.clear();
                assert_eq!(
                    agent.selected().map(Route::path),
                    Some(path),
                    "{code} at {now:?}"
                );
                if refused > 5_000 {
                    return;
                }
            }
        }
        assert!(refused > 3, "{refused}");
    }
}

#[test]
fn what_the_peer_tells_of_a_learnt_address_is_known_of_its_pairs() {
    let mut agent = agent(Role::Controlled);
    let path = from("203.0.113.2:5000");
    agent.handle_datagram(Time::ZERO, path, &check([1; 12], false));
    let learnt = agent.generation.checklist.pairs().next().unwrap().priority;
    let line = "candidate:1 1 udp 2130706431 203.0.113.2 5000 typ host";
    let told: Candidate = line.parse().unwrap();
    agent
        .add_remote_candidate(Time::ZERO, told.clone())
        .unwrap();
    assert_eq!(agent.generation.checklist.counts().0, 1);
    assert_eq!(
        agent.generation.checklist.pairs().next().unwrap().remote,
        told
    );
    assert!(agent.generation.checklist.pairs().next().unwrap().priority > learnt);
}
