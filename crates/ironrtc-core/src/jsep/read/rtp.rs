//! What a section for audio or video says (RFC 8866, RFC 8834).

use std::collections::BTreeMap;

use crate::ids::{PayloadType, Ssrc};
use crate::jsep::media::{Direction, ExtensionLine, MAX_ENCODINGS, Msid, RidLine, Simulcast};
use crate::jsep::media::{MAX_EXTENSIONS, MAX_STREAMS};
use crate::rtp::{
    Codec, CodecName, CodecParameters, Feedback, FeedbackSet, Format, FormatParameters, MediaKind,
    RtxParameters,
};
use crate::wire::sdp::{Line, Media, Section};

/// Most sources of a section that are kept: three encodings have six.
pub(in crate::jsep) const MAX_SOURCES: usize = 32;

/// Audio or video over SRTP and with RTCP on the same port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct RtpSection {
    pub(in crate::jsep) kind: MediaKind,
    pub(in crate::jsep) direction: Direction,
    /// In the order of the formats, RTX with the codec that it is of.
    pub(in crate::jsep) codecs: Vec<CodecParameters>,
    /// Formats that are no codec, as far as was said.
    pub(in crate::jsep) unknown: Vec<PayloadType>,
    pub(in crate::jsep) extensions: Vec<ExtensionLine>,
    pub(in crate::jsep) msids: Vec<Msid>,
    pub(in crate::jsep) sources: Vec<Source>,
    pub(in crate::jsep) rids: Vec<RidLine>,
    pub(in crate::jsep) simulcast: Option<Simulcast>,
    pub(in crate::jsep) says: Says,
    /// `b=TIAS` or `b=AS`, in bits a second.
    pub(in crate::jsep) max_bitrate: Option<u64>,
}

/// What a section says by being there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::jsep) struct Says {
    /// `a=rtcp-rsize` (RFC 5506).
    pub(in crate::jsep) reduced_size: bool,
    /// `a=extmap-allow-mixed` (RFC 8285 section 6).
    pub(in crate::jsep) mixed_extensions: bool,
    /// `a=cryptex` (RFC 9335 section 4).
    pub(in crate::jsep) cryptex: bool,
    /// `a=rtcp-xr:rcvr-rtt` (RFC 3611 section 5.1).
    pub(in crate::jsep) receiver_rtt: bool,
}

/// What the session says for all of its sections.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ForAll {
    direction: Direction,
    says: Says,
}

impl ForAll {
    pub(super) fn read(session: &Section) -> Self {
        let mut all = Self::default();
        for (name, value) in session.lines.iter().filter_map(Line::attribute) {
            if let Ok(direction) = name.parse() {
                all.direction = direction;
            }
            all.says.take(name, value);
        }
        all
    }
}

/// A source that the peer announces (`a=ssrc`, RFC 5576).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct Source {
    pub(in crate::jsep) ssrc: Ssrc,
    /// `a=ssrc-group:FID`: the source of its retransmissions.
    pub(in crate::jsep) rtx: Option<Ssrc>,
}

impl RtpSection {
    /// `None` if it is not media that WebRTC can carry.
    pub(super) fn read(media: &Media, all: ForAll) -> Option<Self> {
        let kind = match media.kind.as_str() {
            "audio" => MediaKind::Audio,
            "video" => MediaKind::Video,
            _ => return None,
        };
        // RFC 8827 section 6.5: media over DTLS-SRTP only.
        if !media.protocol.to_ascii_uppercase().contains("TLS/RTP/SAVP") {
            return None;
        }
        let mut section = Self {
            kind,
            direction: all.direction,
            codecs: Vec::new(),
            unknown: Vec::new(),
            extensions: Vec::new(),
            msids: Vec::new(),
            sources: Vec::new(),
            rids: Vec::new(),
            simulcast: None,
            says: all.says,
            max_bitrate: None,
        };
        let mut formats = Formats::default();
        let mut sources = Sources::default();
        let mut mux = false;
        // One pass: a peer may say much.
        for line in &media.section.lines {
            if line.kind == 'b' {
                section.take_bandwidth(&line.value);
            }
            let Some((name, value)) = line.attribute() else {
                continue;
            };
            match name {
                "rtcp-mux" | "rtcp-mux-only" => mux = true,
                "rtpmap" | "fmtp" | "rtcp-fb" => formats.take(name, value),
                "ssrc" | "ssrc-group" => {
                    sources.take(name, value);
                    section.add_msid(Msid::of_source(line));
                }
                "msid" => section.add_msid(Msid::read(value)),
                "rid" if section.rids.len() < 2 * MAX_ENCODINGS => {
                    section.rids.extend(RidLine::read(value));
                }
                "simulcast" => {
                    let read = || Simulcast::read(value);
                    section.simulcast = section.simulcast.take().or_else(read);
                }
                "extmap" if section.extensions.len() < MAX_EXTENSIONS => {
                    section.extensions.extend(ExtensionLine::read(value));
                }
                _ => {
                    section.says.take(name, value);
                    if let Ok(direction) = name.parse() {
                        section.direction = direction;
                    }
                }
            }
        }
        // RFC 8834 section 4.5, RFC 9143 section 9: RTCP has no port of its own.
        if !mux {
            return None;
        }
        (section.codecs, section.unknown) = formats.resolve(media, kind);
        section.codecs.shrink_to_fit();
        section.extensions.shrink_to_fit();
        section.sources = sources.resolve();
        if let Some(simulcast) = &mut section.simulcast {
            simulcast.keep_described(&section.rids);
        }
        section.simulcast = section.simulcast.filter(|simulcast| !simulcast.is_empty());
        Some(section)
    }

    /// RFC 8866 section 5.8, RFC 3890: kilobits with all headers, or bits without those below RTP.
    fn take_bandwidth(&mut self, value: &str) {
        let Some((kind, number)) = value.split_once(':') else {
            return;
        };
        let Ok(number) = number.trim().parse::<u64>() else {
            return;
        };
        match kind {
            "TIAS" => self.max_bitrate = Some(number),
            "AS" => {
                let bits = number.saturating_mul(1_000);
                self.max_bitrate.get_or_insert(bits);
            }
            _ => {}
        }
    }

    fn add_msid(&mut self, msid: Option<Msid>) {
        if let Some(msid) = msid
            && self.msids.len() < MAX_STREAMS
            && !self.msids.contains(&msid)
        {
            self.msids.push(msid);
        }
    }
}

impl Says {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "rtcp-rsize" => self.reduced_size = true,
            "extmap-allow-mixed" => self.mixed_extensions = true,
            "cryptex" => self.cryptex = true,
            "rtcp-xr" => self.receiver_rtt |= value.contains("rcvr-rtt"),
            _ => {}
        }
    }
}

/// What is said of each format.
#[derive(Default)]
struct Formats<'a> {
    maps: BTreeMap<PayloadType, &'a str>,
    parameters: BTreeMap<PayloadType, &'a str>,
    feedback: BTreeMap<PayloadType, FeedbackSet>,
    feedback_for_all: FeedbackSet,
}

impl<'a> Formats<'a> {
    fn take(&mut self, name: &str, value: &'a str) {
        let Some((format, rest)) = value.trim().split_once(|c: char| c.is_ascii_whitespace())
        else {
            return;
        };
        let rest = rest.trim();
        // RFC 4585 section 4.2: feedback may be for all formats.
        if name == "rtcp-fb" {
            let Some(kind) = feedback(rest) else { return };
            match payload_type(format) {
                Some(format) => self.feedback.entry(format).or_default().insert(kind),
                None if format == "*" => self.feedback_for_all.insert(kind),
                None => {}
            }
            return;
        }
        let Some(format) = payload_type(format) else {
            return;
        };
        let lines = match name {
            "rtpmap" => &mut self.maps,
            _ => &mut self.parameters,
        };
        lines.entry(format).or_insert(rest);
    }

    /// The codecs in the order of the formats, and formats that are none.
    fn resolve(self, media: &Media, kind: MediaKind) -> (Vec<CodecParameters>, Vec<PayloadType>) {
        let mut codecs: Vec<CodecParameters> = Vec::new();
        let mut unknown = Vec::new();
        let mut places: BTreeMap<PayloadType, usize> = BTreeMap::new();
        let mut repeats = Vec::new();
        for format in media
            .formats
            .iter()
            .filter_map(|format| payload_type(format))
        {
            if places.contains_key(&format) {
                continue;
            }
            let Some(codec) = self.codec(format, kind) else {
                unknown.push(format);
                continue;
            };
            if let Format::Rtx { of, time } = codec.parameters.format {
                repeats.push((format, of, time));
                continue;
            }
            places.insert(format, codecs.len());
            codecs.push(CodecParameters {
                payload_type: format,
                codec,
                feedback: self
                    .feedback
                    .get(&format)
                    .copied()
                    .unwrap_or_default()
                    .union(self.feedback_for_all),
                rtx: None,
            });
        }
        for (payload_type, of, time) in repeats {
            let of = of.and_then(|of| codecs.get_mut(*places.get(&of)?));
            match of {
                Some(codec) if codec.rtx.is_none() => {
                    codec.rtx = Some(RtxParameters { payload_type, time });
                }
                _ => unknown.push(payload_type),
            }
        }
        (codecs, unknown)
    }

    fn codec(&self, format: PayloadType, kind: MediaKind) -> Option<Codec> {
        // RFC 3551 section 6: static types need no map.
        let map = match (self.maps.get(&format), kind, format.get()) {
            (Some(map), _, _) => *map,
            (None, MediaKind::Audio, 0) => "PCMU/8000",
            (None, MediaKind::Audio, 8) => "PCMA/8000",
            (None, MediaKind::Audio, 9) => "G722/8000",
            (None, MediaKind::Audio, 13) => "CN/8000",
            _ => return None,
        };
        let mut parts = map.split('/');
        let name = CodecName::read(parts.next()?.trim())?;
        let clock_rate = parts
            .next()?
            .trim()
            .parse()
            .ok()
            .filter(|rate| *rate != 0)?;
        let channels = parts
            .next()
            .and_then(|channels| channels.trim().parse().ok());
        let line = self.parameters.get(&format).copied().unwrap_or_default();
        let parameters = FormatParameters::read(&name, line);
        let mut codec = Codec::new(kind, name, clock_rate);
        codec.channels = channels.filter(|channels| *channels != 1);
        codec.parameters = parameters;
        Some(codec)
    }
}

fn payload_type(text: &str) -> Option<PayloadType> {
    PayloadType::new(text.parse().ok()?)
}

fn feedback(text: &str) -> Option<Feedback> {
    let mut words = text.split_ascii_whitespace();
    let (first, second) = (words.next()?, words.next());
    let known = |kind: &Feedback| {
        let mut kind = kind.as_str().split(' ');
        kind.next() == Some(first) && kind.next() == second
    };
    Feedback::ALL.into_iter().find(known)
}

/// What is said of sources.
#[derive(Default)]
struct Sources {
    known: Vec<Ssrc>,
    repeats: Vec<(Ssrc, Ssrc)>,
}

impl Sources {
    fn take(&mut self, name: &str, value: &str) {
        let mut words = value.split_ascii_whitespace();
        let first = words.next();
        let mut numbers = words.filter_map(ssrc);
        match (name, first) {
            ("ssrc", Some(number)) => self.add(ssrc(number)),
            // RFC 5576 section 4.2, RFC 4588 section 8.7.
            ("ssrc-group", Some("FID")) => {
                let (of, rtx) = (numbers.next(), numbers.next());
                if let (Some(of), Some(rtx)) = (of, rtx)
                    && self.repeats.len() < MAX_SOURCES
                {
                    self.repeats.push((of, rtx));
                }
            }
            // The simulcast of old, whose sources may be in no line of their own.
            ("ssrc-group", Some("SIM")) => numbers
                .take(MAX_SOURCES)
                .for_each(|number| self.add(Some(number))),
            _ => {}
        }
    }

    fn add(&mut self, number: Option<Ssrc>) {
        if let Some(number) = number
            && self.known.len() < MAX_SOURCES
            && !self.known.contains(&number)
        {
            self.known.push(number);
        }
    }

    fn resolve(self) -> Vec<Source> {
        let is_repeat = |ssrc: &Ssrc| self.repeats.iter().any(|(_, rtx)| rtx == ssrc);
        let rtx_of = |ssrc: Ssrc| {
            let found = self.repeats.iter().find(|(of, _)| *of == ssrc);
            found.map(|(_, rtx)| *rtx)
        };
        let media = self.known.iter().copied().filter(|ssrc| !is_repeat(ssrc));
        media
            .map(|ssrc| Source {
                ssrc,
                rtx: rtx_of(ssrc),
            })
            .collect()
    }
}

fn ssrc(text: &str) -> Option<Ssrc> {
    text.parse().ok().map(Ssrc::new)
}

#[cfg(test)]
mod tests;
