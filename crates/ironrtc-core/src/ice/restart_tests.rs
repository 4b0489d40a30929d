//! Restarts, and the pair of the generation before.

use std::time::Duration;

use super::tests::{Net, address};
use super::*;
use crate::datagram::Path;
use crate::wire::stun::{AttributeType, BINDING, Class, IntegrityKind, Writer};

#[test]
fn a_restart_keeps_the_old_pair_until_the_new_one_works() {
    let mut net = Net::connected(8);
    let old = net.a.selected().map(Route::path).unwrap();
    net.a
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    assert_eq!(net.a.selected().map(Route::path), Some(old));
    assert!(net.a.accepts(old));
    net.run(Duration::from_secs(8));
    assert_eq!(
        net.a.selected().map(Route::path),
        Some(old),
        "while the answer is under way"
    );
    assert_eq!(
        net.a.state(),
        IceState::Connected,
        "webrtc-pc section 5.6.4"
    );
    net.b
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    net.gather(&["10.0.0.1:3000"], &["10.0.0.2:2000"]);
    net.introduce();
    assert_eq!(net.a.state(), IceState::Connected, "nothing was lost");
    net.tell_candidates();
    net.run(Duration::from_secs(2));
    assert_eq!(
        net.a.selected().map(Route::path).unwrap().local,
        address("10.0.0.1:3000")
    );
    assert_eq!(
        (net.a.state(), net.b.state()),
        (IceState::Completed, IceState::Completed)
    );
}

#[test]
fn a_check_whose_fragments_are_of_two_generations_is_not_answered() {
    let mut net = Net::connected(21);
    let path = net.a.selected().map(Route::path).unwrap();
    let old = net.a.local_credentials().unwrap().clone();
    let peer_old = net.b.local_credentials().unwrap().clone();
    let peer_new = Credentials::generate(&mut net.rng);
    let moved = Path {
        remote: address("10.0.0.2:2999"),
        ..path
    };
    let answered = |net: &mut Net, theirs: &Credentials, ours: &Credentials| {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes, Class::Request, BINDING, net.rng.bytes());
        let name = format!("{}:{}", ours.ufrag(), theirs.ufrag());
        writer.attribute(AttributeType::USERNAME, name.as_bytes());
        writer.integrity(IntegrityKind::Sha1, ours.pwd().as_bytes());
        writer.fingerprint();
        net.a.handle_datagram(net.now, moved, &bytes);
        let mut to_moved = false;
        let mut out = Vec::new();
        while let Some(transmit) = net.a.poll_transmit(net.now, &mut out) {
            to_moved |= transmit.path == moved;
            out.clear();
        }
        to_moved
    };
    // The peer offers a restart, and checks from a new socket before we have heard of it.
    assert!(!answered(&mut net, &peer_new, &old));
    // We answer: now its new fragment belongs to ours, and its old one to our old one.
    let new = Credentials::generate(&mut net.rng);
    net.a.set_local_credentials(net.now, new.clone());
    net.a.set_remote(net.now, peer_new.clone(), false);
    net.gather(&["10.0.0.1:1000"], &[]);
    assert!(!answered(&mut net, &peer_new, &old));
    assert!(!answered(&mut net, &peer_old, &new));
    assert!(answered(&mut net, &peer_old, &old), "the old pair lives on");
    assert!(answered(&mut net, &peer_new, &new));
}

#[test]
fn a_restart_that_nobody_follows_leaves_the_old_pair_alive_and_says_when_it_is_not() {
    let mut net = Net::connected(38);
    let old = net.a.selected().map(Route::path).unwrap();
    // The peer's answer has its old credentials.
    net.a
        .set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    let stale = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(net.now, stale, false);
    net.gather(&["10.0.0.1:1000"], &[]);
    net.run(Duration::from_secs(300));
    assert_eq!(net.a.selected().map(Route::path), Some(old));
    assert_eq!(net.a.state(), IceState::Connected);
    net.wire.link.loss = 1000;
    while net.a.poll_event().is_some() {}
    net.run(Duration::from_secs(60));
    let states: Vec<Event> = std::iter::from_fn(|| net.a.poll_event())
        .filter(|event| matches!(event, Event::StateChange(_)))
        .collect();
    let expected = [IceState::Disconnected, IceState::Failed].map(Event::StateChange);
    assert_eq!(states, expected);
}

#[test]
fn a_restart_of_both_sides_survives_an_answer_that_takes_minutes() {
    let mut net = Net::connected(39);
    let old = net.a.selected().map(Route::path).unwrap();
    let (a, b) = (&mut net.a, &mut net.b);
    a.set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    b.set_local_credentials(net.now, Credentials::generate(&mut net.rng));
    b.set_remote(net.now, a.local_credentials().unwrap().clone(), false);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    net.run(Duration::from_secs(200));
    assert_eq!(net.a.selected().map(Route::path), Some(old));
    let credentials = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(net.now, credentials, false);
    net.tell_candidates();
    net.run(Duration::from_secs(2));
    assert_eq!(
        (net.a.state(), net.b.state()),
        (IceState::Completed, IceState::Completed)
    );
}
