//! WebRTC peer connections for Rust, on tokio.
//!
//! [`PeerConnection`] is the W3C's `RTCPeerConnection` in Rust's spelling; [`DataChannel`] its
//! `RTCDataChannel`. [`ortc::Transport`] is the level below, without offers and answers.
#![forbid(unsafe_code)]

mod clock;
mod configuration;
mod data_channel;
mod driver;
mod error;
mod event;
mod handle;
mod machine;
pub mod ortc;
mod peer_connection;
mod queue;
mod shared;
mod signal;
mod url;

pub use configuration::{Configuration, IceServer, IceTransportPolicy};
pub use data_channel::{DataChannel, DataChannelEvent};
pub use error::{ConfigurationError, Error};
pub use event::{Event, Events};
pub use peer_connection::{PeerConnection, SctpTransport};

pub use ironrtc_core::channel::{
    ChannelState as DataChannelState, CreateError as CreateDataChannelError, DataChannelInit,
    Message, Priority, SendError,
};
pub use ironrtc_core::dtls::{
    Certificate, CertificateError, CertificateOptions, DtlsState, Fingerprint, KeyAlgorithm,
};
pub use ironrtc_core::ice::{
    Candidate as IceCandidate, GatheringState as IceGatheringState, IceConfig,
    IceState as IceConnectionState, Role as IceRole,
};
pub use ironrtc_core::jsep::{
    BundlePolicy, CandidateInit as IceCandidateInit, JsepError, OfferOptions, SdpType,
    SessionDescription, SignalingState,
};
pub use ironrtc_core::peer::ConnectionState;
pub use ironrtc_core::sctp::{CongestionAlgorithm, SctpConfig, SctpState};
pub use ironrtc_core::stats::{StatsEntry, StatsReport, StatsValue};
