//! The messages on the demo server's WebSocket, as JSON. The page and `ironrtc send --via` speak
//! them.

use ironrtc::{IceCandidateInit, IceServer, SessionDescription};
use serde::{Deserialize, Serialize};

use crate::text::is_invisible;

/// Longest message either way, in bytes.
pub(crate) const MAX_MESSAGE: usize = 64 * 1024;
/// Longest name of a person, in characters.
const MAX_NAME: usize = 32;

/// Who makes the first offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Offerer {
    /// The page.
    #[default]
    Browser,
    /// The demo server.
    Server,
}

/// What a page's camera is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// The page gets it back.
    Echo,
    /// It becomes a file.
    Record,
    /// Other pages watch it.
    Forward,
}

/// A camera that can be watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CameraLine {
    pub(crate) id: u64,
    pub(crate) name: String,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordingLine {
    /// Its file, at `/recordings/`.
    pub(crate) name: String,
    /// Whose camera it is.
    pub(crate) from: String,
    pub(crate) size: u64,
    pub(crate) seconds: f64,
    /// It grows.
    pub(crate) running: bool,
}

/// What the server is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ToServer {
    /// First message of a page.
    Hello {
        /// How others see this person; the server finds one if it is empty.
        #[serde(default)]
        name: String,
        #[serde(default)]
        offerer: Offerer,
        /// Whether the server sends its candidates one by one.
        #[serde(default = "yes")]
        trickle: bool,
    },
    /// First message of a sender: asks for a short code.
    Share,
    /// First message of a receiver: redeems a short code.
    Join { code: String },
    /// For the peer.
    Description { description: SessionDescription },
    /// For the peer; `None` once there are no more.
    Candidate { candidate: Option<IceCandidateInit> },
    /// The page wants the server to restart ICE.
    Restart,
    /// What the tracks that the page's next offer brings are for; `None` ends it.
    Camera { purpose: Option<Purpose> },
    /// Which camera the page watches, by its number; `None` for none.
    Watch { camera: Option<u64> },
    /// The page leaves.
    Bye,
}

const fn yes() -> bool {
    true
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ToClient {
    /// Answer to `Hello`.
    Welcome {
        name: String,
        version: String,
        #[serde(rename = "iceServers")]
        ice_servers: Vec<IceServer>,
    },
    /// Answer to `Share`.
    Code { code: String },
    /// Sender and receiver have met.
    Joined,
    /// The other one has gone.
    Left,
    /// Of the peer.
    Description { description: SessionDescription },
    /// Of the peer.
    Candidate { candidate: Option<IceCandidateInit> },
    /// How the server sees the connection.
    State(Box<serde_json::Value>),
    /// The cameras of others, to be watched; sent whole when they change.
    Cameras { cameras: Vec<CameraLine> },
    /// All recordings of this run, newest first; sent whole when they change.
    Recordings { recordings: Vec<RecordingLine> },
    /// What the page's camera was for has ended.
    Off { text: String },
    /// Something to know.
    Notice { text: String },
    /// Something went wrong.
    Error { text: String },
}

impl ToServer {
    /// Reads a message of a client.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_MESSAGE {
            return Err(format!("a message is longer than {MAX_MESSAGE} bytes"));
        }
        serde_json::from_str(text).map_err(|error| format!("a message is no good: {error}"))
    }
}

/// The JSON form of a message.
pub(crate) fn to_json(message: &impl Serialize) -> String {
    // Strings, numbers and lists of them always have a JSON form.
    serde_json::to_string(message).unwrap_or_default()
}

/// A name that can be shown: one line, not too long, maybe empty.
pub(crate) fn clean_name(name: &str) -> String {
    let visible: String = name
        .chars()
        .filter(|c| !is_invisible(*c))
        .take(MAX_NAME)
        .collect();
    visible.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_sends_is_understood() {
        let hello = ToServer::parse(r#"{"type":"hello"}"#).unwrap();
        assert_eq!(
            hello,
            ToServer::Hello {
                name: String::new(),
                offerer: Offerer::Browser,
                trickle: true
            }
        );
        let text = r#"{"type":"candidate","candidate":{"candidate":"candidate:1","sdpMid":"0",
            "sdpMLineIndex":0,"usernameFragment":"ab","extra":1}}"#;
        let ToServer::Candidate { candidate } = ToServer::parse(text).unwrap() else {
            panic!("not a candidate");
        };
        let init = candidate.unwrap();
        assert_eq!(init.candidate, "candidate:1");
        assert_eq!(init.sdp_mid.as_deref(), Some("0"));
        assert_eq!(init.sdp_mline_index, Some(0));
        assert_eq!(init.username_fragment.as_deref(), Some("ab"));
        let end = ToServer::parse(r#"{"type":"candidate","candidate":null}"#).unwrap();
        assert_eq!(end, ToServer::Candidate { candidate: None });
    }

    #[test]
    fn what_a_browser_is_sent() {
        let candidate = IceCandidateInit {
            candidate: "c".into(),
            sdp_mline_index: Some(0),
            ..IceCandidateInit::default()
        };
        let text = to_json(&ToClient::Candidate {
            candidate: Some(candidate),
        });
        assert_eq!(
            text,
            r#"{"type":"candidate","candidate":{"candidate":"c","sdpMid":null,"sdpMLineIndex":0,"usernameFragment":null}}"#
        );
    }

    #[test]
    fn the_page_is_told_of_servers_as_browsers_write_them() {
        let welcome = ToClient::Welcome {
            name: "a".into(),
            version: "1".into(),
            ice_servers: vec![IceServer::stun("stun:host")],
        };
        assert_eq!(
            to_json(&welcome),
            r#"{"type":"welcome","name":"a","version":"1","iceServers":[{"urls":["stun:host"]}]}"#
        );
        let offer = ToClient::Description {
            description: SessionDescription::offer("v=0"),
        };
        assert_eq!(
            to_json(&offer),
            r#"{"type":"description","description":{"type":"offer","sdp":"v=0"}}"#
        );
    }

    #[test]
    fn hostile_messages_are_refused_with_a_reason() {
        for text in [
            "",
            "null",
            r#"{"type":"nothing"}"#,
            r#"{"type":"join"}"#,
            r#"{"type":"hello","offerer":"nobody"}"#,
            r#"{"type":"candidate","candidate":{"sdpMLineIndex":70000}}"#,
            r#"{"type":"description","description":{"type":"maybe","sdp":""}}"#,
        ] {
            assert!(
                ToServer::parse(text).unwrap_err().contains("no good"),
                "{text}"
            );
        }
        assert!(
            ToServer::parse(&" ".repeat(MAX_MESSAGE + 1))
                .unwrap_err()
                .contains("longer")
        );
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(clean_name(" Ada\n\u{7}Lovelace "), "AdaLovelace");
        assert_eq!(clean_name(&"x".repeat(100)).len(), MAX_NAME);
    }
}
