//! IronRTC under test, through its public API. By default packets grow with the path's MTU; with
//! `BENCH_SMALL=1` they stay within 1,200 bytes, as those of other stacks do.

use bench_harness::{End, Stack, buffered};
use bytes::Bytes;
use ironrtc::{
    Configuration, DataChannel, DataChannelInit, Event, Events, Message, PeerConnection,
};

/// Largest SCTP packet whose DTLS record fits in a datagram of 1,200 bytes, as `SctpConfig` says.
const SMALL_PACKET: usize = 1_159;

struct IronRtc {
    small: bool,
}

impl IronRtc {
    fn configuration(&self) -> Configuration {
        let mut configuration = Configuration {
            bind: vec![(std::net::Ipv4Addr::LOCALHOST, 0).into()],
            ..Configuration::default()
        };
        if self.small {
            configuration.sctp.max_packet_size = SMALL_PACKET;
            configuration.sctp.max_probe_packet_size = 0;
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
        let offer = left.local_description().expect("a local description");
        right.set_remote_description(offer).await.expect("an offer");
        right.set_local_description(None).await.expect("our answer");
        right.gathering_complete().await;
        let answer = right.local_description().expect("a local description");
        left.set_remote_description(answer).await.expect("an answer");
        (Peer::new(left, Channel::Made(channel)), Peer::new(right, Channel::Awaited(events)))
    }
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
        match self.channel().await.recv().await.expect("an open channel") {
            Message::Text(text) => text.len(),
            Message::Binary(bytes) => bytes.len(),
        }
    }

    async fn close(self) {
        self.connection.close().await;
    }
}

fn main() {
    bench_harness::run(IronRtc {
        small: std::env::var_os("BENCH_SMALL").is_some(),
    });
}
