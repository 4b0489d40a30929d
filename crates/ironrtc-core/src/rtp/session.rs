//! The RTP session of one transport: fed with packets in the clear, and with time.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::datagram::{DropReason, Ecn};
use crate::ids::{Mid, Rid, Ssrc};
use crate::rng::Rng;
use crate::time::{Deadline, Time};
use crate::wire::rtcp::{
    Compound, ExtendedReport, Packet, ReportBlock, ReportBlocks, XrBlock, write_bye, write_cnames,
    write_receiver_reference_time, write_receiver_references, write_receiver_report,
    write_sender_report,
};
use crate::wire::rtp::{ExtensionMap, Extensions, NtpShort};

use super::clock::WallClock;
use super::event::RtpEvent;
use super::rate::RateControl;
use super::receive::{
    ArrivalFeedback, ReceiveCounters, Receiver, RtpFrame, RtpPacket, SourceHeard,
};
use super::reports::Reports;
use super::round_trip::RoundTrip;
use super::send::{OutgoingFrame, OutgoingPacket, SendCounters, SendError, Sender};
use super::{BitrateLimits, CodecParameters, Feedback, HeaderExtension, MediaKind, RtpPlan};

/// The longest datagram of RTCP in the clear.
const MAX_RTCP: usize = 1150;
/// Most events that wait. What is readable is asked for by whoever missed its event.
const MAX_EVENTS: usize = 1024;
/// Reports of streams in one datagram, and blocks beside them: with their names they fit into it.
const MAX_REPORTS: usize = 6;
const BLOCKS_BESIDE_REPORTS: usize = 12;
/// Bytes of names in one datagram.
const MAX_NAMES: usize = 500;

/// The RTP session of one transport.
///
/// Packets come in the clear and leave to be sealed; the session keeps what lies between the two: who
/// sources are, what is missing, what each side is told.
#[derive(Debug)]
pub struct RtpSession {
    wall: WallClock,
    receiver: Receiver,
    sender: Sender,
    reports: Reports,
    /// The source that our reports and requests come from.
    ssrc: Ssrc,
    cname: String,
    reduced_size: bool,
    /// The peer tells arrivals, by which congestion control sets the rate.
    has_feedback: bool,
    /// We only receive, and measure the round trip by telling our time.
    tells_time: bool,
    round_trip: RoundTrip,
    rate: RateControl,
    /// What the application has set, and what the peer takes by its REMB.
    limits: Option<BitrateLimits>,
    fixed: Option<u64>,
    remb: Option<u64>,
    /// What may be sent, as the application knows it.
    told: u64,
    claims: Vec<bitrate::Claim>,
    probing: probing::Probing,
    events: VecDeque<RtpEvent>,
}

impl RtpSession {
    /// A session without streams, which begins at `now`, so long after 1970 by the system's clock.
    pub fn new(now: Time, since_1970: Duration, mut rng: Rng) -> Self {
        let ssrc = Ssrc::new(rng.u32());
        Self {
            wall: WallClock::new(now, since_1970),
            receiver: Receiver::new(),
            sender: Sender::new(rng.fork()),
            reports: Reports::new(rng),
            ssrc,
            cname: String::new(),
            reduced_size: false,
            has_feedback: false,
            tells_time: false,
            round_trip: RoundTrip::default(),
            rate: RateControl::new(BitrateLimits::default()),
            limits: None,
            fixed: None,
            remb: None,
            told: 0,
            claims: Vec::new(),
            probing: probing::Probing::default(),
            events: VecDeque::new(),
        }
    }

    /// Takes another plan, whole: what it does not have ends.
    pub fn apply(&mut self, now: Time, plan: &RtpPlan) {
        let (mut received, mut sent) = (ExtensionMap::new(), ExtensionMap::new());
        for extension in plan.sections.iter().flat_map(|section| &section.extensions) {
            let ways = [
                (extension.receive, &mut received),
                (extension.send, &mut sent),
            ];
            for (_, map) in ways.into_iter().filter(|(is_known, _)| *is_known) {
                // All sections of a bundle have the same numbers (RFC 9143 section 9.1); of two that
                // disagree the first one counts.
                let _ = map.set(extension.extension, extension.id);
            }
        }
        let receives = plan
            .sections
            .iter()
            .filter_map(|section| section.receive.as_ref());
        let codecs: Vec<_> = receives.flat_map(|receive| &receive.codecs).collect();
        let knows = |kind| move |codec: &&CodecParameters| codec.feedback.contains(kind);
        // By source only if that is known of all, as the sender counts all packets together.
        let feedback = if !codecs.is_empty() && codecs.iter().all(knows(Feedback::AckCcfb)) {
            ArrivalFeedback::BySource
        } else if received.id(HeaderExtension::TransportSequence).is_some()
            && codecs.iter().any(knows(Feedback::TransportCc))
        {
            ArrivalFeedback::ByTransport
        } else {
            ArrivalFeedback::None
        };
        self.receiver.apply(plan, received, feedback);
        let sends = || {
            plan.sections
                .iter()
                .filter_map(|section| section.send.as_ref())
        };
        let has_feedback = |kind| {
            let mut codecs = sends().flat_map(|send| &send.codecs);
            codecs.any(|codec| codec.feedback.contains(kind))
        };
        // Without the packets' numbers there is nothing to tell.
        let is_numbered = sent.id(HeaderExtension::TransportSequence).is_some();
        self.has_feedback =
            (is_numbered && has_feedback(Feedback::TransportCc)) || has_feedback(Feedback::AckCcfb);
        if let Some(encoding) = sends().flat_map(|send| &send.encodings).next() {
            self.ssrc = encoding.ssrc;
        }
        if let Some(send) = sends().next() {
            self.cname.clone_from(&send.cname);
        }
        self.sender.apply(plan, sent);
        self.claims = bitrate::claims(plan);
        self.apply_limits(now);
        self.tells_time =
            sends().next().is_none() && plan.sections.iter().any(|section| section.receiver_rtt);
        self.reduced_size = plan.sections.iter().all(|section| section.reduced_size);
        let has_video = plan
            .sections
            .iter()
            .any(|section| section.kind == MediaKind::Video);
        self.reports.set(now, !plan.sections.is_empty(), has_video);
    }

    /// Takes a packet of RTP in the clear, with the mark of the datagram that it came in.
    pub fn handle_rtp(
        &mut self,
        now: Time,
        ecn: Option<Ecn>,
        packet: &Bytes,
    ) -> Result<(), DropReason> {
        let handled = self.receiver.on_packet(now, ecn, packet, &mut self.events);
        self.events.truncate(MAX_EVENTS);
        handled
    }

    /// Takes a datagram of RTCP in the clear.
    pub fn handle_rtcp(&mut self, now: Time, datagram: &[u8]) -> Result<(), DropReason> {
        let packets = Compound::parse(datagram).ok_or(DropReason::RtpMalformed)?;
        let mut handled = Ok(());
        for packet in packets {
            match packet {
                Packet::SenderReport(report) => {
                    self.receiver
                        .on_sender_report(now, report.ssrc, report.info);
                    self.on_blocks(now, report.blocks);
                }
                Packet::ReceiverReport(report) => self.on_blocks(now, report.blocks),
                Packet::Nack(nack) => self
                    .sender
                    .on_nack(now, self.round_trip_or_default(), &nack),
                Packet::PictureLoss(pli) => self.sender.on_key_frame_request(pli.media, None),
                Packet::FullIntraRequest(fir) => {
                    for (ssrc, number) in fir.requests {
                        self.sender.on_key_frame_request(ssrc, Some(number));
                    }
                }
                Packet::MaxBitrate(remb) => self.remb = Some(remb.bitrate),
                Packet::TransportFeedback(feedback) => {
                    self.rate.on_transport_feedback(now, &feedback);
                }
                Packet::CongestionFeedback(feedback) => {
                    self.rate.on_congestion_feedback(now, &feedback);
                }
                Packet::Goodbye(bye) => {
                    for ssrc in bye.sources {
                        self.receiver.on_goodbye(ssrc, &mut self.events);
                    }
                }
                Packet::ExtendedReport(report) => self.on_extended_report(now, report),
                Packet::Malformed => handled = Err(DropReason::RtpMalformed),
                _ => {}
            }
        }
        self.handle_timeout(now);
        handled
    }

    fn on_blocks(&mut self, now: Time, blocks: ReportBlocks<'_>) {
        for block in blocks {
            if self.sender.on_report(now, &block) {
                let trip = self.on_answer(now, block.last_report, block.since_last_report);
                self.sender.count_round_trip(block.ssrc, trip);
            }
        }
    }

    /// Does what time has brought.
    pub fn handle_timeout(&mut self, now: Time) {
        self.sender.pass_key_frame_requests(now, &mut self.events);
        let round_trip = self.round_trip_or_default();
        self.receiver.give_up(now, round_trip, &mut self.events);
        self.events.truncate(MAX_EVENTS);
        self.update_rate(now);
    }

    fn on_extended_report(&mut self, now: Time, report: ExtendedReport<'_>) {
        for block in report.blocks {
            match block {
                XrBlock::ReferenceTime(reference) => {
                    self.reports.on_reference(now, report.ssrc, reference);
                }
                XrBlock::LastReceived(received) => {
                    for (ssrc, last, held) in received {
                        if ssrc == self.ssrc {
                            self.on_answer(now, last, held);
                        }
                    }
                }
                XrBlock::Other(_) => {}
            }
        }
    }

    /// The peer tells which of our times came last, and how long ago.
    fn on_answer(&mut self, now: Time, last: NtpShort, held: NtpShort) -> Option<Duration> {
        // RFC 3550 section 6.4.1: 0 says that none came.
        if last == NtpShort::default() {
            return None;
        }
        let trip = NtpShort::round_trip(self.wall.at(now).short(), last, held)?;
        self.round_trip.on_sample(trip);
        Some(trip)
    }

    fn round_trip_or_default(&self) -> Duration {
        self.round_trip.or_default()
    }

    /// The round trip, once one was measured, smoothed as RFC 6298 section 2 has it.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip.get()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<RtpEvent> {
        self.events.pop_front()
    }

    /// The next packet of a stream that has not been read; none of one that is read by frames.
    pub fn recv_packet(&mut self, stream: Ssrc) -> Option<RtpPacket> {
        self.receiver.read(stream)
    }

    /// What the header of a received packet says beside its numbers.
    pub fn extensions<'a>(&self, packet: &'a RtpPacket) -> Extensions<'a> {
        let header = packet.header();
        header.map_or_else(Extensions::default, |header| {
            Extensions::read(header.elements(), self.receiver.map())
        })
    }

    /// What the header of a frame's first packet says beside its numbers.
    pub fn frame_extensions<'a>(&self, frame: &'a RtpFrame) -> Extensions<'a> {
        let header = frame.header();
        header.map_or_else(Extensions::default, |header| {
            Extensions::read(header.elements(), self.receiver.map())
        })
    }

    /// The sources of the streams that are received.
    pub fn received_streams(&self) -> impl Iterator<Item = Ssrc> + '_ {
        self.receiver.sources()
    }

    /// The source of the retransmissions of a stream that is received, once it is known.
    pub fn received_repair(&self, stream: Ssrc) -> Option<Ssrc> {
        self.receiver.repair_of(stream)
    }

    /// The next frame of a stream that has not been read; none of one that is read by packets. Which
    /// of the two it is, the first read decides.
    ///
    /// Frames come whole, each once, and each can be decoded after those before it: where a packet
    /// was lost for good, video goes on with the next key frame, which is asked for.
    pub fn recv_frame(&mut self, stream: Ssrc) -> Option<RtpFrame> {
        let round_trip = self.round_trip_or_default();
        self.receiver.read_frame(stream, round_trip)
    }

    /// Whether a read has moved [`next_deadline`](Self::next_deadline) to an earlier time, as it asks for
    /// a key frame, since this was asked last.
    pub const fn take_hurry(&mut self) -> bool {
        self.receiver.take_hurry()
    }

    /// The sources of a section's streams that were heard in the last ten seconds, the last one first
    /// (`getSynchronizationSources`).
    pub fn synchronization_sources(&self, now: Time, mid: &Mid) -> Vec<SourceHeard> {
        self.receiver.synchronization_sources(now, mid)
    }

    /// The sources that were mixed into a section's streams in the last ten seconds, the last one first
    /// (`getContributingSources`).
    pub fn contributing_sources(&self, now: Time, mid: &Mid) -> Vec<SourceHeard> {
        self.receiver.contributing_sources(now, mid)
    }

    /// Whether packets or frames of a stream wait to be read, in the way that it is read.
    pub fn has_unread(&self, stream: Ssrc) -> bool {
        self.receiver.has_unread(stream)
    }

    /// What became of a stream's packets.
    pub fn receive_counters(&self, stream: Ssrc) -> Option<ReceiveCounters> {
        self.receiver.counters(stream)
    }

    /// The section and the encoding of a stream that is received.
    pub fn received_names(&self, stream: Ssrc) -> Option<(&Mid, Option<&Rid>)> {
        self.receiver.names(stream)
    }

    /// Sources that are no stream's, with how many packets came of each.
    pub fn unknown_sources(&self) -> impl Iterator<Item = (Ssrc, u64)> + '_ {
        self.receiver.unknown()
    }

    /// Asks the sender of a stream for a key frame, at most five times a second.
    pub fn request_key_frame(&mut self, stream: Ssrc) {
        self.receiver.request_key_frame(stream);
    }

    /// Queues a packet of the stream with this source. It leaves when [`poll_rtp`](Self::poll_rtp)
    /// gives it.
    pub fn send_packet(&mut self, stream: Ssrc, packet: OutgoingPacket) -> Result<(), SendError> {
        self.sender.push(stream, packet)
    }

    /// Queues a frame of the stream with this source: cut into packets by its payload's format, all
    /// of them or, on an error, none. They leave when [`poll_rtp`](Self::poll_rtp) gives them.
    ///
    /// A frame may have no packet: parameter sets of H.264 alone wait for their picture.
    pub fn send_frame(&mut self, stream: Ssrc, frame: &OutgoingFrame) -> Result<(), SendError> {
        self.sender.push_frame(stream, frame)
    }

    /// The path does not carry a datagram with so many bytes of a sealed packet: longer ones of others
    /// are not forwarded.
    pub(crate) fn limit_packets(&mut self, size: usize) {
        self.sender.limit_packets(size);
    }

    /// What became of the packets of a stream that is sent.
    pub fn send_counters(&self, stream: Ssrc) -> Option<SendCounters> {
        self.sender.counters(stream)
    }

    /// Appends the next packet of RTP that may leave now, to be sealed and sent. False if none may.
    pub fn poll_rtp(&mut self, now: Time, out: &mut Vec<u8>) -> bool {
        let round_trip = self.round_trip_or_default();
        let Some(sent) = self.sender.write(now, round_trip, out) else {
            return false;
        };
        // Without feedback nothing will be told of it.
        if self.has_feedback {
            self.rate.on_sent(now, sent);
        }
        true
    }

    /// Appends a datagram of RTCP that is due, to be sealed and sent. False if none is.
    pub fn poll_rtcp(&mut self, now: Time, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let is_due = self.reports.take_due(now);
        let has_feedback = self.receiver.next_feedback().is_some_and(|due| due <= now);
        let has_ended = self.sender.has_ended();
        if !is_due && !has_feedback && !has_ended {
            return false;
        }
        // RFC 5506: alone only where both sides know that. Otherwise RFC 3550 section 6.1 wants a
        // report and a name in each datagram.
        if is_due || has_ended || !self.reduced_size {
            self.write_report(now, is_due, out);
        }
        let before = out.len();
        if has_ended {
            write_bye(out, &self.sender.take_ended());
        }
        let round_trip = self.round_trip_or_default();
        let limit = start + MAX_RTCP;
        let time = self.wall.at(now).short();
        self.receiver
            .write_feedback((now, time), self.ssrc, round_trip, limit, out);
        if !is_due && out.len() == before {
            // What was due came in the meantime.
            out.truncate(start);
        }
        out.len() > start
    }

    /// Appends a report of this moment, and who it is from.
    fn write_report(&mut self, now: Time, is_due: bool, out: &mut Vec<u8>) {
        let ntp = self.wall.at(now);
        let (mut reports, mut blocks) = (Vec::new(), Vec::new());
        if is_due {
            reports = self.sender.reports(now, ntp, MAX_REPORTS);
            let most = if reports.is_empty() {
                ReportBlock::MAX
            } else {
                BLOCKS_BESIDE_REPORTS
            };
            blocks = self.receiver.report_blocks(now, most);
        }
        let mut sources = vec![self.ssrc];
        if reports.is_empty() {
            write_receiver_report(out, self.ssrc, &blocks);
        }
        for (ssrc, info) in &reports {
            // The first one of them tells what was received.
            write_sender_report(out, *ssrc, info, &std::mem::take(&mut blocks));
            let all = self.sender.sources(*ssrc);
            sources.extend(all.filter(|source| *source != self.ssrc));
        }
        // As many as fit; each has its turn with its report.
        let chunk = (self.cname.len() + 10).max(1);
        sources.truncate((MAX_NAMES / chunk).max(1));
        write_cnames(out, &sources, &self.cname);
        if is_due {
            let references = self.reports.take_references(now);
            write_receiver_references(out, self.ssrc, &references);
            if self.tells_time {
                write_receiver_reference_time(out, self.ssrc, ntp);
            }
        }
    }

    fn next_silence(&self) -> Option<Time> {
        let timeout = self.rate.next_timeout();
        timeout.filter(|_| self.has_feedback)
    }

    /// When the session wants to be asked again, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        Deadline::earliest([
            (self.reports.next(), "rtcp_report"),
            (self.receiver.next_feedback(), "rtcp_feedback"),
            (
                self.receiver.next_loss(self.round_trip_or_default()),
                "lost_packet",
            ),
            (self.sender.next_due(), "rtp_pacing"),
            (self.sender.next_key_frame(), "key_frame_request"),
            (self.next_silence(), "rtp_feedback_missing"),
            (
                self.sender.has_ended().then_some(Time::ZERO),
                "rtcp_goodbye",
            ),
        ])
    }
}

mod bitrate;
#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod pacing_tests;
mod probing;
#[cfg(test)]
mod repair_tests;
#[cfg(test)]
mod send_tests;
#[cfg(test)]
mod tests;
