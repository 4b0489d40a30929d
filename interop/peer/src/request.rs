//! A command, with the union of all commands' arguments.

use ironrtc::{Configuration, DataChannelInit, IceCandidateInit, IceServer, SessionDescription};
use serde::Deserialize;
use serde_json::{Value, json};

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
    pub(crate) description: Option<Description>,
    pub(crate) candidate: Option<Candidate>,
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
    ice_servers: Vec<Server>,
    bind: Vec<std::net::SocketAddr>,
}

#[derive(Debug, Deserialize)]
struct Server {
    urls: Vec<String>,
}

impl From<Config> for Configuration {
    fn from(config: Config) -> Self {
        let servers = config.ice_servers.into_iter().map(|server| IceServer {
            urls: server.urls,
            ..IceServer::default()
        });
        Self {
            ice_servers: servers.collect(),
            bind: config.bind,
            ..Self::default()
        }
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

/// `RTCSessionDescriptionInit`.
#[derive(Debug, Deserialize)]
pub(crate) struct Description {
    r#type: String,
    #[serde(default)]
    sdp: String,
}

impl TryFrom<Description> for SessionDescription {
    type Error = Failure;

    fn try_from(description: Description) -> Result<Self, Failure> {
        let kind = description.r#type.parse();
        Ok(Self {
            kind: kind.map_err(|error: String| Failure::new("TypeError", error))?,
            sdp: description.sdp,
        })
    }
}

/// A description as an answer shows it.
pub(crate) fn describe(description: Option<&SessionDescription>) -> Value {
    description.map_or(
        Value::Null,
        |description| json!({ "type": description.kind.name(), "sdp": description.sdp }),
    )
}

/// `RTCIceCandidateInit`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Candidate {
    candidate: String,
    sdp_mid: Option<String>,
    sdp_m_line_index: Option<u16>,
    username_fragment: Option<String>,
}

impl From<Candidate> for IceCandidateInit {
    fn from(candidate: Candidate) -> Self {
        Self {
            candidate: candidate.candidate,
            sdp_mid: candidate.sdp_mid,
            sdp_mline_index: candidate.sdp_m_line_index,
            username_fragment: candidate.username_fragment,
        }
    }
}
