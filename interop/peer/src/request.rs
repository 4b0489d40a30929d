//! A command, with the union of all commands' arguments.

use std::path::PathBuf;

use ironrtc::observe::{Observer, Recorder};
use ironrtc::{Configuration, DataChannelInit, IceCandidateInit, IceServer, SessionDescription};
use serde::Deserialize;
use serde_json::Value;

use crate::output::Failure;

/// One line of input.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Request {
    pub(crate) id: u64,
    #[serde(rename = "do")]
    pub(crate) command: String,
    pub(crate) pc: String,
    pub(crate) channel: String,
    pub(crate) config: Config,
    pub(crate) options: Options,
    pub(crate) description: Option<Value>,
    pub(crate) candidate: Option<IceCandidateInit>,
    pub(crate) label: String,
    pub(crate) text: Option<String>,
    pub(crate) hex: Option<String>,
    pub(crate) bytes: usize,
    pub(crate) size: usize,
}

/// `RTCConfiguration`, as far as tests need it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Config {
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
    pub(crate) fn into_configuration(self) -> Result<Configuration, Failure> {
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

/// `RTCDataChannelInit` and `RTCOfferOptions` in one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Options {
    pub(crate) ice_restart: bool,
    ordered: Option<bool>,
    max_retransmits: Option<u16>,
    max_packet_life_time: Option<u16>,
    protocol: String,
    negotiated: bool,
    id: Option<u16>,
}

impl From<Options> for DataChannelInit {
    fn from(options: Options) -> Self {
        Self {
            ordered: options.ordered.unwrap_or(true),
            max_retransmits: options.max_retransmits,
            max_packet_life_time: options.max_packet_life_time,
            protocol: options.protocol,
            negotiated: options.negotiated,
            id: options.id,
            ..Self::default()
        }
    }
}

/// An `RTCSessionDescriptionInit`, or what is wrong with it.
pub(crate) fn read_description(description: Value) -> Result<SessionDescription, Failure> {
    serde_json::from_value(description).map_err(|error| Failure::new("TypeError", error))
}
