//! The four-way handshake (RFC 9260 section 5), from either side or both at once.

use super::cookie::Cookie;
use super::reset::Resets;
use super::state::{State, Timer};
use super::{Association, new_tag};
use crate::datagram::DropReason;
use crate::sctp::message::Event;
use crate::sctp::num::Tsn;
use crate::sctp::packet::init::{Extensions, Init, ReceivedInit, write_init};
use crate::sctp::packet::param::{cause, kind as param_kind, write_param};
use crate::sctp::packet::{kind, write_chunk};
use crate::sctp::rx::{Receiver, ReceiverConfig};
use crate::time::{Time, TimerTable};

/// The state of our side of a handshake.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    /// The peer's cookie, echoed until it is acknowledged.
    pub(super) cookie: Vec<u8>,
    attempts: u32,
    /// When the chunk was sent that is awaiting its answer, if it was sent only once.
    sent_at: Option<Time>,
}

impl Association {
    /// Starts the handshake. Both sides may do so at once.
    pub fn connect(&mut self, now: Time) {
        if self.state == State::New {
            self.set_state(State::CookieWait);
            self.send_init(now);
        }
    }

    fn offered(&self) -> Extensions {
        Extensions {
            forward_tsn: true,
            reconfig: true,
            interleaving: self.config.interleaving,
            zero_checksum: self.config.zero_checksum,
            large_packets: true,
        }
    }

    fn own_init(&self, tag: u32, initial_tsn: Tsn, extensions: Extensions) -> Init {
        Init {
            tag,
            window: self.advertised_window() as u32,
            outbound_streams: self.config.max_outbound_streams.max(1),
            inbound_streams: self.config.max_inbound_streams.max(1),
            initial_tsn,
            extensions,
        }
    }

    fn send_init(&mut self, now: Time) {
        let mut chunk = Vec::new();
        let extensions = match self.handshake.attempts {
            0 | 1 => self.offered(),
            _ => self.offered().without_recent(),
        };
        let init = self.own_init(self.local_tag, self.local_tsn, extensions);
        write_init(&mut chunk, &init, None, &[]);
        // RFC 9260 section 8.5.1, rule A: the tag of a packet with INIT is zero.
        self.pending.push_packet(0, chunk);
        self.handshake.sent_at = (self.handshake.attempts == 0).then_some(now);
        self.set_timer(Timer::Handshake, now + self.tx.rto());
    }

    /// T1-init and T1-cookie (RFC 9260 section 5.1.6).
    pub(super) fn on_handshake_timeout(&mut self, now: Time) {
        self.handshake.attempts += 1;
        if self.handshake.attempts > self.config.max_init_retransmissions {
            self.fail("the SCTP handshake was not answered");
            return;
        }
        self.tx.rtt_mut().back_off();
        match self.state {
            State::CookieWait => self.send_init(now),
            State::CookieEchoed => {
                self.pending.cookie_echo = true;
                self.handshake.sent_at = None;
                self.set_timer(Timer::Handshake, now + self.tx.rto());
            }
            _ => {}
        }
    }

    /// RFC 9260 sections 5.1 B, 5.2.1 and 5.2.2: an INIT is answered and leaves no state here.
    pub(super) fn on_init(&mut self, now: Time, value: &[u8]) {
        let received = ReceivedInit::parse(value).filter(|received| is_sound(&received.init));
        let Some(received) = received else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        let (local_tag, local_tsn, tie_tags) = match self.state {
            State::Closed => {
                self.drops.add(DropReason::Closed);
                return;
            }
            State::ShutdownAckSent => {
                // RFC 9260 section 9.2: "discard the INIT and retransmit the SHUTDOWN ACK".
                self.pending.goodbye = self.state.goodbye();
                return;
            }
            // RFC 9260 section 5.2.1: the same tag and TSN as in our own INIT.
            State::New | State::CookieWait | State::CookieEchoed => {
                (self.local_tag, self.local_tsn, (0, 0))
            }
            _ => {
                let ties = (self.local_tag, self.peer_tag);
                (new_tag(&mut self.rng), Tsn(self.rng.u32()), ties)
            }
        };
        let cookie = self.cookie_key.seal(&Cookie {
            created: now,
            local_tag,
            local_tsn,
            tie_tags,
            peer: received.init,
        });
        // What the INIT does not name the peer may not know.
        let extensions = self.offered().shared_with(received.init.extensions);
        let init = self.own_init(local_tag, local_tsn, extensions);
        let mut chunk = Vec::new();
        write_init(&mut chunk, &init, Some(&cookie), &received.unrecognized);
        self.pending.push_packet(received.init.tag, chunk);
    }

    /// RFC 9260 section 5.1 C.
    pub(super) fn on_init_ack(&mut self, now: Time, value: &[u8]) {
        // RFC 9260 section 5.2.3: in any other state it is discarded.
        if self.state != State::CookieWait {
            self.drops.add(DropReason::SctpChunk);
            return;
        }
        let received = ReceivedInit::parse(value).filter(|received| is_sound(&received.init));
        let Some(received) = received else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        let Some(cookie) = received.cookie else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        self.handshake.cookie = cookie.to_vec();
        self.on_handshake_answer(now);
        if !received.unrecognized.is_empty() {
            let mut causes = Vec::new();
            write_param(
                &mut causes,
                param_kind::UNRECOGNIZED,
                &received.unrecognized,
            );
            let mut chunk = Vec::new();
            write_chunk(&mut chunk, kind::ERROR, 0, &causes);
            self.pending.push_chunk(chunk);
        }
        self.adopt(&received.init);
        self.set_state(State::CookieEchoed);
        self.pending.cookie_echo = true;
        self.handshake.sent_at = Some(now);
        self.set_timer(Timer::Handshake, now + self.tx.rto());
    }

    /// The peer answered our INIT or COOKIE-ECHO, which also measures the round trip.
    fn on_handshake_answer(&mut self, now: Time) {
        self.handshake.attempts = 0;
        self.tx.rtt_mut().forgive();
        if let Some(sent_at) = self.handshake.sent_at.take() {
            self.tx.rtt_mut().on_sample(now, now.since(sent_at));
        }
    }

    /// Takes over what the peer's INIT or INIT-ACK says.
    fn adopt(&mut self, peer: &Init) {
        self.peer_tag = peer.tag;
        self.extensions = self.offered().shared_with(peer.extensions);
        self.pmtud.on_peer_known(self.extensions.large_packets);
        self.apply_packet_size();
        // RFC 9260 section 5.1.1: each side sends on no more streams than the other takes.
        self.outbound_streams = self.config.max_outbound_streams.min(peer.inbound_streams);
        self.inbound_streams = self.config.max_inbound_streams.min(peer.outbound_streams);
        self.tx.queue_mut().limit_streams(self.outbound_streams);
        let config = ReceiverConfig {
            window: self.advertised_window(),
            max_window: self.config.max_receive_window,
            max_message: self.config.message_limit(),
            streams: self.inbound_streams,
            sack_delay: self.config.sack_delay,
            interleaved: self.extensions.interleaving,
            initial_tsn: peer.initial_tsn,
        };
        // After a restart, what is complete can still be read.
        self.rx = Some(match self.rx.take() {
            Some(rx) => rx.restart(config),
            None => Receiver::new(config),
        });
        self.note_early_use();
        self.tx.start(
            peer.window,
            self.extensions.interleaving,
            self.extensions.forward_tsn,
        );
        self.resets.start(self.local_tsn, peer.initial_tsn);
    }

    /// RFC 9260 sections 5.1 D and 5.2.4.
    pub(super) fn on_cookie_echo(&mut self, now: Time, tag: u32, value: &[u8]) {
        let cookie = self.cookie_key.open(value);
        // RFC 9260 section 8.5.1, rule D: the tag is checked against the cookie's.
        let Some(cookie) = cookie.filter(|cookie| cookie.local_tag == tag) else {
            self.drops.add(DropReason::SctpChunk);
            return;
        };
        let local = cookie.local_tag == self.local_tag;
        let peer = cookie.peer.tag == self.peer_tag;
        let age = now.since(cookie.created);
        // RFC 9260 section 5.2.4, rule 3: a cookie of the present association does not expire.
        if age > self.config.cookie_lifetime && !(local && peer) {
            self.send_stale_cookie(&cookie, age - self.config.cookie_lifetime);
            return;
        }
        match self.state {
            State::New => self.on_established_by(now, &cookie),
            // Case D: the cookie is that of the present association.
            State::CookieWait | State::CookieEchoed if local && peer => self.on_established(now),
            // Case B: both sides began at once, and this cookie has the peer's later tag.
            State::CookieWait | State::CookieEchoed if local => {
                self.on_established_by(now, &cookie);
            }
            State::Closed | State::CookieWait | State::CookieEchoed => {
                self.drops.add(DropReason::SctpChunk);
                return;
            }
            // Case D again: our COOKIE-ACK was lost.
            _ if local && peer => {}
            // Case A: the peer lost its state.
            _ if !local && !peer && cookie.tie_tags == (self.local_tag, self.peer_tag) => {
                if self.state == State::ShutdownAckSent {
                    self.refuse_restart();
                    return;
                }
                self.on_restart(now, &cookie);
            }
            // Case C, and what matches no case: a cookie that came too late.
            _ => {
                self.drops.add(DropReason::SctpChunk);
                return;
            }
        }
        self.pending.cookie_ack = true;
    }

    fn on_established_by(&mut self, now: Time, cookie: &Cookie) {
        // From the INIT-ACK to its cookie's return was a round trip, or more if one was lost.
        self.tx.rtt_mut().expect(now.since(cookie.created));
        self.adopt(&cookie.peer);
        self.on_established(now);
    }

    fn on_restart(&mut self, now: Time, cookie: &Cookie) {
        self.local_tag = cookie.local_tag;
        self.local_tsn = cookie.local_tsn;
        self.pending.clear();
        self.timers = TimerTable::new();
        self.tx.restart(&self.config, cookie.local_tsn);
        self.resets = Resets::new(cookie.local_tsn);
        self.pmtud.restart(self.tx.loss_episodes());
        self.adopt(&cookie.peer);
        self.events.push_back(Event::Restarted);
        self.on_established(now);
    }

    /// RFC 9260 section 5.2.4 A: no restart while a shutdown ends.
    fn refuse_restart(&mut self) {
        let mut causes = Vec::new();
        write_param(&mut causes, cause::COOKIE_WHILE_SHUTTING_DOWN, &[]);
        let mut chunk = Vec::new();
        write_chunk(&mut chunk, kind::ERROR, 0, &causes);
        self.pending.push_chunk(chunk);
        self.pending.goodbye = self.state.goodbye();
    }

    /// RFC 9260 section 3.3.10.3.
    fn send_stale_cookie(&mut self, cookie: &Cookie, staleness: std::time::Duration) {
        self.drops.add(DropReason::SctpChunk);
        let micros = u32::try_from(staleness.as_micros()).unwrap_or(u32::MAX);
        let mut causes = Vec::new();
        write_param(&mut causes, cause::STALE_COOKIE, &[&micros.to_be_bytes()]);
        let mut chunk = Vec::new();
        write_chunk(&mut chunk, kind::ERROR, 0, &causes);
        self.pending.push_packet(cookie.peer.tag, chunk);
    }

    /// RFC 9260 section 5.2.6: our cookie came too late, so the handshake starts again.
    pub(super) fn on_stale_cookie(&mut self, now: Time) {
        // Nobody can have judged a cookie that was not sent. A packet full of answers and verdicts
        // would have us begin with each.
        if self.state != State::CookieEchoed || self.pending.cookie_echo {
            return;
        }
        self.handshake.attempts += 1;
        if self.handshake.attempts > self.config.max_init_retransmissions {
            self.fail("the peer refused the SCTP handshake as too slow");
            return;
        }
        self.pending.clear();
        self.set_state(State::CookieWait);
        self.send_init(now);
    }

    /// RFC 9260 section 5.1 E.
    pub(super) fn on_cookie_ack(&mut self, now: Time) {
        if self.state == State::CookieEchoed {
            self.on_handshake_answer(now);
            self.on_established(now);
        }
    }

    fn on_established(&mut self, now: Time) {
        self.stop_timer(Timer::Handshake);
        self.handshake = Handshake::default();
        self.pending.cookie_echo = false;
        self.tx.rtt_mut().forgive();
        self.tx.set_errors(0);
        self.set_state(State::Established);
        self.start_heartbeat(now);
    }
}

/// RFC 9260 section 3.3.2: what makes an INIT or INIT-ACK acceptable.
const fn is_sound(init: &Init) -> bool {
    init.tag != 0 && init.outbound_streams != 0 && init.inbound_streams != 0
}
