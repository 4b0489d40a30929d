//! The media of transceivers: which streams are whose, and under which numbers packets go on.
//!
//! An RTP session knows sources and payload types; an application knows transceivers and codecs.
//! A packet that came over one connection goes on over another as it is but for its header.

use std::sync::Arc;

use super::carrier::Carrier;
use super::route::Route;
use super::{Event, PeerConnection, TransportEvent};
use crate::ids::{PayloadType, Rid, Ssrc};
use crate::jsep::TransceiverId;
use crate::rtp::forward::Line;
use crate::rtp::{Codec, RtpEvent, RtpPlan, RtpSession, SendError};
use crate::time::Time;
use crate::transport::TransportId;
use crate::wire::payload::Format;
use crate::wire::rtp::RtpTime;

/// What a connection tells of a transceiver's media.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// There are packets to be received, where there were none.
    Readable,
    /// The peer needs a key frame of the track that is sent: of the encoding with this name, where
    /// there is a simulcast, whether it is sent so or only forwarded in part.
    KeyFrameRequested(Option<Rid>),
    /// A tone begins (`tonechange`), or a pause if it is a comma; none once all were played.
    ToneChange(Option<char>),
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
    /// Another layer of the track is sent.
    #[error("another layer of the track is forwarded to this peer")]
    OtherLayer,
    /// The stream did not take it.
    #[error(transparent)]
    Rtp(#[from] SendError),
}

/// Something of a track that is to be sent, for what decides where it goes.
pub(super) struct Outbound<'a> {
    pub(super) codec: &'a Arc<Codec>,
    pub(super) rid: Option<&'a Rid>,
    pub(super) timestamp: RtpTime,
    pub(super) timeline: u64,
    /// When the moment of the timestamp was.
    pub(super) captured: Time,
    /// The application made it; otherwise it was received.
    pub(super) is_made: bool,
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
    pub(super) format: Option<Format>,
    pub(super) timeline: u64,
    /// Tells tracks apart, whatever encodings they have.
    pub(super) track: u64,
    /// What its stream takes, in bits a second.
    pub(super) bitrate: u64,
}

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
            let route = self.routes.all.entry(owner).or_insert_with(begin);
            route.apply(id, section);
            kept.push(owner);
        }
        for (owner, route) in &mut self.routes.all {
            if route.transport == id && !kept.contains(owner) {
                route.clear();
            }
        }
        let negotiator = &self.negotiator;
        let lasts = |owner: &TransceiverId| negotiator.transceiver(*owner).is_some();
        self.routes.all.retain(|owner, _| lasts(owner));
        self.routes.choices.retain(|owner, _| lasts(owner));
    }

    /// The next event about media: of a transceiver where it is one's, or else of the transport.
    pub(super) fn next_media_event(&mut self) -> Option<Event> {
        let next =
            |carrier: &mut Carrier| Some((carrier.id, carrier.transport.poll_media_event()?));
        let (id, event) = self.carriers.iter_mut().find_map(next)?;
        let routes = self.routes.all.iter_mut();
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
            RtpEvent::Goodbye(ssrc) => {
                let silent =
                    here.find_map(|(_, route)| route.on_goodbye(*ssrc).then(|| route.mid.clone()));
                let muted = silent.and_then(|mid| self.negotiator.on_silence(&mid));
                self.events.extend(muted.map(Event::Track));
                None
            }
            RtpEvent::Ended(ssrc) => {
                here.for_each(|(_, route)| route.on_ended(*ssrc));
                None
            }
            RtpEvent::KeyFrameRequested(ssrc) => here
                .find(|(_, route)| route.outgoing.iter().any(|one| one.ssrc == *ssrc))
                .map(|(owner, route)| {
                    let event = MediaEvent::KeyFrameRequested(route.source_of(*ssrc));
                    Event::Media(*owner, event)
                }),
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
        measure: impl Fn(&T) -> (PayloadType, Time, usize),
    ) -> Option<(Inbound<T>, &RtpSession)> {
        let route = self.routes.get_mut(id)?;
        let session = self
            .carriers
            .get_mut(route.transport)?
            .transport
            .rtp_mut()?;
        let mut turn = 0;
        while let Some(ssrc) = route.readable.get(turn).copied() {
            let read = read(session, ssrc);
            self.is_hurried |= session.take_hurry();
            let Some(what) = read else {
                // What is read in the other way is left for whoever reads it so.
                if session.has_unread(ssrc) {
                    turn += 1;
                } else {
                    route.readable.remove(turn);
                }
                continue;
            };
            let (payload_type, arrived, bytes) = measure(&what);
            let mut codecs = route.received.iter();
            let codec = codecs.find(|received| received.payload_type == payload_type);
            // What was agreed on may have changed since it came.
            let Some(received) = codec else {
                continue;
            };
            let mut sources = route.sources.iter_mut();
            let source = sources.find(|source| source.ssrc == ssrc);
            let (mut rid, mut bitrate) = (None, 0);
            if let Some(source) = source {
                source.meter.on_packet(arrived, bytes);
                bitrate = source.meter.rate();
                rid.clone_from(&source.rid);
            }
            let inbound = Inbound {
                what,
                codec: received.codec.clone(),
                rid,
                format: received.format,
                timeline: route.salt ^ u64::from(ssrc.get()),
                track: route.salt,
                bitrate,
            };
            return Some((inbound, session));
        }
        None
    }

    /// Where something of a transceiver's track goes, and under which numbers: the payload type that
    /// the peer has for its codec, and a timestamp of the transceiver's own stream.
    pub(super) fn address(
        &mut self,
        id: TransceiverId,
        item: &Outbound<'_>,
    ) -> Result<Address<'_>, SendPacketError> {
        let not_negotiated = SendPacketError::NotNegotiated;
        let route = self.routes.get_mut(id).ok_or(not_negotiated)?;
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
        if let Some(forwarder) = route.forwarders.get_mut(&ssrc).filter(|_| item.is_made) {
            forwarder.interrupt();
        }
        let timelines = &mut self.timelines;
        let line = route.lines.entry(ssrc).or_insert_with(|| {
            // RFC 3550 section 5.1: the first timestamp is random.
            let first = timelines.u32();
            Line::begin(item.timeline, item.timestamp, first, item.captured)
        });
        let rate = item.codec.clock_rate;
        let timestamp = line.map(item.captured, item.timeline, item.timestamp, rate);
        Ok(Address {
            session,
            ssrc,
            payload_type,
            timestamp,
        })
    }
}
