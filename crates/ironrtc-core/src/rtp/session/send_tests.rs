use super::*;
use crate::ids::PayloadType;
use crate::rtp::tests::{MID, REPAIRED, RID, audio, plan, sending, simulcast, video};
use crate::rtp::{Place, RtpSection};
use crate::wire::rtcp::{SdesItem, SenderInfo, write_fir, write_nack, write_pli, write_remb};
use crate::wire::rtp::{Header, NtpTime, RtpTime, SeqNo};

pub(super) const STREAM: Ssrc = Ssrc::new(50);
pub(super) const REPAIR: Ssrc = Ssrc::new(51);
const PEER: Ssrc = Ssrc::new(7);

pub(super) fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

pub(super) fn session(sections: Vec<RtpSection>) -> RtpSession {
    let since_1970 = Duration::from_secs(1_000_000_000);
    let mut session = RtpSession::new(Time::ZERO, since_1970, Rng::from_test_seed(1));
    session.apply(Time::ZERO, &plan(sections));
    session
}

pub(super) fn sender() -> RtpSession {
    session(vec![sending(video("v"), &[(50, Some(51), None)])])
}

pub(super) fn video_packet(millis: u64, payload: &'static [u8]) -> OutgoingPacket {
    OutgoingPacket {
        payload_type: PayloadType::of_low_bits(96),
        marker: true,
        timestamp: RtpTime::new(90 * millis as u32),
        captured: at(millis),
        payload: Bytes::from_static(payload),
        extensions: Default::default(),
        place: None,
    }
}

pub(super) fn send(session: &mut RtpSession, millis: u64) -> Vec<Vec<u8>> {
    session
        .send_packet(STREAM, video_packet(millis, b"payload"))
        .expect("queued");
    leave(session, millis)
}

/// The packets that leave at a moment.
pub(super) fn leave(session: &mut RtpSession, millis: u64) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let mut out = Vec::new();
    while session.poll_rtp(at(millis), &mut out) {
        packets.push(std::mem::take(&mut out));
    }
    packets
}

pub(super) fn header(packet: &[u8]) -> Header<'_> {
    Header::parse(packet).expect("a packet")
}

pub(super) fn number(packet: &[u8]) -> u16 {
    header(packet).fixed.sequence.get()
}

fn has(packet: &[u8], id: u8) -> bool {
    header(packet).elements().any(|element| element.id == id)
}

pub(super) fn nack(session: &mut RtpSession, millis: u64, missing: &[u16]) {
    let missing: Vec<_> = missing.iter().copied().map(SeqNo::new).collect();
    let mut datagram = Vec::new();
    write_nack(&mut datagram, PEER, STREAM, &missing);
    session.handle_rtcp(at(millis), &datagram).expect("taken");
}

fn block(ssrc: Ssrc) -> ReportBlock {
    ReportBlock {
        ssrc,
        ..ReportBlock::default()
    }
}

fn report(session: &mut RtpSession, millis: u64, block: ReportBlock) {
    let mut datagram = Vec::new();
    write_receiver_report(&mut datagram, PEER, &[block]);
    session.handle_rtcp(at(millis), &datagram).expect("taken");
}

fn requested(session: &mut RtpSession) -> usize {
    let events = std::iter::from_fn(|| session.poll_event());
    events
        .filter(|event| *event == RtpEvent::KeyFrameRequested(STREAM))
        .count()
}

#[test]
fn numbers_begin_in_the_lower_half_and_follow_each_other() {
    for seed in 0..50 {
        let mut session = RtpSession::new(Time::ZERO, Duration::ZERO, Rng::from_test_seed(seed));
        let sections = vec![sending(video("v"), &[(50, Some(51), None)])];
        session.apply(Time::ZERO, &plan(sections));
        let first = number(&send(&mut session, 0)[0]);
        assert!(first < 1 << 15);
        assert_eq!(number(&send(&mut session, 1)[0]), first + 1);
    }
}

#[test]
fn a_retransmission_is_a_packet_of_version_two_behind_the_number_of_the_original() {
    let mut session = sender();
    let packet = send(&mut session, 1000).remove(0);
    nack(&mut session, 1010, &[number(&packet)]);
    let [again] = &leave(&mut session, 1010)[..] else {
        panic!("it leaves once");
    };
    assert_eq!(again[0], 0x90, "version 2 with an extension");
    assert_eq!(
        again[1],
        0x80 | 97,
        "a marker, and the type of retransmissions"
    );
    let (old, new) = (header(&packet), header(again));
    assert_eq!(
        (new.fixed.ssrc, new.fixed.timestamp),
        (REPAIR, old.fixed.timestamp)
    );
    let payload = &again[new.length()..];
    assert_eq!(payload[..2], number(&packet).to_be_bytes());
    assert_eq!(&payload[2..], b"payload");
}

#[test]
fn retransmissions_are_numbered_as_they_leave() {
    let mut session = sender();
    let numbers: Vec<_> = (0..10)
        .map(|millis| number(&send(&mut session, millis)[0]))
        .collect();
    let mut again = Vec::new();
    for place in [7, 2, 5, 2, 9] {
        nack(&mut session, 10, &[numbers[place]]);
        again.extend(leave(&mut session, 10).iter().map(|packet| number(packet)));
    }
    // The second request for the same packet comes within a round trip, and gets nothing.
    assert_eq!(again.len(), 4);
    assert!(
        again.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{again:?}"
    );
}

#[test]
fn a_storm_of_requests_sends_a_packet_once_a_round_trip() {
    let mut session = sender();
    let packet = number(&send(&mut session, 0)[0]);
    let mut again = 0;
    for millis in 1..=300 {
        nack(&mut session, millis, &[packet; 17]);
        again += leave(&mut session, millis).len();
    }
    assert_eq!(again, 4, "with a fifth of the round trip to spare");
    let counters = session.send_counters(STREAM).expect("a stream");
    assert_eq!((counters.retransmitted, counters.nacks), (4, 300));
}

#[test]
fn names_are_sent_until_the_peer_reports_that_very_source() {
    let section = simulcast("v", &["h"]);
    let mut session = session(vec![sending(section, &[(50, Some(51), Some("h"))])]);
    let first = send(&mut session, 0).remove(0);
    assert!(has(&first, MID) && has(&first, RID) && !has(&first, REPAIRED));
    report(&mut session, 10, block(STREAM));
    let second = send(&mut session, 20).remove(0);
    assert!(!has(&second, MID) && !has(&second, RID));
    // The retransmissions' source is not known yet.
    nack(&mut session, 30, &[number(&first)]);
    let again = leave(&mut session, 30).remove(0);
    assert!(has(&again, MID) && has(&again, REPAIRED) && !has(&again, RID));
    report(&mut session, 40, block(REPAIR));
    nack(&mut session, 50, &[number(&second)]);
    let again = leave(&mut session, 50).remove(0);
    assert!(!has(&again, MID) && !has(&again, REPAIRED));
}

#[test]
fn without_a_stream_for_retransmissions_nothing_is_sent_again() {
    let mut session = session(vec![sending(video("v"), &[(50, None, None)])]);
    let packet = send(&mut session, 0).remove(0);
    nack(&mut session, 10, &[number(&packet)]);
    assert!(leave(&mut session, 10).is_empty());
}

#[test]
fn packets_are_numbered_over_all_streams_and_retransmissions() {
    let sections = vec![
        sending(audio("a"), &[(40, None, None)]),
        sending(video("v"), &[(50, Some(51), None)]),
    ];
    let mut session = session(sections);
    let sound = OutgoingPacket {
        payload_type: PayloadType::of_low_bits(111),
        ..video_packet(0, b"sound")
    };
    session.send_packet(Ssrc::new(40), sound).expect("queued");
    let mut packets = send(&mut session, 0);
    nack(&mut session, 0, &[number(&packets[1])]);
    packets.extend(leave(&mut session, 0));
    let transport = |packet: &Vec<u8>| {
        let mut elements = header(packet).elements();
        let element = elements.find(|element| element.id == crate::rtp::tests::TRANSPORT);
        element.map(|element| element.value.to_vec())
    };
    let numbers: Vec<_> = packets.iter().map(transport).collect();
    assert_eq!(
        numbers,
        [Some(vec![0, 0]), Some(vec![0, 1]), Some(vec![0, 2])]
    );
}

#[test]
fn requests_for_key_frames_are_joined_and_never_lost() {
    let mut session = sender();
    let mut events = Vec::new();
    for millis in (0..1000).step_by(50) {
        let mut datagram = Vec::new();
        write_pli(&mut datagram, PEER, STREAM);
        session.handle_rtcp(at(millis), &datagram).expect("taken");
        if requested(&mut session) > 0 {
            events.push(millis);
        }
    }
    assert_eq!(events, [0, 300, 600, 900]);
    // The last one came within 300 ms of the one before, and is passed on by the timer.
    assert_eq!(session.sender.next_key_frame(), Some(at(1200)));
    session.handle_timeout(at(1200));
    assert_eq!(requested(&mut session), 1);
    session.handle_timeout(at(2000));
    assert_eq!(requested(&mut session), 0);
}

#[test]
fn a_full_intra_request_that_repeats_its_number_is_the_same_one() {
    let mut session = sender();
    let mut events = 0;
    for (millis, request) in [(0, 1), (1000, 1), (2000, 1), (3000, 2)] {
        let mut datagram = Vec::new();
        write_fir(&mut datagram, PEER, STREAM, request);
        session.handle_rtcp(at(millis), &datagram).expect("taken");
        events += requested(&mut session);
    }
    assert_eq!(events, 2);
}

#[test]
fn a_senders_report_has_the_time_of_day_and_the_timestamp_of_one_moment() {
    let mut session = sender();
    // Captured at 1,000 ms, whatever later it left.
    session
        .send_packet(STREAM, video_packet(1000, b"payload"))
        .expect("queued");
    assert_eq!(leave(&mut session, 1200).len(), 1);
    let deadline = session.next_deadline().expect("a report");
    assert_eq!(deadline.reason, "rtcp_report");
    let now = deadline.at.max(at(5_000));
    let mut out = Vec::new();
    assert!(session.poll_rtcp(now, &mut out));
    let mut packets = Compound::parse(&out).expect("a datagram");
    let Some(Packet::SenderReport(report)) = packets.next() else {
        panic!("no sender's report first");
    };
    let day = Duration::from_secs(1_000_000_000);
    let expected = SenderInfo {
        ntp: NtpTime::from_unix(day).plus(now - Time::ZERO),
        rtp: RtpTime::new((now.as_nanos() * 9 / 100_000) as u32),
        packets: 1,
        octets: 7,
    };
    assert_eq!((report.ssrc, report.info), (STREAM, expected));
    let Some(Packet::SourceDescription(names)) = packets.next() else {
        panic!("no names");
    };
    let chunks = names
        .chunks()
        .map(|chunk| (chunk.ssrc, chunk.items().next()));
    let name = Some(SdesItem::Cname(b"a name of ours"));
    assert_eq!(chunks.collect::<Vec<_>>(), [(STREAM, name), (REPAIR, name)]);
}

#[test]
fn a_report_of_ours_that_comes_back_gives_the_round_trip() {
    let mut session = sender();
    assert_eq!(send(&mut session, 0).len(), 1);
    let mut out = Vec::new();
    assert!(session.poll_rtcp(at(5_000), &mut out));
    let Some(Packet::SenderReport(sent)) = Compound::parse(&out).and_then(|mut all| all.next())
    else {
        panic!("no report");
    };
    let held = NtpShort::from_duration(Duration::from_millis(50));
    let answer = ReportBlock {
        last_report: sent.info.ntp.short(),
        since_last_report: held,
        ..block(STREAM)
    };
    report(&mut session, 5_130, answer);
    let trip = session.round_trip().expect("a round trip");
    assert!(
        trip.abs_diff(Duration::from_millis(80)) < Duration::from_millis(1),
        "{trip:?}"
    );
    let counters = session.send_counters(STREAM).expect("a stream");
    assert_eq!(counters.reported, Some(answer));
    assert_eq!((counters.round_trip, counters.round_trips), (Some(trip), 1));
    assert_eq!(counters.total_round_trip, trip);
}

#[test]
fn a_loss_that_copies_make_negative_adds_to_what_arrived_and_never_underflows() {
    let mut session = sender();
    for millis in 0..9 {
        send(&mut session, millis);
    }
    let last = number(&send(&mut session, 9)[0]);
    for (lost, arrived) in [(3, 7), (-2, 12), (11, 0), (i32::MIN, 10 + (1 << 23))] {
        let told = ReportBlock {
            highest: last.into(),
            cumulative_lost: lost,
            ..block(STREAM)
        };
        report(&mut session, 10, told);
        let counters = session.send_counters(STREAM).expect("a stream");
        assert_eq!(counters.arrived, arrived, "{lost}");
    }
}

#[test]
fn the_rate_that_a_peer_takes_paces_video_and_does_not_lift_that_of_one_that_tells_arrivals() {
    // 300 kbit/s to begin with, times 2.5 and for 40 ms: 3,750 bytes.
    for (tells_arrivals, at_once) in [(true, 9), (false, 25)] {
        let mut section = video("v");
        if !tells_arrivals && let Some(receive) = &mut section.receive {
            receive.codecs[0].feedback.remove(Feedback::TransportCc);
        }
        let mut session = session(vec![sending(section, &[(50, Some(51), None)])]);
        let mut datagram = Vec::new();
        // 800 kbit/s, times 2.5 and for 40 ms: 10,000 bytes.
        write_remb(&mut datagram, PEER, 800_000, &[STREAM]);
        session.handle_rtcp(at(0), &datagram).expect("taken");
        for _ in 0..100 {
            let packet = OutgoingPacket {
                payload: Bytes::from_static(&[0; 368]),
                ..video_packet(0, b"")
            };
            session.send_packet(STREAM, packet).expect("queued");
        }
        let left = leave(&mut session, 0).len();
        assert!((at_once..=at_once + 1).contains(&left), "{left}");
    }
}

#[test]
fn what_cannot_be_sent_is_an_error_that_says_why() {
    let mut section = sending(video("v"), &[(50, Some(51), None)]);
    let mut session = session(vec![section.clone()]);
    let unknown = session.send_packet(PEER, video_packet(0, b""));
    assert_eq!(unknown, Err(SendError::UnknownStream(PEER)));
    let payload_type = PayloadType::of_low_bits(33);
    let other = OutgoingPacket {
        payload_type,
        ..video_packet(0, b"")
    };
    let other = session.send_packet(STREAM, other);
    assert_eq!(other, Err(SendError::UnknownPayload(payload_type)));
    let large = video_packet(0, &[0; OutgoingPacket::MAX_PAYLOAD + 1]);
    assert_eq!(session.send_packet(STREAM, large), Err(SendError::TooLarge));
    section.send.as_mut().expect("it sends").encodings[0].active = false;
    session.apply(at(0), &plan(vec![section]));
    let paused = session.send_packet(STREAM, video_packet(0, b""));
    assert_eq!(paused, Err(SendError::Inactive));
}

#[test]
fn a_stream_goes_on_under_another_plan_and_says_goodbye_when_it_is_gone() {
    let mut session = sender();
    let first = number(&send(&mut session, 0)[0]);
    session.apply(
        at(1),
        &plan(vec![sending(video("v"), &[(50, Some(51), None)])]),
    );
    assert_eq!(number(&send(&mut session, 1)[0]), first + 1);
    session.apply(at(2), &plan(vec![video("v")]));
    let mut out = Vec::new();
    assert!(session.poll_rtcp(at(2), &mut out));
    let mut packets = Compound::parse(&out).expect("a datagram");
    let gone = packets.find_map(|packet| match packet {
        Packet::Goodbye(bye) => Some(bye.sources.collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(gone, Some(vec![STREAM, REPAIR]));
    out.clear();
    assert!(!session.poll_rtcp(at(2), &mut out));
}

#[test]
fn reports_of_many_streams_fit_into_a_datagram_and_take_turns() {
    let encodings: Vec<_> = (0..20).map(|n| (100 + n, Some(200 + n), None)).collect();
    let mut section = sending(video("v"), &encodings);
    section.send.as_mut().expect("it sends").cname = "x".repeat(200);
    let mut session = session(vec![section]);
    for (ssrc, ..) in &encodings {
        let stream = Ssrc::new(*ssrc);
        session
            .send_packet(stream, video_packet(0, b"x"))
            .expect("queued");
    }
    assert_eq!(leave(&mut session, 0).len(), 20);
    let mut reported = std::collections::BTreeSet::new();
    for round in 1..=4 {
        let mut out = Vec::new();
        assert!(session.poll_rtcp(at(round * 2_000), &mut out));
        assert!(out.len() <= MAX_RTCP);
        for packet in Compound::parse(&out).expect("a datagram") {
            if let Packet::SenderReport(report) = packet {
                reported.insert(report.ssrc);
            }
        }
    }
    assert_eq!(reported.len(), 20);
}

#[test]
fn each_lost_packet_is_repaired_between_two_sessions() {
    for seed in 0..20 {
        let mut rng = Rng::from_test_seed(seed);
        let mut here = sender();
        let mut there = session(vec![video("v")]);
        let mut received = std::collections::BTreeSet::new();
        let mut sent = 0;
        for millis in 0..2_000 {
            // A second of packets, three each 10 ms, and a second in which the last ones are repaired;
            // the network loses a tenth of all, and takes 20 ms for none of them.
            if millis < 1_000 && millis % 10 == 0 {
                for _ in 0..3 {
                    here.send_packet(STREAM, video_packet(millis, b"payload"))
                        .expect("queued");
                    sent += 1;
                }
            }
            let is_last = millis >= 990;
            for packet in leave(&mut here, millis) {
                if is_last || rng.below(10) > 0 {
                    let _ = there.handle_rtp(at(millis), None, &packet.into());
                }
            }
            let mut out = Vec::new();
            while there.poll_rtcp(at(millis), &mut out) {
                here.handle_rtcp(at(millis), &out).expect("taken");
                out.clear();
            }
            while let Some(packet) = there.recv_packet(STREAM) {
                assert!(received.insert(packet.position), "it came twice");
            }
        }
        let first = received.first().copied().expect("packets came");
        let missing_before = sent - (received.last().expect("they came") + 1 - first);
        assert_eq!(received.len() as u64, sent - missing_before, "seed {seed}");
        assert!(
            there
                .receive_counters(STREAM)
                .is_some_and(|all| all.repaired > 10)
        );
    }
}

fn forward(session: &mut RtpSession, millis: u64, stream: u64, position: u64) -> Option<u16> {
    let mut packet = video_packet(millis, b"payload");
    packet.place = Some(Place {
        stream,
        position,
        renumbering: Default::default(),
    });
    session.send_packet(STREAM, packet).expect("queued");
    leave(session, millis).first().map(|packet| number(packet))
}

#[test]
fn what_was_lost_or_came_late_before_it_is_forwarded_stays_so() {
    let mut session = sender();
    let first = forward(&mut session, 0, 1, 70_000).expect("it leaves");
    assert_eq!(forward(&mut session, 0, 1, 70_003), Some(first + 3));
    assert_eq!(forward(&mut session, 0, 1, 70_001), Some(first + 1));
    // None is sent twice, nor are those before the first one, which the peer could not place.
    assert_eq!(forward(&mut session, 0, 1, 70_001), None);
    assert_eq!(forward(&mut session, 0, 1, 69_999), None);
    // Another stream, and one that has jumped, go on without a gap.
    assert_eq!(forward(&mut session, 0, 2, 5), Some(first + 4));
    assert_eq!(forward(&mut session, 0, 2, 5000), Some(first + 5));
    assert_eq!(number(&send(&mut session, 0)[0]), first + 6);

    nack(&mut session, 10, &[first + 1, first + 2, first + 3]);
    assert_eq!(leave(&mut session, 10).len(), 2, "but for the lost one");
}
