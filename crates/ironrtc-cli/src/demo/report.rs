//! How the server sees a connection, for the page.

use ironrtc::{IceCandidate, PeerConnection, SctpState};
use serde_json::{Value, json};

/// All states, the pair in use, and the counters from which the page makes rates.
pub(super) async fn report(connection: &PeerConnection) -> Value {
    let stats = connection.get_stats().await;
    let pair = connection
        .selected_candidate_pair()
        .map(|(local, remote)| json!({ "local": candidate(&local), "remote": candidate(&remote) }));
    let in_use = stats
        .transports()
        .find_map(|transport| stats.selected_candidate_pair(transport));
    json!({
        "signaling": connection.signaling_state().as_str(),
        "gathering": connection.ice_gathering_state().to_string(),
        "ice": connection.ice_connection_state().to_string(),
        "connection": connection.connection_state().as_str(),
        "dtls": connection.dtls_state().as_str(),
        "sctp": connection.sctp().map(|sctp| sctp_name(sctp.state)),
        "pair": pair,
        "localCandidates": connection.local_candidates().len(),
        "remoteCandidates": connection.remote_candidates().len(),
        "failure": connection.dtls_failure().map(|error| error.to_string()),
        "timestamp": stats.timestamp(),
        "bytesSent": stats.transports().map(|transport| transport.bytes_sent).sum::<u64>(),
        "bytesReceived": stats.transports().map(|transport| transport.bytes_received).sum::<u64>(),
        "roundTripTime": in_use.and_then(|pair| pair.current_round_trip_time),
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

/// `RTCSctpTransportState` has no word for what comes before and after.
const fn sctp_name(state: SctpState) -> &'static str {
    match state {
        SctpState::New | SctpState::Connecting => "connecting",
        SctpState::Connected => "connected",
        SctpState::ShuttingDown | SctpState::Closed => "closed",
    }
}
