//! The streams that have something to send, in the order in which it is their turn.

use std::collections::BTreeSet;

use crate::sctp::message::StreamId;

/// A stream by its virtual time.
pub(super) type Turn = (u64, StreamId);

/// Streams that wait for their turn.
#[derive(Debug)]
pub(super) struct Ready {
    all: BTreeSet<Turn>,
    /// Those of them of whose first message a part was sent.
    under_way: BTreeSet<Turn>,
}

impl Ready {
    pub(super) const fn new() -> Self {
        Self {
            all: BTreeSet::new(),
            under_way: BTreeSet::new(),
        }
    }

    pub(super) fn insert(&mut self, turn: Turn, under_way: bool) {
        self.all.insert(turn);
        if under_way {
            self.under_way.insert(turn);
        }
    }

    pub(super) fn remove(&mut self, turn: &Turn) {
        self.all.remove(turn);
        self.under_way.remove(turn);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn first(&self) -> Option<&Turn> {
        self.all.first()
    }

    pub(super) fn pop_first(&mut self) -> Option<Turn> {
        let turn = self.all.pop_first()?;
        self.under_way.remove(&turn);
        Some(turn)
    }

    /// Takes the first stream that is in the middle of a message.
    pub(super) fn pop_under_way(&mut self) -> Option<Turn> {
        let turn = self.under_way.pop_first()?;
        self.all.remove(&turn);
        Some(turn)
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.under_way.clear();
    }
}
