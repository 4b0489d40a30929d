//! Frames over two RTP sessions whose packets are lost, late, out of order and doubled.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::ids::{PayloadType, Ssrc};
use ironrtc_core::rng::Rng;
use ironrtc_core::rtp::{
    Codec, CodecName, CodecParameters, EncodingPlan, ExtensionPlan, Feedback, FeedbackSet,
    HeaderExtension, MediaKind, OutgoingFrame, ReceivePlan, RtpEvent, RtpFrame, RtpPlan,
    RtpSection, RtpSession, RtxParameters, SendPlan,
};
use ironrtc_core::time::Time;
use ironrtc_core::wire::rtp::RtpTime;

use crate::payloads::{access_units, ivf, ogg, vector};

const STREAM: Ssrc = Ssrc::new(50);
const TYPE: u8 = 96;
/// The first timestamp: they wrap.
const FIRST: u32 = u32::MAX - 9_000;

fn payload_type(number: u8) -> PayloadType {
    PayloadType::new(number).expect("a payload type")
}

/// One stream of a codec, sent by one side and received by the other; repaired or not.
fn plans(kind: MediaKind, name: CodecName, clock_rate: u32, is_repaired: bool) -> [RtpPlan; 2] {
    let mut feedback = vec![Feedback::NackPli];
    if is_repaired {
        feedback.push(Feedback::Nack);
    }
    let codec = CodecParameters {
        payload_type: payload_type(TYPE),
        codec: Codec::new(kind, name, clock_rate),
        feedback: FeedbackSet::of(&feedback),
        rtx: is_repaired.then(|| RtxParameters {
            payload_type: payload_type(TYPE + 1),
            time: None,
        }),
    };
    let extensions = [
        (1, HeaderExtension::Mid),
        (4, HeaderExtension::TransportSequence),
    ]
    .map(|(id, extension)| ExtensionPlan {
        id,
        extension,
        send: true,
        receive: true,
    });
    let section = RtpSection {
        mid: "0".parse().expect("a word"),
        kind,
        extensions: extensions.to_vec(),
        reduced_size: true,
        receiver_rtt: false,
        send: None,
        receive: None,
    };
    let sends = RtpSection {
        send: Some(SendPlan {
            codecs: vec![codec.clone()],
            cname: "name".into(),
            encodings: vec![EncodingPlan {
                ssrc: STREAM,
                rtx: is_repaired.then(|| Ssrc::new(51)),
                rid: None,
                active: true,
                max_bitrate: None,
            }],
            max_bitrate: None,
        }),
        ..section.clone()
    };
    let receives = RtpSection {
        receive: Some(ReceivePlan {
            codecs: vec![codec],
            rids: Vec::new(),
            streams: Vec::new(),
        }),
        ..section
    };
    [sends, receives].map(|section| RtpPlan {
        sections: vec![section],
        ..RtpPlan::default()
    })
}

/// Two sessions, and what is on its way from the first to the second.
struct Link {
    here: RtpSession,
    there: RtpSession,
    rng: Rng,
    /// By the time of arrival, in milliseconds.
    flight: BTreeMap<(u64, u64), Bytes>,
    count: u64,
    loss_percent: u64,
    is_protected: bool,
}

impl Link {
    fn new(plans: &[RtpPlan; 2], seed: u64, loss_percent: u64) -> Self {
        let mut rng = Rng::from_test_seed(seed);
        let mut sessions = plans.each_ref().map(|plan| {
            let mut session = RtpSession::new(Time::ZERO, Duration::ZERO, rng.fork());
            session.apply(Time::ZERO, plan);
            session
        });
        sessions.reverse();
        let [there, here] = sessions;
        Self {
            here,
            there,
            rng,
            flight: BTreeMap::new(),
            count: 0,
            loss_percent,
            is_protected: true,
        }
    }

    fn send(&mut self, index: usize, rate: u32, millis: u64, frame: &[u8]) {
        let frame = OutgoingFrame {
            payload_type: payload_type(TYPE),
            timestamp: RtpTime::new(FIRST).plus((rate / 100 * index as u32) as i32),
            captured: Time::from_millis(millis),
            data: Bytes::copy_from_slice(frame),
            about: Default::default(),
            extensions: Default::default(),
        };
        self.here.send_frame(STREAM, &frame).expect("queued");
    }

    /// A millisecond passes. Gives whether a key frame is asked for.
    fn step(&mut self, millis: u64, frames: &mut Vec<RtpFrame>) -> bool {
        let now = Time::from_millis(millis);
        self.here.handle_timeout(now);
        let mut out = Vec::new();
        while self.there.poll_rtcp(now, &mut out) {
            self.here.handle_rtcp(now, &out).expect("taken");
            out.clear();
        }
        while self.here.poll_rtp(now, &mut out) {
            assert!(out.len() <= 1212, "{} bytes", out.len());
            let packet = Bytes::from(std::mem::take(&mut out));
            let is_lost = !self.is_protected && self.rng.below(100) < self.loss_percent;
            let copies = if is_lost {
                0
            } else {
                1 + u64::from(self.rng.below(50) == 0)
            };
            for _ in 0..copies {
                self.count += 1;
                let arrives = millis + 10 + self.rng.below(6);
                self.flight.insert((arrives, self.count), packet.clone());
            }
        }
        while let Some(entry) = self.flight.first_entry()
            && entry.key().0 <= millis
        {
            let _ = self.there.handle_rtp(now, None, &entry.remove());
        }
        let due = self.there.next_deadline();
        if due.is_some_and(|due| due.at <= now) {
            self.there.handle_timeout(now);
        }
        frames.extend(std::iter::from_fn(|| self.there.recv_frame(STREAM)));
        let mut events = std::iter::from_fn(|| self.here.poll_event());
        events.any(|event| matches!(event, RtpEvent::KeyFrameRequested(_)))
    }
}

/// Sends all frames, with retransmissions; gives those that arrive.
fn repaired(name: CodecName, sent: &[impl AsRef<[u8]>], seed: u64) -> Vec<RtpFrame> {
    let mut link = Link::new(&plans(MediaKind::Video, name, 90_000, true), seed, 5);
    let mut frames = Vec::new();
    for millis in 0..sent.len() as u64 * 10 + 1_000 {
        let index = (millis / 10) as usize;
        // What comes before the first packet, or after the last one, nobody can miss.
        link.is_protected = index == 0 || index + 1 >= sent.len();
        if millis % 10 == 0
            && let Some(frame) = sent.get(index)
        {
            link.send(index, 90_000, millis, frame.as_ref());
        }
        assert!(!link.step(millis, &mut frames) || index == 0, "at {millis}");
    }
    let counters = link.there.receive_counters(STREAM).expect("a stream");
    assert!(counters.repaired > 10, "{counters:?}");
    frames
}

fn assert_equal(frames: &[RtpFrame], sent: &[impl AsRef<[u8]>]) {
    assert_eq!(frames.len(), sent.len());
    for (index, (frame, sent)) in frames.iter().zip(sent).enumerate() {
        assert!(frame.data == sent.as_ref(), "frame {index} differs");
        assert_eq!(frame.key, frame.about.key, "frame {index}");
        let before = index.checked_sub(1).and_then(|before| frames.get(before));
        assert!(before.is_none_or(|before| before.time + 900 == frame.time));
    }
}

#[test]
fn all_frames_of_vp8_come_though_one_packet_in_twenty_is_lost() {
    let file = vector("output_vp8.ivf");
    let sent = ivf(&file);
    assert_equal(&repaired(CodecName::Vp8, &sent, 1), &sent);
}

#[test]
fn all_frames_of_vp9_come_though_one_packet_in_twenty_is_lost() {
    let file = vector("output_vp9.ivf");
    let sent = ivf(&file);
    assert_equal(&repaired(CodecName::Vp9, &sent, 2), &sent);
}

#[test]
fn all_frames_of_h264_come_though_one_packet_in_twenty_is_lost() {
    let sent = access_units(&vector("output.264"));
    assert_equal(&repaired(CodecName::H264, &sent, 3), &sent);
}

/// Without retransmissions: the encoder begins anew with a key frame when it is asked for one. Gives
/// how many frames were sent, and came.
fn unrepaired(name: CodecName, file: &[impl AsRef<[u8]>], seed: u64) -> (usize, usize) {
    let mut link = Link::new(&plans(MediaKind::Video, name, 90_000, false), seed, 2);
    let (mut frames, mut sent) = (Vec::new(), Vec::new());
    let (mut next, mut asked) = (0, 0);
    for millis in 0..20_000 {
        link.is_protected = millis < 10;
        if millis % 10 == 0 {
            link.send(sent.len(), 90_000, millis, file[next].as_ref());
            sent.push(next);
            next = (next + 1) % file.len();
        }
        if link.step(millis, &mut frames) {
            next = 0;
            asked += 1;
        }
    }
    assert!(asked > 5, "{asked}");
    let mut before = None;
    for frame in &frames {
        let index = (frame.timestamp.since(RtpTime::new(FIRST)) / 900) as usize;
        assert!(frame.data == file[sent[index]].as_ref(), "frame {index}");
        // Each is a key frame, or follows the one before it.
        assert!(frame.key || before == index.checked_sub(1), "frame {index}");
        before = Some(index);
    }
    (sent.len(), frames.len())
}

#[test]
fn without_retransmissions_only_whole_frames_come_that_can_be_decoded() {
    let (vp8, vp9) = (vector("output_vp8.ivf"), vector("output_vp9.ivf"));
    for (sent, came) in [
        unrepaired(CodecName::Vp8, &ivf(&vp8), 4),
        unrepaired(CodecName::Vp9, &ivf(&vp9), 5),
        unrepaired(CodecName::H264, &access_units(&vector("output.264")), 6),
    ] {
        assert!(came > sent / 10 && came < sent, "{came} of {sent}");
    }
}

#[test]
fn audio_goes_on_behind_what_is_lost_and_tells_it() {
    let sent = ogg(&vector("output.ogg"));
    let sent = &sent[..500];
    let plans = plans(MediaKind::Audio, CodecName::Opus, 48_000, false);
    let mut link = Link::new(&plans, 7, 5);
    let mut frames = Vec::new();
    for millis in 0..sent.len() as u64 * 20 + 100 {
        let index = (millis / 20) as usize;
        link.is_protected = index == 0 || index + 1 >= sent.len();
        if millis % 20 == 0
            && let Some(frame) = sent.get(index)
        {
            link.send(2 * index, 48_000, millis, frame);
        }
        link.step(millis, &mut frames);
    }
    let first = frames.first().expect("frames came").time;
    let mut next = 0;
    for frame in &frames {
        let index = (frame.time - first) / 960;
        assert_eq!(frame.lost_before, index - next);
        assert!(frame.data == sent[index as usize]);
        next = index + 1;
    }
    assert_eq!(next, 500);
    assert!(frames.len() < 490, "{}", frames.len());
}
