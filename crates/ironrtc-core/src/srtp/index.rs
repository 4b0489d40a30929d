//! The number of a packet with the rollover counter above it (RFC 3711 section 3.3.1).

use crate::replay::{ReplayWindow, reconstruct};

/// One turn of the sequence number.
const TURN: u64 = 1 << 16;
/// A packet's number has 48 bits.
const END: u64 = 1 << 48;

/// Packets below the highest that are still told apart, in words of 64: 2,048, since a packet may be
/// sent again whole after a round trip, or come out of order from a forwarder.
pub(super) type Window = ReplayWindow<32>;

/// A packet's number: 32 bits of rollover counter above its sequence number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Index(u64);

impl Index {
    /// The number of the first packet of a source that is seen, which has not turned yet.
    pub(super) const fn first(sequence: u16) -> Self {
        Self(sequence as u64)
    }

    /// Of the numbers that this sequence number can stand for, the nearest to the highest so far.
    pub(super) fn nearest(sequence: u16, window: &Window) -> Option<Self> {
        let highest = window.next().saturating_sub(1);
        Self::new(reconstruct(sequence.into(), 16, highest))
    }

    /// The same sequence number one turn later.
    pub(super) const fn later(self) -> Option<Self> {
        Self::new(self.0 + TURN)
    }

    /// The same sequence number one turn earlier.
    pub(super) const fn earlier(self) -> Option<Self> {
        match self.0.checked_sub(TURN) {
            Some(index) => Some(Self(index)),
            None => None,
        }
    }

    const fn new(index: u64) -> Option<Self> {
        if index < END { Some(Self(index)) } else { None }
    }

    /// The number.
    pub(super) const fn get(self) -> u64 {
        self.0
    }

    /// How often the sequence number has turned.
    pub(super) const fn rollovers(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearest(sequence: u16, highest: u64) -> u64 {
        let window = Window::starting_at(highest + 1);
        Index::nearest(sequence, &window).unwrap().get()
    }

    #[test]
    fn the_nearest_number_is_that_of_the_rfc() {
        // RFC 3711 appendix A's three cases: the same turn, the one before and the one after.
        assert_eq!(nearest(5, 3), 5);
        assert_eq!(nearest(65_535, TURN + 2), 65_535);
        assert_eq!(nearest(1, 65_534), TURN + 1);
        assert_eq!(nearest(40_000, 5 * TURN + 10_000), 5 * TURN + 40_000);
        assert_eq!(nearest(50_000, 5 * TURN + 10_000), 4 * TURN + 50_000);
        assert_eq!(
            nearest(65_000, 3),
            65_000,
            "there is none before the first turn"
        );
    }

    #[test]
    fn numbers_end_with_48_bits() {
        let last = Index::new(END - 1).unwrap();
        assert_eq!(last.later(), None);
        assert_eq!(last.rollovers(), u32::MAX);
        let window = Window::starting_at(END);
        assert_eq!(Index::nearest(0, &window), None);
        assert_eq!(Index::first(7).earlier(), None);
    }
}
