//! What a recorder writes of a connection.

use std::fs;
use std::path::PathBuf;

use ironrtc::observe::Recorder;
use ironrtc::{DataChannelInit, Message};
use serde_json::Value;

use crate::support::{loopback, pair_with, soon};

fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // A key log is appended to.
    let _ = fs::remove_file(&path);
    path
}

#[tokio::test]
async fn a_recorder_writes_keys_packets_and_events() {
    let [keys, capture, events] = ["keys.txt", "call.pcapng", "call.jsonl"].map(file);
    let recorder = Recorder::new();
    let recorder = recorder.key_log(&keys).unwrap();
    let recorder = recorder.capture(&capture).unwrap();
    let observer = recorder.event_log(&events).unwrap().observer();
    let watched = loopback().observer(observer);
    let pair = pair_with(watched, loopback(), DataChannelInit::default()).await;
    pair.channels.0.send("read me in the capture").unwrap();
    let message = soon(pair.channels.1.recv()).await;
    assert_eq!(message, Some(Message::from("read me in the capture")));
    soon(pair.offerer.close()).await;
    // The last one to hold the recorder is gone, so all is written.
    drop(pair);

    // RFC 9850: a label, the ClientHello's random, and a secret of the suite's hash.
    let keys = fs::read_to_string(keys).unwrap();
    let lines: Vec<Vec<&str>> = (keys.lines())
        .map(|line| line.split(' ').collect())
        .collect();
    let mut labels: Vec<&str> = lines.iter().map(|line| line[0]).collect();
    labels.sort_unstable();
    labels.dedup();
    let expected = [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_TRAFFIC_SECRET_0",
    ];
    for label in expected {
        assert!(labels.contains(&label), "{label} is not in {labels:?}");
    }
    assert!(
        lines
            .iter()
            .all(|line| line[1] == lines[0][1] && line[1].len() == 64)
    );

    let capture = fs::read(capture).unwrap();
    let text = b"read me in the capture";
    assert!(capture.windows(text.len()).any(|bytes| bytes == text));

    let events = fs::read_to_string(events).unwrap();
    let events: Vec<Value> = (events.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let states = |name: &str| -> Vec<&str> {
        (events.iter())
            .filter(|event| event["name"] == name)
            .map(|event| event["data"]["to"].as_str().unwrap())
            .collect()
    };
    assert_eq!(events[0]["name"], "connection:made");
    assert_eq!(
        states("dtls:state_change"),
        ["connecting", "connected", "closed"]
    );
    assert_eq!(
        states("sctp:state_change"),
        ["connecting", "connected", "closed"]
    );
    assert_eq!(states("channel:state_change"), ["open", "closed"]);
    assert_eq!(states("ice:state_change").first(), Some(&"checking"));
    let descriptions: Vec<(&str, &str)> = (events.iter())
        .filter(|event| event["name"] == "jsep:description_set")
        .map(|event| &event["data"])
        .map(|data| {
            (
                data["side"].as_str().unwrap(),
                data["signaling_state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        descriptions,
        [("local", "have-local-offer"), ("remote", "stable")]
    );
    let has = |name: &str| events.iter().any(|event| event["name"] == name);
    assert!(has("ice:check_sent") && has("ice:check_received") && has("ice:check_over"));
    let times: Vec<f64> = (events.iter())
        .map(|event| event["time"].as_f64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_an_error_at_once() {
    let nowhere = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("no/such/folder/call.pcapng");
    let error = Recorder::new().capture(nowhere).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}
