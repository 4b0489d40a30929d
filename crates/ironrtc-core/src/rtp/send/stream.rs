//! One stream that is sent, with that of its retransmissions.

mod cut;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::{Mid, PayloadType, Rid, Ssrc};
use crate::replay::ReplayWindow;
use crate::rng::Rng;
use crate::rtp::clock::CaptureClock;
use crate::rtp::{EncodingPlan, MediaKind, RtpSection, SendPlan};
use crate::time::Time;
use crate::wire::payload::{Format, Splitter};
use crate::wire::rtcp::{ReportBlock, SenderInfo};
use crate::wire::rtp::{
    AbsSendTime, ElementSet, ExtensionMap, FixedHeader, Form, HeaderExtension, NtpTime, RtpTime,
    SeqNo, Unwrapper,
};

use super::frame::{Body, Outgoing};
use super::history::History;
use super::packet::Place;

/// Requests for key frames are passed on so far apart.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(300);
/// Numbers begin in the lower half, so that a receiver that misses the first packets does not take
/// the first wrap for the second (RFC 3711 section 3.3.1).
const FIRST_NUMBERS: u64 = 1 << 15;

/// Most sources that have ended and are kept in mind, as many as SRTP has under one key.
const MAX_ENDED: usize = 4096;

/// Fewer numbers are left out where packets were lost before they came here.
const MAX_GAP: u64 = 1000;
/// Packets that come later than so many others are not forwarded.
const MAX_LATE: u64 = 500;

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
    /// Frames that were refused because too much waited.
    pub refused_frames: u64,
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

/// One of the two sources of a stream.
#[derive(Debug)]
struct Source {
    ssrc: Ssrc,
    /// The position of the first packet.
    first: u64,
    /// The position after the highest that was used.
    next: u64,
    /// The stream that is forwarded, and what its numbers are higher by here.
    forwarded: Option<(u64, i64)>,
    /// The peer has received packets of this source, and so its names.
    is_known: bool,
}

/// Where sources begin to count: anywhere, or where they ended. The keys are those of before, and so
/// no number may come twice.
#[derive(Debug)]
pub(super) struct Beginnings {
    rng: Rng,
    ended: BTreeMap<Ssrc, u64>,
}

impl Beginnings {
    pub(super) const fn new(rng: Rng) -> Self {
        Self {
            rng,
            ended: BTreeMap::new(),
        }
    }

    fn of(&mut self, ssrc: Ssrc) -> u64 {
        self.ended.remove(&ssrc).unwrap_or_else(|| {
            let mut numbers = Unwrapper::<SeqNo>::new();
            numbers.unwrap(SeqNo::new(self.rng.below(FIRST_NUMBERS) as u16))
        })
    }

    fn keep(&mut self, source: &Source) {
        if self.ended.len() < MAX_ENDED {
            self.ended.insert(source.ssrc, source.next);
        }
    }

    /// A stream has ended, and may come back.
    pub(super) fn keep_all(&mut self, stream: &SendStream) {
        let sources = std::iter::once(&stream.media).chain(&stream.repair);
        sources.for_each(|source| self.keep(source));
    }
}

impl Source {
    fn new(ssrc: Ssrc, beginnings: &mut Beginnings) -> Self {
        let first = beginnings.of(ssrc);
        Self {
            ssrc,
            first,
            next: first,
            forwarded: None,
            is_known: false,
        }
    }

    /// The position of a packet that is forwarded. Its distance to those before is as it was; what
    /// comes from elsewhere, or from far away, follows without one. None if it comes so late that
    /// nobody waits for it.
    fn place(&mut self, place: Place) -> Option<u64> {
        let by = self.forwarded.filter(|(stream, _)| *stream == place.stream);
        let position = by.and_then(|(_, by)| place.position.checked_add_signed(by));
        match position {
            Some(position) if position < self.next => {
                (self.next - position <= MAX_LATE).then_some(position)
            }
            Some(position) if position - self.next < MAX_GAP => {
                self.next = position + 1;
                Some(position)
            }
            _ => {
                let position = self.take();
                let by = position.wrapping_sub(place.position) as i64;
                self.forwarded = Some((place.stream, by));
                Some(position)
            }
        }
    }

    const fn take(&mut self) -> u64 {
        let position = self.next;
        self.next += 1;
        position
    }
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
        now: Time,
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
        let header = FixedHeader {
            marker: packet.marker,
            payload_type: packet.payload_type,
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
        self.counters.payload_type = Some(packet.payload_type);
        let body = Body::new(packet.payload, pieces);
        body.write(out);
        let format = self.payloads.get(&packet.payload_type);
        let rate = format.map_or(90_000, |payload| payload.clock_rate);
        self.clock = Some(CaptureClock::new(rate, packet.timestamp, packet.captured));
        self.counters.packets += 1;
        self.counters.bytes += body.len() as u64;
        if self.repair.is_some() && format.is_some_and(|payload| payload.rtx.is_some()) {
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
