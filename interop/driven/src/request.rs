//! A command, with the union of all commands' arguments.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One line of input.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Request {
    pub(crate) id: u64,
    #[serde(rename = "do")]
    pub(crate) command: String,
    pub(crate) pc: String,
    pub(crate) channel: String,
    pub(crate) config: Value,
    pub(crate) options: Options,
    pub(crate) description: Option<Description>,
    pub(crate) candidate: Option<Candidate>,
    pub(crate) label: String,
    pub(crate) text: Option<String>,
    pub(crate) hex: Option<String>,
    pub(crate) bytes: usize,
    pub(crate) size: usize,
    /// Arguments of a command of the stack's own.
    #[serde(flatten)]
    pub(crate) own: Map<String, Value>,
}

/// `RTCDataChannelInit` and `RTCOfferOptions` in one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// `iceRestart`.
    pub ice_restart: bool,
    /// `ordered`.
    pub ordered: Option<bool>,
    /// `maxRetransmits`.
    pub max_retransmits: Option<u16>,
    /// `maxPacketLifeTime`.
    pub max_packet_life_time: Option<u16>,
    /// `protocol`.
    pub protocol: String,
    /// `negotiated`.
    pub negotiated: bool,
    /// `id`.
    pub id: Option<u16>,
}

impl Options {
    /// The id, if both sides make the channel under it.
    pub fn negotiated_id(&self) -> Option<u16> {
        self.id.filter(|_| self.negotiated)
    }
}

/// `RTCSessionDescriptionInit`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Description {
    /// `type`.
    pub r#type: String,
    /// `sdp`.
    pub sdp: String,
}

/// `RTCIceCandidateInit`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Candidate {
    /// `candidate`.
    pub candidate: String,
    /// `sdpMid`.
    pub sdp_mid: Option<String>,
    /// `sdpMLineIndex`.
    pub sdp_m_line_index: Option<u16>,
    /// `usernameFragment`.
    pub username_fragment: Option<String>,
}
