//! Connections with several transports: sections that the peer bundles, or does not.

use std::time::Duration;

use ironrtc_core::channel::{ChannelId, ChannelState, Message};
use ironrtc_core::dtls::DtlsState;
use ironrtc_core::jsep::{BundlePolicy, SdpType, SessionDescription};
use ironrtc_core::peer::{Event, TransportEvent};
use ironrtc_core::transport::TransportId;
use ironrtc_sim::{Pair, Setup, Side};

/// A pair by hand, A of which wants a channel, and A's offer of audio and data in one bundle.
fn pair(seed: u64) -> (Pair, ChannelId, SessionDescription) {
    let mut setup = Setup::new(seed);
    setup.a.bundle_policy = BundlePolicy::MaxCompat;
    let mut pair = Pair::new(setup);
    pair.auto_negotiate = false;
    let channel = pair.a.create(pair.now, "early");
    let offer = pair.a.connection.create_offer(&Default::default()).unwrap();
    (pair, channel, with_audio(&offer.sdp))
}

fn with_audio(offer: &str) -> SessionDescription {
    let (head, data) = offer.split_at(offer.find("m=application").unwrap());
    let audio = data
        .replace(
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
            "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        )
        .replace("a=mid:0", "a=mid:m\r\na=rtcp-mux")
        .replace("a=sctp-port:5000\r\n", "");
    let head = head.replace("BUNDLE 0", "BUNDLE m 0");
    SessionDescription::offer(format!("{head}{audio}{data}"))
}

/// The same, as from or for a peer that knows no bundles.
fn apart(mut description: SessionDescription) -> SessionDescription {
    let lines = description.sdp.lines();
    description.sdp = lines
        .filter(|line| !line.starts_with("a=group"))
        .map(|line| format!("{line}\r\n"))
        .collect();
    description
}

/// Runs until both are connected and the channel is open; a message then goes over it.
fn works(pair: &mut Pair, channel: ChannelId) {
    let connected = pair.run_until(Duration::from_secs(10), |pair| {
        let channels = pair.a.connection.transport().channels();
        let state = channels.get(channel).map(|channel| channel.state());
        let open = state == Some(ChannelState::Open);
        pair.a.is_connected() && pair.b.is_connected() && open && !pair.b.announced.is_empty()
    });
    let states = [&pair.a, &pair.b].map(|side| {
        let transports = side.connection.transports();
        let states =
            transports.map(|(id, transport)| (id, transport.ice().state(), transport.dtls_state()));
        states.collect::<Vec<_>>()
    });
    assert!(connected, "{states:?}");
    let (now, theirs) = (pair.now, pair.b.announced[0]);
    let before = pair.b.received(theirs).len();
    let message = Message::Text("over".into());
    pair.a
        .connection
        .channels_mut()
        .send(now, channel, message)
        .unwrap();
    let arrived = pair.run_until(Duration::from_secs(10), |pair| {
        pair.b.received(theirs).len() > before
    });
    assert!(arrived);
}

/// How many transports and sockets A and B have.
fn counts(pair: &Pair) -> [(usize, usize); 2] {
    [&pair.a, &pair.b].map(|side| (side.connection.transports().count(), side.sockets()))
}

#[test]
fn a_peer_that_does_not_bundle_has_a_transport_for_each_section() {
    let (mut pair, channel, offer) = pair(1);
    pair.negotiate_with(Side::A, Some(offer), apart);
    works(&mut pair, channel);
    assert_eq!(counts(&pair), [(2, 2), (2, 2)]);
    for endpoint in [&pair.a, &pair.b] {
        let mut connected = endpoint.events_where(|event| match event {
            Event::Transport(id, TransportEvent::DtlsStateChange(DtlsState::Connected)) => {
                Some(id.number())
            }
            _ => None,
        });
        connected.sort_unstable();
        assert_eq!(connected, [0, 1]);
        assert_eq!(endpoint.connection.data_transport().number(), 1);
        // Each candidate names the section of its transport.
        let mids = endpoint.events_where(|event| match event {
            Event::IceCandidate(Some(init)) => init.sdp_mid.clone(),
            _ => None,
        });
        assert_eq!(mids, ["m", "0"]);
    }
    // Both go on for as long as the connection, and both end with it.
    pair.run_for(Duration::from_secs(60));
    assert!(pair.a.is_connected() && pair.b.is_connected());
    let now = pair.now;
    pair.a.connection.close(now);
    pair.run_for(Duration::from_secs(1));
    for (_, transport) in pair.b.connection.transports() {
        assert_eq!(transport.dtls_state(), DtlsState::Closed);
    }
}

#[test]
fn a_bundle_takes_over_the_channels_and_closes_the_other_sockets() {
    let (mut pair, channel, offer) = pair(2);
    let offer = pair.describe(Side::A, Some(offer));
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.a.connection.data_transport().number(), 1);
    assert_eq!(pair.a.sockets(), 2);
    pair.tell(Side::B, offer);
    let answer = pair.describe(Side::B, None);
    pair.tell(Side::A, answer);
    works(&mut pair, channel);
    assert_eq!(counts(&pair), [(1, 1), (1, 1)]);
    assert_eq!(pair.a.connection.data_transport(), TransportId::default());
}

#[test]
fn what_a_provisional_answer_bundles_stays_until_the_final_one() {
    let (mut pair, channel, offer) = pair(3);
    let offer = pair.describe(Side::A, Some(offer));
    pair.tell(Side::B, offer);
    let mut answer = pair.b.connection.create_answer().unwrap();
    answer.kind = SdpType::PrAnswer;
    let answer = pair.describe(Side::B, Some(answer));
    pair.tell(Side::A, answer);
    let open = pair.run_until(Duration::from_secs(10), |pair| !pair.b.announced.is_empty());
    assert!(open);
    // The other one may still be needed, so the connection is not connected yet.
    assert_eq!(pair.a.sockets(), 2);
    assert!(!pair.a.is_connected());
    let answer = pair.describe(Side::B, None);
    pair.tell(Side::A, answer);
    works(&mut pair, channel);
    assert_eq!(counts(&pair), [(1, 1), (1, 1)]);
}

#[test]
fn a_rollback_closes_what_only_the_offer_wanted() {
    let (mut pair, channel, _) = pair(4);
    pair.negotiate_with(Side::A, None, |description| description);
    works(&mut pair, channel);
    let again = pair.a.connection.create_offer(&Default::default()).unwrap();
    // A section beside the bundle that there is.
    let offer = with_audio(&again.sdp);
    let (audio, data) = (
        offer.sdp.find("m=audio").unwrap(),
        offer.sdp.find("m=application").unwrap(),
    );
    let sdp = &offer.sdp;
    let sections = [&sdp[..audio], &sdp[data..], &sdp[audio..data]].concat();
    let offer = SessionDescription::offer(sections.replace("BUNDLE m 0", "BUNDLE 0 m"));
    pair.describe(Side::A, Some(offer));
    pair.run_for(Duration::from_millis(1));
    assert_eq!(counts(&pair)[0], (2, 2));
    let rollback = SessionDescription::rollback();
    let now = pair.now;
    pair.a
        .connection
        .set_local_description(now, Some(rollback))
        .unwrap();
    works(&mut pair, channel);
    assert_eq!(counts(&pair)[0], (1, 1));
}

#[test]
fn one_of_two_transports_is_lost_and_restarted() {
    let (mut pair, channel, offer) = pair(5);
    pair.negotiate_with(Side::A, Some(offer), apart);
    works(&mut pair, channel);
    pair.a.connection.restart_ice();
    let old: Vec<_> = (pair.a.connection.transports())
        .map(|(id, transport)| (id, transport.ice().local_credentials().cloned()))
        .collect();
    pair.negotiate_with(Side::A, None, apart);
    works(&mut pair, channel);
    for (id, before) in old {
        let mut transports = pair.a.connection.transports();
        let now = transports.find(|(known, _)| *known == id).unwrap().1;
        assert_ne!(now.ice().local_credentials().cloned(), before);
    }
    assert_eq!(pair.b.connection.transports().count(), 2);
}
