//! rustrtc under test, with its defaults. Other settings were not compared.
#![forbid(unsafe_code)]

use std::sync::Arc;

use bench_harness::{End, Stack};
use bytes::Bytes;
use rustrtc::transports::datachannel::{DataChannel, DataChannelConfig, DataChannelEvent};
use rustrtc::{PeerConnection, PeerConnectionEvent, RtcConfiguration};

struct Rustrtc;

fn connection() -> PeerConnection {
    PeerConnection::new(RtcConfiguration {
        bind_ip: Some("127.0.0.1".into()),
        disable_ipv6: true,
        ..RtcConfiguration::default()
    })
}

impl Stack for Rustrtc {
    type End = Peer;

    async fn pair(&self) -> (Peer, Peer) {
        let (left, right) = (connection(), connection());
        let configuration = DataChannelConfig {
            ordered: true,
            ..DataChannelConfig::default()
        };
        let channel = left
            .create_data_channel("bench", Some(configuration))
            .expect("a channel");
        left.create_offer().await.expect("it starts to gather");
        left.wait_for_gathering_complete().await;
        let offer = left.create_offer().await.expect("an offer");
        left.set_local_description(offer.clone())
            .expect("our offer");
        right.set_remote_description(offer).await.expect("an offer");
        right.create_answer().await.expect("it starts to gather");
        right.wait_for_gathering_complete().await;
        let answer = right.create_answer().await.expect("an answer");
        right
            .set_local_description(answer.clone())
            .expect("our answer");
        left.set_remote_description(answer)
            .await
            .expect("an answer");
        (Peer::new(left, Some(channel)), Peer::new(right, None))
    }
}

/// One end, with its channel once there is one.
struct Peer {
    connection: PeerConnection,
    channel: Option<Arc<DataChannel>>,
    open: bool,
}

impl Peer {
    fn new(connection: PeerConnection, channel: Option<Arc<DataChannel>>) -> Self {
        Self {
            connection,
            channel,
            open: false,
        }
    }

    /// The next event that is a message; notes the one that says the channel is open.
    async fn next(&mut self) -> Option<usize> {
        while self.channel.is_none() {
            let event = self.connection.recv().await.expect("a living connection");
            if let PeerConnectionEvent::DataChannel(channel) = event {
                self.channel = Some(channel);
            }
        }
        let channel = self.channel.as_ref().expect("a channel");
        match channel.recv().await.expect("an open channel") {
            DataChannelEvent::Message(data) => {
                self.open = true;
                return Some(data.len());
            }
            DataChannelEvent::Open => self.open = true,
            _ => {}
        }
        None
    }
}

impl End for Peer {
    async fn send(&mut self, message: Bytes) {
        while !self.open {
            assert_eq!(self.next().await, None, "a message before the first");
        }
        let channel = self.channel.as_ref().expect("an open channel");
        // Waits while the limit of the configuration is reached.
        let sent = self.connection.send_data(channel.id, &message).await;
        sent.expect("an open channel");
    }

    async fn recv(&mut self) -> usize {
        loop {
            if let Some(size) = self.next().await {
                return size;
            }
        }
    }

    async fn close(self) {
        self.connection.close();
    }
}

fn main() {
    bench_harness::run(Rustrtc);
}
