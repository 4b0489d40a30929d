//! How the server sees a connection, for the page.

use ironrtc::{
    ConnectionState, DtlsState, IceCandidate, PeerConnection, SctpState, StatsReport, StatsValue,
};
use serde_json::{Value, json};

/// All states, the pair in use, and the counters from which the page makes rates.
pub(super) async fn report(connection: &PeerConnection) -> Value {
    let stats = connection.get_stats().await;
    let pair = connection
        .selected_candidate_pair()
        .map(|(local, remote)| json!({ "local": candidate(&local), "remote": candidate(&remote) }));
    json!({
        "signaling": connection.signaling_state().name(),
        "gathering": connection.ice_gathering_state().to_string(),
        "ice": connection.ice_connection_state().to_string(),
        "connection": connection_name(connection.connection_state()),
        "dtls": dtls_name(connection.dtls_state()),
        "sctp": connection.sctp().map(|sctp| sctp_name(sctp.state)),
        "pair": pair,
        "localCandidates": connection.local_candidates().len(),
        "remoteCandidates": connection.remote_candidates().len(),
        "failure": connection.dtls_failure(),
        "timestamp": stats.timestamp,
        "bytesSent": counter(&stats, "bytesSent"),
        "bytesReceived": counter(&stats, "bytesReceived"),
        "roundTripTime": round_trip_time(&stats),
    })
}

fn candidate(candidate: &IceCandidate) -> Value {
    json!({
        "kind": candidate.kind.to_string(),
        "protocol": candidate.protocol.to_string(),
        "address": candidate.address.to_string(),
        "port": candidate.port,
    })
}

fn counter(stats: &StatsReport, name: &str) -> u64 {
    let transports = stats
        .entries
        .iter()
        .filter(|entry| entry.kind == "transport");
    transports
        .flat_map(|entry| &entry.fields)
        .filter_map(|(field, value)| match value {
            StatsValue::Integer(number) if *field == name => Some(*number),
            _ => None,
        })
        .sum()
}

/// Of the nominated pair, in seconds.
fn round_trip_time(stats: &StatsReport) -> Option<f64> {
    let mut pairs = stats.entries.iter().filter(|entry| {
        entry.kind == "candidate-pair"
            && entry
                .fields
                .contains(&("nominated", StatsValue::Flag(true)))
    });
    pairs.find_map(|entry| {
        entry.fields.iter().find_map(|(field, value)| match value {
            StatsValue::Float(seconds) if *field == "currentRoundTripTime" => Some(*seconds),
            _ => None,
        })
    })
}

const fn connection_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::New => "new",
        ConnectionState::Connecting => "connecting",
        ConnectionState::Connected => "connected",
        ConnectionState::Disconnected => "disconnected",
        ConnectionState::Failed => "failed",
        ConnectionState::Closed => "closed",
    }
}

const fn dtls_name(state: DtlsState) -> &'static str {
    match state {
        DtlsState::New => "new",
        DtlsState::Connecting => "connecting",
        DtlsState::Connected => "connected",
        DtlsState::Closed => "closed",
        DtlsState::Failed => "failed",
    }
}

/// `RTCSctpTransportState` has no word for what comes before and after.
const fn sctp_name(state: SctpState) -> &'static str {
    match state {
        SctpState::New | SctpState::Connecting => "connecting",
        SctpState::Connected => "connected",
        SctpState::ShuttingDown | SctpState::Closed => "closed",
    }
}

#[cfg(test)]
mod tests {
    use ironrtc::StatsEntry;

    use super::*;

    #[test]
    fn counters_come_from_the_transport_alone() {
        let entry = |kind, sent| StatsEntry {
            id: String::new(),
            kind,
            fields: vec![("bytesSent", StatsValue::Integer(sent))],
        };
        let stats = StatsReport {
            timestamp: 0.0,
            entries: vec![entry("candidate-pair", 5), entry("transport", 7)],
        };
        assert_eq!(counter(&stats, "bytesSent"), 7);
        assert_eq!(counter(&stats, "bytesReceived"), 0);
        assert_eq!(round_trip_time(&stats), None);
    }
}
