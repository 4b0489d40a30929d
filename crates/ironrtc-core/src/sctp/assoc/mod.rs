//! The association: a state machine around one sender and one receiver.

use crate::datagram::DropCounters;
use crate::rng::Rng;
use crate::sctp::config::SctpConfig;
use crate::sctp::message::{
    Event, IncomingMessage, OutgoingMessage, SctpState, SctpStats, SendError, StreamId,
};
use crate::time::Time;

/// One SCTP association over one DTLS connection.
#[derive(Debug)]
pub struct Association {
    config: SctpConfig,
    rng: Rng,
    drops: DropCounters,
}

impl Association {
    /// An association that is neither connecting nor connected; it already answers an INIT.
    pub fn new(config: SctpConfig, rng: Rng) -> Self {
        Self {
            config,
            rng,
            drops: DropCounters::default(),
        }
    }
    /// Starts the handshake. Both sides may do so at once.
    pub fn connect(&mut self, _now: Time) {}
    /// Takes in one SCTP packet. Acknowledgements only become due.
    pub fn handle_packet(&mut self, _now: Time, _data: &[u8]) {}
    /// Appends the next packet worth sending and returns its length; `None` if there is none.
    pub fn write_packet(&mut self, _now: Time, _out: &mut Vec<u8>) -> Option<usize> {
        None
    }
    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        None
    }
    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, _now: Time) {}
    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        None
    }
    /// Queues a message, also before the association is connected.
    pub fn send(
        &mut self,
        _now: Time,
        _stream: StreamId,
        _m: OutgoingMessage,
    ) -> Result<(), SendError> {
        Ok(())
    }
    /// The next message of a stream. Unread messages close the receive window.
    pub fn recv(&mut self, _stream: StreamId) -> Option<IncomingMessage> {
        None
    }
    /// Application bytes queued on a stream and not yet sent for the first time.
    pub fn buffered_amount(&self, _stream: StreamId) -> usize {
        0
    }
    /// Sets when [`Event::BufferedAmountLow`] comes: at or below `bytes`, coming from above.
    pub fn set_buffered_amount_low_threshold(&mut self, _stream: StreamId, _bytes: usize) {}
    /// Sets a stream's share when streams compete (RFC 8260 section 3.6); the default is 256.
    pub fn set_stream_priority(&mut self, _stream: StreamId, _weight: u16) {}
    /// Resets our side of a stream (RFC 6525) once everything queued on it was sent.
    pub fn reset_stream(&mut self, _now: Time, _stream: StreamId) {}
    /// Closes the association once everything queued has arrived.
    pub fn shutdown(&mut self, _now: Time) {}
    /// Ends the association at once and tells the peer why.
    pub fn abort(&mut self, _reason: &str) {}
    /// The present state.
    pub fn state(&self) -> SctpState {
        SctpState::New
    }
    /// Number of streams we may send on: ours until connected, then the negotiated number.
    pub fn max_outbound_streams(&self) -> u16 {
        self.config.max_outbound_streams
    }
    /// Number of streams the peer may send on.
    pub fn max_inbound_streams(&self) -> u16 {
        self.config.max_inbound_streams
    }
    /// Figures.
    pub fn stats(&self) -> SctpStats {
        SctpStats::default()
    }
    /// What was dropped.
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }
    /// Changes the largest packet to send, as when the path changed.
    pub fn set_max_packet_size(&mut self, size: usize) {
        self.config.max_packet_size = size;
    }
}
