//! Filling the report with what a transport's RTP session has counted.

use std::time::Duration;

use crate::ids::{PayloadType, Ssrc};
use crate::jsep::{Negotiator, Transceiver};
use crate::rtp::{
    CodecName, CodecParameters, EncodingPlan, MediaKind, ReceivePlan, RtpPlan, RtpSection,
    RtpSession, SendPlan,
};
use crate::wire::rtp::NtpTime;

use super::Stats;
use super::fill::{Clock, has, id_of, millis};
use super::media_types::{
    CodecStats, InboundRtpStats, MediaSourceStats, OutboundRtpStats, RemoteInboundRtpStats,
    RemoteOutboundRtpStats,
};

/// What is said of a share of 256.
const SHARES: f64 = 256.0;

/// The tracks that are sent, over whatever transport.
pub(super) fn sources(negotiator: &Negotiator, objects: &mut Vec<Stats>) {
    for transceiver in negotiator.transceivers().filter(|one| !one.is_stopped()) {
        let Some((id, track)) = source(transceiver) else {
            continue;
        };
        // One track that several transceivers send is one source.
        if !has(objects, &id) {
            objects.push(Stats::MediaSource(MediaSourceStats {
                id,
                track_identifier: track.to_owned(),
                kind: transceiver.kind(),
            }));
        }
    }
}

/// The id of the track that a transceiver sends, and its name.
fn source(transceiver: &Transceiver) -> Option<(String, &str)> {
    let track = transceiver.sender().track()?;
    let what = format!("{} {track}", transceiver.kind());
    Some((id_of("S", &what), track))
}

/// The streams of a transport, with what else their objects refer to.
#[derive(Debug)]
pub(super) struct Streams<'a> {
    /// The transport's id.
    pub(super) transport: &'a str,
    pub(super) session: &'a RtpSession,
    pub(super) plan: &'a RtpPlan,
    pub(super) negotiator: &'a Negotiator,
}

impl Streams<'_> {
    pub(super) fn fill(&self, clock: &Clock, objects: &mut Vec<Stats>) {
        for ssrc in self.session.received_streams() {
            self.inbound(ssrc, clock, objects);
        }
        for section in &self.plan.sections {
            let Some(send) = &section.send else {
                continue;
            };
            for (encoding, index) in send.encodings.iter().zip(0..) {
                self.outbound(section, send, (encoding, index), clock, objects);
            }
        }
    }

    /// The transceiver of a section, where there is one.
    fn transceiver(&self, section: &RtpSection) -> Option<&Transceiver> {
        let mut transceivers = self.negotiator.transceivers();
        transceivers.find(|one| one.mid() == Some(&section.mid))
    }

    fn stream_id(&self, kind: &str, ssrc: Ssrc) -> String {
        format!("{kind}{}S{}", self.transport, ssrc.get())
    }

    /// The id of a codec, which is in the report with it.
    fn codec(&self, codec: &CodecParameters, objects: &mut Vec<Stats>) -> String {
        let line = codec.codec.sdp_fmtp_line();
        let number = codec.payload_type.get();
        let parameters = line.as_deref().unwrap_or_default();
        let what = format!("{} {number} {} {parameters}", self.transport, codec.codec);
        let id = id_of("C", &what);
        if !has(objects, &id) {
            objects.push(Stats::Codec(CodecStats {
                id: id.clone(),
                payload_type: number.into(),
                transport_id: self.transport.to_owned(),
                mime_type: codec.codec.mime_type(),
                clock_rate: codec.codec.clock_rate.into(),
                channels: codec.codec.channels.map(u64::from),
                sdp_fmtp_line: line,
            }));
        }
        id
    }

    fn inbound(&self, ssrc: Ssrc, clock: &Clock, objects: &mut Vec<Stats>) -> Option<()> {
        let counters = self.session.receive_counters(ssrc)?;
        let (mid, _) = self.session.received_names(ssrc)?;
        let mut sections = self.plan.sections.iter();
        let section = sections.find(|section| section.mid == *mid)?;
        let receive: &ReceivePlan = section.receive.as_ref()?;
        let codec = find(&receive.codecs, counters.payload_type);
        let codec_id = codec.map(|codec| self.codec(codec, objects));
        let repeats = receive.codecs.iter().any(|codec| codec.rtx.is_some());
        let protects = receive
            .codecs
            .iter()
            .any(|codec| matches!(codec.codec.name, CodecName::Red | CodecName::UlpFec));
        let of_frames = |count| of_video(section.kind, count).filter(|_| counters.reads_frames);
        let id = self.stream_id("I", ssrc);
        let remote_id = counters.reported.map(|_| self.stream_id("RO", ssrc));
        if let (Some(reported), Some(remote_id)) = (counters.reported, &remote_id) {
            objects.push(Stats::RemoteOutboundRtp(RemoteOutboundRtpStats {
                id: remote_id.clone(),
                timestamp: clock.timestamp(reported.arrived),
                ssrc: number(ssrc),
                kind: section.kind,
                transport_id: self.transport.to_owned(),
                codec_id: codec_id.clone(),
                local_id: id.clone(),
                remote_timestamp: millis(reported.ntp.since(NtpTime::from_unix(Duration::ZERO))),
                packets_sent: reported.packets,
                bytes_sent: reported.bytes,
                reports_sent: reported.reports,
            }));
        }
        let track = self.transceiver(section).map(Transceiver::receiver);
        objects.push(Stats::InboundRtp(InboundRtpStats {
            id,
            ssrc: number(ssrc),
            kind: section.kind,
            transport_id: self.transport.to_owned(),
            codec_id,
            track_identifier: track.map(|receiver| receiver.track().to_owned()),
            mid: mid.to_string(),
            remote_id,
            packets_received: counters.packets + counters.retransmitted,
            bytes_received: counters.bytes + counters.retransmitted_bytes,
            header_bytes_received: counters.header_bytes,
            packets_lost: counters.lost,
            jitter: codec.map(|codec| seconds(counters.jitter, codec)),
            last_packet_received_timestamp: counters.last_packet.map(|at| clock.timestamp(at)),
            packets_discarded: counters.unread + counters.discarded,
            fec_packets_received: protects.then_some(counters.fec),
            fec_bytes_received: protects.then_some(counters.fec_bytes),
            fec_packets_discarded: protects.then_some(counters.fec_discarded),
            frames_received: of_frames(counters.frames),
            frames_dropped: of_frames(counters.unread_frames + counters.dropped_frames),
            retransmitted_packets_received: repeats.then_some(counters.retransmitted),
            retransmitted_bytes_received: repeats.then_some(counters.retransmitted_bytes),
            rtx_ssrc: self.session.received_repair(ssrc).map(number),
            nack_count: counters.nacks,
            pli_count: of_video(section.kind, counters.plis),
            fir_count: of_video(section.kind, counters.firs),
        }));
        Some(())
    }

    fn outbound(
        &self,
        section: &RtpSection,
        send: &SendPlan,
        (encoding, index): (&EncodingPlan, u64),
        clock: &Clock,
        objects: &mut Vec<Stats>,
    ) -> Option<()> {
        let ssrc = encoding.ssrc;
        let counters = self.session.send_counters(ssrc)?;
        let codec = find(&send.codecs, counters.payload_type);
        let codec_id = codec.map(|codec| self.codec(codec, objects));
        let id = self.stream_id("O", ssrc);
        let reported = counters.reported.zip(counters.reported_at);
        let remote_id = reported.map(|_| self.stream_id("RI", ssrc));
        if let (Some((block, at)), Some(remote_id)) = (reported, &remote_id) {
            objects.push(Stats::RemoteInboundRtp(RemoteInboundRtpStats {
                id: remote_id.clone(),
                timestamp: clock.timestamp(at),
                ssrc: number(ssrc),
                kind: section.kind,
                transport_id: self.transport.to_owned(),
                codec_id: codec_id.clone(),
                local_id: id.clone(),
                packets_received: counters.arrived,
                packets_lost: block.cumulative_lost.into(),
                fraction_lost: f64::from(block.fraction_lost) / SHARES,
                jitter: codec.map(|codec| seconds(block.jitter, codec)),
                round_trip_time: counters.round_trip.map(|trip| trip.as_secs_f64()),
                total_round_trip_time: counters.total_round_trip.as_secs_f64(),
                round_trip_time_measurements: counters.round_trips,
            }));
        }
        let repair = encoding.rtx;
        let source = self.transceiver(section).and_then(source);
        objects.push(Stats::OutboundRtp(OutboundRtpStats {
            id,
            ssrc: number(ssrc),
            kind: section.kind,
            transport_id: self.transport.to_owned(),
            codec_id,
            media_source_id: source.map(|(id, _)| id),
            mid: section.mid.to_string(),
            rid: encoding.rid.as_ref().map(ToString::to_string),
            encoding_index: index,
            active: encoding.active,
            remote_id,
            packets_sent: counters.packets + counters.retransmitted,
            bytes_sent: counters.bytes + counters.retransmitted_bytes,
            header_bytes_sent: counters.header_bytes,
            retransmitted_packets_sent: repair.map(|_| counters.retransmitted),
            retransmitted_bytes_sent: repair.map(|_| counters.retransmitted_bytes),
            rtx_ssrc: repair.map(number),
            frames_sent: of_video(section.kind, counters.last_packets),
            total_packet_send_delay: counters.waited.as_secs_f64(),
            target_bitrate: self.session.allowed(ssrc).map(|bits| bits as f64),
            nack_count: counters.nacks,
            pli_count: of_video(section.kind, counters.plis),
            fir_count: of_video(section.kind, counters.firs),
        }));
        Some(())
    }
}

fn number(ssrc: Ssrc) -> u64 {
    ssrc.get().into()
}

/// Key frames are a matter of video.
fn of_video(kind: MediaKind, count: u64) -> Option<u64> {
    (kind == MediaKind::Video).then_some(count)
}

fn find(codecs: &[CodecParameters], payload: Option<PayloadType>) -> Option<&CodecParameters> {
    let payload = payload?;
    codecs.iter().find(|codec| codec.payload_type == payload)
}

/// Ticks of a codec's clock in seconds.
fn seconds(ticks: u32, codec: &CodecParameters) -> f64 {
    f64::from(ticks) / f64::from(codec.codec.clock_rate.max(1))
}
