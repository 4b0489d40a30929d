//! Media between two transports, from plans written by hand.

use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::datagram::{DropReason, Path};
use ironrtc_core::dtls;
use ironrtc_core::ice;
use ironrtc_core::ids::{PayloadType, Ssrc};
use ironrtc_core::rtp::{
    Codec, CodecName, CodecParameters, EncodingPlan, Feedback, FeedbackSet, MediaKind,
    OutgoingExtensions, OutgoingPacket, ReceivePlan, RtpEvent, RtpPlan, RtpSection, SendPlan,
    StreamPlan,
};
use ironrtc_core::srtp::Profile;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{
    DtlsPlan, Event, PacketKind, SendMediaError, SrtpState, TransportPlan,
};
use ironrtc_core::wire::rtp::RtpTime;

use crate::ortc::{Side, run, start_ice};

/// The source of all packets.
const SOURCE: Ssrc = Ssrc::new(5);

/// Two transports with DTLS; the sides for which `media` is true have media as well.
fn connected(media: [bool; 2]) -> ([Side; 2], [TransportPlan; 2], Time) {
    let mut sides = [Side::new(1), Side::new(2)];
    let mut now = Time::ZERO;
    let mut plans = start_ice(&mut sides, ice::Role::Controlling, now);
    let fingerprints = [1, 0].map(|at: usize| sides[at].transport.certificate().fingerprints());
    let roles = [dtls::Role::Client, dtls::Role::Server];
    for ((plan, remote_fingerprints), role) in plans.iter_mut().zip(fingerprints).zip(roles) {
        plan.dtls = Some(DtlsPlan {
            role,
            remote_fingerprints,
        });
    }
    for ((side, plan), media) in sides.iter_mut().zip(&mut plans).zip(media) {
        plan.rtp = media.then(audio);
        side.transport.apply(now, plan);
    }
    run(&mut sides, &mut now, Duration::from_secs(2));
    (sides, plans, now)
}

/// A packet that tells which it is.
fn rtp(sequence: u16, len: usize) -> Vec<u8> {
    let mut packet = vec![0x80, 96];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 9, 0, 0, 0, 5]);
    packet.resize(len, sequence as u8);
    packet
}

/// A goodbye of the source.
fn rtcp() -> Vec<u8> {
    vec![0x80, 201, 0, 1, 0, 0, 0, 5, 0x81, 203, 0, 1, 0, 0, 0, 5]
}

/// What has come of the one source, by number and payload.
fn received(side: &mut Side) -> Vec<(u16, Bytes)> {
    let Some(session) = side.transport.rtp_mut() else {
        return Vec::new();
    };
    let packets = std::iter::from_fn(|| session.recv_packet(SOURCE));
    packets
        .map(|packet| (packet.sequence.get(), packet.payload))
        .collect()
}

/// What is received of [`rtp`].
fn read(sequence: u16, len: usize) -> (u16, Bytes) {
    let payload = rtp(sequence, len).split_off(12);
    (sequence, payload.into())
}

/// Audio of one source, received and nothing else.
fn audio() -> RtpPlan {
    let codec = CodecParameters {
        payload_type: PayloadType::new(96).unwrap(),
        codec: Codec::new(MediaKind::Audio, CodecName::Opus, 48_000).with_channels(2),
        feedback: FeedbackSet::default(),
        rtx: None,
    };
    let section = RtpSection {
        mid: "audio".parse().unwrap(),
        kind: MediaKind::Audio,
        extensions: Vec::new(),
        reduced_size: true,
        receiver_rtt: false,
        send: None,
        receive: Some(ReceivePlan {
            codecs: vec![codec],
            rids: Vec::new(),
            streams: vec![StreamPlan {
                ssrc: SOURCE,
                rtx: None,
                rid: None,
            }],
        }),
    };
    RtpPlan {
        sections: vec![section],
        ..RtpPlan::default()
    }
}

#[test]
fn packets_go_both_ways_under_the_keys_of_dtls() {
    let (mut sides, _, mut now) = connected([true, true]);
    for at in [0, 1] {
        let side = &mut sides[at].transport;
        assert_eq!(side.srtp_state(), SrtpState::Connected);
        assert_eq!(side.srtp_profile(), Some(Profile::AeadAes256Gcm));
        // Of several sizes, so that more than one batch is needed.
        for (sequence, len) in [(1, 1100), (2, 1100), (3, 1200), (4, 80), (5, 90)] {
            side.send_media(PacketKind::Rtp, rtp(sequence, len))
                .unwrap();
        }
        side.send_media(PacketKind::Rtcp, rtcp()).unwrap();
        let mut first = Vec::new();
        side.poll_transmit(now, 1, &mut first).unwrap();
        assert!((192..=223).contains(&first[1]), "RTCP goes first");
        run(&mut sides, &mut now, Duration::from_millis(10));
        let got = received(&mut sides[1 - at]);
        let sent = [(1, 1100), (2, 1100), (3, 1200), (4, 80), (5, 90)];
        assert_eq!(got, sent.map(|(sequence, len)| read(sequence, len)));
        let readable = Event::Rtp(RtpEvent::Readable(SOURCE));
        assert!(sides[1 - at].events.contains(&readable));
        let changed = Event::SrtpStateChange(SrtpState::Connected);
        assert!(sides[at].events.contains(&changed));
    }
}

#[test]
fn packets_of_one_size_leave_in_one_batch() {
    in_one_batch(false);
}

/// RFC 9335 adds to the packets that have contributing sources and no extension, and to no others.
#[test]
fn packets_with_encrypted_headers_leave_in_one_batch() {
    in_one_batch(true);
}

fn in_one_batch(cryptex: bool) {
    let (mut sides, mut plans, now) = connected([true, true]);
    let [a, b] = &mut sides;
    if let Some(plan) = &mut plans[0].rtp {
        plan.cryptex = cryptex;
    }
    a.transport.apply(now, &plans[0]);
    let lengths = [1100, 1100, 1100, 80, 1200, 1200];
    for (sequence, len) in lengths.into_iter().enumerate() {
        let packet = rtp(sequence as u16, len);
        a.transport.send_media(PacketKind::Rtp, packet).unwrap();
    }
    let mut batches = Vec::new();
    let mut out = Vec::new();
    while let Some(transmit) = a.transport.poll_transmit(now, 10, &mut out) {
        let segment = transmit.segment_size.unwrap_or(transmit.size);
        batches.push(transmit.size.div_ceil(segment));
        let path = Path::udp(transmit.path.remote, transmit.path.local);
        for datagram in out.chunks_mut(segment) {
            b.transport.handle_datagram(now, path, None, datagram);
        }
        out.clear();
    }
    assert_eq!(batches, [4, 2]);
    let got: Vec<_> = received(b)
        .iter()
        .map(|(_, data)| 12 + data.len())
        .collect();
    assert_eq!(got, lengths);
}

#[test]
fn nothing_flows_before_our_own_description_allows_it() {
    let (mut sides, mut plans, mut now) = connected([true, false]);
    let [a, b] = &mut sides;
    a.transport
        .send_media(PacketKind::Rtp, rtp(1, 100))
        .unwrap();
    let refused = b.transport.send_media(PacketKind::Rtp, rtp(1, 100));
    assert_eq!(refused, Err(SendMediaError::NotConnected));
    run(&mut sides, &mut now, Duration::from_millis(10));
    let [a, b] = &mut sides;
    assert_eq!(received(b), []);
    assert_eq!(b.transport.drops().count(DropReason::Media), 1);
    assert_eq!(b.transport.srtp_state(), SrtpState::New);

    // Later on, the keys of the same handshake serve.
    plans[1].rtp = Some(audio());
    b.transport.apply(now, &plans[1]);
    a.transport
        .send_media(PacketKind::Rtp, rtp(2, 100))
        .unwrap();
    run(&mut sides, &mut now, Duration::from_millis(10));
    assert_eq!(received(&mut sides[1]), [read(2, 100)]);

    // And no longer than it allows.
    plans[1].rtp = None;
    let [a, b] = &mut sides;
    b.transport
        .send_media(PacketKind::Rtp, rtp(1, 100))
        .unwrap();
    b.transport.apply(now, &plans[1]);
    a.transport
        .send_media(PacketKind::Rtp, rtp(3, 100))
        .unwrap();
    run(&mut sides, &mut now, Duration::from_millis(10));
    assert_eq!(received(&mut sides[1]), []);
    assert_eq!(received(&mut sides[0]), [], "what waited is not sent");
}

#[test]
fn what_is_not_the_peers_is_counted_and_not_delivered() {
    let (mut sides, _, mut now) = connected([true, true]);
    let [a, b] = &mut sides;
    let path = b.transport.ice().selected().unwrap().path();
    a.transport
        .send_media(PacketKind::Rtp, rtp(1, 100))
        .unwrap();
    let mut sealed = Vec::new();
    a.transport.poll_transmit(now, 1, &mut sealed).unwrap();
    let mut elsewhere = path;
    elsewhere.remote.set_port(9);
    let mut forged = sealed.clone();
    forged[50] ^= 1;
    let transport = &mut b.transport;
    let mut receive = |path, data: &[u8]| {
        transport.handle_datagram(now, path, None, &mut data.to_vec());
    };
    receive(elsewhere, &sealed);
    receive(path, &forged);
    receive(path, &sealed[..20]);
    receive(path, &sealed);
    receive(path, &sealed);
    receive(path, &rtcp());
    assert_eq!(received(b), [read(1, 100)]);
    let drops = b.transport.drops();
    for (reason, count) in [
        (DropReason::UnvalidatedPath, 1),
        (DropReason::SrtpAuth, 1),
        (DropReason::SrtpReplay, 1),
        (DropReason::RtpMalformed, 2),
    ] {
        assert_eq!(drops.count(reason), count, "{reason}");
    }
    run(&mut sides, &mut now, Duration::from_millis(10));
}

#[test]
fn packets_of_the_sessions_leave_as_their_pacers_say() {
    let (mut sides, mut plans, mut now) = connected([true, true]);
    let section = &mut plans[0].rtp.as_mut().unwrap().sections[0];
    let codecs = section.receive.as_ref().unwrap().codecs.clone();
    let payload_type = codecs[0].payload_type;
    section.send = Some(SendPlan {
        codecs,
        cname: "us".into(),
        encodings: vec![EncodingPlan {
            ssrc: SOURCE,
            rtx: None,
            rid: None,
            active: true,
            max_bitrate: None,
        }],
        max_bitrate: None,
    });
    sides[0].transport.apply(now, &plans[0]);
    for step in 0..50_u32 {
        let packet = OutgoingPacket {
            payload_type,
            marker: false,
            timestamp: RtpTime::new(step * 960),
            captured: now,
            payload: vec![step as u8; 100].into(),
            extensions: OutgoingExtensions::default(),
            place: None,
        };
        let session = sides[0].transport.rtp_mut().unwrap();
        session.send_packet(SOURCE, packet).unwrap();
        run(&mut sides, &mut now, Duration::from_millis(20));
        let got = received(&mut sides[1]);
        assert_eq!(got.len(), 1, "packet {step}");
        assert_eq!(got[0].1, vec![step as u8; 100]);
    }
}

/// Moves what both have to send, but for each fiftieth packet of media, and tells how many of those
/// were lost on their way from each side.
fn exchange_with_loss(sides: &mut [Side; 2], now: Time, count: &mut [usize; 2]) -> [usize; 2] {
    let mut lost = [0; 2];
    for from in [0, 1] {
        let mut out = Vec::new();
        while let Some(transmit) = sides[from].transport.poll_transmit(now, 10, &mut out) {
            let segment = transmit.segment_size.unwrap_or(transmit.size);
            let path = Path::udp(transmit.path.remote, transmit.path.local);
            for datagram in out.chunks_mut(segment) {
                if datagram[0] == 0x80 && datagram[1] == 96 {
                    count[from] += 1;
                    if count[from].is_multiple_of(50) {
                        lost[from] += 1;
                        continue;
                    }
                }
                let to = &mut sides[1 - from].transport;
                to.handle_datagram(now, path, None, datagram);
            }
            out.clear();
        }
    }
    lost
}

#[test]
fn sequence_numbers_turn_in_both_directions_while_packets_are_lost() {
    let (mut sides, mut plans, mut now) = connected([true, true]);
    for (side, plan) in sides.iter_mut().zip(&mut plans) {
        let section = &mut plan.rtp.as_mut().unwrap().sections[0];
        let receive = section.receive.as_mut().unwrap();
        receive.codecs[0].feedback = FeedbackSet::of(&[Feedback::Nack]);
        side.transport.apply(now, plan);
    }
    let (mut count, mut got) = ([0; 2], [0; 2]);
    let mut last = [None; 2];
    for batch in 0..1_100_u32 {
        for step in 0..100 {
            // It begins where first numbers do, and ends behind the second turn.
            let number = 32_000 + batch * 100 + step;
            for side in &mut sides {
                let packet = rtp(number as u16, 40);
                side.transport.send_media(PacketKind::Rtp, packet).unwrap();
            }
        }
        let before = count;
        let lost = exchange_with_loss(&mut sides, now, &mut count);
        for at in [0, 1] {
            assert_eq!(count[1 - at] - before[1 - at], 100);
            let session = sides[at].transport.rtp_mut().unwrap();
            let arrived: Vec<_> = std::iter::from_fn(|| session.recv_packet(SOURCE)).collect();
            assert_eq!(arrived.len(), 100 - lost[1 - at], "batch {batch}");
            for packet in arrived {
                assert!(last[at].is_none_or(|last| packet.position > last));
                last[at] = Some(packet.position);
                got[at] += 1;
            }
        }
        now += Duration::from_millis(20);
        for side in &mut sides {
            side.transport.handle_timeout(now);
        }
    }
    for at in [0, 1] {
        assert_eq!(got[at], 110_000 - 2_200);
        let drops = sides[at].transport.drops();
        for reason in [DropReason::SrtpAuth, DropReason::SrtpReplay] {
            assert_eq!(drops.count(reason), 0);
        }
        let asked = sides[at].transport.rtp().unwrap();
        assert!(asked.receive_counters(SOURCE).unwrap().nacks > 0);
    }
}

#[test]
fn packets_that_wait_are_bounded() {
    let (mut sides, _, mut now) = connected([true, true]);
    let mut sent = 0;
    for _ in 0..3 {
        let a = &mut sides[0].transport;
        while a.send_media(PacketKind::Rtp, rtp(sent, 50)).is_ok() {
            sent += 1;
            assert!(sent < 10_000);
        }
        let full = a.send_media(PacketKind::Rtp, rtp(sent, 50));
        assert_eq!(full, Err(SendMediaError::Full));
        run(&mut sides, &mut now, Duration::from_millis(10));
    }
    let long = sides[0]
        .transport
        .send_media(PacketKind::Rtp, rtp(sent, 1300));
    assert_eq!(long, Err(SendMediaError::TooLong));
    let got = received(&mut sides[1]);
    assert_eq!(got.len(), usize::from(sent));
    assert_eq!(got.last(), Some(&read(sent - 1, 50)));
}

#[test]
fn the_sessions_tell_each_other_what_they_have_received() {
    let (mut sides, _, mut now) = connected([true, true]);
    let before = sides[0].transport.counters().packets_received;
    let a = &mut sides[0].transport;
    a.send_media(PacketKind::Rtp, rtp(1, 100)).unwrap();
    run(&mut sides, &mut now, Duration::from_secs(30));
    let after = sides[0].transport.counters().packets_received;
    assert!(
        (3..=12).contains(&(after - before)),
        "one in about five seconds"
    );
    assert_eq!(
        sides[0].transport.drops().count(DropReason::RtpMalformed),
        0
    );
}

#[test]
fn media_ends_with_dtls() {
    let (mut sides, _, mut now) = connected([true, true]);
    let a = &mut sides[0].transport;
    a.send_media(PacketKind::Rtp, rtp(1, 100)).unwrap();
    run(&mut sides, &mut now, Duration::from_millis(10));
    let a = &mut sides[0].transport;
    a.send_media(PacketKind::Rtp, rtp(2, 100)).unwrap();
    a.send_media(PacketKind::Rtcp, rtcp()).unwrap();
    a.stop_dtls(now);
    let refused = a.send_media(PacketKind::Rtp, rtp(3, 100));
    assert_eq!(refused, Err(SendMediaError::NotConnected));
    run(&mut sides, &mut now, Duration::from_secs(1));
    let goodbye = Event::Rtp(RtpEvent::Goodbye(SOURCE));
    assert!(sides[1].events.contains(&goodbye));
    // What came before can still be read.
    assert_eq!(received(&mut sides[1]), [read(1, 100)]);
    for side in &mut sides {
        assert_eq!(side.transport.srtp_state(), SrtpState::Closed);
        assert_eq!(received(side), []);
        let last = side
            .events
            .iter()
            .rev()
            .find(|event| matches!(event, Event::SrtpStateChange(_)));
        assert_eq!(last, Some(&Event::SrtpStateChange(SrtpState::Closed)));
    }
}
