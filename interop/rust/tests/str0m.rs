//! IronRTC against str0m, in both roles.

mod str0m_peer;

use std::time::Duration;

use ironrtc::{
    Configuration, DataChannel, DataChannelInit, Event, Events, Message, OfferOptions,
    PeerConnection, SessionDescription,
};
use sha2::{Digest, Sha256};

use str0m_peer::{Report, Running, Str0m};

const MIB: usize = 1024 * 1024;

/// IronRTC's side.
struct Ours {
    pc: PeerConnection,
    events: Events,
}

impl Ours {
    fn new() -> Self {
        let configuration = Configuration::default().bind(vec!["127.0.0.1:0".parse().unwrap()]);
        let pc = PeerConnection::new(configuration).unwrap();
        let events = pc.events();
        Self { pc, events }
    }

    async fn incoming(&mut self) -> DataChannel {
        loop {
            match self.events.next().await.expect("the connection has closed") {
                Event::DataChannel(channel) => return channel,
                _ => continue,
            }
        }
    }
}

/// We offer a channel and str0m answers.
async fn as_offerer() -> (Ours, DataChannel, Running) {
    let ours = Ours::new();
    let mut theirs = Str0m::new();
    let channel = ours
        .pc
        .create_data_channel("chat", DataChannelInit::default());
    let offer = ours.pc.create_offer(OfferOptions::default()).await.unwrap();
    ours.pc.set_local_description(offer).await.unwrap();
    ours.pc.gathering_complete().await;
    let answer = theirs.answer(&ours.pc.local_description().unwrap().sdp);
    let mut running = theirs.start();
    let answer = SessionDescription::answer(answer);
    ours.pc.set_remote_description(answer).await.unwrap();
    assert_eq!(running.report().await, Report::Open("chat".into()));
    let channel = channel.unwrap();
    channel.opened().await.unwrap();
    (ours, channel, running)
}

/// str0m offers a channel and we answer.
async fn as_answerer() -> (Ours, DataChannel, Running) {
    let mut ours = Ours::new();
    let mut theirs = Str0m::new();
    let (offer, pending) = theirs.offer("chat");
    let offer = SessionDescription::offer(offer);
    ours.pc.set_remote_description(offer).await.unwrap();
    ours.pc.set_local_description(None).await.unwrap();
    ours.pc.gathering_complete().await;
    theirs.take_answer(pending, &ours.pc.local_description().unwrap().sdp);
    let mut running = theirs.start();
    assert_eq!(running.report().await, Report::Open("chat".into()));
    let channel = ours.incoming().await;
    assert_eq!(channel.label(), "chat");
    (ours, channel, running)
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    let result = tokio::time::timeout(Duration::from_secs(60), future).await;
    result.expect("it took over a minute")
}

fn hash(data: &[u8]) -> Vec<u8> {
    Sha256::digest(data).to_vec()
}

/// Bytes in which no mistake goes unnoticed.
fn noise(len: usize) -> Vec<u8> {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (word >> 56) as u8
    };
    (0..len).map(|_| next()).collect()
}

async fn small_messages(channel: &DataChannel, theirs: &mut Running) {
    for (binary, data) in [(false, "text – ünïcode".as_bytes()), (true, &[0, 255, 16])] {
        let message = if binary {
            Message::from(data.to_vec())
        } else {
            Message::from(std::str::from_utf8(data).unwrap())
        };
        channel.send(message.clone()).unwrap();
        let data = data.to_vec();
        let expected = Report::Message {
            binary,
            data: data.clone(),
        };
        assert_eq!(theirs.report().await, expected);
        theirs.send(binary, data);
        assert_eq!(channel.recv().await, Some(message));
    }
}

async fn bulk(channel: &DataChannel, theirs: &mut Running) {
    let sent = noise(5 * MIB);
    let sending = async {
        for data in sent.chunks(16 * 1024) {
            channel.buffered_amount_below(MIB).await.unwrap();
            channel.send(data.to_vec()).unwrap();
        }
    };
    let receiving = async {
        let mut received = Vec::new();
        while received.len() < sent.len() {
            match theirs.report().await {
                Report::Message { binary: true, data } => received.extend_from_slice(&data),
                other => panic!("a message was expected, not {other:?}"),
            }
        }
        received
    };
    let ((), received) = tokio::join!(sending, receiving);
    assert_eq!(hash(&received), hash(&sent));

    for data in sent.chunks(16 * 1024) {
        theirs.send(true, data.to_vec());
    }
    let mut received = Vec::new();
    while received.len() < sent.len() {
        match channel.recv().await {
            Some(Message::Binary(data)) => received.extend_from_slice(&data),
            other => panic!("a message was expected, not {other:?}"),
        }
    }
    assert_eq!(hash(&received), hash(&sent));
}

#[tokio::test]
async fn messages_and_five_mebibytes_each_way_as_offerer() {
    within(async {
        let (ours, channel, mut theirs) = as_offerer().await;
        small_messages(&channel, &mut theirs).await;
        bulk(&channel, &mut theirs).await;
        ours.pc.close().await;
    })
    .await;
}

#[tokio::test]
async fn messages_and_five_mebibytes_each_way_as_answerer() {
    within(async {
        let (ours, channel, mut theirs) = as_answerer().await;
        small_messages(&channel, &mut theirs).await;
        bulk(&channel, &mut theirs).await;
        ours.pc.close().await;
    })
    .await;
}

#[tokio::test]
async fn we_close_the_channel() {
    within(async {
        let (_ours, channel, mut theirs) = as_offerer().await;
        channel.close();
        assert_eq!(theirs.report().await, Report::Closed);
        assert_eq!(channel.recv().await, None);
    })
    .await;
}

#[tokio::test]
async fn str0m_closes_the_channel() {
    within(async {
        let (_ours, channel, theirs) = as_answerer().await;
        theirs.close_channel();
        assert_eq!(channel.recv().await, None);
    })
    .await;
}
