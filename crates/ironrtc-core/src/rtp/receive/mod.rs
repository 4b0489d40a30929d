//! What is received: each packet goes to its stream, and the sender is told of it.

mod assemble;
mod ccfb;
mod feedback;
mod frame;
mod nack;
mod rtx;
mod stats;
mod stream;
mod unread;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

pub use frame::RtpFrame;
pub use stream::{ReceiveCounters, RtpPacket, SenderReported};

use crate::datagram::{DropReason, Ecn};
use crate::ids::{Mid, Rid, Ssrc};
use crate::rtp::RtpPlan;
use crate::rtp::clock::{ReportedClock, SenderClocks};
use crate::rtp::event::RtpEvent;
use crate::rtp::route::{Router, Target};
use crate::time::Time;
use crate::wire::rtcp::{ReportBlock, SenderInfo, write_nack};
use crate::wire::rtp::{ExtensionMap, Extensions, FixedHeader, NtpShort, Packet};

use ccfb::SourceArrivals;
use feedback::Arrivals;
use stats::SourceStats;
use stream::ReceiveStream;

/// Room that a request or feedback is written into, at least.
const LEAST_ROOM: usize = 100;

/// How the sender is told arrivals.
#[derive(Debug)]
enum Telling {
    /// Not at all.
    Nothing,
    /// By numbers over the whole transport.
    ByTransport(Arrivals),
    /// By the numbers of each source (RFC 8888).
    BySource(SourceArrivals),
}

impl Telling {
    fn on_packet(
        &mut self,
        now: Time,
        ecn: Option<Ecn>,
        read: &Packet<'_>,
        names: &Extensions<'_>,
        bytes: usize,
    ) {
        match self {
            Self::Nothing => {}
            Self::ByTransport(arrivals) => {
                if let Some(number) = names.transport_cc {
                    arrivals.on_packet(now, number, bytes);
                }
            }
            Self::BySource(arrivals) => {
                let header = read.header.fixed;
                arrivals.on_packet(now, header.ssrc, header.sequence, ecn);
            }
        }
    }

    const fn due(&self) -> Option<Time> {
        match self {
            Self::Nothing => None,
            Self::ByTransport(arrivals) => arrivals.due(),
            Self::BySource(arrivals) => arrivals.due(),
        }
    }
}

/// Which kind of feedback both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrivalFeedback {
    None,
    ByTransport,
    BySource,
}

/// The receiving half of a session.
#[derive(Debug)]
pub(crate) struct Receiver {
    map: ExtensionMap,
    router: Router,
    /// By their sources.
    streams: BTreeMap<Ssrc, ReceiveStream>,
    /// The sources of retransmissions.
    repairs: BTreeMap<Ssrc, SourceStats>,
    telling: Telling,
    clocks: SenderClocks,
    /// The source that feedback about the transport names.
    last_media: Ssrc,
    /// Blocks of reports are taken in turn.
    turn: usize,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            map: ExtensionMap::new(),
            router: Router::default(),
            streams: BTreeMap::new(),
            repairs: BTreeMap::new(),
            telling: Telling::Nothing,
            clocks: SenderClocks::default(),
            last_media: Ssrc::default(),
            turn: 0,
        }
    }

    /// Takes another plan; `map` has the header extensions that the peer sends.
    pub(crate) fn apply(&mut self, plan: &RtpPlan, map: ExtensionMap, feedback: ArrivalFeedback) {
        self.map = map;
        match (feedback, &self.telling) {
            (ArrivalFeedback::ByTransport, Telling::ByTransport(_))
            | (ArrivalFeedback::BySource, Telling::BySource(_)) => {}
            (ArrivalFeedback::None, _) => self.telling = Telling::Nothing,
            (ArrivalFeedback::ByTransport, _) => {
                self.telling = Telling::ByTransport(Arrivals::default());
            }
            (ArrivalFeedback::BySource, _) => {
                self.telling = Telling::BySource(SourceArrivals::default());
            }
        }
        for gone in self.router.apply(plan) {
            self.forget(gone);
        }
    }

    fn forget(&mut self, ssrc: Ssrc) {
        self.streams.remove(&ssrc);
        self.repairs.remove(&ssrc);
    }

    /// Takes a packet in the clear.
    pub(crate) fn on_packet(
        &mut self,
        now: Time,
        ecn: Option<Ecn>,
        packet: &Bytes,
        events: &mut VecDeque<RtpEvent>,
    ) -> Result<(), DropReason> {
        let read = Packet::parse(packet).ok_or(DropReason::RtpMalformed)?;
        let header = read.header.fixed;
        let names = Extensions::read(read.header.elements(), &self.map);
        // Before anything else, whatever the source is: the sender's congestion control counts all
        // packets, those that probe from sources without a stream too.
        self.telling
            .on_packet(now, ecn, &read, &names, packet.len());
        let route = self.router.route(now, &header, &names)?;
        if let Some(evicted) = route.evicted {
            if self.streams.contains_key(&evicted) {
                events.push_back(RtpEvent::Ended(evicted));
            }
            self.forget(evicted);
        }
        let head = packet.slice(..read.header.length());
        let payload = packet.slice_ref(read.payload);
        let overhead = packet.len() - payload.len();
        match route.target {
            Target::Media => {
                self.last_media = header.ssrc;
                let ssrc = header.ssrc;
                if route.is_new {
                    self.forget(ssrc);
                    self.begin(ssrc, events);
                }
                let stream = self
                    .streams
                    .entry(ssrc)
                    .or_insert_with(|| ReceiveStream::new(route.format));
                let event = stream.on_packet(now, route.format, &header, overhead, head, payload);
                events.extend(event);
            }
            Target::Repair { of, payload_type } => {
                if route.is_new {
                    self.forget(header.ssrc);
                }
                self.repairs.entry(header.ssrc).or_default().on_packet(
                    now,
                    header.sequence,
                    header.timestamp,
                    route.format.clock_rate,
                );
                let Some((sequence, before)) = rtx::original(&payload) else {
                    return Ok(());
                };
                let original = FixedHeader {
                    payload_type,
                    sequence,
                    ssrc: of,
                    ..header
                };
                if let Some(stream) = self.streams.get_mut(&of) {
                    let (overhead, payload) = (overhead + before, payload.slice(before..));
                    events.extend(stream.on_repair(now, &original, overhead, head, payload));
                }
            }
        }
        Ok(())
    }

    fn begin(&self, ssrc: Ssrc, events: &mut VecDeque<RtpEvent>) {
        if let Some((mid, rid)) = self.router.names(ssrc) {
            events.push_back(RtpEvent::Began {
                ssrc,
                mid: mid.clone(),
                rid: rid.cloned(),
            });
        }
    }

    pub(crate) fn on_sender_report(&mut self, now: Time, ssrc: Ssrc, info: SenderInfo) {
        if let Some(stream) = self.streams.get_mut(&ssrc) {
            let ours = self.clocks.on_report(now, info.ntp);
            stream.on_sender_report(now, info, ours);
        }
    }

    /// A source says goodbye. What was not read goes with it.
    pub(crate) fn on_goodbye(&mut self, ssrc: Ssrc, events: &mut VecDeque<RtpEvent>) {
        self.repairs.remove(&ssrc);
        if self.streams.remove(&ssrc).is_some() {
            events.push_back(RtpEvent::Ended(ssrc));
        }
        self.router.remove(ssrc);
    }

    pub(crate) fn read(&mut self, ssrc: Ssrc) -> Option<RtpPacket> {
        self.streams.get_mut(&ssrc)?.pop()
    }

    pub(crate) fn read_frame(&mut self, ssrc: Ssrc) -> Option<RtpFrame> {
        self.streams.get_mut(&ssrc)?.pop_frame()
    }

    pub(crate) fn has_unread(&self, ssrc: Ssrc) -> bool {
        let stream = self.streams.get(&ssrc);
        stream.is_some_and(ReceiveStream::has_unread)
    }

    /// When a packet that frames wait for is given up.
    pub(crate) fn next_loss(&self, round_trip: Duration) -> Option<Time> {
        let streams = self.streams.values();
        streams
            .filter_map(|stream| stream.gives_up_at(round_trip))
            .min()
    }

    /// Gives up packets that frames have waited for long enough.
    pub(crate) fn give_up(
        &mut self,
        now: Time,
        round_trip: Duration,
        events: &mut VecDeque<RtpEvent>,
    ) {
        for (ssrc, stream) in &mut self.streams {
            events.extend(stream.give_up(now, round_trip, *ssrc));
        }
    }

    /// The header extensions that the peer sends.
    pub(crate) const fn map(&self) -> &ExtensionMap {
        &self.map
    }

    pub(crate) fn counters(&self, ssrc: Ssrc) -> Option<ReceiveCounters> {
        self.streams.get(&ssrc).map(ReceiveStream::counters)
    }

    /// The sources of the streams.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Ssrc> + '_ {
        self.streams.keys().copied()
    }

    /// The source of a stream's retransmissions.
    pub(crate) fn repair_of(&self, ssrc: Ssrc) -> Option<Ssrc> {
        self.router.repair_of(ssrc)
    }

    pub(crate) fn request_key_frame(&mut self, ssrc: Ssrc) {
        if let Some(stream) = self.streams.get_mut(&ssrc) {
            stream.request_key_frame();
        }
    }

    pub(crate) fn names(&self, ssrc: Ssrc) -> Option<(&Mid, Option<&Rid>)> {
        self.router.names(ssrc)
    }

    pub(crate) fn unknown(&self) -> impl Iterator<Item = (Ssrc, u64)> + '_ {
        self.router.unknown()
    }

    /// When something is to be told or asked.
    pub(crate) fn next_feedback(&self) -> Option<Time> {
        let streams = self
            .streams
            .values()
            .filter_map(ReceiveStream::next_request);
        streams.chain(self.telling.due()).min()
    }

    /// Appends what is to be told and asked now, as much as fits before `limit`; `time` is that of
    /// day.
    pub(crate) fn write_feedback(
        &mut self,
        (now, time): (Time, NtpShort),
        sender: Ssrc,
        round_trip: Duration,
        limit: usize,
        out: &mut Vec<u8>,
    ) {
        let mut missing = Vec::new();
        for (ssrc, stream) in &mut self.streams {
            if stream.next_request().is_none_or(|due| due > now) {
                continue;
            }
            // A request may take all of the room that is looked for.
            if out.len() + LEAST_ROOM + 4 * nack::MAX_REQUEST > limit {
                return;
            }
            stream.write_key_frame_request(now, (sender, *ssrc), out);
            missing.clear();
            stream.missed.take_due(now, round_trip, &mut missing);
            if !missing.is_empty() {
                write_nack(out, sender, *ssrc, &missing);
                stream.count_nack();
            }
        }
        let room = limit.saturating_sub(out.len());
        if room >= LEAST_ROOM {
            let sources = (sender, self.last_media);
            match &mut self.telling {
                Telling::Nothing => {}
                Telling::ByTransport(arrivals) => {
                    arrivals.write(now, sources, room, out);
                }
                Telling::BySource(arrivals) => arrivals.write(now, time, sender, room, out),
            }
        }
    }

    /// The blocks of the next report: of at most so many sources, the next ones in turn.
    pub(crate) fn report_blocks(&mut self, now: Time, most: usize) -> Vec<ReportBlock> {
        let none = ReportedClock::default();
        let streams = self.streams.iter_mut().map(|(ssrc, stream)| {
            let (stats, clock) = stream.stats();
            (*ssrc, stats, clock)
        });
        let repairs = self.repairs.iter_mut();
        let mut sources: Vec<_> = streams
            .chain(repairs.map(|(ssrc, stats)| (*ssrc, stats, &none)))
            .collect();
        if sources.is_empty() {
            return Vec::new();
        }
        let count = sources.len();
        sources.rotate_left(self.turn % count);
        self.turn = (self.turn + count.min(most)) % count;
        let blocks = sources.into_iter().take(most);
        blocks
            .filter_map(|(ssrc, stats, clock)| stats.report(now, ssrc, clock))
            .collect()
    }
}
