//! What the tests of sessions have in common: plans, and packets as a peer sends them.

use bytes::Bytes;

use super::{
    Codec, CodecName, CodecParameters, EncodingPlan, ExtensionPlan, Feedback, FeedbackSet,
    HeaderExtension, MediaKind, ReceivePlan, RtpPlan, RtpSection, RtxParameters, SendPlan,
};
use crate::ids::{PayloadType, Rid, Ssrc};
use crate::wire::rtp::{ElementSet, FixedHeader, Form, RtpTime, SeqNo};

pub(crate) const MID: u8 = 1;
pub(crate) const RID: u8 = 2;
pub(crate) const REPAIRED: u8 = 3;
pub(crate) const TRANSPORT: u8 = 4;

fn payload_type(number: u8) -> PayloadType {
    PayloadType::of_low_bits(number)
}

fn section(mid: &str, kind: MediaKind, codec: CodecParameters) -> RtpSection {
    let extension = |(id, extension)| ExtensionPlan {
        id,
        extension,
        send: true,
        receive: true,
    };
    RtpSection {
        mid: mid.parse().expect("a word"),
        kind,
        extensions: [
            (MID, HeaderExtension::Mid),
            (RID, HeaderExtension::RtpStreamId),
            (REPAIRED, HeaderExtension::RepairedRtpStreamId),
            (TRANSPORT, HeaderExtension::TransportSequence),
        ]
        .map(extension)
        .to_vec(),
        reduced_size: true,
        receiver_rtt: false,
        send: None,
        receive: Some(ReceivePlan {
            codecs: vec![codec],
            rids: Vec::new(),
            streams: Vec::new(),
        }),
    }
}

/// Opus as 111, without retransmissions.
pub(crate) fn audio(mid: &str) -> RtpSection {
    let codec = CodecParameters {
        payload_type: payload_type(111),
        codec: Codec::new(MediaKind::Audio, CodecName::Opus, 48_000).with_channels(2),
        feedback: FeedbackSet::of(&[Feedback::TransportCc]),
        rtx: None,
    };
    section(mid, MediaKind::Audio, codec)
}

/// VP8 as 96, retransmitted as 97.
pub(crate) fn video(mid: &str) -> RtpSection {
    let codec = CodecParameters {
        payload_type: payload_type(96),
        codec: Codec::new(MediaKind::Video, CodecName::Vp8, 90_000),
        feedback: FeedbackSet::of(&[Feedback::TransportCc, Feedback::Nack, Feedback::NackPli]),
        rtx: Some(RtxParameters {
            payload_type: payload_type(97),
            time: None,
        }),
    };
    section(mid, MediaKind::Video, codec)
}

/// Video in several encodings.
pub(crate) fn simulcast(mid: &str, rids: &[&str]) -> RtpSection {
    let mut section = video(mid);
    let rids = rids.iter().map(|rid| rid.parse::<Rid>().expect("a rid"));
    if let Some(receive) = &mut section.receive {
        receive.rids = rids.collect();
    }
    section
}

pub(crate) fn plan(sections: Vec<RtpSection>) -> RtpPlan {
    RtpPlan {
        sections,
        ..RtpPlan::default()
    }
}

/// The same section, which sends too: each encoding has its source, that of its retransmissions and
/// its name.
pub(crate) fn sending(
    mut section: RtpSection,
    encodings: &[(u32, Option<u32>, Option<&str>)],
) -> RtpSection {
    let codecs = section
        .receive
        .as_ref()
        .map(|receive| receive.codecs.clone());
    let encodings = encodings.iter().map(|(ssrc, rtx, rid)| EncodingPlan {
        ssrc: Ssrc::new(*ssrc),
        rtx: rtx.map(Ssrc::new),
        rid: rid.map(|rid| rid.parse().expect("a rid")),
        active: true,
        max_bitrate: None,
    });
    section.send = Some(SendPlan {
        codecs: codecs.unwrap_or_default(),
        cname: "a name of ours".into(),
        encodings: encodings.collect(),
        max_bitrate: None,
    });
    section
}

/// A packet of a peer.
#[derive(Clone, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) ssrc: u32,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) names: &'a [(u8, &'a str)],
    pub(crate) transport: Option<u16>,
    pub(crate) payload: &'a [u8],
    pub(crate) padding: u8,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self {
            ssrc: 7,
            payload_type: 96,
            sequence: 1,
            timestamp: 0,
            names: &[],
            transport: None,
            payload: b"payload",
            padding: 0,
        }
    }
}

impl Sent<'_> {
    pub(crate) fn packet(&self) -> Bytes {
        let mut elements = ElementSet::new();
        for (id, name) in self.names {
            elements.push(*id, name.as_bytes());
        }
        if let Some(number) = self.transport {
            elements.push(TRANSPORT, &number.to_be_bytes());
        }
        let fixed = FixedHeader {
            marker: false,
            payload_type: payload_type(self.payload_type),
            sequence: SeqNo::new(self.sequence),
            timestamp: RtpTime::new(self.timestamp),
            ssrc: Ssrc::new(self.ssrc),
        };
        let mut out = Vec::new();
        fixed.write(&mut out, &[], &elements, Form::OneByte, self.padding > 0);
        out.extend_from_slice(self.payload);
        crate::wire::rtp::write_padding(&mut out, self.padding);
        out.into()
    }
}
