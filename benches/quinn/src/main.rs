//! quinn under test, for orientation: QUIC carries no data channels, so a message is a length and
//! its bytes on one bidirectional stream.
#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use bench_harness::framing::{Reader, frame};
use bench_harness::{End, Relay, Stack};
use bytes::Bytes;
use quinn::{
    ClientConfig, Connection, Endpoint, EndpointConfig, RecvStream, SendStream, ServerConfig,
    TokioRuntime, TransportConfig,
};
use rustls::RootCertStore;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::sync::oneshot;

/// Bytes in flight to an end, and bytes that may wait to be acknowledged.
const WINDOW: u32 = 8 * 1024 * 1024;
const SOCKET_BUFFER: usize = 4 * 1024 * 1024;
const NAME: &str = "localhost";

struct Quinn;

/// One end. Its stream comes with the first use.
enum Peer {
    Connecting(oneshot::Receiver<Box<Streams>>),
    Connected(Box<Streams>),
}

struct Streams {
    send: SendStream,
    recv: RecvStream,
    reader: Reader,
    _connection: Connection,
    _endpoint: Endpoint,
}

impl Stack for Quinn {
    type End = Peer;

    async fn pair(&self) -> (Peer, Peer) {
        let (server, client, mut address) = endpoints();
        if let Some(relay) = Relay::from_environment() {
            relay.towards(address);
            address = relay.near();
        }
        let (connected, left) = oneshot::channel();
        tokio::spawn(async move {
            let connecting = client.connect(address, NAME).expect("a configuration");
            let connection = connecting.await.expect("a connection");
            let streams = connection.open_bi().await.expect("a stream");
            let _ = connected.send(Box::new(Streams::new(client, connection, streams)));
        });
        let (accepted, right) = oneshot::channel();
        tokio::spawn(async move {
            let incoming = server.accept().await.expect("an open endpoint");
            let connection = incoming.await.expect("a connection");
            // It is seen once the client has sent something.
            let streams = connection.accept_bi().await.expect("a stream");
            let _ = accepted.send(Box::new(Streams::new(server, connection, streams)));
        });
        (Peer::Connecting(left), Peer::Connecting(right))
    }
}

/// A server, a client that trusts it, and the server's address. The certificate is new, as a
/// WebRTC peer's is.
fn endpoints() -> (Endpoint, Endpoint, SocketAddr) {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).expect("a certificate");

    let mut transport = TransportConfig::default();
    transport
        .stream_receive_window(WINDOW.into())
        .receive_window(WINDOW.into())
        .send_window(WINDOW.into());
    let transport = Arc::new(transport);
    let mut accept =
        ServerConfig::with_single_cert(vec![certificate], key.into()).expect("a server's settings");
    accept.transport_config(transport.clone());
    let server = endpoint(Some(accept));
    let mut dial = ClientConfig::with_root_certificates(Arc::new(roots)).expect("a root");
    dial.transport_config(transport);
    let mut client = endpoint(None);
    client.set_default_client_config(dial);
    let address = server.local_addr().expect("an address");
    (server, client, address)
}

fn endpoint(server: Option<ServerConfig>) -> Endpoint {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    // As IronRTC does; the system gives less than is asked for.
    let options = socket2::SockRef::from(&socket);
    options
        .set_recv_buffer_size(SOCKET_BUFFER)
        .expect("a setting");
    options
        .set_send_buffer_size(SOCKET_BUFFER)
        .expect("a setting");
    let runtime = Arc::new(TokioRuntime);
    Endpoint::new(EndpointConfig::default(), server, socket, runtime).expect("a socket")
}

impl Streams {
    fn new(
        endpoint: Endpoint,
        connection: Connection,
        (send, recv): (SendStream, RecvStream),
    ) -> Self {
        Self {
            send,
            recv,
            reader: Reader::default(),
            _connection: connection,
            _endpoint: endpoint,
        }
    }
}

impl Peer {
    async fn streams(&mut self) -> &mut Streams {
        if let Self::Connecting(waiting) = self {
            *self = Self::Connected(waiting.await.expect("a connection"));
        }
        match self {
            Self::Connected(streams) => streams,
            Self::Connecting(_) => unreachable!("it was connected above"),
        }
    }
}

impl End for Peer {
    async fn send(&mut self, message: Bytes) {
        let streams = self.streams().await;
        let sent = streams.send.write_all_chunks(&mut frame(message)).await;
        sent.expect("an open stream");
    }

    async fn recv(&mut self) -> usize {
        let streams = self.streams().await;
        loop {
            if let Some(size) = streams.reader.next_message() {
                return size;
            }
            let chunk = streams.recv.read_chunk(usize::MAX, true).await;
            let chunk = chunk.expect("an open stream").expect("an open stream");
            streams.reader.read(&chunk.bytes);
        }
    }
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    bench_harness::run(Quinn);
}
