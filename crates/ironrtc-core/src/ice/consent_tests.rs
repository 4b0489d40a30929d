//! What becomes of a pair whose peer no longer consents (RFC 7675 section 5.1), and of one that a
//! restart has found silent.

use std::time::Duration;

use super::hostile_tests::{agent, check, flush, from, run};
use super::tests::Net;
use super::*;
use crate::time::Time;

const SECOND: Duration = Duration::from_secs(1);

/// An agent that has lost its peer's consent on this path.
fn lost() -> (Agent, Time, crate::datagram::Path) {
    let mut agent = agent(Role::Controlled);
    let (path, mut now) = (from("203.0.113.2:5000"), Time::ZERO);
    agent.handle_datagram(now, path, &check([1; 12], true));
    run(&mut agent, &mut now, SECOND, true);
    assert_eq!(agent.selected().map(Route::path), Some(path));
    run(&mut agent, &mut now, 31 * SECOND, false);
    assert_eq!(agent.state(), IceState::Failed);
    (agent, now, path)
}

#[test]
fn a_pair_without_consent_is_not_used_again_whoever_asks() {
    let (mut agent, mut now, path) = lost();
    for number in 2..100 {
        agent.handle_datagram(now, path, &check([number; 12], true));
        let sent = run(&mut agent, &mut now, SECOND, true);
        assert_eq!(sent.0, 0, "neither an answer nor a check");
        assert_eq!(agent.state(), IceState::Failed);
        assert!(agent.selected().is_none() && !agent.accepts(path) && !agent.may_accept(path));
    }
    // Nor once a crowd of others has come.
    for number in 100..200_u8 {
        let stranger = from(&format!("198.51.100.66:{number}"));
        agent.handle_datagram(now, stranger, &check([number; 12], true));
        run(&mut agent, &mut now, Duration::from_millis(1), false);
    }
    run(&mut agent, &mut now, 60 * SECOND, false);
    agent.handle_datagram(now, path, &check([200; 12], true));
    assert_eq!(run(&mut agent, &mut now, SECOND, true).0, 0);
    assert_eq!(agent.selected().map(Route::path), None);
}

#[test]
fn a_late_answer_brings_no_consent_back() {
    let mut net = Net::connected(50);
    // What is sent in the last second before the end arrives after it.
    net.wire.link.loss = 1000;
    net.run(35 * SECOND);
    assert_eq!(net.a.state(), IceState::Failed);
    let before = net.sent;
    net.wire.link.loss = 0;
    net.run(60 * SECOND);
    assert_eq!(
        (net.a.state(), net.b.state()),
        (IceState::Failed, IceState::Failed)
    );
    assert_eq!(net.sent, before);
}

#[test]
fn a_peer_that_has_moved_is_followed_after_its_old_pair_was_lost() {
    let (mut agent, mut now, _) = lost();
    let elsewhere = from("203.0.113.3:6000");
    agent.handle_datagram(now, elsewhere, &check([2; 12], true));
    assert_eq!(
        agent.selected().map(Route::path),
        None,
        "not before it has answered"
    );
    run(&mut agent, &mut now, SECOND, true);
    assert_eq!(agent.selected().map(Route::path), Some(elsewhere));
    assert_eq!(agent.state(), IceState::Connected);
}

#[test]
fn a_restart_uses_a_lost_pair_again_under_new_credentials() {
    let mut net = Net::connected(51);
    let old = net.a.selected().map(Route::path);
    net.wire.link.loss = 1000;
    net.run(35 * SECOND);
    net.wire.link.loss = 0;
    let (a, b) = (&mut net.a, &mut net.b);
    a.set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    b.set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    net.introduce();
    net.tell_candidates();
    net.run(2 * SECOND);
    assert_eq!(net.a.selected().map(Route::path), old);
    let states = (net.a.state(), net.b.state());
    assert_eq!(states, (IceState::Completed, IceState::Completed));
}

#[test]
fn a_restart_extends_no_consent() {
    let mut net = Net::connected(52);
    let old = net.a.selected().map(Route::path).unwrap();
    net.wire.link.loss = 1000;
    net.run(24 * SECOND);
    assert_eq!(net.a.state(), IceState::Disconnected);
    net.a
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    assert_eq!(net.a.selected().map(Route::path), Some(old));
    net.run(8 * SECOND);
    assert_eq!(net.a.selected().map(Route::path), None);
    assert!(!net.a.accepts(old));
    let before = net.sent;
    while net.a.poll_event().is_some() {}
    // Nobody has answered the restart yet, which has as long as a pair would have.
    net.run(20 * SECOND);
    assert_eq!(net.a.state(), IceState::Disconnected);
    assert_eq!(net.a.poll_event(), None);
    net.run(10 * SECOND);
    assert_eq!(net.a.state(), IceState::Failed);
    net.b.close();
    net.run(60 * SECOND);
    assert_eq!(net.sent, before, "silence");
}

#[test]
fn a_restart_of_a_pair_that_is_lost_meanwhile_connects_when_it_is_answered() {
    let mut net = Net::connected(53);
    net.wire.link.loss = 1000;
    net.run(24 * SECOND);
    net.a
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    net.run(20 * SECOND);
    assert_eq!(net.a.selected().map(Route::path), None);
    net.wire.link.loss = 0;
    net.b
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    net.introduce();
    assert_eq!(net.a.state(), IceState::Checking);
    net.tell_candidates();
    net.run(2 * SECOND);
    let states = (net.a.state(), net.b.state());
    assert_eq!(states, (IceState::Completed, IceState::Completed));
}

#[test]
fn few_names_are_looked_up_in_a_generation() {
    let mut agent = agent(Role::Controlled);
    let refused = AddCandidateError::Unresolved("host.example".into());
    assert_eq!(agent.look_up("host.example"), Err(refused));
    for number in 0..32 {
        assert_eq!(agent.look_up(&format!("{number}.local")), Ok(()));
    }
    let more = agent.look_up("more.local");
    assert_eq!(more, Err(AddCandidateError::TooManyNames));
    let restarted = Credentials::new("ijkl", "p".repeat(22)).unwrap();
    agent.set_remote(Time::ZERO, restarted, false);
    assert_eq!(agent.look_up("more.local"), Ok(()));
    agent.close();
    assert_eq!(agent.look_up("a.local"), Err(AddCandidateError::Closed));
}

#[test]
fn nothing_wakes_an_agent_that_has_lost_its_peer() {
    let (mut agent, now, _) = lost();
    assert_eq!(flush(&mut agent, now, false), (0, 0));
    assert_eq!(agent.poll_timeout(), None);
}
