//! A socket that sends and receives datagrams one by one, or in batches with GSO and GRO.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Most bytes of one datagram, and so of one batch.
const MAX_DATAGRAM: usize = 65_507;
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;
/// Room for one datagram, of str0m's MTU and then some.
const SINGLE: usize = 2_000;

pub(crate) struct Socket {
    socket: UdpSocket,
    local: SocketAddr,
    /// `None`: one datagram a call.
    state: Option<UdpSocketState>,
    receive: Vec<u8>,
    send: Vec<u8>,
    /// Packets received and not yet taken: their source and their place in `receive`.
    received: Vec<(SocketAddr, usize, usize)>,
}

impl Socket {
    pub(crate) fn bind(gso: bool) -> Self {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        socket.set_nonblocking(true).expect("a setting");
        // As IronRTC does; the system gives less than is asked for.
        let options = socket2::SockRef::from(&socket);
        options
            .set_recv_buffer_size(SOCKET_BUFFER)
            .expect("a setting");
        options
            .set_send_buffer_size(SOCKET_BUFFER)
            .expect("a setting");
        let local = socket.local_addr().expect("an address");
        let state = gso.then(|| UdpSocketState::new(UdpSockRef::from(&socket)).expect("a state"));
        Self {
            socket: UdpSocket::from_std(socket).expect("a runtime"),
            local,
            receive: vec![
                0;
                if gso {
                    BATCH_SIZE * MAX_DATAGRAM
                } else {
                    SINGLE
                }
            ],
            state,
            send: Vec::new(),
            received: Vec::new(),
        }
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Whether packets are worth collecting.
    pub(crate) fn batches(&self) -> bool {
        self.state.is_some()
    }

    /// Waits until there is something to receive.
    pub(crate) async fn readable(&self) {
        self.socket.readable().await.expect("a socket");
    }

    /// Receives what one call gives; false if there is nothing.
    pub(crate) fn try_receive(&mut self) -> bool {
        self.received.clear();
        let Some(state) = &self.state else {
            let Ok((len, source)) = self.socket.try_recv_from(&mut self.receive) else {
                return false;
            };
            self.received.push((source, 0, len));
            return true;
        };
        let mut slices: Vec<_> = self
            .receive
            .chunks_mut(MAX_DATAGRAM)
            .map(IoSliceMut::new)
            .collect();
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let socket = &self.socket;
        let received = socket.try_io(Interest::READABLE, || {
            state.recv(UdpSockRef::from(socket), &mut slices, &mut meta)
        });
        let Ok(count) = received else {
            return false;
        };
        for (buffer, meta) in meta.iter().take(count).enumerate() {
            let base = buffer * MAX_DATAGRAM;
            for at in (0..meta.len).step_by(meta.stride) {
                let end = meta.len.min(at + meta.stride);
                self.received.push((meta.addr, base + at, base + end));
            }
        }
        true
    }

    /// How many packets the last call of `try_receive` gave.
    pub(crate) fn received(&self) -> usize {
        self.received.len()
    }

    /// One of them, and where it came from.
    pub(crate) fn packet(&self, at: usize) -> (SocketAddr, &[u8]) {
        let (source, start, end) = self.received[at];
        (source, &self.receive[start..end])
    }

    /// Sends packets, and empties the list.
    pub(crate) async fn send(&mut self, packets: &mut Vec<(SocketAddr, Vec<u8>)>) {
        if self.state.is_none() {
            for (destination, packet) in packets.drain(..) {
                let sent = self.socket.send_to(&packet, destination).await;
                sent.expect("loopback takes it");
            }
            return;
        }
        let mut rest = &packets[..];
        while let Some((destination, first)) = rest.first() {
            let run = self.fill_batch(rest, *destination, first.len());
            rest = &rest[run..];
            self.send_batch(*destination, first.len()).await;
        }
        packets.clear();
    }

    /// Copies the run of packets that GSO can send in one call, and tells how many they are: all
    /// of one size, but the last may be shorter.
    fn fill_batch(
        &mut self,
        packets: &[(SocketAddr, Vec<u8>)],
        destination: SocketAddr,
        size: usize,
    ) -> usize {
        let most = self
            .state
            .as_ref()
            .map_or(1, UdpSocketState::max_gso_segments);
        self.send.clear();
        let mut count = 0;
        for (to, packet) in packets.iter().take(most) {
            let fits = *to == destination
                && packet.len() <= size
                && self.send.len() + packet.len() <= MAX_DATAGRAM;
            if !fits {
                break;
            }
            self.send.extend_from_slice(packet);
            count += 1;
            if packet.len() < size {
                break;
            }
        }
        count
    }

    async fn send_batch(&self, destination: SocketAddr, size: usize) {
        let state = self.state.as_ref().expect("batches have a state");
        let transmit = Transmit {
            destination,
            ecn: None,
            contents: &self.send,
            segment_size: (self.send.len() > size).then_some(size),
            src_ip: None,
        };
        let sent = self.socket.async_io(Interest::WRITABLE, || {
            state.try_send(UdpSockRef::from(&self.socket), &transmit)
        });
        let sent: io::Result<()> = sent.await;
        sent.expect("loopback takes it");
    }
}
