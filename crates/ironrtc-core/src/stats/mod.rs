//! Statistics with the W3C's types and names (webrtc-stats).
//!
//! Each type of object is a struct ([`TransportStats`] …) whose members have the W3C's names in
//! Rust's spelling. [`Stats::members`] gives the same as a list of names and values, for a binding
//! that turns an object into its own kind without knowing each type.

mod dictionary;
mod fill;
mod media;
mod media_types;
mod report;
mod types;

pub use dictionary::StatsValue;
pub(crate) use fill::report;
pub use media_types::{
    CodecStats, InboundRtpStats, MediaSourceStats, OutboundRtpStats, RemoteInboundRtpStats,
    RemoteOutboundRtpStats,
};
pub use report::{Stats, StatsReport, StatsType};
pub use types::{
    CandidatePairStats, CertificateStats, DataChannelStats, IceCandidateStats, PeerConnectionStats,
    TransportStats,
};
