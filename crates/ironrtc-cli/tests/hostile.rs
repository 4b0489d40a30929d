//! A sender that means harm: what `receive` prints and writes.

mod support;

use std::fs;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use ironrtc::{Configuration, DataChannelInit, Message, PeerConnection, SessionDescription};
use serde_json::{Value, json};
use support::{End, Process, demo, directory};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(30);

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn send(&mut self, message: Value) {
        let text = message.to_string();
        self.0.send(Frame::text(text)).await.unwrap();
    }

    async fn next(&mut self, kind: &str) -> Value {
        let found = self.find(kind).await;
        found.unwrap_or_else(|| panic!("the server hung up before {kind}"))
    }

    /// The next message of the kind; none if the server hangs up.
    async fn find(&mut self, kind: &str) -> Option<Value> {
        loop {
            let frame = timeout(PATIENCE, self.0.next()).await.expect("an answer");
            let Some(Ok(Frame::Text(text))) = frame else {
                return None;
            };
            let value: Value = serde_json::from_str(&text).unwrap();
            if value["type"] == kind {
                return Some(value);
            }
        }
    }
}

/// Says `messages` one after the other to a real receiver, whatever it answers.
async fn say(directory: &std::path::Path, messages: Vec<Message>) -> End {
    let (_demo, server) = demo();
    let url = format!("{}/ws", server.replace("http://", "ws://"));
    let mut socket = Socket(connect_async(url).await.unwrap().0);
    socket.send(json!({"type": "share"})).await;
    let code = socket.next("code").await["code"].clone();
    let output = directory.to_str().unwrap();
    let receiver = Process::start([
        "receive",
        code.as_str().unwrap(),
        "--via",
        &server,
        "--output",
        output,
    ]);
    socket.next("joined").await;
    let connection = PeerConnection::new(Configuration::default()).unwrap();
    let init = DataChannelInit {
        protocol: "ironrtc-file.1".into(),
        ..DataChannelInit::default()
    };
    let channel = connection.create_data_channel("file", init).unwrap();
    connection.set_local_description(None).await.unwrap();
    connection.gathering_complete().await;
    let offer = connection.local_description().unwrap().sdp;
    socket
        .send(json!({"type": "description", "description": {"type": "offer", "sdp": offer}}))
        .await;
    let answer = socket.next("description").await;
    let answer = answer["description"]["sdp"].as_str().unwrap();
    connection
        .set_remote_description(SessionDescription::answer(answer))
        .await
        .unwrap();
    let mut opened = std::pin::pin!(timeout(PATIENCE, channel.opened()));
    // A receiver that is connected first hangs up, and then no more candidates come.
    let mut met = true;
    loop {
        tokio::select! {
            opened = &mut opened => {
                opened.expect("a connection").unwrap();
                break;
            }
            candidate = socket.find("candidate"), if met => match candidate {
                Some(candidate) => {
                    if let Ok(init) = serde_json::from_value(candidate["candidate"].clone()) {
                        connection.add_ice_candidate(init).await.unwrap();
                    }
                }
                None => met = false,
            },
        }
    }
    for message in messages {
        if channel.send(message).is_err() {
            break;
        }
    }
    let end = tokio::task::spawn_blocking(|| receiver.finish())
        .await
        .unwrap();
    connection.close().await;
    end
}

/// Clears the screen, sets the title, and turns the direction of text.
const ESCAPES: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{61c}";

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{61c}')
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_sender_says_is_obeyed_by_the_terminal() {
    let home = directory("escapes");
    let file = json!({"type": "file", "name": format!("{ESCAPES}a"), "size": 3});
    for (message, code) in [
        (json!({"type": ESCAPES}), 1),
        (json!({"type": "failed", "reason": ESCAPES}), 1),
        (json!({"type": "end", "sha256": ESCAPES}), 1),
    ] {
        let bye = json!({"type": "bye"});
        let messages = [&file, &message, &bye].map(|message| message.to_string().into());
        let end = say(&home, messages.into()).await.expect(code);
        assert!(!end.stderr.contains(is_harmful), "{:?}", end.stderr);
    }
    for entry in fs::read_dir(&home).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains(is_harmful), "{name:?}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_out_of_the_directory() {
    let home = directory("paths");
    let (inner, outer) = (home.join("in"), home.join("out"));
    fs::create_dir(&inner).unwrap();
    fs::create_dir(&outer).unwrap();
    std::os::unix::fs::symlink(&outer, inner.join("link")).unwrap();
    let mut messages: Vec<Message> = Vec::new();
    for path in [
        "../../out/x",
        "link/x",
        "/x/../../../out/x",
        "a\\..\\..\\out\\x",
    ] {
        let file = json!({"type": "file", "name": "x", "size": 0, "path": path, "directory": true});
        messages.push(file.to_string().into());
        if path != "link/x" {
            let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
            messages.push(json!({"type": "start", "offset": 0}).to_string().into());
            messages.push(json!({"type": "end", "sha256": empty}).to_string().into());
        }
    }
    messages.push(json!({"type": "bye"}).to_string().into());
    say(&inner, messages).await.expect(5).says("link exists");
    assert_eq!(fs::read_dir(&outer).unwrap().count(), 0);
    assert!(inner.join("out/x").is_dir() && inner.join("x/out/x").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_is_held_to_what_it_offered() {
    let home = directory("offer");
    let offer = json!({"files": 1, "bytes": 0, "list": []});
    let file = json!({"type": "file", "name": "x", "size": 1, "offer": offer});
    let end = say(&home, vec![file.to_string().into()]).await;
    end.expect(1).says("more comes than was offered");
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}
