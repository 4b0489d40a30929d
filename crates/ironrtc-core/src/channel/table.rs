//! The channels of one association: ids, states, messages and the closing handshake.

mod ending;
mod ids;
mod incoming;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::ids::FreeIds;
use super::{CreateError, DataChannelInit, Message};
use crate::datagram::{DropCounters, DropReason};
use crate::dtls::Role;
use crate::sctp::{self, Association, OutgoingMessage, SctpState, StreamId};
use crate::time::Time;
use crate::words::words;
use crate::work;

/// Events that may wait before channels that the peer makes are left unread in SCTP. Events about
/// channels that exist are bounded by their number.
const MAX_WAITING_EVENTS: usize = 1024;

/// Charged for a channel beside its label and protocol: an upper bound, which `tests/memory`
/// measures.
const CHANNEL_OVERHEAD: usize = 768;

/// Names a channel for as long as the connection lives; never used again, unlike its stream's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u64);

/// A channel's state (`RTCDataChannelState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelState {
    /// Not yet usable.
    Connecting,
    /// Messages flow.
    Open,
    /// Being closed.
    Closing,
    /// Closed, or never opened.
    Closed,
}

words!(ChannelState, "state of a data channel", {
    Connecting => "connecting",
    Open => "open",
    Closing => "closing",
    Closed => "closed",
});

/// What happened to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The peer made this channel; it is open.
    Announced(ChannelId),
    /// A channel of ours is open.
    Open(ChannelId),
    /// Nothing was to be read and now something is.
    Readable(ChannelId),
    /// The buffered amount fell to or below its threshold.
    BufferedAmountLow(ChannelId),
    /// The peer closes the channel.
    Closing(ChannelId),
    /// The channel failed; a `Closed` follows.
    Error(ChannelId, String),
    /// The channel is closed.
    Closed(ChannelId),
}

/// Why a message was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No such channel, or it is not open.
    #[error("the data channel is not open")]
    NotOpen,
    /// Larger than the peer accepts.
    #[error("the message has {size} bytes and the peer accepts {limit}; split it")]
    TooLarge {
        /// The message's size.
        size: usize,
        /// The peer's limit.
        limit: u64,
    },
    /// Too much is waiting to be sent.
    #[error("the send buffer is full; wait until buffered_amount has fallen")]
    BufferFull,
}

impl SendError {
    /// The name of the exception that W3C's method throws.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotOpen => "InvalidStateError",
            Self::TooLarge { .. } => "TypeError",
            Self::BufferFull => "OperationError",
        }
    }
}

/// One channel.
#[derive(Debug)]
pub struct Channel {
    label: String,
    init: DataChannelInit,
    stream: Option<StreamId>,
    state: ChannelState,
    /// RFC 8832 section 6: until the peer has acknowledged the OPEN, everything goes in order.
    awaiting_ack: bool,
    reset_by_us: bool,
    reset_by_peer: bool,
    /// Closed together with the association: what had arrived can still be read.
    outlived: bool,
    /// `Readable` and `BufferedAmountLow` wait to be taken, so that neither waits twice.
    readable_queued: bool,
    low_queued: bool,
    low_threshold: usize,
    /// What could not be sent any more counts on after close (webrtc-pc section 6.2).
    unsent: usize,
    forgotten: bool,
    by_peer: bool,
    messages_sent: u64,
    bytes_sent: u64,
    messages_received: u64,
    bytes_received: u64,
}

impl Channel {
    fn new(label: String, init: DataChannelInit, stream: Option<StreamId>) -> Self {
        Self {
            label,
            init,
            stream,
            state: ChannelState::Connecting,
            awaiting_ack: false,
            reset_by_us: false,
            reset_by_peer: false,
            outlived: false,
            readable_queued: false,
            low_queued: false,
            low_threshold: 0,
            unsent: 0,
            forgotten: false,
            by_peer: false,
            messages_sent: 0,
            bytes_sent: 0,
            messages_received: 0,
            bytes_received: 0,
        }
    }

    /// The label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The options; `id` is only set for a negotiated channel, see [`stream_id`](Self::stream_id).
    pub fn init(&self) -> &DataChannelInit {
        &self.init
    }

    /// The id on the wire (W3C's `id`), once it is known.
    pub fn stream_id(&self) -> Option<u16> {
        self.stream.map(|stream| stream.0)
    }

    /// The state.
    pub fn state(&self) -> ChannelState {
        self.state
    }

    /// The threshold of [`Event::BufferedAmountLow`], in bytes.
    pub fn buffered_amount_low_threshold(&self) -> usize {
        self.low_threshold
    }

    /// Messages and bytes of payload sent.
    pub fn sent(&self) -> (u64, u64) {
        (self.messages_sent, self.bytes_sent)
    }

    /// Messages and bytes of payload received.
    pub fn received(&self) -> (u64, u64) {
        (self.messages_received, self.bytes_received)
    }

    /// What it takes in memory, its stream and the answer to its OPEN included.
    fn cost(&self) -> usize {
        CHANNEL_OVERHEAD + self.label.len() + self.init.protocol.len()
    }

    fn is_live(&self) -> bool {
        self.state != ChannelState::Closed
    }

    /// Being closed, with both directions reset.
    fn is_reset(&self) -> bool {
        self.state == ChannelState::Closing && self.reset_by_us && self.reset_by_peer
    }
}

/// The channels of one transport.
#[derive(Debug, Default)]
pub struct Channels {
    /// Boxed, since a map that grows keeps half of its places free.
    channels: BTreeMap<ChannelId, Box<Channel>>,
    /// The channels that are not closed, by their streams, or without one before there is a peer.
    by_stream: BTreeMap<StreamId, ChannelId>,
    without_stream: BTreeSet<ChannelId>,
    next_id: u64,
    role: Option<Role>,
    remote_max_message_size: Option<u64>,
    events: VecDeque<Event>,
    /// Streams on which a channel of the peer may wait to be made.
    deferred: BTreeSet<StreamId>,
    /// What the peer's channels take in memory.
    peer_cost: usize,
    ids: FreeIds,
    opened: u64,
    closed: u64,
    over: bool,
    drops: DropCounters,
}

impl Channels {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the DTLS role, which decides who uses even ids, and the largest message that the peer
    /// accepts (`None` for any).
    pub fn configure(&mut self, role: Role, remote_max_message_size: Option<u64>) {
        self.role = Some(role);
        self.ids = FreeIds::new(role);
        self.remote_max_message_size = remote_max_message_size;
    }

    /// The channel's data.
    pub fn get(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id).map(Box::as_ref)
    }

    /// All channels, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = (ChannelId, &Channel)> {
        self.channels.iter().map(|(id, channel)| (*id, &**channel))
    }

    /// How many channels were ever opened, and how many of these closed.
    pub fn opened_and_closed(&self) -> (u64, u64) {
        (self.opened, self.closed)
    }

    /// What was dropped.
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        match event {
            Event::Readable(id) => self.with(id, |channel| channel.readable_queued = false),
            Event::BufferedAmountLow(id) => self.with(id, |channel| channel.low_queued = false),
            _ => {}
        }
        Some(event)
    }

    /// Makes a channel. It opens when the association does.
    pub fn create(
        &mut self,
        now: Time,
        sctp: Option<&mut Association>,
        label: &str,
        init: DataChannelInit,
    ) -> Result<ChannelId, CreateError> {
        if self.over {
            return Err(CreateError::Closed);
        }
        init.check(label)?;
        let connected = sctp.filter(|sctp| sctp.state() == SctpState::Connected);
        let limit = connected
            .as_ref()
            .map_or(u16::MAX, |sctp| stream_limit(sctp));
        let stream = match (init.negotiated, init.id, &connected) {
            (true, Some(id), _) if self.by_stream.contains_key(&StreamId(id)) => {
                return Err(CreateError::IdTaken(id));
            }
            (true, Some(id), _) if id >= limit => return Err(CreateError::NoFreeId(limit)),
            (true, id, _) => id.map(StreamId),
            (false, _, None) => None,
            (false, _, Some(_)) => Some(
                self.free_stream(limit)
                    .ok_or(CreateError::NoFreeId(limit))?,
            ),
        };
        let id = self.insert(Channel::new(label.to_owned(), init, stream));
        if let Some(sctp) = connected {
            self.open(now, sctp, id);
        }
        Ok(id)
    }

    /// Sends a message.
    pub fn send(
        &mut self,
        now: Time,
        sctp: &mut Association,
        id: ChannelId,
        message: Message,
    ) -> Result<(), SendError> {
        let limit = self.remote_max_message_size;
        let channel = self.channels.get_mut(&id).ok_or(SendError::NotOpen)?;
        let (ChannelState::Open, Some(stream)) = (channel.state, channel.stream) else {
            return Err(SendError::NotOpen);
        };
        let size = message.len();
        if let Some(limit) = limit.filter(|limit| size as u64 > *limit) {
            return Err(SendError::TooLarge { size, limit });
        }
        let (ppid, data) = message.into_wire();
        let outgoing = OutgoingMessage {
            ppid,
            data,
            ordered: channel.init.ordered || channel.awaiting_ack,
            reliability: channel.init.reliability(),
            control: false,
        };
        sctp.send(now, stream, outgoing)
            .map_err(|error| match error {
                sctp::SendError::BufferFull => SendError::BufferFull,
                _ => SendError::NotOpen,
            })?;
        channel.messages_sent += 1;
        channel.bytes_sent += size as u64;
        Ok(())
    }

    /// The next message, if any. What is not read stays in SCTP and closes its window.
    pub fn recv(&mut self, sctp: &mut Association, id: ChannelId) -> Option<Message> {
        let channel = self.channels.get(&id)?;
        let stream = channel.stream?;
        if !(channel.is_live() || channel.outlived) {
            return None;
        }
        let mut message = None;
        while message.is_none() && self.has_unread(sctp, id) {
            let incoming = sctp.recv(stream)?;
            message = Message::from_wire(incoming.ppid, incoming.data);
            if message.is_none() {
                self.drops.add(DropReason::ChannelControl);
            }
        }
        if let Some(message) = &message {
            self.with(id, |channel| {
                channel.messages_received += 1;
                channel.bytes_received += message.len() as u64;
            });
        }
        self.finish_close(sctp, id);
        message
    }

    /// Bytes of messages sent that have not gone to the network yet.
    pub fn buffered_amount(&self, sctp: Option<&Association>, id: ChannelId) -> usize {
        let Some(channel) = self.channels.get(&id) else {
            return 0;
        };
        match (sctp, channel.stream) {
            (Some(sctp), Some(stream)) if channel.is_live() => sctp.buffered_amount(stream),
            _ => channel.unsent,
        }
    }

    /// Sets when [`Event::BufferedAmountLow`] comes.
    pub fn set_buffered_amount_low_threshold(
        &mut self,
        sctp: Option<&mut Association>,
        id: ChannelId,
        bytes: usize,
    ) {
        let Some(channel) = self.channels.get_mut(&id) else {
            return;
        };
        channel.low_threshold = bytes;
        if let (Some(sctp), Some(stream)) = (sctp, channel.stream) {
            sctp.set_buffered_amount_low_threshold(stream, bytes);
        }
    }

    /// Makes channels of the peer that had to wait, as far as events have been taken.
    pub(crate) fn resume(&mut self, now: Time, sctp: &mut Association) {
        while self.events.len() < MAX_WAITING_EVENTS
            && let Some(stream) = self.deferred.pop_first()
        {
            self.on_readable(now, sctp, stream);
        }
    }

    /// Those that are not closed, in the order in which they were made, without a look at the others.
    pub(super) fn live(&self) -> Vec<ChannelId> {
        let streams = self.by_stream.values();
        let mut live: Vec<ChannelId> = streams.chain(&self.without_stream).copied().collect();
        work::add(live.len());
        live.sort_unstable();
        live
    }
}

/// The number of ids that both sides can use. 65535 itself is reserved.
fn stream_limit(sctp: &Association) -> u16 {
    sctp.max_outbound_streams().min(sctp.max_inbound_streams())
}
