//! The exchange under way, and what the last one agreed on.

use super::SignalingState;
use super::read::Description;

/// The exchange under way (RFC 9429 section 3.2), with the descriptions that it has brought.
#[derive(Clone, Debug, Default)]
pub(super) enum Exchange {
    /// None is.
    #[default]
    Stable,
    /// Our offer waits for an answer.
    LocalOffer(Description),
    /// The peer's offer waits for our answer.
    RemoteOffer(Description),
    /// We answered the peer's offer for now.
    LocalPrAnswer {
        /// The peer's.
        offer: Description,
        /// Ours.
        answer: Description,
    },
    /// The peer answered our offer for now.
    RemotePrAnswer {
        /// Ours.
        offer: Description,
        /// The peer's.
        answer: Description,
    },
}

impl Exchange {
    pub(super) const fn state(&self) -> SignalingState {
        match self {
            Self::Stable => SignalingState::Stable,
            Self::LocalOffer(_) => SignalingState::HaveLocalOffer,
            Self::RemoteOffer(_) => SignalingState::HaveRemoteOffer,
            Self::LocalPrAnswer { .. } => SignalingState::HaveLocalPrAnswer,
            Self::RemotePrAnswer { .. } => SignalingState::HaveRemotePrAnswer,
        }
    }

    /// Our description.
    pub(super) const fn local(&self) -> Option<&Description> {
        match self {
            Self::LocalOffer(ours)
            | Self::LocalPrAnswer { answer: ours, .. }
            | Self::RemotePrAnswer { offer: ours, .. } => Some(ours),
            Self::Stable | Self::RemoteOffer(_) => None,
        }
    }

    pub(super) const fn local_mut(&mut self) -> Option<&mut Description> {
        match self {
            Self::LocalOffer(ours)
            | Self::LocalPrAnswer { answer: ours, .. }
            | Self::RemotePrAnswer { offer: ours, .. } => Some(ours),
            Self::Stable | Self::RemoteOffer(_) => None,
        }
    }

    /// The peer's description.
    pub(super) const fn remote(&self) -> Option<&Description> {
        match self {
            Self::RemoteOffer(theirs)
            | Self::RemotePrAnswer { answer: theirs, .. }
            | Self::LocalPrAnswer { offer: theirs, .. } => Some(theirs),
            Self::Stable | Self::LocalOffer(_) => None,
        }
    }

    pub(super) const fn remote_mut(&mut self) -> Option<&mut Description> {
        match self {
            Self::RemoteOffer(theirs)
            | Self::RemotePrAnswer { answer: theirs, .. }
            | Self::LocalPrAnswer { offer: theirs, .. } => Some(theirs),
            Self::Stable | Self::LocalOffer(_) => None,
        }
    }

    /// The peer's answer for now.
    pub(super) const fn provisional(&self) -> Option<&Description> {
        match self {
            Self::RemotePrAnswer { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// The offer, whoever made it.
    pub(super) fn into_offer(self) -> Option<Description> {
        match self {
            Self::LocalOffer(offer)
            | Self::RemoteOffer(offer)
            | Self::LocalPrAnswer { offer, .. }
            | Self::RemotePrAnswer { offer, .. } => Some(offer),
            Self::Stable => None,
        }
    }
}

/// What the last completed exchange agreed on.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    pub(super) local: Description,
    pub(super) remote: Description,
}

impl Agreed {
    /// Both sides have data channels.
    pub(super) fn has_data(&self) -> bool {
        self.local.data().is_some() && self.remote.data().is_some()
    }

    /// The peer has declined our data section.
    pub(super) fn peer_declined_data(&self) -> bool {
        self.local.data().is_some() && self.remote.data().is_none()
    }
}
