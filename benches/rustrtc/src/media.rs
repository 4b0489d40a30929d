//! rustrtc's media under test, with its defaults.
#![forbid(unsafe_code)]

use std::sync::Arc;

use bench_harness::media::{BURST, Media, Sink, Source, run};
use bytes::Bytes;
use rustrtc::media::{
    MediaKind, MediaSample, MediaStreamTrack, SampleStreamSource, SampleStreamTrack, VideoFrame,
    sample_track,
};
use rustrtc::{
    PeerConnection, PeerConnectionEvent, RtcConfiguration, RtpCodecParameters, SdpType,
    SessionDescription,
};

/// Packets that its queues hold: more than are ever on their way.
const QUEUE: usize = 256;

#[derive(Clone, Copy)]
struct Rustrtc;

fn connection() -> PeerConnection {
    PeerConnection::new(RtcConfiguration {
        bind_ip: Some("127.0.0.1".into()),
        disable_ipv6: true,
        ..RtcConfiguration::default()
    })
}

impl Media for Rustrtc {
    type Source = Outgoing;
    type Sink = Incoming;

    async fn source(self) -> (Outgoing, String) {
        let connection = connection();
        let (source, track, feedback) = sample_track(MediaKind::Video, QUEUE);
        let vp8 = RtpCodecParameters {
            payload_type: 96,
            name: "VP8".into(),
            clock_rate: 90_000,
            channels: 0,
        };
        connection.add_track(track, vp8).expect("a track");
        connection
            .create_offer()
            .await
            .expect("it starts to gather");
        connection.wait_for_gathering_complete().await;
        let offer = connection.create_offer().await.expect("an offer");
        connection
            .set_local_description(offer.clone())
            .expect("our offer");
        let source = Outgoing {
            connection,
            source,
            _feedback: Box::new(feedback),
        };
        (source, offer.to_sdp_string())
    }

    async fn sink(self, offer: String) -> (Incoming, String) {
        let connection = connection();
        let offer = SessionDescription::parse(SdpType::Offer, &offer).expect("an offer");
        connection
            .set_remote_description(offer)
            .await
            .expect("an offer");
        connection
            .create_answer()
            .await
            .expect("it starts to gather");
        connection.wait_for_gathering_complete().await;
        let answer = connection.create_answer().await.expect("an answer");
        connection
            .set_local_description(answer.clone())
            .expect("our answer");
        let sink = Incoming {
            connection,
            track: None,
        };
        (sink, answer.to_sdp_string())
    }

    async fn forward(self, mut from: Incoming, to: Vec<Outgoing>) {
        let track = from.track().await;
        loop {
            let MediaSample::Video(frame) = track.recv().await.expect("the track lasts") else {
                continue;
            };
            for peer in &to {
                let copy = VideoFrame {
                    rtp_timestamp: frame.rtp_timestamp,
                    is_last_packet: frame.is_last_packet,
                    data: frame.data.clone(),
                    ..VideoFrame::default()
                };
                peer.source.send_video(copy).expect("room");
            }
        }
    }
}

struct Outgoing {
    connection: PeerConnection,
    source: SampleStreamSource,
    /// Requests of the peer's, which nobody reads.
    _feedback: Box<dyn std::any::Any>,
}

impl Source for Outgoing {
    async fn accept(&mut self, answer: String) {
        let answer = SessionDescription::parse(SdpType::Answer, &answer).expect("an answer");
        self.connection
            .set_remote_description(answer)
            .await
            .expect("an answer");
    }

    async fn connected(&mut self) {
        self.connection
            .wait_for_connected()
            .await
            .expect("a connection");
    }

    async fn send(&mut self, payloads: &[Bytes; BURST], timestamp: u32) {
        for (number, payload) in payloads.iter().enumerate() {
            let frame = VideoFrame {
                rtp_timestamp: timestamp,
                is_last_packet: number + 1 == BURST,
                data: payload.clone(),
                ..VideoFrame::default()
            };
            self.source.send_video(frame).expect("room");
        }
        tokio::task::yield_now().await;
    }
}

struct Incoming {
    connection: PeerConnection,
    track: Option<Arc<SampleStreamTrack>>,
}

impl Incoming {
    async fn track(&mut self) -> Arc<SampleStreamTrack> {
        while self.track.is_none() {
            let event = self.connection.recv().await.expect("a living connection");
            if let PeerConnectionEvent::Track(transceiver) = event {
                self.track = transceiver.receiver().map(|receiver| receiver.track());
            }
        }
        self.track.clone().expect("it was found")
    }
}

impl Sink for Incoming {
    async fn recv(&mut self) -> usize {
        let track = self.track().await;
        track.recv().await.expect("the track lasts");
        1
    }
}

fn main() {
    run(Rustrtc);
}
