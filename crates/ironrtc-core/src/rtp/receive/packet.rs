//! A packet that was received.

use std::ops::Range;

use bytes::Bytes;

use crate::ids::PayloadType;
use crate::time::Time;
use crate::wire::rtp::{FixedHeader, Header, NtpTime, RtpTime, SeqNo};

/// What a packet that waits takes beside its bytes: its place in a queue or a map, and what an
/// allocation costs.
const OVERHEAD: usize = size_of::<RtpPacket>() + 64;

/// A packet as it was received, or as its retransmission brought it.
#[derive(Clone, Debug)]
pub struct RtpPacket {
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The payload's mark.
    pub marker: bool,
    /// Its number.
    pub sequence: SeqNo,
    /// Its number, unwrapped: those of a stream's packets order them.
    pub position: u64,
    /// Its timestamp.
    pub timestamp: RtpTime,
    /// When it arrived.
    pub arrived: Time,
    /// When its first sample was captured, by the sender's time of day, once a report has told that.
    pub captured: Option<NtpTime>,
    /// The same moment by our clock, which is one for all streams of a sender; the arrival before a
    /// report has told it.
    pub sampled: Time,
    /// A retransmission brought it, or it was made of what protected it.
    pub was_repaired: bool,
    /// The payload without padding. Empty for packets that only pad, or protect others: they take
    /// numbers too.
    pub payload: Bytes,
    /// The header as it came, that of the retransmission if one brought it.
    pub(super) head: Bytes,
    /// Where the dependency descriptor is in it; empty if there is none.
    pub(super) descriptor: Span,
}

impl RtpPacket {
    /// The header as it came, with its extensions: that of the retransmission if one brought it.
    pub fn header(&self) -> Option<Header<'_>> {
        Header::parse(&self.head)
    }

    /// The memory that it takes.
    pub(super) const fn cost(&self) -> usize {
        self.head.len() + self.payload.len() + OVERHEAD
    }

    /// The dependency descriptor that came with it.
    pub(super) fn descriptor(&self) -> Option<&[u8]> {
        let found = self.head.get(self.descriptor.range())?;
        (!found.is_empty()).then_some(found)
    }
}

/// A part of a header, which is short.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u16,
    len: u16,
}

impl Span {
    /// Where a part of some bytes is in them; empty if it is none of them.
    pub(super) fn of(whole: &[u8], part: Option<&[u8]>) -> Self {
        let found = part.and_then(|part| {
            let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
            whole.get(start..start.checked_add(part.len())?)?;
            Some(Self {
                start: u16::try_from(start).ok()?,
                len: u16::try_from(part.len()).ok()?,
            })
        });
        found.unwrap_or_default()
    }

    const fn range(self) -> Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// How a packet came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By itself.
    Own,
    /// As a retransmission.
    Repair,
    /// Made of what protects it.
    Recovery,
}

/// A packet on its way to its stream.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) header: FixedHeader,
    /// Bytes of it that are no payload.
    pub(super) overhead: usize,
    pub(super) head: Bytes,
    pub(super) payload: Bytes,
    pub(super) descriptor: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_where_it_is_and_others_nowhere() {
        let whole = [1, 2, 3, 4];
        let span = Span::of(&whole, whole.get(1..3));
        assert_eq!(whole.get(span.range()), Some(&[2, 3][..]));
        for other in [None, Some(&[2, 3][..])] {
            let span = Span::of(&whole, other);
            assert_eq!(whole.get(span.range()), Some(&[][..]));
        }
    }
}
