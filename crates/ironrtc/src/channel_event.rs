//! What a channel tells.

/// What happened to a channel. Events that say the same twice are merged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataChannelEvent {
    /// `open`.
    Open,
    /// There are messages to [`recv`](crate::DataChannel::try_recv).
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
