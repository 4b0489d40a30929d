//! Files over one data channel (`docs/file-transfer.md`).
//!
//! `ironrtc send`, `ironrtc receive`, the demo server and its page speak the same protocol.

mod ask;
pub(crate) mod command;
mod destination;
mod disk;
mod error;
mod hash;
mod incoming;
mod name;
mod outgoing;
mod progress;
pub(crate) mod protocol;
mod receive;
mod tree;

pub(crate) use error::TransferError;
pub(crate) use hash::hex;
pub(crate) use incoming::{Incoming, Step};
pub(crate) use name::safe_name;
pub(crate) use outgoing::{Source, send_file};
pub(crate) use progress::Progress;
