//! Plain UDP under test, for orientation: what the system calls alone allow. Nothing is
//! encrypted, acknowledged or sent again. Messages are laid end to end and cut into datagrams of
//! one size. Since both ends are in one process, the sender counts what the receiver has taken,
//! so that no buffer overflows. With `BENCH_GSO=1` datagrams go out with GSO and come in with
//! GRO; otherwise it is one a call.
#![forbid(unsafe_code)]

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bench_harness::framing::{Reader, frame};
use bench_harness::{End, Stack};
use bytes::{Bytes, BytesMut};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Semaphore;

/// Payload of one datagram, as much as WebRTC stacks put in one.
const DATAGRAM: usize = 1_200;
/// Datagrams in one call with GSO: 64 of them would be over the 65,507 bytes that UDP allows.
const SEGMENTS: usize = 50;
/// Datagrams under way: the default socket buffer holds them, the kernel's own share included.
const WINDOW: usize = 64;
/// The same with GSO, where the kernel keeps a batch in one piece.
const WINDOW_GSO: usize = 3 * SEGMENTS;

struct Udp {
    gso: bool,
}

impl Stack for Udp {
    type End = Peer;

    async fn pair(&self) -> (Peer, Peer) {
        let window = DATAGRAM * if self.gso { WINDOW_GSO } else { WINDOW };
        let to_left = Arc::new(Semaphore::new(window));
        let to_right = Arc::new(Semaphore::new(window));
        let (left, right) = (bind(), bind());
        let (at_left, at_right) = (address(&left), address(&right));
        (
            Peer::new(self.gso, left, at_right, to_right.clone(), to_left.clone()),
            Peer::new(self.gso, right, at_left, to_left, to_right),
        )
    }
}

fn bind() -> std::net::UdpSocket {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    socket.set_nonblocking(true).expect("a setting");
    socket
}

fn address(socket: &std::net::UdpSocket) -> SocketAddr {
    socket.local_addr().expect("an address")
}

struct Peer {
    socket: UdpSocket,
    /// `None`: one datagram a call.
    state: Option<UdpSocketState>,
    other: SocketAddr,
    outgoing: BytesMut,
    buffers: Vec<u8>,
    reader: Reader,
    /// Room on the way to the other end, and to this one, in bytes.
    room_there: Arc<Semaphore>,
    room_here: Arc<Semaphore>,
}

impl Peer {
    fn new(
        gso: bool,
        socket: std::net::UdpSocket,
        other: SocketAddr,
        room_there: Arc<Semaphore>,
        room_here: Arc<Semaphore>,
    ) -> Self {
        let state = gso.then(|| UdpSocketState::new(UdpSockRef::from(&socket)).expect("a state"));
        let room = SEGMENTS * DATAGRAM;
        Self {
            socket: UdpSocket::from_std(socket).expect("a runtime"),
            state,
            other,
            outgoing: BytesMut::new(),
            buffers: vec![0; if gso { BATCH_SIZE * room } else { room }],
            reader: Reader::default(),
            room_there,
            room_here,
        }
    }

    /// Most bytes that one call sends.
    fn batch(&self) -> usize {
        DATAGRAM * if self.state.is_some() { SEGMENTS } else { 1 }
    }

    async fn send_batch(&mut self, len: usize) {
        let batch = self.outgoing.split_to(len);
        let permits = u32::try_from(len).expect("a batch of sane size");
        let room = self.room_there.acquire_many(permits).await;
        room.expect("an open window").forget();
        let Some(state) = &self.state else {
            let sent = self.socket.send_to(&batch, self.other).await;
            sent.expect("loopback takes it");
            return;
        };
        let transmit = Transmit {
            destination: self.other,
            ecn: None,
            contents: &batch,
            segment_size: (len > DATAGRAM).then_some(DATAGRAM),
            src_ip: None,
        };
        let sent = self.socket.async_io(Interest::WRITABLE, || {
            state.try_send(UdpSockRef::from(&self.socket), &transmit)
        });
        let sent: io::Result<()> = sent.await;
        sent.expect("loopback takes it");
    }

    async fn receive(&mut self) {
        let Some(state) = &self.state else {
            let received = self.socket.recv_from(&mut self.buffers).await;
            let (len, _) = received.expect("a socket");
            self.room_here.add_permits(len);
            self.reader.read(&self.buffers[..len]);
            return;
        };
        let room = SEGMENTS * DATAGRAM;
        let mut slices: Vec<_> = self.buffers.chunks_mut(room).map(IoSliceMut::new).collect();
        let mut meta = [RecvMeta::default(); BATCH_SIZE];
        let socket = &self.socket;
        let received = socket.async_io(Interest::READABLE, || {
            state.recv(UdpSockRef::from(socket), &mut slices, &mut meta)
        });
        let count = received.await.expect("a socket");
        for (buffer, meta) in self.buffers.chunks(room).zip(&meta[..count]) {
            self.room_here.add_permits(meta.len);
            self.reader.read(&buffer[..meta.len]);
        }
    }
}

impl End for Peer {
    async fn send(&mut self, message: Bytes) {
        for part in frame(message) {
            self.outgoing.extend_from_slice(&part);
        }
        while self.outgoing.len() >= self.batch() {
            self.send_batch(self.batch()).await;
        }
    }

    async fn flush(&mut self) {
        while !self.outgoing.is_empty() {
            self.send_batch(self.outgoing.len().min(self.batch())).await;
        }
    }

    async fn recv(&mut self) -> usize {
        loop {
            if let Some(size) = self.reader.next_message() {
                return size;
            }
            self.receive().await;
        }
    }
}

fn main() {
    bench_harness::run(Udp {
        gso: std::env::var_os("BENCH_GSO").is_some(),
    });
}
