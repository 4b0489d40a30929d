//! One peer: its connection, and its channel once there is one.

use std::sync::Arc;

use bench_harness::End;
use bytes::{Bytes, BytesMut};
use tokio::sync::{Notify, mpsc};
use webrtc::data_channel::{DataChannel, DataChannelEvent};
use webrtc::peer_connection::{PeerConnection, PeerConnectionEventHandler, RTCIceGatheringState};

/// What a connection tells its application.
pub(crate) struct Handler {
    gathered: Arc<Notify>,
    channels: mpsc::UnboundedSender<Arc<dyn DataChannel>>,
}

pub(crate) type Incoming = mpsc::UnboundedReceiver<Arc<dyn DataChannel>>;

impl Handler {
    pub(crate) fn new() -> (Self, Arc<Notify>, Incoming) {
        let gathered = Arc::new(Notify::new());
        let (channels, incoming) = mpsc::unbounded_channel();
        let handler = Self {
            gathered: gathered.clone(),
            channels,
        };
        (handler, gathered, incoming)
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.notify_one();
        }
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        let _ = self.channels.send(channel);
    }
}

pub(crate) struct Peer {
    connection: Arc<dyn PeerConnection>,
    channel: Option<Arc<dyn DataChannel>>,
    incoming: Option<Incoming>,
    open: bool,
}

impl Peer {
    pub(crate) fn offering(
        connection: Arc<dyn PeerConnection>,
        channel: Arc<dyn DataChannel>,
    ) -> Self {
        Self {
            connection,
            channel: Some(channel),
            incoming: None,
            open: false,
        }
    }

    pub(crate) fn answering(connection: Arc<dyn PeerConnection>, incoming: Incoming) -> Self {
        Self {
            connection,
            channel: None,
            incoming: Some(incoming),
            open: false,
        }
    }

    /// The channel, as soon as the peer has made it.
    async fn channel(&mut self) -> Arc<dyn DataChannel> {
        if let Some(channel) = &self.channel {
            return channel.clone();
        }
        let incoming = self.incoming.as_mut().expect("an answering peer");
        let channel = incoming.recv().await.expect("a living connection");
        self.channel = Some(channel.clone());
        channel
    }

    /// The next event that is a message; notes the one that says the channel is open.
    async fn next(&mut self) -> Option<usize> {
        let channel = self.channel().await;
        match channel.poll().await.expect("an open channel") {
            DataChannelEvent::OnMessage(message) => {
                self.open = true;
                return Some(message.data.len());
            }
            DataChannelEvent::OnOpen => self.open = true,
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
        // Waits while the limit set at the connection is reached.
        let message = BytesMut::from(&message[..]);
        channel.send(message).await.expect("an open channel");
    }

    async fn recv(&mut self) -> usize {
        loop {
            if let Some(size) = self.next().await {
                return size;
            }
        }
    }

    async fn close(self) {
        self.connection.close().await.expect("an open connection");
    }
}
