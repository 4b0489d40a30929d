//! The media of transceivers by packets: what is received, and what is sent or goes on.

use std::sync::Arc;

use bytes::Bytes;

use super::media::{MediaEvent, Outbound, SendPacketError};
use super::route::Source;
use super::{Event, PeerConnection};
use crate::ids::Rid;
use crate::jsep::TransceiverId;
use crate::rtp::forward::{Forwarder, LayerChoice, Origin};
use crate::rtp::{Codec, OutgoingExtensions, OutgoingPacket, Place, RtpPacket, RtpSession};
use crate::time::Time;
use crate::wire::rtp::{RtpTime, SeqNo};

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
    /// Where it comes from, of a packet that was received.
    pub(super) origin: Option<Origin>,
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
            origin: None,
        }
    }

    /// The same with the payload's mark.
    #[must_use]
    pub const fn with_marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }
}

/// A layer of a track that is received: one encoding of a simulcast, or all that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedLayer {
    /// Its name, in a simulcast.
    pub rid: Option<Rid>,
    /// What it takes, in bits a second; 0 before that is known.
    pub bitrate: u64,
}

impl<'a> Outbound<'a> {
    /// A packet that the application made.
    pub(super) const fn made(packet: &'a TrackPacket, track: u64, now: Time) -> Self {
        Self {
            codec: &packet.codec,
            rid: packet.rid.as_ref(),
            timestamp: packet.timestamp,
            timeline: track,
            captured: now,
            is_made: true,
        }
    }

    /// A packet that was received.
    pub(super) const fn received(packet: &'a TrackPacket, origin: &Origin) -> Self {
        Self {
            codec: &packet.codec,
            rid: packet.rid.as_ref(),
            timestamp: packet.timestamp,
            timeline: origin.stream,
            captured: origin.captured,
            is_made: false,
        }
    }
}

impl PeerConnection {
    /// The next packet that a transceiver has received; those of each encoding in the order of their
    /// arrival. A stream is read by packets or by frames: what is read of it first decides.
    pub fn recv_packet(&mut self, id: TransceiverId) -> Option<TrackPacket> {
        let of = |packet: &RtpPacket| (packet.payload_type, packet.arrived, packet.payload.len());
        let (inbound, session) = self.receive(id, RtpSession::recv_packet, of)?;
        let packet = inbound.what;
        let origin = Origin {
            stream: inbound.timeline,
            track: inbound.track,
            position: packet.position,
            bitrate: inbound.bitrate,
            captured: packet.sampled,
            payload: None,
            begins: false,
        };
        let origin = origin.with_payload(inbound.format, &packet.payload);
        Some(TrackPacket {
            codec: inbound.codec,
            rid: inbound.rid,
            marker: packet.marker,
            timestamp: packet.timestamp,
            sequence: packet.sequence,
            extensions: OutgoingExtensions::of(&session.extensions(&packet)),
            payload: packet.payload,
            origin: Some(origin),
        })
    }

    /// Sends a packet of a transceiver's track: under the payload type that the peer has for its
    /// codec, with the numbers and timestamps of the transceiver's own stream. `track` tells apart
    /// the timelines of tracks whose packets the application makes.
    ///
    /// Of a packet that was received it is also decided whether it goes on: see
    /// [`set_layer_choice`](Self::set_layer_choice).
    pub fn send_packet(
        &mut self,
        now: Time,
        id: TransceiverId,
        track: u64,
        packet: &TrackPacket,
    ) -> Result<(), SendPacketError> {
        let (place, item) = match &packet.origin {
            None => (None, Outbound::made(packet, track, now)),
            Some(origin) => {
                let place = self.pick(now, id, packet, origin)?;
                (Some(place), Outbound::received(packet, origin))
            }
        };
        let to = self.address(id, &item)?;
        let outgoing = OutgoingPacket {
            payload_type: to.payload_type,
            marker: packet.marker,
            timestamp: to.timestamp,
            captured: item.captured,
            payload: packet.payload.clone(),
            extensions: packet.extensions.clone(),
            place,
        };
        Ok(to.session.send_packet(to.ssrc, outgoing)?)
    }

    /// Decides whether a packet that was received goes on, and as which one.
    fn pick(
        &mut self,
        now: Time,
        id: TransceiverId,
        packet: &TrackPacket,
        origin: &Origin,
    ) -> Result<Place, SendPacketError> {
        let not_negotiated = SendPacketError::NotNegotiated;
        let route = self.routes.all.get_mut(&id).ok_or(not_negotiated)?;
        let rid = packet.rid.as_ref();
        let ssrc = route.encoding(rid).ok_or(not_negotiated)?;
        let is_known = route.payload_type(&packet.codec).is_some();
        let carrier = self.carriers.get(route.transport).ok_or(not_negotiated)?;
        if !carrier.transport.media_flows() {
            return Err(SendPacketError::NotConnected);
        }
        let session = carrier.transport.rtp();
        let budget = || session.and_then(|session| session.allowed(ssrc));
        let choices = &self.routes.choices;
        let begin = || Forwarder::new(choices.get(&id).cloned().unwrap_or_default());
        let forwarder = route.forwarders.entry(ssrc).or_insert_with(begin);
        if !is_known {
            forwarder.leave_out(origin);
            return Err(SendPacketError::Codec);
        }
        let verdict = forwarder.on_packet(now, origin, rid, packet.payload.is_empty(), budget);
        if verdict.asks {
            let wanted = MediaEvent::KeyFrameRequested(forwarder.wanted().cloned());
            self.events.push_back(Event::Media(id, wanted));
        }
        let lacks = forwarder.take_lack();
        let epoch = forwarder.epoch();
        if let Some(lacks) = lacks
            && let Some(carrier) = self.carriers.get_mut(route.transport)
            && let Some(session) = carrier.transport.rtp_mut()
        {
            session.want(ssrc, lacks);
        }
        let (position, renumbering) = verdict.passes.ok_or(SendPacketError::OtherLayer)?;
        Ok(Place {
            stream: epoch,
            position,
            renumbering,
        })
    }

    /// Says which layer of a simulcast goes on when a transceiver's sender forwards packets that were
    /// received. It changes with the next key frame of that layer, which is asked for.
    pub fn set_layer_choice(&mut self, id: TransceiverId, choice: LayerChoice) {
        if let Some(route) = self.routes.get_mut(id) {
            for forwarder in route.forwarders.values_mut() {
                forwarder.choose(choice.clone());
            }
        }
        if self.negotiator.transceiver(id).is_some() {
            self.routes.choices.insert(id, choice);
        }
    }

    /// The layer that a transceiver's sender forwards at present, if that has a name.
    pub fn forwarded_layer(&self, id: TransceiverId) -> Option<&Rid> {
        let route = self.routes.get(id)?;
        route.forwarders.values().find_map(Forwarder::current)
    }

    /// The layers of what a transceiver receives at present.
    pub fn received_layers(&self, id: TransceiverId) -> Vec<ReceivedLayer> {
        let sources = self.routes.get(id).into_iter();
        let sources = sources.flat_map(|route| &route.sources);
        let layers = sources.map(|source| ReceivedLayer {
            rid: source.rid.clone(),
            bitrate: source.meter.rate(),
        });
        layers.collect()
    }

    /// Asks the peer for a key frame of what a transceiver receives, of the layer with this name if
    /// there is such, or else of all.
    pub fn request_key_frame(&mut self, id: TransceiverId, rid: Option<&Rid>) {
        let Some(route) = self.routes.get(id) else {
            return;
        };
        let named = |rid: &Rid| route.sources.iter().any(|it| it.rid.as_ref() == Some(rid));
        let rid = rid.filter(|rid| named(rid));
        if let Some(carrier) = self.carriers.get_mut(route.transport)
            && let Some(session) = carrier.transport.rtp_mut()
        {
            let is_wanted = |source: &&Source| rid.is_none() || source.rid.as_ref() == rid;
            for source in route.sources.iter().filter(is_wanted) {
                session.request_key_frame(source.ssrc);
            }
        }
    }
}
