//! Interactive Connectivity Establishment: RFC 8445, with trickle (RFC 8838), SDP forms
//! (RFC 8839), consent freshness (RFC 7675) and patience (RFC 8863).
//!
//! [`Agent`] is one component of one stream, sans-IO. A generation is one pair of credentials
//! with its candidates and checklist; a restart starts a new one and leaves the old selected
//! pair in use until the new generation has nominated its own.

mod agent;
mod candidate;
mod checklist;
mod checks;
mod config;
mod credentials;
mod event;
mod gather;
mod generation;
mod incoming;
mod learnt;
mod liveness;
mod pair;
mod previous;
mod remotes;
mod route;
mod selection;
mod stats;
mod telling;

pub use agent::{AddCandidateError, Agent};
pub use candidate::{
    Candidate, CandidateAddress, CandidateError, CandidateKind, CandidateProtocol, TcpType, is_mdns,
};
pub use config::IceConfig;
pub use credentials::{Credentials, CredentialsError, Ufrag};
pub use event::{Event, GatheringState, IceState, Role};
pub use route::Route;
#[cfg(test)]
pub(crate) use route::TEST_HEAD_ROOM;
pub use stats::{PairCounters, PairState, PairStats};

#[cfg(test)]
mod beginning_tests;
#[cfg(test)]
mod consent_tests;
#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod passive_tests;
#[cfg(test)]
mod restart_tests;
#[cfg(test)]
mod tests;
