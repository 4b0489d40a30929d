//! The sources of a peer's.

use std::collections::BTreeMap;

/// What is known of each source, of so many at most. A new one takes the place of one that was not
/// used for long: places are looked at in turn, and each use spares a place once.
#[derive(Debug)]
pub(super) struct Table<T> {
    slots: Vec<Slot<T>>,
    places: BTreeMap<u32, usize>,
    limit: usize,
    hand: usize,
}

#[derive(Debug)]
struct Slot<T> {
    ssrc: u32,
    used: bool,
    state: T,
}

impl<T> Table<T> {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            slots: Vec::new(),
            places: BTreeMap::new(),
            limit,
            hand: 0,
        }
    }

    pub(super) fn get_mut(&mut self, ssrc: u32) -> Option<&mut T> {
        let place = *self.places.get(&ssrc)?;
        let slot = self.slots.get_mut(place)?;
        slot.used = true;
        Some(&mut slot.state)
    }

    /// Adds a source that is not there.
    pub(super) fn insert(&mut self, ssrc: u32, state: T) {
        let slot = Slot {
            ssrc,
            used: false,
            state,
        };
        if self.slots.len() < self.limit {
            self.places.insert(ssrc, self.slots.len());
            self.slots.push(slot);
            return;
        }
        // Ends, since a place that was passed once is not spared again.
        loop {
            let len = self.slots.len().max(1);
            let place = self.hand % len;
            self.hand = (place + 1) % len;
            let Some(old) = self.slots.get_mut(place) else {
                return;
            };
            if std::mem::take(&mut old.used) {
                continue;
            }
            self.places.remove(&old.ssrc);
            self.places.insert(ssrc, place);
            *old = slot;
            return;
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        assert_eq!(self.slots.len(), self.places.len());
        self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_forgets_who_was_not_used() {
        let mut table = Table::new(3);
        for ssrc in [10, 20, 30] {
            table.insert(ssrc, ssrc);
        }
        assert_eq!(table.get_mut(10), Some(&mut 10));
        assert_eq!(table.get_mut(30), Some(&mut 30));
        table.insert(40, 40);
        assert_eq!(table.get_mut(20), None);
        for ssrc in [10, 30, 40] {
            assert!(table.get_mut(ssrc).is_some(), "{ssrc}");
        }
        for ssrc in 100..10_000 {
            table.insert(ssrc, ssrc);
            assert_eq!(table.len(), 3);
            assert_eq!(table.get_mut(ssrc), Some(&mut ssrc.clone()));
        }
    }
}
