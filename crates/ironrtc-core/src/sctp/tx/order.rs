//! Transmissions in the order of sending, from whose front losses are found.

use std::collections::VecDeque;

use crate::time::Time;
use crate::work;

/// Chunks of consecutive positions that were sent at one time, as those of a batch are, so that
/// most chunks cost no entry of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Burst {
    at: Time,
    first: u64,
    end: u64,
}

/// What was sent, in that order: transmissions from the first on that may still be lost.
#[derive(Debug, Default)]
pub(super) struct SendOrder(VecDeque<Burst>);

impl SendOrder {
    /// A chunk is sent now.
    #[inline]
    pub(super) fn push(&mut self, at: Time, position: u64) {
        match self.0.back_mut() {
            Some(last) if last.at == at && last.end == position => last.end += 1,
            _ => self.0.push_back(Burst {
                at,
                first: position,
                end: position + 1,
            }),
        }
    }

    /// The first transmission of a position from `base` on that is still awaited. Those before it
    /// are forgotten.
    pub(super) fn first(
        &mut self,
        base: u64,
        is_awaited: impl Fn(Time, u64) -> bool,
    ) -> Option<(Time, u64)> {
        while let Some(burst) = self.0.front_mut() {
            burst.first = burst.first.max(base);
            while burst.first < burst.end {
                if is_awaited(burst.at, burst.first) {
                    return Some((burst.at, burst.first));
                }
                work::add(1);
                burst.first += 1;
            }
            work::add(1);
            self.0.pop_front();
        }
        None
    }

    /// Forgets the transmission that [`first`](Self::first) gave.
    pub(super) fn pop_first(&mut self) {
        if let Some(burst) = self.0.front_mut() {
            burst.first += 1;
        }
    }

    /// Puts in order what was added out of it.
    pub(super) fn sort(&mut self) {
        self.0.make_contiguous().sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::collections::BTreeSet;

    #[test]
    fn the_order_agrees_with_a_list_of_all_transmissions() {
        for seed in 0..50 {
            let mut rng = Rng::from_test_seed(seed);
            let (mut order, mut list) = (SendOrder::default(), VecDeque::new());
            let mut gone = BTreeSet::new();
            let (mut next, mut base) = (0, 0);
            for millis in 0..200 {
                let at = Time::from_millis(millis / 3);
                match rng.below(4) {
                    0 if next > 0 => {
                        let again = rng.below(next);
                        gone.retain(|(_, position)| *position != again);
                        order.push(at, again);
                        list.push_back((at, again));
                    }
                    1 => {
                        base = next.min(base + rng.below(5));
                        if let Some(&missing) = list.get(rng.below(20) as usize) {
                            gone.insert(missing);
                        }
                    }
                    _ => {
                        for _ in 0..rng.below(4) {
                            order.push(at, next);
                            list.push_back((at, next));
                            next += 1;
                        }
                    }
                }
                while list
                    .front()
                    .is_some_and(|entry| entry.1 < base || gone.contains(entry))
                {
                    list.pop_front();
                }
                let first = order.first(base, |at, position| !gone.contains(&(at, position)));
                assert_eq!(first, list.front().copied(), "seed {seed}");
                if first.is_some() && rng.below(3) == 0 {
                    order.pop_first();
                    list.pop_front();
                }
            }
        }
    }

    #[test]
    fn what_is_sent_together_and_acknowledged_costs_nothing() {
        let mut order = SendOrder::default();
        for position in 0..1000 {
            order.push(Time::from_millis(1), position);
        }
        let mut first = None;
        let cost = work::of(|| first = order.first(999, |_, _| true));
        assert_eq!((first, cost), (Some((Time::from_millis(1), 999)), 0));
        assert_eq!(order.0.len(), 1);
    }
}
