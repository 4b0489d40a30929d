//! A data channel (`RTCDataChannel`).

use ironrtc_core::channel::{ChannelState, Message, Priority, SendError};

/// What happened to a channel. Events that say the same twice are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataChannelEvent {
    /// `open`.
    Open,
    /// There are messages to [`recv`](DataChannel::try_recv).
    Readable,
    /// `bufferedamountlow`.
    BufferedAmountLow,
    /// `closing`: the peer closes the channel; what it sent can still be read.
    Closing,
    /// `error`: the text says why; `Close` follows.
    Error(String),
    /// `close`: nothing follows.
    Close,
}

/// A data channel. Clones are handles of the same channel; it is closed by
/// [`close`](Self::close) or with its connection, not by dropping handles.
#[derive(Clone, Debug)]
pub struct DataChannel {}

impl DataChannel {
    /// `label`.
    pub fn label(&self) -> String {
        todo!()
    }
    /// `protocol`.
    pub fn protocol(&self) -> String {
        todo!()
    }
    /// `ordered`.
    pub fn ordered(&self) -> bool {
        todo!()
    }
    /// `maxPacketLifeTime`, in milliseconds.
    pub fn max_packet_life_time(&self) -> Option<u16> {
        todo!()
    }
    /// `maxRetransmits`.
    pub fn max_retransmits(&self) -> Option<u16> {
        todo!()
    }
    /// `negotiated`.
    pub fn negotiated(&self) -> bool {
        todo!()
    }
    /// `id`: `None` until it is known.
    pub fn id(&self) -> Option<u16> {
        todo!()
    }
    /// `priority`.
    pub fn priority(&self) -> Priority {
        todo!()
    }
    /// `readyState`.
    pub fn ready_state(&self) -> ChannelState {
        todo!()
    }
    /// `bufferedAmount`: bytes of payload accepted and not yet sent.
    pub fn buffered_amount(&self) -> usize {
        todo!()
    }
    /// `bufferedAmountLowThreshold`, in bytes.
    pub fn buffered_amount_low_threshold(&self) -> usize {
        todo!()
    }
    /// Sets `bufferedAmountLowThreshold`.
    pub fn set_buffered_amount_low_threshold(&self, _bytes: usize) {
        todo!()
    }
    /// Queues a message: text from `&str` or `String`, binary from `Vec<u8>` or `Bytes`.
    pub fn send(&self, _message: impl Into<Message>) -> Result<(), SendError> {
        todo!()
    }
    /// Waits while more than `bytes` of payload wait to be sent; an error if the channel closes.
    pub async fn buffered_amount_below(&self, _bytes: usize) -> Result<(), SendError> {
        todo!()
    }
    /// Waits until the channel is open; an error if it closes first.
    pub async fn opened(&self) -> Result<(), SendError> {
        todo!()
    }
    /// The next message; `None` once the channel is closed and everything was read. What is not
    /// read makes the peer wait.
    pub async fn recv(&self) -> Option<Message> {
        todo!()
    }
    /// The next message, if there is one now.
    pub fn try_recv(&self) -> Option<Message> {
        todo!()
    }
    /// The next event; `None` after `Close`. One task should ask.
    pub async fn next_event(&self) -> Option<DataChannelEvent> {
        todo!()
    }
    /// Closes the channel: what was sent still goes out, what comes in is discarded.
    pub fn close(&self) {
        todo!()
    }
}
