//! Tracks of whole connections: from `addTrack` to the packet that comes out at the other side.

use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::channel::Message;
use ironrtc_core::jsep::{TrackChange, TransceiverDirection as Direction, TransceiverId};
use ironrtc_core::peer::{Event, PeerConnection, TransportEvent};
use ironrtc_core::rtp::{MediaKind, OutgoingPacket, RtpEvent, RtpSection, SendError};
use ironrtc_core::time::Time;
use ironrtc_core::transport::TransportId;
use ironrtc_core::wire::rtcp::write_bye;
use ironrtc_core::wire::rtp::RtpTime;
use ironrtc_sim::{Pair, Setup, Side};

fn add(pair: &mut Pair, side: Side, kind: MediaKind, track: &str) -> TransceiverId {
    let streams = ["stream".to_owned()];
    let connection = &mut pair.side(side).connection;
    connection.add_track(kind, track, &streams).unwrap()
}

fn tracks(pair: &mut Pair, side: Side) -> Vec<TrackChange> {
    pair.side(side).events_where(|event| match event {
        Event::Track(change) => Some(change.clone()),
        _ => None,
    })
}

/// What was agreed on for a transceiver.
fn section(connection: &PeerConnection, id: TransceiverId) -> (TransportId, RtpSection) {
    let negotiator = connection.negotiator();
    let mid = negotiator.transceiver(id).unwrap().mid().unwrap();
    let over = negotiator.transport_of(id).unwrap();
    let plan = negotiator.plan(over).unwrap().rtp.unwrap();
    let section = plan.sections.into_iter().find(|s| s.mid == *mid);
    (over, section.unwrap())
}

/// Sends a packet of a transceiver's first encoding.
fn send(
    connection: &mut PeerConnection,
    now: Time,
    id: TransceiverId,
    payload: &'static [u8],
) -> Result<(), SendError> {
    let (over, section) = section(connection, id);
    let send = section.send.unwrap();
    let packet = OutgoingPacket {
        payload_type: send.codecs[0].payload_type,
        marker: true,
        timestamp: RtpTime::new(960),
        captured: now,
        payload: Bytes::from_static(payload),
        extensions: Default::default(),
        place: None,
    };
    let session = connection.rtp_mut(over).unwrap();
    session.send_packet(send.encodings[0].ssrc, packet)
}

#[test]
fn a_track_is_announced_unmuted_and_heard_at_the_other_side() {
    let mut pair = Pair::new(Setup::new(1));
    let ours = add(&mut pair, Side::A, MediaKind::Audio, "microphone");
    add(&mut pair, Side::A, MediaKind::Video, "camera");
    let theirs = add(&mut pair, Side::B, MediaKind::Audio, "other microphone");
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    let added = |changes: &[TrackChange]| -> usize {
        let is_added = |change: &&TrackChange| matches!(change, TrackChange::Added { .. });
        changes.iter().filter(is_added).count()
    };
    assert_eq!(added(&tracks(&mut pair, Side::A)), 1);
    assert_eq!(added(&tracks(&mut pair, Side::B)), 2);
    let current = |connection: &PeerConnection, id| {
        let transceiver = connection.negotiator().transceiver(id).unwrap();
        transceiver.current_direction()
    };
    assert_eq!(current(&pair.a.connection, ours), Some(Direction::SendRecv));
    assert_eq!(
        current(&pair.b.connection, theirs),
        Some(Direction::SendRecv)
    );
    assert!(!tracks(&mut pair, Side::B).contains(&TrackChange::Unmuted(theirs)));

    let now = pair.now;
    send(&mut pair.a.connection, now, ours, b"sound").unwrap();
    pair.run_for(Duration::from_secs(1));
    assert!(tracks(&mut pair, Side::B).contains(&TrackChange::Unmuted(theirs)));
    let began = pair.b.events_where(|event| match event {
        Event::Transport(id, TransportEvent::Rtp(RtpEvent::Began { ssrc, .. })) => {
            Some((*id, *ssrc))
        }
        _ => None,
    });
    assert_eq!(began.len(), 1);
    let (over, ssrc) = began[0];
    let session = pair.b.connection.rtp_mut(over).unwrap();
    let packet = session.recv_packet(ssrc).unwrap();
    assert_eq!(packet.payload, &b"sound"[..]);
}

#[test]
fn a_goodbye_mutes_a_track_until_its_source_goes_on() {
    let mut pair = Pair::new(Setup::new(4));
    let ours = add(&mut pair, Side::A, MediaKind::Audio, "microphone");
    let theirs = add(&mut pair, Side::B, MediaKind::Audio, "other microphone");
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    let (over, agreed) = section(&pair.a.connection, ours);
    let source = agreed.send.unwrap().encodings[0].ssrc;
    for _ in 0..2 {
        let now = pair.now;
        send(&mut pair.a.connection, now, ours, b"sound").unwrap();
        pair.run_for(Duration::from_secs(1));
        let mut goodbye = Vec::new();
        write_bye(&mut goodbye, &[source]);
        let now = pair.now;
        let session = pair.b.connection.rtp_mut(over).unwrap();
        session.handle_rtcp(now, &goodbye).unwrap();
        pair.run_for(Duration::from_secs(1));
    }
    let both = [TrackChange::Unmuted(theirs), TrackChange::Muted(theirs)];
    let mut changes = tracks(&mut pair, Side::B);
    changes.retain(|change| both.contains(change));
    assert_eq!(changes, [both.clone(), both].concat());
    // What came is read all the same, without another name of the source.
    let session = pair.b.connection.rtp_mut(over).unwrap();
    let read = std::iter::from_fn(|| session.recv_packet(source)).count();
    assert_eq!(read, 1, "the first is over a second old");
}

#[test]
fn what_is_stopped_is_not_sent_before_the_peer_knows() {
    let mut pair = Pair::new(Setup::new(2));
    let ours = add(&mut pair, Side::A, MediaKind::Audio, "microphone");
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    pair.auto_negotiate = false;
    let (over, before) = section(&pair.a.connection, ours);
    let ssrc = before.send.unwrap().encodings[0].ssrc;
    let now = pair.now;
    pair.a.connection.stop_transceiver(now, ours).unwrap();
    pair.run_for(Duration::from_secs(1));
    assert!(tracks(&mut pair, Side::A).contains(&TrackChange::Ended(ours)));
    let session = pair.a.connection.rtp_mut(over).unwrap();
    assert!(session.send_counters(ssrc).is_none(), "the stream is gone");
}

/// An application that has to do with data alone connects to a browser that offers media too.
#[test]
fn whoever_ignores_media_has_its_channels_all_the_same() {
    let mut pair = Pair::new(Setup::new(3));
    for (kind, track) in [
        (MediaKind::Audio, "microphone"),
        (MediaKind::Video, "camera"),
    ] {
        add(&mut pair, Side::A, kind, track);
    }
    let (a, b) = pair.open();
    let now = pair.now;
    pair.a
        .connection
        .channels_mut()
        .send(now, a, "hello".into())
        .unwrap();
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.b.received(b), [Message::from("hello")]);
    let needed = pair
        .a
        .events_where(|event| (*event == Event::NegotiationNeeded).then_some(()));
    assert_eq!(needed.len(), 1, "one exchange is enough");
}

/// They go over the transport that is there: nothing is gathered or connected for them.
#[test]
fn tracks_that_join_a_connection_leave_its_states_as_they_are() {
    let mut pair = Pair::new(Setup::new(4));
    let now = pair.now;
    pair.a.create(now, "early");
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    let states = |pair: &Pair| {
        [&pair.a, &pair.b].map(|endpoint| {
            endpoint.events_where(|event| match event {
                Event::ConnectionStateChange(state) => Some(state.to_string()),
                Event::IceConnectionStateChange(state) => Some(state.to_string()),
                Event::IceGatheringStateChange(state) => Some(state.to_string()),
                _ => None,
            })
        })
    };
    let before = states(&pair);
    let audio = add(&mut pair, Side::A, MediaKind::Audio, "microphone");
    let video = add(&mut pair, Side::A, MediaKind::Video, "camera");
    let shown = add(&mut pair, Side::A, MediaKind::Video, "screen");
    pair.run_for(Duration::from_secs(2));
    for id in [audio, video, shown] {
        assert!(section(&pair.a.connection, id).1.send.is_some());
    }
    assert_eq!(states(&pair), before);
    assert_eq!(pair.a.connection.transports().count(), 1);
    assert_eq!(pair.a.sockets(), 1);
}
