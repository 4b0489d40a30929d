//! How datagrams reach the peer.

use std::net::SocketAddr;

use crate::datagram::{Path, Transmit};

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
    #[cfg(not(test))]
    pub const fn head_room(self) -> usize {
        0
    }

    /// The room before each datagram that the route itself takes: as much as a test says, since no
    /// route of ours takes any.
    #[cfg(test)]
    pub fn head_room(self) -> usize {
        TEST_HEAD_ROOM.get()
    }

    /// What stands in `out` from `start` on is sent alone: leaves the route's room before it. Such
    /// datagrams are few and small, so they are moved; those of a batch are written behind their
    /// room.
    pub(crate) fn single(self, start: usize, out: &mut Vec<u8>) -> Transmit {
        out.splice(start..start, std::iter::repeat_n(0, self.head_room()));
        Transmit::single(self.path, out.len() - start)
    }
}

impl From<Path> for Route {
    /// A direct one: nobody stands between.
    fn from(path: Path) -> Self {
        Self { path }
    }
}

#[cfg(test)]
thread_local! {
    /// What [`Route::head_room`] says in this test.
    pub(crate) static TEST_HEAD_ROOM: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
