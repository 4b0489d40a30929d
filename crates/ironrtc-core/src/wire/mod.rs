//! Parsing and printing only, no policy.

pub mod payload;
mod reader;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod stun;

pub(crate) use reader::Reader;

#[cfg(test)]
mod captures;
