//! The driver over real sockets on loopback. No test sleeps: each awaits what must happen.

mod bundle;
mod channels;
mod configuration;
mod connect;
#[cfg(feature = "serde")]
mod json;
mod lifetime;
mod media;
mod observe;
mod ortc;
mod stun;
mod support;
mod transceivers;
mod transports;
