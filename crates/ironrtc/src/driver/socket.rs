//! One UDP socket: batches in, batches out.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV6};
use std::task::{Context, Poll, ready};

use ironrtc_core::datagram::{Ecn, Transmit};
use ironrtc_core::observe::Value;
use quinn_udp::{EcnCodepoint, RecvMeta, UdpSocketState};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use super::{fragments, heap};

/// Buffers per receive call. Each holds what the system joins into one (GRO), at most 64 KiB.
const BATCH: usize = 8;
const BUFFER: usize = 64 * 1024;
/// Largest payload of one send call: 65,535 less the IPv4 and UDP headers.
const MAX_SEND: usize = 65_507;
/// The socket buffers that are asked for; the system may give less.
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;

thread_local! {
    /// Receive buffers belong to the thread, not to the connection: they are empty whenever no
    /// connection of the thread is just receiving.
    static SLAB: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Binds a socket to one address.
pub(crate) fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    // Best effort: with the default size a burst of a fast peer is lost in the kernel.
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[derive(Debug)]
pub(super) struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    /// Datagrams may be cut into fragments on their way.
    fragments: Cell<bool>,
    /// Receive calls in a row that failed.
    failures: u32,
}

impl Socket {
    pub(super) fn new(socket: std::net::UdpSocket) -> io::Result<Self> {
        let state = UdpSocketState::new((&socket).into())?;
        let io = UdpSocket::from_std(socket)?;
        let socket = Self {
            local: plain(io.local_addr()?),
            io,
            state,
            fragments: Cell::new(false),
            failures: 0,
        };
        socket.allow_fragments(true);
        heap::keep_freed_memory();
        Ok(socket)
    }

    /// A system that does not know the option goes on as it is.
    fn allow_fragments(&self, allowed: bool) {
        if self.fragments.replace(allowed) != allowed
            && let Err(error) = fragments::allow(&self.io, self.local.is_ipv6(), allowed)
        {
            let local = Value::from(self.local);
            tracing::debug!(%local, %error, "fragmentation stays as it is");
        }
    }

    pub(super) const fn local(&self) -> SocketAddr {
        self.local
    }

    /// Most datagrams that one send call takes.
    pub(super) fn max_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// True if the socket does nothing but fail: its interface may be gone.
    pub(super) const fn is_broken(&self) -> bool {
        self.failures > 100
    }

    /// Receives one batch. `handle` gets each buffer with the remote address, the size of each
    /// datagram in it and their mark. The number of buffers, once there were any.
    pub(super) fn poll_receive(
        &mut self,
        context: &mut Context<'_>,
        mut handle: impl FnMut(&mut dyn Iterator<Item = Received<'_>>),
    ) -> Poll<usize> {
        loop {
            if ready!(self.io.poll_recv_ready(context)).is_err() {
                self.failures = u32::MAX;
                return Poll::Pending;
            }
            let received = SLAB.with_borrow_mut(|slab| {
                slab.resize(BATCH * BUFFER, 0);
                let mut metas = [RecvMeta::default(); BATCH];
                let mut count = 0;
                let drained = {
                    let mut buffers = slab.chunks_exact_mut(BUFFER).map(IoSliceMut::new);
                    let mut buffers: [IoSliceMut<'_>; BATCH] = std::array::from_fn(|_| {
                        buffers.next().unwrap_or_else(|| IoSliceMut::new(&mut []))
                    });
                    self.io.try_io(Interest::READABLE, || {
                        count = self
                            .state
                            .recv((&self.io).into(), &mut buffers, &mut metas)?;
                        // Fewer than asked for: there are no more, which saves the call that
                        // says so. A datagram that comes now makes the socket ready anew.
                        match cfg!(target_os = "linux") && count < BATCH {
                            true => Err(io::ErrorKind::WouldBlock.into()),
                            false => Ok(()),
                        }
                    })
                };
                if count == 0 {
                    drained?;
                }
                let mut batch = slab
                    .chunks_exact_mut(BUFFER)
                    .zip(&metas)
                    .take(count)
                    .filter_map(|(buffer, meta)| Received::new(buffer, meta));
                handle(&mut batch);
                Ok(count)
            });
            match received {
                Ok(count) => {
                    self.failures = 0;
                    return Poll::Ready(count);
                }
                Err(error) if error_kind(&error) == Failure::NotReady => {}
                Err(error) => {
                    self.failures = self.failures.saturating_add(1);
                    if self.is_broken() {
                        let local = Value::from(self.local);
                        tracing::warn!(%local, %error, "a socket is given up");
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    /// Sends one batch. False if the socket's buffer is full: then `context` is woken once it is
    /// not, and `progress` says how much has gone already.
    pub(super) fn send(
        &self,
        context: &mut Context<'_>,
        transmit: &Transmit,
        data: &[u8],
        progress: &mut Progress,
    ) -> bool {
        self.allow_fragments(!transmit.is_probe);
        let segment = transmit.segment_size.unwrap_or(data.len()).max(1);
        while let Some(rest) = data.get(progress.sent..).filter(|rest| !rest.is_empty()) {
            let most = match progress.too_large {
                // Segmentation makes no fragments.
                Some(_) => 1,
                None => self.max_segments().min(MAX_SEND / segment).max(1),
            };
            let chunk = &rest[..rest.len().min(most * segment)];
            let outgoing = quinn_udp::Transmit {
                destination: transmit.path.remote,
                ecn: transmit.ecn.map(to_codepoint),
                contents: chunk,
                segment_size: Some(segment),
                src_ip: None,
            };
            let result = self.io.try_io(Interest::WRITABLE, || {
                self.state.try_send((&self.io).into(), &outgoing)
            });
            match result {
                Ok(()) => progress.sent += chunk.len(),
                Err(error) if error_kind(&error) == Failure::NotReady => {
                    match self.io.poll_send_ready(context) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(_)) => return true,
                        Poll::Pending => return false,
                    }
                }
                // The system refused segmentation, which is off from now on: one by one then.
                Err(_) if chunk.len() > segment && self.max_segments() < most => {}
                Err(error) => {
                    if fragments::is_too_large(&error) {
                        progress.too_large = Some(segment.min(chunk.len()));
                        if chunk.len() > segment {
                            continue;
                        }
                    }
                    // No route, forbidden, too large even so: lost, as on the network. The protocols
                    // above notice.
                    progress.sent += chunk.len();
                }
            }
        }
        true
    }
}

/// How far the sending of a batch has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Bytes sent or lost.
    sent: usize,
    /// The system said that datagrams of this size are too large for the path. They were cut into
    /// fragments, or lost where that was not allowed.
    pub(super) too_large: Option<usize>,
}

/// What one receive buffer holds: datagrams of one remote address.
pub(super) struct Received<'a> {
    pub(super) remote: SocketAddr,
    pub(super) ecn: Option<Ecn>,
    /// The size of each datagram but the last.
    pub(super) stride: usize,
    pub(super) data: &'a mut [u8],
}

impl<'a> Received<'a> {
    fn new(buffer: &'a mut [u8], meta: &RecvMeta) -> Option<Self> {
        Some(Self {
            remote: plain(meta.addr),
            ecn: meta.ecn.map(from_codepoint),
            stride: meta.stride.max(1),
            data: buffer.get_mut(..meta.len)?,
        })
    }
}

#[derive(PartialEq, Eq)]
enum Failure {
    NotReady,
    Other,
}

fn error_kind(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::WouldBlock => Failure::NotReady,
        _ => Failure::Other,
    }
}

/// An address without what only routing needs, so that equal addresses are equal values. The
/// scope of a link-local address belongs to the address.
fn plain(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) if !v6.ip().is_unicast_link_local() => {
            SocketAddrV6::new(*v6.ip(), v6.port(), 0, 0).into()
        }
        other => other,
    }
}

const fn to_codepoint(ecn: Ecn) -> EcnCodepoint {
    match ecn {
        Ecn::Ect0 => EcnCodepoint::Ect0,
        Ecn::Ect1 => EcnCodepoint::Ect1,
        Ecn::Ce => EcnCodepoint::Ce,
    }
}

const fn from_codepoint(ecn: EcnCodepoint) -> Ecn {
    match ecn {
        EcnCodepoint::Ect0 => Ecn::Ect0,
        EcnCodepoint::Ect1 => Ecn::Ect1,
        EcnCodepoint::Ce => Ecn::Ce,
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use ironrtc_core::datagram::Path;

    use super::*;

    fn socket() -> Socket {
        Socket::new(bind("127.0.0.1:0".parse().unwrap()).unwrap()).unwrap()
    }

    async fn send(from: &Socket, to: &Socket, data: &[u8], segment_size: Option<usize>) {
        let path = Path::udp(from.local(), to.local());
        let mut transmit = Transmit::single(path, data.len());
        transmit.segment_size = segment_size;
        let mut progress = Progress::default();
        poll_fn(
            |context| match from.send(context, &transmit, data, &mut progress) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            },
        )
        .await;
    }

    /// Receives until `count` datagrams are there.
    async fn receive(socket: &mut Socket, from: &Socket, count: usize) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        while datagrams.len() < count {
            let receiving = poll_fn(|context| {
                socket.poll_receive(context, |batch| {
                    for buffer in batch {
                        assert_eq!(buffer.remote, from.local());
                        datagrams.extend(buffer.data.chunks(buffer.stride).map(<[u8]>::to_vec));
                    }
                })
            });
            receiving.await;
        }
        datagrams
    }

    /// Datagrams that can be told apart.
    fn numbered(count: usize, size: usize) -> Vec<u8> {
        let one = |number: usize| std::iter::repeat_n(number as u8, size);
        (0..count).flat_map(one).collect()
    }

    #[tokio::test]
    async fn a_batch_arrives_as_the_datagrams_it_was_made_of() {
        let (one, mut other) = (socket(), socket());
        let mut data = numbered(10, 1200);
        data.extend([200; 7]);
        send(&one, &other, &data, Some(1200)).await;
        let received = receive(&mut other, &one, 11).await;
        assert_eq!(received, data.chunks(1200).collect::<Vec<_>>());
        send(&one, &other, b"alone", None).await;
        assert_eq!(receive(&mut other, &one, 1).await, [b"alone"]);
    }

    /// Linux refuses a batch over 65,507 bytes with EMSGSIZE, however small its datagrams are.
    #[tokio::test]
    async fn a_batch_that_is_too_large_for_one_call_takes_two() {
        let (one, mut other) = (socket(), socket());
        let data = numbered(64, 1200);
        send(&one, &other, &data, Some(1200)).await;
        let received = receive(&mut other, &one, 64).await;
        assert_eq!(received, data.chunks(1200).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_cannot_be_sent_is_lost_and_the_next_batch_goes_out() {
        let (one, mut other) = (socket(), socket());
        send(&one, &other, &[0; 65_508], None).await;
        send(&one, &other, b"next", None).await;
        assert_eq!(receive(&mut other, &one, 1).await, [b"next"]);
    }
}
