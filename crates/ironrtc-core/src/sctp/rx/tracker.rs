//! Which TSNs have arrived: a cumulative one, blocks beyond it, and duplicates to report.

use crate::sctp::num::{EPOCH, Tsn};

/// Most blocks beyond the cumulative TSN; what would need one more is dropped and comes again.
const MAX_BLOCKS: usize = 1024;
/// Most duplicates reported in one SACK: a batch of packets from the socket, which one SACK answers.
const MAX_DUPLICATES: usize = 64;
/// RFC 9260 section 3.3.4: a gap block's offsets have 16 bits.
const MAX_OFFSET: u64 = u16::MAX as u64;

/// What a TSN is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not seen before, and beyond everything that arrived.
    Next,
    /// Not seen before, and below something that arrived.
    Gap,
    /// Seen before.
    Duplicate,
    /// Too far ahead to be remembered.
    TooFar,
}

/// The TSNs that have arrived.
#[derive(Debug)]
pub(crate) struct Tracker {
    cumulative: u64,
    /// Sorted, disjoint and not adjacent: first position, and the one after the last.
    blocks: Vec<(u64, u64)>,
    duplicates: Vec<Tsn>,
}

impl Tracker {
    /// Before the first TSN, which will be `initial`.
    pub(crate) fn new(initial: Tsn) -> Self {
        Self {
            cumulative: EPOCH + u64::from(initial.0) - 1,
            blocks: Vec::new(),
            duplicates: Vec::new(),
        }
    }

    /// The position of a TSN on the wire.
    pub(crate) const fn position(&self, tsn: Tsn) -> u64 {
        tsn.near(self.cumulative)
    }

    /// Everything up to this position has arrived.
    pub(crate) const fn cumulative(&self) -> u64 {
        self.cumulative
    }

    pub(crate) const fn has_gaps(&self) -> bool {
        !self.blocks.is_empty()
    }

    pub(crate) fn check(&self, position: u64) -> Verdict {
        if position <= self.cumulative {
            return Verdict::Duplicate;
        }
        let Some(&(first, end)) = self.blocks.last() else {
            return if position - self.cumulative > MAX_OFFSET {
                Verdict::TooFar
            } else {
                Verdict::Next
            };
        };
        if position >= end {
            let full = position > end && self.blocks.len() >= MAX_BLOCKS;
            return if full || position - self.cumulative > MAX_OFFSET {
                Verdict::TooFar
            } else {
                Verdict::Next
            };
        }
        if position >= first {
            return Verdict::Duplicate;
        }
        let index = self.blocks.partition_point(|block| block.1 <= position);
        match self.blocks.get(index) {
            Some(block) if block.0 <= position => Verdict::Duplicate,
            Some(block) => {
                let touches = block.0 == position + 1
                    || position == self.cumulative + 1
                    || index
                        .checked_sub(1)
                        .and_then(|before| self.blocks.get(before))
                        .is_some_and(|before| before.1 == position);
                if !touches && self.blocks.len() >= MAX_BLOCKS {
                    Verdict::TooFar
                } else {
                    Verdict::Gap
                }
            }
            None => Verdict::Gap,
        }
    }

    /// Remembers a position for which [`Self::check`] said `Next` or `Gap`.
    pub(crate) fn record(&mut self, position: u64) {
        if position == self.cumulative + 1 {
            self.cumulative = position;
            if self.has_gaps() {
                self.absorb();
            }
            return;
        }
        // Nearly always the last block grows by one.
        let index = match self.blocks.last_mut() {
            Some(last) if last.1 == position => {
                last.1 += 1;
                return;
            }
            Some(last) if last.1 < position => self.blocks.len(),
            None => 0,
            Some(_) => self.blocks.partition_point(|block| block.1 < position),
        };
        // `index` is the first block that ends at or behind the position.
        match self.blocks.get_mut(index) {
            Some(block) if block.1 == position => {
                block.1 += 1;
                let end = block.1;
                if let Some(next) = self.blocks.get(index + 1).copied()
                    && next.0 == end
                {
                    self.blocks.remove(index + 1);
                    if let Some(block) = self.blocks.get_mut(index) {
                        block.1 = next.1;
                    }
                }
            }
            Some(block) if block.0 == position + 1 => block.0 = position,
            _ => self.blocks.insert(index, (position, position + 1)),
        }
    }

    /// RFC 3758 section 3.6: the sender will not send anything up to `position` again.
    pub(crate) fn advance(&mut self, position: u64) {
        if position > self.cumulative {
            self.cumulative = position;
            self.absorb();
        }
    }

    /// Moves the cumulative TSN over the blocks that it has reached.
    fn absorb(&mut self) {
        let mut absorbed = 0;
        for &(first, end) in &self.blocks {
            if first > self.cumulative + 1 {
                break;
            }
            self.cumulative = self.cumulative.max(end - 1);
            absorbed += 1;
        }
        self.blocks.drain(..absorbed);
    }

    pub(crate) fn note_duplicate(&mut self, tsn: Tsn) {
        if self.duplicates.len() < MAX_DUPLICATES {
            self.duplicates.push(tsn);
        }
    }

    pub(crate) fn duplicates(&self) -> &[Tsn] {
        &self.duplicates
    }

    pub(crate) fn clear_duplicates(&mut self) {
        self.duplicates.clear();
    }

    /// The blocks as a SACK reports them.
    pub(crate) fn blocks(&self, most: usize) -> impl ExactSizeIterator<Item = (u16, u16)> + '_ {
        let cumulative = self.cumulative;
        let count = self.blocks.len().min(most);
        self.blocks
            .get(..count)
            .unwrap_or_default()
            .iter()
            .map(move |&(first, end)| {
                let offset = |position: u64| (position - cumulative).min(MAX_OFFSET) as u16;
                (offset(first), offset(end - 1))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn the_tracker_agrees_with_a_set_for_any_order_of_arrival() {
        for seed in 0..50 {
            let mut rng = Rng::from_test_seed(seed);
            let first = Tsn(u32::MAX - 20);
            let mut tracker = Tracker::new(first);
            let base = tracker.cumulative() + 1;
            let mut seen = BTreeSet::new();
            for _ in 0..200 {
                let position = base + rng.below(60);
                let known = seen.contains(&position) || position <= tracker.cumulative();
                let verdict = tracker.check(position);
                assert_eq!(verdict == Verdict::Duplicate, known, "seed {seed}");
                if !known {
                    let below = seen.last().is_some_and(|last| *last > position);
                    assert_eq!(verdict == Verdict::Gap, below, "seed {seed}");
                    tracker.record(position);
                    seen.insert(position);
                }
                let mut cumulative = base - 1;
                while seen.contains(&(cumulative + 1)) {
                    cumulative += 1;
                }
                assert_eq!(tracker.cumulative(), cumulative, "seed {seed}");
                let reported: BTreeSet<u64> = tracker
                    .blocks(usize::MAX)
                    .flat_map(|(a, b)| cumulative + u64::from(a)..=cumulative + u64::from(b))
                    .collect();
                let beyond: BTreeSet<u64> =
                    seen.iter().copied().filter(|p| *p > cumulative).collect();
                assert_eq!(reported, beyond, "seed {seed}");
            }
        }
    }

    #[test]
    fn blocks_and_duplicates_are_bounded() {
        let mut tracker = Tracker::new(Tsn(1));
        let base = tracker.cumulative();
        let mut taken = 0;
        for step in 1..30_000 {
            let position = base + 2 * step;
            if tracker.check(position) == Verdict::Next {
                tracker.record(position);
                taken += 1;
            }
            tracker.note_duplicate(Tsn(step as u32));
        }
        assert_eq!(taken, MAX_BLOCKS);
        assert_eq!(tracker.duplicates().len(), MAX_DUPLICATES);
        // Growing a block and filling a gap need no new block.
        assert_eq!(tracker.check(base + 3), Verdict::Gap);
        assert_eq!(tracker.check(base + 1), Verdict::Gap);
        assert_eq!(tracker.check(base + 70_000), Verdict::TooFar);
    }

    #[test]
    fn advancing_absorbs_what_lies_behind() {
        let mut tracker = Tracker::new(Tsn(10));
        let base = tracker.cumulative();
        for offset in [3, 4, 8] {
            tracker.record(base + offset);
        }
        tracker.advance(base + 2);
        assert_eq!(tracker.cumulative(), base + 4);
        tracker.advance(base + 10);
        assert_eq!(tracker.cumulative(), base + 10);
        assert!(!tracker.has_gaps());
    }
}
