//! Connections with several transports: sections that the peer bundles, or does not.

use std::time::Duration;

use ironrtc_core::channel::{self, ChannelId, ChannelState, Message};
use ironrtc_core::dtls::DtlsState;
use ironrtc_core::jsep::{BundlePolicy, SdpType, SessionDescription, TransceiverInit};
use ironrtc_core::peer::{Event, TransportEvent};
use ironrtc_core::rtp::MediaKind;
use ironrtc_core::sctp::SctpState;
use ironrtc_core::transport::TransportId;
use ironrtc_sim::{Pair, Setup, Side};

/// A pair by hand, A of which wants a channel.
fn pair(seed: u64) -> (Pair, ChannelId) {
    let mut setup = Setup::new(seed);
    setup.a.bundle_policy = BundlePolicy::MaxCompat;
    let mut pair = Pair::new(setup);
    pair.auto_negotiate = false;
    let channel = pair.a.create(pair.now, "early");
    (pair, channel)
}

/// One that wants audio too, whose section comes first.
fn pair_with_audio(seed: u64) -> (Pair, ChannelId) {
    let (mut pair, channel) = pair(seed);
    add_audio(&mut pair);
    (pair, channel)
}

fn add_audio(pair: &mut Pair) {
    let init = TransceiverInit::default();
    let added = pair
        .a
        .connection
        .add_transceiver(MediaKind::Audio, None, init);
    added.unwrap();
}

/// A description as from or for a peer that knows no bundles.
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
    let (mut pair, channel) = pair_with_audio(1);
    pair.negotiate_with(Side::A, None, apart);
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
        assert_eq!(mids, ["0", "1"]);
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
    let (mut pair, channel) = pair_with_audio(2);
    let offer = pair.describe(Side::A, None);
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
    let (mut pair, channel) = pair_with_audio(3);
    let offer = pair.describe(Side::A, None);
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
    let (mut pair, channel) = pair(4);
    pair.negotiate_with(Side::A, None, |description| description);
    works(&mut pair, channel);
    add_audio(&mut pair);
    let offer = pair.a.connection.create_offer(&Default::default()).unwrap();
    // A section beside the bundle that there is, not in it.
    pair.describe(Side::A, Some(apart(offer)));
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
    let (mut pair, channel) = pair_with_audio(5);
    pair.negotiate_with(Side::A, None, apart);
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

/// An association is that of its DTLS association (RFC 8841 section 3): where data goes over another
/// transport it ends with its channels, on both sides, and channels made from then on have another.
#[test]
fn an_association_ends_where_data_moves_and_another_begins() {
    let (mut pair, channel) = pair_with_audio(6);
    pair.negotiate_with(Side::A, None, apart);
    works(&mut pair, channel);
    let theirs = pair.b.announced[0];
    assert_eq!(pair.a.connection.data_transport().number(), 1);

    // The peer has learnt to bundle.
    pair.negotiate_with(Side::A, None, |description| description);
    pair.run_for(Duration::from_secs(5));
    for (side, channel) in [(&pair.a, channel), (&pair.b, theirs)] {
        assert_eq!(side.connection.data_transport(), TransportId::default());
        let closed = side.events_where(|event| match event {
            Event::Channel(channel::Event::Closed(id)) => Some(*id),
            _ => None,
        });
        assert_eq!(closed, [channel]);
        let ended = side.events_where(|event| match event {
            Event::Transport(id, TransportEvent::SctpStateChange(SctpState::Closed)) => {
                Some(id.number())
            }
            _ => None,
        });
        assert_eq!(ended, [1]);
    }
    pair.b.announced.clear();
    let next = pair.a.create(pair.now, "next");
    works(&mut pair, next);
    assert_eq!(counts(&pair), [(1, 1), (1, 1)]);
}
