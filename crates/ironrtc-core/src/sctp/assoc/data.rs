//! User data, acknowledgements and skipped messages, in.

use super::Association;
use super::state::State;
use crate::datagram::DropReason;
use crate::sctp::packet::Chunk;
use crate::sctp::packet::data::DataChunk;
use crate::sctp::packet::forward::ForwardTsn;
use crate::sctp::packet::param::cause;
use crate::sctp::packet::sack::Sack;
use crate::sctp::rx::Received;
use crate::time::Time;

impl Association {
    pub(super) fn on_data_chunk(&mut self, chunk: &Chunk<'_>, interleaved: bool) {
        let parsed = if interleaved {
            DataChunk::parse_interleaved(chunk.flags, chunk.value)
        } else {
            DataChunk::parse(chunk.flags, chunk.value)
        };
        let (Some(data), Some(rx)) = (parsed, &mut self.rx) else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        if !self.state.receives_data() {
            self.drops.add(DropReason::SctpChunk);
            return;
        }
        // RFC 8260 section 2.2.1: once I-DATA is negotiated nothing else carries user data.
        if interleaved != self.extensions.interleaving {
            self.abort_with(
                cause::PROTOCOL_VIOLATION,
                "user data in a chunk that was not negotiated",
            );
            return;
        }
        // RFC 9260 section 6.2: "no user data" is an error that ends the association. usrsctp does
        // so too; dcSCTP reports it and never acknowledges the chunk, so nothing is gained by less.
        if data.payload.is_empty() {
            let tsn = data.tsn.0.to_be_bytes();
            self.abort_with_value(cause::NO_USER_DATA, &tsn, "the peer sent an empty message");
            return;
        }
        match rx.on_data(&data, &mut self.events) {
            Received::Accepted => {}
            Received::Dropped => self.drops.add(DropReason::SctpChunk),
            Received::InvalidStream => {
                self.drops.add(DropReason::SctpChunk);
                let [high, low] = data.header.stream.0.to_be_bytes();
                self.send_error(cause::INVALID_STREAM, &[high, low, 0, 0]);
            }
            Received::TooLarge => {
                let limit = self.config.message_limit();
                let reason = format!("a message exceeds the limit of {limit} bytes");
                self.abort_with(cause::PROTOCOL_VIOLATION, &reason);
            }
        }
    }

    pub(super) fn on_forward_chunk(&mut self, value: &[u8], interleaved: bool) {
        let forward = ForwardTsn::parse(interleaved, value);
        let expected = self.extensions.forward_tsn && interleaved == self.extensions.interleaving;
        match (forward, &mut self.rx) {
            (Some(forward), Some(rx)) if expected && self.state.receives_data() => {
                rx.on_forward(&forward, &mut self.events);
            }
            _ => self.drops.add(DropReason::SctpChunk),
        }
    }

    pub(super) fn on_sack_chunk(&mut self, now: Time, value: &[u8]) {
        match Sack::parse(value) {
            // In COOKIE-ECHOED, the peer has answered nothing that we have sent.
            Some(sack) if self.state.sends_data() => self.take_sack(now, &sack),
            _ => self.drops.add(DropReason::SctpChunk),
        }
    }

    pub(super) fn take_sack(&mut self, now: Time, sack: &Sack<'_>) {
        if !self.tx.on_sack(now, sack) {
            self.drops.add(DropReason::SctpChunk);
            return;
        }
        self.pmtud.on_sign_of_life();
        self.check_black_hole(now);
        self.on_acknowledged(now);
    }

    /// What waits for everything, or for a stream, to be acknowledged.
    pub(super) fn on_acknowledged(&mut self, now: Time) {
        self.advance_shutdown(now);
        self.advance_resets(now);
    }

    /// The end of a packet.
    pub(super) fn on_packet_end(&mut self, now: Time) {
        let Some(rx) = &mut self.rx else { return };
        rx.on_packet_end(now);
        // RFC 9260 section 9.2: in SHUTDOWN-SENT, data is answered by SHUTDOWN and SACK at once.
        if self.state == State::ShutdownSent && rx.sack_is_pending() {
            rx.want_sack();
            self.pending.goodbye = self.state.goodbye();
            // The guard is against a peer that never ends, not against one that is still sending.
            self.start_shutdown_timers(now);
        }
        self.perform_deferred_resets();
    }
}
