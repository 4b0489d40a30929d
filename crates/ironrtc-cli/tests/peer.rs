//! A peer that is no page: what the demo server does on each channel, and with wrong input.

mod support;

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use ironrtc::{
    Configuration, DataChannel, DataChannelInit, Event, Events, Message, PeerConnection,
    SessionDescription,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::demo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(30);

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(server: &str) -> Self {
        let url = format!("{}/ws", server.replace("http://", "ws://"));
        Self(connect_async(url).await.unwrap().0)
    }

    async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    async fn text(&mut self, text: &str) {
        self.0.send(Frame::text(text)).await.unwrap();
    }

    /// The next message of this type; `None` if the server hangs up.
    async fn next(&mut self, kind: &str) -> Option<Value> {
        loop {
            let frame = timeout(PATIENCE, self.0.next()).await.expect("an answer");
            let Ok(Frame::Text(text)) = frame? else {
                continue;
            };
            let value: Value = serde_json::from_str(&text).unwrap();
            if value["type"] == kind {
                return Some(value);
            }
        }
    }
}

/// A connected peer. The socket is held, as closing it ends the connection.
struct Peer {
    connection: PeerConnection,
    chat: DataChannel,
    _events: Events,
    socket: Socket,
}

impl Peer {
    /// Connects without trickling, as the offerer or the answerer.
    async fn connect(server: &str, name: &str, offerer: &str) -> Self {
        let mut socket = Socket::open(server).await;
        socket
            .send(json!({"type": "hello", "name": name, "offerer": offerer, "trickle": false}))
            .await;
        assert_eq!(socket.next("welcome").await.unwrap()["name"], name);
        let connection = PeerConnection::new(Configuration::default()).unwrap();
        let mut events = connection.events();
        let chat = if offerer == "browser" {
            let chat = connection
                .create_data_channel("chat", DataChannelInit::default())
                .unwrap();
            connection.set_local_description(None).await.unwrap();
            send_description(&connection, &mut socket).await;
            let answer = description(&mut socket).await;
            connection
                .set_remote_description(SessionDescription::answer(answer))
                .await
                .unwrap();
            chat
        } else {
            let offer = description(&mut socket).await;
            connection
                .set_remote_description(SessionDescription::offer(offer))
                .await
                .unwrap();
            connection.set_local_description(None).await.unwrap();
            send_description(&connection, &mut socket).await;
            announced(&mut events, "chat").await
        };
        timeout(PATIENCE, chat.opened())
            .await
            .expect("a connection")
            .unwrap();
        Self {
            connection,
            chat,
            _events: events,
            socket,
        }
    }

    /// What the chat says next of this type.
    async fn chat(&self, kind: &str) -> Value {
        loop {
            let value: Value = serde_json::from_str(&text(&self.chat).await).unwrap();
            if value["type"] == kind {
                return value;
            }
        }
    }

    async fn file_channel(&self) -> DataChannel {
        let init = DataChannelInit {
            protocol: "ironrtc-file.1".into(),
            ..DataChannelInit::default()
        };
        let channel = self.connection.create_data_channel("file", init).unwrap();
        timeout(PATIENCE, channel.opened())
            .await
            .expect("a channel")
            .unwrap();
        channel
    }

    async fn close(mut self) {
        self.socket.send(json!({"type": "bye"})).await;
        self.connection.close().await;
    }
}

async fn send_description(connection: &PeerConnection, socket: &mut Socket) {
    connection.gathering_complete().await;
    let description = connection.local_description().unwrap();
    let description = json!({"type": description.kind.as_str(), "sdp": description.sdp});
    socket
        .send(json!({"type": "description", "description": description}))
        .await;
}

async fn description(socket: &mut Socket) -> String {
    let message = socket.next("description").await.unwrap();
    message["description"]["sdp"].as_str().unwrap().to_owned()
}

async fn announced(events: &mut Events, label: &str) -> DataChannel {
    let find = async {
        loop {
            match events.next().await.expect("an open connection") {
                Event::DataChannel(channel) if channel.label() == label => return channel,
                _ => {}
            }
        }
    };
    timeout(PATIENCE, find).await.expect("the channel")
}

async fn message(channel: &DataChannel) -> Message {
    timeout(PATIENCE, channel.recv())
        .await
        .expect("a message")
        .expect("an open channel")
}

async fn text(channel: &DataChannel) -> String {
    message(channel).await.as_text().expect("text").to_owned()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chat_echoes_and_relays_with_names() {
    let (_demo, server) = demo();
    let ada = Peer::connect(&server, "Ada", "browser").await;
    let grace = Peer::connect(&server, "Grace", "server").await;
    ada.chat.send(r#"{"type":"say","text":"hé"}"#).unwrap();
    let echo = ada.chat("message").await;
    assert_eq!(
        echo,
        json!({"type": "message", "from": "server", "text": "hé", "echo": true})
    );
    let relayed = grace.chat("message").await;
    assert_eq!(
        relayed,
        json!({"type": "message", "from": "Ada", "text": "hé", "echo": false})
    );
    ada.chat.send("not json").unwrap();
    assert!(
        ada.chat("error").await["text"]
            .as_str()
            .unwrap()
            .contains("understands")
    );
    ada.close().await;
    while grace.chat("people").await["people"] != json!(["Grace"]) {}
    grace.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_channel_is_an_echo_of_both_kinds_of_message() {
    let (_demo, server) = demo();
    let peer = Peer::connect(&server, "Ada", "browser").await;
    let channel = peer
        .connection
        .create_data_channel("anything", DataChannelInit::default())
        .unwrap();
    timeout(PATIENCE, channel.opened()).await.unwrap().unwrap();
    for sent in [
        Message::from("text"),
        Message::from(vec![0; 100_000]),
        Message::from(""),
        Message::from(vec![]),
    ] {
        channel.send(sent.clone()).unwrap();
        assert_eq!(message(&channel).await, sent);
    }
    peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_to_the_server_and_to_another_peer() {
    let (_demo, server) = demo();
    let ada = Peer::connect(&server, "Ada", "browser").await;
    let bytes: Vec<u8> = (0..300_000u32).map(|i| (i / 3) as u8).collect();
    let digest = sha256(&bytes);

    let channel = ada.file_channel().await;
    let file = json!({"type": "file", "name": "../a b.bin", "size": bytes.len()});
    channel.send(file.to_string()).unwrap();
    assert_eq!(text(&channel).await, r#"{"type":"accept","offset":0}"#);
    channel.send(r#"{"type":"start","offset":0}"#).unwrap();
    for chunk in bytes.chunks(60_000) {
        channel.send(chunk.to_vec()).unwrap();
    }
    channel
        .send(json!({"type": "end", "sha256": digest}).to_string())
        .unwrap();
    assert_eq!(
        text(&channel).await,
        format!(r#"{{"type":"done","sha256":"{digest}"}}"#)
    );

    let grace = Peer::connect(&server, "Grace", "server").await;
    let files = grace.chat("files").await;
    let file = &files["files"][0];
    let seen: HashMap<_, _> = file
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.as_str(), v))
        .collect();
    assert_eq!(
        (seen["name"], seen["from"], seen["sha256"]),
        (&json!("a b.bin"), &json!("Ada"), &json!(digest))
    );

    let channel = grace.file_channel().await;
    channel
        .send(json!({"type": "get", "id": file["id"]}).to_string())
        .unwrap();
    assert_eq!(
        text(&channel).await,
        r#"{"type":"file","name":"a b.bin","size":300000}"#
    );
    channel.send(r#"{"type":"accept","offset":0}"#).unwrap();
    assert_eq!(text(&channel).await, r#"{"type":"start","offset":0}"#);
    let mut received = Vec::new();
    while received.len() < bytes.len() {
        received.extend_from_slice(&message(&channel).await.into_bytes());
    }
    assert!(received == bytes);
    assert!(text(&channel).await.contains(&digest));
    channel
        .send(json!({"type": "done", "sha256": digest}).to_string())
        .unwrap();
    assert_eq!(text(&channel).await, r#"{"type":"bye"}"#);
    ada.close().await;
    grace.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_transfer_is_refused_in_words_and_kept_out_of_the_store() {
    let (_demo, server) = demo();
    let peer = Peer::connect(&server, "Ada", "browser").await;
    let wrong = "0".repeat(64);
    let cases = [
        (
            vec![json!({"type": "file", "name": "a", "size": 1u64 << 40})],
            "up to 256 MiB",
        ),
        (vec![json!({"type": "get", "id": "99"})], "no longer here"),
        (
            vec![json!({"type": "get", "id": "test:99999999999"})],
            "at most 1024 MiB",
        ),
        (vec![json!({"type": "bye"})], "begin with get or file"),
        (vec![json!({"type": "nonsense"})], "control message"),
    ];
    for (messages, reason) in cases {
        let channel = peer.file_channel().await;
        for message in messages {
            channel.send(message.to_string()).unwrap();
        }
        let answer = text(&channel).await;
        assert!(answer.contains(reason), "{answer}");
    }
    let channel = peer.file_channel().await;
    channel
        .send(json!({"type": "file", "name": "a", "size": 3}).to_string())
        .unwrap();
    text(&channel).await;
    channel.send(r#"{"type":"start","offset":0}"#).unwrap();
    channel.send(vec![1, 2, 3]).unwrap();
    channel
        .send(json!({"type": "end", "sha256": wrong}).to_string())
        .unwrap();
    assert!(text(&channel).await.contains("does not match"));
    assert_eq!(peer.chat("files").await["files"], json!([]));
    peer.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_signalling_is_answered_in_words_and_harms_nobody() {
    let (_demo, server) = demo();
    let mut socket = Socket::open(&server).await;
    socket.text("{").await;
    assert!(
        socket.next("error").await.unwrap()["text"]
            .as_str()
            .unwrap()
            .contains("no good")
    );
    assert_eq!(socket.next("anything").await, None, "the server hangs up");

    let mut socket = Socket::open(&server).await;
    socket.send(json!({"type": "bye"})).await;
    assert!(
        socket.next("error").await.unwrap()["text"]
            .as_str()
            .unwrap()
            .contains("first message")
    );

    let mut socket = Socket::open(&server).await;
    socket.send(json!({"type": "hello"})).await;
    assert_eq!(socket.next("state").await.unwrap()["connection"], "new");
    let offer = json!({"type": "offer", "sdp": "v=0\r\no=x\r\n"});
    socket
        .send(json!({"type": "description", "description": offer}))
        .await;
    let error = socket.next("error").await.unwrap();
    assert!(
        error["text"].as_str().unwrap().contains("SDP line 3"),
        "{error}"
    );
    let candidate = json!({"candidate": "candidate:nonsense", "sdpMid": "0"});
    socket
        .send(json!({"type": "candidate", "candidate": candidate}))
        .await;
    assert!(socket.next("error").await.is_some());
    // The page can go on: its state is as it was.
    let state = socket.next("state").await.unwrap();
    assert_eq!(
        (&state["signaling"], &state["connection"]),
        (&json!("stable"), &json!("new"))
    );

    let mut socket = Socket::open(&server).await;
    socket
        .send(json!({"type": "hello", "name": "x".repeat(70_000)}))
        .await;
    assert_eq!(socket.next("anything").await, None, "too long a message");
    Peer::connect(&server, "Ada", "browser").await.close().await;
}
