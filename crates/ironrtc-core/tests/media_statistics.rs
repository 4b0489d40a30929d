//! `getStats` of connections with media: both sides count the same.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::ids::{Mid, Ssrc};
use ironrtc_core::jsep::TransceiverId;
use ironrtc_core::peer::PeerConnection;
use ironrtc_core::rtp::{MediaKind, OutgoingPacket};
use ironrtc_core::stats::{InboundRtpStats, OutboundRtpStats, Stats, StatsReport, StatsValue};
use ironrtc_core::transport::TransportId;
use ironrtc_core::wire::rtp::RtpTime;
use ironrtc_sim::{Link, Pair, Setup, Side};

const UNIX_NOW: Duration = Duration::from_secs(1_790_000_000);
const PAYLOAD: usize = 500;
const SIDES: [Side; 2] = [Side::A, Side::B];

/// The members of the W3C's dictionaries, with those that they inherit, as far as any is counted.
const NAMES: [(&str, &str); 6] = [
    (
        "codec",
        "payloadType transportId mimeType clockRate channels sdpFmtpLine",
    ),
    (
        "inbound-rtp",
        "ssrc kind transportId codecId packetsReceived packetsLost jitter trackIdentifier mid \
         remoteId lastPacketReceivedTimestamp headerBytesReceived packetsDiscarded bytesReceived \
         nackCount firCount pliCount retransmittedPacketsReceived retransmittedBytesReceived rtxSsrc \
         fecPacketsReceived fecBytesReceived fecPacketsDiscarded framesReceived framesDropped",
    ),
    (
        "outbound-rtp",
        "ssrc kind transportId codecId packetsSent bytesSent mid mediaSourceId remoteId \
         encodingIndex headerBytesSent retransmittedPacketsSent retransmittedBytesSent rtxSsrc \
         nackCount firCount pliCount active framesSent totalPacketSendDelay targetBitrate",
    ),
    (
        "remote-inbound-rtp",
        "timestamp ssrc kind transportId codecId packetsReceived packetsLost jitter localId \
         roundTripTime totalRoundTripTime fractionLost roundTripTimeMeasurements",
    ),
    (
        "remote-outbound-rtp",
        "timestamp ssrc kind transportId codecId packetsSent bytesSent localId remoteTimestamp \
         reportsSent",
    ),
    ("media-source", "trackIdentifier kind"),
];

/// A pair that has sent video and audio from A for a while.
struct Call {
    pair: Pair,
    video: TransceiverId,
    audio: TransceiverId,
    sent: u32,
}

impl Call {
    fn new(seed: u64) -> Self {
        let mut pair = Pair::new(Setup::new(seed));
        let streams = ["stream".to_owned()];
        let connection = &mut pair.a.connection;
        let mut add = |kind, track| connection.add_track(kind, track, &streams).unwrap();
        let video = add(MediaKind::Video, "camera");
        let audio = add(MediaKind::Audio, "microphone");
        pair.connect();
        pair.run_for(Duration::from_secs(1));
        Self {
            pair,
            video,
            audio,
            sent: 0,
        }
    }

    fn links(&mut self, link: &Link) {
        for side in SIDES {
            *self.pair.link_mut(side) = link.clone();
        }
    }

    fn send(&mut self, packets: u32) {
        for _ in 0..packets {
            for id in [self.video, self.audio] {
                let now = self.pair.now;
                let connection = &mut self.pair.a.connection;
                let (over, ssrc, payload_type) = sending(connection, id);
                let packet = OutgoingPacket {
                    payload_type,
                    marker: true,
                    timestamp: RtpTime::new(self.sent.wrapping_mul(900)),
                    captured: now,
                    payload: Bytes::from_static(&[7; PAYLOAD]),
                    extensions: Default::default(),
                    place: None,
                };
                let session = connection.rtp_mut(over).unwrap();
                session.send_packet(ssrc, packet).unwrap();
            }
            self.sent += 1;
            self.pair.run_for(Duration::from_millis(10));
        }
    }

    fn report(&mut self, side: Side) -> StatsReport {
        let now = self.pair.now;
        let since = now.since(ironrtc_core::time::Time::ZERO);
        self.pair.side(side).connection.stats(now, UNIX_NOW + since)
    }

    fn mid(&self, id: TransceiverId) -> Mid {
        let negotiator = self.pair.a.connection.negotiator();
        negotiator.transceiver(id).unwrap().mid().unwrap().clone()
    }
}

/// Where a transceiver's packets go, from which source, and what they are.
fn sending(
    connection: &PeerConnection,
    id: TransceiverId,
) -> (TransportId, Ssrc, ironrtc_core::ids::PayloadType) {
    let negotiator = connection.negotiator();
    let mid = negotiator.transceiver(id).unwrap().mid().unwrap();
    let over = negotiator.transport_of(id).unwrap();
    let plan = negotiator.plan(over).unwrap().rtp.unwrap();
    let section = plan.sections.into_iter().find(|one| one.mid == *mid);
    let send = section.unwrap().send.unwrap();
    let codec = &send.codecs[0];
    (over, send.encodings[0].ssrc, codec.payload_type)
}

fn outbound(report: &StatsReport, kind: MediaKind) -> &OutboundRtpStats {
    report.outbound_rtp().find(|one| one.kind == kind).unwrap()
}

fn inbound(report: &StatsReport, kind: MediaKind) -> &InboundRtpStats {
    report.inbound_rtp().find(|one| one.kind == kind).unwrap()
}

#[test]
fn both_sides_agree_on_what_was_sent_lost_and_sent_again() {
    let mut call = Call::new(60);
    call.send(20);
    call.links(&Link {
        loss: 100,
        ..Link::plain(Duration::from_millis(20))
    });
    call.send(500);
    call.links(&Link::default());
    call.send(20);
    call.pair.run_for(Duration::from_secs(12));
    let (a, b) = (call.report(Side::A), call.report(Side::B));
    for kind in [MediaKind::Video, MediaKind::Audio] {
        let (sent, received) = (outbound(&a, kind), inbound(&b, kind));
        assert_eq!(sent.ssrc, received.ssrc);
        assert_eq!(sent.mid, received.mid);
        let again = sent.retransmitted_packets_sent.unwrap_or(0);
        assert_eq!(sent.packets_sent - again, 540, "{kind}");
        assert_eq!(sent.bytes_sent, sent.packets_sent * PAYLOAD as u64);
        let came = received.packets_received - received.retransmitted_packets_received.unwrap_or(0);
        // No packet was lost at the end, so what is missing is known.
        assert_eq!(came as i64 + received.packets_lost, 540, "{kind}");
        assert!(received.packets_lost > 10);
        assert_eq!(
            received.bytes_received,
            received.packets_received * PAYLOAD as u64
        );
        // What the reports have brought to the other side is the same.
        let told = a.remote_inbound_rtp().find(|one| one.kind == kind).unwrap();
        assert_eq!(told.packets_lost, received.packets_lost);
        assert_eq!(told.packets_received, came);
        assert_eq!(sent.remote_id.as_ref(), Some(&told.id));
        assert_eq!(told.local_id, sent.id);
        assert!(told.round_trip_time_measurements > 0);
        let mean = told.total_round_trip_time / told.round_trip_time_measurements as f64;
        assert!((0.001..0.05).contains(&mean), "{mean}");
        let told = b
            .remote_outbound_rtp()
            .find(|one| one.kind == kind)
            .unwrap();
        assert_eq!(
            (told.packets_sent, told.bytes_sent),
            (540, 540 * PAYLOAD as u64)
        );
        assert_eq!(received.remote_id.as_ref(), Some(&told.id));
        assert!(told.reports_sent > 0);
        let behind = told.timestamp - told.remote_timestamp;
        assert!(
            (0.0..50.0).contains(&behind),
            "both are since 1970: {behind}"
        );
        assert!(told.timestamp <= b.timestamp());
    }
    let (sent, received) = (
        outbound(&a, MediaKind::Video),
        inbound(&b, MediaKind::Video),
    );
    let again = sent.retransmitted_packets_sent.unwrap();
    let came = received.retransmitted_packets_received.unwrap();
    assert!(came > 0 && again >= came, "{again} {came}");
    assert_eq!(received.rtx_ssrc, sent.rtx_ssrc);
    assert!(received.nack_count >= sent.nack_count && sent.nack_count > 0);
    // Audio has nobody who sends again.
    assert_eq!(
        outbound(&a, MediaKind::Audio).retransmitted_packets_sent,
        None
    );
    assert_eq!(outbound(&a, MediaKind::Audio).pli_count, None);
}

#[test]
fn requests_for_key_frames_are_counted_at_both_ends() {
    let mut call = Call::new(61);
    call.send(20);
    let ssrc = inbound(&call.report(Side::B), MediaKind::Video).ssrc;
    let (over, _, _) = sending(&call.pair.a.connection, call.video);
    let session = call.pair.b.connection.rtp_mut(over).unwrap();
    session.request_key_frame(Ssrc::new(ssrc as u32));
    call.send(20);
    let (a, b) = (call.report(Side::A), call.report(Side::B));
    assert_eq!(outbound(&a, MediaKind::Video).pli_count, Some(1));
    assert_eq!(inbound(&b, MediaKind::Video).pli_count, Some(1));
    assert_eq!(outbound(&a, MediaKind::Video).fir_count, Some(0));
}

#[test]
fn members_have_the_names_of_the_w3c_and_none_is_missing() {
    let mut call = Call::new(62);
    call.send(20);
    call.links(&Link {
        loss: 100,
        ..Link::default()
    });
    call.send(300);
    // Frames are counted of a stream that is read by them.
    let receiver = &mut call.pair.b.connection;
    let over = receiver.data_transport();
    let session = receiver.rtp_mut(over).unwrap();
    let streams: Vec<_> = session.received_streams().collect();
    for stream in streams {
        session.recv_frame(stream);
    }
    let reports = SIDES.map(|side| call.report(side));
    for (kind, names) in NAMES {
        let expected: BTreeSet<&str> = names.split_whitespace().collect();
        let objects = reports.iter().flat_map(|report| report.iter());
        let objects = objects.filter(|object| object.stats_type().as_str() == kind);
        let members = objects.flat_map(Stats::members);
        let found: BTreeSet<&str> = members.map(|(name, _)| name).collect();
        assert_eq!(found, expected, "{kind}");
    }
}

#[test]
fn objects_of_media_refer_to_others_and_keep_their_ids_until_their_stream_ends() {
    let mut call = Call::new(63);
    call.send(300);
    for side in SIDES {
        let first = call.report(side);
        let ids: BTreeSet<String> = first.iter().map(|object| object.id().to_owned()).collect();
        assert_eq!(ids.len(), first.iter().count(), "ids are unique");
        for object in &first {
            for (name, value) in object.members() {
                if name.ends_with("Id")
                    && let StatsValue::Text(id) = value
                {
                    assert!(ids.contains(&id), "{name} of {} is {id}", object.id());
                }
            }
        }
        call.send(100);
        let later = call.report(side);
        let later = later.iter().map(|object| object.id().to_owned()).collect();
        assert_eq!(ids, later);
    }
    let now = call.pair.now;
    let video = call.video;
    call.pair.a.connection.stop_transceiver(now, video).unwrap();
    call.pair.run_for(Duration::from_secs(2));
    let (a, b) = (call.report(Side::A), call.report(Side::B));
    assert!(a.outbound_rtp().all(|one| one.kind == MediaKind::Audio));
    assert!(b.inbound_rtp().all(|one| one.kind == MediaKind::Audio));
    assert_eq!((a.outbound_rtp().count(), b.inbound_rtp().count()), (1, 1));
    assert_eq!(a.remote_inbound_rtp().count(), 1);
}

#[test]
fn copies_of_packets_are_neither_received_nor_lost() {
    let mut call = Call::new(64);
    // SRTP drops the copies of packets, so that none counts: nothing is lost, and no loss is huge.
    call.links(&Link {
        duplicates: 500,
        ..Link::default()
    });
    call.send(300);
    call.pair.run_for(Duration::from_secs(8));
    let (a, b) = (call.report(Side::A), call.report(Side::B));
    assert_eq!(inbound(&b, MediaKind::Video).packets_lost, 0);
    assert_eq!(inbound(&b, MediaKind::Video).packets_received, 300);
    assert!(a.remote_inbound_rtp().all(|one| one.packets_lost == 0));
}

#[test]
fn a_sender_and_a_receiver_tell_of_their_own_streams() {
    let mut call = Call::new(65);
    call.send(300);
    let mid = call.mid(call.video);
    let kinds = |report: &StatsReport| -> BTreeSet<&'static str> {
        report.iter().map(|one| one.stats_type().as_str()).collect()
    };
    let a = call.report(Side::A).of_sender(&mid);
    assert_eq!(a.outbound_rtp().count(), 1);
    assert!(
        a.remote_inbound_rtp()
            .all(|one| one.kind == MediaKind::Video)
    );
    let expected = [
        "candidate-pair",
        "certificate",
        "codec",
        "local-candidate",
        "media-source",
        "outbound-rtp",
        "remote-candidate",
        "remote-inbound-rtp",
        "transport",
    ];
    assert_eq!(kinds(&a), expected.into());
    assert_eq!(a.media_sources().next().unwrap().track_identifier, "camera");
    let all = call.report(Side::B);
    let b = all.of_receiver(&mid);
    assert_eq!(b.inbound_rtp().count(), 1);
    assert_eq!(b.remote_outbound_rtp().count(), 1);
    assert_eq!(all.of_sender(&mid).iter().count(), 0, "it sends nothing");
}

#[cfg(feature = "serde")]
#[test]
fn the_json_is_a_map_by_id_in_which_the_peers_reports_have_their_own_time() {
    let mut call = Call::new(66);
    call.send(300);
    let report = call.report(Side::A);
    let json = serde_json::to_string(&report).unwrap();
    let all: serde_json::Value = serde_json::from_str(&json).unwrap();
    let sent = outbound(&report, MediaKind::Video);
    let object = &all[&sent.id];
    assert_eq!(object["type"], "outbound-rtp");
    assert_eq!(object["timestamp"], report.timestamp());
    assert_eq!(object["kind"], "video");
    assert_eq!(object["packetsSent"], 300);
    let told = &all[sent.remote_id.as_ref().unwrap()];
    assert_eq!(told["type"], "remote-inbound-rtp");
    assert!(told["timestamp"].as_f64().unwrap() < report.timestamp());
    assert_eq!(told["packetsLost"], 0);
    assert_eq!(json.matches("\"timestamp\"").count(), report.iter().count());
}
