//! All that a transport's RTP session is told, whole and declarative: `jsep` compiles descriptions
//! into it, and ORTC users write it by hand.

use super::{CodecParameters, HeaderExtension, MediaKind};
use crate::ids::{Mid, Rid, Ssrc};

/// The RTP session of one transport.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RtpPlan {
    /// The media sections that go over the transport, in the order of the description.
    pub sections: Vec<RtpSection>,
    /// The peer takes packets whose header extensions are in the long form beside others in the
    /// short form (`a=extmap-allow-mixed`, RFC 8285 section 4.1.2).
    pub mixed_extensions: bool,
    /// Both sides know encrypted headers (RFC 9335): what we send has them.
    pub cryptex: bool,
}

/// One media section: a transceiver that is sent, received, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpSection {
    /// Its identification tag, which packets may carry.
    pub mid: Mid,
    /// What it carries.
    pub kind: MediaKind,
    /// The header extensions that both sides know.
    pub extensions: Vec<ExtensionPlan>,
    /// RTCP packets may be sent alone (`a=rtcp-rsize`, RFC 5506).
    pub reduced_size: bool,
    /// Whoever only receives tells when it was told (`a=rtcp-xr:rcvr-rtt`, RFC 3611 section 5).
    pub receiver_rtt: bool,
    /// What we send.
    pub send: Option<SendPlan>,
    /// What we receive.
    pub receive: Option<ReceivePlan>,
}

/// A header extension of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionPlan {
    /// Its number in packets: 1 to 14, or up to 255 in the long form.
    pub id: u8,
    /// What it is.
    pub extension: HeaderExtension,
    /// The peer takes it from us.
    pub send: bool,
    /// We take it from the peer.
    pub receive: bool,
}

/// What is sent in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendPlan {
    /// What the peer can receive, under its payload types. The first that is not RTX, RED or the
    /// like is sent where nothing else is asked.
    pub codecs: Vec<CodecParameters>,
    /// The name of our sources (RFC 7022).
    pub cname: String,
    /// The encodings: one, or those of a simulcast.
    pub encodings: Vec<EncodingPlan>,
    /// The most that the peer takes in this section, in bits a second (`b=TIAS`, `b=AS`).
    pub max_bitrate: Option<u64>,
}

/// One encoding that is sent (`RTCRtpEncodingParameters`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodingPlan {
    /// Its source.
    pub ssrc: Ssrc,
    /// The source of its retransmissions.
    pub rtx: Option<Ssrc>,
    /// Its name in a simulcast.
    pub rid: Option<Rid>,
    /// It is sent; otherwise it is paused.
    pub active: bool,
    /// The most that is sent, in bits a second.
    pub max_bitrate: Option<u64>,
}

/// What is received in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivePlan {
    /// What we can receive, under our payload types.
    pub codecs: Vec<CodecParameters>,
    /// The names of the peer's encodings, if it sends a simulcast.
    pub rids: Vec<Rid>,
    /// The sources that the peer has announced. Others are known by what their packets carry.
    pub streams: Vec<StreamPlan>,
}

/// A source that the peer has announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    /// The source.
    pub ssrc: Ssrc,
    /// The source of its retransmissions.
    pub rtx: Option<Ssrc>,
    /// The encoding that it is of, where that was said.
    pub rid: Option<Rid>,
}
