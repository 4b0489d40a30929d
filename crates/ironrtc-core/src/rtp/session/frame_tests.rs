use super::*;
use crate::ids::PayloadType;
use crate::rtp::tests::{Sent, audio, plan, sending, video};
use crate::rtp::{OutgoingExtensions, RtpSection};
use crate::wire::rtp::{Packet as RtpWire, RtpTime};

const STREAM: Ssrc = Ssrc::new(50);
const PEER: Ssrc = Ssrc::new(7);

fn session(section: RtpSection) -> RtpSession {
    let mut session = RtpSession::new(Time::ZERO, Duration::ZERO, Rng::from_test_seed(1));
    session.apply(Time::ZERO, &plan(vec![section]));
    // What is queued leaves as fast as bursts may.
    session.set_bitrate(Time::ZERO, Some(u64::from(u32::MAX) * 8));
    session
}

fn frame(payload_type: u8, timestamp: u32, data: &[u8]) -> OutgoingFrame {
    OutgoingFrame {
        payload_type: PayloadType::of_low_bits(payload_type),
        timestamp: RtpTime::new(timestamp),
        captured: Time::ZERO,
        data: Bytes::copy_from_slice(data),
        about: Default::default(),
        extensions: OutgoingExtensions::default(),
    }
}

fn leave(session: &mut RtpSession) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut packets = Vec::new();
    for ms in 0..500 {
        while session.poll_rtp(Time::ZERO + Duration::from_millis(ms), &mut out) {
            packets.push(std::mem::take(&mut out));
        }
    }
    packets
}

fn markers(packets: &[Vec<u8>]) -> Vec<bool> {
    let read = |packet: &Vec<u8>| {
        RtpWire::parse(packet)
            .expect("a packet")
            .header
            .fixed
            .marker
    };
    packets.iter().map(read).collect()
}

#[test]
fn a_frame_is_cut_into_packets_of_one_size_of_which_the_last_is_marked() {
    let mut session = session(sending(video("v"), &[(50, Some(51), None)]));
    session
        .send_frame(STREAM, &frame(96, 0, &[1; 5_000]))
        .expect("queued");
    let packets = leave(&mut session);
    assert_eq!(markers(&packets), [false, false, false, false, true]);
    let sizes: Vec<_> = packets.iter().map(Vec::len).collect();
    assert!(sizes.iter().all(|size| *size <= 1_212), "{sizes:?}");
    assert!(
        sizes[..4].windows(2).all(|two| two[0] == two[1]),
        "{sizes:?}"
    );
    let counters = session.send_counters(STREAM).expect("a stream");
    assert_eq!((counters.frames, counters.packets), (1, 5));
    // VP8's descriptor takes four bytes of each.
    assert_eq!(counters.bytes, 5_000 + 5 * 4);
}

#[test]
fn the_marker_of_audio_begins_a_talkspurt() {
    let mut session = session(sending(audio("a"), &[(50, None, None)]));
    // 20 ms of Opus each; the fourth comes after a pause.
    for timestamp in [0, 960, 1_920, 240_000, 240_960] {
        session
            .send_frame(STREAM, &frame(111, timestamp, &[0x78, 1]))
            .expect("queued");
    }
    let marked = markers(&leave(&mut session));
    assert_eq!(marked, [true, false, false, true, false]);
}

#[test]
fn a_frame_is_queued_whole_or_refused_and_counted() {
    let mut session = session(sending(video("v"), &[(50, Some(51), None)]));
    let large = frame(96, 0, &vec![1; 3 << 20]);
    assert_eq!(session.send_frame(STREAM, &large), Ok(()));
    assert_eq!(session.send_frame(STREAM, &large), Ok(()));
    assert_eq!(session.send_frame(STREAM, &large), Err(SendError::Full));
    let packets = leave(&mut session);
    assert_eq!(
        markers(&packets).into_iter().filter(|last| *last).count(),
        2
    );
    let counters = session.send_counters(STREAM).expect("a stream");
    assert_eq!((counters.frames, counters.refused_frames), (2, 1));
    // The refused one has taken no picture id.
    session
        .send_frame(STREAM, &frame(96, 1, &[1]))
        .expect("queued");
    let id = |packet: &[u8]| {
        let payload = RtpWire::parse(packet).expect("a packet").payload;
        u16::from_be_bytes([payload[2], payload[3]]) & 0x7FFF
    };
    let last = leave(&mut session).remove(0);
    assert_eq!(id(&last), (id(&packets[0]) + 2) & 0x7FFF);
}

#[test]
fn what_cannot_be_cut_is_an_error() {
    let mut session = session(sending(video("v"), &[(50, Some(51), None)]));
    let mut send = |ssrc, frame: &OutgoingFrame| session.send_frame(Ssrc::new(ssrc), frame);
    assert!(matches!(
        send(50, &frame(96, 0, &[])),
        Err(SendError::Frame(_))
    ));
    assert!(matches!(
        send(50, &frame(99, 0, &[1])),
        Err(SendError::UnknownPayload(_))
    ));
    assert!(matches!(
        send(9, &frame(96, 0, &[1])),
        Err(SendError::UnknownStream(_))
    ));
}

#[test]
fn each_packet_of_a_frame_has_its_own_dependency_descriptor() {
    let extensions = OutgoingExtensions {
        descriptor: Some(Bytes::from_static(&[0xC1, 2, 3])),
        layers: Some(Bytes::from_static(&[4])),
        ..OutgoingExtensions::default()
    };
    for (is_first, is_last, head) in [
        (true, false, 0x81),
        (false, false, 0x01),
        (false, true, 0x41),
        (true, true, 0xC1),
    ] {
        let found = extensions.of_packet(is_first, is_last);
        assert_eq!(found.descriptor.as_deref(), Some(&[head, 2, 3][..]));
        assert_eq!(found.layers.is_some(), is_first);
    }
}

fn receive(session: &mut RtpSession, millis: u64, sequence: u16, payload: &[u8]) {
    let sent = Sent {
        sequence,
        timestamp: u32::from(sequence),
        payload,
        ..Sent::default()
    };
    session
        .handle_rtp(Time::from_millis(millis), None, &sent.packet())
        .expect("taken");
}

const KEY: &[u8] = &[0x10, 0, 9];
const DELTA: &[u8] = &[0x10, 1, 9];

fn timestamps(session: &mut RtpSession) -> Vec<u32> {
    let frames = std::iter::from_fn(|| session.recv_frame(PEER));
    frames.map(|frame| frame.timestamp.get()).collect()
}

#[test]
fn the_first_read_decides_whether_packets_or_frames_are_read() {
    let mut by_frames = session(video("v"));
    // Out of order, and without markers: the next one ends each.
    for (sequence, payload) in [(1, KEY), (3, DELTA), (2, DELTA)] {
        receive(&mut by_frames, 0, sequence, payload);
    }
    assert_eq!(timestamps(&mut by_frames), [1, 2]);
    assert!(by_frames.recv_packet(PEER).is_none());
    while by_frames.poll_event().is_some() {}
    receive(&mut by_frames, 0, 4, DELTA);
    receive(&mut by_frames, 0, 5, DELTA);
    assert_eq!(by_frames.poll_event(), Some(RtpEvent::FrameReadable(PEER)));
    assert_eq!(by_frames.poll_event(), None);
    let mut by_packets = session(video("v"));
    receive(&mut by_packets, 0, 1, KEY);
    assert!(by_packets.recv_packet(PEER).is_some());
    receive(&mut by_packets, 0, 2, DELTA);
    assert!(by_packets.recv_frame(PEER).is_none());
    assert!(by_packets.recv_packet(PEER).is_some());
}

#[test]
fn a_lost_packet_is_waited_for_three_round_trips_and_then_a_key_frame_is_asked_for() {
    let mut session = session(video("v"));
    assert!(session.recv_frame(PEER).is_none());
    receive(&mut session, 0, 1, KEY);
    assert_eq!(timestamps(&mut session), []);
    receive(&mut session, 10, 2, DELTA);
    receive(&mut session, 20, 4, DELTA);
    receive(&mut session, 30, 5, DELTA);
    assert_eq!(timestamps(&mut session), [1]);
    // No round trip was measured: three of 100 ms.
    let gives_up = Time::from_millis(320);
    assert_eq!(
        session.receiver.next_loss(session.round_trip_or_default()),
        Some(gives_up)
    );
    let plis = |session: &mut RtpSession, now| {
        let mut out = Vec::new();
        while session.poll_rtcp(now, &mut out) {}
        session.receive_counters(PEER).expect("a stream").plis
    };
    session.handle_timeout(Time::from_millis(319));
    assert_eq!(plis(&mut session, Time::from_millis(319)), 0);
    session.handle_timeout(gives_up);
    assert_eq!(plis(&mut session, gives_up), 1);
    assert_eq!(
        session.receiver.next_loss(session.round_trip_or_default()),
        None
    );
    // What came too late is of no use.
    receive(&mut session, 330, 3, DELTA);
    receive(&mut session, 340, 6, KEY);
    receive(&mut session, 350, 7, DELTA);
    assert_eq!(timestamps(&mut session), [6]);
}
