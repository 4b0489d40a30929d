//! Parsing and printing only, no policy.

pub mod sdp;
pub mod stun;
