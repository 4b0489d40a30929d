//! Which stream a packet is of (RFC 9143 section 9.2): by the section's and the encoding's name in
//! the packet, by what is known of its source, or else by its payload type.

use std::collections::BTreeMap;

use crate::datagram::DropReason;
use crate::ids::{Mid, PayloadType, Rid, Ssrc};
use crate::rtp::{CodecName, Feedback, RtpPlan, RtpSection};
use crate::time::Time;
use crate::wire::payload;
use crate::wire::rtp::{Extensions, FixedHeader};

/// Most sources of a transport. A new one takes the place of the one that was silent longest.
const MAX_SOURCES: usize = 256;
/// Most sources that are counted though nothing is known of them.
const MAX_UNKNOWN: usize = 64;

/// What a payload type of a section stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Media(Format),
    /// Retransmissions of packets of this type.
    Repair(PayloadType),
}

/// What a stream's handling depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) clock_rate: u32,
    /// How its payloads make frames, where they do.
    pub(crate) payload: Option<payload::Format>,
    /// Lost packets may be asked for.
    pub(crate) nack: bool,
    /// Packets that are asked for are sent again, in a stream for that (RFC 4588). Without one, senders
    /// may repeat packets as they were; that is taken, and not waited for.
    pub(crate) repairs: bool,
    /// Key frames may be asked for, and how.
    pub(crate) key_frames: KeyFrames,
    /// What its payloads hold instead of media.
    pub(crate) wrap: Wrap,
}

/// What payloads hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrap {
    /// Media.
    None,
    /// Payloads of other types (RFC 2198).
    Red,
    /// The parity of other packets (RFC 5109).
    Parity,
}

/// How key frames are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFrames {
    Never,
    ByPli,
    ByFir,
}

/// Where a packet goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) target: Target,
    pub(crate) format: Format,
    /// The source was not known before.
    pub(crate) is_new: bool,
    /// A source that made room for it.
    pub(crate) evicted: Option<Ssrc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// It is of the stream of its own source.
    Media,
    /// It repairs the stream of another source, whose packets have this type.
    Repair { of: Ssrc, payload_type: PayloadType },
}

#[derive(Debug)]
struct Section {
    payloads: BTreeMap<PayloadType, Payload>,
    rids: Vec<Rid>,
}

impl Section {
    fn new(section: &RtpSection) -> Option<Self> {
        let plan = section.receive.as_ref()?;
        let mut payloads = BTreeMap::new();
        for codec in &plan.codecs {
            let has = |kind| codec.feedback.contains(kind);
            let format = Format {
                clock_rate: codec.codec.clock_rate,
                payload: payload::Format::from_name(codec.codec.name.as_str()),
                nack: has(Feedback::Nack),
                repairs: codec.rtx.is_some(),
                key_frames: match (has(Feedback::NackPli), has(Feedback::CcmFir)) {
                    (true, _) => KeyFrames::ByPli,
                    (false, true) => KeyFrames::ByFir,
                    (false, false) => KeyFrames::Never,
                },
                wrap: match codec.codec.name {
                    CodecName::Red => Wrap::Red,
                    CodecName::UlpFec => Wrap::Parity,
                    _ => Wrap::None,
                },
            };
            payloads.insert(codec.payload_type, Payload::Media(format));
            if let Some(rtx) = codec.rtx {
                payloads.insert(rtx.payload_type, Payload::Repair(codec.payload_type));
            }
        }
        Some(Self {
            payloads,
            rids: plan.rids.clone(),
        })
    }

    /// What a payload type stands for, and the format of the media that it is or repairs.
    fn format(&self, payload_type: PayloadType) -> Option<(Option<PayloadType>, Format)> {
        match *self.payloads.get(&payload_type)? {
            Payload::Media(format) => Some((None, format)),
            Payload::Repair(of) => match *self.payloads.get(&of)? {
                Payload::Media(format) => Some((Some(of), format)),
                Payload::Repair(_) => None,
            },
        }
    }
}

/// A source whose packets have come.
#[derive(Debug)]
struct Source {
    mid: Mid,
    rid: Option<Rid>,
    /// The source that it repairs, if it does.
    repairs: Option<Ssrc>,
    last: Time,
}

/// What a description said of a source.
#[derive(Debug)]
struct Announced {
    mid: Mid,
    rid: Option<Rid>,
    repairs: Option<Ssrc>,
}

/// The sections of a transport and its sources.
#[derive(Debug, Default)]
pub(crate) struct Router {
    sections: BTreeMap<Mid, Section>,
    announced: BTreeMap<Ssrc, Announced>,
    /// The only section that has a payload type; none if several have it.
    by_payload: BTreeMap<PayloadType, Option<Mid>>,
    sources: BTreeMap<Ssrc, Source>,
    unknown: BTreeMap<Ssrc, u64>,
}

impl Router {
    /// Takes another plan. Sources of sections that are received no more are forgotten, and given.
    pub(crate) fn apply(&mut self, plan: &RtpPlan) -> Vec<Ssrc> {
        self.sections.clear();
        self.announced.clear();
        self.by_payload.clear();
        for section in &plan.sections {
            let Some(found) = Section::new(section) else {
                continue;
            };
            for payload_type in found.payloads.keys() {
                self.by_payload
                    .entry(*payload_type)
                    .and_modify(|only| *only = None)
                    .or_insert_with(|| Some(section.mid.clone()));
            }
            self.sections.insert(section.mid.clone(), found);
            for stream in section.receive.iter().flat_map(|plan| &plan.streams) {
                let announced = |repairs| Announced {
                    mid: section.mid.clone(),
                    rid: stream.rid.clone(),
                    repairs,
                };
                self.announced.insert(stream.ssrc, announced(None));
                if let Some(rtx) = stream.rtx {
                    self.announced.insert(rtx, announced(Some(stream.ssrc)));
                }
            }
        }
        let mut gone = Vec::new();
        self.sources.retain(|ssrc, source| {
            let stays = self.sections.contains_key(&source.mid);
            if !stays {
                gone.push(*ssrc);
            }
            stays
        });
        gone
    }

    /// Finds the stream of a packet, and keeps what it tells of its source.
    pub(crate) fn route(
        &mut self,
        now: Time,
        header: &FixedHeader,
        names: &Extensions<'_>,
    ) -> Result<Route, DropReason> {
        let ssrc = header.ssrc;
        if let Some(source) = self.sources.get_mut(&ssrc)
            && names.mid.is_none_or(|mid| source.mid == *mid)
            && names
                .rid
                .is_none_or(|rid| source.rid.as_ref().is_none_or(|known| known == rid))
            && let Some(section) = self.sections.get(&source.mid)
        {
            let (of, format) = section
                .format(header.payload_type)
                .ok_or(DropReason::Media)?;
            let target = match (of, source.repairs) {
                (None, None) => Some(Target::Media),
                (Some(payload_type), Some(of)) => Some(Target::Repair { of, payload_type }),
                // It has become something else.
                _ => None,
            };
            if let Some(target) = target {
                source.last = now;
                return Ok(Route {
                    target,
                    format,
                    is_new: false,
                    evicted: None,
                });
            }
        }
        let route = self.latch(now, header, names);
        if route.is_none() {
            let has_room = self.unknown.len() < MAX_UNKNOWN;
            if has_room || self.unknown.contains_key(&ssrc) {
                *self.unknown.entry(ssrc).or_default() += 1;
            }
        }
        route.ok_or(DropReason::Media)
    }

    /// Finds out what a source is, by a packet that tells more than is known.
    fn latch(&mut self, now: Time, header: &FixedHeader, names: &Extensions<'_>) -> Option<Route> {
        let ssrc = header.ssrc;
        let known = self.sources.get(&ssrc);
        let announced = self.announced.get(&ssrc);
        // RFC 9143 section 9.2: a name that no section has drops the packet.
        let mid = match names.mid {
            Some(mid) => self.sections.get_key_value(mid)?.0,
            None => known
                .map(|source| &source.mid)
                .or_else(|| announced.map(|source| &source.mid))
                .or_else(|| self.by_payload.get(&header.payload_type)?.as_ref())?,
        }
        .clone();
        let section = self.sections.get(&mid)?;
        let (of, format) = section.format(header.payload_type)?;
        // RFC 8852 section 3: an encoding's name stands in its packets, or as that of the one that is
        // repaired.
        let name = if of.is_some() {
            names.repaired_rid.or(names.rid)
        } else {
            names.rid
        };
        // Where no encodings were negotiated, their names mean nothing.
        let rid = match name.filter(|_| !section.rids.is_empty()) {
            Some(name) => Some(section.rids.iter().find(|rid| *rid == name)?.clone()),
            None => known
                .and_then(|source| source.rid.clone())
                .or_else(|| announced.and_then(|source| source.rid.clone())),
        };
        let target = match of {
            None => {
                // Without its name an encoding of a simulcast could be any of them.
                if rid.is_none() && !section.rids.is_empty() && announced.is_none() {
                    return None;
                }
                Target::Media
            }
            Some(payload_type) => Target::Repair {
                of: announced
                    .and_then(|source| source.repairs)
                    .or_else(|| self.repaired(&mid, rid.as_ref()))?,
                payload_type,
            },
        };
        let repairs = match target {
            Target::Media => None,
            Target::Repair { of, .. } => Some(of),
        };
        let evicted = self.make_room(ssrc);
        let source = Source {
            mid,
            rid,
            repairs,
            last: now,
        };
        self.unknown.remove(&ssrc);
        self.sources.insert(ssrc, source);
        Some(Route {
            target,
            format,
            is_new: true,
            evicted,
        })
    }

    /// The media source of an encoding, or the only one of a section; of several the last one heard.
    fn repaired(&self, mid: &Mid, rid: Option<&Rid>) -> Option<Ssrc> {
        let media = self.sources.iter().filter(|(_, source)| {
            source.repairs.is_none() && source.mid == *mid && source.rid.as_ref() == rid
        });
        media
            .max_by_key(|(_, source)| source.last)
            .map(|(ssrc, _)| *ssrc)
    }

    fn make_room(&mut self, newcomer: Ssrc) -> Option<Ssrc> {
        if self.sources.len() < MAX_SOURCES || self.sources.contains_key(&newcomer) {
            return None;
        }
        let oldest = self.sources.iter().min_by_key(|(_, source)| source.last);
        let oldest = *oldest?.0;
        self.sources.remove(&oldest);
        Some(oldest)
    }

    /// What a payload type is in the section of a source.
    pub(crate) fn format(&self, ssrc: Ssrc, payload_type: PayloadType) -> Option<Format> {
        let section = self.sections.get(&self.sources.get(&ssrc)?.mid)?;
        match section.payloads.get(&payload_type)? {
            Payload::Media(format) => Some(*format),
            Payload::Repair(_) => None,
        }
    }

    /// The section and the encoding of a source.
    pub(crate) fn names(&self, ssrc: Ssrc) -> Option<(&Mid, Option<&Rid>)> {
        let source = self.sources.get(&ssrc)?;
        Some((&source.mid, source.rid.as_ref()))
    }

    /// The source of a stream's retransmissions: the one that has repaired it last, or the one that
    /// was announced.
    pub(crate) fn repair_of(&self, ssrc: Ssrc) -> Option<Ssrc> {
        let sources = self.sources.iter();
        let sources = sources.filter(|(_, source)| source.repairs == Some(ssrc));
        let heard = sources.max_by_key(|(_, source)| source.last);
        heard.map(|(repair, _)| *repair).or_else(|| {
            let mut announced = self.announced.iter();
            announced.find_map(|(repair, source)| (source.repairs == Some(ssrc)).then_some(*repair))
        })
    }

    /// The sources of which nothing is known, with how many packets came.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (Ssrc, u64)> + '_ {
        self.unknown.iter().map(|(ssrc, packets)| (*ssrc, *packets))
    }
}

#[cfg(test)]
mod tests;
