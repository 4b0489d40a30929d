//! rustrtc.

use std::sync::Arc;
use std::time::Duration;

use ::rustrtc::transports::datachannel::{DataChannel, DataChannelConfig, DataChannelEvent};
use ::rustrtc::{
    IceCandidate, PeerConnection, PeerConnectionEvent, RtcConfiguration, SdpType,
    SessionDescription,
};
use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use ironrtc_interop_driven::{
    Candidate, Connection, Description, Event, Failure, Link, Options, Reporter, Stack,
};

fn failed(error: impl ToString) -> Failure {
    Failure::new("Error", error)
}

pub(crate) struct Rustrtc;

#[async_trait]
impl Stack for Rustrtc {
    async fn create(&self, _: Value, reporter: Reporter) -> Result<Box<dyn Connection>, Failure> {
        let pc = PeerConnection::new(RtcConfiguration::default());
        report_states(
            &reporter,
            "signalingstatechange",
            pc.subscribe_signaling_state(),
        );
        report_states(
            &reporter,
            "iceconnectionstatechange",
            pc.subscribe_ice_connection_state(),
        );
        report_states(
            &reporter,
            "connectionstatechange",
            pc.subscribe_peer_state(),
        );
        let mut candidates = pc.subscribe_ice_candidates();
        let gathered = pc.clone();
        let trickling = reporter.clone();
        tokio::spawn(async move {
            while let Ok(candidate) = candidates.recv().await {
                trickling.candidate(Some(Candidate {
                    candidate: format!("candidate:{}", candidate.to_sdp()),
                    sdp_m_line_index: Some(0),
                    ..Candidate::default()
                }));
            }
        });
        let channels = pc.clone();
        tokio::spawn(async move {
            while let Some(event) = channels.recv().await {
                if let PeerConnectionEvent::DataChannel(channel) = event {
                    let pc = channels.clone();
                    reporter.channel(Arc::new(Dc { pc, channel }), "open").await;
                }
            }
        });
        Ok(Box::new(Connected(gathered)))
    }
}

fn report_states<T>(reporter: &Reporter, event: &'static str, mut states: watch::Receiver<T>)
where
    T: std::fmt::Debug + Send + Sync + 'static,
{
    let reporter = reporter.clone();
    tokio::spawn(async move {
        while states.changed().await.is_ok() {
            let state = name(&*states.borrow_and_update());
            reporter.state(event, state);
        }
    });
}

/// The W3C's name of a state.
fn name(state: &impl std::fmt::Debug) -> String {
    match &*format!("{state:?}") {
        "HaveLocalOffer" => "have-local-offer".into(),
        "HaveRemoteOffer" => "have-remote-offer".into(),
        word => word.to_lowercase(),
    }
}

fn describe(description: SessionDescription) -> Description {
    let sdp = description.to_sdp_string();
    Description {
        r#type: description.sdp_type.as_str().into(),
        sdp,
    }
}

fn parse(description: &Description) -> Result<SessionDescription, Failure> {
    let kind = match &*description.r#type {
        "offer" => SdpType::Offer,
        "answer" => SdpType::Answer,
        "pranswer" => SdpType::Pranswer,
        _ => SdpType::Rollback,
    };
    SessionDescription::parse(kind, &description.sdp).map_err(failed)
}

struct Connected(PeerConnection);

#[async_trait]
impl Connection for Connected {
    async fn create_offer(&self, ice_restart: bool) -> Result<Description, Failure> {
        if ice_restart {
            self.restart_ice().await?;
        }
        self.0.create_offer().await.map(describe).map_err(failed)
    }

    async fn create_answer(&self) -> Result<Description, Failure> {
        self.0.create_answer().await.map(describe).map_err(failed)
    }

    async fn set_local(&self, description: Option<Description>) -> Result<(), Failure> {
        let description = description.unwrap_or_default();
        self.0
            .set_local_description(parse(&description)?)
            .map_err(failed)
    }

    async fn set_remote(&self, description: Description) -> Result<(), Failure> {
        self.0
            .set_remote_description(parse(&description)?)
            .await
            .map_err(failed)
    }

    async fn local(&self) -> Option<Description> {
        self.0.local_description().map(describe)
    }

    async fn gathered(&self) {
        self.0.wait_for_gathering_complete().await;
    }

    async fn add_candidate(&self, candidate: Option<Candidate>) -> Result<(), Failure> {
        let line = candidate.unwrap_or_default().candidate;
        let line = line.strip_prefix("candidate:").unwrap_or(&line);
        if line.is_empty() {
            return Ok(());
        }
        let candidate = IceCandidate::from_sdp(line).map_err(failed)?;
        self.0.add_ice_candidate(candidate).map_err(failed)
    }

    async fn create_channel(&self, label: &str, init: Options) -> Result<Arc<dyn Link>, Failure> {
        let config = DataChannelConfig {
            ordered: init.ordered.unwrap_or(true),
            max_retransmits: init.max_retransmits,
            max_packet_life_time: init.max_packet_life_time,
            negotiated: init.negotiated_id(),
            protocol: init.protocol,
            ..DataChannelConfig::default()
        };
        let channel = self
            .0
            .create_data_channel(label, Some(config))
            .map_err(failed)?;
        let pc = self.0.clone();
        Ok(Arc::new(Dc { pc, channel }))
    }

    async fn restart_ice(&self) -> Result<(), Failure> {
        self.0.restart_ice().await.map_err(failed)
    }

    async fn sctp(&self) -> Value {
        Value::Null
    }

    async fn close(&self) -> Result<(), Failure> {
        self.0.close();
        Ok(())
    }
}

struct Dc {
    pc: PeerConnection,
    channel: Arc<DataChannel>,
}

#[async_trait]
impl Link for Dc {
    async fn info(&self) -> Value {
        let dc = &self.channel;
        json!({
            "label": dc.label,
            "protocol": dc.protocol,
            "ordered": dc.ordered,
            "negotiated": dc.negotiated,
            "id": dc.id,
            "maxRetransmits": dc.max_retransmits,
            "maxPacketLifeTime": dc.max_packet_life_time,
        })
    }

    async fn send(&self, text: bool, data: Bytes) -> Result<(), Failure> {
        let id = self.channel.id;
        let sent = if text {
            self.pc.send_text(id, String::from_utf8_lossy(&data)).await
        } else {
            self.pc.send_data(id, &data).await
        };
        sent.map_err(failed)
    }

    async fn has_sent(&self, limit: usize) -> Result<(), Failure> {
        // It tells of no amount on the way down.
        while self.channel.buffered_amount() > limit {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn close(&self) -> Result<(), Failure> {
        Err(failed("rustrtc cannot close a channel"))
    }

    async fn next(&self) -> Option<Event> {
        loop {
            return Some(match self.channel.recv().await? {
                DataChannelEvent::Open => Event::Open,
                DataChannelEvent::Close => Event::Close,
                DataChannelEvent::Message(data) => Event::Message {
                    // It does not tell text from bytes.
                    text: std::str::from_utf8(&data).is_ok(),
                    data,
                },
                DataChannelEvent::BufferedAmountLow(_) => continue,
            });
        }
    }
}
