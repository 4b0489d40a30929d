//! What leaves when, what fills the rate, and what does not leave at all.

use super::send_tests::{
    REPAIR, STREAM, at, header, leave, nack, number, send, sender, video_packet,
};
use super::*;
use crate::rtp::Place;
use crate::wire::payload::Format;
use crate::wire::rtp::Packet as RtpPacketRead;

fn counters(session: &RtpSession) -> SendCounters {
    session.send_counters(STREAM).expect("a stream")
}

#[test]
fn video_that_waited_through_an_outage_is_dropped_and_a_key_frame_asked_for() {
    let mut session = sender();
    session.set_bitrate(at(0), Some(80_000));
    let before = number(&send(&mut session, 0)[0]);
    for _ in 0..10 {
        let packet = OutgoingPacket {
            payload: vec![1; 1_200].into(),
            ..video_packet(0, b"")
        };
        session.send_packet(STREAM, packet).expect("queued");
    }
    let first = leave(&mut session, 1).len();
    assert!(first < 10, "{first}");
    // Nothing is asked of the session while there is no path.
    assert!(leave(&mut session, 10_000).is_empty());
    assert_eq!(counters(&session).stale, 10 - first as u64);
    session.handle_timeout(at(10_000));
    let asks = std::iter::from_fn(|| session.poll_event());
    let wanted = RtpEvent::KeyFrameRequested(STREAM);
    assert_eq!(asks.filter(|event| *event == wanted).count(), 1);
    // The next number tells the peer that something is missing.
    let next = number(&send(&mut session, 10_010)[0]);
    assert_eq!(next, before + first as u16 + 2);
}

#[test]
fn what_others_cut_goes_on_if_the_path_carries_it_and_is_counted_if_not() {
    let mut session = sender();
    let forwarded = |length: usize| OutgoingPacket {
        payload: vec![1; length].into(),
        place: Some(Place {
            stream: 1,
            position: 5 + length as u64,
            renumbering: Default::default(),
        }),
        ..video_packet(0, b"")
    };
    assert_eq!(session.send_packet(STREAM, forwarded(1_380)), Ok(()));
    let [packet] = &leave(&mut session, 0)[..] else {
        panic!("it leaves");
    };
    assert!(packet.len() <= 1_452 - 20);
    let refused = session.send_packet(STREAM, forwarded(1_450));
    assert_eq!(refused, Err(SendError::TooLarge));
    assert_eq!(counters(&session).too_large, 1);
    // The system says that the path is narrower.
    session.limit_packets(1_300);
    let refused = session.send_packet(STREAM, forwarded(1_280));
    assert_eq!(refused, Err(SendError::TooLarge));
    // Never less than what any path carries.
    session.limit_packets(100);
    assert_eq!(session.send_packet(STREAM, forwarded(1_100)), Ok(()));
    assert_eq!(counters(&session).too_large, 2);
}

#[test]
fn the_numbers_of_pictures_change_in_each_copy_and_in_its_retransmission() {
    use crate::rtp::forward::{Forwarder, Origin};
    let payload = |id: u8| vec![0x90, 0x80, 0x80, id, 0, 0, 0, 0x9d, 1, 0x2a];
    let mut forwarder = Forwarder::default();
    let mut place = |track: u64, id: u8| {
        let origin = Origin {
            stream: track,
            track,
            position: 100 * track,
            bitrate: 0,
            captured: Time::ZERO,
            payload: None,
            begins: false,
        };
        let origin = origin.with_payload(Some(Format::Vp8), &payload(id));
        let verdict = forwarder.on_packet(at(0), &origin, None, false, || None);
        let (position, renumbering) = verdict.passes.expect("it begins");
        Place {
            stream: 0,
            position,
            renumbering,
        }
    };
    let mut session = sender();
    let shared: Bytes = payload(77).into();
    let mut packets = Vec::new();
    for (track, id) in [(1, 5), (2, 77)] {
        let packet = OutgoingPacket {
            payload: if id == 77 {
                shared.clone()
            } else {
                payload(id).into()
            },
            place: Some(place(track, id)),
            ..video_packet(0, b"")
        };
        session.send_packet(STREAM, packet).expect("queued");
        packets.extend(leave(&mut session, 0));
    }
    let id = |packet: &[u8], skipped: usize| packet[header(packet).length() + skipped..][3];
    assert_eq!((id(&packets[0], 0), id(&packets[1], 0)), (5, 6));
    assert_eq!(shared, payload(77), "the bytes are others' too");
    nack(&mut session, 200, &[number(&packets[1])]);
    let again = leave(&mut session, 200).remove(0);
    assert_eq!(id(&again, 2), 6);
}

#[test]
fn padding_repeats_what_was_sent_and_is_numbered_counted_and_paced_like_the_rest() {
    let mut session = sender();
    session.sender.set_padding(at(0), Some(800_000));
    // Never before media: nobody could tell whose it is.
    assert!(leave(&mut session, 100).is_empty());
    assert_eq!(session.sender.next_due(), None);
    let packet = OutgoingPacket {
        payload: vec![7; 1_000].into(),
        ..video_packet(100, b"")
    };
    session.send_packet(STREAM, packet).expect("queued");
    let mut sent = leave(&mut session, 100);
    for millis in 101..=600 {
        sent.extend(leave(&mut session, millis));
    }
    let bytes: usize = sent.iter().map(Vec::len).sum();
    assert!((48_000..=53_000).contains(&bytes), "{bytes}");
    let filling = &sent[1..];
    for pair in filling.windows(2) {
        assert_eq!(number(&pair[1]), number(&pair[0]).wrapping_add(1));
    }
    for packet in filling {
        assert_eq!(header(packet).fixed.ssrc, REPAIR);
        assert_eq!(packet.len(), header(packet).length() + 2 + 1_000);
    }
    assert_eq!(counters(&session).retransmitted, filling.len() as u64);
    session.sender.set_padding(at(600), None);
    assert!(leave(&mut session, 1_000).is_empty());
}

#[test]
fn where_nothing_can_be_repeated_packets_only_pad() {
    let mut session = sender();
    session.sender.set_padding(at(0), Some(80_000));
    let sent = send(&mut session, 0);
    assert_eq!(sent.len(), 1, "a short packet is not worth repeating");
    let mut filling = Vec::new();
    for millis in 1..=200 {
        filling.extend(leave(&mut session, millis));
    }
    assert!(!filling.is_empty());
    for packet in &filling {
        let read = RtpPacketRead::parse(packet).expect("a packet");
        assert!(read.header.is_padded && read.payload.is_empty());
        assert_eq!(read.header.fixed.ssrc, REPAIR);
    }
    let counters = counters(&session);
    assert_eq!(counters.padding, filling.len() as u64);
    let bytes: usize = filling.iter().chain(&sent).map(Vec::len).sum();
    assert_eq!(counters.header_bytes + counters.bytes, bytes as u64);
}

#[test]
fn sound_has_the_packet_before_it_where_the_peer_prefers_that() {
    use crate::rtp::tests::{audio, sending};
    use crate::rtp::{Codec, CodecName, MediaKind};
    use crate::wire::payload::red;
    let sound = Ssrc::new(40);
    for is_first in [true, false] {
        let mut section = sending(audio("a"), &[(40, None, None)]);
        let codecs = &mut section.send.as_mut().expect("it sends").codecs;
        let mut redundant = codecs[0].clone();
        redundant.payload_type = crate::ids::PayloadType::of_low_bits(63);
        redundant.codec = Codec::new(MediaKind::Audio, CodecName::Red, 48_000);
        codecs.insert(if is_first { 0 } else { 1 }, redundant);
        let mut session = send_tests::session(vec![section]);
        let mut packets = Vec::new();
        for (millis, payload) in [(0, &b"one"[..]), (20, b"two"), (40, b"three")] {
            let packet = OutgoingPacket {
                payload_type: crate::ids::PayloadType::of_low_bits(111),
                timestamp: crate::wire::rtp::RtpTime::new(48 * millis as u32),
                payload: Bytes::from_static(payload),
                ..video_packet(millis, b"")
            };
            session.send_packet(sound, packet).expect("queued");
            packets.extend(leave(&mut session, millis));
        }
        let payload = &packets[2][header(&packets[2]).length()..];
        let number = header(&packets[2]).fixed.payload_type.get();
        if !is_first {
            assert_eq!((number, payload), (111, &b"three"[..]));
            continue;
        }
        assert_eq!(number, 63);
        let blocks = red::Payload::parse(payload).expect("well formed");
        let blocks: Vec<_> = blocks
            .blocks()
            .map(|it| (it.payload_type, it.offset, it.data))
            .collect();
        let expected = [(111, 960, &b"two"[..]), (111, 0, b"three")];
        assert_eq!(blocks, expected);
    }
}

#[test]
fn headers_count_where_packets_are_paced() {
    let mut session = sender();
    session.set_bitrate(at(0), Some(80_000));
    for _ in 0..200 {
        session
            .send_packet(STREAM, video_packet(0, b"x"))
            .expect("queued");
    }
    let mut sent = 0;
    for millis in 0..400 {
        sent += leave(&mut session, millis).len();
    }
    // 33 bytes each, of 25,000 bytes a second at the most, as before feedback the pace is higher.
    assert!((150..=200).contains(&sent), "{sent}");
    let mut session = sender();
    session.set_bitrate(at(0), Some(20_000));
    for _ in 0..200 {
        session
            .send_packet(STREAM, video_packet(0, b"x"))
            .expect("queued");
    }
    let sent: usize = (0..400)
        .map(|millis| leave(&mut session, millis).len())
        .sum();
    // 6,250 bytes a second: 2,500 and a burst.
    assert!((60..=100).contains(&sent), "{sent}");
}
