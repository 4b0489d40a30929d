//! What an agent does before it knows all that a check says, in whatever order it is told.

use std::time::Duration;

use super::tests::Net;
use super::*;
use crate::rng::Rng;
use crate::time::Time;

/// Users of ORTC tell an agent of its peer when they like. A check has the fragments of both sides
/// (RFC 8445 section 7.2.2), so none is sent before ours is known.
#[test]
fn nothing_is_checked_before_our_own_credentials_are_known() {
    let mut net = Net::new(1);
    net.a = Agent::new(IceConfig::default(), Rng::from_test_seed(2));
    net.a.set_role(Role::Controlling);
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    let peer = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(Time::ZERO, peer, false);
    net.tell_candidates();
    net.run(Duration::from_secs(60));
    assert_eq!(net.sent, 0);
    assert_eq!(net.a.state(), IceState::New);
    let ours = Credentials::generate(&mut net.rng);
    net.a.set_local_credentials(net.now, ours.clone());
    net.b.set_remote(net.now, ours, false);
    net.run(Duration::from_secs(1));
    assert_eq!(net.a.state(), IceState::Completed);
    assert_eq!(net.b.state(), IceState::Completed);
}

/// What waits is forgotten with its peer.
#[test]
fn a_peer_that_is_forgotten_before_we_have_credentials_is_not_checked() {
    let mut net = Net::new(1);
    net.a = Agent::new(IceConfig::default(), Rng::from_test_seed(2));
    net.gather(&["10.0.0.1:1000"], &["10.0.0.2:2000"]);
    let peer = net.b.local_credentials().unwrap().clone();
    net.a.set_remote(Time::ZERO, peer, false);
    net.a.forget_remote(Time::ZERO);
    let ours = Credentials::generate(&mut net.rng);
    net.a.set_local_credentials(net.now, ours);
    net.tell_candidates();
    net.run(Duration::from_secs(1));
    assert_eq!(net.sent, 0);
}
