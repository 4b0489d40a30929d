//! Whole connections over a simulated network, one module per capability.

mod channels;
mod connect;
mod delivery;
mod dtmf;
mod foreign;
mod forward;
mod frames;
mod liveness;
mod media;
mod media_statistics;
mod mtu;
mod nat;
mod negotiate;
mod networks;
mod ortc;
mod payloads;
mod security;
mod statistics;
mod tracks;
mod transports;
