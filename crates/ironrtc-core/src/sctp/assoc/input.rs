//! Packets in: checks of ports and tags, then one chunk after the other.

use super::Association;
use super::state::State;
use crate::datagram::DropReason;
use crate::sctp::packet::param::{Params, cause, write_param};
use crate::sctp::packet::{Chunk, FLAG_T, Packet, kind, write_chunk};
use crate::time::Time;

impl Association {
    /// Takes in one SCTP packet. Acknowledgements only become due.
    pub fn handle_packet(&mut self, now: Time, data: &[u8]) {
        self.traffic.packets_received += 1;
        self.traffic.bytes_received += data.len() as u64;
        let Some(packet) = Packet::parse(data, self.config.zero_checksum) else {
            self.drops.add(DropReason::SctpPacket);
            return;
        };
        if packet.destination_port != self.config.local_port
            || packet.source_port != self.config.remote_port
        {
            self.drops.add(DropReason::SctpPacket);
            return;
        }
        let mut chunks = packet.chunks();
        let Some(first) = chunks.next() else {
            self.drops.add(DropReason::SctpPacket);
            return;
        };
        // RFC 9260 section 3: INIT, INIT-ACK and SHUTDOWN-COMPLETE are not bundled.
        match first.kind {
            kind::INIT if packet.tag == 0 && chunks.is_empty() => {
                self.on_init(now, first.value);
                return;
            }
            kind::COOKIE_ECHO => {
                self.on_cookie_echo(now, packet.tag, first.value);
                // What is bundled with a cookie counts only if the cookie was good.
                if packet.tag != self.local_tag || matches!(self.state, State::New | State::Closed)
                {
                    return;
                }
            }
            _ if self.is_for_us(&packet, &first) => {
                if !self.on_chunk(now, &first) {
                    return;
                }
            }
            _ => {
                self.on_out_of_the_blue(&packet, &first);
                return;
            }
        }
        for chunk in chunks.by_ref() {
            if self.state == State::Closed || !self.on_chunk(now, &chunk) {
                break;
            }
        }
        if !chunks.is_empty() {
            self.drops.add(DropReason::SctpChunk);
        }
        self.on_packet_end(now);
    }

    /// RFC 9260 section 8.5: whether the tag is right for the packet's first chunk.
    fn is_for_us(&self, packet: &Packet<'_>, first: &Chunk<'_>) -> bool {
        if matches!(self.state, State::New | State::Closed) {
            return false;
        }
        // Section 8.5.1, rules B and C: with the T bit, the tag is the one that we put in packets.
        let reflected = matches!(first.kind, kind::ABORT | kind::SHUTDOWN_COMPLETE)
            && first.flags & FLAG_T != 0;
        if reflected {
            packet.tag == self.peer_tag && self.peer_tag != 0
        } else {
            packet.tag == self.local_tag
        }
    }

    /// RFC 9260 section 8.4. One association alone uses the DTLS connection, so most packets that
    /// belong to no association are left without an answer.
    fn on_out_of_the_blue(&mut self, packet: &Packet<'_>, first: &Chunk<'_>) {
        let reason = if self.state == State::Closed {
            DropReason::Closed
        } else {
            DropReason::SctpPacket
        };
        self.drops.add(reason);
        // Rule 5: the peer still waits for the end of the shutdown. Its own tag proves that it
        // had an association with us.
        if first.kind == kind::SHUTDOWN_ACK
            && self.state == State::Closed
            && packet.tag == self.local_tag
        {
            let mut chunk = Vec::new();
            write_chunk(&mut chunk, kind::SHUTDOWN_COMPLETE, FLAG_T, &[]);
            self.pending.push_packet(packet.tag, chunk);
        }
    }

    /// Takes in one chunk; false if the rest of the packet is not to be read.
    fn on_chunk(&mut self, now: Time, chunk: &Chunk<'_>) -> bool {
        match chunk.kind {
            kind::DATA => self.on_data_chunk(chunk, false),
            kind::I_DATA => self.on_data_chunk(chunk, true),
            kind::SACK => self.on_sack_chunk(now, chunk.value),
            kind::FORWARD_TSN => self.on_forward_chunk(chunk.value, false),
            kind::I_FORWARD_TSN => self.on_forward_chunk(chunk.value, true),
            kind::HEARTBEAT => self.on_heartbeat(chunk.value),
            kind::HEARTBEAT_ACK => self.on_heartbeat_ack(now, chunk.value),
            kind::RECONFIG => self.on_reconfig(now, chunk.value),
            kind::INIT_ACK => self.on_init_ack(now, chunk.value),
            kind::COOKIE_ACK => self.on_cookie_ack(now),
            kind::ABORT => self.on_abort(chunk.value),
            kind::ERROR => self.on_error(now, chunk.value),
            kind::SHUTDOWN => self.on_shutdown(now, chunk.value),
            kind::SHUTDOWN_ACK => self.on_shutdown_ack(now),
            kind::SHUTDOWN_COMPLETE => self.on_shutdown_complete(now),
            kind::PAD => {}
            // An INIT inside another packet, or a COOKIE-ECHO behind another chunk.
            kind::INIT | kind::COOKIE_ECHO => {
                self.drops.add(DropReason::SctpChunk);
                return false;
            }
            _ => return self.on_unknown_chunk(chunk),
        }
        true
    }

    /// RFC 9260 section 3.2: the type's two highest bits say what to do.
    fn on_unknown_chunk(&mut self, chunk: &Chunk<'_>) -> bool {
        self.drops.add(DropReason::SctpChunk);
        let action = chunk.unknown_action();
        if action.report {
            self.send_error(cause::UNRECOGNIZED_CHUNK, chunk.raw);
        }
        action.go_on
    }

    /// Queues an ERROR with one cause, whose value is cut to what a packet takes.
    pub(super) fn send_error(&mut self, code: u16, value: &[u8]) {
        const MOST: usize = 512;
        let value = value.get(..MOST.min(value.len())).unwrap_or_default();
        let mut causes = Vec::new();
        write_param(&mut causes, code, &[value]);
        let mut chunk = Vec::new();
        write_chunk(&mut chunk, kind::ERROR, 0, &causes);
        self.pending.push_chunk(chunk);
    }

    /// RFC 9260 section 3.3.10.
    fn on_error(&mut self, now: Time, value: &[u8]) {
        for param in Params::new(value) {
            if param.kind == cause::STALE_COOKIE {
                self.on_stale_cookie(now);
                return;
            }
        }
    }
}
