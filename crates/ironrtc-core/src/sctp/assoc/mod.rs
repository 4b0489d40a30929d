//! The association: a state machine around one sender and one receiver.

mod connect;
mod cookie;
mod data;
mod discovery;
mod heartbeat;
mod input;
mod output;
mod pmtud;
mod reconfig;
mod reset;
mod shutdown;
mod state;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::VecDeque;

use crate::datagram::DropCounters;
use crate::rng::Rng;
use crate::sctp::config::SctpConfig;
use crate::sctp::message::{
    Event, IncomingMessage, OutgoingMessage, SctpState, SctpStats, SendError, StreamId,
};
use crate::sctp::num::Tsn;
use crate::sctp::packet::init::Extensions;
use crate::sctp::rx::{Receiver, effective_window};
use crate::sctp::tx::{Sender, StreamPhase};
use crate::time::{Time, TimerTable};
use connect::Handshake;
use cookie::CookieKey;
use heartbeat::Heartbeat;
use pmtud::Pmtud;
use reset::Resets;
use state::{Pending, State, Timer};

/// Packets and bytes on the wire.
#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    packets_sent: u64,
    packets_received: u64,
    bytes_sent: u64,
    bytes_received: u64,
}

/// One SCTP association over one DTLS connection.
#[derive(Debug)]
pub struct Association {
    config: SctpConfig,
    rng: Rng,
    drops: DropCounters,
    state: State,
    cookie_key: CookieKey,
    local_tag: u32,
    local_tsn: Tsn,
    peer_tag: u32,
    /// What both ends offer.
    extensions: Extensions,
    outbound_streams: u16,
    inbound_streams: u16,
    handshake: Handshake,
    pending: Pending,
    /// Exists from the moment when the peer's first TSN is known.
    rx: Option<Receiver>,
    tx: Sender,
    resets: Resets,
    heartbeat: Heartbeat,
    pmtud: Pmtud,
    /// The last packet written was a probe.
    wrote_probe: bool,
    timers: TimerTable<Timer, { Timer::COUNT }>,
    events: VecDeque<Event>,
    traffic: Traffic,
}

impl Association {
    /// An association that is neither connecting nor connected; it already answers an INIT.
    pub fn new(config: SctpConfig, mut rng: Rng) -> Self {
        let local_tsn = Tsn(rng.u32());
        let pmtud = Pmtud::new(config.max_packet_size, config.max_probe_packet_size);
        let mut tx = Sender::new(&config, local_tsn);
        tx.set_packet_size(pmtud.packet_size());
        tx.set_chunk_packet_size(pmtud.chunk_packet_size());
        Self {
            state: State::New,
            cookie_key: CookieKey::new(&mut rng),
            local_tag: new_tag(&mut rng),
            local_tsn,
            peer_tag: 0,
            extensions: Extensions::default(),
            outbound_streams: config.max_outbound_streams,
            inbound_streams: config.max_inbound_streams,
            handshake: Handshake::default(),
            pending: Pending::default(),
            rx: None,
            tx,
            resets: Resets::new(local_tsn),
            heartbeat: Heartbeat::default(),
            pmtud,
            wrote_probe: false,
            timers: TimerTable::new(),
            events: VecDeque::new(),
            traffic: Traffic::default(),
            drops: DropCounters::default(),
            config,
            rng,
        }
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        match &event {
            Event::Readable(stream) => {
                if let Some(rx) = &mut self.rx {
                    rx.on_announced(*stream);
                }
            }
            Event::BufferedAmountLow(stream) => self.tx.queue_mut().on_low_announced(*stream),
            _ => {}
        }
        Some(event)
    }

    /// Queues a message, also before the association is connected.
    pub fn send(
        &mut self,
        now: Time,
        stream: StreamId,
        message: OutgoingMessage,
    ) -> Result<(), SendError> {
        match self.state {
            State::New | State::CookieWait | State::CookieEchoed | State::Established => {}
            _ => return Err(SendError::Closed),
        }
        if stream.0 >= self.outbound_streams {
            return Err(SendError::InvalidStream {
                stream,
                limit: self.outbound_streams,
            });
        }
        if message.data.is_empty() {
            return Err(SendError::Empty);
        }
        if self.tx.queue().phase(stream) != StreamPhase::Open {
            // The peer may have seen the end of a reset whose answer is still on its way here, and
            // begin a channel anew; the answer to that waits for the end, too.
            let held = message.control
                && self.resets.is_requested(stream)
                && self.tx.queue_mut().hold(stream, message);
            return if held {
                Ok(())
            } else {
                Err(SendError::StreamResetting)
            };
        }
        // Control messages are few and small, and a channel whose first one is refused is lost.
        let queued = self.tx.queued();
        if !message.control
            && queued > 0
            && queued + message.data.len() > self.config.max_send_buffer
        {
            return Err(SendError::BufferFull);
        }
        self.note_used(stream);
        self.tx.push(now, stream, message);
        Ok(())
    }

    /// The next message of a stream. Unread messages close the receive window. `None` too where the
    /// peer has reset the stream, until [`take_reset`](Self::take_reset).
    pub fn recv(&mut self, stream: StreamId) -> Option<IncomingMessage> {
        self.rx.as_mut()?.recv(stream)
    }

    /// Goes over the peer's reset of a stream, if everything before it was read; true if so. What
    /// the peer has sent since can then be read.
    pub fn take_reset(&mut self, stream: StreamId) -> bool {
        self.rx.as_mut().is_some_and(|rx| rx.take_reset(stream))
    }

    /// Whether the peer has reset a stream behind what is to be read.
    pub fn has_reset(&self, stream: StreamId) -> bool {
        self.rx.as_ref().is_some_and(|rx| rx.has_reset(stream))
    }

    /// The message that [`recv`](Self::recv) would take.
    pub fn peek(&self, stream: StreamId) -> Option<&IncomingMessage> {
        self.rx.as_ref()?.peek(stream)
    }

    /// Application bytes queued on a stream and not yet sent for the first time.
    pub fn buffered_amount(&self, stream: StreamId) -> usize {
        self.tx.queue().buffered_amount(stream)
    }

    /// Sets when [`Event::BufferedAmountLow`] comes: at or below `bytes`, coming from above.
    pub fn set_buffered_amount_low_threshold(&mut self, stream: StreamId, bytes: usize) {
        self.tx.queue_mut().set_low_threshold(stream, bytes);
    }

    /// Sets a stream's share when streams compete (RFC 8260 section 3.6); the default is 256.
    pub fn set_stream_priority(&mut self, stream: StreamId, weight: u16) {
        self.note_used(stream);
        self.tx.queue_mut().set_weight(stream, weight);
    }

    /// The present state.
    pub fn state(&self) -> SctpState {
        self.state.public()
    }

    /// Number of streams we may send on: ours until connected, then the negotiated number.
    pub fn max_outbound_streams(&self) -> u16 {
        self.outbound_streams
    }

    /// Number of streams the peer may send on.
    pub fn max_inbound_streams(&self) -> u16 {
        self.inbound_streams
    }

    /// Figures.
    pub fn stats(&self) -> SctpStats {
        let mut stats = SctpStats {
            packets_sent: self.traffic.packets_sent,
            packets_received: self.traffic.packets_received,
            bytes_sent: self.traffic.bytes_sent,
            bytes_received: self.traffic.bytes_received,
            messages_received: self.rx.as_ref().map_or(0, Receiver::messages),
            interleaving: self.extensions.interleaving,
            zero_checksum: self.extensions.zero_checksum,
            ..SctpStats::default()
        };
        self.tx.add_stats(&mut stats);
        stats
    }

    /// What was dropped.
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }

    /// Tells a round trip of the path that was measured before, as by ICE, so that the first
    /// timeouts on a slow path do not come too early.
    pub fn expect_round_trip(&mut self, round_trip: std::time::Duration) {
        self.tx.rtt_mut().expect(round_trip);
    }

    /// Changes the largest packet to send, as when the path changed.
    pub fn set_max_packet_size(&mut self, size: usize) {
        self.config.max_packet_size = size;
        self.pmtud.set_base(size);
        self.apply_packet_size();
        self.stop_timer(Timer::Probe);
    }

    fn set_state(&mut self, state: State) {
        let before = self.state.public();
        self.state = state;
        if state.public() != before {
            self.events.push_back(Event::StateChange(state.public()));
        }
    }

    fn advertised_window(&self) -> usize {
        effective_window(self.config.receive_window, self.config.message_limit())
    }
}

/// RFC 9260 section 5.3.1: a tag is random and not zero.
fn new_tag(rng: &mut Rng) -> u32 {
    rng.u32().max(1)
}
