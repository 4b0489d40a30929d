//! SRTP and SRTCP (RFC 3711, RFC 7714), with encrypted header extensions (RFC 9335).
//!
//! [`Outbound`] seals and [`Inbound`] opens packets where they lie, without allocating. One pair of
//! them serves all sources of a transport: rollover counter and replay window are each source's own,
//! and change only once a packet has proved to be the peer's.

mod cipher;
mod error;
mod header;
mod inbound;
mod index;
mod kdf;
mod keys;
mod outbound;
mod profile;
mod table;

pub use error::{KeyError, SealError};
pub use inbound::{Cryptex, Inbound};
pub use keys::MasterKey;
pub use outbound::Outbound;
pub use profile::Profile;

#[cfg(test)]
mod tests;
