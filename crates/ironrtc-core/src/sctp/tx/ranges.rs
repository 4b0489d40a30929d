//! A set of positions as sorted, disjoint ranges.

use std::collections::BTreeMap;

/// Ranges, from each one's first position to the one behind its last. Whatever there is costs its
/// logarithm only, and joining ranges costs what making them did.
#[derive(Debug, Default)]
pub(crate) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The end of the range that contains `position`.
    pub(crate) fn end_of_range_at(&self, position: u64) -> Option<u64> {
        let (_, end) = self.0.range(..=position).next_back()?;
        (position < *end).then_some(*end)
    }

    /// Adds a range, joining it with those that it overlaps or touches.
    pub(crate) fn insert(&mut self, first: u64, end: u64) {
        let (mut first, mut end) = (first, end);
        while let Some((&before, &stop)) = self.0.range(..=end).next_back()
            && stop >= first
        {
            if before <= first && stop >= end {
                return;
            }
            self.0.remove(&before);
            first = first.min(before);
            end = end.max(stop);
        }
        self.0.insert(first, end);
    }

    /// Forgets positions below `position`.
    pub(crate) fn remove_below(&mut self, position: u64) {
        while let Some(entry) = self.0.first_entry()
            && *entry.key() < position
        {
            let end = entry.remove();
            if end > position {
                self.0.insert(position, end);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn ranges_agree_with_a_set() {
        for seed in 0..100 {
            let mut rng = Rng::from_test_seed(seed);
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            let mut floor = 0;
            for _ in 0..20 {
                let first = floor + rng.below(100);
                let end = first + 1 + rng.below(10);
                ranges.insert(first, end);
                set.extend(first..end);
                if rng.below(4) == 0 {
                    floor += rng.below(10);
                    ranges.remove_below(floor);
                    set = set.split_off(&floor);
                }
                for position in floor..floor + 130 {
                    let end = ranges.end_of_range_at(position);
                    assert_eq!(end.is_some(), set.contains(&position), "seed {seed}");
                    if let Some(end) = end {
                        assert!(!set.contains(&end) && (position..end).all(|p| set.contains(&p)));
                    }
                }
            }
        }
    }
}
