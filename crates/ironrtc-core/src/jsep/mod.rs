//! Offer and answer (RFC 9429).

mod attributes;

pub use attributes::{Group, Setup};
