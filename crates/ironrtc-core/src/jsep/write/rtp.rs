//! A section for audio or video (RFC 9429 section 5.2.1), to the letter of the grammar.

use super::start;
use crate::ids::{Mid, Ssrc};
use crate::jsep::media::{Direction, ExtensionLine, Msid, RidLine, Simulcast};
use crate::jsep::read::{Says, Source};
use crate::rtp::{CodecParameters, MediaKind};
use crate::wire::sdp::{Media, Section};

/// The format of a section without a codec: a dynamic payload type without a map.
const NO_CODEC: &str = "127";

/// All that a section of ours says of its media.
#[derive(Clone, Debug, Default)]
pub(in crate::jsep) struct RtpLines {
    pub(in crate::jsep) direction: Direction,
    pub(in crate::jsep) codecs: Vec<CodecParameters>,
    pub(in crate::jsep) extensions: Vec<ExtensionLine>,
    /// What is sent is in these streams.
    pub(in crate::jsep) msids: Vec<Msid>,
    pub(in crate::jsep) sources: Vec<Source>,
    /// The name of our sources.
    pub(in crate::jsep) cname: String,
    pub(in crate::jsep) rids: Vec<RidLine>,
    pub(in crate::jsep) simulcast: Simulcast,
    pub(in crate::jsep) says: Says,
    /// Offers say that RTCP has no port of its own whatever is answered (RFC 8858 section 4).
    pub(in crate::jsep) mux_only: bool,
}

impl RtpLines {
    /// The section, up to what is said of its transport.
    pub(in crate::jsep) fn to_media(
        &self,
        kind: MediaKind,
        protocol: &str,
        mid: Option<&Mid>,
    ) -> Media {
        let mut section = Section::default();
        start(&mut section, mid);
        for extension in self.extensions.iter().filter_map(ExtensionLine::value) {
            section.push_attribute("extmap", extension);
        }
        if self.says.mixed_extensions {
            section.push('a', "extmap-allow-mixed");
        }
        section.push('a', self.direction.as_str());
        for msid in &self.msids {
            let stream = msid.stream.as_deref().unwrap_or("-");
            let track = msid.track.as_ref().map(|track| format!(" {track}"));
            section.push_attribute("msid", format!("{stream}{}", track.unwrap_or_default()));
        }
        section.push('a', "rtcp-mux");
        if self.mux_only {
            section.push('a', "rtcp-mux-only");
        }
        if self.says.reduced_size {
            section.push('a', "rtcp-rsize");
        }
        if self.says.receiver_rtt {
            section.push_attribute("rtcp-xr", "rcvr-rtt=all");
        }
        if self.says.cryptex {
            section.push('a', "cryptex");
        }
        let mut formats = self.write_codecs(&mut section);
        // RFC 8866 section 5.14: a section has a format, though it be one that means nothing.
        if formats.is_empty() {
            formats.push(NO_CODEC.into());
        }
        for rid in &self.rids {
            section.push_attribute("rid", rid);
        }
        if !self.simulcast.is_empty() {
            section.push_attribute("simulcast", &self.simulcast);
        }
        self.write_sources(&mut section);
        Media {
            kind: kind.as_str().into(),
            port: 9,
            protocol: protocol.into(),
            formats,
            number: 0,
            section,
        }
    }

    fn write_codecs(&self, section: &mut Section) -> Vec<String> {
        let mut formats = Vec::new();
        for parameters in &self.codecs {
            let (number, codec) = (parameters.payload_type, &parameters.codec);
            formats.push(number.to_string());
            section.push_attribute("rtpmap", format!("{number} {codec}"));
            for kind in parameters.feedback.iter() {
                section.push_attribute("rtcp-fb", format!("{number} {kind}"));
            }
            if let Some(line) = codec.sdp_fmtp_line() {
                section.push_attribute("fmtp", format!("{number} {line}"));
            }
            if let Some(rtx) = parameters.rtx {
                let repeats = rtx.payload_type;
                formats.push(repeats.to_string());
                section.push_attribute("rtpmap", format!("{repeats} rtx/{}", codec.clock_rate));
                let time = rtx.time.map(|time| format!(";rtx-time={time}"));
                let time = time.unwrap_or_default();
                section.push_attribute("fmtp", format!("{repeats} apt={number}{time}"));
            }
        }
        formats
    }

    /// RFC 5576: which source repeats which, and the name of both.
    fn write_sources(&self, section: &mut Section) {
        for source in &self.sources {
            if let Some(rtx) = source.rtx {
                section.push_attribute("ssrc-group", format!("FID {} {rtx}", source.ssrc));
            }
        }
        let mut name = |ssrc: Ssrc| {
            section.push_attribute("ssrc", format!("{ssrc} cname:{}", self.cname));
        };
        for source in &self.sources {
            name(source.ssrc);
            if let Some(rtx) = source.rtx {
                name(rtx);
            }
        }
    }
}
