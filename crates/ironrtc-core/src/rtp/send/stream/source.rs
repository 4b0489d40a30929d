//! The numbers of the two sources of a stream: none comes twice under one key.

use std::collections::BTreeMap;

use crate::ids::Ssrc;
use crate::rng::Rng;
use crate::wire::rtp::{SeqNo, Unwrapper};

use super::super::packet::Place;
use super::SendStream;

/// Numbers begin in the lower half, so that a receiver that misses the first packets does not take
/// the first wrap for the second (RFC 3711 section 3.3.1).
const FIRST_NUMBERS: u64 = 1 << 15;

/// Most sources that have ended and are kept in mind, as many as SRTP has under one key.
const MAX_ENDED: usize = 4096;

/// Fewer numbers are left out where packets were lost before they came here.
const MAX_GAP: u64 = 1000;
/// Packets that come later than so many others are not forwarded.
const MAX_LATE: u64 = 500;

/// One of the two sources of a stream.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) ssrc: Ssrc,
    /// The position of the first packet.
    pub(super) first: u64,
    /// The position after the highest that was used.
    pub(super) next: u64,
    /// The stream that is forwarded, and what its numbers are higher by here.
    forwarded: Option<(u64, i64)>,
    /// The peer has received packets of this source, and so its names.
    pub(super) is_known: bool,
}

/// Where sources begin to count: anywhere, or where they ended. The keys are those of before, and so
/// no number may come twice.
#[derive(Debug)]
pub(in crate::rtp::send) struct Beginnings {
    rng: Rng,
    ended: BTreeMap<Ssrc, u64>,
}

impl Beginnings {
    pub(in crate::rtp::send) const fn new(rng: Rng) -> Self {
        Self {
            rng,
            ended: BTreeMap::new(),
        }
    }

    fn of(&mut self, ssrc: Ssrc) -> u64 {
        self.ended.remove(&ssrc).unwrap_or_else(|| {
            let mut numbers = Unwrapper::<SeqNo>::new();
            numbers.unwrap(SeqNo::new(self.rng.below(FIRST_NUMBERS) as u16))
        })
    }

    pub(super) fn keep(&mut self, source: &Source) {
        if self.ended.len() < MAX_ENDED {
            self.ended.insert(source.ssrc, source.next);
        }
    }

    /// A stream has ended, and may come back.
    pub(in crate::rtp::send) fn keep_all(&mut self, stream: &SendStream) {
        let sources = std::iter::once(&stream.media).chain(&stream.repair);
        sources.for_each(|source| self.keep(source));
    }
}

impl Source {
    pub(super) fn new(ssrc: Ssrc, beginnings: &mut Beginnings) -> Self {
        let first = beginnings.of(ssrc);
        Self {
            ssrc,
            first,
            next: first,
            forwarded: None,
            is_known: false,
        }
    }

    /// The position of a packet that is forwarded. Its distance to those before is as it was; what
    /// comes from elsewhere, or from far away, follows without one. None if it comes so late that
    /// nobody waits for it.
    pub(super) fn place(&mut self, place: Place) -> Option<u64> {
        let by = self.forwarded.filter(|(stream, _)| *stream == place.stream);
        let position = by.and_then(|(_, by)| place.position.checked_add_signed(by));
        match position {
            Some(position) if position < self.next => {
                (self.next - position <= MAX_LATE).then_some(position)
            }
            Some(position) if position - self.next < MAX_GAP => {
                self.next = position + 1;
                Some(position)
            }
            _ => {
                let position = self.take();
                let by = position.wrapping_sub(place.position) as i64;
                self.forwarded = Some((place.stream, by));
                Some(position)
            }
        }
    }

    pub(super) const fn take(&mut self) -> u64 {
        let position = self.next;
        self.next += 1;
        position
    }
}
