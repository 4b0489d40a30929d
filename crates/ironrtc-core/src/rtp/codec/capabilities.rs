//! What we can send and receive where an application says nothing else.

use super::{Codec, CodecName, FormatParameters, MediaKind};
use crate::rtp::HeaderExtension;

/// Codecs and header extensions (`RTCRtpCapabilities`), in the order of preference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpCapabilities {
    /// Codecs. RTX and RED are among them once each.
    pub codecs: Vec<Codec>,
    /// Header extensions.
    pub header_extensions: Vec<HeaderExtension>,
}

macro_rules! h264 {
    ($mode:literal, $profile:literal) => {
        concat!(
            "level-asymmetry-allowed=1;packetization-mode=",
            $mode,
            ";profile-level-id=",
            $profile
        )
    };
}

/// The formats of video that are taken, each with its parameters. The levels are those of browsers:
/// old peers compare the text.
const VIDEO: [(CodecName, &str); 12] = [
    (CodecName::Vp8, ""),
    (CodecName::H264, h264!("1", "42e01f")),
    (CodecName::H264, h264!("1", "42001f")),
    (CodecName::H264, h264!("1", "4d001f")),
    (CodecName::H264, h264!("1", "640c1f")),
    (CodecName::H264, h264!("1", "64001f")),
    (CodecName::Vp9, "profile-id=0"),
    (CodecName::Av1, "level-idx=5;profile=0;tier=0"),
    (CodecName::Vp9, "profile-id=2"),
    (CodecName::H264, h264!("0", "42e01f")),
    (CodecName::H264, h264!("0", "42001f")),
    (CodecName::H264, h264!("0", "4d001f")),
];

impl RtpCapabilities {
    /// All that the payload formats here can take apart and put together. RED and ULPFEC for video
    /// are taken apart too, but are not among them: browsers wrap VP8 in them as soon as an answer
    /// keeps them, and parity is sent for what retransmissions bring as well. Where peers are far
    /// away, `MediaConfig::with_parity` adds them.
    pub fn usual(kind: MediaKind) -> Self {
        let codecs = match kind {
            MediaKind::Audio => audio(),
            MediaKind::Video => video(),
        };
        Self {
            codecs,
            header_extensions: HeaderExtension::usual(kind).to_vec(),
        }
    }
}

fn audio() -> Vec<Codec> {
    let codec = |name, clock| Codec::new(MediaKind::Audio, name, clock);
    vec![
        codec(CodecName::Opus, 48_000)
            .with_channels(2)
            .with_fmtp("minptime=10;useinbandfec=1"),
        codec(CodecName::Red, 48_000).with_channels(2).with_fmtp(""),
        codec(CodecName::G722, 8_000),
        codec(CodecName::Pcmu, 8_000),
        codec(CodecName::Pcma, 8_000),
        codec(CodecName::TelephoneEvent, 48_000).with_fmtp(""),
        codec(CodecName::TelephoneEvent, 8_000).with_fmtp(""),
    ]
}

fn video() -> Vec<Codec> {
    let formats = VIDEO.into_iter().map(|(name, parameters)| {
        let parameters = FormatParameters::read(&name, parameters);
        let mut codec = Codec::new(MediaKind::Video, name, 90_000);
        codec.parameters = parameters;
        codec
    });
    let rtx = Codec::new(MediaKind::Video, CodecName::Rtx, 90_000).with_fmtp("");
    formats.chain([rtx]).collect()
}
