//! One stream that is received: its packets in the order of arrival, each once, until they are read.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::ids::{PayloadType, Ssrc};
use crate::replay::ReplayWindow;
use crate::rtp::clock::ReportedClock;
use crate::rtp::route::{Format, KeyFrames};
use crate::time::Time;
use crate::wire::rtcp::{write_fir, write_pli};
use crate::wire::rtp::{FixedHeader, Header, NtpTime, RtpTime, SeqNo};

use super::nack::Missed;
use super::stats::{Place, SourceStats};

/// Most packets that wait to be read, and most bytes.
const MAX_PACKETS: usize = 2048;
const MAX_BYTES: usize = 4 << 20;
/// Requests for key frames are so far apart.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(200);

/// A packet as it was received, or as its retransmission brought it.
#[derive(Clone, Debug)]
pub struct RtpPacket {
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The payload's mark.
    pub marker: bool,
    /// Its number.
    pub sequence: SeqNo,
    /// Its number, unwrapped: those of a stream's packets order them.
    pub position: u64,
    /// Its timestamp.
    pub timestamp: RtpTime,
    /// When it arrived.
    pub arrived: Time,
    /// When its first sample was captured, by the sender's time of day, once a report has told that.
    pub captured: Option<NtpTime>,
    /// A retransmission brought it.
    pub was_repaired: bool,
    /// The payload without padding. Empty for packets that only pad, which take numbers too.
    pub payload: Bytes,
    /// The header as it came, that of the retransmission if one brought it.
    head: Bytes,
}

impl RtpPacket {
    /// The header as it came, with its extensions: that of the retransmission if one brought it.
    pub fn header(&self) -> Option<Header<'_>> {
        Header::parse(&self.head)
    }
}

/// What became of packets of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiveCounters {
    /// Packets received, duplicates included.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Packets lost, fewer than none if duplicates came.
    pub lost: i64,
    /// The jitter in ticks of the stream's clock.
    pub jitter: u32,
    /// Packets that retransmissions brought.
    pub repaired: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that nobody read in time.
    pub unread: u64,
    /// Requests for packets that were sent.
    pub nacks: u64,
    /// Requests for key frames that were sent.
    pub key_frame_requests: u64,
}

/// One stream.
#[derive(Debug)]
pub(crate) struct ReceiveStream {
    format: Format,
    stats: SourceStats,
    pub(super) missed: Missed,
    pub(super) clock: ReportedClock,
    seen: ReplayWindow<16>,
    queue: VecDeque<RtpPacket>,
    bytes: usize,
    counters: ReceiveCounters,
    wants_key_frame: bool,
    asked_at: Option<Time>,
    fir_number: u8,
}

impl ReceiveStream {
    pub(crate) fn new(format: Format) -> Self {
        Self {
            format,
            stats: SourceStats::default(),
            missed: Missed::default(),
            clock: ReportedClock::default(),
            seen: ReplayWindow::starting_at(0),
            queue: VecDeque::new(),
            bytes: 0,
            counters: ReceiveCounters::default(),
            wants_key_frame: false,
            asked_at: None,
            fir_number: 0,
        }
    }

    /// A packet of the stream's own source. True if there is something to read that was not there.
    pub(crate) fn on_packet(
        &mut self,
        now: Time,
        format: Format,
        header: &FixedHeader,
        head: Bytes,
        payload: Bytes,
    ) -> bool {
        self.format = format;
        let place = self.stats.on_packet(
            now,
            header.sequence,
            header.timestamp,
            format.clock_rate,
            payload.len(),
        );
        let position = match place {
            Place::Stray => return false,
            Place::At(position) => position,
            Place::Restarted(position) => {
                self.missed.restart(position);
                position
            }
        };
        self.keep(now, header, position, false, head, payload)
    }

    /// A retransmission of a packet with this number.
    pub(crate) fn on_repair(
        &mut self,
        now: Time,
        header: &FixedHeader,
        head: Bytes,
        payload: Bytes,
    ) -> bool {
        // Before the first packet there is nothing to repair, and no position to count from.
        if self.stats.received() == 0 {
            return false;
        }
        let position = self.stats.position(header.sequence);
        self.keep(now, header, position, true, head, payload)
    }

    fn keep(
        &mut self,
        now: Time,
        header: &FixedHeader,
        position: u64,
        was_repaired: bool,
        head: Bytes,
        payload: Bytes,
    ) -> bool {
        if self.format.nack {
            self.missed.on_packet(now, position);
            self.wants_key_frame |= self.missed.take_key_frame_need();
        }
        if !self.seen.is_new(position) {
            self.counters.duplicates += 1;
            return false;
        }
        self.seen.insert(position);
        self.counters.repaired += u64::from(was_repaired);
        self.bytes += payload.len();
        let was_empty = self.queue.is_empty();
        self.queue.push_back(RtpPacket {
            payload_type: header.payload_type,
            marker: header.marker,
            sequence: header.sequence,
            position,
            timestamp: header.timestamp,
            arrived: now,
            captured: self
                .clock
                .captured(header.timestamp, self.format.clock_rate),
            was_repaired,
            payload,
            head,
        });
        // Who does not read loses the oldest packets, which are of the least use.
        while self.queue.len() > MAX_PACKETS || self.bytes > MAX_BYTES {
            if self.pop().is_none() {
                break;
            }
            self.counters.unread += 1;
        }
        was_empty
    }

    pub(crate) fn pop(&mut self) -> Option<RtpPacket> {
        let packet = self.queue.pop_front()?;
        self.bytes -= packet.payload.len();
        Some(packet)
    }

    pub(crate) const fn stats(&mut self) -> (&mut SourceStats, &ReportedClock) {
        (&mut self.stats, &self.clock)
    }

    pub(crate) fn counters(&self) -> ReceiveCounters {
        ReceiveCounters {
            packets: self.stats.received(),
            bytes: self.stats.bytes(),
            lost: self.stats.lost(),
            jitter: self.stats.jitter(),
            ..self.counters
        }
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
            KeyFrames::ByPli => write_pli(out, sender, media),
            KeyFrames::ByFir => {
                write_fir(out, sender, media, self.fir_number);
                // RFC 5104 section 4.3.1.1: each new request has the next number.
                self.fir_number = self.fir_number.wrapping_add(1);
            }
        }
        self.wants_key_frame = false;
        self.asked_at = Some(now);
        self.counters.key_frame_requests += 1;
    }

    pub(super) const fn count_nack(&mut self) {
        self.counters.nacks += 1;
    }
}
