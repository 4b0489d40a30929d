//! The sockets of a connection: whose each one is, and which one a batch leaves from.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ironrtc_core::datagram::{Path, Protocol};
use ironrtc_core::transport::TransportId;

use super::socket::Socket;

/// Names a socket for as long as the connection lasts: no other one is ever given the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SocketId(u32);

#[derive(Debug)]
struct Entry {
    owner: TransportId,
    socket: Socket,
}

/// The sockets, in the order in which they were opened: ICE prefers them in that order.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    table: BTreeMap<SocketId, Entry>,
    /// By what ICE knows them by. The system gives an address to one socket of a protocol.
    ids: BTreeMap<(Protocol, SocketAddr), SocketId>,
    opened: u32,
}

impl Sockets {
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Adds a UDP socket of a transport's.
    pub(super) fn add(&mut self, owner: TransportId, socket: Socket) {
        self.opened += 1;
        let id = SocketId(self.opened);
        self.ids.insert((Protocol::Udp, socket.local()), id);
        self.table.insert(id, Entry { owner, socket });
    }

    /// The local addresses of a transport's sockets.
    pub(super) fn locals(&self, owner: TransportId) -> impl Iterator<Item = SocketAddr> {
        let own = self
            .table
            .values()
            .filter(move |entry| entry.owner == owner);
        own.map(|entry| entry.socket.local())
    }

    /// Whether one of the connection's own is bound to this address.
    pub(super) fn has(&self, local: SocketAddr) -> bool {
        self.ids.contains_key(&(Protocol::Udp, local))
    }

    /// All of them, each with whose it is, to receive from.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (TransportId, &mut Socket)> {
        let entries = self.table.values_mut();
        entries.map(|entry| (entry.owner, &mut entry.socket))
    }

    /// The socket at a path's local end, unless its interface is gone.
    pub(super) fn at(&self, path: Path) -> Option<&Socket> {
        let id = self.ids.get(&(path.protocol, path.local))?;
        self.table.get(id).map(|entry| &entry.socket)
    }

    /// Closes the transport's sockets of which this does not hold.
    pub(super) fn keep(&mut self, owner: TransportId, wanted: impl Fn(SocketAddr) -> bool) {
        self.retain(|entry| entry.owner != owner || wanted(entry.socket.local()));
    }

    /// Closes those that do nothing but fail.
    pub(super) fn drop_broken(&mut self) {
        if self.table.values().any(|entry| entry.socket.is_broken()) {
            self.retain(|entry| !entry.socket.is_broken());
        }
    }

    fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.table.retain(|_, entry| keep(entry));
        let table = &self.table;
        self.ids.retain(|_, id| table.contains_key(id));
    }

    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.ids.clear();
    }

    /// How many datagrams a batch may have whose path is not known yet: what one call of the most
    /// able socket takes. A socket that takes less takes such a batch in several calls, so it slows
    /// no other one down.
    pub(super) fn max_segments(&self) -> usize {
        let limits = self.table.values().map(|entry| entry.socket.max_segments());
        limits.max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::socket;

    fn open(sockets: &mut Sockets, address: &str) -> SocketAddr {
        let bound = socket::bind(address.parse().unwrap()).unwrap();
        let socket = Socket::new(bound).unwrap();
        let local = socket.local();
        sockets.add(TransportId::default(), socket);
        local
    }

    fn found(sockets: &Sockets, local: SocketAddr) -> Option<SocketAddr> {
        let remote = "192.0.2.1:9".parse().unwrap();
        sockets.at(Path::udp(local, remote)).map(Socket::local)
    }

    #[tokio::test]
    async fn a_batch_leaves_from_the_socket_of_its_path_or_from_none() {
        let mut sockets = Sockets::default();
        let opened: Vec<_> = (0..3).map(|_| open(&mut sockets, "127.0.0.1:0")).collect();
        for local in &opened {
            assert_eq!(found(&sockets, *local), Some(*local));
        }
        let [gone, first, second] = opened[..] else {
            panic!("{opened:?}")
        };
        sockets.keep(TransportId::default(), |local| local != gone);
        assert_eq!(found(&sockets, gone), None);
        assert_eq!(found(&sockets, second), Some(second));
        // The address is free again, and the socket that has it now comes last in ICE's order.
        let again = open(&mut sockets, &gone.to_string());
        assert_eq!(found(&sockets, again), Some(again));
        let order: Vec<_> = sockets.locals(TransportId::default()).collect();
        assert_eq!(order, [first, second, again]);
    }
}
