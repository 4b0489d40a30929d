//! Setting a connection up, in every combination of roles and ways of signalling.

use std::time::Duration;

use ironrtc_core::datagram::DropReason;
use ironrtc_core::dtls::DtlsState;
use ironrtc_core::ice::{GatheringState, IceState};
use ironrtc_core::jsep::SignalingState;
use ironrtc_core::peer::{ConnectionState, Event, TransportEvent};
use ironrtc_core::time::Time;
use ironrtc_core::transport::{IoRequest, TransportId};
use ironrtc_sim::{Endpoint, Link, Pair, Setup, Side, seeds};

fn states(endpoint: &Endpoint) -> Vec<ConnectionState> {
    endpoint.events_where(|event| match event {
        Event::ConnectionStateChange(state) => Some(*state),
        _ => None,
    })
}

#[test]
fn either_side_offers_with_and_without_trickling() {
    for offerer in [Side::A, Side::B] {
        for trickle in [true, false] {
            let mut pair = Pair::new(Setup {
                trickle,
                ..Setup::new(1)
            });
            let now = pair.now;
            pair.side(offerer).create(now, "chat");
            let connected = pair.run_until(Duration::from_secs(5), |pair| {
                pair.a.is_connected() && pair.b.is_connected()
            });
            assert!(connected, "{offerer:?} offers, trickle is {trickle}");
            for endpoint in [&pair.a, &pair.b] {
                use ConnectionState::{Connected, Connecting};
                assert_eq!(states(endpoint), [Connecting, Connected]);
            }
            let answerer = pair.side(offerer.other());
            assert!(!answerer.saw(&Event::NegotiationNeeded));
        }
    }
}

/// Six one-way trips: offer, answer with B's first check, A's response, and DTLS 1.3's three
/// flights. Pacing, nomination and retransmission timers add nothing.
#[test]
fn set_up_takes_round_trips_and_no_timers() {
    for trickle in [true, false] {
        let delay = Duration::from_micros(100);
        let link = Link {
            delay,
            ..Link::default()
        };
        let mut pair = Pair::new(Setup {
            trickle,
            signalling_delay: delay,
            ..Setup::new(2).link(link)
        });
        pair.connect();
        assert_eq!(pair.now, Time::ZERO + delay * 6, "trickle is {trickle}");
        for endpoint in [&pair.a, &pair.b] {
            let drops = endpoint.connection.transport().drops();
            assert_eq!(drops.count(DropReason::UnvalidatedPath), 0);
            assert_eq!(drops.total(), 0, "{drops:?}");
        }
    }
}

/// Several addresses that all work cost nothing either; one that does not work costs the wait for
/// something better.
#[test]
fn more_addresses_do_not_slow_set_up_down() {
    let delay = Duration::from_micros(100);
    let run = |addresses: [&[&str]; 2]| {
        let link = Link {
            delay,
            ..Link::default()
        };
        let mut setup = Setup::new(8).link(link);
        setup.signalling_delay = delay;
        setup.addresses =
            addresses.map(|side| side.iter().map(|text| text.parse().unwrap()).collect());
        let mut pair = Pair::new(setup);
        pair.connect();
        pair.now
    };
    let good = run([
        &["2001:db8::1", "203.0.113.1", "203.0.113.11"],
        &["2001:db8::2", "203.0.113.2"],
    ]);
    assert_eq!(good, Time::ZERO + delay * 6);
    // A's first address reaches nothing of B's.
    let one_sided = run([&["2001:db8::1", "203.0.113.1"], &["203.0.113.2"]]);
    assert_eq!(one_sided, Time::ZERO + delay * 6);
}

#[test]
fn events_come_in_the_order_of_the_w3c() {
    let mut pair = Pair::new(Setup::new(3));
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    let position = |wanted: &dyn Fn(&Event) -> bool| {
        let found = pair.a.events.iter().position(wanted);
        found.unwrap_or_else(|| panic!("missing in {:#?}", pair.a.events))
    };
    let order = [
        position(&|e| *e == Event::NegotiationNeeded),
        position(&|e| *e == Event::SignalingStateChange(SignalingState::HaveLocalOffer)),
        position(&|e| *e == Event::IceGatheringStateChange(GatheringState::Gathering)),
        position(&|e| matches!(e, Event::IceCandidate(Some(_)))),
        position(&|e| *e == Event::IceGatheringStateChange(GatheringState::Complete)),
        position(&|e| *e == Event::IceCandidate(None)),
        position(&|e| *e == Event::SignalingStateChange(SignalingState::Stable)),
        position(&|e| *e == Event::IceConnectionStateChange(IceState::Checking)),
        position(&|e| *e == Event::ConnectionStateChange(ConnectionState::Connecting)),
        position(&|e| *e == Event::IceConnectionStateChange(IceState::Connected)),
        position(&|e| {
            matches!(
                e,
                Event::Transport(_, TransportEvent::DtlsStateChange(DtlsState::Connected))
            )
        }),
        position(&|e| *e == Event::ConnectionStateChange(ConnectionState::Connected)),
    ];
    assert!(order.is_sorted(), "{order:?} {:#?}", pair.a.events);
    let needed = pair
        .a
        .events_where(|event| matches!(event, Event::NegotiationNeeded).then_some(()));
    assert_eq!(needed.len(), 1, "asked for once");
}

#[test]
fn bad_networks_only_delay_the_connection() {
    seeds(0..20, |seed| {
        for loss in [10, 30] {
            Pair::new(Setup::new(seed).link(Link::bad(10 * loss))).connect();
        }
    });
}

#[test]
fn candidates_gathered_early_are_told_with_the_description() {
    let mut setup = Setup::new(4);
    setup.a.gather_early = true;
    let mut pair = Pair::new(setup);
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    pair.run_for(Duration::from_secs(1));
    let told = |event: &Event| matches!(event, Event::IceCandidate(_)).then_some(());
    assert!(
        pair.a
            .saw(&Event::Io(TransportId::default(), IoRequest::Gather))
    );
    assert!(pair.a.events_where(told).is_empty());
    let gathering = pair.a.connection.ice_gathering_state();
    assert_eq!(gathering, GatheringState::New);
    pair.offer(Side::A);
    pair.connect();
    assert_eq!(pair.a.events_where(told).len(), 2, "one, and the end");
    let gathers = pair.a.events_where(|e| {
        (*e == Event::Io(TransportId::default(), IoRequest::Gather)).then_some(())
    });
    assert_eq!(gathers.len(), 1);
    let description = pair.a.connection.negotiator().local_description().unwrap();
    let ufrag = pair
        .a
        .connection
        .transport()
        .ice()
        .local_credentials()
        .unwrap();
    let line = description
        .sdp
        .lines()
        .find(|line| line.starts_with("a=candidate:"))
        .unwrap();
    assert!(
        line.ends_with(&format!("ufrag {}", ufrag.ufrag())),
        "{line}"
    );
}

#[test]
fn a_lite_server_is_reached_from_either_side() {
    for offerer in [Side::A, Side::B] {
        let mut setup = Setup::new(5);
        setup.b.ice.lite = true;
        let mut pair = Pair::new(setup);
        let now = pair.now;
        pair.side(offerer).create(now, "chat");
        let connected = pair.run_until(Duration::from_secs(5), |pair| {
            pair.a.is_connected() && pair.b.is_connected()
        });
        assert!(connected, "{offerer:?} offers");
    }
}

#[test]
fn the_same_seed_takes_the_same_course() {
    let run = |seed| {
        let mut pair = Pair::new(Setup::new(seed));
        pair.connect();
        for side in [Side::A, Side::B] {
            *pair.link_mut(side) = Link::bad(100);
        }
        pair.run_for(Duration::from_secs(60));
        pair.trace()
    };
    assert_eq!(run(6), run(6));
    assert_ne!(run(6), run(7));
}
