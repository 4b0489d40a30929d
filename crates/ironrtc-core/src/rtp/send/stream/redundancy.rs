//! Audio with the packet before it in each packet (RFC 2198).

use crate::ids::PayloadType;
use crate::rtp::{CodecName, CodecParameters, MediaKind};
use crate::wire::payload::red::Writer;
use crate::wire::rtp::RtpTime;

use super::super::frame::Body;

/// So many packets are repeated. One is what browsers repeat.
const DISTANCE: usize = 1;
/// No payload gets longer by what is repeated.
const MAX: usize = 1_000;

/// The repeating of one stream.
#[derive(Debug)]
pub(super) struct Redundancy {
    pub(super) payload_type: PayloadType,
    /// The type of what is repeated.
    pub(super) primary: PayloadType,
    writer: Writer,
    scratch: Vec<u8>,
}

impl Redundancy {
    /// Where the peer prefers it to all codecs (RFC 3264 section 6.1: the first one is to be used), with
    /// the codec that follows.
    pub(super) fn of(
        kind: MediaKind,
        codecs: &[CodecParameters],
        before: Option<Self>,
    ) -> Option<Self> {
        let first = codecs.first().filter(|_| kind == MediaKind::Audio)?;
        let mut rest = codecs.iter().filter(|codec| !codec.codec.name.is_helper());
        let primary = rest.next()?;
        let fits = primary.codec.clock_rate == first.codec.clock_rate;
        if first.codec.name != CodecName::Red || !fits {
            return None;
        }
        let (payload_type, primary) = (first.payload_type, primary.payload_type);
        let is_same = |it: &Self| it.payload_type == payload_type && it.primary == primary;
        Some(before.filter(is_same).unwrap_or_else(|| Self {
            payload_type,
            primary,
            writer: Writer::new(primary.get(), DISTANCE),
            scratch: Vec::new(),
        }))
    }

    /// Appends a payload with the one before it.
    pub(super) fn write(&mut self, timestamp: RtpTime, body: &Body, out: &mut Vec<u8>) {
        self.scratch.clear();
        body.write(&mut self.scratch);
        self.writer.write(timestamp.get(), &self.scratch, MAX, out);
    }
}
