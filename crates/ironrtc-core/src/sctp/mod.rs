//! SCTP over DTLS (RFC 9260, RFC 8261): one association, sans-IO.
//!
//! [`Association`] takes packets and time in and gives packets, messages and events out. It
//! speaks partial reliability (RFC 3758), stream reset (RFC 6525), interleaving (RFC 8260) and
//! zero checksums (RFC 9653), each only if both ends offer it.
//!
//! Layers inside, lowest first: `num` (serial numbers) → `packet` (bytes and chunks) →
//! `rx` and `tx` (one direction each) with `cc` (congestion control) → `assoc` (the state machine).

mod assoc;
mod cc;
mod config;
mod message;
mod num;
mod packet;
mod rx;
mod telling;
mod tx;

pub use assoc::Association;
pub use config::{CongestionAlgorithm, SctpConfig};
pub(crate) use message::{DELAYED_SACK, PACING};
pub use message::{
    Event, IncomingMessage, OutgoingMessage, Reliability, SctpState, SctpStats, SendError, StreamId,
};
