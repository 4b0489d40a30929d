//! A command, with the union of all commands' arguments.

use serde::{Deserialize, Serialize};

/// One line of input.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Request {
    pub(crate) id: u64,
    #[serde(rename = "do")]
    pub(crate) command: String,
    pub(crate) pc: String,
    pub(crate) channel: String,
    pub(crate) options: Options,
    pub(crate) description: Option<Description>,
    pub(crate) candidate: Option<Candidate>,
    pub(crate) label: String,
    pub(crate) text: Option<String>,
    pub(crate) hex: Option<String>,
    pub(crate) bytes: usize,
    pub(crate) size: usize,
}

/// `RTCDataChannelInit` and `RTCOfferOptions` in one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Options {
    pub(crate) ice_restart: bool,
    pub(crate) ordered: Option<bool>,
    pub(crate) max_retransmits: Option<u16>,
    pub(crate) max_packet_life_time: Option<u16>,
    pub(crate) protocol: String,
    pub(crate) negotiated: bool,
    pub(crate) id: Option<u16>,
}

impl Options {
    /// The id, if both sides make the channel under it.
    pub(crate) fn negotiated_id(&self) -> Option<u16> {
        self.id.filter(|_| self.negotiated)
    }
}

/// `RTCSessionDescriptionInit`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Description {
    pub(crate) r#type: String,
    pub(crate) sdp: String,
}

/// `RTCIceCandidateInit`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Candidate {
    pub(crate) candidate: String,
    pub(crate) sdp_mid: Option<String>,
    pub(crate) sdp_m_line_index: Option<u16>,
    pub(crate) username_fragment: Option<String>,
}
