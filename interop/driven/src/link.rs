//! What a stack's channel has to do.

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use crate::output::Failure;

/// What a stack reports of a channel.
#[derive(Debug)]
pub enum Event {
    /// It is open.
    Open,
    /// A message.
    Message {
        /// False for bytes.
        text: bool,
        /// Its payload.
        data: Bytes,
    },
    /// Less waits than the threshold.
    BufferedAmountLow,
    /// The other side closes it.
    Closing,
    /// It failed.
    Error(String),
    /// It is closed, and nothing follows.
    Close,
}

/// A stack's channel.
#[async_trait]
pub trait Link: Send + Sync {
    /// Its attributes, under the W3C's names.
    async fn info(&self) -> Value;
    /// `send`.
    async fn send(&self, text: bool, data: Bytes) -> Result<(), Failure>;
    /// Waits while more than `limit` bytes wait, where a send does not wait itself.
    async fn has_sent(&self, limit: usize) -> Result<(), Failure>;
    /// `close`.
    async fn close(&self) -> Result<(), Failure>;
    /// The next event; none after the last.
    async fn next(&self) -> Option<Event>;
}
