//! JSON as a browser writes and reads it.

use ironrtc::{
    IceCandidateInit, IceConnectionState, IceServer, SdpType, SessionDescription, SignalingState,
};
use serde_json::{Value, from_value, json, to_value};

#[test]
fn a_description_is_what_a_page_makes_of_it() {
    // JSON.stringify(pc.localDescription)
    let text = r#"{"type":"offer","sdp":"v=0\r\n"}"#;
    let description: SessionDescription = serde_json::from_str(text).unwrap();
    assert_eq!(description, SessionDescription::offer("v=0\r\n"));
    assert_eq!(
        to_value(&description).unwrap(),
        serde_json::from_str::<Value>(text).unwrap()
    );
    // A rollback has no text.
    let rollback: SessionDescription = from_value(json!({ "type": "rollback" })).unwrap();
    assert_eq!(rollback, SessionDescription::rollback());
    let error = from_value::<SessionDescription>(json!({ "type": "Offer", "sdp": "" }));
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("offer, pranswer, answer, rollback"),
        "{error}"
    );
}

#[test]
fn a_candidate_is_what_a_page_makes_of_it() {
    // JSON.stringify(event.candidate), of Chromium and of Firefox.
    for foreign in [
        json!({ "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0",
            "sdpMLineIndex": 0, "usernameFragment": "abcd", "relayProtocol": null, "url": null }),
        json!({ "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0",
            "sdpMLineIndex": 0, "usernameFragment": "abcd" }),
    ] {
        let candidate: IceCandidateInit = from_value(foreign).unwrap();
        assert_eq!(candidate.sdp_mid.as_deref(), Some("0"));
        assert_eq!(candidate.sdp_mline_index, Some(0));
        assert_eq!(candidate.username_fragment.as_deref(), Some("abcd"));
        let written = to_value(&candidate).unwrap();
        let keys: Vec<_> = written.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            keys,
            ["candidate", "sdpMLineIndex", "sdpMid", "usernameFragment"]
        );
    }
    // The end of candidates is null in a page's `icecandidate` event.
    assert_eq!(
        from_value::<Option<IceCandidateInit>>(Value::Null).unwrap(),
        None
    );
    let bare: IceCandidateInit = from_value(json!({ "candidate": "" })).unwrap();
    assert_eq!(bare, IceCandidateInit::default());
}

#[test]
fn servers_come_in_both_of_the_spellings() {
    let one: IceServer = from_value(json!({ "urls": "stun:stun.example.org" })).unwrap();
    assert_eq!(one, IceServer::stun("stun:stun.example.org"));
    let more: IceServer = from_value(json!({
        "urls": ["turn:a.example.org", "turn:b.example.org"],
        "username": "u", "credential": "c", "credentialType": "password",
    }))
    .unwrap();
    assert_eq!(more.urls.len(), 2);
    assert_eq!(more.username.as_deref(), Some("u"));
}

#[test]
fn states_and_types_are_words() {
    assert_eq!(to_value(SdpType::PrAnswer).unwrap(), "pranswer");
    assert_eq!(
        to_value(SignalingState::HaveLocalOffer).unwrap(),
        "have-local-offer"
    );
    let state: IceConnectionState = from_value(json!("disconnected")).unwrap();
    assert_eq!(state, IceConnectionState::Disconnected);
}

#[tokio::test]
async fn statistics_are_a_map_of_objects_by_id() {
    let connection = crate::support::peer();
    let report = connection.get_stats().await;
    let json = to_value(&report).unwrap();
    let transport = report.transports().next().unwrap();
    let object = &json[&transport.id];
    assert_eq!(object["id"], transport.id);
    assert_eq!(object["type"], "transport");
    assert_eq!(object["dtlsState"], "new");
    assert_eq!(object["timestamp"], report.timestamp());
    assert_eq!(object.get("tlsVersion"), None);
}
