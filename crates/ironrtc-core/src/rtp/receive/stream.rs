//! One stream that is received: what came of it, each packet once, and what is asked of its sender.

use std::time::Duration;

use bytes::Bytes;

use crate::ids::Ssrc;
use crate::replay::ReplayWindow;
use crate::rtp::clock::ReportedClock;
use crate::rtp::event::RtpEvent;
use crate::rtp::route::{Format, KeyFrames};
use crate::time::Time;
use crate::wire::rtcp::{SenderInfo, write_fir, write_pli};
use crate::wire::rtp::{ExtensionMap, FixedHeader, SeqNo};

use super::counters::{ReceiveCounters, SenderReported};
use super::frame::RtpFrame;
use super::heard::Heard;
use super::nack::{MAX_MISSING, Missed};
use super::packet::{Incoming, RtpPacket, Span, Way};
use super::parity::{Parities, Protected};
use super::redundant::Repeated;
use super::stats::{Place, SourceStats};
use super::unread::Unread;

/// Requests for key frames are so far apart.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(200);
/// How far ahead of the newest packet a retransmission is believed: senders probe with those of packets
/// that are still under way.
const MAX_AHEAD: u64 = 450;

/// One stream.
#[derive(Debug)]
pub(crate) struct ReceiveStream {
    format: Format,
    stats: SourceStats,
    pub(super) missed: Missed,
    clock: ReportedClock,
    seen: ReplayWindow<16>,
    unread: Unread,
    counters: ReceiveCounters,
    wants_key_frame: bool,
    asked_at: Option<Time>,
    fir_number: u8,
    /// What protects its packets, of a stream that is protected.
    parities: Option<Box<Parities>>,
    heard: Heard,
    /// Its source has said goodbye.
    has_left: bool,
}

impl ReceiveStream {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            stats: SourceStats::default(),
            missed: Missed::default(),
            clock: ReportedClock::default(),
            seen: ReplayWindow::starting_at(0),
            unread: Unread::new(),
            counters: ReceiveCounters::default(),
            wants_key_frame: false,
            asked_at: None,
            fir_number: 0,
            parities: None,
            heard: Heard::default(),
            has_left: false,
        }
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// Its source says goodbye. False if it has already.
    pub(super) const fn leave(&mut self) -> bool {
        !std::mem::replace(&mut self.has_left, true)
    }

    /// A packet comes. Whether its source had said goodbye.
    pub(super) const fn returns(&mut self) -> bool {
        std::mem::replace(&mut self.has_left, false)
    }

    /// A packet of the stream's own source. Says if there is something to read where nothing was.
    pub(super) fn on_packet(
        &mut self,
        now: Time,
        format: Format,
        packet: Incoming,
    ) -> Option<RtpEvent> {
        let position = self.count(now, format, &packet)?;
        self.keep(now, position, Way::Own, packet)
    }

    /// Counts a packet of the stream's own source, and gives its position, if it is to be believed.
    fn count(&mut self, now: Time, format: Format, packet: &Incoming) -> Option<u64> {
        self.format = format;
        let header = &packet.header;
        let place = self
            .stats
            .on_packet(now, header.sequence, header.timestamp, format.clock_rate);
        let position = match place {
            Place::Stray => return None,
            Place::At(position) => position,
            Place::Restarted(position) => {
                self.missed.restart(position);
                self.unread.restart();
                position
            }
        };
        let counters = &mut self.counters;
        counters.packets += 1;
        counters.bytes += packet.payload.len() as u64;
        counters.header_bytes += packet.overhead as u64;
        counters.payload_type = Some(header.payload_type);
        counters.last_packet = Some(now);
        Some(position)
    }

    /// A retransmission of a packet.
    pub(super) fn on_repair(&mut self, now: Time, packet: Incoming) -> Option<RtpEvent> {
        self.counters.retransmitted += 1;
        self.counters.retransmitted_bytes += packet.payload.len() as u64;
        self.counters.header_bytes += packet.overhead as u64;
        let position = self.believed(&packet)?;
        self.keep(now, position, Way::Repair, packet)
    }

    /// The position of a packet that did not come by itself, if it is one of this stream's: beyond
    /// these bounds it would make all that come before it look old. Before the first packet there is
    /// nothing to repair, and no position to count from.
    fn believed(&mut self, packet: &Incoming) -> Option<u64> {
        let highest = self.stats.highest()?;
        let position = self.stats.position(packet.header.sequence);
        let is_near = position + MAX_MISSING >= highest && position <= highest + MAX_AHEAD;
        self.counters.discarded += u64::from(!is_near);
        is_near.then_some(position)
    }

    /// A packet of the stream's own source that repeats payloads before its own (RFC 2198), each given
    /// with how much older it is. They are those of the packets just before it: senders repeat all that
    /// they send, one after the other.
    pub(super) fn on_redundant(
        &mut self,
        now: Time,
        format: Format,
        packet: Incoming,
        repeated: &[Repeated],
    ) -> Option<RtpEvent> {
        let position = self.count(now, format, &packet)?;
        let mut event = None;
        for (block, distance) in repeated.iter().zip((1..=repeated.len() as u64).rev()) {
            let counters = &mut self.counters;
            counters.fec += 1;
            counters.fec_bytes += block.payload.len() as u64;
            let place = position.saturating_sub(distance);
            // Nothing is made of packets before the stream's first one.
            if block.payload.is_empty() || place < self.stats.base() || !self.seen.is_new(place) {
                counters.fec_discarded += 1;
                continue;
            }
            let header = &packet.header;
            let made = Incoming {
                header: FixedHeader {
                    marker: false,
                    payload_type: block.payload_type,
                    sequence: SeqNo::of(place),
                    timestamp: header.timestamp.plus(-i32::from(block.offset)),
                    ssrc: header.ssrc,
                },
                overhead: 0,
                head: Bytes::new(),
                payload: block.payload.clone(),
                descriptor: Span::default(),
            };
            let told = self.keep(now, place, Way::Recovery, made);
            event = event.or(told);
        }
        let told = self.keep(now, position, Way::Own, packet);
        event.or(told)
    }

    /// A packet whose payload is in RED came whole, and may help to make others.
    pub(super) fn on_protected(&mut self, packet: Protected) {
        let counters = &mut self.counters;
        let parities = self.parities.get_or_insert_default();
        counters.fec_discarded += parities.on_media(packet);
    }

    /// A packet of parity, which takes a number and is nothing to be read.
    pub(super) fn on_parity(
        &mut self,
        now: Time,
        format: Format,
        mut packet: Incoming,
        way: Way,
    ) -> Option<RtpEvent> {
        let parity = std::mem::take(&mut packet.payload);
        // It is read as padding of the media that it protects.
        let known = self.counters.payload_type;
        packet.header.payload_type = known.unwrap_or(packet.header.payload_type);
        packet.overhead += parity.len();
        let position = match way {
            Way::Own => self.count(now, format, &packet)?,
            _ => self.believed(&packet)?,
        };
        let is_new = self.seen.is_new(position);
        if is_new {
            self.counters.fec += 1;
            self.counters.fec_bytes += parity.len() as u64;
            let parities = self.parities.get_or_insert_default();
            self.counters.fec_discarded += parities.on_parity(&parity);
        }
        self.keep(now, position, way, packet)
    }

    /// A packet that can be made of those that came, in the clear.
    pub(super) fn recover(&mut self, map: &ExtensionMap) -> Option<Bytes> {
        self.parities.as_mut()?.recover(map)
    }

    /// A packet that was made of others.
    pub(super) fn on_recovery(&mut self, now: Time, packet: Incoming) -> Option<RtpEvent> {
        let position = self.believed(&packet)?;
        self.keep(now, position, Way::Recovery, packet)
    }

    /// What the packet's header tells of its sources.
    pub(super) const fn heard_mut(&mut self) -> &mut Heard {
        &mut self.heard
    }

    pub(super) const fn heard(&self) -> &Heard {
        &self.heard
    }

    fn keep(&mut self, now: Time, position: u64, way: Way, packet: Incoming) -> Option<RtpEvent> {
        if self.format.nack {
            self.missed.on_packet(now, position, way == Way::Own);
            self.wants_key_frame |= self.missed.take_key_frame_need();
        }
        if !self.seen.is_new(position) {
            self.counters.duplicates += 1;
            return None;
        }
        self.seen.insert(position);
        match way {
            Way::Own => {}
            Way::Repair => self.counters.repaired += 1,
            Way::Recovery => self.counters.recovered += 1,
        }
        let header = packet.header;
        let packet = RtpPacket {
            payload_type: header.payload_type,
            marker: header.marker,
            sequence: header.sequence,
            position,
            timestamp: header.timestamp,
            arrived: now,
            captured: self
                .clock
                .captured(header.timestamp, self.format.clock_rate),
            sampled: self
                .clock
                .sampled(now, header.timestamp, self.format.clock_rate)
                .unwrap_or(now),
            was_repaired: way != Way::Own,
            payload: packet.payload,
            head: packet.head,
            descriptor: packet.descriptor,
        };
        let (format, unread) = (self.format.payload, &mut self.counters.unread);
        let event = self.unread.push(header.ssrc, format, packet, unread);
        self.ask_for_frames();
        event
    }

    /// The next packet.
    pub(crate) fn pop(&mut self) -> Option<RtpPacket> {
        let (packet, needs_key_frame) = self.unread.pop();
        if needs_key_frame {
            self.request_key_frame();
        }
        packet
    }

    /// The next frame.
    pub(crate) fn pop_frame(&mut self, round_trip: Duration) -> Option<RtpFrame> {
        let frame = self.unread.pop_frame(self.format.payload, round_trip);
        self.ask_for_frames();
        frame
    }

    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// The memory that is held.
    pub(super) fn held(&self) -> usize {
        self.unread.held() + self.parities.as_ref().map_or(0, |parities| parities.held())
    }

    /// Drops what it holds, since streams hold too much together.
    pub(super) fn shed(&mut self) {
        self.unread.shed(&mut self.counters.unread);
        self.parities = None;
    }

    /// When a packet that frames wait for is given up.
    pub(super) fn gives_up_at(&self, round_trip: Duration) -> Option<Time> {
        let Format {
            payload,
            nack,
            repairs,
            ..
        } = self.format;
        self.unread
            .gives_up_at(payload, nack && repairs, round_trip)
    }

    /// Gives up packets that were waited for long enough. Says if there is a frame to read where none
    /// was.
    pub(super) fn give_up(
        &mut self,
        now: Time,
        round_trip: Duration,
        ssrc: Ssrc,
    ) -> Option<RtpEvent> {
        let mut event = None;
        while self.gives_up_at(round_trip).is_some_and(|at| at <= now) {
            let told = self.unread.give_up(now, ssrc);
            event = event.or(told);
            // Nobody waits any more for what lies before.
            if let Some(done) = self.unread.done_before() {
                self.missed.forget_before(done);
            }
        }
        self.ask_for_frames();
        event
    }

    fn ask_for_frames(&mut self) {
        if self.unread.take_key_frame_need() {
            self.request_key_frame();
        }
    }

    /// A report of its sender, whose moment was then by our clock.
    pub(super) fn on_sender_report(&mut self, now: Time, info: SenderInfo, ours: Option<Time>) {
        self.clock.on_report(now, info, ours);
        let next = SenderReported::next(self.counters.reported, now, info);
        self.counters.reported = Some(next);
    }

    pub(crate) const fn stats(&mut self) -> (&mut SourceStats, &ReportedClock) {
        (&mut self.stats, &self.clock)
    }

    pub(crate) fn counters(&self) -> ReceiveCounters {
        let mut counters = ReceiveCounters {
            lost: self.stats.lost(),
            jitter: self.stats.jitter(),
            ..self.counters
        };
        self.unread.count(&mut counters);
        counters
    }

    /// Asks for a key frame, as soon as that may be asked again.
    pub(crate) fn request_key_frame(&mut self) {
        self.wants_key_frame |= self.format.key_frames != KeyFrames::Never;
    }

    /// When something is to be asked of the sender.
    pub(super) fn next_request(&self) -> Option<Time> {
        let key_frame = self.wants_key_frame.then(|| {
            self.asked_at
                .map_or(Time::ZERO, |asked| asked + KEY_FRAME_INTERVAL)
        });
        let missed = self.missed.next_request();
        [key_frame, missed].into_iter().flatten().min()
    }

    /// Appends the request for a key frame if it is due.
    pub(super) fn write_key_frame_request(
        &mut self,
        now: Time,
        (sender, media): (Ssrc, Ssrc),
        out: &mut Vec<u8>,
    ) {
        let may = |asked| now.since(asked) >= KEY_FRAME_INTERVAL;
        if !self.wants_key_frame || !self.asked_at.is_none_or(may) {
            return;
        }
        match self.format.key_frames {
            KeyFrames::Never => {}
            KeyFrames::ByPli => {
                write_pli(out, sender, media);
                self.counters.plis += 1;
            }
            KeyFrames::ByFir => {
                write_fir(out, sender, media, self.fir_number);
                // RFC 5104 section 4.3.1.1: each new request has the next number.
                self.fir_number = self.fir_number.wrapping_add(1);
                self.counters.firs += 1;
            }
        }
        self.wants_key_frame = false;
        self.asked_at = Some(now);
    }

    pub(super) const fn count_nack(&mut self) {
        self.counters.nacks += 1;
    }
}
