//! The peer's candidates: those that it has told, and those that only its checks have shown. Each kind
//! has room of its own.

use std::net::SocketAddr;

use super::{AddCandidateError, Candidate, CandidateKind};
use crate::work;

/// Candidates that the peer tells.
const MAX_TOLD: usize = 64;
/// Addresses of the peer's that only its checks have shown.
pub(super) const MAX_LEARNT: usize = 16;
/// Names in the peer's candidates that are looked up.
const MAX_NAMES: usize = 32;

/// What a candidate of the peer's has added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing.
    Known,
    /// More about an address that a check had shown.
    Better,
    /// An address.
    New,
}

/// The peer's candidates in one generation.
#[derive(Debug, Default)]
pub(super) struct Remotes {
    candidates: Vec<Candidate>,
    /// The addresses of those that only a check has shown, oldest first.
    learnt: Vec<SocketAddr>,
    /// How many names were looked up.
    names: usize,
    complete: bool,
}

impl Remotes {
    pub(super) fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    pub(super) fn at(&self, address: SocketAddr) -> Option<&Candidate> {
        work::add(self.candidates.len());
        let mut candidates = self.candidates.iter();
        candidates.find(|known| known.socket_addr() == Some(address))
    }

    pub(super) fn is_learnt(&self, address: SocketAddr) -> bool {
        work::add(self.learnt.len());
        self.learnt.contains(&address)
    }

    pub(super) fn is_told(&self, address: SocketAddr) -> bool {
        self.at(address).is_some() && !self.is_learnt(address)
    }

    /// Takes in a candidate that the peer has told.
    pub(super) fn tell(
        &mut self,
        candidate: &Candidate,
        address: SocketAddr,
    ) -> Result<Told, AddCandidateError> {
        let mut candidates = self.candidates.iter_mut();
        if let Some(known) = candidates.find(|known| known.socket_addr() == Some(address)) {
            // RFC 8838 section 11.4: signalled knowledge replaces what a check has shown.
            if known.kind != CandidateKind::PeerReflexive {
                return Ok(Told::Known);
            }
            known.clone_from(candidate);
            self.learnt.retain(|learnt| *learnt != address);
            return Ok(Told::Better);
        }
        if self.candidates.len() >= MAX_TOLD + self.learnt.len() {
            return Err(AddCandidateError::TooMany);
        }
        self.candidates.push(candidate.clone());
        Ok(Told::New)
    }

    pub(super) fn has_room(&self) -> bool {
        self.learnt.len() < MAX_LEARNT
    }

    pub(super) fn learnt(&self) -> &[SocketAddr] {
        &self.learnt
    }

    /// Notes a candidate that a check has shown.
    pub(super) fn learn(&mut self, candidate: Candidate, address: SocketAddr) {
        self.learnt.push(address);
        self.candidates.push(candidate);
    }

    pub(super) fn forget(&mut self, address: SocketAddr) {
        self.learnt.retain(|learnt| *learnt != address);
        let other = |c: &Candidate| c.socket_addr() != Some(address);
        self.candidates.retain(other);
    }

    /// Counts a name as looked up.
    pub(super) fn look_up(&mut self) -> Result<(), AddCandidateError> {
        if self.names >= MAX_NAMES {
            return Err(AddCandidateError::TooManyNames);
        }
        self.names += 1;
        Ok(())
    }

    /// No more will come.
    pub(super) fn end(&mut self) {
        self.complete = true;
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }
}
