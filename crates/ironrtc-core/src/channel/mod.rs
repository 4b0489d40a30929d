//! Data channels (RFC 8831, RFC 8832) with the W3C's semantics (webrtc-pc section 6).
//!
//! [`Channels`] is the table of one transport's channels on top of one SCTP association, which it
//! borrows for each call. A message that nobody has read stays in SCTP and closes its window.

mod dcep;
mod init;
mod message;
mod table;
mod telling;

pub use init::{CreateError, DataChannelInit, Priority};
pub use message::{Message, Text};
pub use table::{Channel, ChannelId, ChannelState, Channels, Event, SendError};
