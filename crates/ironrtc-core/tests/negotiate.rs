//! Offers and answers on live connections: glare, rollback, restart, rejection.

use std::time::Duration;

use ironrtc_core::channel::{self, ChannelId, ChannelState, DataChannelInit, Message};
use ironrtc_core::ice::{GatheringState, Route};
use ironrtc_core::jsep::{
    CandidateInit, OfferOptions, SdpType, SessionDescription, SignalingState,
};
use ironrtc_core::peer::{ConnectionState, Event, PeerConnection, TransportEvent};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{IoRequest, IoResult, TransportId};
use ironrtc_sim::{Link, Pair, Setup, Side, peer_config, seeds};

fn rollback() -> SessionDescription {
    SessionDescription {
        kind: SdpType::Rollback,
        sdp: String::new(),
    }
}

/// The same with data declined, if it is an answer.
fn without_data(mut description: SessionDescription) -> SessionDescription {
    if description.kind == SdpType::Answer {
        let sdp = &description.sdp;
        description.sdp = sdp.replace("m=application 9 ", "m=application 0 ");
    }
    description
}

fn count(pair: &Pair, wanted: &Event) -> usize {
    pair.a
        .events_where(|event| (event == wanted).then_some(()))
        .len()
}

#[test]
fn offers_that_cross_end_in_one_connection() {
    seeds(0..10, |seed| {
        for trickle in [true, false] {
            let mut pair = Pair::new(Setup {
                trickle,
                ..Setup::new(seed)
            });
            pair.a.create(pair.now, "from A");
            pair.b.create(pair.now, "from B");
            let connected = pair.run_until(Duration::from_secs(5), |pair| {
                pair.a.is_connected() && pair.b.is_connected()
            });
            assert!(connected, "trickle is {trickle}");
            let seen = pair.b.events_where(|event| match event {
                Event::SignalingStateChange(state) => Some(*state),
                _ => None,
            });
            use SignalingState::{HaveLocalOffer, HaveRemoteOffer, Stable};
            assert_eq!(seen, [HaveLocalOffer, Stable, HaveRemoteOffer, Stable]);
        }
    });
}

#[test]
fn a_first_offer_rolled_back_leaves_nothing_but_its_sockets() {
    let mut pair = Pair::new(Setup::new(30));
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    pair.run_for(Duration::from_millis(10));
    pair.describe(Side::A, None);
    pair.run_for(Duration::from_millis(10));
    assert_eq!(
        pair.a.connection.ice_gathering_state(),
        GatheringState::Complete
    );
    pair.a
        .connection
        .set_local_description(pair.now, Some(rollback()))
        .unwrap();
    pair.run_for(Duration::from_millis(10));
    assert_eq!(pair.a.connection.ice_gathering_state(), GatheringState::New);
    assert_eq!(pair.a.connection.connection_state(), ConnectionState::New);
    assert_eq!(
        count(&pair, &Event::NegotiationNeeded),
        2,
        "asked for again"
    );

    pair.auto_negotiate = true;
    pair.offer(Side::A);
    pair.connect();
    assert_eq!(
        count(&pair, &Event::Io(TransportId::default(), IoRequest::Gather)),
        1,
        "the sockets are still there"
    );
    assert_eq!(
        pair.a.connection.ice_gathering_state(),
        GatheringState::Complete
    );
}

#[test]
fn a_restart_rolled_back_leaves_the_connection_as_it_was() {
    let mut pair = Pair::new(Setup::new(31));
    pair.connect();
    pair.run_for(Duration::from_secs(5));
    pair.auto_negotiate = false;
    let restart = OfferOptions::default().ice_restart(true);
    let offer = pair.a.connection.create_offer(&restart).unwrap();
    pair.describe(Side::A, Some(offer));
    pair.run_for(Duration::from_secs(3));
    pair.a
        .connection
        .set_local_description(pair.now, Some(rollback()))
        .unwrap();
    pair.run_for(Duration::from_secs(120));
    for endpoint in [&pair.a, &pair.b] {
        let states = endpoint.events_where(|event| match event {
            Event::ConnectionStateChange(state) => Some(*state),
            _ => None,
        });
        let bad = [ConnectionState::Disconnected, ConnectionState::Failed];
        assert!(
            !states.iter().any(|state| bad.contains(state)),
            "{states:?}"
        );
        assert!(endpoint.is_connected());
    }
}

#[test]
fn ice_restarts_under_a_connection_and_follows_a_move() {
    for (mover, restarter) in [(Side::A, Side::A), (Side::A, Side::B), (Side::B, Side::A)] {
        let mut pair = Pair::new(Setup::new(32));
        pair.connect();
        pair.run_for(Duration::from_secs(1));
        let before = pair
            .a
            .connection
            .transport()
            .ice()
            .local_credentials()
            .cloned();
        pair.move_to(mover, vec!["203.0.113.77".parse().unwrap()]);
        pair.side(restarter).connection.restart_ice();
        let moved = |pair: &mut Pair| {
            let path = pair
                .side(mover)
                .connection
                .transport()
                .ice()
                .selected()
                .map(Route::path);
            path.is_some_and(|path| path.local.ip().to_string() == "203.0.113.77")
        };
        assert!(
            pair.run_until(Duration::from_secs(5), moved),
            "{mover:?} {restarter:?}"
        );
        pair.run_for(Duration::from_secs(60));
        for endpoint in [&pair.a, &pair.b] {
            let ice = endpoint.connection.transport().ice();
            let state = endpoint.connection.connection_state();
            assert!(
                endpoint.is_connected(),
                "{mover:?} {restarter:?} {state:?} {ice:?}"
            );
        }
        let after = pair
            .a
            .connection
            .transport()
            .ice()
            .local_credentials()
            .cloned();
        assert_ne!(before, after);
        for endpoint in [&pair.a, &pair.b] {
            let dtls = endpoint.events_where(|event| match event {
                Event::Transport(_, TransportEvent::DtlsStateChange(state)) => Some(*state),
                _ => None,
            });
            assert_eq!(dtls.len(), 2, "DTLS goes on: {dtls:?}");
        }
    }
}

#[test]
fn an_answer_that_declines_data_ends_channels_and_a_later_offer_may_succeed() {
    let mut pair = Pair::new(Setup::new(33));
    pair.auto_negotiate = false;
    let id = pair.a.create(pair.now, "unwanted");
    pair.negotiate_with(Side::A, None, without_data);
    pair.run_for(Duration::from_secs(1));
    let closed = Event::Channel(channel::Event::Closed(id));
    assert!(pair.a.saw(&closed));
    let state = pair.a.connection.transport().channels().get(id).unwrap();
    assert_eq!(state.state(), ChannelState::Closed);
    assert_eq!(pair.network.sent(), 0, "nothing went to the peer");

    pair.a.create(pair.now, "again");
    pair.offer(Side::A);
    pair.connect();
}

/// The transport outlives its data channels where media uses it too, and may carry others later.
#[test]
fn data_that_was_declined_beside_media_can_be_offered_again() {
    let mut pair = Pair::new(Setup::new(39));
    pair.auto_negotiate = false;
    let old = pair.a.create(pair.now, "unwanted");
    let offer = pair.a.connection.create_offer(&OfferOptions::default());
    let offer = offer.unwrap().sdp;
    let transport: String = offer
        .split_inclusive("\r\n")
        .filter(|line| line.starts_with("a=ice-") || line.starts_with("a=fingerprint"))
        .collect();
    let media = format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:m\r\na=rtcp-mux\r\n\
         a=inactive\r\na=setup:actpass\r\n{transport}"
    );
    let offer = offer.replace("BUNDLE 0", "BUNDLE 0 m") + &media;
    let offer = SessionDescription::offer(offer);
    pair.negotiate_with(Side::A, Some(offer), |description| description);
    let open = |pair: &mut Pair, id| {
        pair.run_until(Duration::from_secs(5), |pair| {
            let channel = pair.a.connection.transport().channels().get(id);
            channel.is_some_and(|channel| channel.state() == ChannelState::Open)
        })
    };
    assert!(open(&mut pair, old));
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.b.announced.len(), 1);

    pair.negotiate_with(Side::A, None, |mut description| {
        if description.kind == SdpType::Answer {
            description.sdp = description
                .sdp
                .replace("BUNDLE 0 m", "BUNDLE m")
                .replace("m=application 9", "m=application 0");
        }
        description
    });
    pair.run_for(Duration::from_secs(1));
    for endpoint in [&pair.a, &pair.b] {
        let transport = endpoint.connection.transport();
        assert!(endpoint.is_connected(), "media goes on");
        let mut channels = transport.channels().iter();
        assert!(channels.all(|(_, channel)| channel.state() == ChannelState::Closed));
    }

    let asked = count(&pair, &Event::NegotiationNeeded);
    let new = pair.a.create(pair.now, "wanted");
    pair.run_for(Duration::from_millis(1));
    assert_eq!(count(&pair, &Event::NegotiationNeeded), asked + 1);
    pair.negotiate_with(Side::A, None, |description| description);
    assert!(open(&mut pair, new));
    pair.run_for(Duration::from_secs(60));
    assert!(pair.a.is_connected() && pair.b.is_connected());
    assert_eq!(pair.b.announced.len(), 2);
}

#[test]
fn another_endpoint_may_go_on_in_the_peers_place() {
    let mut pair = Pair::new(Setup::new(37));
    let (old, _) = pair.open();
    let mut rng = Rng::from_test_seed(37);
    let config = peer_config(&mut rng);
    pair.b.connection = PeerConnection::new(config, rng.fork());
    pair.b.events.clear();
    pair.b.announced.clear();
    pair.a.announced.clear();
    pair.b.create(pair.now, "anew");
    let anew = pair.run_until(Duration::from_secs(20), |pair| {
        pair.a.is_connected() && pair.b.is_connected() && !pair.a.announced.is_empty()
    });
    assert!(anew, "{:?}", pair.a.connection.connection_state());
    let channels = pair.a.connection.transport().channels();
    let state = channels.get(old).map(|channel| channel.state());
    assert!(
        matches!(state, None | Some(ChannelState::Closed)),
        "{state:?}"
    );
}

/// The same certificate under another hash is the same association.
#[test]
fn another_hash_of_the_same_certificate_changes_nothing() {
    let mut pair = Pair::new(Setup::new(38));
    let (channel, _) = pair.open();
    pair.auto_negotiate = false;
    let prints = pair.a.connection.transport().certificate().fingerprints();
    let restart = OfferOptions::default().ice_restart(true);
    let offer = pair.a.connection.create_offer(&restart).unwrap();
    pair.negotiate_with(Side::A, Some(offer), |mut description| {
        if description.kind == SdpType::Offer {
            let (one, other) = (prints[0].to_string(), prints[2].to_string());
            assert!(description.sdp.contains(&one));
            description.sdp = description.sdp.replace(&one, &other);
        }
        description
    });
    pair.run_for(Duration::from_secs(60));
    assert!(pair.a.is_connected() && pair.b.is_connected());
    let channels = pair.a.connection.transport().channels();
    assert_eq!(channels.get(channel).unwrap().state(), ChannelState::Open);
}

#[test]
fn a_provisional_answer_connects_already() {
    let mut pair = Pair::new(Setup::new(34));
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    let offer = pair.describe(Side::A, None);
    pair.run_for(Duration::from_millis(10));
    pair.tell(Side::B, offer);
    let mut answer = pair.b.connection.create_answer().unwrap();
    answer.kind = SdpType::PrAnswer;
    pair.describe(Side::B, Some(answer.clone()));
    pair.tell(Side::A, answer.clone());
    let connected = pair.run_until(Duration::from_secs(5), |pair| {
        pair.a.is_connected() && pair.b.is_connected()
    });
    assert!(connected);
    answer.kind = SdpType::Answer;
    pair.describe(Side::B, Some(answer.clone()));
    pair.tell(Side::A, answer);
    pair.run_for(Duration::from_secs(60));
    assert!(pair.a.is_connected() && pair.b.is_connected());
}

#[test]
fn a_need_that_is_met_before_it_is_told_is_not_told() {
    let mut pair = Pair::new(Setup::new(35));
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    pair.describe(Side::A, None);
    pair.run_for(Duration::from_millis(1));
    assert_eq!(count(&pair, &Event::NegotiationNeeded), 0);
}

#[test]
fn only_names_of_the_link_are_looked_up_unless_others_are_allowed() {
    for allowed in [false, true] {
        let mut setup = Setup::new(37);
        setup.b.ice.resolve_names = allowed;
        let mut pair = Pair::new(setup);
        pair.auto_negotiate = false;
        pair.a.create(pair.now, "chat");
        let now = pair.now;
        let offer = pair.describe(Side::A, None);
        pair.tell(Side::B, offer);
        pair.describe(Side::B, None);
        let names = [
            "a.local",
            "b.LOCAL.",
            "db.internal",
            "local",
            ".local",
            "x.local.example.com",
        ];
        for name in names {
            let init = CandidateInit {
                candidate: format!("candidate:1 1 udp 5 {name} 5000 typ host"),
                sdp_mid: Some("0".into()),
                ..CandidateInit::default()
            };
            pair.b.connection.add_ice_candidate(now, &init).unwrap();
        }
        pair.run_for(Duration::from_millis(1));
        let asked = pair.b.events_where(|event| match event {
            Event::Io(_, IoRequest::Resolve(candidate)) => Some(candidate.address.to_string()),
            _ => None,
        });
        let expected = if allowed { &names[..] } else { &names[..2] };
        assert_eq!(asked, expected);
    }
}

#[test]
fn names_are_looked_up_a_bounded_number_of_times() {
    let mut pair = Pair::new(Setup::new(36));
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    let offer = pair.describe(Side::A, None);
    let now = pair.now;
    pair.tell(Side::B, offer);
    pair.describe(Side::B, None);
    for number in 0..1000 {
        let init = CandidateInit {
            candidate: format!("candidate:1 1 udp 5 host{number}.local 5000 typ host"),
            sdp_mid: Some("0".into()),
            ..CandidateInit::default()
        };
        pair.b.connection.add_ice_candidate(now, &init).unwrap();
    }
    pair.run_for(Duration::from_millis(1));
    let asked = pair.b.events_where(|event| match event {
        Event::Io(_, IoRequest::Resolve(candidate)) => Some(candidate.clone()),
        _ => None,
    });
    assert_eq!(asked.len(), 32);
    let candidate = asked[0].clone();
    let address = "203.0.113.1".parse().unwrap();
    pair.b.connection.handle_io(
        now,
        TransportId::default(),
        IoResult::Resolved(candidate.clone(), address),
    );
    let known = pair
        .b
        .connection
        .transport()
        .ice()
        .remote_candidates()
        .len();
    // Only once, and only what was asked for.
    let other = "203.0.113.9".parse().unwrap();
    pair.b.connection.handle_io(
        now,
        TransportId::default(),
        IoResult::Resolved(candidate, other),
    );
    let ice = pair.b.connection.transport().ice();
    assert_eq!((known, ice.remote_candidates().len()), (1, 1));
}

/// Both sides make channels, restart ICE and move at random moments, so that offers cross in every
/// way; in the end there is one connection that works.
#[test]
fn random_negotiations_settle() {
    seeds(0..40, |seed| {
        let mut rng = Rng::from_test_seed(seed);
        let mut pair = Pair::new(Setup {
            trickle: seed % 4 != 0,
            signalling_delay: Duration::from_millis(rng.below(40)),
            ..Setup::new(seed).link(Link::bad(10 * rng.below(15)))
        });
        for step in 0..12 {
            let side = [Side::A, Side::B][rng.below(2) as usize];
            let now = pair.now;
            match rng.below(6) {
                0..=2 => {
                    pair.side(side).create(now, &format!("{step}"));
                }
                3 | 4 => pair.side(side).connection.restart_ice(),
                _ => {
                    let address = format!("203.0.113.{}", 10 * step + 10 + side as u32);
                    pair.move_to(side, vec![address.parse().unwrap()]);
                    pair.side(side).connection.restart_ice();
                }
            }
            pair.run_for(Duration::from_millis(rng.below(150)));
        }
        let id = pair.a.create(pair.now, "last");
        let named = |pair: &Pair, id: ChannelId| {
            let channels = pair.b.connection.transport().channels();
            channels.get(id).unwrap().label() == "last"
        };
        let announced = pair.run_until(Duration::from_secs(60), |pair| {
            pair.b.announced.iter().any(|id| named(pair, *id))
        });
        assert!(announced, "{:?} {:?}", pair.a.events, pair.b.events);
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, id, "works".into())
            .unwrap();
        pair.run_for(Duration::from_secs(10));
        let at_b = *pair
            .b
            .announced
            .iter()
            .find(|id| named(&pair, **id))
            .unwrap();
        assert_eq!(pair.b.received(at_b), [Message::from("works")]);
        for endpoint in [&pair.a, &pair.b] {
            let state = endpoint.connection.negotiator().signaling_state();
            assert_eq!(state, SignalingState::Stable);
        }
        assert!(pair.a.is_connected() && pair.b.is_connected());
    });
}

#[test]
fn a_restart_rolled_back_by_either_side_disturbs_neither() {
    for side in [Side::A, Side::B] {
        let mut pair = Pair::new(Setup::new(31));
        pair.connect();
        pair.run_for(Duration::from_secs(5));
        pair.auto_negotiate = false;
        let restart = OfferOptions::default().ice_restart(true);
        let offer = pair.side(side).connection.create_offer(&restart).unwrap();
        pair.describe(side, Some(offer));
        pair.run_for(Duration::from_secs(3));
        let now = pair.now;
        pair.side(side)
            .connection
            .set_local_description(now, Some(rollback()))
            .unwrap();
        pair.run_for(Duration::from_secs(120));
        for endpoint in [&pair.a, &pair.b] {
            let states = endpoint.events_where(|event| match event {
                Event::ConnectionStateChange(state) => Some(*state),
                _ => None,
            });
            let bad = [ConnectionState::Disconnected, ConnectionState::Failed];
            let lost = states.iter().any(|state| bad.contains(state));
            assert!(!lost, "rolled back by {side:?}: {states:?}");
            assert!(endpoint.is_connected(), "rolled back by {side:?}");
        }
    }
}

#[test]
fn what_was_declined_takes_its_roles_anew() {
    let mut pair = Pair::new(Setup::new(33));
    pair.b.create(pair.now, "first");
    let both = |pair: &mut Pair| pair.a.is_connected() && pair.b.is_connected();
    assert!(pair.run_until(Duration::from_secs(5), both));
    pair.run_for(Duration::from_secs(2));
    pair.auto_negotiate = false;
    pair.negotiate_with(Side::A, None, without_data);
    pair.run_for(Duration::from_secs(1));
    for (_, channel) in pair.b.connection.transport().channels().iter() {
        assert_eq!(channel.state(), ChannelState::Closed);
    }
    pair.a.create(pair.now, "again");
    pair.offer(Side::A);
    assert!(pair.run_until(Duration::from_secs(20), both));
}

/// What a driver handed in and nobody has polled yet was there before what the application does next:
/// it is told first, and by the descriptions that it happened under.
#[test]
fn what_happened_before_an_act_of_the_application_is_told_before_it() {
    type Act = fn(&mut PeerConnection);
    let acts: [(Act, Event); 3] = [
        (
            |connection| connection.close(Time::ZERO),
            Event::SignalingStateChange(SignalingState::Closed),
        ),
        (
            |connection| {
                let back = Some(rollback());
                connection.set_local_description(Time::ZERO, back).unwrap();
            },
            Event::SignalingStateChange(SignalingState::Stable),
        ),
        (
            |connection| {
                let mut peer = with_channel(92);
                let offer = peer.create_offer(&OfferOptions::default()).unwrap();
                connection
                    .set_remote_description(Time::ZERO, offer)
                    .unwrap();
            },
            Event::SignalingStateChange(SignalingState::Stable),
        ),
    ];
    for (act, told) in acts {
        let mut connection = with_channel(91);
        connection.set_local_description(Time::ZERO, None).unwrap();
        while connection.poll_event().is_some() {}
        let socket = IoResult::Socket("203.0.113.1:1".parse().unwrap());
        connection.handle_io(Time::ZERO, TransportId::default(), socket);
        connection.handle_io(Time::ZERO, TransportId::default(), IoResult::Complete);
        act(&mut connection);
        let events: Vec<Event> = std::iter::from_fn(|| connection.poll_event()).collect();
        let place = |wanted: &Event| events.iter().position(|event| event == wanted);
        let complete = Event::IceGatheringStateChange(GatheringState::Complete);
        let (before, after) = (place(&complete), place(&told));
        assert!(before.is_some() && before < after, "{events:?}");
        let candidate = events.iter().find_map(|event| match event {
            Event::IceCandidate(Some(candidate)) => Some(candidate),
            _ => None,
        });
        assert_eq!(candidate.unwrap().sdp_mid.as_deref(), Some("0"));
    }
}

/// An offer may be answered for now by one peer and in the end by another. With the first nothing was
/// ever connected, so that the channels that wait are for the other.
#[test]
fn channels_that_wait_outlive_a_provisional_answer_of_another_peer() {
    let mut pair = Pair::new(Setup {
        trickle: false,
        ..Setup::new(34)
    });
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    let now = pair.now;
    pair.a.connection.set_local_description(now, None).unwrap();
    pair.run_for(Duration::from_millis(10));
    let offer = pair.a.connection.negotiator().local_description().unwrap();
    let mut other = with_channel(93);
    other
        .set_remote_description(Time::ZERO, offer.clone())
        .unwrap();
    let mut provisional = other.create_answer().unwrap();
    provisional.kind = SdpType::PrAnswer;
    let now = pair.now;
    pair.a
        .connection
        .set_remote_description(now, provisional)
        .unwrap();
    pair.run_for(Duration::from_secs(1));
    let now = pair.now;
    let answerer = &mut pair.b.connection;
    answerer.set_remote_description(now, offer).unwrap();
    answerer.set_local_description(now, None).unwrap();
    pair.run_for(Duration::from_millis(10));
    let answer = pair.b.connection.negotiator().local_description().unwrap();
    let now = pair.now;
    pair.a
        .connection
        .set_remote_description(now, answer)
        .unwrap();
    let announced = pair.run_until(Duration::from_secs(5), |pair| !pair.b.announced.is_empty());
    assert!(announced, "{:?}", pair.a.events);
}

fn with_channel(seed: u64) -> PeerConnection {
    let mut rng = Rng::from_test_seed(seed);
    let config = peer_config(&mut rng);
    let mut connection = PeerConnection::new(config, rng);
    connection
        .create_data_channel(Time::ZERO, "chat", DataChannelInit::default())
        .unwrap();
    connection
}
