use super::*;
use crate::rtp::tests::{MID, Sent, audio, plan, simulcast, video};
use crate::wire::rtcp::{
    Arrival, SenderInfo, write_bye, write_receiver_reference_time, write_sender_report,
};
use crate::wire::rtp::{NtpShort, NtpTime, RtpTime, SeqNo};

const PEER: Ssrc = Ssrc::new(7);

fn at(millis: u64) -> Time {
    Time::from_millis(millis)
}

fn session(sections: Vec<crate::rtp::RtpSection>) -> RtpSession {
    let mut session = RtpSession::new(Time::ZERO, Duration::ZERO, Rng::from_test_seed(1));
    session.apply(Time::ZERO, &plan(sections));
    session
}

fn receive(session: &mut RtpSession, millis: u64, sent: &Sent<'_>) -> Result<(), DropReason> {
    session.handle_rtp(at(millis), None, &sent.packet())
}

/// What was told and asked in all datagrams that are due.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    arrived: Vec<u16>,
    nacked: Vec<u16>,
    plis: usize,
    reports: usize,
    datagrams: usize,
}

fn told(session: &mut RtpSession, millis: u64) -> Told {
    let mut told = Told::default();
    let mut out = Vec::new();
    while session.poll_rtcp(at(millis), &mut out) {
        assert!(out.len() <= MAX_RTCP + 4, "{} bytes", out.len());
        told.datagrams += 1;
        assert!(told.datagrams < 100, "there is no end");
        for packet in Compound::parse(&out).expect("a datagram of RTCP") {
            match packet {
                Packet::ReceiverReport(_) => told.reports += 1,
                Packet::Nack(nack) => told.nacked.extend(nack.sequences().map(SeqNo::get)),
                Packet::PictureLoss(pli) => told.plis += usize::from(pli.media == PEER),
                Packet::TransportFeedback(feedback) => {
                    told.arrived
                        .extend(feedback.arrivals().filter_map(|arrival| match arrival {
                            Arrival::Received { sequence, .. } => Some(sequence.get()),
                            Arrival::Lost { .. } => None,
                        }));
                }
                _ => {}
            }
        }
        out.clear();
    }
    told
}

fn read(session: &mut RtpSession) -> Vec<(u16, Vec<u8>)> {
    let packets = std::iter::from_fn(|| session.recv_packet(PEER));
    packets
        .map(|packet| (packet.sequence.get(), packet.payload.to_vec()))
        .collect()
}

#[test]
fn packets_are_read_in_the_order_in_which_they_came_and_events_only_say_that_there_are_some() {
    let mut session = session(vec![video("v")]);
    for sequence in [1, 3, 2] {
        let sent = Sent {
            sequence,
            names: &[(MID, "v")],
            ..Sent::default()
        };
        assert_eq!(receive(&mut session, 0, &sent), Ok(()));
    }
    let began = RtpEvent::Began {
        ssrc: PEER,
        mid: "v".parse().expect("a word"),
        rid: None,
    };
    assert_eq!(session.poll_event(), Some(began));
    assert_eq!(session.poll_event(), Some(RtpEvent::Readable(PEER)));
    assert_eq!(session.poll_event(), None);
    let payload = b"payload".to_vec();
    let expected = [(1, payload.clone()), (3, payload.clone()), (2, payload)];
    assert_eq!(read(&mut session), expected);
}

#[test]
fn packets_of_any_source_are_told_to_have_arrived() {
    let mut session = session(vec![video("v")]);
    // Probes come before media: from source 0, from that of retransmissions, from unknown ones.
    for (transport, ssrc, payload_type) in [(1, 0, 97), (2, 8, 97), (3, 99, 33)] {
        let probe = Sent {
            ssrc,
            payload_type,
            transport: Some(transport),
            payload: &[],
            padding: 200,
            ..Sent::default()
        };
        assert_eq!(receive(&mut session, 100, &probe), Err(DropReason::Media));
    }
    let media = Sent {
        transport: Some(4),
        ..Sent::default()
    };
    assert_eq!(receive(&mut session, 100, &media), Ok(()));
    assert_eq!(told(&mut session, 150).arrived, [1, 2, 3, 4]);
    assert_eq!(read(&mut session).len(), 1);
    assert_eq!(session.unknown_sources().count(), 3);
}

#[test]
fn one_packet_a_second_is_told_without_an_empty_feedback_between() {
    let mut session = session(vec![audio("a")]);
    let mut arrived = Vec::new();
    for second in 1..=20_u16 {
        let sent = Sent {
            payload_type: 111,
            sequence: second,
            transport: Some(second),
            ..Sent::default()
        };
        let now = u64::from(second) * 1000;
        receive(&mut session, now, &sent).expect("taken");
        for step in 0..10 {
            arrived.extend(told(&mut session, now + step * 100).arrived);
        }
    }
    assert!(arrived.iter().copied().eq(1..=20), "{arrived:?}");
}

#[test]
fn a_stall_of_five_seconds_is_told_in_datagrams_that_fit_a_path() {
    let mut session = session(vec![video("v")]);
    for number in 0..5000_u16 {
        let sent = Sent {
            sequence: number,
            transport: Some(number),
            ..Sent::default()
        };
        receive(&mut session, 1000 + u64::from(number), &sent).expect("taken");
    }
    let found = told(&mut session, 6000);
    assert!(found.arrived.into_iter().eq(0..5000));
    assert!(found.datagrams > 3);
}

#[test]
fn one_lost_packet_is_asked_for_once_a_round_trip_until_its_retransmission_comes() {
    let mut session = session(vec![video("v")]);
    for sequence in [10, 12] {
        let sent = Sent {
            sequence,
            ..Sent::default()
        };
        receive(&mut session, 0, &sent).expect("taken");
    }
    let mut nacked = Vec::new();
    for millis in (0..250).step_by(10) {
        nacked.extend(told(&mut session, millis).nacked);
    }
    assert_eq!(nacked, [11, 11, 11]);
    let repair = Sent {
        ssrc: 8,
        payload_type: 97,
        sequence: 500,
        payload: &[0, 11, b'x'],
        ..Sent::default()
    };
    receive(&mut session, 250, &repair).expect("taken");
    for millis in (250..1000).step_by(10) {
        assert!(told(&mut session, millis).nacked.is_empty());
    }
    let packets: Vec<_> = std::iter::from_fn(|| session.recv_packet(PEER)).collect();
    let last = packets.last().expect("it was repaired");
    assert!(last.was_repaired && packets.len() == 3);
    assert_eq!((last.sequence.get(), last.payload_type.get()), (11, 96));
    assert_eq!(&last.payload[..], b"x");
}

#[test]
fn padding_of_the_retransmissions_source_is_no_packet_and_a_packet_comes_once() {
    let mut session = session(vec![video("v")]);
    receive(&mut session, 0, &Sent::default()).expect("taken");
    let repair = |payload: &'static [u8], sequence| Sent {
        ssrc: 8,
        payload_type: 97,
        sequence,
        payload,
        ..Sent::default()
    };
    // A number alone, before the packet that has it, and the packet twice.
    receive(&mut session, 0, &repair(&[0, 2], 1)).expect("taken");
    receive(&mut session, 0, &repair(&[], 2)).expect("taken");
    let second = Sent {
        sequence: 2,
        payload: b"second",
        ..Sent::default()
    };
    receive(&mut session, 0, &second).expect("taken");
    receive(&mut session, 0, &repair(&[0, 2, b's'], 3)).expect("taken");
    let packets = read(&mut session);
    assert_eq!(packets.len(), 2);
    assert_eq!(packets[1], (2, b"second".to_vec()));
    let counters = session.receive_counters(PEER).expect("a stream");
    assert_eq!((counters.duplicates, counters.repaired), (1, 0));
}

#[test]
fn padding_longer_than_the_payload_is_malformed() {
    let mut session = session(vec![video("v")]);
    let mut packet = Sent {
        payload: b"ab",
        padding: 3,
        ..Sent::default()
    }
    .packet()
    .to_vec();
    let last = packet.len() - 1;
    packet[last] = 6;
    let taken = session.handle_rtp(Time::ZERO, None, &packet.into());
    assert_eq!(taken, Err(DropReason::RtpMalformed));
}

#[test]
fn who_does_not_read_loses_the_oldest_packets_and_it_is_counted() {
    let mut session = session(vec![audio("a")]);
    for sequence in 0..5000 {
        let sent = Sent {
            payload_type: 111,
            sequence,
            ..Sent::default()
        };
        receive(&mut session, 0, &sent).expect("taken");
    }
    assert_eq!(
        read(&mut session).first().map(|(sequence, _)| *sequence),
        Some(5000 - 2048)
    );
    let counters = session.receive_counters(PEER).expect("a stream");
    assert_eq!((counters.unread, counters.packets), (5000 - 2048, 5000));
    // One event for all of them, and one for the stream.
    assert_eq!(std::iter::from_fn(|| session.poll_event()).count(), 2);
}

#[test]
fn a_key_frame_is_asked_for_five_times_a_second_at_most() {
    let mut session = session(vec![video("v")]);
    receive(&mut session, 0, &Sent::default()).expect("taken");
    let mut plis = 0;
    for millis in (0..1000).step_by(10) {
        session.request_key_frame(PEER);
        plis += told(&mut session, millis).plis;
    }
    assert_eq!(plis, 5);
    // After a gap that is too long to be repaired it is asked for without being told to.
    for sequence in [2000, 2001] {
        let sent = Sent {
            sequence,
            ..Sent::default()
        };
        receive(&mut session, 2000, &sent).expect("taken");
    }
    assert_eq!(told(&mut session, 2000).plis, 1);
}

#[test]
fn encodings_of_a_simulcast_are_streams_of_their_own() {
    let mut session = session(vec![simulcast("v", &["h", "l"])]);
    for (ssrc, rid) in [(1, "h"), (2, "l")] {
        let names = [(MID, "v"), (crate::rtp::tests::RID, rid)];
        let sent = Sent {
            ssrc,
            names: &names,
            ..Sent::default()
        };
        receive(&mut session, 0, &sent).expect("taken");
    }
    let (mid, rid) = session.received_names(Ssrc::new(2)).expect("a stream");
    assert_eq!((mid.as_str(), rid.map(Rid::as_str)), ("v", Some("l")));
    assert!(session.recv_packet(Ssrc::new(1)).is_some());
    assert!(session.recv_packet(Ssrc::new(2)).is_some());
}

#[test]
fn a_report_answers_the_senders_report_and_tells_receivers_their_time() {
    let mut session = session(vec![audio("a")]);
    let sent = Sent {
        payload_type: 111,
        ..Sent::default()
    };
    receive(&mut session, 0, &sent).expect("taken");
    let info = SenderInfo {
        ntp: NtpTime::new(0x1234_5678_9abc_def0),
        rtp: RtpTime::new(5),
        packets: 1,
        octets: 7,
    };
    let mut datagram = Vec::new();
    write_sender_report(&mut datagram, PEER, &info, &[]);
    write_receiver_reference_time(&mut datagram, PEER, NtpTime::new(0x0000_0001_0000_0000));
    session.handle_rtcp(at(0), &datagram).expect("taken");
    let due = session.next_deadline().expect("a report").at;
    let mut out = Vec::new();
    assert!(session.poll_rtcp(due, &mut out));
    let since = NtpShort::from_duration(due - Time::ZERO);
    let mut packets = Compound::parse(&out).expect("a datagram");
    let Some(Packet::ReceiverReport(mut report)) = packets.next() else {
        panic!("no report first");
    };
    let block = report.blocks.next().expect("a block");
    assert_eq!((block.ssrc, block.last_report.get()), (PEER, 0x5678_9abc));
    assert_eq!(block.since_last_report, since);
    assert!(matches!(packets.next(), Some(Packet::SourceDescription(_))));
    let Some(Packet::ExtendedReport(mut report)) = packets.next() else {
        panic!("no extended report");
    };
    let Some(XrBlock::LastReceived(mut told)) = report.blocks.next() else {
        panic!("no reference");
    };
    assert_eq!(told.next(), Some((PEER, NtpShort::new(1 << 16), since)));
}

#[test]
fn arrivals_are_told_by_source_where_all_sections_know_that() {
    let with = |mut section: crate::rtp::RtpSection| {
        let receive = section.receive.as_mut().expect("it receives");
        receive.codecs[0].feedback.insert(Feedback::AckCcfb);
        section
    };
    for (sections, by_source) in [
        (vec![with(audio("a")), with(video("v"))], true),
        (vec![audio("a"), with(video("v"))], false),
    ] {
        let mut session = session(sections);
        let sent = Sent {
            transport: Some(1),
            ..Sent::default()
        };
        let packet = sent.packet();
        let taken = session.handle_rtp(at(100), Some(Ecn::Ce), &packet);
        assert_eq!(taken, Ok(()));
        let mut out = Vec::new();
        assert!(session.poll_rtcp(at(150), &mut out));
        let mut packets = Compound::parse(&out).expect("a datagram");
        let told = packets.find_map(|packet| match packet {
            Packet::CongestionFeedback(found) => {
                let (_, report) = found.streams().next()?.reports().next()?;
                Some(report.and_then(|report| report.ecn))
            }
            _ => None,
        });
        assert_eq!(told, by_source.then_some(Some(Ecn::Ce)));
    }
}

#[test]
fn whoever_only_receives_measures_the_round_trip_by_telling_its_time() {
    let mut section = video("v");
    section.receiver_rtt = true;
    let mut session = session(vec![section]);
    let due = session.next_deadline().expect("a report").at;
    let mut out = Vec::new();
    assert!(session.poll_rtcp(due, &mut out));
    let mut packets = Compound::parse(&out).expect("a datagram");
    let Some(Packet::ExtendedReport(mut report)) = packets.nth(2) else {
        panic!("no extended report");
    };
    let Some(XrBlock::ReferenceTime(time)) = report.blocks.next() else {
        panic!("no time");
    };
    // It came back after 300 ms, 100 of which it was held.
    let held = NtpShort::from_duration(Duration::from_millis(100));
    let mut answer = Vec::new();
    write_receiver_references(&mut answer, PEER, &[(report.ssrc, time.short(), held)]);
    session
        .handle_rtcp(due + Duration::from_millis(300), &answer)
        .expect("taken");
    let trip = session.round_trip().expect("a round trip");
    assert!(trip.abs_diff(Duration::from_millis(200)) < Duration::from_millis(1));
}

#[test]
fn a_peer_without_reduced_size_gets_a_report_and_a_name_in_each_datagram() {
    let mut section = video("v");
    section.reduced_size = false;
    let mut session = session(vec![section]);
    receive(&mut session, 0, &Sent::default()).expect("taken");
    session.request_key_frame(PEER);
    let found = told(&mut session, 0);
    assert_eq!((found.plis, found.reports, found.datagrams), (1, 1, 1));
}

#[test]
fn after_a_goodbye_what_came_is_read_and_the_source_goes_on_without_a_name() {
    // Both sections have its payload type, so that only its name has told whose it is.
    let mut session = session(vec![video("v"), video("w")]);
    let named = Sent {
        names: &[(MID, "w")],
        ..Sent::default()
    };
    receive(&mut session, 0, &named).expect("taken");
    while session.poll_event().is_some() {}
    let mut datagram = Vec::new();
    write_bye(&mut datagram, &[PEER]);
    for _ in 0..2 {
        session.handle_rtcp(at(1), &datagram).expect("taken");
    }
    assert_eq!(session.poll_event(), Some(RtpEvent::Goodbye(PEER)));
    assert_eq!(session.poll_event(), None);
    let again = Sent {
        sequence: 2,
        ..Sent::default()
    };
    assert_eq!(receive(&mut session, 2, &again), Ok(()));
    let began = RtpEvent::Began {
        ssrc: PEER,
        mid: "w".parse().expect("a word"),
        rid: None,
    };
    assert_eq!(session.poll_event(), Some(began));
    assert_eq!(read(&mut session).len(), 2);
}

#[test]
fn a_datagram_that_is_not_rtcp_is_malformed() {
    let mut session = session(vec![video("v")]);
    let taken = session.handle_rtcp(at(0), &[0x80, 200, 0, 1]);
    assert_eq!(taken, Err(DropReason::RtpMalformed));
}

#[test]
fn copies_of_packets_make_the_loss_negative_and_a_source_that_begins_anew_keeps_its_totals() {
    let mut session = session(vec![video("v")]);
    for sequence in [1, 1, 1, 2, 60_000, 60_001] {
        let sent = Sent {
            sequence,
            padding: 4,
            names: &[(MID, "v")],
            ..Sent::default()
        };
        assert_eq!(receive(&mut session, 5, &sent), Ok(()));
        if sequence == 2 {
            let before = session.receive_counters(PEER).expect("a stream");
            assert_eq!((before.packets, before.lost, before.duplicates), (4, -2, 2));
        }
    }
    // The first packet of a jump counts for nothing.
    let after = session.receive_counters(PEER).expect("a stream");
    assert_eq!((after.packets, after.bytes, after.lost), (5, 35, 0));
    // 12 bytes, extensions of 4 and 4, and the padding.
    assert_eq!(after.header_bytes, 5 * 24);
    assert_eq!(after.last_packet, Some(at(5)));
}

#[test]
fn counters_of_a_senders_reports_go_on_over_their_wrap() {
    let mut session = session(vec![video("v")]);
    let sent = Sent {
        names: &[(MID, "v")],
        ..Sent::default()
    };
    assert_eq!(receive(&mut session, 0, &sent), Ok(()));
    for (millis, octets) in [(0, u32::MAX - 9), (1000, 10)] {
        let info = SenderInfo {
            ntp: NtpTime::new(0),
            rtp: RtpTime::new(0),
            packets: 1,
            octets,
        };
        let mut datagram = Vec::new();
        write_sender_report(&mut datagram, PEER, &info, &[]);
        session.handle_rtcp(at(millis), &datagram).expect("taken");
    }
    let counters = session.receive_counters(PEER).expect("a stream");
    let reported = counters.reported.expect("reports came");
    assert_eq!((reported.packets, reported.reports), (1, 2));
    assert_eq!(reported.bytes, (1 << 32) + 10);
    assert_eq!(reported.arrived, at(1000));
}
