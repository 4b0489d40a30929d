//! What a section for audio or video says, as far as it is needed to answer it.

use std::collections::{BTreeMap, BTreeSet};

use crate::jsep::write::is_one_line;
use crate::wire::sdp::Media;

/// The codecs that every WebRTC peer has (RFC 7874 section 3, RFC 7742 section 5).
const CODECS: [&str; 5] = [
    "opus/48000",
    "PCMU/8000",
    "PCMA/8000",
    "VP8/90000",
    "H264/90000",
];

/// Audio or video over SRTP and with RTCP on the same port. Nothing is sent or received yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct RtpSection {
    /// The formats that name a codec that we could use, or else the first one: RFC 3264 section 6
    /// wants one at least, of those offered.
    pub(in crate::jsep) formats: Vec<String>,
    /// The places of the lines that say something of these: `a=rtpmap` and `a=fmtp`. They stay where
    /// they are, since a peer may say much.
    parameters: Box<[usize]>,
}

impl RtpSection {
    /// `None` if it is not media that WebRTC can carry.
    pub(super) fn read(media: &Media) -> Option<Self> {
        // RFC 8827 section 6.5: media over DTLS-SRTP only; RFC 9143 section 9: with one port.
        let readable = matches!(media.kind.as_str(), "audio" | "video")
            && media.protocol.to_ascii_uppercase().contains("TLS/RTP/SAVP")
            && media.section.has("rtcp-mux");
        if !readable {
            return None;
        }
        let formats = known_formats(media);
        let wanted: BTreeSet<&str> = formats.iter().map(String::as_str).collect();
        let tells = |value: &str| {
            let format = value.split_whitespace().next();
            format.is_some_and(|format| wanted.contains(format)) && is_one_line(value)
        };
        let parameters = (media.section.lines.iter().enumerate())
            .filter(|(_, line)| {
                matches!(line.attribute(), Some(("rtpmap" | "fmtp", value)) if tells(value))
            })
            .map(|(place, _)| place)
            .collect();
        Some(Self {
            formats,
            parameters,
        })
    }

    /// The names and values of the attributes about the formats, in `media`, which this was read
    /// from.
    pub(in crate::jsep) fn parameters<'a>(
        &'a self,
        media: &'a Media,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let lines = &media.section.lines;
        let line = |place: &usize| lines.get(*place)?.attribute();
        self.parameters.iter().filter_map(line)
    }
}

fn known_formats(media: &Media) -> Vec<String> {
    let maps: BTreeMap<&str, &str> = media
        .section
        .attributes("rtpmap")
        .filter_map(|(_, value)| value.trim().split_once(' '))
        .collect();
    let known = |format: &&String| {
        // RFC 3551 section 6: these two types need no map.
        let map = match (format.as_str(), maps.get(format.as_str())) {
            (_, Some(map)) => map.trim(),
            ("0", None) => "PCMU/8000",
            ("8", None) => "PCMA/8000",
            _ => return false,
        };
        CODECS.iter().any(|codec| {
            let start = map.get(..codec.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(codec))
        })
    };
    let mut formats: Vec<String> = media.formats.iter().filter(known).cloned().collect();
    if formats.is_empty() {
        formats.extend(media.formats.first().cloned());
    }
    formats
}
