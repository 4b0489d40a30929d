//! Offer and answer (RFC 9429, webrtc-pc section 4.4): a compiler from descriptions to a
//! [`Plan`](crate::transport::Plan), and the signalling state machine around it. No I/O.

mod answer;
mod attributes;
mod candidates;
mod checks;
mod description;
mod error;
mod media;
mod negotiator;
mod offer;
mod plan;
mod transport_attributes;
mod write;

pub use attributes::{Group, Setup};
pub use candidates::{CandidateInit, RemoteCandidate};
pub use description::{SdpType, SessionDescription, SignalingState};
pub use error::JsepError;
pub use negotiator::{Applied, BundlePolicy, JsepConfig, Negotiator, OfferOptions};

#[cfg(test)]
mod tests;
