//! Packets out: one at a time, as full as there is something to say.

use super::Association;
use super::state::{Goodbye, State};
use crate::sctp::num::Tsn;
use crate::sctp::packet::sack::SACK_LEN;
use crate::sctp::packet::{
    CHUNK_HEADER_LEN, HEADER_LEN, kind, write_checksum, write_chunk, write_header,
};
use crate::time::Time;

impl Association {
    /// Appends the next packet worth sending and returns its length; `None` if there is none.
    pub fn write_packet(&mut self, now: Time, out: &mut Vec<u8>) -> Option<usize> {
        let start = out.len();
        self.wrote_probe = false;
        if let Some(packet) = self.pending.pop_packet() {
            self.write_header(out, packet.tag);
            out.extend_from_slice(&packet.chunks);
            return Some(self.finish(out, start, true));
        }
        if matches!(self.state, State::New | State::CookieWait | State::Closed) {
            return None;
        }
        self.begin_discovery(now);
        self.tx.refill(now);
        self.tx.give_up_spent(now, &mut self.events);
        self.write_header(out, self.peer_tag);
        let body = out.len();
        if self.state == State::Established && self.pmtud.write_probe(&mut self.rng, out) {
            self.wrote_probe = true;
            return Some(self.finish(out, start, false));
        }
        let limit = start + (self.pmtud.packet_size() & !3).max(HEADER_LEN + SACK_LEN);
        // RFC 9653 section 5.2: never without checksum beside a COOKIE-ECHO.
        let checksum = self.pending.cookie_echo;
        self.write_control(out, body, limit);
        self.write_acknowledgement(now, out, body, limit);
        if self.state.sends_data() {
            self.tx
                .write_data(now, (body, limit), out, &mut self.events);
        }
        if out.len() == body {
            // The last message of a stream may have expired, for which no acknowledgement comes.
            self.on_acknowledged(now);
            self.write_control(out, body, limit);
        }
        if out.len() == body {
            out.truncate(start);
            return None;
        }
        Some(self.finish(out, start, checksum))
    }

    fn write_header(&self, out: &mut Vec<u8>, tag: u32) {
        write_header(out, self.config.local_port, self.config.remote_port, tag);
    }

    fn finish(&mut self, out: &mut [u8], start: usize, checksum: bool) -> usize {
        if checksum || !self.extensions.zero_checksum {
            write_checksum(out, start);
        }
        let len = out.len() - start;
        self.traffic.packets_sent += 1;
        self.traffic.bytes_sent += len as u64;
        len
    }

    /// RFC 9260 section 6.10: control chunks come before data, COOKIE-ECHO and COOKIE-ACK first.
    fn write_control(&mut self, out: &mut Vec<u8>, body: usize, limit: usize) {
        if std::mem::take(&mut self.pending.cookie_echo) {
            write_chunk(out, kind::COOKIE_ECHO, 0, &self.handshake.cookie);
        }
        if std::mem::take(&mut self.pending.cookie_ack) {
            write_chunk(out, kind::COOKIE_ACK, 0, &[]);
        }
        if self.state == State::CookieEchoed {
            return;
        }
        while let room = limit.saturating_sub(out.len())
            && let Some(chunk) = self.pending.pop_chunk(room, out.len() == body)
        {
            out.extend_from_slice(&chunk);
        }
        match (self.pending.goodbye.take(), &self.rx) {
            (Some(Goodbye::Shutdown), Some(rx)) => {
                let cumulative = Tsn::of(rx.cumulative()).0.to_be_bytes();
                write_chunk(out, kind::SHUTDOWN, 0, &cumulative);
            }
            (Some(Goodbye::ShutdownAck), _) => write_chunk(out, kind::SHUTDOWN_ACK, 0, &[]),
            _ => {}
        }
    }

    /// A SACK that is due, or that rides on what is sent anyway; then a FORWARD-TSN.
    fn write_acknowledgement(&mut self, now: Time, out: &mut Vec<u8>, body: usize, limit: usize) {
        let room = limit.saturating_sub(out.len());
        let sends_data = self.state.sends_data();
        if let Some(rx) = &mut self.rx
            && room >= SACK_LEN
            && (rx.sack_is_due(now)
                || (rx.sack_is_pending()
                    && (out.len() > body || (sends_data && self.tx.wants_to_send(room)))))
        {
            rx.write_sack(now, self.tx.round_trip(), room, out);
        }
        let room = limit.saturating_sub(out.len());
        if sends_data && self.tx.forward_is_due() && room >= 2 * CHUNK_HEADER_LEN {
            self.tx.write_forward(now, room, out);
        }
    }
}
