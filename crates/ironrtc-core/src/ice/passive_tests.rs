//! Peers that check little or nothing themselves: lite ones, and those that have no description yet.

use std::time::Duration;

use super::tests::{Net, address};
use super::*;
use crate::datagram::Path;
use crate::rng::Rng;
use crate::time::Time;

#[test]
fn a_peer_that_never_checks_is_nominated_in_the_end() {
    let mut net = Net::new(22);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    let credentials = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(net.now, credentials, false);
    for candidate in net.b.local_candidates().to_vec() {
        net.a.add_remote_candidate(net.now, candidate).unwrap();
    }
    net.run(Duration::from_secs(3));
    assert!(net.a.pair_stats().iter().any(|pair| pair.nominated));
}

#[test]
fn a_lite_peer_is_reached_and_nominates_nothing() {
    let mut net = Net::new(5);
    net.b = Agent::new(
        IceConfig {
            lite: true,
            ..IceConfig::default()
        },
        Rng::from_test_seed(50),
    );
    net.b
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    let (a, b) = (&mut net.a, &mut net.b);
    a.set_remote(net.now, b.local_credentials().unwrap().clone(), true);
    b.set_remote(net.now, a.local_credentials().unwrap().clone(), false);
    net.tell_candidates();
    net.run(Duration::from_secs(1));
    assert_eq!(
        (net.a.state(), net.b.state()),
        (IceState::Completed, IceState::Completed)
    );
    assert_eq!(net.b.pair_stats()[0].counters.requests_sent, 0);
}

#[test]
fn lite_without_remote_does_not_spin() {
    let mut net = Net::new(1);
    net.b = Agent::new(
        IceConfig {
            lite: true,
            ..IceConfig::default()
        },
        net.rng.fork(),
    );
    net.b.set_role(Role::Controlled);
    let mut rng = Rng::from_test_seed(7);
    net.b
        .set_local_credentials(Time::ZERO, Credentials::generate(&mut rng));
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    // B offered; A has applied the offer, B waits for the answer.
    let (a, b) = (&mut net.a, &mut net.b);
    a.set_remote(net.now, b.local_credentials().unwrap().clone(), true);
    for candidate in b.local_candidates().to_vec() {
        a.add_remote_candidate(net.now, candidate).unwrap();
    }
    let mut now = net.now;
    let mut flying: Vec<(Path, Vec<u8>)> = Vec::new();
    let mut steps = 0;
    while now < Time::from_millis(8000) {
        let mut out = Vec::new();
        for agent in [&mut net.a, &mut net.b] {
            while let Some(t) = agent.poll_transmit(now, &mut out) {
                flying.push((t.path, std::mem::take(&mut out)));
            }
        }
        for (path, bytes) in std::mem::take(&mut flying) {
            let to = if path.remote == address("10.0.0.1:1000") {
                &mut net.a
            } else {
                &mut net.b
            };
            to.handle_datagram(now, Path::udp(path.remote, path.local), &bytes);
        }
        let next = [net.a.poll_timeout(), net.b.poll_timeout()]
            .into_iter()
            .flatten()
            .min()
            .unwrap();
        now = now.max(next);
        net.a.handle_timeout(now);
        net.b.handle_timeout(now);
        steps += 1;
        assert!(
            steps < 1000,
            "spins at {now:?}; b wants {:?}",
            net.b.poll_timeout()
        );
    }
}

/// A peer that answers every check, and checks and nominates nothing itself.
fn with_a_peer_that_only_answers(seed: u64, role: Role) -> Net {
    let mut net = Net::new(seed);
    net.a.set_role(role);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    let credentials = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(net.now, credentials, false);
    for candidate in net.b.local_candidates().to_vec() {
        net.a.add_remote_candidate(net.now, candidate).unwrap();
    }
    net
}

#[test]
fn a_pair_in_use_lives_on_consent_though_nobody_nominates_it() {
    let mut net = with_a_peer_that_only_answers(31, Role::Controlled);
    net.run(Duration::from_secs(600));
    assert_eq!(net.a.state(), IceState::Connected);
    let stats = net.a.pair_stats();
    assert!(stats[0].selected && !stats[0].nominated);
    let asked = stats[0].counters.consent_requests_sent;
    assert!((90..150).contains(&asked), "{asked} in 600 s");
    // And it ends with consent.
    net.wire.link.loss = 1000;
    net.run(Duration::from_secs(31));
    assert_eq!(net.a.selected().map(Route::path), None);
}

#[test]
fn an_unheard_controlled_side_waits_for_its_description_to_arrive() {
    // Nothing gets through before the peer knows us, as behind NATs.
    let mut net = with_a_peer_that_only_answers(32, Role::Controlled);
    net.wire.link.loss = 1000;
    net.run(Duration::from_secs(280));
    assert_eq!(net.a.state(), IceState::Checking);
    let sent = net.a.pair_stats()[0].counters.requests_sent;
    assert!(
        (18..30).contains(&sent),
        "seven, then one each 15 s: {sent}"
    );
    net.wire.link.loss = 0;
    let credentials = net.a.local_credentials().unwrap().clone();
    net.b.set_remote(net.now, credentials, false);
    for candidate in net.a.local_candidates().to_vec() {
        net.b.add_remote_candidate(net.now, candidate).unwrap();
    }
    net.run(Duration::from_millis(200));
    assert!(net.a.pair_stats()[0].nominated && net.b.pair_stats()[0].nominated);

    let mut net = with_a_peer_that_only_answers(33, Role::Controlled);
    net.wire.link.loss = 1000;
    net.run(Duration::from_secs(301));
    assert_eq!(net.a.state(), IceState::Failed, "some day it is over");
    let mut net = with_a_peer_that_only_answers(34, Role::Controlling);
    net.wire.link.loss = 1000;
    net.run(Duration::from_secs(31));
    assert_eq!(
        net.a.state(),
        IceState::Failed,
        "its description was answered"
    );
}

#[test]
fn the_peer_is_ready_once_it_has_checked_us() {
    let mut net = with_a_peer_that_only_answers(35, Role::Controlled);
    net.run(Duration::from_millis(100));
    assert!(net.a.selected().is_some());
    assert!(!net.a.peer_is_ready(net.now) && !net.a.is_heard());
    let credentials = net.a.local_credentials().unwrap().clone();
    net.b.set_remote(net.now, credentials, false);
    for candidate in net.a.local_candidates().to_vec() {
        net.b.add_remote_candidate(net.now, candidate).unwrap();
    }
    net.run(Duration::from_millis(10));
    assert!(net.a.peer_is_ready(net.now) && net.a.is_heard());
    let mut net = with_a_peer_that_only_answers(36, Role::Controlled);
    net.run(Duration::from_millis(2100));
    assert!(net.a.peer_is_ready(net.now), "it may never check");
    let mut net = with_a_peer_that_only_answers(37, Role::Controlling);
    net.run(Duration::from_millis(10));
    assert!(net.a.peer_is_ready(net.now), "it answered our description");
}
