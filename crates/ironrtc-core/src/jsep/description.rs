//! Descriptions as an application exchanges them, and the signalling state.

use crate::words::words;

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

words!(SdpType, "type of a description", {
    Offer => "offer",
    PrAnswer => "pranswer",
    Answer => "answer",
    Rollback => "rollback",
});

/// A session description (`RTCSessionDescription`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SessionDescription {
    /// Its kind; `type` in JavaScript.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub kind: SdpType,
    /// The text; empty for a rollback.
    #[cfg_attr(feature = "serde", serde(default))]
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

words!(SignalingState, "signaling state", {
    Stable => "stable",
    HaveLocalOffer => "have-local-offer",
    HaveRemoteOffer => "have-remote-offer",
    HaveLocalPrAnswer => "have-local-pranswer",
    HaveRemotePrAnswer => "have-remote-pranswer",
    Closed => "closed",
});

impl SignalingState {
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
