//! IronRTC's protocols, sans-IO: no sockets, clocks, threads or operating-system randomness.
//!
//! The data path goes one way: datagram → demux → ICE | DTLS → SCTP → data channels →
//! application. Each folder is one protocol; a module uses only modules below it
//! (`docs/architecture.md`).
#![forbid(unsafe_code)]

pub mod datagram;
pub mod ids;
pub mod observe;
mod replay;
pub mod rng;
mod serial;
pub mod setters;
pub mod time;
pub mod words;
mod work;

// Protocols, lowest layer first: a module uses only those above it in this list.
pub mod wire;

pub mod ice;

pub mod dtls;

pub mod srtp;

pub mod sctp;

pub mod channel;

pub mod rtp;

pub mod transport;

pub mod jsep;

pub mod stats;

pub mod peer;
