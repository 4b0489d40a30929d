//! Filling the report from a transport.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::StatsValue::{Flag, Float, Integer, Text, Timestamp};
use super::{StatsEntry, StatsReport, StatsValue};
use crate::channel::{Channel, ChannelId, ChannelState};
use crate::dtls::{DtlsState, Fingerprint, HashAlgorithm, Role};
use crate::ice::{Candidate, CandidateAddress, CandidateKind, IceState, PairStats};
use crate::time::Time;
use crate::transport::Transport;

type Fields = Vec<(&'static str, StatsValue)>;

const CONNECTION_ID: &str = "P";
const TRANSPORT_ID: &str = "T0";

/// The statistics of a connection with one transport.
pub(crate) fn report(transport: &Transport, now: Time, unix_now: Duration) -> StatsReport {
    let clock = Clock { now, unix_now };
    let mut entries = Vec::new();
    let local = certificate(transport.certificate().der(), &mut entries);
    let remote = transport
        .remote_certificate()
        .map(|der| certificate(der, &mut entries));
    let pairs = transport.ice().pair_stats();
    candidates(transport, &pairs, &mut entries);
    entries.push(transport_entry(transport, &pairs, local, remote));
    entries.extend(pairs.iter().map(|pair| pair_entry(pair, &clock)));
    entries.extend(
        transport
            .channels()
            .iter()
            .map(|(id, channel)| channel_entry(id, channel)),
    );
    let (opened, closed) = transport.channels().opened_and_closed();
    entries.push(StatsEntry {
        id: CONNECTION_ID.to_owned(),
        kind: "peer-connection",
        fields: vec![
            ("dataChannelsOpened", Integer(opened)),
            ("dataChannelsClosed", Integer(closed)),
        ],
    });
    StatsReport {
        timestamp: millis(unix_now),
        entries,
    }
}

/// Turns the core's time into that of the W3C.
struct Clock {
    now: Time,
    unix_now: Duration,
}

impl Clock {
    fn timestamp(&self, at: Time) -> StatsValue {
        Timestamp(millis(self.unix_now.saturating_sub(self.now.since(at))))
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn text(value: impl Into<String>) -> StatsValue {
    Text(value.into())
}

/// A short id that follows from what an object is, so that it stays the same.
fn id_of(prefix: &str, what: &str) -> String {
    format!("{prefix}{:08x}", crc_fast::crc32_iso_hdlc(what.as_bytes()))
}

fn certificate(der: &[u8], entries: &mut Vec<StatsEntry>) -> String {
    let fingerprint = Fingerprint::of(HashAlgorithm::Sha256, der).hex();
    let id = format!("CF{fingerprint}");
    if !entries.iter().any(|entry| entry.id == id) {
        entries.push(StatsEntry {
            id: id.clone(),
            kind: "certificate",
            fields: vec![
                ("fingerprint", text(fingerprint)),
                ("fingerprintAlgorithm", text("sha-256")),
                ("base64Certificate", text(BASE64_STANDARD.encode(der))),
            ],
        });
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

fn candidates(transport: &Transport, pairs: &[PairStats], entries: &mut Vec<StatsEntry>) {
    let ice = transport.ice();
    let local = ice.local_candidates().iter();
    let local = local.chain(pairs.iter().map(|pair| &pair.local));
    let remote = ice.remote_candidates().iter();
    let remote = remote.chain(pairs.iter().map(|pair| &pair.remote));
    let local = local.map(|candidate| ("L", "local-candidate", candidate));
    let remote = remote.map(|candidate| ("R", "remote-candidate", candidate));
    for (prefix, kind, candidate) in local.chain(remote) {
        let id = candidate_id(prefix, candidate);
        if entries.iter().all(|entry| entry.id != id) {
            let fields = candidate_fields(candidate, prefix == "R");
            entries.push(StatsEntry { id, kind, fields });
        }
    }
}

fn candidate_fields(candidate: &Candidate, is_remote: bool) -> Fields {
    let mut fields = vec![
        ("transportId", text(TRANSPORT_ID)),
        ("foundation", text(candidate.foundation.clone())),
        ("port", Integer(candidate.port.into())),
        ("protocol", text(candidate.protocol.to_string())),
        ("candidateType", text(candidate.kind.to_string())),
        ("priority", Integer(candidate.priority.into())),
    ];
    // webrtc-stats section 8.17: an address that the peer has not told is not shown, nor is one
    // behind a name.
    let told = !is_remote || candidate.kind != CandidateKind::PeerReflexive;
    if let (CandidateAddress::Ip(ip), true) = (&candidate.address, told) {
        fields.push(("address", text(ip.to_string())));
    }
    if let Some(url) = &candidate.url {
        fields.push(("url", text(url.clone())));
    }
    if let Some(fragment) = &candidate.username_fragment {
        fields.push(("usernameFragment", text(fragment.clone())));
    }
    if let Some((address, port)) = &candidate.related {
        fields.push(("relatedAddress", text(address.clone())));
        fields.push(("relatedPort", Integer((*port).into())));
    }
    if let Some(tcp_type) = candidate.tcp_type {
        fields.push(("tcpType", text(tcp_type.to_string())));
    }
    fields
}

fn pair_id(pair: &PairStats) -> String {
    let path = format!("{} {}", pair.path.local, pair.path.remote);
    id_of("CP", &path)
}

fn pair_entry(pair: &PairStats, clock: &Clock) -> StatsEntry {
    let counters = &pair.counters;
    let round_trips = counters.total_round_trip_time.as_secs_f64();
    let mut fields = vec![
        ("transportId", text(TRANSPORT_ID)),
        ("localCandidateId", text(candidate_id("L", &pair.local))),
        ("remoteCandidateId", text(candidate_id("R", &pair.remote))),
        ("state", text(pair.state.to_string())),
        ("nominated", Flag(pair.nominated)),
        ("packetsSent", Integer(counters.packets_sent)),
        ("packetsReceived", Integer(counters.packets_received)),
        ("bytesSent", Integer(counters.bytes_sent)),
        ("bytesReceived", Integer(counters.bytes_received)),
        ("totalRoundTripTime", Float(round_trips)),
        ("requestsReceived", Integer(counters.requests_received)),
        ("requestsSent", Integer(counters.requests_sent)),
        ("responsesReceived", Integer(counters.responses_received)),
        ("responsesSent", Integer(counters.responses_sent)),
        (
            "consentRequestsSent",
            Integer(counters.consent_requests_sent),
        ),
    ];
    if let Some(time) = counters.current_round_trip_time {
        fields.push(("currentRoundTripTime", Float(time.as_secs_f64())));
    }
    if let Some(at) = counters.last_packet_sent {
        fields.push(("lastPacketSentTimestamp", clock.timestamp(at)));
    }
    if let Some(at) = counters.last_packet_received {
        fields.push(("lastPacketReceivedTimestamp", clock.timestamp(at)));
    }
    StatsEntry {
        id: pair_id(pair),
        kind: "candidate-pair",
        fields,
    }
}

fn transport_entry(
    transport: &Transport,
    pairs: &[PairStats],
    local_certificate: String,
    remote_certificate: Option<String>,
) -> StatsEntry {
    let ice = transport.ice();
    let counters = transport.counters();
    let ice_role = match ice.state() {
        IceState::New => "unknown".to_owned(),
        _ => ice.role().to_string(),
    };
    let dtls_role = match transport.dtls_role() {
        Some(Role::Client) => "client",
        Some(Role::Server) => "server",
        None => "unknown",
    };
    let dtls_state = match transport.dtls_state() {
        DtlsState::New => "new",
        DtlsState::Connecting => "connecting",
        DtlsState::Connected => "connected",
        DtlsState::Closed => "closed",
        DtlsState::Failed => "failed",
    };
    let changes = counters.selected_pair_changes;
    let mut fields = vec![
        ("packetsSent", Integer(counters.packets_sent)),
        ("packetsReceived", Integer(counters.packets_received)),
        ("bytesSent", Integer(counters.bytes_sent)),
        ("bytesReceived", Integer(counters.bytes_received)),
        ("iceRole", Text(ice_role)),
        ("iceState", text(ice.state().to_string())),
        ("dtlsState", text(dtls_state)),
        ("dtlsRole", text(dtls_role)),
        ("selectedCandidatePairChanges", Integer(changes)),
        ("localCertificateId", Text(local_certificate)),
    ];
    if let Some(local) = ice.local_credentials() {
        fields.push(("iceLocalUsernameFragment", text(local.ufrag.clone())));
    }
    if let Some(pair) = pairs.iter().find(|pair| pair.selected) {
        fields.push(("selectedCandidatePairId", Text(pair_id(pair))));
    }
    if let Some(id) = remote_certificate {
        fields.push(("remoteCertificateId", Text(id)));
    }
    let connected = transport.dtls().filter(|_| dtls_state == "connected");
    if let Some(version) = connected.and_then(crate::dtls::Engine::version) {
        fields.push(("tlsVersion", text(version)));
    }
    StatsEntry {
        id: TRANSPORT_ID.to_owned(),
        kind: "transport",
        fields,
    }
}

fn channel_entry(id: ChannelId, channel: &Channel) -> StatsEntry {
    let state = match channel.state() {
        ChannelState::Connecting => "connecting",
        ChannelState::Open => "open",
        ChannelState::Closing => "closing",
        ChannelState::Closed => "closed",
    };
    let (messages_sent, bytes_sent) = channel.sent();
    let (messages_received, bytes_received) = channel.received();
    let mut fields = vec![
        ("label", text(channel.label())),
        ("protocol", text(channel.init().protocol.clone())),
        ("state", text(state)),
        ("messagesSent", Integer(messages_sent)),
        ("bytesSent", Integer(bytes_sent)),
        ("messagesReceived", Integer(messages_received)),
        ("bytesReceived", Integer(bytes_received)),
    ];
    if let Some(stream) = channel.stream_id() {
        fields.push(("dataChannelIdentifier", Integer(stream.into())));
    }
    StatsEntry {
        id: format!("D{}", id.0),
        kind: "data-channel",
        fields,
    }
}
