//! A set of positions as sorted, disjoint ranges.

/// Ranges, each from its first position to the one behind its last.
#[derive(Debug, Default)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The end of the range that contains `position`.
    pub(crate) fn end_of_range_at(&self, position: u64) -> Option<u64> {
        let index = self.0.partition_point(|range| range.1 <= position);
        let range = self.0.get(index)?;
        (range.0 <= position).then_some(range.1)
    }

    /// Adds a range, joining it with those that it overlaps or touches.
    pub(crate) fn insert(&mut self, first: u64, end: u64) {
        let from = self.0.partition_point(|range| range.1 < first);
        let to = self.0.partition_point(|range| range.0 <= end);
        let touched = self.0.get(from..to).unwrap_or_default();
        match (touched.first(), touched.last()) {
            (Some(lowest), Some(highest)) => {
                let joined = (lowest.0.min(first), highest.1.max(end));
                if let Some(range) = self.0.get_mut(from) {
                    *range = joined;
                }
                self.0.drain(from + 1..to);
            }
            _ => self.0.insert(from, (first, end)),
        }
    }

    /// Forgets positions below `position`.
    pub(crate) fn remove_below(&mut self, position: u64) {
        if self.0.first().is_none_or(|first| first.0 >= position) {
            return;
        }
        let gone = self.0.partition_point(|range| range.1 <= position);
        self.0.drain(..gone);
        if let Some(first) = self.0.first_mut() {
            first.0 = first.0.max(position);
        }
    }

    /// The holes between `from` and the last range.
    pub(crate) fn holes(&self, from: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let mut at = from;
        self.0.iter().map(move |range| {
            let hole = (at, range.0.max(at));
            at = range.1;
            hole
        })
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
                let highest = set.last().copied().unwrap_or(floor);
                let holes: Vec<u64> = ranges.holes(floor).flat_map(|(a, b)| a..b).collect();
                let missing: Vec<u64> = (floor..highest).filter(|p| !set.contains(p)).collect();
                assert_eq!(holes, missing, "seed {seed}");
            }
        }
    }
}
