//! A session that receives and sends, fed with anything.

use std::time::Duration;

use ironrtc_core::ids::{PayloadType, Ssrc};
use ironrtc_core::rng::Rng;
use ironrtc_core::rtp::{
    Codec, CodecName, CodecParameters, EncodingPlan, ExtensionPlan, Feedback, FeedbackSet,
    HeaderExtension, MediaKind, OutgoingPacket, ReceivePlan, RtpPlan, RtpSection, RtpSession,
    RtxParameters, SendPlan,
};
use ironrtc_core::time::Time;
use ironrtc_core::wire::rtp::RtpTime;

const SOURCE: u8 = 50;

fn payload_type(number: u8) -> PayloadType {
    PayloadType::of_low_bits(number)
}

fn plan() -> RtpPlan {
    let codec = CodecParameters {
        payload_type: payload_type(96),
        codec: Codec::new(MediaKind::Video, CodecName::Vp8, 90_000),
        feedback: FeedbackSet::of(&Feedback::ALL),
        rtx: Some(RtxParameters {
            payload_type: payload_type(97),
            time: None,
        }),
    };
    // What is received may be in RED, with parity beside it.
    let helpers = [(98, CodecName::Red), (99, CodecName::UlpFec)];
    let helpers = helpers.map(|(number, name)| CodecParameters {
        payload_type: payload_type(number),
        codec: Codec::new(MediaKind::Video, name, 90_000),
        feedback: FeedbackSet::EMPTY,
        rtx: None,
    });
    let received = [codec.clone()].into_iter().chain(helpers).collect();
    let extensions = HeaderExtension::ALL.into_iter().zip(1..);
    let section = RtpSection {
        mid: 0.into(),
        kind: MediaKind::Video,
        extensions: extensions
            .map(|(extension, id)| ExtensionPlan {
                id,
                extension,
                send: true,
                receive: true,
            })
            .collect(),
        reduced_size: true,
        receiver_rtt: true,
        send: Some(SendPlan {
            codecs: vec![codec],
            cname: "name".into(),
            encodings: vec![EncodingPlan {
                ssrc: Ssrc::new(SOURCE.into()),
                rtx: Some(Ssrc::new(51)),
                rid: None,
                active: true,
                max_bitrate: None,
            }],
            max_bitrate: None,
        }),
        receive: Some(ReceivePlan {
            codecs: received,
            rids: Vec::new(),
            streams: Vec::new(),
        }),
    };
    RtpPlan {
        sections: vec![section],
        ..RtpPlan::default()
    }
}

/// The input is a list of pieces: what each is, how long, and its bytes.
pub(super) fn run(mut data: &[u8]) {
    let mut session = RtpSession::new(Time::ZERO, Duration::ZERO, Rng::from_test_seed(1));
    session.apply(Time::ZERO, &plan());
    let mut now = Time::ZERO;
    while let Some(([kind, length, wait], rest)) = data.split_first_chunk() {
        let (piece, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        now += Duration::from_millis(u64::from(*wait) * 4);
        let mut packet = Vec::new();
        match kind % 4 {
            0 => packet.extend_from_slice(piece),
            // A packet of media, of a retransmission, in RED or of parity.
            1 => packet.extend_from_slice(&[0x80, 96 + kind / 4 % 4]),
            // A datagram about what we send.
            2 => {
                packet.extend_from_slice(&[0x81, 205 + kind / 4 % 2, 0, 0]);
                packet.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, SOURCE]);
            }
            _ => {
                let outgoing = OutgoingPacket {
                    payload_type: payload_type(96),
                    marker: true,
                    timestamp: RtpTime::new(u32::from(*wait)),
                    captured: now,
                    payload: piece.to_vec().into(),
                    extensions: Default::default(),
                    place: None,
                };
                let _ = session.send_packet(Ssrc::new(SOURCE.into()), outgoing);
            }
        }
        if kind % 4 != 0 {
            packet.extend_from_slice(piece);
        }
        if kind % 4 == 2 {
            packet.resize(packet.len().next_multiple_of(4), 0);
            packet[3] = (packet.len() / 4 - 1) as u8;
        }
        let _ = session.handle_rtcp(now, &packet);
        let _ = session.handle_rtp(now, None, &packet.into());
        let streams: Vec<_> = session.received_streams().collect();
        for stream in streams {
            if stream.get() % 2 == 0 {
                while session.recv_frame(stream).is_some() {}
            } else {
                while session.recv_packet(stream).is_some() {}
            }
        }
        poll(&mut session, now);
    }
}

/// What is due comes to an end, and is no larger than a path takes.
fn poll(session: &mut RtpSession, now: Time) {
    let mut out = Vec::new();
    for polled in 0.. {
        assert!(polled < 1000, "there is no end");
        session.handle_timeout(now);
        if !session.poll_rtcp(now, &mut out) && !session.poll_rtp(now, &mut out) {
            break;
        }
        assert!(out.len() <= 1400, "{} bytes", out.len());
        out.clear();
    }
    let due = session.next_deadline().map(|deadline| deadline.at);
    assert!(due.is_none_or(|due| due > now), "what is due was not done");
    while session.poll_event().is_some() {}
}
