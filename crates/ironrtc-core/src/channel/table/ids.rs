//! Which ids are free for channels of our own.

use std::collections::{BTreeMap, BTreeSet};

use super::ChannelId;
use crate::dtls::Role;
use crate::sctp::StreamId;
use crate::work;

/// The ids of one role, the lowest first. Looking for one costs no more than what has used up the
/// others, however many channels there are.
#[derive(Debug, Default)]
pub(super) struct FreeIds {
    /// Those before this were given out, or found taken, at least once.
    next: u32,
    /// Those of them that were given back, and may have been taken by others since.
    returned: BTreeSet<StreamId>,
}

impl FreeIds {
    /// RFC 8832 section 6: the DTLS client uses even ids, the server odd ones.
    pub(super) fn new(role: Role) -> Self {
        Self {
            next: u32::from(role == Role::Server),
            returned: BTreeSet::new(),
        }
    }

    /// Takes the lowest id below `limit` that is free. 65535 is reserved, and never below it.
    pub(super) fn take(
        &mut self,
        limit: u16,
        taken: &BTreeMap<StreamId, ChannelId>,
    ) -> Option<StreamId> {
        while let Some(&stream) = self.returned.first()
            && stream.0 < limit
        {
            work::add(1);
            self.returned.pop_first();
            if !taken.contains_key(&stream) {
                return Some(stream);
            }
        }
        while self.next < u32::from(limit) {
            work::add(1);
            let stream = StreamId(self.next as u16);
            self.next += 2;
            if !taken.contains_key(&stream) {
                return Some(stream);
            }
        }
        None
    }

    /// A channel's id is free again, whoever had used it.
    pub(super) fn give_back(&mut self, stream: StreamId) {
        let id = u32::from(stream.0);
        if id % 2 == self.next % 2 && id < self.next {
            self.returned.insert(stream);
        }
    }
}
