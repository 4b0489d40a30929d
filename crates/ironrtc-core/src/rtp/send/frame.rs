//! Frames that are given to be sent: cut into packets, whose payloads stay in the frame.

use bytes::Bytes;

use crate::ids::PayloadType;
use crate::rtp::forward::Renumbering;
use crate::time::Time;
use crate::wire::payload::{About, Payload};
use crate::wire::rtp::RtpTime;

use super::packet::{OutgoingExtensions, OutgoingPacket};

/// The longest packet, before it is sealed: a datagram of 1,232 bytes crosses any path of IPv6, and
/// the tag takes up to 16 of it, a number of keys four.
const MAX_PACKET: usize = 1232 - 16 - 4;
/// The fixed header, that of the extensions and their padding, the times that are written as the
/// packet leaves, and the number that a retransmission repeats.
pub(super) const OVERHEAD: usize = 12 + 4 + 3 + 5 + 4 + 2;

/// A frame to be sent, as an encoder gives it.
#[derive(Clone, Debug)]
pub struct OutgoingFrame {
    /// What it is, by the number that was negotiated.
    pub payload_type: PayloadType,
    /// Its timestamp.
    pub timestamp: RtpTime,
    /// When the moment of the timestamp was, by our clock: reports are made of it.
    pub captured: Time,
    /// The frame: H.264 with start codes, AV1 as a temporal unit.
    pub data: Bytes,
    /// What its bytes do not say.
    pub about: About,
    /// What the headers of its packets say. A dependency descriptor is that of the first packet, with
    /// its two flags for the first and the last one as they may be: each packet gets its own.
    pub extensions: OutgoingExtensions,
}

impl OutgoingFrame {
    /// The longest payload that a packet has beside these extensions, and names of so many bytes.
    pub(super) fn max_payload(&self, names: usize) -> usize {
        MAX_PACKET.saturating_sub(OVERHEAD + names + self.extensions.max_bytes())
    }

    /// The packets of the frame, with these payloads.
    pub(super) fn packets(
        &self,
        payloads: Vec<Payload>,
        is_marked: impl Fn(&Payload) -> bool,
    ) -> Vec<Outgoing> {
        let packets = payloads.into_iter().enumerate().map(|(index, payload)| {
            let marker = is_marked(&payload);
            let is_last = payload.is_last();
            Outgoing {
                packet: OutgoingPacket {
                    payload_type: self.payload_type,
                    marker,
                    timestamp: self.timestamp,
                    captured: self.captured,
                    payload: self.data.clone(),
                    place: None,
                    extensions: self.extensions.of_packet(index == 0, is_last),
                },
                pieces: Some(payload),
            }
        });
        packets.collect()
    }
}

/// A packet that waits to leave.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) packet: OutgoingPacket,
    /// The payload in the packet's, which is the whole frame then.
    pub(super) pieces: Option<Payload>,
}

impl Outgoing {
    /// Bytes of its payload.
    pub(super) fn len(&self) -> usize {
        let whole = self.packet.payload.len();
        self.pieces.as_ref().map_or(whole, Payload::len)
    }
}

/// The payload of a packet.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Bytes,
    pieces: Option<Payload>,
    renumbering: Renumbering,
}

impl Body {
    /// All of the bytes, or the pieces of them.
    pub(super) const fn new(
        bytes: Bytes,
        pieces: Option<Payload>,
        renumbering: Renumbering,
    ) -> Self {
        Self {
            bytes,
            pieces,
            renumbering,
        }
    }

    pub(super) fn len(&self) -> usize {
        let whole = self.bytes.len();
        self.pieces.as_ref().map_or(whole, Payload::len)
    }

    /// Appends it.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        match &self.pieces {
            Some(pieces) => pieces.write(&self.bytes, out),
            None => out.extend_from_slice(&self.bytes),
        }
        // The bytes are shared with others who get them, so only the copy changes.
        self.renumbering
            .apply(out.get_mut(start..).unwrap_or_default());
    }
}
