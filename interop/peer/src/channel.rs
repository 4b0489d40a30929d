//! A channel: its events are reported, its messages reported or counted.

use ironrtc::{DataChannel, DataChannelEvent, Message, SendError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

use crate::bulk::{Inbox, Noise, hex};
use crate::output::{self, Failure};

/// Larger messages belong to a bulk transfer: they are hashed, not reported one by one.
const LARGEST_REPORTED: usize = 1024;
/// Payload waiting to be sent in a bulk transfer.
const HIGH_WATER: usize = 4 * 1024 * 1024;

/// A channel under the name that the driving program knows.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) handle: DataChannel,
    pub(crate) inbox: Arc<Inbox>,
}

impl Channel {
    /// Starts to report what the channel does.
    pub(crate) fn start(pc: &str, name: &str, handle: DataChannel) -> Self {
        let channel = Self {
            handle,
            inbox: Arc::new(Inbox::new()),
        };
        tokio::spawn(report_events(
            pc.into(),
            name.into(),
            channel.handle.clone(),
        ));
        tokio::spawn(report_messages(pc.into(), name.into(), channel.clone()));
        channel
    }

    pub(crate) fn info(&self) -> Value {
        let dc = &self.handle;
        json!({
            "label": dc.label(),
            "protocol": dc.protocol(),
            "ordered": dc.ordered(),
            "negotiated": dc.negotiated(),
            "id": dc.id(),
            "maxRetransmits": dc.max_retransmits(),
            "maxPacketLifeTime": dc.max_packet_life_time(),
            "readyState": format!("{:?}", dc.ready_state()).to_lowercase(),
            "bufferedAmount": dc.buffered_amount(),
        })
    }

    pub(crate) async fn send_bulk(&self, bytes: usize, size: usize) -> Result<Value, Failure> {
        let mut noise = Noise::new();
        let mut hash = Sha256::new();
        let mut left = bytes;
        while left > 0 {
            let data = noise.bytes(size.clamp(1, left));
            left -= data.len();
            hash.update(&data);
            let waited = self.handle.buffered_amount_below(HIGH_WATER).await;
            waited.map_err(send_failure)?;
            self.handle.send(data).map_err(send_failure)?;
        }
        Ok(json!({ "sha256": hex(&hash.finalize()) }))
    }
}

pub(crate) fn send_failure(error: SendError) -> Failure {
    Failure::new(error.name(), error)
}

async fn report_events(pc: String, name: String, handle: DataChannel) {
    while let Some(event) = handle.next_event().await {
        let mut members = json!({ "channel": name });
        let event = match event {
            DataChannelEvent::Open => "open",
            DataChannelEvent::BufferedAmountLow => "bufferedamountlow",
            DataChannelEvent::Closing => "closing",
            DataChannelEvent::Close => "close",
            DataChannelEvent::Error(message) => {
                members["message"] = message.into();
                "error"
            }
            _ => continue,
        };
        output::event(&pc, event, members);
    }
}

async fn report_messages(pc: String, name: String, channel: Channel) {
    while let Some(message) = channel.handle.recv().await {
        let small = message.len() <= LARGEST_REPORTED;
        match message {
            Message::Text(text) if small => {
                let members = json!({ "channel": name, "text": text.as_str() });
                output::event(&pc, "message", members);
            }
            Message::Binary(data) if small => {
                let members = json!({ "channel": name, "hex": hex(&data) });
                output::event(&pc, "message", members);
            }
            Message::Text(text) => channel.inbox.add(text.as_str().as_bytes()),
            Message::Binary(data) => channel.inbox.add(&data),
        }
    }
}
