//! A connection: its events are reported.

use ironrtc::{Event, Events, IceCandidateInit, PeerConnection, Stats, StatsReport};
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
                ("signalingstatechange", state_member(state.as_str()))
            }
            Event::IceGatheringStateChange(state) => {
                ("icegatheringstatechange", state_member(state.as_str()))
            }
            Event::IceConnectionStateChange(state) => {
                ("iceconnectionstatechange", state_member(state.as_str()))
            }
            Event::ConnectionStateChange(state) => {
                ("connectionstatechange", state_member(state.as_str()))
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

fn candidate_member(candidate: Option<IceCandidateInit>) -> Value {
    json!({ "candidate": candidate })
}

/// The connection's states.
pub(crate) fn states(pc: &PeerConnection) -> Value {
    json!({
        "signaling": pc.signaling_state().as_str(),
        "iceGathering": pc.ice_gathering_state().to_string(),
        "iceConnection": pc.ice_connection_state().to_string(),
        "connection": pc.connection_state().as_str(),
    })
}

/// The SCTP transport.
pub(crate) fn sctp(pc: &PeerConnection) -> Value {
    pc.sctp().map_or(
        Value::Null,
        |sctp| json!({ "state": sctp.state.as_str(), "maxMessageSize": sctp.max_message_size }),
    )
}

/// All statistics, as a list of objects.
pub(crate) fn stats(report: &StatsReport) -> Value {
    report
        .iter()
        .map(|object| object_of(report, object))
        .collect()
}

fn object_of(report: &StatsReport, stats: &Stats) -> Value {
    let mut object = Map::new();
    object.insert("id".into(), stats.id().into());
    object.insert("type".into(), stats.stats_type().as_str().into());
    object.insert("timestamp".into(), report.timestamp().into());
    for (name, value) in stats.members() {
        object.insert(name.into(), json!(value));
    }
    Value::Object(object)
}
