//! What needs network namespaces, in a program of its own: it starts others, which hold every open
//! socket for a moment, and elsewhere tests look whether a socket was closed.

#![cfg(target_os = "linux")]

mod path_mtu;
#[path = "../support.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod support;
