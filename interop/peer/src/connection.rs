//! A connection: its events are reported.

use ironrtc::{Event, Events, IceCandidateInit, PeerConnection, StatsReport, StatsValue};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::commands::Peer;
use crate::output;

/// Reports until the connection is closed.
pub(crate) async fn report(peer: Arc<Peer>, pc: String, mut events: Events) {
    while let Some(event) = events.next().await {
        let (name, members) = match event {
            Event::NegotiationNeeded => ("negotiationneeded", json!({})),
            Event::SignalingStateChange(state) => {
                ("signalingstatechange", state_member(state.name()))
            }
            Event::IceGatheringStateChange(state) => {
                ("icegatheringstatechange", state_member(&state.to_string()))
            }
            Event::IceConnectionStateChange(state) => {
                ("iceconnectionstatechange", state_member(&state.to_string()))
            }
            Event::ConnectionStateChange(state) => {
                ("connectionstatechange", state_member(&lower(state)))
            }
            Event::IceCandidate(candidate) => ("icecandidate", candidate_member(candidate)),
            Event::IceCandidateError {
                address,
                url,
                error_code,
                error_text,
            } => (
                "icecandidateerror",
                json!({
                    "address": address.map(|address| address.to_string()),
                    "url": url,
                    "errorCode": error_code,
                    "errorText": error_text,
                }),
            ),
            Event::DataChannel(handle) => {
                let (name, channel) = peer.adopt(&pc, handle);
                let mut members = channel.info();
                members["channel"] = name.into();
                ("datachannel", members)
            }
            _ => continue,
        };
        output::event(&pc, name, members);
    }
}

fn state_member(state: &str) -> Value {
    json!({ "state": state })
}

/// The W3C's name of a state of one word.
fn lower(state: impl std::fmt::Debug) -> String {
    format!("{state:?}").to_lowercase()
}

fn candidate_member(candidate: Option<IceCandidateInit>) -> Value {
    let candidate = candidate.map(|candidate| {
        json!({
            "candidate": candidate.candidate,
            "sdpMid": candidate.sdp_mid,
            "sdpMLineIndex": candidate.sdp_mline_index,
            "usernameFragment": candidate.username_fragment,
        })
    });
    json!({ "candidate": candidate })
}

/// The connection's states.
pub(crate) fn states(pc: &PeerConnection) -> Value {
    json!({
        "signaling": pc.signaling_state().name(),
        "iceGathering": pc.ice_gathering_state().to_string(),
        "iceConnection": pc.ice_connection_state().to_string(),
        "connection": lower(pc.connection_state()),
    })
}

/// The SCTP transport.
pub(crate) fn sctp(pc: &PeerConnection) -> Value {
    pc.sctp().map_or(
        Value::Null,
        |sctp| json!({ "state": lower(sctp.state), "maxMessageSize": sctp.max_message_size }),
    )
}

/// All statistics, as a list of objects.
pub(crate) fn stats(report: StatsReport) -> Value {
    let timestamp = report.timestamp;
    let entries = report.entries.into_iter().map(|entry| {
        let mut object = Map::new();
        object.insert("id".into(), entry.id.into());
        object.insert("type".into(), entry.kind.into());
        object.insert("timestamp".into(), timestamp.into());
        for (name, value) in entry.fields {
            object.insert(name.into(), stats_value(value));
        }
        Value::Object(object)
    });
    entries.collect()
}

fn stats_value(value: StatsValue) -> Value {
    match value {
        StatsValue::Text(text) => text.into(),
        StatsValue::Integer(number) => number.into(),
        StatsValue::Float(number) | StatsValue::Timestamp(number) => number.into(),
        StatsValue::Flag(flag) => flag.into(),
    }
}
