//! A transport of the connection, and what the application knows of it.

use crate::dtls::DtlsState;
use crate::ice::{Candidate, CandidateAddress, GatheringState, IceState, Ufrag};
use crate::transport::{Transport, TransportId};

/// A transport, and what was told of it.
#[derive(Debug)]
pub(super) struct Carrier {
    pub(super) id: TransportId,
    pub(super) transport: Transport,
    /// A description puts it to use.
    pub(super) in_use: bool,
    /// Gathering is told to the application: a local description asks for its candidates.
    pub(super) gathering_shown: bool,
    /// The states that the application has been told, or is about to be told by the events that
    /// wait.
    pub(super) ice: IceState,
    pub(super) gathering: GatheringState,
    pub(super) dtls: DtlsState,
    /// Candidates of the peer's present generation whose name was asked for, and whether the answer
    /// is still awaited.
    named: Vec<(Candidate, bool)>,
}

impl Carrier {
    pub(super) const fn new(id: TransportId, transport: Transport) -> Self {
        Self {
            id,
            transport,
            in_use: false,
            gathering_shown: false,
            ice: IceState::New,
            gathering: GatheringState::New,
            dtls: DtlsState::New,
            named: Vec::new(),
        }
    }

    /// The peer's generation, by its username fragment.
    pub(super) fn remote_fragment(&self) -> Option<Ufrag> {
        let remote = self.transport.ice().remote_credentials();
        remote.map(|credentials| credentials.ufrag().clone())
    }

    /// Whether the name of a candidate is to be looked up; notes that it is.
    pub(super) fn asks_for(&mut self, candidate: &Candidate) -> bool {
        let CandidateAddress::Name(name) = &candidate.address else {
            return false;
        };
        if self.named.iter().any(|(named, _)| named == candidate) {
            return false;
        }
        if self.transport.look_up(name).is_err() {
            return false;
        }
        self.named.push((candidate.clone(), true));
        true
    }

    /// Whether the answer about a candidate's name is awaited; it is no longer.
    pub(super) fn takes_answer(&mut self, candidate: &Candidate) -> bool {
        let mut named = self.named.iter_mut();
        let asked = named.find(|(named, waiting)| *waiting && named == candidate);
        // The peer may have restarted ICE during the look-up.
        asked.is_some_and(|(_, waiting)| std::mem::replace(waiting, false))
    }

    /// The peer's generation is another, or none.
    pub(super) fn forget_names(&mut self) {
        self.named.clear();
    }
}
