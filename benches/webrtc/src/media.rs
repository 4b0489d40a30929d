//! The media of webrtc (webrtc-rs) under test, on its tokio runtime with its default interceptors, as
//! in its examples.
#![forbid(unsafe_code)]

use std::sync::Arc;

use bench_harness::media::{BURST, Media, Sink, Source, run};
use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp::{Packet, header::Header};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use tokio::sync::{Notify, mpsc};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCIceGatheringState, RTCPeerConnectionState, RTCSessionDescription, Registry,
    register_default_interceptors,
};
use webrtc::runtime::TokioRuntime;

const SSRC: u32 = 1234;

#[derive(Clone, Copy)]
struct Webrtc;

/// What a connection tells its application.
struct Handler {
    gathered: Arc<Notify>,
    connected: Arc<Notify>,
    tracks: mpsc::UnboundedSender<Arc<dyn TrackRemote>>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.gathered.notify_one();
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if state == RTCPeerConnectionState::Connected {
            self.connected.notify_one();
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let _ = self.tracks.send(track);
    }
}

struct Peer {
    connection: Arc<dyn PeerConnection>,
    gathered: Arc<Notify>,
    connected: Arc<Notify>,
    tracks: mpsc::UnboundedReceiver<Arc<dyn TrackRemote>>,
}

impl Peer {
    async fn new() -> Self {
        let mut engine = MediaEngine::default();
        engine.register_default_codecs().expect("codecs");
        let registry = register_default_interceptors(Registry::new(), &mut engine);
        let (tracks, incoming) = mpsc::unbounded_channel();
        let (gathered, connected) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = Handler {
            gathered: gathered.clone(),
            connected: connected.clone(),
            tracks,
        };
        let connection = PeerConnectionBuilder::new()
            .with_runtime(Arc::new(TokioRuntime))
            .with_media_engine(engine)
            .with_interceptor_registry(registry.expect("interceptors"))
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .build()
            .await
            .expect("a connection");
        Self {
            connection: Arc::new(connection),
            gathered,
            connected,
            tracks: incoming,
        }
    }

    /// Sets our description and waits until it has all candidates.
    async fn describe(&self, description: RTCSessionDescription) -> String {
        let set = self.connection.set_local_description(description).await;
        set.expect("ours");
        self.gathered.notified().await;
        let complete = self.connection.local_description().await;
        complete.expect("it was set").sdp
    }
}

impl Media for Webrtc {
    type Source = Outgoing;
    type Sink = Incoming;

    async fn source(self) -> (Outgoing, String) {
        let peer = Peer::new().await;
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(SSRC),
                ..Default::default()
            },
            codec: RTCRtpCodec {
                mime_type: "video/VP8".into(),
                clock_rate: 90_000,
                ..Default::default()
            },
            ..Default::default()
        };
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "bench".into(),
            "video".into(),
            "video".into(),
            RtpCodecKind::Video,
            vec![encoding],
        )));
        let added = peer.connection.add_track(track.clone()).await;
        added.expect("a track");
        let offer = peer.connection.create_offer(None).await.expect("an offer");
        let sdp = peer.describe(offer).await;
        let source = Outgoing {
            peer,
            track,
            sequence: 0,
        };
        (source, sdp)
    }

    async fn sink(self, offer: String) -> (Incoming, String) {
        let peer = Peer::new().await;
        let offer = RTCSessionDescription::offer(offer).expect("an offer");
        let set = peer.connection.set_remote_description(offer).await;
        set.expect("an offer");
        let answer = peer.connection.create_answer(None).await;
        let sdp = peer.describe(answer.expect("an answer")).await;
        (Incoming { peer, track: None }, sdp)
    }

    async fn forward(self, mut from: Incoming, mut to: Vec<Outgoing>) {
        loop {
            let packet = from.packet().await;
            for peer in &mut to {
                let (marker, payload) = (packet.header.marker, packet.payload.clone());
                peer.write(packet.header.timestamp, marker, payload).await;
            }
        }
    }
}

struct Outgoing {
    peer: Peer,
    track: Arc<TrackLocalStaticRTP>,
    sequence: u16,
}

impl Outgoing {
    async fn write(&mut self, timestamp: u32, marker: bool, payload: Bytes) {
        let header = Header {
            version: 2,
            marker,
            payload_type: 96,
            sequence_number: self.sequence,
            timestamp,
            ssrc: SSRC,
            ..Default::default()
        };
        self.sequence = self.sequence.wrapping_add(1);
        let written = self.track.write_rtp(Packet { header, payload }).await;
        written.expect("a bound track");
    }
}

impl Source for Outgoing {
    async fn accept(&mut self, answer: String) {
        let answer = RTCSessionDescription::answer(answer).expect("an answer");
        let set = self.peer.connection.set_remote_description(answer).await;
        set.expect("an answer");
    }

    async fn connected(&mut self) {
        self.peer.connected.notified().await;
    }

    async fn send(&mut self, payloads: &[Bytes; BURST], timestamp: u32) {
        for (number, payload) in payloads.iter().enumerate() {
            self.write(timestamp, number + 1 == BURST, payload.clone())
                .await;
        }
        tokio::task::yield_now().await;
    }
}

struct Incoming {
    peer: Peer,
    track: Option<Arc<dyn TrackRemote>>,
}

impl Incoming {
    async fn packet(&mut self) -> Packet {
        if self.track.is_none() {
            self.track = self.peer.tracks.recv().await;
        }
        let track = self.track.clone().expect("a track");
        loop {
            let event = track.poll().await.expect("the track lasts");
            if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                return packet;
            }
        }
    }
}

impl Sink for Incoming {
    async fn recv(&mut self) -> usize {
        self.packet().await;
        1
    }
}

fn main() {
    run(Webrtc);
}
