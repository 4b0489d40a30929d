//! Parsing and printing only, no policy.

pub mod payload;
mod reader;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
mod sources;
pub mod stun;

pub(crate) use reader::Reader;
pub use sources::Ssrcs;

#[cfg(test)]
mod captures;
