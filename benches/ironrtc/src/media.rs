//! IronRTC's media under test, through its public API. Congestion control is left out, as it is in the
//! other stacks' defaults: it would hold all of them to what a network carries.
#![forbid(unsafe_code)]

use std::sync::Arc;

use bench_harness::media::{BURST, Media, Sink, Source, run};
use bytes::Bytes;
use ironrtc::{
    Configuration, ConnectionState, Event, Events, LocalTrack, MediaKind, PeerConnection,
    RemoteTrack, RtpCodec, RtpCodecName, RtpPacket, RtpSender, SdpType, SessionDescription,
};

#[derive(Clone, Copy)]
struct IronRtc;

fn connection() -> PeerConnection {
    let configuration =
        Configuration::default().bind(vec![(std::net::Ipv4Addr::LOCALHOST, 0).into()]);
    PeerConnection::new(configuration).expect("a connection")
}

/// Our description, with all candidates, and without what congestion control needs.
async fn description(connection: &PeerConnection) -> String {
    connection.set_local_description(None).await.expect("ours");
    connection.gathering_complete().await;
    let sdp = connection.local_description().expect("it was set").sdp;
    let kept = |line: &&str| {
        !["transport-cc", "transport-wide-cc", "ccfb"]
            .iter()
            .any(|word| line.contains(word))
    };
    sdp.split_inclusive('\n').filter(kept).collect()
}

async fn set_remote(connection: &PeerConnection, kind: SdpType, sdp: String) {
    let description = SessionDescription { kind, sdp };
    let set = connection.set_remote_description(description).await;
    set.expect("theirs");
}

impl Media for IronRtc {
    type Source = Outgoing;
    type Sink = Incoming;

    async fn source(self) -> (Outgoing, String) {
        let connection = connection();
        let track = LocalTrack::video();
        let sender = connection.add_track(&track, &["bench"]).expect("a track");
        let offer = description(&connection).await;
        let codec = RtpCodec::new(MediaKind::Video, RtpCodecName::Vp8, 90_000);
        let source = Outgoing {
            connection,
            sender,
            track,
            codec: Arc::new(codec),
        };
        (source, offer)
    }

    async fn sink(self, offer: String) -> (Incoming, String) {
        let connection = connection();
        let events = connection.events();
        set_remote(&connection, SdpType::Offer, offer).await;
        let answer = description(&connection).await;
        let sink = Incoming {
            _connection: connection,
            events,
            track: None,
            packets: Vec::new(),
        };
        (sink, answer)
    }

    async fn forward(self, mut from: Incoming, to: Vec<Outgoing>) {
        let track = LocalTrack::video();
        for peer in &to {
            peer.sender.replace_track(Some(&track)).expect("a track");
        }
        from.track().await.forward(&track).await;
        panic!("the track ended");
    }
}

struct Outgoing {
    connection: PeerConnection,
    sender: RtpSender,
    track: LocalTrack,
    codec: Arc<RtpCodec>,
}

impl Source for Outgoing {
    async fn accept(&mut self, answer: String) {
        set_remote(&self.connection, SdpType::Answer, answer).await;
    }

    async fn connected(&mut self) {
        let mut events = self.connection.events();
        while self.connection.connection_state() != ConnectionState::Connected {
            events.next().await.expect("a living connection");
        }
    }

    async fn send(&mut self, payloads: &[Bytes; BURST], timestamp: u32) {
        let packets: [_; BURST] = std::array::from_fn(|number| {
            RtpPacket::new(self.codec.clone(), timestamp, payloads[number].clone())
                .with_marker(number + 1 == BURST)
        });
        self.track.write_packets(&packets);
        tokio::task::yield_now().await;
    }
}

struct Incoming {
    _connection: PeerConnection,
    events: Events,
    track: Option<RemoteTrack>,
    packets: Vec<RtpPacket>,
}

impl Incoming {
    async fn track(&mut self) -> &RemoteTrack {
        while self.track.is_none() {
            let event = self.events.next().await.expect("a living connection");
            if let Event::Track(added) = event {
                self.track = Some(added.track);
            }
        }
        self.track.as_ref().expect("it was found")
    }
}

impl Sink for Incoming {
    async fn recv(&mut self) -> usize {
        let track = self.track().await.clone();
        self.packets.clear();
        track.recv_packets(&mut self.packets).await
    }
}

fn main() {
    run(IronRtc);
}
