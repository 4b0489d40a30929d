//! From a transceiver to what its section says, in an offer or an answer.

use super::{
    Direction, ExtensionIds, Msid, PayloadTypes, RidLine, Simulcast, answer_codecs,
    answer_extensions, answer_rids,
};
use crate::ids::Rid;
use crate::jsep::config::MediaConfig;
use crate::jsep::read::{RtpSection, Says, Source};
use crate::jsep::transceiver::Transceiver;
use crate::jsep::write::RtpLines;
use crate::rtp::{Codec, CodecParameters};

/// What the sections of a session share.
#[derive(Clone, Debug, Default)]
pub(in crate::jsep) struct Numbers {
    pub(in crate::jsep) payload_types: PayloadTypes,
    pub(in crate::jsep) extensions: ExtensionIds,
}

impl Numbers {
    /// Takes over what the peer says in a section.
    pub(in crate::jsep) fn learn(&mut self, section: &RtpSection) {
        self.payload_types.learn(&section.codecs, &section.unknown);
        self.extensions.learn(&section.extensions);
    }
}

/// What we offer for a transceiver. `before` is what our last description says of it.
pub(in crate::jsep) fn offer(
    transceiver: &Transceiver,
    before: Option<&RtpSection>,
    config: &MediaConfig,
    numbers: &mut Numbers,
    cname: &str,
) -> RtpLines {
    let capabilities = config.capabilities(transceiver.kind());
    let wanted = wanted(transceiver, &capabilities.codecs);
    let known = before.map(|before| before.codecs.as_slice());
    let codecs = (numbers.payload_types).offer(wanted, known.unwrap_or_default());
    let extensions = numbers.extensions.offer(&capabilities.header_extensions);
    let direction = transceiver.direction();
    let mut lines = RtpLines {
        direction,
        extensions,
        cname: cname.to_owned(),
        says: Says {
            reduced_size: true,
            mixed_extensions: true,
            cryptex: config.cryptex,
            receiver_rtt: true,
        },
        mux_only: true,
        ..RtpLines::default()
    };
    if direction.sends() {
        lines.msids = msids(transceiver);
        let encodings = transceiver.sender().encodings();
        if encodings.len() > 1 {
            for parameters in encodings.iter().map(|encoding| &encoding.parameters) {
                if let Some(rid) = &parameters.rid {
                    lines.rids.push(RidLine::new(rid.clone(), true));
                    lines.simulcast.send.push((rid.clone(), !parameters.active));
                }
            }
        }
    }
    if lines.simulcast.send.is_empty() && names_sources(transceiver, direction) {
        lines.sources = sources(transceiver, &codecs);
    }
    // RFC 9429 section 5.2.2: what we receive of a simulcast stays agreed.
    if let Some((before, simulcast)) = before
        .filter(|_| direction.receives())
        .and_then(|before| Some((before, before.simulcast.as_ref()?)))
    {
        let rids = before.rids.iter().filter(|line| !line.sends);
        lines.rids.extend(rids.cloned());
        lines.simulcast.receive.clone_from(&simulcast.receive);
    }
    lines.codecs = codecs;
    lines
}

/// What we answer for a transceiver; `None` if there is no codec that both sides have.
pub(in crate::jsep) fn answer(
    transceiver: &Transceiver,
    offered: &RtpSection,
    config: &MediaConfig,
    cname: &str,
) -> Option<RtpLines> {
    let capabilities = config.capabilities(transceiver.kind());
    let wanted = wanted(transceiver, &capabilities.codecs);
    let preferences = !transceiver.codec_preferences().is_empty();
    let codecs = answer_codecs(&offered.codecs, wanted, preferences);
    if codecs.is_empty() {
        return None;
    }
    let direction = offered.direction.reversed();
    let direction = direction.intersection(transceiver.direction());
    let extensions = answer_extensions(
        &offered.extensions,
        &capabilities.header_extensions,
        offered.says.mixed_extensions,
    );
    let encodings = transceiver.sender().encodings().iter();
    let send: Vec<Rid> = encodings
        .filter_map(|encoding| encoding.parameters.rid.clone())
        .filter(|_| direction.sends())
        .collect();
    let (rids, simulcast) = answer_rids(
        &offered.rids,
        offered.simulcast.as_ref(),
        &codecs,
        direction.receives(),
        &send,
    );
    let mut lines = RtpLines {
        direction,
        extensions,
        cname: cname.to_owned(),
        rids,
        says: Says {
            reduced_size: offered.says.reduced_size,
            mixed_extensions: offered.says.mixed_extensions,
            cryptex: config.cryptex && offered.says.cryptex,
            receiver_rtt: offered.says.receiver_rtt,
        },
        ..RtpLines::default()
    };
    if direction.sends() {
        lines.msids = msids(transceiver);
    }
    if simulcast.send.is_empty() && names_sources(transceiver, direction) {
        lines.sources = sources(transceiver, &codecs);
    }
    (lines.simulcast, lines.codecs) = (simulcast, codecs);
    Some(lines)
}

/// A section of ours that no transceiver is behind: an application wrote it. It stays, and nothing
/// is sent or received in it.
pub(in crate::jsep) fn idle(section: &RtpSection) -> RtpLines {
    RtpLines {
        direction: Direction::Inactive,
        codecs: section.codecs.clone(),
        extensions: section.extensions.clone(),
        says: section.says,
        simulcast: Simulcast::default(),
        ..RtpLines::default()
    }
}

fn wanted<'a>(transceiver: &'a Transceiver, capable: &'a [Codec]) -> &'a [Codec] {
    match transceiver.codec_preferences() {
        [] => capable,
        preferences => preferences,
    }
}

/// RFC 8830 section 2: a stream each, with the name of what is sent.
fn msids(transceiver: &Transceiver) -> Vec<Msid> {
    let sender = transceiver.sender();
    let track = Some(sender.name().to_owned());
    let msid = |stream: Option<&String>| Msid {
        stream: stream.cloned(),
        track: track.clone(),
    };
    match sender.streams() {
        [] => vec![msid(None)],
        streams => streams.iter().map(|stream| msid(Some(stream))).collect(),
    }
}

/// Whether its source is named: from when it first sends, whatever it does then. What libwebrtc does
/// not find named any more it takes for ended, and when that comes back its pictures are not shown.
fn names_sources(transceiver: &Transceiver, direction: Direction) -> bool {
    let sender = transceiver.sender();
    direction.sends() || (sender.has_sent() && sender.encodings().len() == 1)
}

fn sources(transceiver: &Transceiver, codecs: &[CodecParameters]) -> Vec<Source> {
    let repeats = codecs.iter().any(|codec| codec.rtx.is_some());
    let first = transceiver.sender().encodings().first();
    let source = first.map(|encoding| Source {
        ssrc: encoding.ssrc,
        rtx: repeats.then_some(encoding.rtx),
    });
    source.into_iter().collect()
}
