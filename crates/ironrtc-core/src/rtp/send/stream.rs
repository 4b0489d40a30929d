//! One stream that is sent, with that of its retransmissions.

mod cut;
mod pad;
mod redundancy;
mod source;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::{Mid, PayloadType, Rid, Ssrc};
use crate::replay::ReplayWindow;
use crate::rtp::clock::CaptureClock;
use crate::rtp::forward::Renumbering;
use crate::rtp::{EncodingPlan, MediaKind, RtpSection, SendPlan};
use crate::time::Time;
use crate::wire::payload::{Format, Splitter};
use crate::wire::rtcp::{ReportBlock, SenderInfo};
use crate::wire::rtp::{
    AbsSendTime, ElementSet, ExtensionMap, FixedHeader, Form, HeaderExtension, NtpTime, RtpTime,
    SeqNo,
};

pub(super) use source::Beginnings;

use redundancy::Redundancy;
use source::Source;

use super::frame::{Body, OVERHEAD, Outgoing};
use super::history::History;
use super::packet::OutgoingPacket;

/// Requests for key frames are passed on so far apart.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(300);

/// What became of a stream's packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendCounters {
    /// Packets sent, without retransmissions.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Bytes of headers, those of retransmissions too.
    pub header_bytes: u64,
    /// What the last packet was.
    pub payload_type: Option<PayloadType>,
    /// Packets sent again.
    pub retransmitted: u64,
    /// Bytes of their payloads.
    pub retransmitted_bytes: u64,
    /// Requests for packets that came.
    pub nacks: u64,
    /// Requests for key frames that came as PLI.
    pub plis: u64,
    /// Requests for key frames that came as FIR, those that repeat one too.
    pub firs: u64,
    /// Frames that were queued.
    pub frames: u64,
    /// Packets sent with the mark, which of video are the last of a frame.
    pub last_packets: u64,
    /// How long packets have waited to be sent, all together.
    pub waited: Duration,
    /// Frames that were refused because too much waited.
    pub refused_frames: u64,
    /// Packets that were longer than what the path carries.
    pub too_large: u64,
    /// Packets that only padded, of the source of retransmissions. Their bytes are among those of
    /// headers.
    pub padding: u64,
    /// Packets that had waited so long that nobody needed them any more.
    pub stale: u64,
    /// What the peer last reported, if it has.
    pub reported: Option<ReportBlock>,
    /// When that came.
    pub reported_at: Option<Time>,
    /// The packets that have arrived by it, duplicates included.
    pub arrived: u64,
    /// The last round trip that reports have told.
    pub round_trip: Option<Duration>,
    /// The sum of all round trips that were told.
    pub total_round_trip: Duration,
    /// How many were told.
    pub round_trips: u64,
}

/// What all packets of a transport have in common.
#[derive(Debug)]
pub(super) struct Writing<'a> {
    pub(super) map: &'a ExtensionMap,
    pub(super) form: Form,
    pub(super) elements: &'a mut ElementSet,
    /// The next number over all streams, if they are numbered.
    pub(super) transport: SeqNo,
}

/// A stream that is sent.
#[derive(Debug)]
pub(super) struct SendStream {
    mid: Mid,
    rid: Option<Rid>,
    kind: MediaKind,
    is_active: bool,
    payloads: BTreeMap<PayloadType, Payload>,
    media: Source,
    repair: Option<Source>,
    history: History,
    /// The positions that were used, none twice. Below the first one there is none, as such could be
    /// taken for those before a turn.
    used: ReplayWindow<8>,
    clock: Option<CaptureClock>,
    /// Where the audio goes on without a pause.
    talk: Option<RtpTime>,
    /// The audio before is repeated with each packet.
    redundancy: Option<Redundancy>,
    counters: SendCounters,
    key_frame: KeyFrameRequests,
}

/// What one payload type is.
#[derive(Debug)]
struct Payload {
    clock_rate: u32,
    /// The type of its retransmissions.
    rtx: Option<PayloadType>,
    format: Option<Format>,
    /// It cuts the frames, once there are some.
    splitter: Option<Splitter>,
}

/// When requests for key frames are passed on.
#[derive(Debug, Default)]
struct KeyFrameRequests {
    passed: Option<Time>,
    waits: bool,
    fir_number: Option<u8>,
}

impl SendStream {
    pub(super) fn new(
        section: &RtpSection,
        plan: &SendPlan,
        encoding: &EncodingPlan,
        beginnings: &mut Beginnings,
    ) -> Self {
        let media = Source::new(encoding.ssrc, beginnings);
        let mut stream = Self {
            mid: section.mid.clone(),
            rid: None,
            kind: section.kind,
            is_active: false,
            payloads: BTreeMap::new(),
            used: ReplayWindow::all_before(media.next),
            media,
            repair: None,
            history: History::default(),
            clock: None,
            talk: None,
            redundancy: None,
            counters: SendCounters::default(),
            key_frame: KeyFrameRequests::default(),
        };
        stream.apply(section, plan, encoding, beginnings);
        stream
    }

    /// Takes another plan, and keeps its numbers.
    pub(super) fn apply(
        &mut self,
        section: &RtpSection,
        plan: &SendPlan,
        encoding: &EncodingPlan,
        beginnings: &mut Beginnings,
    ) {
        self.mid.clone_from(&section.mid);
        self.rid.clone_from(&encoding.rid);
        self.is_active = encoding.active;
        let mut before = std::mem::take(&mut self.payloads);
        let codecs = plan.codecs.iter().map(|codec| {
            let rtx = codec.rtx.map(|rtx| rtx.payload_type);
            let format = Format::from_name(codec.codec.name.as_str());
            let known = before.remove(&codec.payload_type);
            let payload = Payload {
                clock_rate: codec.codec.clock_rate,
                rtx,
                format,
                splitter: known
                    .filter(|known: &Payload| known.format == format)
                    .and_then(|known| known.splitter),
            };
            (codec.payload_type, payload)
        });
        self.payloads = codecs.collect();
        let before = self.redundancy.take();
        self.redundancy = Redundancy::of(self.kind, &plan.codecs, before);
        if self.repair.as_ref().map(|source| source.ssrc) != encoding.rtx {
            if let Some(before) = self.repair.take() {
                beginnings.keep(&before);
            }
            self.repair = encoding.rtx.map(|ssrc| Source::new(ssrc, beginnings));
        }
    }

    pub(super) const fn kind(&self) -> MediaKind {
        self.kind
    }

    pub(super) const fn is_active(&self) -> bool {
        self.is_active
    }

    pub(super) fn has_payload(&self, payload_type: PayloadType) -> bool {
        self.payloads.contains_key(&payload_type)
    }

    pub(super) const fn counters(&self) -> SendCounters {
        self.counters
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = Ssrc> + '_ {
        std::iter::once(&self.media)
            .chain(&self.repair)
            .map(|source| source.ssrc)
    }

    /// Appends a packet, which gets its number now. Gives its source and its position; none if its
    /// place is taken or passed.
    pub(super) fn write(
        &mut self,
        (now, waited): (Time, Duration),
        round_trip: Duration,
        outgoing: Outgoing,
        writing: &mut Writing<'_>,
        out: &mut Vec<u8>,
    ) -> Option<(Ssrc, u64)> {
        let Outgoing { packet, pieces } = outgoing;
        let position = match packet.place {
            None => Some(self.media.take()),
            Some(place) => self.media.place(place),
        };
        let position = position.filter(|position| self.used.is_new(*position))?;
        self.used.insert(position);
        // What comes late is repeated by nobody, and repeats nothing.
        let is_newest = position + 1 == self.media.next;
        let primary = packet.payload_type;
        let mut redundancy = self.redundancy.as_mut();
        redundancy = redundancy.filter(|it| is_newest && it.primary == primary);
        let header = FixedHeader {
            marker: packet.marker,
            payload_type: redundancy.as_ref().map_or(primary, |it| it.payload_type),
            sequence: SeqNo::of(position),
            timestamp: packet.timestamp,
            ssrc: self.media.ssrc,
        };
        let start = out.len();
        writing.elements.clear();
        if !self.media.is_known {
            push_names(
                writing,
                &self.mid,
                HeaderExtension::RtpStreamId,
                self.rid.as_ref(),
            );
        }
        push_times(now, writing);
        packet.extensions.push(writing.map, writing.elements);
        header.write(out, &[], writing.elements, writing.form, false);
        self.counters.header_bytes += (out.len() - start) as u64;
        self.counters.payload_type = Some(header.payload_type);
        let payload_at = out.len();
        let renumbering = packet
            .place
            .map_or_else(Renumbering::default, |it| it.renumbering);
        let body = Body::new(packet.payload, pieces, renumbering);
        let is_repeating = redundancy.is_some();
        match redundancy {
            Some(redundancy) => redundancy.write(packet.timestamp, &body, out),
            None => body.write(out),
        }
        let format = self.payloads.get(&packet.payload_type);
        let rate = format.map_or(90_000, |payload| payload.clock_rate);
        self.clock = Some(CaptureClock::new(rate, packet.timestamp, packet.captured));
        self.counters.packets += 1;
        self.counters.last_packets += u64::from(packet.marker);
        self.counters.waited += waited;
        self.counters.bytes += (out.len() - payload_at) as u64;
        let repeats = format.is_some_and(|payload| payload.rtx.is_some());
        if self.repair.is_some() && repeats && !is_repeating {
            self.history.push(now, round_trip, position, header, body);
        }
        Some((self.media.ssrc, position))
    }

    /// Appends a packet that was sent before, as its retransmission (RFC 4588 section 4), whose own
    /// number it gets now. Nothing if it is kept no more.
    pub(super) fn write_again(
        &mut self,
        now: Time,
        position: u64,
        writing: &mut Writing<'_>,
        out: &mut Vec<u8>,
    ) -> Option<(Ssrc, u64)> {
        let (kept, repair) = (self.history.take(now, position)?, self.repair.as_mut()?);
        let payload = self.payloads.get(&kept.header.payload_type);
        let payload_type = payload.and_then(|payload| payload.rtx)?;
        let number = repair.take();
        let header = FixedHeader {
            payload_type,
            sequence: SeqNo::of(number),
            ssrc: repair.ssrc,
            ..kept.header
        };
        let start = out.len();
        writing.elements.clear();
        // Until packets of this very source were received: the names of the media's source, which
        // the peer has long known, do not tell whose retransmissions these are.
        if !repair.is_known {
            let kind = HeaderExtension::RepairedRtpStreamId;
            push_names(writing, &self.mid, kind, self.rid.as_ref());
        }
        push_times(now, writing);
        header.write(out, &[], writing.elements, writing.form, false);
        out.extend_from_slice(&kept.header.sequence.get().to_be_bytes());
        self.counters.header_bytes += (out.len() - start) as u64;
        self.counters.retransmitted += 1;
        self.counters.retransmitted_bytes += kept.body.len() as u64;
        kept.body.write(out);
        Some((repair.ssrc, number))
    }

    /// Packets are asked for: gives each one that is to be sent again, with its bytes.
    pub(super) fn on_nack(
        &mut self,
        now: Time,
        round_trip: Duration,
        missing: impl Iterator<Item = SeqNo>,
        mut again: impl FnMut(u64, usize) -> bool,
    ) {
        self.counters.nacks += 1;
        // Without a stream for retransmissions nothing is sent again: the same number sealed twice,
        // with other extensions, would give two packets one nonce.
        for sequence in missing {
            let position = sequence.near(self.media.next);
            if let Some(bytes) = self.history.ask(now, round_trip, position)
                && !again(position, bytes)
            {
                self.history.release(position);
            }
        }
    }

    /// A key frame is asked for, by a request with this number if it has one. RFC 5104 section
    /// 4.3.1.1: a request that repeats its number is the same one.
    pub(super) fn on_key_frame_request(&mut self, number: Option<u8>) {
        match number {
            Some(_) => self.counters.firs += 1,
            None => self.counters.plis += 1,
        }
        if number.is_some() && self.key_frame.fir_number == number {
            return;
        }
        self.key_frame.fir_number = number.or(self.key_frame.fir_number);
        self.key_frame.waits = true;
    }

    /// Packets were dropped that had waited too long. Their numbers are missing, so that the peer knows.
    pub(super) fn on_stale(&mut self, packets: u64) {
        self.counters.stale += packets;
        if self.kind == MediaKind::Video {
            self.media.take();
            self.key_frame.waits = true;
        }
    }

    /// A packet is not sent again now.
    pub(super) fn release(&mut self, position: u64) {
        self.history.release(position);
    }

    pub(super) const fn count_too_large(&mut self) {
        self.counters.too_large += 1;
    }

    /// The most bytes that a packet has, before it is sealed.
    pub(super) fn length(&self, packet: &OutgoingPacket) -> usize {
        let rid = self.rid.as_ref().map_or(0, |rid| 2 + rid.as_str().len());
        let names = 2 + self.mid.as_str().len() + rid;
        OVERHEAD + names + packet.extensions.max_bytes() + packet.payload.len()
    }

    /// When a request is to be passed on.
    pub(super) fn next_key_frame(&self) -> Option<Time> {
        let passed = self.key_frame.passed;
        self.key_frame
            .waits
            .then(|| passed.map_or(Time::ZERO, |passed| passed + KEY_FRAME_INTERVAL))
    }

    /// Whether a request is to be passed on now.
    pub(super) fn take_key_frame(&mut self, now: Time) -> bool {
        if self.next_key_frame().is_none_or(|due| due > now) {
            return false;
        }
        self.key_frame.waits = false;
        self.key_frame.passed = Some(now);
        true
    }

    /// The peer has received packets of one of the sources.
    pub(super) fn on_report(&mut self, now: Time, block: &ReportBlock) {
        let is_media = block.ssrc == self.media.ssrc;
        let sources = std::iter::once(&mut self.media).chain(&mut self.repair);
        for source in sources.filter(|source| source.ssrc == block.ssrc) {
            source.is_known = true;
        }
        if is_media {
            self.counters.reported = Some(*block);
            self.counters.reported_at = Some(now);
            let highest = SeqNo::new(block.highest as u16).near(self.media.next);
            let expected = (highest + 1).saturating_sub(self.media.first);
            let lost = i64::from(block.cumulative_lost);
            // More lost than were sent is nonsense, and fewer than none are duplicates.
            self.counters.arrived = expected.saturating_add_signed(-lost);
        }
    }

    pub(super) fn count_round_trip(&mut self, trip: Duration) {
        self.counters.round_trip = Some(trip);
        self.counters.total_round_trip += trip;
        self.counters.round_trips += 1;
    }

    /// The report of this moment; none before the first packet.
    pub(super) fn report(&self, now: Time, ntp: NtpTime) -> Option<SenderInfo> {
        let clock = self.clock.as_ref()?;
        Some(SenderInfo {
            ntp,
            rtp: clock.at(now),
            packets: self.counters.packets as u32,
            octets: self.counters.bytes as u32,
        })
    }
}

fn push_names(writing: &mut Writing<'_>, mid: &Mid, kind: HeaderExtension, rid: Option<&Rid>) {
    if let Some(id) = writing.map.id(HeaderExtension::Mid) {
        writing.elements.push(id, mid.as_str().as_bytes());
    }
    if let (Some(rid), Some(id)) = (rid, writing.map.id(kind)) {
        writing.elements.push(id, rid.as_str().as_bytes());
    }
}

/// What only the moment of sending knows.
fn push_times(now: Time, writing: &mut Writing<'_>) {
    if let Some(id) = writing.map.id(HeaderExtension::AbsoluteSendTime) {
        AbsSendTime::at(now).push(id, writing.elements);
    }
    let id = writing.map.id(HeaderExtension::TransportSequence);
    if let Some(id) = id {
        writing
            .elements
            .push(id, &writing.transport.get().to_be_bytes());
    }
}
