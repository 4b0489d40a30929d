//! The media of transceivers by frames: what encoders give and decoders take.

use std::sync::Arc;

use bytes::Bytes;

use super::PeerConnection;
use super::media::{Outbound, SendPacketError};
use crate::ids::Rid;
use crate::jsep::TransceiverId;
use crate::rtp::{Codec, OutgoingExtensions, OutgoingFrame, RtpFrame, RtpSession};
use crate::time::Time;
use crate::wire::payload::{About, Format};
use crate::wire::rtp::RtpTime;

/// A whole frame of a track: an encoded picture, or the sound of one packet. One that was received can
/// be sent as it is, by any connection that has agreed on its codec.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrackFrame {
    /// What it is encoded with.
    pub codec: Arc<Codec>,
    /// The encoding of a simulcast that it is of.
    pub rid: Option<Rid>,
    /// The frame: H.264 with start codes, AV1 as a temporal unit.
    pub data: Bytes,
    /// True if a decoder can start with it. Sound always is.
    pub key: bool,
    /// Its timestamp, in ticks of the codec's clock.
    pub timestamp: RtpTime,
    /// Its timestamp, unwrapped, of a frame that was received.
    pub time: u64,
    /// Packets before it that never came. Video goes on then with what can be decoded without them: a
    /// key frame, or a frame that tells what it needs.
    pub lost_before: u64,
    /// `frameId`: its number in its stream, of a frame that was received, where one is told.
    pub frame_id: Option<u64>,
    /// `dependencies`: the numbers of the frames that it needs, where they are told, as with AV1, and
    /// with other codecs that have a dependency descriptor.
    pub dependencies: Vec<u64>,
    /// `temporalIndex`: its temporal layer, where it is told.
    pub temporal_index: Option<u8>,
    /// `spatialIndex`: its spatial layer, where it is told; of several that it has, the highest.
    pub spatial_index: Option<u8>,
    /// What the bytes do not say, of a frame to be sent.
    pub about: About,
    /// What else the headers of its packets say.
    pub extensions: OutgoingExtensions,
    /// Its timeline, and when it was captured, of a frame that was received.
    origin: Option<(u64, Time)>,
}

impl TrackFrame {
    /// A frame that the application made. Whether it is a key frame is seen in it.
    pub fn new(codec: Arc<Codec>, timestamp: u32, data: impl Into<Bytes>) -> Self {
        Self {
            codec,
            rid: None,
            data: data.into(),
            key: false,
            timestamp: RtpTime::new(timestamp),
            time: u64::from(timestamp),
            lost_before: 0,
            frame_id: None,
            dependencies: Vec::new(),
            temporal_index: None,
            spatial_index: None,
            about: About::default(),
            extensions: OutgoingExtensions::default(),
            origin: None,
        }
    }

    /// The format of its bytes; none if the codec has no frames that are known here.
    pub fn format(&self) -> Option<Format> {
        Format::from_name(self.codec.name.as_str())
    }
}

impl PeerConnection {
    /// The next frame that a transceiver has received: those of each encoding in the order in which
    /// they are decoded. A stream is read by packets or by frames: what is read of it first decides.
    pub fn recv_frame(&mut self, id: TransceiverId) -> Option<TrackFrame> {
        let of = |frame: &RtpFrame| (frame.payload_type, frame.arrived, frame.data.len());
        let (inbound, session) = self.receive(id, RtpSession::recv_frame, of)?;
        let frame = inbound.what;
        Some(TrackFrame {
            codec: inbound.codec,
            rid: inbound.rid,
            key: frame.key,
            timestamp: frame.timestamp,
            time: frame.time,
            lost_before: frame.lost_before,
            frame_id: frame.number,
            temporal_index: frame.temporal,
            spatial_index: frame.spatial,
            about: About::default(),
            extensions: OutgoingExtensions::of(&session.frame_extensions(&frame)),
            dependencies: frame.needs,
            data: frame.data,
            origin: Some((inbound.timeline, frame.sampled)),
        })
    }

    /// Sends a frame of a transceiver's track, all of it or none: under the payload type that the peer
    /// has for its codec, with the numbers and timestamps of the transceiver's own stream. `track`
    /// tells apart the timelines of tracks whose frames the application makes.
    pub fn send_frame(
        &mut self,
        now: Time,
        id: TransceiverId,
        track: u64,
        frame: &TrackFrame,
    ) -> Result<(), SendPacketError> {
        let (timeline, captured) = frame.origin.unwrap_or((track, now));
        let item = Outbound {
            codec: &frame.codec,
            rid: frame.rid.as_ref(),
            timestamp: frame.timestamp,
            timeline,
            captured,
            is_made: true,
        };
        let to = self.address(id, &item)?;
        let outgoing = OutgoingFrame {
            payload_type: to.payload_type,
            timestamp: to.timestamp,
            captured,
            data: frame.data.clone(),
            about: frame.about,
            extensions: frame.extensions.clone(),
        };
        Ok(to.session.send_frame(to.ssrc, &outgoing)?)
    }
}
