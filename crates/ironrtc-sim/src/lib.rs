//! A simulated network in virtual time, for the tests of IronRTC's core.
//!
//! Everything follows from one seed: delays, losses, duplicates, NAT mappings and the random numbers
//! of both connections. Keys and signatures are fresh in each run, but always of the same length, so
//! that handshakes replay datagram by datagram as well. A failing test prints its seed (see
//! [`seeds`]), and `IRONRTC_SEED=…` replays it alone.
#![forbid(unsafe_code)]

mod endpoint;
mod measure;
mod nat;
mod network;
mod pair;
mod seed;

pub use endpoint::{Endpoint, Side, peer_config};
pub use ironrtc_netem::{Link, Oversize, TooLarge};
pub use measure::{Flow, Measured, Ping, run_together};
pub use nat::{Nat, NatKind, Reach};
pub use network::{Datagram, Line, Network};
pub use pair::{Pair, Setup};
pub use seed::seeds;
