//! What goes through an association's public interface: messages, states, events, errors.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::words::words;

/// A stream's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u16);

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How hard to try to deliver a message (RFC 3758, RFC 7496).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliability {
    /// Until it arrives or the association ends.
    #[default]
    Reliable,
    /// Abandoned when a part of it would be retransmitted more often than this.
    MaxRetransmits(u16),
    /// Abandoned when it did not arrive within this time of `send`.
    MaxLifetime(Duration),
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// Payload protocol identifier, passed through untouched.
    pub ppid: u32,
    /// The payload; never empty, and never copied before it is written to a packet.
    pub data: Bytes,
    /// Whether it is delivered in order with the other ordered messages of its stream.
    pub ordered: bool,
    /// How hard to try.
    pub reliability: Reliability,
    /// A control message of the layer above, not counted in the buffered amount.
    pub control: bool,
}

/// A message received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingMessage {
    /// Payload protocol identifier, as the peer set it.
    pub ppid: u32,
    /// The payload.
    pub data: Bytes,
}

/// Where an association is in its life. `RTCSctpTransportState` has fewer words: there `New` is
/// `connecting`, and `ShuttingDown` is `closed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SctpState {
    /// Neither side has begun; an INIT of the peer is answered.
    New,
    /// The handshake runs.
    Connecting,
    /// Messages flow.
    Connected,
    /// A shutdown runs: what was sent is still delivered, nothing new is accepted.
    ShuttingDown,
    /// Over, by shutdown, abort or failure.
    Closed,
}

words!(SctpState, "state of an SCTP transport", {
    New => "new",
    Connecting => "connecting",
    Connected => "connected",
    ShuttingDown => "shutting-down",
    Closed => "closed",
});

/// What happened since the last poll.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    StateChange(SctpState),
    /// A stream that had nothing to read has something.
    Readable(StreamId),
    /// The buffered amount of a stream fell to or below its threshold.
    BufferedAmountLow(StreamId),
    /// The peer reset its side of a stream. Everything sent before the reset can still be read;
    /// what follows it, once the reset was taken.
    StreamResetByPeer(StreamId),
    /// Our reset of a stream is finished; its number may be used again.
    StreamResetDone(StreamId),
    /// The peer lost its state and started over: every stream begins anew, and what was not
    /// acknowledged before is lost. What had arrived can still be read, as before a reset.
    Restarted,
    /// The association ended without a shutdown; nothing unacknowledged can be trusted to have
    /// arrived.
    Aborted {
        /// Why, in words.
        reason: String,
    },
}

/// Why a message was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The association is shutting down or over.
    #[error("the association is closed; open a new connection")]
    Closed,
    /// The stream number is outside what was negotiated.
    #[error("stream {stream} does not exist; the peer accepts {limit} streams")]
    InvalidStream {
        /// The stream asked for.
        stream: StreamId,
        /// Number of streams the peer accepts.
        limit: u16,
    },
    /// The stream is being reset.
    #[error("the stream is being reset; wait for the reset to finish")]
    StreamResetting,
    /// SCTP carries no empty message.
    #[error("the message is empty; SCTP carries at least one byte")]
    Empty,
    /// The send buffer is full.
    #[error("the send buffer is full; wait for the buffered amount to fall")]
    BufferFull,
}

/// The reason of the deadline that lets the next packet of a paced flow out.
pub(crate) const PACING: &str = "sctp_pacing";
/// The reason of the deadline at which what came alone is acknowledged.
pub(crate) const DELAYED_SACK: &str = "sctp_delayed_sack";

/// Figures of an association.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SctpStats {
    /// Smoothed round-trip time, once measured.
    pub srtt: Option<Duration>,
    /// Present retransmission timeout.
    pub rto: Duration,
    /// Congestion window in bytes.
    pub cwnd: usize,
    /// Slow start threshold in bytes.
    pub ssthresh: usize,
    /// The peer's receive window in bytes, less what is in flight.
    pub rwnd: usize,
    /// Bytes in flight.
    pub in_flight: usize,
    /// Bytes accepted from the application and not yet sent for the first time.
    pub queued: usize,
    /// Largest packet sent at present.
    pub packet_size: usize,
    /// Packets sent.
    pub packets_sent: u64,
    /// Packets received.
    pub packets_received: u64,
    /// Bytes of packets sent.
    pub bytes_sent: u64,
    /// Bytes of packets received.
    pub bytes_received: u64,
    /// Messages whose last byte was sent.
    pub messages_sent: u64,
    /// Messages received completely.
    pub messages_received: u64,
    /// Chunks of user data sent again.
    pub retransmissions: u64,
    /// Times the retransmission timer ran out.
    pub timeouts: u64,
    /// Times a loss was repaired without waiting for the timer.
    pub fast_recoveries: u64,
    /// Times what was taken for lost had only been late, so that the window became what it was.
    pub spurious_losses: u64,
    /// Messages given up under partial reliability.
    pub messages_abandoned: u64,
    /// Whether I-DATA is in use.
    pub interleaving: bool,
    /// Whether we leave the checksum out.
    pub zero_checksum: bool,
}
