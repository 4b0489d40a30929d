//! What a datagram, a candidate and a look at the clock cost, against the pairs that a peer can have us
//! form: as much as there are pairs, and not as much as there are pairs of pairs.

use std::net::SocketAddr;
use std::time::Duration;

use super::hostile_tests::{agent, check, flush, from};
use super::*;
use crate::datagram::Path;
use crate::time::Time;
use crate::wire::stun::{BINDING, Class, IntegrityKind, Writer};
use crate::work;

const SOCKETS: u16 = 4;

fn socket(number: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5_000 + number))
}

/// Candidates of as many foundations as there are, the last one the best.
fn told(number: usize) -> Candidate {
    let line = format!("candidate:{number} 1 udp {number} 203.0.113.{number} 9 typ host");
    line.parse().unwrap()
}

/// An agent with pairs of so many candidates and of 16 learnt addresses, all of them asked to be
/// checked, and a list of checks that is full.
fn burdened(role: Role, candidates: usize) -> Agent {
    let mut agent = agent(role);
    let now = Time::ZERO;
    for number in 1..SOCKETS {
        agent.add_local_socket(now, socket(number));
    }
    for number in 0..16_u8 {
        let path = from(&format!("198.51.100.{number}:7"));
        agent.handle_datagram(now, path, &check([number; 12], true));
    }
    for number in 1..=candidates {
        agent.add_remote_candidate(now, told(number)).unwrap();
        for of in 0..SOCKETS {
            let path = Path::udp(socket(of), told(number).socket_addr().unwrap());
            let id = [&[of as u8 + 1, number as u8][..], &[9; 10]].concat();
            agent.handle_datagram(now, path, &check(id.try_into().unwrap(), false));
        }
    }
    while agent.poll_event().is_some() {}
    agent
}

fn answer(class: Class) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, class, BINDING, [77; 12]);
    writer.integrity(IntegrityKind::Sha1, b"9876543210987654321098");
    writer.fingerprint();
    bytes
}

/// What it does all at once, and what there is to do at the time that it names next.
fn turn(agent: &mut Agent) {
    let at = agent.poll_timeout().unwrap_or_default();
    agent.handle_timeout(at);
    agent.poll_transmit(at, &mut Vec::new());
    agent.poll_timeout();
}

#[test]
fn what_comes_in_costs_as_much_as_there_are_pairs() {
    type Input = fn(&mut Agent);
    let inputs: [(&str, Input); 9] = [
        ("a check on a pair", |agent| {
            agent.handle_datagram(Time::ZERO, from("203.0.113.1:9"), &check([90; 12], true));
        }),
        ("a check from elsewhere", |agent| {
            agent.handle_datagram(Time::ZERO, from("203.0.113.200:9"), &check([91; 12], true));
        }),
        ("a check that was made", |agent| {
            agent.handle_datagram(Time::ZERO, from("203.0.113.201:9"), &check([0; 12], true));
        }),
        ("an answer to nothing", |agent| {
            agent.handle_datagram(Time::ZERO, from("203.0.113.1:9"), &answer(Class::Success));
        }),
        ("an error about nothing", |agent| {
            agent.handle_datagram(Time::ZERO, from("203.0.113.1:9"), &answer(Class::Error));
        }),
        ("a candidate", |agent| {
            let line = "candidate:99 1 udp 999999 203.0.113.202 9 typ host";
            let _ = agent.add_remote_candidate(Time::ZERO, line.parse().unwrap());
        }),
        ("a socket", |agent| {
            agent.add_local_socket(Time::ZERO, socket(9));
        }),
        ("data", |agent| {
            let path = from("203.0.113.1:9");
            assert!(!agent.accepts(path));
            agent.on_data_received(Time::ZERO, path.into(), 1, 100);
        }),
        ("the choice of a pair", |agent| {
            flush(agent, Time::ZERO, true);
        }),
    ];
    for role in [Role::Controlled, Role::Controlling] {
        for (name, input) in inputs {
            let cost = |candidates: usize| {
                let mut agent = burdened(role, candidates);
                let pairs = agent.generation.checklist.counts().0 as u64;
                // The choice is made with each check that goes out, of which there are so many.
                let times = if name == "the choice of a pair" {
                    pairs
                } else {
                    1
                };
                let work = work::of(|| {
                    input(&mut agent);
                    turn(&mut agent);
                });
                (work / times, pairs)
            };
            let ((few, half), (many, full)) = (cost(8), cost(21));
            println!("{role:?}, {name}: {few} for {half} pairs, {many} for {full}");
            assert_eq!((half, full), (48, 100));
            assert!(
                many * half <= few * full + 4 * half * full,
                "{name}: {few} {many}"
            );
            assert!(many <= 120 * full, "{name}: {many}");
        }
    }
}

/// As long as nothing has been answered, pairs of many foundations wait for each other.
#[test]
fn picking_among_frozen_pairs_looks_at_each_of_them_twice_at_most() {
    let cost = |candidates: usize| {
        let mut agent = agent(Role::Controlling);
        for number in 1..=candidates {
            // Two of each foundation, one of which has begun.
            let mut candidate = told(number);
            candidate.foundation = format!("{}", number / 2);
            agent.add_remote_candidate(Time::ZERO, candidate).unwrap();
        }
        let mut now = Time::ZERO;
        for _ in 0..candidates / 2 {
            now += Duration::from_millis(50);
            flush(&mut agent, now, false);
        }
        work::of(|| {
            agent.generation.checklist.next_ordinary();
        })
    };
    assert_eq!((cost(30), cost(60)), (60, 120));
}
