//! A data channel (`RTCDataChannel`).

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use ironrtc_core::channel::{
    Channel, ChannelId, ChannelState, CreateError, Message, Priority, SendError,
};
use ironrtc_core::time::Time;

use crate::channel_event::DataChannelEvent;
use crate::handle::Handle;
use crate::machine::Machine;
use crate::signal::Signal;

/// A data channel. Clones are handles of the same channel; it is closed by
/// [`close`](Self::close) or with its connection, not by dropping handles.
///
/// ```
/// # async fn example(channel: ironrtc::DataChannel) -> Result<(), ironrtc::SendError> {
/// channel.opened().await?;
/// channel.send("hello")?;
/// while let Some(message) = channel.recv().await {
///     println!("{} bytes", message.len());
///     // A sender that may be faster than the network waits for it.
///     channel.buffered_amount_below(1 << 20).await?;
///     channel.send(message)?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # A channel that nobody reads
///
/// Messages wait in SCTP until they are read, and SCTP has one receive window for all channels of a
/// connection ([`SctpConfig::receive_window`](crate::SctpConfig)). So messages that are left unread
/// on one channel fill the window, and then no channel of the connection receives any more: on the
/// other side [`buffered_amount`](Self::buffered_amount) grows on all of them, `send` fails with
/// [`SendError::BufferFull`] in the end, and nothing is lost. It all goes on once the messages are
/// read. Read each channel, at least to throw away what it brings; [`close`](Self::close) those that
/// are not wanted, which discards what waits; and give bulk data that must not hold up others a
/// connection of its own.
#[derive(Clone)]
pub struct DataChannel(Arc<Inner>);

struct Inner {
    connection: Handle<dyn Machine>,
    id: ChannelId,
    signal: Arc<Signal>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.connection.lock().forget(self.id);
    }
}

impl DataChannel {
    pub(crate) fn new(connection: Handle<dyn Machine>, id: ChannelId, signal: Arc<Signal>) -> Self {
        Self(Arc::new(Inner {
            connection,
            id,
            signal,
        }))
    }

    /// Makes a channel, in the way of its machine.
    pub(crate) fn create<M: Machine>(
        connection: &Handle<M>,
        create: impl FnOnce(&mut M, Time) -> Result<ChannelId, CreateError>,
    ) -> Result<Self, CreateError> {
        let (id, signal) = connection.create_channel(create)?;
        Ok(Self::new(connection.erase(), id, signal))
    }

    /// A channel that the peer made.
    pub(crate) fn announced(connection: Handle<dyn Machine>, id: ChannelId) -> Self {
        let signal = connection.signal(id);
        Self::new(connection, id, signal)
    }

    fn read<R: Default>(&self, read: impl FnOnce(&Channel) -> R) -> R {
        let connection = &self.0.connection;
        connection.read(|machine| {
            let channel = machine.transport().channels().get(self.0.id);
            channel.map(read).unwrap_or_default()
        })
    }

    fn state_of(&self, machine: &dyn Machine) -> ChannelState {
        let channel = machine.transport().channels().get(self.0.id);
        channel.map_or(ChannelState::Closed, Channel::state)
    }

    /// `label`.
    pub fn label(&self) -> String {
        self.read(|channel| channel.label().to_owned())
    }
    /// `protocol`.
    pub fn protocol(&self) -> String {
        self.read(|channel| channel.init().protocol.clone())
    }
    /// `ordered`.
    pub fn ordered(&self) -> bool {
        self.read(|channel| channel.init().ordered)
    }
    /// `maxPacketLifeTime`, in milliseconds.
    pub fn max_packet_life_time(&self) -> Option<u16> {
        self.read(|channel| channel.init().max_packet_life_time)
    }
    /// `maxRetransmits`.
    pub fn max_retransmits(&self) -> Option<u16> {
        self.read(|channel| channel.init().max_retransmits)
    }
    /// `negotiated`.
    pub fn negotiated(&self) -> bool {
        self.read(|channel| channel.init().negotiated)
    }
    /// `id`: `None` until it is known.
    pub fn id(&self) -> Option<u16> {
        self.read(Channel::stream_id)
    }
    /// `priority`.
    pub fn priority(&self) -> Priority {
        self.read(|channel| channel.init().priority)
    }
    /// `readyState`.
    pub fn ready_state(&self) -> ChannelState {
        self.0.connection.read(|machine| self.state_of(machine))
    }
    /// `bufferedAmount`: bytes of payload accepted and not yet sent.
    pub fn buffered_amount(&self) -> usize {
        let connection = &self.0.connection;
        connection.read(|machine| machine.transport().buffered_amount(self.0.id))
    }
    /// `bufferedAmountLowThreshold`, in bytes.
    pub fn buffered_amount_low_threshold(&self) -> usize {
        self.read(Channel::buffered_amount_low_threshold)
    }
    /// Sets `bufferedAmountLowThreshold`.
    pub fn set_buffered_amount_low_threshold(&self, bytes: usize) {
        let id = self.0.id;
        let connection = &self.0.connection;
        connection.change(|machine, _| {
            machine
                .channels_mut()
                .set_buffered_amount_low_threshold(id, bytes);
        });
    }
    /// Queues a message: text from `&str` or `String`, binary from `Vec<u8>` or `Bytes`, none of
    /// which is copied except `&str`.
    pub fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        let (id, message) = (self.0.id, message.into());
        let connection = &self.0.connection;
        connection.change(|machine, now| machine.channels_mut().send(now, id, message))
    }
    /// Waits while more than `bytes` of payload wait to be sent; an error if the channel closes.
    pub async fn buffered_amount_below(&self, bytes: usize) -> Result<(), SendError> {
        let Inner { connection, id, .. } = &*self.0;
        let drained = || {
            let mut core = connection.lock();
            if self.state_of(&core.machine) != ChannelState::Open {
                return Some(Err(SendError::NotOpen));
            }
            if core.machine.transport().buffered_amount(*id) <= bytes {
                return Some(Ok(()));
            }
            core.wait_for_drain(*id, bytes);
            None
        };
        self.0.signal.wait_for(drained).await
    }
    /// Waits until the channel is open; an error if it closes first.
    pub async fn opened(&self) -> Result<(), SendError> {
        let opened = || match self.ready_state() {
            ChannelState::Connecting => None,
            ChannelState::Open => Some(Ok(())),
            ChannelState::Closing | ChannelState::Closed => Some(Err(SendError::NotOpen)),
        };
        self.0.signal.wait_for(opened).await
    }
    /// The next message; `None` once the channel is closed and everything was read. What is not
    /// read makes the peer wait. Nothing is lost if the future is dropped before it is ready.
    pub async fn recv(&self) -> Option<Message> {
        self.0.signal.wait_for(|| self.received()).await
    }

    /// `Some(None)` is the end.
    fn received(&self) -> Option<Option<Message>> {
        match self.try_recv() {
            Some(message) => Some(Some(message)),
            None => (self.ready_state() == ChannelState::Closed).then_some(None),
        }
    }

    /// The next message, if there is one now.
    pub fn try_recv(&self) -> Option<Message> {
        self.0.connection.recv(self.0.id)
    }
    /// The next event; `None` after `Close`. One task should ask.
    pub async fn next_event(&self) -> Option<DataChannelEvent> {
        self.0.signal.wait_for(|| self.0.signal.take()).await
    }
    /// Closes the channel: what was sent still goes out, what comes in is discarded.
    pub fn close(&self) {
        let id = self.0.id;
        let connection = &self.0.connection;
        connection.change(|machine, now| machine.channels_mut().close(now, id));
    }
}

/// The messages, as [`recv`](DataChannel::recv) gives them.
impl Stream for DataChannel {
    type Item = Message;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.0.signal.poll_for(context, || self.received())
    }
}

impl fmt::Debug for DataChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataChannel")
            .field("connection", &self.0.connection)
            .field("label", &self.label())
            .field("id", &self.id())
            .finish()
    }
}
