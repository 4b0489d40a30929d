//! IronRTC under test, through its public API. `BENCH_PACKET` and `BENCH_PROBE` set the largest
//! SCTP packet, and the largest that path MTU discovery may find; without them IronRTC's defaults
//! hold. `BENCH_CONGESTION=cubic` takes CUBIC instead of the default.
#![forbid(unsafe_code)]

use std::net::SocketAddr;

use bench_harness::{End, Relay, Stack, buffered};
use bytes::Bytes;
use ironrtc::{
    Configuration, CongestionAlgorithm, DataChannel, DataChannelInit, Event, Events,
    PeerConnection, SessionDescription,
};

struct IronRtc {
    max_packet_size: Option<usize>,
    max_probe_packet_size: Option<usize>,
}

impl IronRtc {
    fn configuration(&self) -> Configuration {
        let mut configuration =
            Configuration::default().bind(vec![(std::net::Ipv4Addr::LOCALHOST, 0).into()]);
        let sctp = &mut configuration.sctp;
        sctp.max_packet_size = self.max_packet_size.unwrap_or(sctp.max_packet_size);
        sctp.max_probe_packet_size = self
            .max_probe_packet_size
            .unwrap_or(sctp.max_probe_packet_size);
        if std::env::var_os("BENCH_CONGESTION").is_some_and(|name| name == "cubic") {
            sctp.congestion = CongestionAlgorithm::Cubic;
        }
        configuration
    }
}

impl Stack for IronRtc {
    type End = Peer;

    async fn pair(&self) -> (Peer, Peer) {
        let left = PeerConnection::new(self.configuration()).expect("a connection");
        let right = PeerConnection::new(self.configuration()).expect("a connection");
        let events = right.events();
        let channel = left
            .create_data_channel("bench", DataChannelInit::default())
            .expect("a channel");

        left.set_local_description(None).await.expect("our offer");
        left.gathering_complete().await;
        let relay = Relay::from_environment();
        let mut offer = left.local_description().expect("a local description");
        if let Some(relay) = &relay {
            move_candidates(&mut offer, relay.far());
        }
        right.set_remote_description(offer).await.expect("an offer");
        right.set_local_description(None).await.expect("our answer");
        right.gathering_complete().await;
        let mut answer = right.local_description().expect("a local description");
        if let Some(relay) = &relay {
            relay.towards(move_candidates(&mut answer, relay.near()));
        }
        left.set_remote_description(answer)
            .await
            .expect("an answer");
        (
            Peer::new(left, Channel::Made(channel)),
            Peer::new(right, Channel::Awaited(events)),
        )
    }
}

/// Puts another address into the candidates of a description, and returns the one that was there.
fn move_candidates(description: &mut SessionDescription, to: SocketAddr) -> SocketAddr {
    let mut found = None;
    let mut text = String::new();
    for line in description.sdp.lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        if line.starts_with("a=candidate:") && words.len() > 5 {
            let address = format!("{}:{}", words[4], words[5]);
            found = Some(address.parse().expect("an address"));
            words[4] = to.ip().to_string();
            words[5] = to.port().to_string();
        }
        text += &words.join(" ");
        text += "\r\n";
    }
    description.sdp = text;
    found.expect("a candidate")
}

struct Peer {
    connection: PeerConnection,
    channel: Channel,
    open: bool,
}

enum Channel {
    Made(DataChannel),
    Awaited(Events),
}

impl Peer {
    fn new(connection: PeerConnection, channel: Channel) -> Self {
        Self {
            connection,
            channel,
            open: false,
        }
    }

    /// The channel, as soon as there is one.
    async fn channel(&mut self) -> &DataChannel {
        if let Channel::Awaited(events) = &mut self.channel {
            let made = loop {
                if let Event::DataChannel(made) = events.next().await.expect("a living connection")
                {
                    break made;
                }
            };
            self.channel = Channel::Made(made);
        }
        match &self.channel {
            Channel::Made(channel) => channel,
            Channel::Awaited(_) => unreachable!("it was made above"),
        }
    }
}

impl End for Peer {
    async fn send(&mut self, message: Bytes) {
        let was_open = self.open;
        let channel = self.channel().await;
        if !was_open {
            channel.opened().await.expect("a connection");
        }
        let room = buffered().saturating_sub(message.len());
        channel
            .buffered_amount_below(room)
            .await
            .expect("an open channel");
        channel.send(message).expect("an open channel");
        self.open = true;
    }

    async fn recv(&mut self) -> usize {
        let message = self.channel().await.recv().await;
        message.expect("an open channel").len()
    }

    async fn close(self) {
        self.connection.close().await;
    }
}

fn size(variable: &str) -> Option<usize> {
    let word = std::env::var(variable).ok()?;
    Some(
        word.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number of bytes")),
    )
}

fn main() {
    bench_harness::run(IronRtc {
        max_packet_size: size("BENCH_PACKET"),
        max_probe_packet_size: size("BENCH_PROBE"),
    });
}
