//! How datagrams reach the peer.

use std::net::SocketAddr;

use crate::datagram::Path;

/// A way to the peer: what a pair of candidates stands for, and what is selected.
///
/// It says two things that are one as long as nobody stands between: the path that a datagram
/// leaves on, and the address of the peer that ICE knows it by. A relay will part them, and that is
/// said here alone: whoever sends asks for the path, and whoever judges for the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    path: Path,
}

impl Route {
    /// Where a datagram leaves from, and what it is addressed to.
    pub const fn path(self) -> Path {
        self.path
    }

    /// The base of our candidate: the address of our socket.
    pub const fn local(self) -> SocketAddr {
        self.path.local
    }

    /// The peer's address.
    pub const fn remote(self) -> SocketAddr {
        self.path.remote
    }

    /// The room before each datagram that the route itself takes.
    pub const fn head_room(self) -> usize {
        0
    }
}

impl From<Path> for Route {
    /// A direct one: nobody stands between.
    fn from(path: Path) -> Self {
        Self { path }
    }
}
