//! The media of transceivers: which streams are whose, and under which numbers packets go on.
//!
//! An RTP session knows sources and payload types; an application knows transceivers and codecs.
//! A packet that came over one connection goes on over another as it is but for its header.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::carrier::Carrier;
use super::{Event, PeerConnection, TransportEvent};
use crate::ids::{Mid, PayloadType, Rid, Ssrc};
use crate::jsep::TransceiverId;
use crate::rtp::{
    Codec, OutgoingExtensions, OutgoingPacket, Place, RtpEvent, RtpPacket, RtpPlan, RtpSection,
    RtpSession, SendError,
};
use crate::time::Time;
use crate::transport::TransportId;
use crate::wire::rtp::{RtpTime, SeqNo};

/// Most sources of one transceiver that are kept in mind: the encodings of a simulcast, and what a
/// peer replaces them with.
const MAX_SOURCES: usize = 32;

/// What a connection tells of a transceiver's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// There are packets to be received, where there were none.
    Readable,
    /// The peer needs a key frame of the track that is sent.
    KeyFrameRequested,
}

/// A packet of a track. One that was received can be sent as it is, by any connection that has agreed
/// on its codec.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrackPacket {
    /// What the payload is.
    pub codec: Arc<Codec>,
    /// The encoding of a simulcast that it is of.
    pub rid: Option<Rid>,
    /// The payload's mark: with video the last packet of a frame, with audio the first one after
    /// silence.
    pub marker: bool,
    /// Its timestamp, in ticks of the codec's clock.
    pub timestamp: RtpTime,
    /// Its number, of a packet that was received.
    pub sequence: SeqNo,
    /// The payload. Empty if the packet only pads, which takes a number too.
    pub payload: Bytes,
    /// What else its header says.
    pub extensions: OutgoingExtensions,
    /// Tells timelines apart: timestamps of two have nothing to do with each other.
    timeline: Option<u64>,
    /// Its number, unwrapped, of a packet that was received.
    position: u64,
}

impl TrackPacket {
    /// A packet that the application made.
    pub fn new(codec: Arc<Codec>, timestamp: u32, payload: impl Into<Bytes>) -> Self {
        Self {
            codec,
            rid: None,
            marker: false,
            timestamp: RtpTime::new(timestamp),
            sequence: SeqNo::default(),
            payload: payload.into(),
            extensions: OutgoingExtensions::default(),
            timeline: None,
            position: 0,
        }
    }

    /// The same with the payload's mark.
    #[must_use]
    pub const fn with_marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }
}

/// Why a packet of a track was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendPacketError {
    /// It was not agreed, or not yet, that the transceiver sends.
    #[error("it was not agreed that the transceiver sends; exchange descriptions first")]
    NotNegotiated,
    /// There is no path to the peer, or no key: what is made now would be stale when there is.
    #[error("there is no connection to the peer; send once connectionState is \"connected\"")]
    NotConnected,
    /// The peer does not take the codec here.
    #[error("the codec was not negotiated for this transceiver")]
    Codec,
    /// The stream did not take it.
    #[error(transparent)]
    Rtp(#[from] SendError),
}

/// The timestamps of one stream that is sent, whatever its packets' own timestamps are.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Whose timestamps the offset is for.
    timeline: u64,
    offset: u32,
    /// The latest timestamp that was sent, and when.
    latest: (RtpTime, Time),
}

impl Line {
    fn begin(timeline: u64, first: RtpTime, as_what: u32, now: Time) -> Self {
        Self {
            timeline,
            offset: as_what.wrapping_sub(first.get()),
            latest: (RtpTime::new(as_what), now),
        }
    }

    /// The timestamp to send. One of another timeline goes on so much later as the clock has.
    fn map(&mut self, now: Time, timeline: u64, timestamp: RtpTime, clock_rate: u32) -> RtpTime {
        let (latest, sent) = self.latest;
        if self.timeline != timeline {
            let passed = ticks(now.since(sent), clock_rate).max(1);
            let next = latest.get().wrapping_add(passed);
            *self = Self::begin(timeline, timestamp, next, now);
            return RtpTime::new(next);
        }
        let mapped = RtpTime::new(timestamp.get().wrapping_add(self.offset));
        if mapped.is_after(latest) {
            self.latest = (mapped, now);
        }
        mapped
    }
}

/// What so much time is in ticks of a clock, which wrap.
fn ticks(time: Duration, clock_rate: u32) -> u32 {
    (time.as_nanos() * u128::from(clock_rate) / 1_000_000_000) as u32
}

/// Something of a track that is to be sent, for what decides where it goes.
pub(super) struct Outbound<'a> {
    pub(super) codec: &'a Arc<Codec>,
    pub(super) rid: Option<&'a Rid>,
    pub(super) timestamp: RtpTime,
    pub(super) timeline: u64,
}

/// Where it goes, and under which numbers.
pub(super) struct Address<'a> {
    pub(super) session: &'a mut RtpSession,
    pub(super) ssrc: Ssrc,
    pub(super) payload_type: PayloadType,
    pub(super) timestamp: RtpTime,
}

/// Something that was received, with what its transceiver knows of it.
pub(super) struct Inbound<T> {
    pub(super) what: T,
    pub(super) codec: Arc<Codec>,
    pub(super) rid: Option<Rid>,
    pub(super) timeline: u64,
}

/// One encoding that is sent.
#[derive(Debug)]
struct Outgoing {
    ssrc: Ssrc,
    rid: Option<Rid>,
    is_active: bool,
}

/// Where the media of one transceiver goes.
#[derive(Debug)]
struct Route {
    transport: TransportId,
    mid: Mid,
    /// The codecs that are received, by their payload types.
    received: Vec<(PayloadType, Arc<Codec>)>,
    sent: Vec<(PayloadType, Codec)>,
    /// The codec that was sent last, found again by its address.
    last_sent: Option<(Arc<Codec>, PayloadType)>,
    outgoing: Vec<Outgoing>,
    /// Sources that are received, with the encoding that each is of.
    sources: VecDeque<(Ssrc, Option<Rid>)>,
    /// Those of them that may have something to read.
    readable: VecDeque<Ssrc>,
    lines: BTreeMap<Ssrc, Line>,
    /// Tells its sources' timelines from those of other connections.
    salt: u64,
}

impl Route {
    fn new(transport: TransportId, mid: Mid, salt: u64) -> Self {
        Self {
            transport,
            mid,
            received: Vec::new(),
            sent: Vec::new(),
            last_sent: None,
            outgoing: Vec::new(),
            sources: VecDeque::new(),
            readable: VecDeque::new(),
            lines: BTreeMap::new(),
            salt,
        }
    }

    fn apply(&mut self, transport: TransportId, section: &RtpSection) {
        if self.transport != transport || section.receive.is_none() {
            self.sources.clear();
            self.readable.clear();
        }
        self.transport = transport;
        self.mid.clone_from(&section.mid);
        let receives = section.receive.iter().flat_map(|receive| &receive.codecs);
        self.received = receives
            .map(|codec| (codec.payload_type, Arc::new(codec.codec.clone())))
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
        }
    }

    /// Its media goes nowhere any more.
    fn clear(&mut self) {
        self.received.clear();
        self.sent.clear();
        self.last_sent = None;
        self.outgoing.clear();
        self.sources.clear();
        self.readable.clear();
    }

    fn on_began(&mut self, ssrc: Ssrc, rid: Option<Rid>) {
        self.sources.retain(|(known, _)| *known != ssrc);
        if self.sources.len() >= MAX_SOURCES
            && let Some((oldest, _)) = self.sources.pop_front()
        {
            self.readable.retain(|source| *source != oldest);
        }
        self.sources.push_back((ssrc, rid));
    }

    fn on_ended(&mut self, ssrc: Ssrc) {
        self.sources.retain(|(source, _)| *source != ssrc);
        self.readable.retain(|source| *source != ssrc);
    }

    fn on_readable(&mut self, ssrc: Ssrc) -> bool {
        let is_known = self.sources.iter().any(|(known, _)| *known == ssrc);
        if is_known && !self.readable.contains(&ssrc) {
            self.readable.push_back(ssrc);
        }
        is_known
    }

    /// The payload type of a codec. It is looked for once, as a track's packets have one codec.
    fn payload_type(&mut self, codec: &Arc<Codec>) -> Option<PayloadType> {
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
    fn encoding(&self, rid: Option<&Rid>) -> Option<Ssrc> {
        let named = |encoding: &&Outgoing| rid.is_some() && encoding.rid.as_ref() == rid;
        let same = self.outgoing.iter().find(named);
        let mut active = self.outgoing.iter().filter(|encoding| encoding.is_active);
        let found = same.or_else(|| active.next());
        Some(found.or_else(|| self.outgoing.first())?.ssrc)
    }
}

/// The routes of all transceivers whose media was agreed on.
#[derive(Debug, Default)]
pub(super) struct Routes(BTreeMap<TransceiverId, Route>);

impl PeerConnection {
    /// What was agreed on for the media of a transport has changed.
    pub(super) fn route_media(&mut self, id: TransportId, plan: Option<&RtpPlan>) {
        let sections = plan.map(|plan| &plan.sections[..]).unwrap_or_default();
        let mut kept = Vec::new();
        for section in sections {
            let mut all = self.negotiator.transceivers();
            let found = all.find(|transceiver| transceiver.mid() == Some(&section.mid));
            let Some(owner) = found.map(|transceiver| transceiver.id()) else {
                continue;
            };
            let salt = &mut self.timelines;
            let begin = || Route::new(id, section.mid.clone(), salt.u64());
            let route = self.routes.0.entry(owner).or_insert_with(begin);
            route.apply(id, section);
            kept.push(owner);
        }
        for (owner, route) in &mut self.routes.0 {
            if route.transport == id && !kept.contains(owner) {
                route.clear();
            }
        }
        let negotiator = &self.negotiator;
        self.routes
            .0
            .retain(|owner, _| negotiator.transceiver(*owner).is_some());
    }

    /// The next event about media: of a transceiver where it is one's, or else of the transport.
    pub(super) fn next_media_event(&mut self) -> Option<Event> {
        let next =
            |carrier: &mut Carrier| Some((carrier.id, carrier.transport.poll_media_event()?));
        let (id, event) = self.carriers.iter_mut().find_map(next)?;
        let routes = self.routes.0.iter_mut();
        let mut here = routes.filter(|(_, route)| route.transport == id);
        let told = match &event {
            RtpEvent::Began { ssrc, mid, rid } => {
                if let Some((_, route)) = here.find(|(_, route)| route.mid == *mid) {
                    route.on_began(*ssrc, rid.clone());
                }
                let unmuted = self.negotiator.on_media(mid);
                self.events.extend(unmuted.map(Event::Track));
                None
            }
            RtpEvent::Readable(ssrc) | RtpEvent::FrameReadable(ssrc) => here
                .find_map(|(owner, route)| route.on_readable(*ssrc).then_some(*owner))
                .map(|owner| Event::Media(owner, MediaEvent::Readable)),
            RtpEvent::Ended(ssrc) => {
                here.for_each(|(_, route)| route.on_ended(*ssrc));
                None
            }
            RtpEvent::KeyFrameRequested(ssrc) => here
                .find(|(_, route)| route.outgoing.iter().any(|one| one.ssrc == *ssrc))
                .map(|(owner, _)| Event::Media(*owner, MediaEvent::KeyFrameRequested)),
            // All that the transport carries shares it.
            RtpEvent::TargetBitrate(_) => None,
        };
        Some(told.unwrap_or(Event::Transport(id, TransportEvent::Rtp(event))))
    }

    /// The next of what a transceiver has received, read from one of its streams after the other.
    pub(super) fn receive<T>(
        &mut self,
        id: TransceiverId,
        read: impl Fn(&mut RtpSession, Ssrc) -> Option<T>,
        payload_type: impl Fn(&T) -> PayloadType,
    ) -> Option<(Inbound<T>, &RtpSession)> {
        let route = self.routes.0.get_mut(&id)?;
        let session = self
            .carriers
            .get_mut(route.transport)?
            .transport
            .rtp_mut()?;
        while let Some(ssrc) = route.readable.front().copied() {
            let Some(what) = read(session, ssrc) else {
                route.readable.pop_front();
                continue;
            };
            let mut codecs = route.received.iter();
            let codec = codecs.find(|(number, _)| *number == payload_type(&what));
            // What was agreed on may have changed since it came.
            let Some((_, codec)) = codec else {
                continue;
            };
            let mut sources = route.sources.iter();
            let source = sources.find(|(source, _)| *source == ssrc);
            let inbound = Inbound {
                what,
                codec: codec.clone(),
                rid: source.and_then(|(_, rid)| rid.clone()),
                timeline: route.salt ^ u64::from(ssrc.get()),
            };
            return Some((inbound, session));
        }
        None
    }

    /// The next packet that a transceiver has received; those of each encoding in the order of their
    /// arrival. A stream is read by packets or by frames: what is read of it first decides.
    pub fn recv_packet(&mut self, id: TransceiverId) -> Option<TrackPacket> {
        let of = |packet: &RtpPacket| packet.payload_type;
        let (inbound, session) = self.receive(id, RtpSession::recv_packet, of)?;
        let packet = inbound.what;
        Some(TrackPacket {
            codec: inbound.codec,
            rid: inbound.rid,
            marker: packet.marker,
            timestamp: packet.timestamp,
            sequence: packet.sequence,
            extensions: OutgoingExtensions::of(&session.extensions(&packet)),
            payload: packet.payload,
            timeline: Some(inbound.timeline),
            position: packet.position,
        })
    }

    /// Asks the peer for a key frame of what a transceiver receives.
    pub fn request_key_frame(&mut self, id: TransceiverId) {
        let Some(route) = self.routes.0.get(&id) else {
            return;
        };
        if let Some(carrier) = self.carriers.get_mut(route.transport)
            && let Some(session) = carrier.transport.rtp_mut()
        {
            for (ssrc, _) in &route.sources {
                session.request_key_frame(*ssrc);
            }
        }
    }

    /// Where something of a transceiver's track goes, and under which numbers: the payload type that
    /// the peer has for its codec, and a timestamp of the transceiver's own stream.
    pub(super) fn address(
        &mut self,
        now: Time,
        id: TransceiverId,
        item: &Outbound<'_>,
    ) -> Result<Address<'_>, SendPacketError> {
        let not_negotiated = SendPacketError::NotNegotiated;
        let route = self.routes.0.get_mut(&id).ok_or(not_negotiated)?;
        let ssrc = route.encoding(item.rid).ok_or(not_negotiated)?;
        let payload_type = route
            .payload_type(item.codec)
            .ok_or(SendPacketError::Codec)?;
        let carrier = self.carriers.get_mut(route.transport);
        let transport = &mut carrier.ok_or(not_negotiated)?.transport;
        if !transport.media_flows() {
            return Err(SendPacketError::NotConnected);
        }
        let session = transport.rtp_mut().ok_or(not_negotiated)?;
        let timelines = &mut self.timelines;
        let line = route.lines.entry(ssrc).or_insert_with(|| {
            // RFC 3550 section 5.1: the first timestamp is random.
            Line::begin(item.timeline, item.timestamp, timelines.u32(), now)
        });
        let timestamp = line.map(now, item.timeline, item.timestamp, item.codec.clock_rate);
        Ok(Address {
            session,
            ssrc,
            payload_type,
            timestamp,
        })
    }

    /// Sends a packet of a transceiver's track: under the payload type that the peer has for its
    /// codec, with the numbers and timestamps of the transceiver's own stream. `track` tells apart
    /// the timelines of tracks whose packets the application makes.
    pub fn send_packet(
        &mut self,
        now: Time,
        id: TransceiverId,
        track: u64,
        packet: &TrackPacket,
    ) -> Result<(), SendPacketError> {
        let item = Outbound {
            codec: &packet.codec,
            rid: packet.rid.as_ref(),
            timestamp: packet.timestamp,
            timeline: packet.timeline.unwrap_or(track),
        };
        let to = self.address(now, id, &item)?;
        let outgoing = OutgoingPacket {
            payload_type: to.payload_type,
            marker: packet.marker,
            timestamp: to.timestamp,
            captured: now,
            payload: packet.payload.clone(),
            extensions: packet.extensions.clone(),
            place: packet.timeline.map(|stream| Place {
                stream,
                position: packet.position,
            }),
        };
        Ok(to.session.send_packet(to.ssrc, outgoing)?)
    }
}
