//! One stream that is received: what came of it, each packet once, and what is asked of its sender.

use std::time::Duration;

use bytes::Bytes;

use crate::ids::{PayloadType, Ssrc};
use crate::replay::ReplayWindow;
use crate::rtp::clock::ReportedClock;
use crate::rtp::event::RtpEvent;
use crate::rtp::route::{Format, KeyFrames};
use crate::time::Time;
use crate::wire::rtcp::{SenderInfo, write_fir, write_pli};
use crate::wire::rtp::{FixedHeader, Header, NtpTime, RtpTime, SeqNo};

use super::frame::RtpFrame;
use super::nack::Missed;
use super::stats::{Place, SourceStats};
use super::unread::Unread;

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
    /// The same moment by our clock, which is one for all streams of a sender; the arrival before a
    /// report has told it.
    pub sampled: Time,
    /// A retransmission brought it.
    pub was_repaired: bool,
    /// The payload without padding. Empty for packets that only pad, which take numbers too.
    pub payload: Bytes,
    /// The header as it came, that of the retransmission if one brought it.
    pub(super) head: Bytes,
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
    /// Packets received of the stream's own source, duplicates included.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Bytes of headers and padding, those of retransmissions too.
    pub header_bytes: u64,
    /// What the last packet was.
    pub payload_type: Option<PayloadType>,
    /// When it came.
    pub last_packet: Option<Time>,
    /// Packets lost, fewer than none if duplicates came.
    pub lost: i64,
    /// The jitter in ticks of the stream's clock.
    pub jitter: u32,
    /// Retransmissions received, of packets that had come all the same too.
    pub retransmitted: u64,
    /// Bytes of their payloads.
    pub retransmitted_bytes: u64,
    /// Packets that retransmissions brought.
    pub repaired: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that nobody read in time.
    pub unread: u64,
    /// Requests for packets that were sent.
    pub nacks: u64,
    /// Requests for key frames that were sent as PLI.
    pub plis: u64,
    /// Requests for key frames that were sent as FIR.
    pub firs: u64,
    /// Whole frames, of a stream that is read so.
    pub frames: u64,
    /// Frames that nobody read in time.
    pub unread_frames: u64,
    /// Packets of which no frame was made, as others never came, or one before them did not.
    pub dropped: u64,
    /// What the sender last reported, if it has.
    pub reported: Option<SenderReported>,
}

/// What the sender of a stream reported of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SenderReported {
    /// When the last report came.
    pub arrived: Time,
    /// The sender's time of day in it.
    pub ntp: NtpTime,
    /// Packets that it had sent.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Reports that came.
    pub reports: u64,
}

impl SenderReported {
    /// Takes the next report, whose counters wrap.
    fn next(before: Option<Self>, now: Time, info: SenderInfo) -> Self {
        Self {
            arrived: now,
            ntp: info.ntp,
            packets: unwrap(before.map(|before| before.packets), info.packets),
            bytes: unwrap(before.map(|before| before.bytes), info.octets),
            reports: before.map_or(0, |before| before.reports) + 1,
        }
    }
}

/// The counter whose lower half is given that is next to the one before.
fn unwrap(before: Option<u64>, counter: u32) -> u64 {
    let Some(before) = before else {
        return counter.into();
    };
    let change = counter.wrapping_sub(before as u32) as i32;
    before.saturating_add_signed(change.into())
}

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
        }
    }

    /// A packet of the stream's own source, of which so much is no payload. Says if there is something
    /// to read where nothing was.
    pub(crate) fn on_packet(
        &mut self,
        now: Time,
        format: Format,
        header: &FixedHeader,
        overhead: usize,
        head: Bytes,
        payload: Bytes,
    ) -> Option<RtpEvent> {
        self.format = format;
        let (number, timestamp) = (header.sequence, header.timestamp);
        let place = self
            .stats
            .on_packet(now, number, timestamp, format.clock_rate);
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
        counters.bytes += payload.len() as u64;
        counters.header_bytes += overhead as u64;
        counters.payload_type = Some(header.payload_type);
        counters.last_packet = Some(now);
        self.keep(now, header, position, false, head, payload)
    }

    /// A retransmission of a packet with this number.
    pub(crate) fn on_repair(
        &mut self,
        now: Time,
        header: &FixedHeader,
        overhead: usize,
        head: Bytes,
        payload: Bytes,
    ) -> Option<RtpEvent> {
        self.counters.retransmitted += 1;
        self.counters.retransmitted_bytes += payload.len() as u64;
        self.counters.header_bytes += overhead as u64;
        // Before the first packet there is nothing to repair, and no position to count from.
        if self.stats.received() == 0 {
            return None;
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
    ) -> Option<RtpEvent> {
        if self.format.nack {
            self.missed.on_packet(now, position);
            self.wants_key_frame |= self.missed.take_key_frame_need();
        }
        if !self.seen.is_new(position) {
            self.counters.duplicates += 1;
            return None;
        }
        self.seen.insert(position);
        self.counters.repaired += u64::from(was_repaired);
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
            was_repaired,
            payload,
            head,
        };
        let (format, unread) = (self.format.payload, &mut self.counters.unread);
        let event = self.unread.push(header.ssrc, format, packet, unread);
        self.ask_for_frames();
        event
    }

    pub(crate) fn pop(&mut self) -> Option<RtpPacket> {
        self.unread.pop()
    }

    pub(crate) fn pop_frame(&mut self) -> Option<RtpFrame> {
        let frame = self.unread.pop_frame(self.format.payload);
        self.ask_for_frames();
        frame
    }

    pub(crate) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    /// When a packet that frames wait for is given up.
    pub(super) fn gives_up_at(&self, round_trip: Duration) -> Option<Time> {
        let Format { payload, nack, .. } = self.format;
        self.unread.gives_up_at(payload, nack, round_trip)
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
        let (frames, unread_frames, dropped) = self.unread.counts();
        ReceiveCounters {
            frames,
            unread_frames,
            dropped,
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
