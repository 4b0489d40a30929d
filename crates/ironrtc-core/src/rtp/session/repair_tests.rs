//! What is missing, late, doubled, wrapped or too much of received streams.

use super::*;
use crate::ids::PayloadType;
use crate::rtp::tests::{Sent, audio, plan, video};
use crate::rtp::{Codec, CodecName, FeedbackSet, Format as CodecFormat, RtpSection, RtxParameters};
use crate::wire::payload::red;
use crate::wire::rtcp::write_bye;

const PEER: Ssrc = Ssrc::new(7);
const KEY: &[u8] = &[0x10, 0, 9];
const DELTA: &[u8] = &[0x10, 1, 9];

fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

fn session(section: RtpSection) -> RtpSession {
    let mut session = RtpSession::new(Time::ZERO, Duration::ZERO, Rng::from_test_seed(1));
    session.apply(Time::ZERO, &plan(vec![section]));
    session
}

fn helper(name: CodecName, payload_type: u8, rtx: Option<u8>) -> CodecParameters {
    CodecParameters {
        payload_type: PayloadType::of_low_bits(payload_type),
        codec: Codec::new(MediaKind::Video, name, 90_000),
        feedback: FeedbackSet::EMPTY,
        rtx: rtx.map(|number| RtxParameters {
            payload_type: PayloadType::of_low_bits(number),
            time: None,
        }),
    }
}

/// VP8 that may come in RED, sent again as 119, and be protected.
fn protected_video() -> RtpSection {
    let mut section = video("v");
    let codecs = &mut section.receive.as_mut().expect("received").codecs;
    codecs.push(helper(CodecName::Red, 118, Some(119)));
    codecs.push(helper(CodecName::UlpFec, 120, None));
    section
}

/// Opus that may come in RED.
fn redundant_audio() -> RtpSection {
    let mut section = audio("a");
    let codecs = &mut section.receive.as_mut().expect("received").codecs;
    let mut red = helper(CodecName::Red, 63, None);
    red.codec = Codec::new(MediaKind::Audio, CodecName::Red, 48_000).with_channels(2);
    let opus = PayloadType::of_low_bits(111);
    red.codec.parameters.format = CodecFormat::Red(vec![opus; 2]);
    codecs.push(red);
    section
}

fn take(session: &mut RtpSession, millis: u64, sent: &Sent<'_>) {
    let taken = session.handle_rtp(at(millis), None, &sent.packet());
    taken.expect("taken");
}

fn receive(session: &mut RtpSession, millis: u64, sequence: u16, payload: &[u8]) {
    let sent = Sent {
        sequence,
        timestamp: u32::from(sequence) * 3_000,
        payload,
        ..Sent::default()
    };
    take(session, millis, &sent);
}

fn counters(session: &RtpSession) -> ReceiveCounters {
    session.receive_counters(PEER).expect("a stream")
}

fn frames(session: &mut RtpSession) -> Vec<u32> {
    let frames = std::iter::from_fn(|| session.recv_frame(PEER));
    frames.map(|frame| frame.timestamp.get() / 3_000).collect()
}

/// Requests that are due: packets and key frames.
fn asked(session: &mut RtpSession, millis: u64) -> (Vec<u16>, usize) {
    let (mut nacked, mut plis, mut out) = (Vec::new(), 0, Vec::new());
    session.handle_timeout(at(millis));
    while session.poll_rtcp(at(millis), &mut out) {
        for packet in Compound::parse(&out).expect("RTCP") {
            match packet {
                Packet::Nack(nack) => {
                    nacked.extend(nack.sequences().map(crate::wire::rtp::SeqNo::get));
                }
                Packet::PictureLoss(_) => plis += 1,
                _ => {}
            }
        }
        out.clear();
    }
    (nacked, plis)
}

#[test]
fn what_is_not_sent_again_is_not_waited_for_three_round_trips() {
    // Video without a stream for retransmissions, and audio, both with NACK: 100 ms and 40 ms.
    for (mut section, payload_type, wait) in [(video("v"), 96, 100), (audio("a"), 111, 40)] {
        let codec = &mut section.receive.as_mut().expect("received").codecs[0];
        codec.feedback.insert(Feedback::Nack);
        codec.rtx = None;
        let mut session = session(section);
        session.recv_frame(PEER);
        for (millis, sequence, payload) in [(0, 1, KEY), (0, 2, DELTA), (10, 4, DELTA)] {
            let sent = Sent {
                sequence,
                payload_type,
                timestamp: u32::from(sequence) * 3_000,
                payload,
                ..Sent::default()
            };
            take(&mut session, millis, &sent);
            frames(&mut session);
        }
        let gives_up = session.receiver.next_loss(session.round_trip_or_default());
        assert_eq!(gives_up, Some(at(10 + wait)));
        assert_eq!(
            asked(&mut session, 10).0,
            [3],
            "it is asked for all the same"
        );
    }
}

#[test]
fn retransmissions_of_packets_far_away_do_not_make_a_stream_deaf() {
    let mut session = session(video("v"));
    for (far, is_taken) in [
        (30_000, false),
        (1_451, false),
        (1_450, true),
        (60_000, false),
    ] {
        receive(&mut session, 0, 1_000, DELTA);
        let number = u16::to_be_bytes(far);
        let repair = Sent {
            ssrc: 8,
            payload_type: 97,
            sequence: far,
            payload: &[&number[..], DELTA].concat(),
            ..Sent::default()
        };
        take(&mut session, 0, &repair);
        assert_eq!(counters(&session).repaired > 0, is_taken, "{far}");
        if is_taken {
            break;
        }
    }
    let before = counters(&session);
    assert_eq!(before.discarded, 2);
    for sequence in 1_001..1_101 {
        receive(&mut session, 10, sequence, DELTA);
    }
    let after = counters(&session);
    assert_eq!(after.duplicates, before.duplicates);
    let read = std::iter::from_fn(|| session.recv_packet(PEER)).count();
    assert_eq!(read, 102);
}

#[test]
fn a_joiner_asks_for_a_key_frame_within_200_ms_and_again_until_one_comes() {
    let mut session = session(video("v"));
    assert!(session.recv_frame(PEER).is_none());
    let mut asks = Vec::new();
    for millis in 0..1_000 {
        if millis % 33 == 0 {
            receive(&mut session, millis, 100 + (millis / 33) as u16, DELTA);
        }
        assert_eq!(frames(&mut session), []);
        if asked(&mut session, millis).1 > 0 {
            asks.push(millis);
        }
    }
    assert!(asks[0] <= 200, "{asks:?}");
    let pauses = asks.windows(2).map(|two| two[1] - two[0]);
    assert!(
        pauses.clone().all(|pause| (200..400).contains(&pause)),
        "{asks:?}"
    );
    receive(&mut session, 1_000, 131, KEY);
    receive(&mut session, 1_033, 132, DELTA);
    assert_eq!(frames(&mut session), [131]);
    assert_eq!(asked(&mut session, 1_400).1, 0);
}

#[test]
fn a_frame_without_an_end_is_waited_for_three_seconds() {
    let mut session = session(video("v"));
    session.recv_frame(PEER);
    receive(&mut session, 0, 1, KEY);
    receive(&mut session, 1, 2, DELTA);
    frames(&mut session);
    let mut first = None;
    for count in 0..400 {
        let millis = 10 + u64::from(count) * 10;
        let sent = Sent {
            sequence: 3 + count,
            timestamp: 6_000,
            payload: &[0, 7],
            ..Sent::default()
        };
        take(&mut session, millis, &sent);
        assert_eq!(frames(&mut session), []);
        if asked(&mut session, millis).1 > 0 {
            first.get_or_insert(millis);
        }
    }
    let first = first.expect("asked");
    assert!((3_000..3_100).contains(&first), "{first}");
}

#[test]
fn the_first_read_of_what_a_decoder_cannot_begin_with_asks_at_once_and_hurries_the_driver() {
    let mut session = session(video("v"));
    receive(&mut session, 0, 1, DELTA);
    receive(&mut session, 20, 2, DELTA);
    receive(&mut session, 150, 3, DELTA);
    assert!(!session.take_hurry());
    let next = session.next_deadline().map(|due| due.at);
    assert!(next.is_none_or(|next| next > at(150)));
    assert!(session.recv_frame(PEER).is_none());
    assert!(session.take_hurry());
    assert_eq!(asked(&mut session, 150).1, 1);
    // Video that nobody read for long has gone up to a key frame that is to come.
    let mut session = self::session(video("v"));
    for count in 0..100 {
        receive(
            &mut session,
            u64::from(count) * 33,
            count,
            if count == 0 { KEY } else { DELTA },
        );
    }
    while session.recv_packet(PEER).is_some() {}
    assert!(session.take_hurry() && !session.take_hurry());
    assert_eq!(asked(&mut session, 3_300).1, 1);
    assert!(counters(&session).unread > 50);
}

#[test]
fn sound_that_nobody_reads_is_a_second_old_at_most() {
    let mut session = session(audio("a"));
    for count in 0..3_000_u16 {
        let sent = Sent {
            payload_type: 111,
            sequence: count,
            timestamp: u32::from(count) * 960,
            ..Sent::default()
        };
        take(&mut session, u64::from(count) * 20, &sent);
    }
    let read: Vec<_> = std::iter::from_fn(|| session.recv_packet(PEER)).collect();
    assert_eq!(read.len(), 51);
    assert_eq!(counters(&session).unread, 3_000 - 51);
}

#[test]
fn all_streams_of_a_transport_hold_32_mib_together() {
    let mut session = session(video("v"));
    let payload = [KEY, &[0; 1_100]].concat();
    let mut most = 0;
    for round in 0..400_u16 {
        for ssrc in 0..100 {
            let sent = Sent {
                ssrc: 1_000 + ssrc,
                sequence: round,
                timestamp: u32::from(round),
                payload: &payload,
                ..Sent::default()
            };
            take(&mut session, u64::from(round), &sent);
            most = most.max(session.receiver.held());
        }
    }
    assert!((30 << 20..=32 << 20).contains(&most), "{most}");
    let unread: u64 = (0..100)
        .filter_map(|ssrc| session.receive_counters(Ssrc::new(1_000 + ssrc)))
        .map(|counters| counters.unread)
        .sum();
    assert!(unread > 5_000, "{unread}");
    for ssrc in 0..100 {
        while session.recv_packet(Ssrc::new(1_000 + ssrc)).is_some() {}
    }
    assert_eq!(session.receiver.held(), 0);
}

#[test]
fn jitter_makes_no_storm_of_requests() {
    let mut session = session(video("v"));
    let mut rng = Rng::from_test_seed(7);
    // 500 packets a second, each of them up to 30 ms late.
    let mut arrivals: Vec<_> = (0..10_000_u16)
        .map(|sequence| (u64::from(sequence) * 2 + rng.below(30), sequence))
        .collect();
    arrivals.sort_unstable();
    let mut requests = 0;
    for (millis, sequence) in arrivals {
        requests += asked(&mut session, millis).0.len();
        receive(&mut session, millis, sequence, DELTA);
        session.recv_packet(PEER);
    }
    assert_eq!(counters(&session).packets, 10_000);
    assert!(requests < 800, "{requests} of 10,000");
}

#[test]
fn a_stream_in_red_is_read_without_it_and_sent_again_in_it() {
    let mut session = session(protected_video());
    session.recv_frame(PEER);
    let wrapped = |payload: &[u8]| [&[96], payload].concat();
    for (sequence, payload) in [(1, KEY), (2, DELTA), (4, DELTA)] {
        let sent = Sent {
            payload_type: 118,
            sequence,
            timestamp: u32::from(sequence) * 3_000,
            payload: &wrapped(payload),
            ..Sent::default()
        };
        take(&mut session, 0, &sent);
    }
    assert_eq!(frames(&mut session), [1]);
    assert_eq!(asked(&mut session, 1).0, [3]);
    let repair = Sent {
        ssrc: 8,
        payload_type: 119,
        timestamp: 9_000,
        payload: &[&[0, 3], &wrapped(DELTA)[..]].concat(),
        ..Sent::default()
    };
    take(&mut session, 20, &repair);
    assert_eq!(frames(&mut session), [2, 3]);
    let counters = counters(&session);
    assert_eq!(counters.payload_type.map(PayloadType::get), Some(96));
    assert_eq!((counters.repaired, counters.fec), (1, 0));
}

#[test]
fn a_packet_that_its_parity_makes_is_asked_for_no_more() {
    let mut session = session(protected_video());
    session.recv_frame(PEER);
    let protected = |sequence: u16, payload: &[u8]| {
        let payload = [&[96], payload].concat();
        let sent = Sent {
            payload_type: 118,
            sequence,
            timestamp: u32::from(sequence) * 3_000,
            payload: &payload,
            ..Sent::default()
        };
        sent.packet()
    };
    // Both packets are as long, so that the parity is their exclusive or; the mask names 2 and 3.
    let timestamps = (6_000_u32 ^ 9_000).to_be_bytes();
    let mut parity = vec![0, 0, 0, 2];
    parity.extend(timestamps);
    parity.extend([0, 0, 0, 3, 0xC0, 0, 0, 0, 0]);
    let parity = [&[120], &parity[..]].concat();
    for packet in [protected(1, KEY), protected(2, DELTA)] {
        session.handle_rtp(at(0), None, &packet).expect("taken");
    }
    let packet = Sent {
        payload_type: 118,
        sequence: 4,
        timestamp: 9_000,
        payload: &parity,
        ..Sent::default()
    };
    take(&mut session, 0, &packet);
    assert_eq!(asked(&mut session, 1).0, [] as [u16; 0]);
    session
        .handle_rtp(at(5), None, &protected(5, DELTA))
        .expect("taken");
    assert_eq!(frames(&mut session), [1, 2, 3]);
    assert_eq!(asked(&mut session, 500), (vec![], 0));
    let counters = counters(&session);
    assert_eq!(
        (counters.fec, counters.fec_discarded, counters.recovered),
        (1, 0, 1)
    );
    assert_eq!(counters.nacks, 0);
}

#[test]
fn sound_that_was_lost_comes_out_of_the_next_packet() {
    let mut session = session(redundant_audio());
    let mut writer = red::Writer::new(111, 2);
    let mut event = 0;
    session.recv_frame(PEER);
    for sequence in 0..20_u16 {
        let mut payload = Vec::new();
        let timestamp = u32::from(sequence) * 960;
        writer.write(timestamp, &[sequence as u8 + 1], 1_200, &mut payload);
        // Two in a row are lost, and later one.
        if matches!(sequence, 5 | 6 | 12) {
            continue;
        }
        let sent = Sent {
            payload_type: 63,
            sequence,
            timestamp,
            payload: &payload,
            ..Sent::default()
        };
        take(&mut session, u64::from(sequence) * 20, &sent);
        while session.poll_event().is_some() {
            event += 1;
        }
    }
    assert!(event > 1);
    let read: Vec<_> = std::iter::from_fn(|| session.recv_frame(PEER))
        .map(|frame| {
            (
                frame.timestamp.get() / 960,
                frame.data[0],
                frame.lost_before,
            )
        })
        .collect();
    let expected: Vec<_> = (0..20).map(|count| (count, count as u8 + 1, 0)).collect();
    assert_eq!(read, expected);
    let counters = counters(&session);
    assert_eq!((counters.recovered, counters.lost), (3, 3));
    assert_eq!(counters.fec - counters.fec_discarded, 3);
    assert_eq!(counters.payload_type.map(PayloadType::get), Some(111));
}

#[test]
fn a_goodbye_of_a_stream_that_is_read_by_frames_leaves_them_to_be_read() {
    let mut session = session(video("v"));
    session.recv_frame(PEER);
    for (sequence, payload) in [(1, KEY), (2, DELTA), (3, DELTA)] {
        receive(&mut session, 0, sequence, payload);
    }
    let mut datagram = Vec::new();
    write_bye(&mut datagram, &[PEER]);
    session.handle_rtcp(at(1), &datagram).expect("taken");
    assert_eq!(frames(&mut session), [1, 2]);
}
