//! Descriptions as an application exchanges them, and the signalling state.

use std::fmt;
use std::str::FromStr;

/// The kind of a description (`RTCSdpType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdpType {
    /// Proposes a session.
    Offer,
    /// Answers for now; a final answer follows.
    PrAnswer,
    /// Answers.
    Answer,
    /// Takes the last offer back.
    Rollback,
}

impl SdpType {
    /// W3C's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::PrAnswer => "pranswer",
            Self::Answer => "answer",
            Self::Rollback => "rollback",
        }
    }
}

impl fmt::Display for SdpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SdpType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Offer, Self::PrAnswer, Self::Answer, Self::Rollback]
            .into_iter()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                format!("a description is an offer, pranswer, answer or rollback, not {text:?}")
            })
    }
}

/// A session description (`RTCSessionDescription`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDescription {
    /// Its kind; `type` in JavaScript.
    pub kind: SdpType,
    /// The text; empty for a rollback.
    pub sdp: String,
}

impl SessionDescription {
    /// An offer.
    pub fn offer(sdp: impl Into<String>) -> Self {
        Self {
            kind: SdpType::Offer,
            sdp: sdp.into(),
        }
    }

    /// An answer.
    pub fn answer(sdp: impl Into<String>) -> Self {
        Self {
            kind: SdpType::Answer,
            sdp: sdp.into(),
        }
    }

    /// A rollback.
    pub fn rollback() -> Self {
        Self {
            kind: SdpType::Rollback,
            sdp: String::new(),
        }
    }
}

/// Where offer and answer stand (`RTCSignalingState`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalingState {
    /// No exchange is under way.
    Stable,
    /// Our offer waits for an answer.
    HaveLocalOffer,
    /// The peer's offer waits for our answer.
    HaveRemoteOffer,
    /// We answered for now.
    HaveLocalPrAnswer,
    /// The peer answered for now.
    HaveRemotePrAnswer,
    /// Closed.
    Closed,
}

impl SignalingState {
    /// W3C's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::HaveLocalOffer => "have-local-offer",
            Self::HaveRemoteOffer => "have-remote-offer",
            Self::HaveLocalPrAnswer => "have-local-pranswer",
            Self::HaveRemotePrAnswer => "have-remote-pranswer",
            Self::Closed => "closed",
        }
    }

    /// RFC 9429 section 4.1.3: the state after our description, or `None` where it is not allowed.
    pub(super) const fn after_local(self, kind: SdpType) -> Option<Self> {
        match (kind, self) {
            (SdpType::Offer, Self::Stable | Self::HaveLocalOffer) => Some(Self::HaveLocalOffer),
            (SdpType::Answer, Self::HaveRemoteOffer | Self::HaveLocalPrAnswer) => {
                Some(Self::Stable)
            }
            (SdpType::PrAnswer, Self::HaveRemoteOffer | Self::HaveLocalPrAnswer) => {
                Some(Self::HaveLocalPrAnswer)
            }
            (SdpType::Rollback, Self::HaveLocalOffer | Self::HaveRemoteOffer) => Some(Self::Stable),
            _ => None,
        }
    }

    /// The state after the peer's description. A rollback undoes either side's offer.
    pub(super) const fn after_remote(self, kind: SdpType) -> Option<Self> {
        match (kind, self) {
            (SdpType::Offer, Self::Stable | Self::HaveRemoteOffer) => Some(Self::HaveRemoteOffer),
            (SdpType::Answer, Self::HaveLocalOffer | Self::HaveRemotePrAnswer) => {
                Some(Self::Stable)
            }
            (SdpType::PrAnswer, Self::HaveLocalOffer | Self::HaveRemotePrAnswer) => {
                Some(Self::HaveRemotePrAnswer)
            }
            (SdpType::Rollback, _) => self.after_local(kind),
            _ => None,
        }
    }
}

impl fmt::Display for SignalingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
