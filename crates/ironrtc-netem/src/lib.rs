//! What a network does to packets, in virtual time: the one that all tests of IronRTC use.
//!
//! It knows nothing of the core, so that the core's own unit tests can use it as the simulator does.
//! A moment is the time since the test began, a packet is whatever a test sends, and randomness is a
//! function that draws a number below another, so that everything follows from the test's seed.
//! Shares are given in thousandths everywhere.
#![forbid(unsafe_code)]

mod flight;
mod link;
mod wire;

pub use flight::InFlight;
pub use link::{Carrier, Line, Link, Oversize, Parcel, TooLarge};
pub use wire::Wire;
