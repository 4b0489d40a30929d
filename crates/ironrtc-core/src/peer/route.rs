//! Where the media of one transceiver goes, and what it goes on from.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::ids::{Mid, PayloadType, Rid, Ssrc};
use crate::jsep::TransceiverId;
use crate::rtp::forward::{Forwarder, LayerChoice, Line, RateMeter};
use crate::rtp::{Codec, CodecName, RtpSection};
use crate::transport::TransportId;
use crate::wire::payload::Format;

/// Most sources of one transceiver that are kept in mind: the encodings of a simulcast, and what a
/// peer replaces them with.
const MAX_SOURCES: usize = 32;

/// One encoding that is sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) ssrc: Ssrc,
    rid: Option<Rid>,
    pub(super) is_active: bool,
}

/// A codec that is received.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) payload_type: PayloadType,
    pub(super) codec: Arc<Codec>,
    pub(super) format: Option<Format>,
}

/// A source that is received.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) ssrc: Ssrc,
    /// The encoding that it is of.
    pub(super) rid: Option<Rid>,
    pub(super) meter: RateMeter,
}

/// Where the media of one transceiver goes.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) transport: TransportId,
    pub(super) mid: Mid,
    pub(super) received: Vec<Received>,
    sent: Vec<(PayloadType, Codec)>,
    /// The codec that was sent last, found again by its address.
    last_sent: Option<(Arc<Codec>, PayloadType)>,
    pub(super) outgoing: Vec<Outgoing>,
    pub(super) sources: VecDeque<Source>,
    /// Those of them that may have something to read.
    pub(super) readable: VecDeque<Ssrc>,
    /// Those of them that have said goodbye.
    left: Vec<Ssrc>,
    pub(super) lines: BTreeMap<Ssrc, Line>,
    /// By the sources that go out.
    pub(super) forwarders: BTreeMap<Ssrc, Forwarder>,
    /// Tells its sources' timelines from those of other connections.
    pub(super) salt: u64,
}

impl Route {
    pub(super) fn new(transport: TransportId, mid: Mid, salt: u64) -> Self {
        Self {
            transport,
            mid,
            received: Vec::new(),
            sent: Vec::new(),
            last_sent: None,
            outgoing: Vec::new(),
            sources: VecDeque::new(),
            readable: VecDeque::new(),
            left: Vec::new(),
            lines: BTreeMap::new(),
            forwarders: BTreeMap::new(),
            salt,
        }
    }

    pub(super) fn apply(&mut self, transport: TransportId, section: &RtpSection) {
        if self.transport != transport || section.receive.is_none() {
            self.forget_sources();
        }
        self.transport = transport;
        self.mid.clone_from(&section.mid);
        let receives = section.receive.iter().flat_map(|receive| &receive.codecs);
        self.received = receives
            .map(|codec| Received {
                payload_type: codec.payload_type,
                codec: Arc::new(codec.codec.clone()),
                format: Format::from_name(codec.codec.name.as_str()),
            })
            .collect();
        let sends = section.send.iter().flat_map(|send| &send.codecs);
        self.sent = sends
            .map(|codec| (codec.payload_type, codec.codec.clone()))
            .collect();
        self.last_sent = None;
        let encodings = section.send.iter().flat_map(|send| &send.encodings);
        self.outgoing = encodings
            .map(|encoding| Outgoing {
                ssrc: encoding.ssrc,
                rid: encoding.rid.clone(),
                is_active: encoding.active,
            })
            .collect();
        // One that is not sent now may be again, and its timestamps go on then.
        if self.lines.len() > MAX_SOURCES {
            let outgoing = &self.outgoing;
            let lasts = |ssrc: &Ssrc| outgoing.iter().any(|encoding| encoding.ssrc == *ssrc);
            self.lines.retain(|ssrc, _| lasts(ssrc));
            self.forwarders.retain(|ssrc, _| lasts(ssrc));
        }
    }

    /// Its media goes nowhere any more.
    pub(super) fn clear(&mut self) {
        self.received.clear();
        self.sent.clear();
        self.last_sent = None;
        self.outgoing.clear();
        self.forget_sources();
    }

    fn forget_sources(&mut self) {
        self.sources.clear();
        self.readable.clear();
        self.left.clear();
    }

    pub(super) fn on_began(&mut self, ssrc: Ssrc, rid: Option<Rid>) {
        self.left.retain(|source| *source != ssrc);
        self.sources.retain(|known| known.ssrc != ssrc);
        if self.sources.len() >= MAX_SOURCES
            && let Some(oldest) = self.sources.pop_front()
        {
            self.on_ended(oldest.ssrc);
        }
        self.sources.push_back(Source {
            ssrc,
            rid,
            meter: RateMeter::default(),
        });
    }

    pub(super) fn on_ended(&mut self, ssrc: Ssrc) {
        self.sources.retain(|source| source.ssrc != ssrc);
        self.readable.retain(|source| *source != ssrc);
        self.left.retain(|source| *source != ssrc);
    }

    /// A source says goodbye. Whether none is left.
    pub(super) fn on_goodbye(&mut self, ssrc: Ssrc) -> bool {
        let is_known = self.sources.iter().any(|known| known.ssrc == ssrc);
        if is_known && !self.left.contains(&ssrc) {
            self.left.push(ssrc);
        }
        is_known && self.left.len() == self.sources.len()
    }

    pub(super) fn on_readable(&mut self, ssrc: Ssrc) -> bool {
        let is_known = self.sources.iter().any(|known| known.ssrc == ssrc);
        if is_known && !self.readable.contains(&ssrc) {
            self.readable.push_back(ssrc);
        }
        is_known
    }

    /// The payload type of a codec. It is looked for once, as a track's packets have one codec.
    pub(super) fn payload_type(&mut self, codec: &Arc<Codec>) -> Option<PayloadType> {
        if let Some((last, payload_type)) = &self.last_sent
            && Arc::ptr_eq(last, codec)
        {
            return Some(*payload_type);
        }
        let exact = self.sent.iter().find(|(_, known)| *known == **codec);
        let close = || self.sent.iter().find(|(_, known)| known.matches(codec));
        let (payload_type, _) = exact.or_else(close)?;
        self.last_sent = Some((codec.clone(), *payload_type));
        Some(*payload_type)
    }

    /// The encoding that packets of this name go out as: that of the same name, or the first.
    pub(super) fn encoding(&self, rid: Option<&Rid>) -> Option<Ssrc> {
        let named = |encoding: &&Outgoing| rid.is_some() && encoding.rid.as_ref() == rid;
        let same = self.outgoing.iter().find(named);
        let mut active = self.outgoing.iter().filter(|encoding| encoding.is_active);
        let found = same.or_else(|| active.next());
        Some(found.or_else(|| self.outgoing.first())?.ssrc)
    }

    /// The payload type of tones, and their clock, which is that of the audio that is sent
    /// (RFC 4733 section 2.1).
    pub(super) fn telephone_event(&self) -> Option<(PayloadType, u32)> {
        let last = self.last_sent.as_ref().map(|(codec, _)| codec.clock_rate);
        let is_audio = |(_, codec): &&(PayloadType, Codec)| !codec.name.is_helper();
        let first = || self.sent.iter().find(is_audio);
        let rate = last.or_else(|| Some(first()?.1.clock_rate))?;
        let is_event = |codec: &Codec| codec.name == CodecName::TelephoneEvent;
        let mut events = self.sent.iter().filter(|(_, codec)| is_event(codec));
        let found = events.clone().find(|(_, codec)| codec.clock_rate == rate);
        let (payload_type, codec) = found.or_else(|| events.next())?;
        Some((*payload_type, codec.clock_rate))
    }

    /// The encoding that a source which is sent, or forwarded in part, needs a key frame of.
    pub(super) fn source_of(&self, ssrc: Ssrc) -> Option<Rid> {
        let forwarded = self.forwarders.get(&ssrc).and_then(Forwarder::current);
        let mut outgoing = self.outgoing.iter();
        let named = || outgoing.find(|one| one.ssrc == ssrc)?.rid.as_ref();
        forwarded.or_else(named).cloned()
    }
}

/// The routes of all transceivers whose media was agreed on.
#[derive(Debug, Default)]
pub(super) struct Routes {
    pub(super) all: BTreeMap<TransceiverId, Route>,
    /// Which layers are forwarded, where the application has said so.
    pub(super) choices: BTreeMap<TransceiverId, LayerChoice>,
}

impl Routes {
    pub(super) fn get(&self, id: TransceiverId) -> Option<&Route> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: TransceiverId) -> Option<&mut Route> {
        self.all.get_mut(&id)
    }
}
