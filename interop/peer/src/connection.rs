//! IronRTC's connections.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use ironrtc::observe::{Observer, Recorder};
use ironrtc::{
    Configuration, DataChannelInit, DataChannelState, Error, Event, Events, IceCandidateInit,
    IceServer, OfferOptions, PeerConnection, SessionDescription, Stats, StatsReport,
};
use ironrtc_interop_driven::{
    Candidate, Connection, Description, Failure, Link, Options, Reporter, Stack,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::channel::Channel;
use crate::media::{Media, Tracks, Transceivers};

/// All connections of the process know the same tracks.
#[derive(Default)]
pub(crate) struct IronRtc {
    tracks: Tracks,
}

/// `RTCConfiguration`, as far as tests need it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    ice_servers: Vec<IceServer>,
    bind: Vec<std::net::SocketAddr>,
    record: Option<Record>,
}

/// Files that show what the connection does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    capture: PathBuf,
    key_log: PathBuf,
}

impl Config {
    fn into_configuration(self) -> Result<Configuration, Failure> {
        let observer = match self.record {
            Some(record) => Recorder::new()
                .capture(record.capture)
                .and_then(|recorder| recorder.key_log(record.key_log))
                .map_err(|error| Failure::new("NotReadableError", error))?
                .observer(),
            None => Observer::default(),
        };
        Ok(Configuration::default()
            .ice_servers(self.ice_servers)
            .bind(self.bind)
            .observer(observer))
    }
}

#[async_trait]
impl Stack for IronRtc {
    async fn create(
        &self,
        config: Value,
        reporter: Reporter,
    ) -> Result<Box<dyn Connection>, Failure> {
        let config = match config {
            Value::Null => Config::default(),
            config => serde_json::from_value(config).map_err(wrong)?,
        };
        let pc = PeerConnection::new(config.into_configuration()?)
            .map_err(|error| Failure::new(error.name(), error))?;
        let media = Media::new(pc.clone(), reporter.clone(), self.tracks.clone());
        tokio::spawn(report(reporter, pc.events(), media.transceivers.clone()));
        Ok(Box::new(Connected { pc, media }))
    }
}

fn wrong(error: serde_json::Error) -> Failure {
    Failure::new("TypeError", error)
}

fn failed(error: Error) -> Failure {
    Failure::new(error.name(), error)
}

fn read(description: &Description) -> Result<SessionDescription, Failure> {
    serde_json::from_value(json!(description)).map_err(wrong)
}

fn write(description: &SessionDescription) -> Description {
    Description {
        r#type: description.kind.as_str().to_owned(),
        sdp: description.sdp.clone(),
    }
}

struct Connected {
    pc: PeerConnection,
    media: Media,
}

#[async_trait]
impl Connection for Connected {
    async fn create_offer(&self, ice_restart: bool) -> Result<Description, Failure> {
        let options = OfferOptions::default().ice_restart(ice_restart);
        let offer = self.pc.create_offer(options).await.map_err(failed)?;
        Ok(write(&offer))
    }

    async fn create_answer(&self) -> Result<Description, Failure> {
        let answer = self.pc.create_answer().await.map_err(failed)?;
        Ok(write(&answer))
    }

    fn describes_itself(&self) -> bool {
        true
    }

    async fn set_local(&self, description: Option<Description>) -> Result<(), Failure> {
        let description = description.as_ref().map(read).transpose()?;
        let applied = self.pc.set_local_description(description).await;
        applied.map_err(failed)
    }

    async fn set_remote(&self, description: Description) -> Result<(), Failure> {
        let applied = self.pc.set_remote_description(read(&description)?).await;
        applied.map_err(failed)
    }

    async fn local(&self) -> Option<Description> {
        self.pc.local_description().as_ref().map(write)
    }

    async fn gathered(&self) {
        self.pc.gathering_complete().await;
    }

    async fn add_candidate(&self, candidate: Option<Candidate>) -> Result<(), Failure> {
        let candidate = candidate.map_or_else(IceCandidateInit::default, |it| IceCandidateInit {
            candidate: it.candidate,
            sdp_mid: it.sdp_mid,
            sdp_mline_index: it.sdp_m_line_index,
            username_fragment: it.username_fragment,
        });
        self.pc.add_ice_candidate(candidate).await.map_err(failed)
    }

    async fn create_channel(&self, label: &str, init: Options) -> Result<Arc<dyn Link>, Failure> {
        let init = DataChannelInit {
            ordered: init.ordered.unwrap_or(true),
            max_retransmits: init.max_retransmits,
            max_packet_life_time: init.max_packet_life_time,
            protocol: init.protocol,
            negotiated: init.negotiated,
            id: init.id,
            ..DataChannelInit::default()
        };
        let made = self.pc.create_data_channel(label, init);
        let handle = made.map_err(|error| Failure::new(error.name(), error))?;
        Ok(Arc::new(Channel::new(handle)))
    }

    async fn restart_ice(&self) -> Result<(), Failure> {
        self.pc.restart_ice();
        Ok(())
    }

    async fn run(&self, command: &str, arguments: Map<String, Value>) -> Result<Value, Failure> {
        self.media.run(command, arguments).await
    }

    async fn states(&self) -> Option<Value> {
        Some(states(&self.pc))
    }

    async fn sctp(&self) -> Value {
        sctp(&self.pc)
    }

    async fn stats(&self) -> Option<Value> {
        Some(stats(&self.pc.get_stats().await))
    }

    async fn close(&self) -> Result<(), Failure> {
        self.pc.close().await;
        Ok(())
    }
}

/// Reports until the connection is closed.
async fn report(reporter: Reporter, mut events: Events, transceivers: Transceivers) {
    while let Some(event) = events.next().await {
        match event {
            Event::NegotiationNeeded => reporter.negotiation_needed(),
            Event::SignalingStateChange(state) => reporter.state("signalingstatechange", state),
            Event::IceGatheringStateChange(state) => {
                reporter.state("icegatheringstatechange", state);
            }
            Event::IceConnectionStateChange(state) => {
                reporter.state("iceconnectionstatechange", state);
            }
            Event::ConnectionStateChange(state) => reporter.state("connectionstatechange", state),
            Event::IceCandidate(candidate) => reporter.candidate(candidate.map(|it| Candidate {
                candidate: it.candidate,
                sdp_mid: it.sdp_mid,
                sdp_m_line_index: it.sdp_mline_index,
                username_fragment: it.username_fragment,
            })),
            Event::IceCandidateError {
                address,
                url,
                error_code,
                error_text,
            } => reporter.event(
                "icecandidateerror",
                json!({
                    "address": address.map(|address| address.to_string()),
                    "url": url,
                    "errorCode": error_code,
                    "errorText": error_text,
                }),
            ),
            Event::DataChannel(handle) => {
                let state = match handle.ready_state() {
                    DataChannelState::Connecting => "connecting",
                    _ => "open",
                };
                let channel = Arc::new(Channel::new(handle));
                reporter.channel(channel, state).await;
            }
            Event::Track(added) => transceivers.report(&reporter, &added),
            _ => {}
        }
    }
}

/// The connection's states.
fn states(pc: &PeerConnection) -> Value {
    json!({
        "signaling": pc.signaling_state().as_str(),
        "iceGathering": pc.ice_gathering_state().to_string(),
        "iceConnection": pc.ice_connection_state().to_string(),
        "connection": pc.connection_state().as_str(),
    })
}

/// The SCTP transport.
fn sctp(pc: &PeerConnection) -> Value {
    pc.sctp().map_or(
        Value::Null,
        |sctp| json!({ "state": sctp.state.as_str(), "maxMessageSize": sctp.max_message_size }),
    )
}

/// All statistics, as a list of objects.
fn stats(report: &StatsReport) -> Value {
    report
        .iter()
        .map(|object| object_of(report, object))
        .collect()
}

fn object_of(report: &StatsReport, stats: &Stats) -> Value {
    let mut object = Map::new();
    object.insert("id".into(), stats.id().into());
    object.insert("type".into(), stats.stats_type().as_str().into());
    object.insert("timestamp".into(), report.timestamp().into());
    for (name, value) in stats.members() {
        object.insert(name.into(), json!(value));
    }
    Value::Object(object)
}
