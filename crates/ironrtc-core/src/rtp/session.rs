//! The RTP session of one transport: fed with packets in the clear, and with time.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::datagram::DropReason;
use crate::ids::{Mid, Rid, Ssrc};
use crate::rng::Rng;
use crate::time::{Deadline, Time};
use crate::wire::rtcp::{
    Compound, ExtendedReport, Packet, XrBlock, write_cnames, write_receiver_reference_time,
    write_receiver_references, write_receiver_report,
};
use crate::wire::rtp::{ExtensionMap, NtpShort};

use super::clock::WallClock;
use super::event::RtpEvent;
use super::receive::{ReceiveCounters, Receiver, RtpPacket};
use super::reports::Reports;
use super::{Feedback, HeaderExtension, MediaKind, RtpPlan};

/// The longest datagram of RTCP in the clear.
const MAX_RTCP: usize = 1150;
/// Most events that wait. What is readable is asked for by whoever missed its event.
const MAX_EVENTS: usize = 1024;
/// The round trip before one is measured.
const DEFAULT_ROUND_TRIP: Duration = Duration::from_millis(100);

/// The RTP session of one transport.
///
/// Packets come in the clear and leave to be sealed; the session keeps what lies between the two: who
/// sources are, what is missing, what each side is told.
#[derive(Debug)]
pub struct RtpSession {
    wall: WallClock,
    receiver: Receiver,
    reports: Reports,
    /// The source that our reports and requests come from.
    ssrc: Ssrc,
    cname: String,
    reduced_size: bool,
    /// We only receive, and measure the round trip by telling our time.
    tells_time: bool,
    round_trip: Option<Duration>,
    events: VecDeque<RtpEvent>,
}

impl RtpSession {
    /// A session without streams, which begins at `now`, so long after 1970 by the system's clock.
    pub fn new(now: Time, since_1970: Duration, mut rng: Rng) -> Self {
        let ssrc = Ssrc::new(rng.u32());
        Self {
            wall: WallClock::new(now, since_1970),
            receiver: Receiver::default(),
            reports: Reports::new(rng),
            ssrc,
            cname: String::new(),
            reduced_size: false,
            tells_time: false,
            round_trip: None,
            events: VecDeque::new(),
        }
    }

    /// Takes another plan, whole: what it does not have ends.
    pub fn apply(&mut self, now: Time, plan: &RtpPlan) {
        let mut received = ExtensionMap::new();
        for extension in plan.sections.iter().flat_map(|section| &section.extensions) {
            if extension.receive {
                // All sections of a bundle have the same numbers (RFC 9143 section 9.1); of two that
                // disagree the first one counts.
                let _ = received.set(extension.extension, extension.id);
            }
        }
        let receives = plan
            .sections
            .iter()
            .filter_map(|section| section.receive.as_ref());
        let mut codecs = receives.flat_map(|receive| &receive.codecs);
        let has_arrivals = received.id(HeaderExtension::TransportSequence).is_some()
            && codecs.any(|codec| codec.feedback.contains(Feedback::TransportCc));
        self.receiver.apply(plan, received, has_arrivals);
        let sends = || {
            plan.sections
                .iter()
                .filter_map(|section| section.send.as_ref())
        };
        if let Some(encoding) = sends().flat_map(|send| &send.encodings).next() {
            self.ssrc = encoding.ssrc;
        }
        if let Some(send) = sends().next() {
            self.cname.clone_from(&send.cname);
        }
        self.tells_time =
            sends().next().is_none() && plan.sections.iter().any(|section| section.receiver_rtt);
        self.reduced_size = plan.sections.iter().all(|section| section.reduced_size);
        let has_video = plan
            .sections
            .iter()
            .any(|section| section.kind == MediaKind::Video);
        self.reports.set(now, !plan.sections.is_empty(), has_video);
    }

    /// Takes a packet of RTP in the clear.
    pub fn handle_rtp(&mut self, now: Time, packet: &Bytes) -> Result<(), DropReason> {
        let handled = self.receiver.on_packet(now, packet, &mut self.events);
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
        self.events.truncate(MAX_EVENTS);
        handled
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
    fn on_answer(&mut self, now: Time, last: NtpShort, held: NtpShort) {
        // RFC 3550 section 6.4.1: 0 says that none came.
        if last != NtpShort::default()
            && let Some(trip) = NtpShort::round_trip(self.wall.at(now).short(), last, held)
        {
            self.round_trip = Some(trip);
        }
    }

    /// The last round trip that was measured.
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<RtpEvent> {
        self.events.pop_front()
    }

    /// The next packet of a stream that has not been read.
    pub fn recv_packet(&mut self, stream: Ssrc) -> Option<RtpPacket> {
        self.receiver.read(stream)
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

    /// Appends a datagram of RTCP that is due, to be sealed and sent. False if none is.
    pub fn poll_rtcp(&mut self, now: Time, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let is_due = self.reports.take_due(now);
        let has_feedback = self.receiver.next_feedback().is_some_and(|due| due <= now);
        if !is_due && !has_feedback {
            return false;
        }
        // RFC 5506: alone only where both sides know that. Otherwise RFC 3550 section 6.1 wants a
        // report and a name in each datagram.
        if is_due || !self.reduced_size {
            self.write_report(now, is_due, out);
        }
        let before = out.len();
        let round_trip = self.round_trip.unwrap_or(DEFAULT_ROUND_TRIP);
        let limit = start + MAX_RTCP;
        self.receiver
            .write_feedback(now, self.ssrc, round_trip, limit, out);
        if !is_due && out.len() == before {
            // What was due came in the meantime.
            out.truncate(start);
        }
        out.len() > start
    }

    fn write_report(&mut self, now: Time, with_blocks: bool, out: &mut Vec<u8>) {
        let blocks = if with_blocks {
            self.receiver.report_blocks(now)
        } else {
            Vec::new()
        };
        write_receiver_report(out, self.ssrc, &blocks);
        write_cnames(out, &[self.ssrc], &self.cname);
        if with_blocks {
            let references = self.reports.take_references(now);
            write_receiver_references(out, self.ssrc, &references);
            if self.tells_time {
                write_receiver_reference_time(out, self.ssrc, self.wall.at(now));
            }
        }
    }

    /// When the session wants to be asked again, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        Deadline::earliest([
            (self.reports.next(), "rtcp_report"),
            (self.receiver.next_feedback(), "rtcp_feedback"),
        ])
    }
}

#[cfg(test)]
mod tests;
