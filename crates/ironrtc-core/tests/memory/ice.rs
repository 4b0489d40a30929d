//! What checks, answers and candidates make an ICE agent keep, from strangers and from the peer.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ironrtc_core::datagram::Path;
use ironrtc_core::ice::{Agent, Candidate, Credentials, IceConfig, Role};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;
use ironrtc_core::wire::stun::{AttributeType, BINDING, Class, IntegrityKind, Writer};

use super::{alone, measure};

const PASSWORD: &str = "0123456789012345678901";
const PEER_PASSWORD: &str = "9876543210987654321098";

/// What an agent keeps at most: 100 pairs with their two candidates, 80 candidates, 64 answers, 64
/// checks that are remembered, and what waits of events.
const AGENT: usize = 192 * 1024;
/// The longest line of a candidate.
const LINE: usize = 1024;

fn local(number: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(192, 0, 2, 1), 5000 + number))
}

/// The n-th of many addresses.
fn path(number: u32) -> Path {
    let ip = Ipv4Addr::from(0xc633_0000 + number / 1_000);
    let port = 1_000 + (number % 1_000) as u16;
    Path::udp(local(0), SocketAddr::from((ip, port)))
}

/// A victim with four sockets, which may know its peer.
fn agent(role: Role, knows: bool) -> Agent {
    let mut agent = Agent::new(IceConfig::default(), Rng::from_test_seed(3));
    let now = Time::ZERO;
    agent.set_role(role);
    agent.set_local_credentials(now, Credentials::new("abcd", PASSWORD).unwrap());
    agent.start_gathering(now);
    for number in 0..4 {
        agent.add_local_socket(now, local(number));
    }
    agent.all_sockets_added(now);
    if knows {
        agent.set_remote(now, Credentials::new("efgh", PEER_PASSWORD).unwrap(), false);
    }
    agent
}

fn message(class: Class, number: u32, username: &[u8], password: &str, filler: usize) -> Vec<u8> {
    let mut transaction = [1; 12];
    transaction[..4].copy_from_slice(&number.to_be_bytes());
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, class, BINDING, transaction);
    if class == Class::Request {
        writer.attribute(AttributeType::USERNAME, username);
        writer.attribute(AttributeType::PRIORITY, &(number | 1).to_be_bytes());
        writer.attribute(AttributeType::USE_CANDIDATE, &[]);
    }
    // Optional and unknown.
    writer.attribute(AttributeType(0xc123), &vec![7; filler]);
    writer.integrity(IntegrityKind::Sha1, password.as_bytes());
    writer.fingerprint();
    bytes
}

fn told(number: u32, filler: usize) -> Candidate {
    let ip = Ipv4Addr::from(0xcb00_0000 + number);
    // A name of a foundation has 32 characters at most; the other address may be as long as the line.
    let line = format!(
        "candidate:{number} 1 udp {} {ip} 9 typ srflx raddr {} rport 9",
        number + 1,
        "x".repeat(filler)
    );
    line.parse().unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Flood {
    /// Checks with fragments and passwords that are not ours.
    Strangers,
    /// Answers to questions that nobody asked.
    Answers,
    /// The peer's checks from one address each.
    Checks,
    /// The same, with as much in them as a datagram holds.
    LargeChecks,
    /// Candidates of the peer's.
    Candidates,
    /// All of it.
    Everything,
}

/// The n-th of a flood.
fn pour(agent: &mut Agent, now: Time, number: u32, flood: Flood) {
    match flood {
        Flood::Strangers => {
            let username = format!("{number}:{number}");
            let check = message(Class::Request, number, username.as_bytes(), "no", 100);
            agent.handle_datagram(now, path(number), &check);
            let ours = message(Class::Request, number, b"abcd:efgh", "no", 100);
            agent.handle_datagram(now, path(number), &ours);
        }
        Flood::Answers => {
            for class in [Class::Success, Class::Error, Class::Indication] {
                let answer = message(class, number, b"", PEER_PASSWORD, 100);
                agent.handle_datagram(now, path(number), &answer);
            }
        }
        Flood::Checks | Flood::LargeChecks => {
            let filler = if matches!(flood, Flood::Checks) {
                4
            } else {
                60_000
            };
            let check = message(Class::Request, number, b"abcd:efgh", PASSWORD, filler);
            agent.handle_datagram(now, path(number), &check);
        }
        Flood::Candidates => {
            let _ = agent.add_remote_candidate(now, told(number, 900));
        }
        Flood::Everything => {
            for flood in [
                Flood::Strangers,
                Flood::Answers,
                Flood::Checks,
                Flood::Candidates,
            ] {
                pour(agent, now, number, flood);
            }
        }
    }
}

#[test]
fn floods_of_checks_answers_and_candidates_take_bounded_memory() {
    let _alone = alone();
    for (role, knows) in [
        (Role::Controlled, true),
        (Role::Controlling, true),
        (Role::Controlled, false),
    ] {
        for flood in [
            Flood::Strangers,
            Flood::Answers,
            Flood::Checks,
            Flood::LargeChecks,
            Flood::Candidates,
            Flood::Everything,
        ] {
            let count = if matches!(flood, Flood::LargeChecks) {
                500
            } else {
                3_000
            };
            let (_, cost) = measure(|| {
                let mut agent = agent(role, knows);
                let mut now = Time::ZERO;
                for number in 0..count {
                    pour(&mut agent, now, number, flood);
                    // Half of the time nothing is sent.
                    if number % 200 < 100 {
                        now += Duration::from_millis(1);
                        agent.handle_timeout(now);
                        while agent.poll_transmit(now, &mut Vec::new()).is_some() {}
                    }
                    if number % 100 == 0 {
                        while agent.poll_event().is_some() {}
                    }
                }
            });
            // What a message takes while it is read, and candidates with long lines, in a list of
            // their own and in the pairs.
            let message = 64 * 1024;
            let lines = match flood {
                Flood::Candidates | Flood::Everything => (64 + 100) * LINE,
                _ => 0,
            };
            let most = AGENT + message + lines;
            println!(
                "{role:?}, knows its peer: {knows}, {flood:?}: {} of {most}",
                cost.peak
            );
            assert!(cost.peak <= most, "{flood:?}: {cost:?}, over {most}");
        }
    }
}

/// Restarts of the peer's leave nothing behind.
#[test]
fn generations_leave_nothing_behind() {
    let _alone = alone();
    let mut agent = agent(Role::Controlled, true);
    let mut restart = |number: u32| {
        let ufrag = format!("peer{number}");
        let remote = Credentials::new(ufrag.clone(), PEER_PASSWORD).unwrap();
        agent.set_remote(Time::ZERO, remote, false);
        let username = format!("abcd:{ufrag}");
        for n in 0..50 {
            let _ = agent.add_remote_candidate(Time::ZERO, told(n, 900));
            let check = message(Class::Request, n, username.as_bytes(), PASSWORD, 4);
            agent.handle_datagram(Time::ZERO, path(n), &check);
        }
        while agent.poll_event().is_some() {}
    };
    let (_, first) = measure(|| (0..20).for_each(&mut restart));
    let (_, later) = measure(|| (20..200).for_each(&mut restart));
    println!("{first:?} {later:?}");
    assert!(later.kept <= first.kept / 10, "{first:?} {later:?}");
}
