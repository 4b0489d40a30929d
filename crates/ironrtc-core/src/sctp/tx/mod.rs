//! The sending direction: queue, retransmission, congestion and flow control.

mod abandon;
mod acks;
mod delivery;
mod doubts;
mod losses;
mod order;
mod out_stream;
mod outstanding;
mod pacer;
mod queue;
mod rack;
mod ranges;
mod ready;
mod recovery;
mod rtt;

use std::collections::VecDeque;

use losses::ToSend;
pub(crate) use out_stream::StreamPhase;
use outstanding::Outstanding;
use pacer::Pacer;
use queue::{Room, SendQueue};
use rack::Rack;
use recovery::{Counts, Recovery};
use rtt::Rtt;

use super::cc::{self, CongestionControl};
use super::config::SctpConfig;
use super::message::{Event, OutgoingMessage, SctpStats, StreamId};
use super::num::Tsn;
use super::packet::HEADER_LEN;
use super::packet::data::{FLAG_IMMEDIATE, header_len, write_data};
use super::packet::forward::{forward_len, skip_len, write_forward};
use crate::time::{Time, TimerName, TimerTable};

/// Most chunks in flight. Gap blocks reach no further than 65,535 (RFC 9260 section 3.3.4), but the
/// messages of one stream, which may be a chunk each, must be within half of the 16 bits of an SSN,
/// or a receiver takes those behind a loss for old ones.
const MAX_OUTSTANDING: usize = 32_000;

/// The timers of the sending direction, beside that of pacing.
#[derive(Clone, Copy, Debug)]
enum Timer {
    /// PTO of RFC 8985: a probe for a loss at the end.
    LossProbe,
    /// When the next chunk is lost, if nothing more is heard of it.
    Reordering,
    /// T3-rtx.
    Retransmission,
}

impl Timer {
    const COUNT: usize = Self::Retransmission as usize + 1;
}

impl TimerName for Timer {
    const ALL: &[Self] = &[Self::LossProbe, Self::Reordering, Self::Retransmission];

    fn index(self) -> usize {
        self as usize
    }

    fn reason(self) -> &'static str {
        match self {
            Self::LossProbe => "sctp_loss_probe",
            Self::Reordering => "sctp_reordering",
            Self::Retransmission => "sctp_retransmission",
        }
    }
}

/// The sending direction of one association.
#[derive(Debug)]
pub(crate) struct Sender {
    queue: SendQueue,
    outstanding: Outstanding,
    cc: Box<dyn CongestionControl>,
    rtt: Rtt,
    packet_size: usize,
    /// The packet size that new chunks are cut for.
    chunk_packet_size: usize,
    /// The window that the peer advertised last.
    peer_window: usize,
    recovery: Recovery,
    rack: Rack,
    pacer: Pacer,
    initial_window: usize,
    sack_delay: std::time::Duration,
    /// The last chunk is to be sent again, to find out whether it was lost.
    probe: bool,
    forward_due: bool,
    /// What the last FORWARD-TSN said, and when it was sent.
    forwarded: Option<(Tsn, Time)>,
    timers: TimerTable<Timer, { Timer::COUNT }>,
    last_send: Option<Time>,
    /// Consecutive timeouts without an answer.
    errors: u32,
    messages_sent: u64,
    messages_abandoned: u64,
}

impl Sender {
    pub(crate) fn new(config: &SctpConfig, initial_tsn: Tsn) -> Self {
        Self::counting_from(config, initial_tsn, Counts::default())
    }

    fn counting_from(config: &SctpConfig, initial_tsn: Tsn, counts: Counts) -> Self {
        let initial = (config.initial_window_packets.max(1) * config.max_packet_size)
            .min(config.max_congestion_window);
        let outstanding = Outstanding::new(initial_tsn);
        Self {
            queue: SendQueue::new(),
            recovery: Recovery::new(outstanding.next(), counts),
            outstanding,
            cc: cc::new(config.congestion, initial, config.max_congestion_window),
            rtt: Rtt::new(config.rto_initial, config.rto_min, config.rto_max),
            packet_size: config.max_packet_size,
            chunk_packet_size: config.max_packet_size,
            peer_window: 0,
            rack: Rack::new(),
            pacer: Pacer::new(config.max_burst),
            initial_window: initial,
            sack_delay: config.sack_delay,
            probe: false,
            forward_due: false,
            forwarded: None,
            timers: TimerTable::new(),
            last_send: None,
            errors: 0,
            messages_sent: 0,
            messages_abandoned: 0,
        }
    }

    /// The handshake is over and data may flow.
    pub(crate) fn start(&mut self, peer_window: u32, interleaved: bool, partial_reliability: bool) {
        self.peer_window = peer_window as usize;
        self.queue.interleaved = interleaved;
        self.queue.max_begun = self.peer_window / 2;
        self.outstanding.partial_reliability = partial_reliability;
    }

    /// The peer started over: what was sent or queued is lost, counters stay.
    pub(crate) fn restart(&mut self, config: &SctpConfig, initial_tsn: Tsn) {
        let fresh = Self::counting_from(config, initial_tsn, self.recovery.counts());
        let old = std::mem::replace(self, fresh);
        self.queue = old.queue;
        self.queue.clear();
        self.messages_sent = old.messages_sent;
        self.messages_abandoned = old.messages_abandoned;
        self.outstanding.retransmissions = old.outstanding.retransmissions;
    }

    pub(crate) fn set_packet_size(&mut self, size: usize) {
        self.packet_size = size;
    }

    /// The packet size that new chunks are cut for, at most the packet size.
    pub(crate) const fn set_chunk_packet_size(&mut self, size: usize) {
        self.chunk_packet_size = size;
    }

    pub(crate) fn push(&mut self, now: Time, stream: StreamId, message: OutgoingMessage) {
        self.queue.push(now, stream, message);
    }

    /// Bytes that wait to be sent for the first time.
    pub(crate) const fn queued(&self) -> usize {
        self.queue.queued()
    }

    /// Whether everything was sent and acknowledged.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.outstanding.is_empty()
    }

    pub(crate) const fn queue(&self) -> &SendQueue {
        &self.queue
    }

    pub(crate) const fn queue_mut(&mut self) -> &mut SendQueue {
        &mut self.queue
    }

    pub(crate) const fn rtt_mut(&mut self) -> &mut Rtt {
        &mut self.rtt
    }

    /// The smoothed round-trip time, once one was measured.
    pub(crate) const fn round_trip(&self) -> Option<std::time::Duration> {
        self.rtt.smoothed()
    }

    pub(crate) const fn rto(&self) -> std::time::Duration {
        self.rtt.timeout()
    }

    /// The last TSN given to a chunk.
    pub(crate) fn last_tsn(&self) -> Tsn {
        Tsn::of(self.outstanding.next() - 1)
    }

    /// Everything up to this position was acknowledged.
    pub(crate) const fn cumulative(&self) -> u64 {
        self.outstanding.cumulative()
    }

    /// How often losses were found, by acknowledgements or by the lack of them.
    pub(crate) const fn loss_episodes(&self) -> u64 {
        let counts = self.recovery.counts();
        counts.timeouts + counts.fast_recoveries
    }

    pub(crate) const fn peer_window(&self) -> usize {
        self.peer_window
    }

    pub(crate) const fn errors(&self) -> u32 {
        self.errors
    }

    /// A sign of life of the peer's, or a failure to give one.
    pub(crate) const fn set_errors(&mut self, errors: u32) {
        self.errors = errors;
    }

    pub(crate) fn add_stats(&self, stats: &mut SctpStats) {
        let counts = self.recovery.counts();
        stats.srtt = self.rtt.smoothed();
        stats.rto = self.rtt.timeout();
        stats.cwnd = self.cc.window();
        stats.ssthresh = self.cc.threshold();
        stats.rwnd = self.available_window();
        stats.in_flight = self.outstanding.flight();
        stats.queued = self.queue.queued();
        stats.packet_size = self.packet_size;
        stats.messages_sent = self.messages_sent;
        stats.retransmissions = self.outstanding.retransmissions;
        stats.timeouts = counts.timeouts;
        stats.fast_recoveries = counts.fast_recoveries;
        stats.spurious_losses = counts.undone;
        stats.messages_abandoned = self.messages_abandoned;
    }

    const fn available_window(&self) -> usize {
        self.peer_window.saturating_sub(self.outstanding.flight())
    }

    const fn full_room(&self) -> usize {
        self.chunk_packet_size.saturating_sub(HEADER_LEN)
    }

    fn may_resend(&self) -> bool {
        self.outstanding.has_lost()
            && (self.recovery.forces_packet()
                || (self.pacer.may_send() && self.outstanding.flight() < self.cc.window()))
    }

    fn may_send_new(&self, len: usize) -> bool {
        let flight = self.outstanding.flight();
        // RFC 9260 section 6.1, rule A: into a closed window goes one chunk at a time, to find
        // out when it opens. Rule B: no new chunk beyond the congestion window.
        (len <= self.available_window() || flight == 0)
            && flight < self.cc.window()
            && self.pacer.may_send_new()
            && self.outstanding.len() < MAX_OUTSTANDING
    }

    /// Before a packet is written: lets the budget of pacing grow.
    pub(crate) fn refill(&mut self, now: Time) {
        self.pacer.refill(now);
    }

    /// Whether a packet with user data could be sent now.
    pub(crate) fn wants_to_send(&mut self, room: usize) -> bool {
        let room = Room {
            left: room,
            full: room,
        };
        self.probe
            || self.may_resend()
            || (!self.queue.is_empty()
                && self
                    .queue
                    .peek(room)
                    .is_some_and(|len| self.may_send_new(len)))
    }

    /// Whether a FORWARD-TSN has to go out.
    pub(crate) const fn forward_is_due(&self) -> bool {
        self.forward_due && self.outstanding.must_forward()
    }

    /// Appends a FORWARD-TSN or I-FORWARD-TSN of at most `room` bytes.
    pub(crate) fn write_forward(&mut self, now: Time, room: usize, out: &mut Vec<u8>) {
        let interleaved = self.queue.interleaved;
        let Some(spare) = room.checked_sub(forward_len(interleaved, 0)) else {
            return;
        };
        let most = spare / skip_len(interleaved);
        let (cumulative, skips) = self.outstanding.forward(interleaved, most);
        write_forward(out, interleaved, cumulative, skips.into_iter());
        self.forward_due = false;
        self.forwarded = Some((cumulative, now));
        self.start_t3(now);
    }

    /// Appends chunks of user data to a packet whose chunks begin at `body`, up to a length of `limit`: a probe, retransmissions, new data.
    pub(crate) fn write_data(
        &mut self,
        now: Time,
        (body, limit): (usize, usize),
        out: &mut Vec<u8>,
        events: &mut VecDeque<Event>,
    ) {
        let interleaved = self.queue.interleaved;
        // Its size is not asked for, so that it gets a packet of its own.
        if out.len() == body
            && std::mem::take(&mut self.probe)
            && let Some(chunk) = self.outstanding.resend_last(now)
        {
            write_sent(out, interleaved, &chunk, FLAG_IMMEDIATE);
            self.start_t3(now);
        }
        self.write_lost(now, limit, body, out);
        if !self.queue.is_empty() && !self.outstanding.has_lost() {
            self.write_new(now, limit, out, events);
        }
        self.note_what_limits();
    }

    /// Whether the network limits what is sent, or the application or the peer's window do, so that
    /// a slow delivery says nothing about the network (draft-ietf-ccwg-bbr section 4.1.2.4).
    fn note_what_limits(&mut self) {
        let flight = self.outstanding.flight();
        let idle = self.queue.is_empty() && !self.outstanding.has_lost();
        let closed = flight + self.packet_size > self.peer_window;
        if (idle && self.pacer.may_send() || closed) && flight < self.cc.window() {
            self.outstanding.delivery.on_app_limited(flight);
        }
    }

    fn write_lost(&mut self, now: Time, limit: usize, body: usize, out: &mut Vec<u8>) {
        let interleaved = self.queue.interleaved;
        let mut resent = false;
        while self.may_resend()
            && let Some(len) = self.outstanding.peek_lost()
        {
            let fits = out.len() + header_len(interleaved) + len <= limit;
            // A chunk made when packets could be larger goes alone, without a SACK too.
            if !fits && out.len() > body {
                break;
            }
            let Some(chunk) = self.outstanding.resend_lost(now) else {
                break;
            };
            write_sent(out, interleaved, &chunk, 0);
            self.pacer.on_sent(chunk.payload.len());
            resent = true;
            if !fits {
                break;
            }
        }
        if resent {
            self.recovery.on_resent();
            // RFC 9260 section 6.3.2, rule R1, and section 7.2.4, rule 4.
            self.restart_t3(now);
        }
    }

    fn write_new(
        &mut self,
        now: Time,
        limit: usize,
        out: &mut Vec<u8>,
        events: &mut VecDeque<Event>,
    ) {
        let interleaved = self.queue.interleaved;
        let full = self.full_room();
        let mut sent = false;
        loop {
            let left = limit.saturating_sub(out.len()).min(full);
            // Most packets are full after one chunk.
            if sent && left <= header_len(interleaved) {
                break;
            }
            self.messages_abandoned += self.queue.expire(now, events);
            let room = Room { left, full };
            let Some(len) = self.queue.peek(room).filter(|len| self.may_send_new(*len)) else {
                break;
            };
            if !sent {
                self.on_send_after_idle(now);
            }
            let position = self.outstanding.next();
            let Some(fragment) = self.queue.take(len, position, events) else {
                break;
            };
            sent = true;
            self.messages_sent += u64::from(fragment.header.ends());
            let tsn = Tsn::of(position);
            write_data(out, interleaved, tsn, &fragment.header, &fragment.payload);
            self.pacer.on_sent(fragment.payload.len());
            self.outstanding.push(now, fragment);
        }
        if sent {
            self.pacer.on_new_packet();
            self.last_send = Some(now);
            self.start_t3(now);
            self.arm_probe(now);
        }
    }
}

fn write_sent(out: &mut Vec<u8>, interleaved: bool, chunk: &ToSend<'_>, flags: u8) {
    let mut header = chunk.header;
    header.flags |= flags;
    write_data(out, interleaved, chunk.tsn, &header, chunk.payload);
}
