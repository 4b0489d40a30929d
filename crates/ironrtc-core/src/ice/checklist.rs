//! The checklist of one generation (RFC 8445 section 6.1.2): its pairs, which of them is checked next,
//! and those that are checked in answer to the peer.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::pair::Pair;
use super::{Candidate, PairState, Role, Route};
use crate::time::Time;
use crate::work;

/// Most pairs (RFC 8445 section 6.1.2.5 suggests 100). Groups of them are told by the bits of a `u128`.
pub(super) const MAX_PAIRS: usize = 100;

/// Names a pair for as long as its checklist lasts, whatever becomes of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PairId(u64);

/// The pairs, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Checklist {
    pairs: BTreeMap<PairId, Pair>,
    /// Pairs that the peer has checked and that are to be checked in turn, the first one first.
    triggered: VecDeque<PairId>,
    made: u64,
}

impl Checklist {
    pub(super) fn iter(&self) -> impl Iterator<Item = (PairId, &Pair)> {
        work::add(self.pairs.len());
        self.pairs.iter().map(|(id, pair)| (*id, pair))
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &Pair> {
        self.iter().map(|(_, pair)| pair)
    }

    pub(super) fn pairs_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        work::add(self.pairs.len());
        self.pairs.values_mut()
    }

    pub(super) fn get(&self, id: PairId) -> Option<&Pair> {
        self.pairs.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: PairId) -> Option<&mut Pair> {
        self.pairs.get_mut(&id)
    }

    /// The first pair of which this holds.
    pub(super) fn find(&self, holds: impl Fn(&Pair) -> bool) -> Option<PairId> {
        self.iter().find(|(_, pair)| holds(pair)).map(|(id, _)| id)
    }

    pub(super) fn id_at(&self, route: Route) -> Option<PairId> {
        self.find(|pair| pair.route == route)
    }

    pub(super) fn at(&self, route: Route) -> Option<&Pair> {
        self.pairs().find(|pair| pair.route == route)
    }

    pub(super) fn at_mut(&mut self, route: Route) -> Option<&mut Pair> {
        self.pairs_mut().find(|pair| pair.route == route)
    }

    pub(super) fn has_nominated(&self) -> bool {
        self.pairs().any(|pair| pair.nominated)
    }

    /// The pair of a socket and a remote address: the one that there is, or a new one if there is room.
    pub(super) fn add(
        &mut self,
        now: Time,
        role: Role,
        route: Route,
        (local, remote): (&Candidate, &Candidate),
    ) -> Option<PairId> {
        if let Some(known) = self.id_at(route) {
            return Some(known);
        }
        let mut pair = Pair::new(now, role, route, local.clone(), remote.clone());
        if self.pairs.len() >= MAX_PAIRS && !self.drop_worst_unused(pair.priority) {
            return None;
        }
        pair.group = self.group_of(&pair);
        self.made += 1;
        let id = PairId(self.made);
        self.pairs.insert(id, pair);
        Some(id)
    }

    /// The number of the pairs with the same foundations; a free one if there is none.
    fn group_of(&self, pair: &Pair) -> u32 {
        let mut taken = 0_u128;
        for other in self.pairs() {
            if other.foundation() == pair.foundation() {
                return other.group;
            }
            taken |= 1 << other.group;
        }
        debug_assert!(taken != u128::MAX, "there are fewer pairs than groups");
        taken.trailing_ones()
    }

    /// Makes room for a pair: for any in place of one that came to nothing, else for a better one in
    /// place of the worst that nothing has been sent on (RFC 8445 section 6.1.2.5).
    fn drop_worst_unused(&mut self, priority: u64) -> bool {
        let unused = self.iter().filter(|(_, pair)| {
            let idle = matches!(pair.state, PairState::Frozen | PairState::Waiting);
            let worse = idle && pair.priority < priority;
            !pair.authenticated && !pair.lost && (pair.state == PairState::Failed || worse)
        });
        let worst = unused.min_by_key(|(_, pair)| (pair.state != PairState::Failed, pair.priority));
        let Some((id, _)) = worst else {
            return false;
        };
        self.pairs.remove(&id);
        self.triggered.retain(|triggered| *triggered != id);
        true
    }

    /// Removes the pairs of a remote address.
    pub(super) fn remove_remote(&mut self, address: SocketAddr) {
        work::add(self.pairs.len() + self.triggered.len());
        self.pairs.retain(|_, pair| pair.route.remote() != address);
        let pairs = &self.pairs;
        self.triggered.retain(|id| pairs.contains_key(id));
    }

    /// The remote candidate at an address is known better now.
    pub(super) fn replace_remote(&mut self, role: Role, address: SocketAddr, known: &Candidate) {
        let of_address =
            |(id, pair): (PairId, &Pair)| (pair.route.remote() == address).then_some(id);
        let ids: Vec<PairId> = self.iter().filter_map(of_address).collect();
        for id in ids {
            let Some(mut pair) = self.pairs.remove(&id) else {
                continue;
            };
            pair.remote.clone_from(known);
            pair.group = self.group_of(&pair);
            self.pairs.insert(id, pair);
        }
        self.reprioritize(role);
    }

    pub(super) fn reprioritize(&mut self, role: Role) {
        for pair in self.pairs_mut() {
            pair.reprioritize(role);
        }
    }

    /// The next pair for an ordinary check (RFC 8445 section 6.1.4.2): the best that waits, else
    /// the best frozen one of a foundation on which nothing is under way.
    pub(super) fn next_ordinary(&self) -> Option<PairId> {
        let (mut busy, mut waiting) = (0_u128, None::<(u64, PairId)>);
        for (id, pair) in self.iter() {
            if matches!(pair.state, PairState::Waiting | PairState::InProgress) {
                busy |= 1 << pair.group;
            }
            if pair.state == PairState::Waiting {
                waiting = waiting.max(Some((pair.priority, id)));
            }
        }
        if let Some((_, id)) = waiting {
            return Some(id);
        }
        let frozen = self
            .iter()
            .filter(|(_, pair)| pair.state == PairState::Frozen && busy >> pair.group & 1 == 0);
        frozen
            .max_by_key(|(id, pair)| (pair.priority, *id))
            .map(|(id, _)| id)
    }

    /// RFC 8445 section 7.2.5.3.3: success unfreezes the pairs of the same foundation.
    pub(super) fn unfreeze_like(&mut self, id: PairId) {
        let Some(group) = self.get(id).map(|pair| pair.group) else {
            return;
        };
        for other in self.pairs_mut() {
            if other.state == PairState::Frozen && other.group == group {
                other.state = PairState::Waiting;
            }
        }
    }

    /// The pair is the one to use from now on, and no other is checked in answer to the peer.
    pub(super) fn nominate(&mut self, id: PairId, next_consent: Time) {
        for (known, pair) in &mut self.pairs {
            pair.nominated = *known == id;
        }
        if let Some(pair) = self.get_mut(id) {
            pair.next_consent = next_consent;
        } else {
            debug_assert!(false, "what is nominated is a pair");
        }
        self.triggered.clear();
    }

    /// Has a pair checked in answer to the peer.
    pub(super) fn trigger(&mut self, id: PairId) {
        work::add(self.triggered.len());
        if !self.triggered.contains(&id) {
            self.triggered.push_back(id);
        }
    }

    /// The pairs that are to be checked in answer to the peer, with their places in the queue.
    pub(super) fn triggered(&self) -> impl Iterator<Item = (usize, &Pair)> {
        work::add(self.triggered.len());
        let places = self.triggered.iter().enumerate();
        places.filter_map(|(place, id)| Some((place, self.pairs.get(id)?)))
    }

    pub(super) fn take_triggered(&mut self, place: usize) -> Option<PairId> {
        self.triggered.remove(place)
    }

    #[cfg(test)]
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.pairs.len(), self.triggered.len())
    }
}
