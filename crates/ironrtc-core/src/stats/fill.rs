//! Filling the report from the transports.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::media::{self, Streams};
use super::types::{
    CandidatePairStats, CertificateStats, DataChannelStats, IceCandidateStats, PeerConnectionStats,
    TransportStats,
};
use super::{Stats, StatsReport};
use crate::channel::{Channel, ChannelId};
use crate::dtls::{DtlsState, Engine, Fingerprint, HashAlgorithm};
use crate::ice::{Candidate, CandidateAddress, CandidateKind, IceState, PairStats};
use crate::jsep::Negotiator;
use crate::rtp::RtpSession;
use crate::time::Time;
use crate::transport::{Transport, TransportId};

const CONNECTION_ID: &str = "P";

/// The statistics of a connection with its transports and transceivers.
pub(crate) fn report<'a>(
    transports: impl Iterator<Item = (TransportId, &'a Transport)>,
    negotiator: &Negotiator,
    now: Time,
    unix_now: Duration,
) -> StatsReport {
    let clock = Clock { now, unix_now };
    let mut objects = Vec::new();
    media::sources(negotiator, &mut objects);
    let (mut opened, mut closed) = (0, 0);
    for (id, transport) in transports {
        let id = transport_id(id);
        fill(&id, transport, &clock, &mut objects);
        if let (Some(session), Some(plan)) = (transport.rtp(), transport.rtp_plan()) {
            let streams = Streams {
                transport: &id,
                session,
                plan,
                negotiator,
            };
            streams.fill(&clock, &mut objects);
        }
        let channels = transport.channels().opened_and_closed();
        opened += channels.0;
        closed += channels.1;
    }
    objects.push(Stats::PeerConnection(PeerConnectionStats {
        id: CONNECTION_ID.to_owned(),
        data_channels_opened: opened,
        data_channels_closed: closed,
    }));
    StatsReport {
        timestamp: millis(unix_now),
        objects,
    }
}

fn transport_id(id: TransportId) -> String {
    format!("T{}", id.number())
}

/// The objects of one transport.
fn fill(id: &str, transport: &Transport, clock: &Clock, objects: &mut Vec<Stats>) {
    let local = certificate(transport.certificate().der(), objects);
    let remote = transport
        .remote_certificate()
        .map(|der| certificate(der, objects));
    let pairs = transport.ice().pair_stats();
    candidates(id, transport, &pairs, objects);
    objects.push(Stats::Transport(of_transport(
        id, transport, &pairs, local, remote,
    )));
    let selected = transport.ice().selected();
    let available = transport.rtp().and_then(RtpSession::available_bitrate);
    let pairs = pairs.iter().map(|pair| {
        let available = available.filter(|_| selected == Some(pair.route));
        of_pair(id, pair, clock, available)
    });
    objects.extend(pairs.map(Stats::CandidatePair));
    let channels = transport.channels().iter();
    let channels = channels.map(|(id, channel)| of_channel(id, channel));
    objects.extend(channels.map(Stats::DataChannel));
}

/// Turns the core's time into that of the W3C.
pub(super) struct Clock {
    now: Time,
    unix_now: Duration,
}

impl Clock {
    pub(super) fn timestamp(&self, at: Time) -> f64 {
        millis(self.unix_now.saturating_sub(self.now.since(at)))
    }
}

pub(super) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A short id that follows from what an object is, so that it stays the same.
pub(super) fn id_of(prefix: &str, what: &str) -> String {
    format!("{prefix}{:08x}", crc_fast::crc32_iso_hdlc(what.as_bytes()))
}

pub(super) fn has(objects: &[Stats], id: &str) -> bool {
    objects.iter().any(|object| object.id() == id)
}

fn certificate(der: &[u8], objects: &mut Vec<Stats>) -> String {
    let fingerprint = Fingerprint::of(HashAlgorithm::Sha256, der).hex();
    let id = format!("CF{fingerprint}");
    if !has(objects, &id) {
        objects.push(Stats::Certificate(CertificateStats {
            id: id.clone(),
            fingerprint,
            fingerprint_algorithm: HashAlgorithm::Sha256.name().to_owned(),
            base64_certificate: BASE64_STANDARD.encode(der),
        }));
    }
    id
}

fn candidate_id(prefix: &str, candidate: &Candidate) -> String {
    let Candidate {
        kind,
        protocol,
        address,
        port,
        url,
        ..
    } = candidate;
    let url = url.as_deref().unwrap_or_default();
    id_of(prefix, &format!("{kind} {protocol} {address} {port} {url}"))
}

fn candidates(
    transport_id: &str,
    transport: &Transport,
    pairs: &[PairStats],
    objects: &mut Vec<Stats>,
) {
    let ice = transport.ice();
    let local = ice.local_candidates().iter();
    for candidate in local.chain(pairs.iter().map(|pair| &pair.local)) {
        let id = candidate_id("L", candidate);
        if !has(objects, &id) {
            let told = true;
            objects.push(Stats::LocalCandidate(of_candidate(
                id,
                transport_id,
                candidate,
                told,
            )));
        }
    }
    let remote = ice.remote_candidates().iter();
    for candidate in remote.chain(pairs.iter().map(|pair| &pair.remote)) {
        let id = candidate_id("R", candidate);
        if !has(objects, &id) {
            // webrtc-stats section 8.17: an address that the peer has not told is not shown.
            let told = candidate.kind != CandidateKind::PeerReflexive;
            objects.push(Stats::RemoteCandidate(of_candidate(
                id,
                transport_id,
                candidate,
                told,
            )));
        }
    }
}

fn of_candidate(
    id: String,
    transport_id: &str,
    candidate: &Candidate,
    told: bool,
) -> IceCandidateStats {
    let related = candidate.related.as_ref();
    IceCandidateStats {
        id,
        transport_id: transport_id.to_owned(),
        // webrtc-stats section 8.17: nor is one behind a name.
        address: match &candidate.address {
            CandidateAddress::Ip(ip) if told => Some(ip.to_string()),
            _ => None,
        },
        port: candidate.port.into(),
        protocol: candidate.protocol,
        candidate_type: candidate.kind,
        priority: candidate.priority.into(),
        url: candidate.url.clone(),
        foundation: candidate.foundation.clone(),
        related_address: related.map(|(address, _)| address.clone()),
        related_port: related.map(|(_, port)| (*port).into()),
        username_fragment: candidate.username_fragment.clone(),
        tcp_type: candidate.tcp_type,
    }
}

fn pair_id(pair: &PairStats) -> String {
    let path = format!("{} {}", pair.route.local(), pair.route.remote());
    id_of("CP", &path)
}

fn of_pair(
    transport_id: &str,
    pair: &PairStats,
    clock: &Clock,
    available: Option<u64>,
) -> CandidatePairStats {
    let counters = &pair.counters;
    let timestamp = |at: Option<Time>| at.map(|at| clock.timestamp(at));
    CandidatePairStats {
        id: pair_id(pair),
        transport_id: transport_id.to_owned(),
        local_candidate_id: candidate_id("L", &pair.local),
        remote_candidate_id: candidate_id("R", &pair.remote),
        state: pair.state,
        nominated: pair.nominated,
        packets_sent: counters.packets_sent,
        packets_received: counters.packets_received,
        bytes_sent: counters.bytes_sent,
        bytes_received: counters.bytes_received,
        last_packet_sent_timestamp: timestamp(counters.last_packet_sent),
        last_packet_received_timestamp: timestamp(counters.last_packet_received),
        total_round_trip_time: counters.total_round_trip_time.as_secs_f64(),
        current_round_trip_time: counters
            .current_round_trip_time
            .map(|time| time.as_secs_f64()),
        available_outgoing_bitrate: available.map(|bits| bits as f64),
        requests_received: counters.requests_received,
        requests_sent: counters.requests_sent,
        responses_received: counters.responses_received,
        responses_sent: counters.responses_sent,
        consent_requests_sent: counters.consent_requests_sent,
    }
}

fn of_transport(
    id: &str,
    transport: &Transport,
    pairs: &[PairStats],
    local_certificate_id: String,
    remote_certificate_id: Option<String>,
) -> TransportStats {
    let ice = transport.ice();
    let counters = transport.counters();
    let selected = pairs.iter().find(|pair| pair.selected);
    let connected = transport
        .dtls()
        .filter(|_| transport.dtls_state() == DtlsState::Connected);
    TransportStats {
        id: id.to_owned(),
        packets_sent: counters.packets_sent,
        packets_received: counters.packets_received,
        bytes_sent: counters.bytes_sent,
        bytes_received: counters.bytes_received,
        ice_role: (ice.state() != IceState::New).then(|| ice.role()),
        ice_local_username_fragment: ice
            .local_credentials()
            .map(|local| local.ufrag().to_string()),
        ice_state: ice.state(),
        dtls_state: transport.dtls_state(),
        dtls_role: transport.dtls_role(),
        selected_candidate_pair_id: selected.map(pair_id),
        selected_candidate_pair_changes: counters.selected_pair_changes,
        local_certificate_id,
        remote_certificate_id,
        tls_version: connected.and_then(Engine::version).map(str::to_owned),
        dtls_cipher: connected.and_then(Engine::cipher_suite).map(str::to_owned),
        srtp_cipher: transport
            .srtp_profile()
            .map(|profile| profile.as_str().to_owned()),
    }
}

fn of_channel(id: ChannelId, channel: &Channel) -> DataChannelStats {
    let (messages_sent, bytes_sent) = channel.sent();
    let (messages_received, bytes_received) = channel.received();
    DataChannelStats {
        id: format!("D{}", id.0),
        label: channel.label().to_owned(),
        protocol: channel.init().protocol.clone(),
        data_channel_identifier: channel.stream_id().map(u64::from),
        state: channel.state(),
        messages_sent,
        bytes_sent,
        messages_received,
        bytes_received,
    }
}
