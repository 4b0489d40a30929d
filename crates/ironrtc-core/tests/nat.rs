//! Connections through network address translators, with a STUN server's help.

use std::time::Duration;

use ironrtc_core::ice::{CandidateKind, IceState, Route};
use ironrtc_core::peer::Event;
use ironrtc_core::time::Time;
use ironrtc_sim::{NatKind, Pair, Setup};

fn behind(a: NatKind, b: Option<NatKind>, stun: bool) -> Pair {
    let mut setup = Setup::new(10);
    setup.nats = [Some(a), b];
    setup.stun = stun;
    setup.addresses[0] = vec!["10.0.0.2".parse().unwrap()];
    if b.is_some() {
        setup.addresses[1] = vec!["10.1.0.2".parse().unwrap()];
    }
    Pair::new(setup)
}

#[test]
fn nats_that_keep_one_port_are_traversed() {
    let kinds = [NatKind::OPEN, NatKind::RESTRICTED, NatKind::PORT_RESTRICTED];
    for a in kinds {
        for b in kinds {
            let mut pair = behind(a, Some(b), true);
            pair.connect();
            // One interval of pacing, after the host candidates; a check that a filter swallowed is
            // made again when the peer's arrives.
            let took = pair.now;
            assert!(took < Time::from_millis(65), "{took:?} {a:?} {b:?}");
            let path = pair
                .a
                .connection
                .transport()
                .ice()
                .selected()
                .map(Route::path)
                .unwrap();
            assert_eq!(path.remote.ip().to_string(), "192.0.2.2", "{a:?} {b:?}");
        }
    }
}

#[test]
fn a_symmetric_nat_connects_to_what_lets_its_unknown_port_in() {
    for b in [NatKind::OPEN, NatKind::RESTRICTED] {
        let mut pair = behind(NatKind::SYMMETRIC, Some(b), true);
        pair.connect();
        // B learns A's port from its checks alone.
        let found = pair.b.connection.transport().ice().remote_candidates();
        let kinds: Vec<CandidateKind> = found.iter().map(|c| c.kind).collect();
        assert!(kinds.contains(&CandidateKind::PeerReflexive), "{kinds:?}");
    }
}

#[test]
fn a_public_peer_needs_no_stun_server() {
    behind(NatKind::SYMMETRIC, None, false).connect();
}

#[test]
fn two_symmetric_nats_fail_after_patience_and_not_before() {
    // B answered. Unheard, it cannot know whether A has its answer, and waits longer.
    let mut pair = behind(NatKind::SYMMETRIC, Some(NatKind::SYMMETRIC), true);
    pair.a.create(pair.now, "chat");
    let failed = Event::IceConnectionStateChange(IceState::Failed);
    pair.run_for(Duration::from_secs(25));
    assert!(!pair.a.saw(&failed));
    pair.run_for(Duration::from_secs(35));
    assert!(pair.a.saw(&failed) && !pair.b.saw(&failed));
    pair.run_for(Duration::from_secs(300));
    assert!(pair.b.saw(&failed));
}

#[test]
fn the_server_reflexive_candidate_names_its_base_and_server() {
    let mut pair = behind(NatKind::OPEN, Some(NatKind::OPEN), true);
    pair.connect();
    let candidates = pair.a.connection.transport().ice().local_candidates();
    let reflexive = candidates
        .iter()
        .find(|candidate| candidate.kind == CandidateKind::ServerReflexive)
        .unwrap();
    assert_eq!(reflexive.related, Some(("10.0.0.2".to_owned(), 5000)));
    assert_eq!(reflexive.url.as_deref(), Some("stun:sim"));
    assert_eq!(reflexive.address.to_string(), "192.0.2.1");
}
