//! webrtc (webrtc-rs).

use std::sync::Arc;

use ::webrtc::data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit};
use ::webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceCandidateInit,
    RTCIceConnectionState, RTCIceGatheringState, RTCPeerConnectionIceEvent, RTCPeerConnectionState,
    RTCSessionDescription, RTCSignalingState,
};
use ::webrtc::runtime::TokioRuntime;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};
use tokio::sync::watch;

use ironrtc_interop_driven::{
    Candidate, Connection, Description, Event, Failure, Link, Options, Reporter, Stack,
};

/// Bytes that a channel may have waiting before a send waits.
const SEND_BUFFER: usize = 1024 * 1024;

fn failed(error: impl ToString) -> Failure {
    Failure::new("Error", error)
}

pub(crate) struct Webrtc;

#[async_trait]
impl Stack for Webrtc {
    async fn create(&self, _: Value, reporter: Reporter) -> Result<Box<dyn Connection>, Failure> {
        let gathering = Arc::new(watch::Sender::new("new".to_owned()));
        let handler = Handler {
            reporter,
            gathering: Arc::clone(&gathering),
        };
        let pc = PeerConnectionBuilder::new()
            .with_runtime(Arc::new(TokioRuntime))
            .with_handler(Arc::new(handler))
            .with_udp_addrs(vec!["0.0.0.0:0"])
            .with_data_channel_send_buffer_limit(SEND_BUFFER)
            .build()
            .await
            .map_err(failed)?;
        Ok(Box::new(Connected {
            pc: Arc::new(pc),
            gathering,
        }))
    }
}

struct Handler {
    reporter: Reporter,
    gathering: Arc<watch::Sender<String>>,
}

#[async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_negotiation_needed(&self) {
        self.reporter.negotiation_needed();
    }

    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        let Ok(candidate) = event.candidate.to_json() else {
            return;
        };
        self.reporter.candidate(Some(Candidate {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_m_line_index: candidate.sdp_mline_index,
            username_fragment: candidate.username_fragment,
        }));
    }

    async fn on_signaling_state_change(&self, state: RTCSignalingState) {
        self.reporter.state("signalingstatechange", state);
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        self.reporter.state("iceconnectionstatechange", state);
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.reporter.candidate(None);
        }
        self.reporter.state("icegatheringstatechange", state);
        self.gathering.send_replace(state.to_string());
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.reporter.state("connectionstatechange", state);
    }

    async fn on_data_channel(&self, channel: Arc<dyn DataChannel>) {
        self.reporter
            .channel(Arc::new(Dc(channel)), "connecting")
            .await;
    }
}

struct Connected {
    pc: Arc<dyn PeerConnection>,
    gathering: Arc<watch::Sender<String>>,
}

fn describe(description: RTCSessionDescription) -> Description {
    Description {
        r#type: description.sdp_type.to_string(),
        sdp: description.sdp,
    }
}

fn parse(description: Description) -> Result<RTCSessionDescription, Failure> {
    serde_json::from_value(json!(description)).map_err(failed)
}

#[async_trait]
impl Connection for Connected {
    async fn create_offer(&self, ice_restart: bool) -> Result<Description, Failure> {
        if ice_restart {
            // The type of the offer's options is private.
            self.restart_ice().await?;
        }
        let offer = self.pc.create_offer(None).await;
        offer.map(describe).map_err(failed)
    }

    async fn create_answer(&self) -> Result<Description, Failure> {
        self.pc
            .create_answer(None)
            .await
            .map(describe)
            .map_err(failed)
    }

    async fn set_local(&self, description: Option<Description>) -> Result<(), Failure> {
        let description = description.unwrap_or_default();
        self.pc
            .set_local_description(parse(description)?)
            .await
            .map_err(failed)
    }

    async fn set_remote(&self, description: Description) -> Result<(), Failure> {
        self.pc
            .set_remote_description(parse(description)?)
            .await
            .map_err(failed)
    }

    async fn local(&self) -> Option<Description> {
        self.pc.local_description().await.map(describe)
    }

    async fn gathered(&self) {
        // The sender is ours, so it is there.
        let _ = self
            .gathering
            .subscribe()
            .wait_for(|state| state == "complete")
            .await;
    }

    async fn add_candidate(&self, candidate: Option<Candidate>) -> Result<(), Failure> {
        let Some(candidate) = candidate else {
            return Ok(());
        };
        let candidate = RTCIceCandidateInit {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_m_line_index,
            username_fragment: candidate.username_fragment,
            ..Default::default()
        };
        self.pc.add_ice_candidate(candidate).await.map_err(failed)
    }

    async fn create_channel(&self, label: &str, init: Options) -> Result<Arc<dyn Link>, Failure> {
        let init = RTCDataChannelInit {
            ordered: init.ordered.unwrap_or(true),
            max_packet_life_time: init.max_packet_life_time,
            max_retransmits: init.max_retransmits,
            negotiated: init.negotiated_id(),
            protocol: init.protocol,
        };
        let channel = self
            .pc
            .create_data_channel(label, Some(init))
            .await
            .map_err(failed)?;
        Ok(Arc::new(Dc(channel)))
    }

    async fn restart_ice(&self) -> Result<(), Failure> {
        self.pc.restart_ice().await.map_err(failed)
    }

    async fn sctp(&self) -> Value {
        let Some(sctp) = self.pc.sctp().await else {
            return Value::Null;
        };
        json!({ "maxMessageSize": sctp.max_message_size().await.ok() })
    }

    async fn close(&self) -> Result<(), Failure> {
        self.pc.close().await.map_err(failed)
    }
}

struct Dc(Arc<dyn DataChannel>);

#[async_trait]
impl Link for Dc {
    async fn info(&self) -> Value {
        let dc = &self.0;
        json!({
            "label": dc.label().await.unwrap_or_default(),
            "protocol": dc.protocol().await.unwrap_or_default(),
            "ordered": dc.ordered().await.unwrap_or_default(),
            "negotiated": dc.negotiated().await.unwrap_or_default(),
            "id": dc.id(),
            "maxRetransmits": dc.max_retransmits().await.unwrap_or_default(),
            "maxPacketLifeTime": dc.max_packet_life_time().await.unwrap_or_default(),
        })
    }

    async fn send(&self, text: bool, data: Bytes) -> Result<(), Failure> {
        if text {
            let text = String::from_utf8_lossy(&data);
            return self.0.send_text(&text).await.map_err(failed);
        }
        self.0.send(BytesMut::from(&data[..])).await.map_err(failed)
    }

    async fn has_sent(&self, _: usize) -> Result<(), Failure> {
        // A send waits for room itself.
        Ok(())
    }

    async fn close(&self) -> Result<(), Failure> {
        self.0.close().await.map_err(failed)
    }

    async fn next(&self) -> Option<Event> {
        loop {
            return Some(match self.0.poll().await? {
                DataChannelEvent::OnOpen => Event::Open,
                DataChannelEvent::OnClose => Event::Close,
                DataChannelEvent::OnMessage(message) => Event::Message {
                    text: message.is_string,
                    data: message.data.freeze(),
                },
                _ => continue,
            });
        }
    }
}
