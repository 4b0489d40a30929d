//! One batch of datagrams, side by side in the driver's buffer, as segmentation offload wants them:
//! all of one size but the last, which may be smaller.
//!
//! A packet's size is only known once it is written. So each is written where it will be sent from,
//! behind room for its record's head; one that turns out not to belong to the batch is carried over
//! to the next.

use crate::datagram::{Path, Transmit};

/// Most bytes of one batch: a UDP datagram's largest payload over IPv4, which bounds what a system
/// accepts for segmentation, less a margin for what lies between us and the wire.
const MAX_LEN: usize = 65_507 - 507;

/// A packet that did not fit the last batch.
#[derive(Debug, Default)]
pub(super) struct Carried {
    packet: Vec<u8>,
    is_probe: bool,
}

impl Carried {
    /// Appends the packet, if there is one, and tells whether it is a probe.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) -> Option<bool> {
        if self.packet.is_empty() {
            return None;
        }
        out.append(&mut self.packet);
        Some(self.is_probe)
    }

    /// Whatever it was, it is not sent.
    pub(super) fn clear(&mut self) {
        self.packet.clear();
    }
}

/// A batch in the making.
#[derive(Debug)]
pub(super) struct Batch {
    /// Where it begins in the buffer.
    start: usize,
    max_segments: usize,
    segments: usize,
    /// Length of the first datagram, and of the packet in it.
    segment_size: usize,
    packet_size: usize,
    is_probe: bool,
    is_complete: bool,
}

impl Batch {
    pub(super) fn new(out: &[u8], max_segments: usize) -> Self {
        Self {
            start: out.len(),
            max_segments,
            segments: 0,
            segment_size: 0,
            packet_size: 0,
            is_probe: false,
            is_complete: false,
        }
    }

    pub(super) fn takes_more(&self) -> bool {
        !self.is_complete && self.segments < self.max_segments
    }

    /// Whether a packet of this size, which grows by `overhead` at most, belongs to the batch: `out`
    /// ends with it. If it does not, it is carried over and the batch is complete.
    pub(super) fn admits(
        &mut self,
        packet_at: usize,
        overhead: usize,
        is_probe: bool,
        out: &[u8],
        carried: &mut Carried,
    ) -> bool {
        let packet = out.get(packet_at..).unwrap_or_default();
        let fits = out.len() - self.start + overhead <= MAX_LEN;
        // A probe goes alone, as it is sent in another way.
        let belongs = packet.len() <= self.packet_size && fits && !is_probe;
        if self.segments > 0 && !belongs {
            carried.packet.extend_from_slice(packet);
            carried.is_probe = is_probe;
            self.is_complete = true;
            return false;
        }
        true
    }

    /// Adds a datagram of `size` bytes with a packet of `packet_size`. False if it is larger than
    /// those before it.
    pub(super) fn add(&mut self, size: usize, packet_size: usize, is_probe: bool) -> bool {
        if self.segments == 0 {
            (self.segment_size, self.packet_size) = (size, packet_size);
        } else if size > self.segment_size {
            self.is_complete = true;
            return false;
        }
        self.segments += 1;
        self.is_probe = is_probe;
        self.is_complete = is_probe || size < self.segment_size;
        true
    }

    /// What there is to send, if anything.
    pub(super) fn finish(self, path: Path, out: &[u8]) -> Option<Transmit> {
        (self.segments > 0).then(|| Transmit {
            path,
            ecn: None,
            size: out.len() - self.start,
            segment_size: (self.segments > 1).then_some(self.segment_size),
            is_probe: self.is_probe,
        })
    }
}
