//! A relay between two peers that does to packets what a network does.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ironrtc_netem::{Carrier, InFlight, Line, Link, Parcel};
use serde::Deserialize;
use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Where it is, and what it does.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelayConfig {
    address: IpAddr,
    /// Packets lost, in a thousand.
    loss: u64,
    /// Time on the way, in milliseconds.
    #[serde(default)]
    delay: u64,
    seed: u64,
}

/// The two ports to which the peers send: what comes to one of them leaves by the other, to whoever
/// sent there last.
pub(crate) struct Relay {
    pub(crate) ports: [u16; 2],
    ways: [AbortHandle; 2],
}

struct Side {
    socket: UdpSocket,
    peer: Mutex<Option<SocketAddr>>,
}

impl Side {
    fn peer(&self) -> std::sync::MutexGuard<'_, Option<SocketAddr>> {
        self.peer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Relay {
    pub(crate) async fn start(config: RelayConfig) -> std::io::Result<Self> {
        let one = Arc::new(Side::bind(config.address).await?);
        let two = Arc::new(Side::bind(config.address).await?);
        let ports = [
            one.socket.local_addr()?.port(),
            two.socket.local_addr()?.port(),
        ];
        let link = Link {
            loss: config.loss,
            ..Link::plain(Duration::from_millis(config.delay))
        };
        let way = |from: &Arc<Side>, to: &Arc<Side>, seed| {
            let way = carry(from.clone(), to.clone(), link.clone(), seed);
            tokio::spawn(way).abort_handle()
        };
        let ways = [
            way(&one, &two, config.seed),
            way(&two, &one, config.seed.wrapping_add(1)),
        ];
        Ok(Self { ports, ways })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ways.iter().for_each(AbortHandle::abort);
    }
}

impl Side {
    async fn bind(address: IpAddr) -> std::io::Result<Self> {
        Ok(Self {
            socket: UdpSocket::bind((address, 0)).await?,
            peer: Mutex::default(),
        })
    }
}

/// Takes packets from one side to the other.
async fn carry(from: Arc<Side>, to: Arc<Side>, link: Link, seed: u64) {
    let start = Instant::now();
    let mut line = Line::default();
    let mut random = seed;
    let mut below = |bound: u64| {
        // SplitMix64.
        random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    };
    let mut flight: InFlight<Vec<u8>> = InFlight::default();
    let mut buffer = vec![0; 65536];
    let never = Notify::new();
    loop {
        let next = flight.next_arrival();
        let due = async {
            match next {
                Some(at) => tokio::time::sleep_until(start + at).await,
                None => never.notified().await,
            }
        };
        tokio::select! {
            received = from.socket.recv_from(&mut buffer) => {
                // An error tells that an earlier packet was refused by a peer that has gone.
                let Ok((size, peer)) = received else { continue };
                *from.peer() = Some(peer);
                let now = start.elapsed();
                let parcel = Parcel { carrier: Carrier::Ipv4, ..Parcel::bare(size) };
                for at in link.arrivals(now, parcel, &mut line, &mut below) {
                    flight.insert(at, buffer[..size].to_vec());
                }
            }
            () = due => {}
        }
        while let Some(packet) = flight.receive(start.elapsed()) {
            let peer = *to.peer();
            if let Some(peer) = peer {
                // What cannot be sent is lost.
                let _ = to.socket.send_to(&packet, peer).await;
            }
        }
    }
}
