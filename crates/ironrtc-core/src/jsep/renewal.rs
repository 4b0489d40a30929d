//! Our next ICE credentials: for a first offer, for a restart, or for the answer to one.

use crate::ice::{Credentials, Ufrag};
use crate::rng::Rng;

/// What was asked for, and what was made for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Renewal {
    /// `[[LocalIceCredentialsToReplace]]` (webrtc-pc section 4.4.3), as username fragments.
    to_replace: Vec<Ufrag>,
    /// Credentials of a description that was created and is not in force yet. They are kept until
    /// they are, so that offers and answers repeat.
    draft: Option<Credentials>,
}

impl Renewal {
    /// Asks for others than those of the username fragments.
    pub(super) fn ask(&mut self, to_replace: Vec<Ufrag>) {
        self.to_replace = to_replace;
        if let Some(draft) = &self.draft
            && self.to_replace.contains(draft.ufrag())
        {
            self.draft = None;
        }
    }

    pub(super) const fn is_asked(&self) -> bool {
        !self.to_replace.is_empty()
    }

    /// New credentials, the same until they are in force.
    pub(super) fn draft(&mut self, rng: &mut Rng) -> Credentials {
        self.draft
            .get_or_insert_with(|| Credentials::generate(rng))
            .clone()
    }

    /// Present credentials, or new ones for a first offer or a restart. `pending` says that the
    /// present ones are those of an offer that waits.
    pub(super) fn offer(
        &mut self,
        rng: &mut Rng,
        present: Option<&Credentials>,
        pending: bool,
        restart: bool,
    ) -> Credentials {
        match present {
            Some(present) if self.to_replace.contains(present.ufrag()) => self.draft(rng),
            Some(present) if !restart => present.clone(),
            // A pending offer has already restarted.
            Some(present) if pending && self.draft.as_ref() == Some(present) => present.clone(),
            _ => self.draft(rng),
        }
    }

    /// webrtc-pc section 4.4.1.5: the restart is done once none of the old credentials is left.
    pub(super) fn settle<'a>(&mut self, mut present: impl Iterator<Item = &'a Ufrag>) {
        if !present.any(|present| self.to_replace.contains(present)) {
            self.to_replace.clear();
        }
        self.draft = None;
    }
}
