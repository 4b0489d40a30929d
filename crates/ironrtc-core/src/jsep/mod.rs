//! Offer and answer (RFC 9429, webrtc-pc section 4.4): a compiler from descriptions to the
//! [`Step`]s of transports, and the signalling state machine around it. No I/O.

mod answer;
mod apply;
mod attributes;
mod candidates;
mod checks;
mod config;
mod description;
mod error;
mod exchange;
mod gathered;
mod media;
mod negotiator;
mod offer;
mod plan;
mod renewal;
mod roles;
mod step;
mod transport_attributes;
mod write;

pub use attributes::{Group, Setup};
pub use candidates::{CandidateInit, RemoteCandidate};
pub use config::{BundlePolicy, JsepConfig, OfferOptions};
pub use description::{SdpType, SessionDescription, SignalingState};
pub use error::JsepError;
pub use negotiator::Negotiator;
pub use step::{Applied, Reason, Step};

#[cfg(test)]
mod tests;
