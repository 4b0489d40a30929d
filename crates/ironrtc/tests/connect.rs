//! Offer, answer, candidates and states.

use ironrtc::{
    Configuration, ConnectionState, DataChannelInit, DtlsState, Event, Events, IceConnectionState,
    IceGatheringState, OfferOptions, PeerConnection, SignalingState,
};

use crate::support::{connected, loopback, negotiate, next, pair, peer, soon, with_data};

#[tokio::test]
async fn two_peers_connect_without_trickle() {
    let (alice, bob) = (with_data(), peer());
    let (mut from_alice, mut from_bob) = (alice.events(), bob.events());
    negotiate(&alice, &bob).await;
    connected(&mut from_alice).await;
    connected(&mut from_bob).await;
    for side in [&alice, &bob] {
        assert_eq!(side.connection_state(), ConnectionState::Connected);
        assert_eq!(side.signaling_state(), SignalingState::Stable);
        assert_eq!(side.ice_gathering_state(), IceGatheringState::Complete);
        assert_eq!(side.dtls_state(), DtlsState::Connected);
        assert!(side.remote_certificate().is_some());
        assert_eq!(side.dtls_failure(), None);
        let (local, remote) = side.selected_candidate_pair().unwrap();
        assert_ne!(local.port, remote.port);
        let stats = side.get_stats().await;
        assert!(stats.transports().next().is_some());
    }
    assert_eq!(alice.ice_role(), ironrtc::IceRole::Controlling);
    assert_eq!(bob.ice_role(), ironrtc::IceRole::Controlled);
    let sctp = bob.sctp().unwrap();
    assert_eq!(sctp.mid.as_deref(), Some("0"));
    assert_eq!(sctp.max_message_size, Some(256 * 1024));
}

async fn connect_with(configuration: Configuration) {
    let offering = configuration.clone().always_negotiate_data_channels(true);
    let alice = PeerConnection::new(offering).unwrap();
    let bob = PeerConnection::new(configuration).unwrap();
    let mut events = bob.events();
    negotiate(&alice, &bob).await;
    connected(&mut events).await;
}

#[tokio::test]
async fn two_peers_connect_over_whatever_interfaces_there_are() {
    connect_with(Configuration::default()).await;
    let all = |text: &str| Configuration::default().bind(vec![text.parse().unwrap()]);
    connect_with(all("0.0.0.0:0")).await;
    // Where the machine has no IPv6, there is nothing to connect over.
    if std::net::UdpSocket::bind("[::1]:0").is_ok() {
        connect_with(all("[::1]:0")).await;
    }
}

/// Hands candidates over as they come, until `events` shows a connection.
async fn trickle(events: &mut Events, other: &PeerConnection) {
    next(events, |event| match event {
        Event::ConnectionStateChange(ConnectionState::Connected) => Some(()),
        Event::IceCandidate(Some(candidate)) => {
            let other = other.clone();
            tokio::spawn(async move { other.add_ice_candidate(candidate).await.unwrap() });
            None
        }
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn two_peers_connect_with_trickle() {
    let (alice, bob) = (with_data(), peer());
    let (mut from_alice, mut from_bob) = (alice.events(), bob.events());
    let offer = alice.create_offer(OfferOptions::default()).await.unwrap();
    assert!(!offer.sdp.contains("a=candidate"));
    alice.set_local_description(offer.clone()).await.unwrap();
    bob.set_remote_description(offer).await.unwrap();
    let answer = bob.create_answer().await.unwrap();
    bob.set_local_description(answer.clone()).await.unwrap();
    alice.set_remote_description(answer).await.unwrap();
    tokio::join!(
        trickle(&mut from_alice, &bob),
        trickle(&mut from_bob, &alice)
    );
}

#[tokio::test]
async fn states_are_told_in_the_order_of_the_w3c() {
    let (alice, bob) = (with_data(), peer());
    let mut events = alice.events();
    negotiate(&alice, &bob).await;
    let mut names = Vec::new();
    next(&mut events, |event| {
        let name = match event {
            Event::NegotiationNeeded => "negotiationneeded".to_owned(),
            Event::SignalingStateChange(state) => format!("signaling {}", state.as_str()),
            Event::IceGatheringStateChange(state) => format!("gathering {state}"),
            Event::IceCandidate(None) => "no more candidates".to_owned(),
            Event::IceCandidate(Some(_)) => "candidate".to_owned(),
            Event::IceConnectionStateChange(state) => format!("ice {state}"),
            Event::ConnectionStateChange(state) => format!("connection {state:?}"),
            _ => return None,
        };
        let last = name == "connection Connected";
        names.push(name);
        last.then_some(())
    })
    .await;
    let place = |name: &str| {
        let found = names.iter().position(|known| known == name);
        found.unwrap_or_else(|| panic!("no {name} in {names:?}"))
    };
    let order = [
        "signaling have-local-offer",
        "gathering gathering",
        "candidate",
        "no more candidates",
        "signaling stable",
        "connection Connecting",
        "connection Connected",
    ];
    let places: Vec<usize> = order.iter().map(|name| place(name)).collect();
    assert!(places.is_sorted(), "{names:?}");
    assert!(place("ice checking") < place("ice connected"), "{names:?}");
}

#[tokio::test]
async fn a_restart_moves_to_new_credentials_and_messages_still_flow() {
    let mut pair = pair().await;
    let before = pair.offerer.local_ice_credentials().unwrap();
    connected(&mut pair.offerer_events).await;
    pair.offerer.restart_ice();
    let needed = |event| matches!(event, Event::NegotiationNeeded).then_some(());
    next(&mut pair.offerer_events, needed).await;
    negotiate(&pair.offerer, &pair.answerer).await;
    let after = pair.offerer.local_ice_credentials().unwrap();
    assert_ne!(before.ufrag(), after.ufrag());
    let settled = |event| {
        let Event::IceConnectionStateChange(state) = event else {
            return None;
        };
        let good = [IceConnectionState::Connected, IceConnectionState::Completed];
        good.contains(&state).then_some(())
    };
    next(&mut pair.offerer_events, settled).await;
    pair.channels.0.send("after").unwrap();
    let message = soon(pair.channels.1.recv()).await.unwrap();
    assert_eq!(message.as_text(), Some("after"));
}

/// Perfect negotiation (webrtc-pc section 10.7): both offer at once, the polite one gives way.
#[tokio::test]
async fn two_offers_at_once_end_in_one_connection() {
    let (polite, impolite) = (peer(), peer());
    let (mut from_polite, mut from_impolite) = (polite.events(), impolite.events());
    let init = DataChannelInit::default;
    let hers = polite.create_data_channel("hers", init()).unwrap();
    let his = impolite.create_data_channel("his", init()).unwrap();
    polite.set_local_description(None).await.unwrap();
    impolite.set_local_description(None).await.unwrap();
    soon(polite.gathering_complete()).await;
    soon(impolite.gathering_complete()).await;
    // The impolite one ignores the other's offer; the polite one takes back its own.
    polite
        .set_remote_description(impolite.local_description().unwrap())
        .await
        .unwrap();
    polite.set_local_description(None).await.unwrap();
    soon(polite.gathering_complete()).await;
    impolite
        .set_remote_description(polite.local_description().unwrap())
        .await
        .unwrap();
    connected(&mut from_polite).await;
    connected(&mut from_impolite).await;
    soon(hers.opened()).await.unwrap();
    soon(his.opened()).await.unwrap();
}

#[tokio::test]
async fn candidates_can_be_gathered_before_the_first_description() {
    let configuration = loopback()
        .ice_candidate_pool_size(1)
        .always_negotiate_data_channels(true);
    let early = PeerConnection::new(configuration).unwrap();
    let other = peer();
    let mut events = early.events();
    negotiate(&early, &other).await;
    connected(&mut events).await;
}

#[tokio::test]
async fn a_wrong_description_changes_nothing_and_says_why() {
    let peer = peer();
    let wrong = ironrtc::SessionDescription {
        kind: ironrtc::SdpType::Offer,
        sdp: "v=0\r\nnonsense\r\n".to_owned(),
    };
    let error = peer.set_remote_description(wrong).await.unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
    assert_eq!(peer.signaling_state(), SignalingState::Stable);
    assert_eq!(peer.remote_description(), None);
}
