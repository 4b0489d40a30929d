//! What is sent: streams with their numbers, and when their packets leave.

mod frame;
mod history;
mod packet;
mod padding;
mod repairs;
mod stream;
mod tone;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use frame::OutgoingFrame;
pub use packet::{OutgoingExtensions, OutgoingPacket, Place, SendError};
pub use stream::SendCounters;
pub(crate) use tone::ToneEvent;

use crate::ids::Ssrc;
use crate::rng::Rng;
use crate::time::Time;
use crate::wire::rtcp::{Nack, ReportBlock, SenderInfo};
use crate::wire::rtp::{ElementSet, ExtensionMap, Form, NtpTime, SeqNo};

use super::event::RtpEvent;
use super::pacer::{Pacer, Priority};
use super::rate::SentPacket;
use super::{MediaKind, RtpPlan};

use frame::Outgoing;
use padding::Padder;
use repairs::RepairBudget;
use stream::{Beginnings, SendStream, Writing};

/// What a header with extensions takes, roughly: packets are paced by their bytes.
const HEADER: usize = 32;
/// Before transport-wide feedback comes, so much faster than the rate that the peer takes, as the
/// rate is spread over frames unevenly.
const REMB_PACE: u64 = 25;
const FEEDBACK_PACE: u64 = 11;

/// Most sources that one packet says goodbye to.
const MAX_GOODBYES: usize = 31;

/// A packet that waits to leave.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all that waits is media, and a box would be allocated for each packet"
)]
#[derive(Debug)]
enum Waiting {
    Media(Ssrc, Outgoing),
    Again(Ssrc, u64),
}

const fn priority(kind: MediaKind) -> Priority {
    match kind {
        MediaKind::Audio => Priority::Audio,
        MediaKind::Video => Priority::Video,
    }
}

/// The sending half of a session.
#[derive(Debug)]
pub(crate) struct Sender {
    rng: Rng,
    beginnings: Beginnings,
    map: ExtensionMap,
    form: Form,
    /// By the sources of their media.
    streams: BTreeMap<Ssrc, SendStream>,
    pacer: Pacer<Waiting>,
    padder: Padder,
    repairs: RepairBudget,
    elements: ElementSet,
    /// Packets are numbered over all streams, from here on.
    transport: u64,
    /// Sources that have ended without a goodbye.
    ended: Vec<Ssrc>,
    /// Reports of streams are made in turn.
    turn: usize,
    /// The longest packet that the path is believed to carry, before it is sealed.
    max_packet: usize,
}

/// A datagram of 1,452 bytes crosses Ethernet over IPv6, and one of 1,232 any path; what seals them
/// takes 20.
const MAX_PACKET: usize = 1452 - 20;
const LEAST_PACKET: usize = 1232 - 20;

impl Sender {
    pub(crate) fn new(mut rng: Rng) -> Self {
        Self {
            beginnings: Beginnings::new(rng.fork()),
            rng,
            map: ExtensionMap::new(),
            form: Form::OneByte,
            streams: BTreeMap::new(),
            pacer: Pacer::new(),
            padder: Padder::default(),
            repairs: RepairBudget::default(),
            elements: ElementSet::new(),
            transport: 0,
            ended: Vec::new(),
            turn: 0,
            max_packet: MAX_PACKET,
        }
    }

    /// The path does not carry a datagram with so many bytes of a sealed packet.
    pub(crate) fn limit_packets(&mut self, size: usize) {
        let most = size.saturating_sub(21).max(LEAST_PACKET);
        self.max_packet = self.max_packet.min(most);
    }

    /// Takes another plan; `map` has the header extensions that the peer takes.
    pub(crate) fn apply(&mut self, plan: &RtpPlan, map: ExtensionMap) {
        self.map = map;
        let has_long = map.iter().any(|(_, id)| id > 14);
        self.form = match (plan.mixed_extensions, has_long) {
            (true, _) => Form::Mixed,
            // RFC 8285 section 4.1.2: who does not know both forms beside each other gets one.
            (false, true) => Form::TwoByte,
            (false, false) => Form::OneByte,
        };
        let mut before = std::mem::take(&mut self.streams);
        for section in &plan.sections {
            let Some(send) = &section.send else {
                continue;
            };
            for encoding in &send.encodings {
                let stream = match before.remove(&encoding.ssrc) {
                    Some(mut stream) => {
                        stream.apply(section, send, encoding, &mut self.beginnings);
                        stream
                    }
                    None => SendStream::new(section, send, encoding, &mut self.beginnings),
                };
                self.streams.insert(encoding.ssrc, stream);
            }
        }
        for stream in before.values() {
            self.beginnings.keep_all(stream);
            self.ended.extend(stream.sources());
        }
        let streams = &self.streams;
        // What is back before its goodbye has left says none.
        self.ended.retain(|ended| {
            let mut sources = streams.values().flat_map(SendStream::sources);
            sources.all(|source| source != *ended)
        });
        let _ = self.pacer.retain(|waiting| match waiting {
            Waiting::Media(ssrc, _) | Waiting::Again(ssrc, _) => streams.contains_key(ssrc),
        });
    }

    /// Sets the rate in bits a second, by a peer that tells it, or by congestion control.
    pub(crate) fn set_rate(&mut self, now: Time, bits: Option<u64>, has_feedback: bool) {
        let pace = if has_feedback {
            FEEDBACK_PACE
        } else {
            REMB_PACE
        };
        self.repairs.set_rate(now, bits);
        let bits = bits.map(|bits| bits.saturating_mul(pace) / 10);
        self.pacer.set_rate(now, bits);
    }

    /// Fills what media leaves free of this rate, in bits a second, or does not.
    pub(crate) fn set_padding(&mut self, now: Time, bits: Option<u64>) {
        self.padder.set_rate(now, bits);
    }

    pub(crate) fn push(&mut self, ssrc: Ssrc, packet: OutgoingPacket) -> Result<(), SendError> {
        let stream = self
            .streams
            .get_mut(&ssrc)
            .ok_or(SendError::UnknownStream(ssrc))?;
        if !stream.is_active() {
            return Err(SendError::Inactive);
        }
        if !stream.has_payload(packet.payload_type) {
            return Err(SendError::UnknownPayload(packet.payload_type));
        }
        // What was cut here fits any path. What others cut is to fit this one.
        let fits = if packet.place.is_some() {
            stream.length(&packet) <= self.max_packet
        } else {
            packet.payload.len() <= OutgoingPacket::MAX_PAYLOAD
        };
        if !fits {
            stream.count_too_large();
            return Err(SendError::TooLarge);
        }
        let priority = priority(stream.kind());
        let bytes = packet.payload.len() + HEADER;
        let outgoing = Outgoing {
            packet,
            pieces: None,
        };
        let pushed = self
            .pacer
            .push(priority, bytes, Waiting::Media(ssrc, outgoing));
        pushed.map_err(|_| SendError::Full)
    }

    /// Queues all packets of a frame, or none.
    pub(crate) fn push_frame(
        &mut self,
        ssrc: Ssrc,
        frame: &OutgoingFrame,
    ) -> Result<(), SendError> {
        let stream = self.streams.get_mut(&ssrc);
        let stream = stream.ok_or(SendError::UnknownStream(ssrc))?;
        if !stream.is_active() {
            return Err(SendError::Inactive);
        }
        let (packets, splitter) = stream.split(frame, &mut self.rng)?;
        let bytes = packets.iter().map(|packet| packet.len() + HEADER).sum();
        if !self.pacer.has_room(bytes) {
            stream.count_refused_frame();
            return Err(SendError::Full);
        }
        stream.keep_frame(frame, splitter);
        let priority = priority(stream.kind());
        for packet in packets {
            let bytes = packet.len() + HEADER;
            // There is room for all of them.
            let _ = self
                .pacer
                .push(priority, bytes, Waiting::Media(ssrc, packet));
        }
        Ok(())
    }

    pub(crate) fn next_due(&self) -> Option<Time> {
        let media = self.pacer.next_due();
        // While media waits, there is nothing to fill.
        media.or_else(|| self.padder.next_due().filter(|_| self.padded().is_some()))
    }

    /// The stream whose retransmissions' source pads. RFC 4588 has no other use for a packet of it that
    /// repeats nothing, and before the first media there is nobody that it could be told from.
    fn padded(&self) -> Option<Ssrc> {
        let mut streams = self.streams.iter();
        let (ssrc, _) = streams.find(|(_, stream)| stream.can_pad())?;
        Some(*ssrc)
    }

    /// Appends the next packet that may leave now. Nothing if none may.
    pub(crate) fn write(
        &mut self,
        now: Time,
        round_trip: Duration,
        out: &mut Vec<u8>,
    ) -> Option<SentPacket> {
        self.drop_stale(now);
        let start = out.len();
        while let Some((waiting, waited)) = self.pacer.pop_after(now) {
            let mut writing = Writing {
                map: &self.map,
                form: self.form,
                elements: &mut self.elements,
                transport: SeqNo::of(self.transport),
            };
            let written = match waiting {
                Waiting::Media(ssrc, packet) => self.streams.get_mut(&ssrc).and_then(|stream| {
                    let at = (now, waited);
                    stream.write(at, round_trip, packet, &mut writing, out)
                }),
                Waiting::Again(ssrc, position) => self
                    .streams
                    .get_mut(&ssrc)
                    .and_then(|stream| stream.write_again(now, position, &mut writing, out)),
            };
            if let Some(written) = written {
                return Some(self.sent(written, out.len() - start));
            }
        }
        self.write_padding(now, out)
    }

    /// A packet of a source was written.
    fn sent(&mut self, (ssrc, position): (Ssrc, u64), bytes: usize) -> SentPacket {
        let number = self.transport;
        self.transport += 1;
        self.padder.charge(bytes);
        SentPacket {
            number,
            ssrc,
            position,
            bytes,
        }
    }

    /// Appends a packet that fills the rate, if that is due.
    fn write_padding(&mut self, now: Time, out: &mut Vec<u8>) -> Option<SentPacket> {
        if !self.pacer.is_empty() || !self.padder.is_due(now) {
            return None;
        }
        let start = out.len();
        let ssrc = self.padded()?;
        let mut writing = Writing {
            map: &self.map,
            form: self.form,
            elements: &mut self.elements,
            transport: SeqNo::of(self.transport),
        };
        let stream = self.streams.get_mut(&ssrc)?;
        let Some(written) = stream.write_padding(now, &mut writing, out) else {
            // Not tried again at once.
            self.padder.charge(padding::LONGEST.into());
            return None;
        };
        let bytes = out.len() - start;
        self.pacer.charge(bytes);
        Some(self.sent(written, bytes))
    }

    /// Drops what has waited too long. A video goes on with a key frame then: what depends on the
    /// dropped packets is dropped with them.
    fn drop_stale(&mut self, now: Time) {
        while let Some(waiting) = self.pacer.pop_stale(now) {
            match waiting {
                Waiting::Again(ssrc, position) => {
                    if let Some(stream) = self.streams.get_mut(&ssrc) {
                        stream.release(position);
                    }
                }
                Waiting::Media(ssrc, _) => {
                    let Some(stream) = self.streams.get_mut(&ssrc) else {
                        continue;
                    };
                    let mut dropped = 1;
                    if stream.kind() == MediaKind::Video {
                        let is_of = |waiting: &Waiting| matches!(waiting, Waiting::Media(it, _) if *it == ssrc);
                        dropped += self.pacer.retain(|waiting| !is_of(waiting));
                    }
                    stream.on_stale(dropped as u64);
                }
            }
        }
    }

    pub(crate) fn on_nack(&mut self, now: Time, round_trip: Duration, nack: &Nack<'_>) {
        let ssrc = nack.media;
        let Some(stream) = self.streams.get_mut(&ssrc) else {
            return;
        };
        let (pacer, repairs) = (&mut self.pacer, &mut self.repairs);
        stream.on_nack(now, round_trip, nack.sequences(), |position, bytes| {
            let (waiting, bytes) = (Waiting::Again(ssrc, position), bytes + HEADER);
            let takes = repairs.takes(now, bytes);
            takes && pacer.push(Priority::Repair, bytes, waiting).is_ok()
        });
    }

    pub(crate) fn on_key_frame_request(&mut self, ssrc: Ssrc, number: Option<u8>) {
        if let Some(stream) = self.streams.get_mut(&ssrc) {
            stream.on_key_frame_request(number);
        }
    }

    pub(crate) fn next_key_frame(&self) -> Option<Time> {
        self.streams
            .values()
            .filter_map(SendStream::next_key_frame)
            .min()
    }

    /// Passes on the requests for key frames whose time has come.
    pub(crate) fn pass_key_frame_requests(&mut self, now: Time, events: &mut VecDeque<RtpEvent>) {
        for (ssrc, stream) in &mut self.streams {
            if stream.take_key_frame(now) {
                events.push_back(RtpEvent::KeyFrameRequested(*ssrc));
            }
        }
    }

    /// What the peer reports of one of our sources; false if it is none of ours.
    pub(crate) fn on_report(&mut self, now: Time, block: &ReportBlock) -> bool {
        let mut streams = self.streams.values_mut();
        let stream = streams.find(|stream| stream.sources().any(|ssrc| ssrc == block.ssrc));
        stream.is_some_and(|stream| {
            stream.on_report(now, block);
            true
        })
    }

    /// A report of a stream has told the round trip, if it could.
    pub(crate) fn count_round_trip(&mut self, ssrc: Ssrc, trip: Option<Duration>) {
        if let (Some(stream), Some(trip)) = (self.streams.get_mut(&ssrc), trip) {
            stream.count_round_trip(trip);
        }
    }

    pub(crate) fn counters(&self, ssrc: Ssrc) -> Option<SendCounters> {
        self.streams.get(&ssrc).map(SendStream::counters)
    }

    /// The reports of at most `limit` streams that send, the next ones in turn.
    pub(crate) fn reports(
        &mut self,
        now: Time,
        ntp: NtpTime,
        limit: usize,
    ) -> Vec<(Ssrc, SenderInfo)> {
        let reports = self.streams.iter().filter(|(_, stream)| stream.is_active());
        let mut reports: Vec<_> = reports
            .filter_map(|(ssrc, stream)| Some((*ssrc, stream.report(now, ntp)?)))
            .collect();
        if reports.is_empty() {
            return reports;
        }
        let count = reports.len();
        reports.rotate_left(self.turn % count);
        self.turn = (self.turn + count.min(limit)) % count;
        reports.truncate(limit);
        reports
    }

    /// All sources of a stream, that of its retransmissions too.
    pub(crate) fn sources(&self, ssrc: Ssrc) -> impl Iterator<Item = Ssrc> + '_ {
        self.streams
            .get(&ssrc)
            .into_iter()
            .flat_map(SendStream::sources)
    }

    /// The sources to say goodbye to, as many as one packet has room for.
    pub(crate) fn take_ended(&mut self) -> Vec<Ssrc> {
        let first = self.ended.len().min(MAX_GOODBYES);
        self.ended.drain(..first).collect()
    }

    pub(crate) const fn has_ended(&self) -> bool {
        !self.ended.is_empty()
    }
}
