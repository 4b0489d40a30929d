//! Offer and answer (RFC 9429, webrtc-pc section 4.4): a compiler from descriptions to the
//! [`Step`]s of transports, and the signalling state machine around it. No I/O.

mod answer;
mod apply;
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
mod read;
mod renewal;
mod roles;
mod step;
mod tracks;
mod transceiver;
mod transports;
mod write;

pub use crate::ids::{Mid, MidError};
pub use candidates::{CandidateInit, RemoteCandidate};
pub use config::{BundlePolicy, JsepConfig, MediaConfig, OfferOptions};
pub use description::{SdpType, SessionDescription, SignalingState};
pub use error::{JsepError, LocalChange};
use media::Direction;
pub use media::Direction as TransceiverDirection;
pub use negotiator::Negotiator;
pub use read::{Attributes, Group, Setup};
pub use step::{Applied, Reason, Step};
pub use transceiver::{
    DegradationPreference, EncodingParameters, ReceiveParameters, Receiver, SendParameters, Sender,
    TrackChange, Transceiver, TransceiverError, TransceiverId, TransceiverInit,
};

#[cfg(test)]
mod tests;
