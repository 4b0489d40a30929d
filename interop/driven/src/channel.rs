//! A channel: its events are reported, its messages reported or counted.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::bulk::{Inbox, Noise, hex};
use crate::link::{Event, Link};
use crate::output::{self, Failure};

/// Larger messages belong to a bulk transfer: they are hashed, not reported one by one.
const LARGEST_REPORTED: usize = 1024;
/// Payload waiting to be sent in a bulk transfer.
const HIGH_WATER: usize = 1024 * 1024;

/// A channel under the name that the driving program knows.
#[derive(Clone)]
pub(crate) struct Channel {
    pub(crate) link: Arc<dyn Link>,
    pub(crate) inbox: Arc<Inbox>,
    state: Arc<watch::Sender<&'static str>>,
}

impl Channel {
    /// Starts to report what the channel does.
    pub(crate) fn start(pc: &str, name: &str, link: Arc<dyn Link>, state: &'static str) -> Self {
        let channel = Self {
            link,
            inbox: Arc::new(Inbox::new()),
            state: Arc::new(watch::Sender::new(state)),
        };
        tokio::spawn(channel.clone().report(pc.into(), name.into()));
        channel
    }

    async fn report(self, pc: String, name: String) {
        while let Some(event) = self.link.next().await {
            let mut members = json!({ "channel": name });
            match event {
                Event::Open if *self.state.borrow() == "connecting" => {
                    self.state.send_replace("open");
                    output::event(&pc, "open", members);
                }
                Event::Open => {}
                Event::BufferedAmountLow => output::event(&pc, "bufferedamountlow", members),
                Event::Closing => {
                    self.state.send_replace("closing");
                    output::event(&pc, "closing", members);
                }
                Event::Error(message) => {
                    members["message"] = message.into();
                    output::event(&pc, "error", members);
                }
                Event::Close => break,
                Event::Message { data, .. } if data.len() > LARGEST_REPORTED => {
                    self.inbox.add(&data);
                }
                Event::Message { text: true, data } => {
                    members["text"] = String::from_utf8_lossy(&data).into();
                    output::event(&pc, "message", members);
                }
                Event::Message { data, .. } => {
                    members["hex"] = hex(&data).into();
                    output::event(&pc, "message", members);
                }
            }
        }
        self.state.send_replace("closed");
        output::event(&pc, "close", json!({ "channel": name }));
    }

    pub(crate) async fn info(&self) -> Value {
        let mut info = self.link.info().await;
        if info["readyState"].is_null() {
            info["readyState"] = (*self.state.borrow()).into();
        }
        info
    }

    pub(crate) async fn opened(&self) -> Result<(), Failure> {
        let mut state = self.state.subscribe();
        // The sender is ours, so it is there.
        let state = state.wait_for(|state| *state != "connecting").await;
        match state.as_deref() {
            Ok(&"open") => Ok(()),
            _ => Err(Failure::new("InvalidStateError", "the channel closed")),
        }
    }

    pub(crate) async fn send_bulk(&self, bytes: usize, size: usize) -> Result<Value, Failure> {
        let mut noise = Noise::new();
        let mut hash = Sha256::new();
        let mut left = bytes;
        while left > 0 {
            let data = noise.bytes(size.clamp(1, left));
            left -= data.len();
            hash.update(&data);
            self.link.has_sent(HIGH_WATER).await?;
            self.link.send(false, data).await?;
        }
        Ok(json!({ "sha256": hex(&hash.finalize()) }))
    }
}
