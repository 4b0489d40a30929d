//! Heartbeats (RFC 9260 section 8.3).

use super::Association;
use super::state::{State, Timer};
use crate::datagram::DropReason;
use crate::sctp::packet::param::{Param, Params, kind as param_kind, write_param};
use crate::sctp::packet::{CHUNK_HEADER_LEN, kind, write_chunk};
use crate::time::Time;
use crate::wire::Reader;

/// Longest heartbeat that is answered. The answer has to fit into a packet, and what a probe for a
/// larger size adds is padding beside it (RFC 4820).
const MAX_ECHO: usize = 1024;
const PARAM_HEADER_LEN: usize = 4;

/// The heartbeat in flight.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    /// Its random number, and when it was sent.
    sent: Option<(u64, Time)>,
}

impl Association {
    pub(super) fn start_heartbeat(&mut self, now: Time) {
        self.heartbeat = Heartbeat::default();
        self.restart_heartbeat_timer(now);
    }

    fn restart_heartbeat_timer(&mut self, now: Time) {
        // RFC 9260 section 8.3: the interval, an RTO, and half of that as jitter.
        let rto = self.tx.rto();
        let jitter = self.rng.below(rto.as_nanos() as u64);
        let jitter = std::time::Duration::from_nanos(jitter);
        let wait = self.config.heartbeat_interval + rto / 2 + jitter;
        self.set_timer(Timer::Heartbeat, now + wait);
    }

    pub(super) fn on_heartbeat_timeout(&mut self, now: Time) {
        if !matches!(self.state, State::Established | State::ShutdownPending) {
            return;
        }
        if self.heartbeat.sent.take().is_some() {
            self.tx.set_errors(self.tx.errors() + 1);
            if self.give_up_if_silent() {
                return;
            }
        }
        // Data in flight says as much about the peer.
        if self.tx.is_idle() {
            let nonce = self.rng.u64();
            self.heartbeat.sent = Some((nonce, now));
            let chunk = heartbeat_chunk(nonce);
            self.pending.push_chunk(chunk);
        }
        self.restart_heartbeat_timer(now);
    }

    pub(super) fn on_heartbeat(&mut self, value: &[u8]) {
        if value.len() > MAX_ECHO {
            self.drops.add(DropReason::SctpChunk);
            return;
        }
        let mut chunk = Vec::new();
        write_chunk(&mut chunk, kind::HEARTBEAT_ACK, 0, value);
        self.pending.push_chunk(chunk);
    }

    pub(super) fn on_heartbeat_ack(&mut self, now: Time, value: &[u8]) {
        let nonce = Params::new(value).next().and_then(|param| nonce_of(&param));
        let Some(nonce) = nonce else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        if let Some((_, sent_at)) = self.heartbeat.sent.take_if(|(sent, _)| *sent == nonce) {
            self.tx.rtt_mut().on_sample(now, now.since(sent_at));
            self.tx.set_errors(0);
            self.pmtud.on_sign_of_life();
        } else if !self.on_probe_answered(now, nonce) {
            self.drops.add(DropReason::SctpChunk);
        }
    }
}

fn nonce_of(param: &Param<'_>) -> Option<u64> {
    if param.kind != param_kind::HEARTBEAT_INFO {
        return None;
    }
    Reader::new(param.value).u64()
}

/// A HEARTBEAT that carries nothing but a random number.
pub(super) fn heartbeat_chunk(nonce: u64) -> Vec<u8> {
    padded_heartbeat_chunk(nonce, 0)
}

/// A HEARTBEAT of `len` bytes, a multiple of four, that carries a random number and zeros.
pub(super) fn padded_heartbeat_chunk(nonce: u64, len: usize) -> Vec<u8> {
    let padding = vec![0; len.saturating_sub(CHUNK_HEADER_LEN + PARAM_HEADER_LEN + 8)];
    let mut info = Vec::new();
    write_param(
        &mut info,
        param_kind::HEARTBEAT_INFO,
        &[&nonce.to_be_bytes(), &padding],
    );
    let mut chunk = Vec::new();
    write_chunk(&mut chunk, kind::HEARTBEAT, 0, &info);
    chunk
}
