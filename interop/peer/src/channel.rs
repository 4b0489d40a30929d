//! IronRTC's channels.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use ironrtc::{DataChannel, DataChannelEvent, Message, SendError};
use ironrtc_interop_driven::{Event, Failure, Link};
use serde_json::{Value, json};

pub(crate) struct Channel {
    handle: DataChannel,
    /// It has told of its end; messages may still be unread.
    closed: AtomicBool,
}

impl Channel {
    pub(crate) fn new(handle: DataChannel) -> Self {
        Self {
            handle,
            closed: AtomicBool::new(false),
        }
    }
}

fn failed(error: SendError) -> Failure {
    Failure::new(error.name(), error)
}

fn arrived(message: Message) -> Event {
    match message {
        Message::Text(text) => Event::Message {
            text: true,
            data: Bytes::copy_from_slice(text.as_str().as_bytes()),
        },
        Message::Binary(data) => Event::Message { text: false, data },
    }
}

#[async_trait]
impl Link for Channel {
    async fn info(&self) -> Value {
        let dc = &self.handle;
        json!({
            "label": dc.label(),
            "protocol": dc.protocol(),
            "ordered": dc.ordered(),
            "negotiated": dc.negotiated(),
            "id": dc.id(),
            "maxRetransmits": dc.max_retransmits(),
            "maxPacketLifeTime": dc.max_packet_life_time(),
            "readyState": dc.ready_state().as_str(),
            "bufferedAmount": dc.buffered_amount(),
        })
    }

    async fn send(&self, text: bool, data: Bytes) -> Result<(), Failure> {
        let message = if text {
            let text = String::from_utf8(data.into());
            Message::from(text.map_err(|error| Failure::new("TypeError", error))?)
        } else {
            Message::from(data)
        };
        self.handle.send(message).map_err(failed)
    }

    async fn has_sent(&self, limit: usize) -> Result<(), Failure> {
        let waited = self.handle.buffered_amount_below(limit).await;
        waited.map_err(failed)
    }

    async fn close(&self) -> Result<(), Failure> {
        self.handle.close();
        Ok(())
    }

    async fn next(&self) -> Option<Event> {
        let mut readable = true;
        loop {
            if self.closed.load(Ordering::Relaxed) {
                let unread = self.handle.try_recv().map(arrived);
                return Some(unread.unwrap_or(Event::Close));
            }
            tokio::select! {
                biased;
                event = self.handle.next_event() => match event? {
                    DataChannelEvent::Open => return Some(Event::Open),
                    DataChannelEvent::BufferedAmountLow => return Some(Event::BufferedAmountLow),
                    DataChannelEvent::Closing => return Some(Event::Closing),
                    DataChannelEvent::Error(message) => return Some(Event::Error(message)),
                    DataChannelEvent::Close => self.closed.store(true, Ordering::Relaxed),
                    _ => {}
                },
                message = self.handle.recv(), if readable => match message {
                    Some(message) => return Some(arrived(message)),
                    None => readable = false,
                },
            }
        }
    }
}
