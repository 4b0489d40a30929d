//! Roles, states and what the agent reports.

use std::net::SocketAddr;

use super::{Candidate, Route};
use crate::words::words;

/// Which side nominates (RFC 8445 section 6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// This side nominates the pair that is used.
    Controlling,
    /// The peer nominates.
    Controlled,
}

impl Role {
    /// The other role.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Controlling => Self::Controlled,
            Self::Controlled => Self::Controlling,
        }
    }
}

words!(Role, "ICE role", { Controlling => "controlling", Controlled => "controlled" });

/// The connection state, with the meanings of W3C's `RTCIceTransportState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IceState {
    /// Gathering, or waiting for remote candidates.
    New,
    /// There are pairs to check and none works yet.
    Checking,
    /// A pair works.
    Connected,
    /// A pair is nominated and neither side has more candidates.
    Completed,
    /// No sign of life from the peer lately; this may pass.
    Disconnected,
    /// No pair works, or consent expired; only an ICE restart helps.
    Failed,
    /// Closed by this side.
    Closed,
}

words!(IceState, "ICE connection state", {
    New => "new",
    Checking => "checking",
    Connected => "connected",
    Completed => "completed",
    Disconnected => "disconnected",
    Failed => "failed",
    Closed => "closed",
});

/// The gathering state, with the meanings of W3C's `RTCIceGathererState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GatheringState {
    /// Not started in this generation.
    #[default]
    New,
    /// Sockets or STUN answers are outstanding.
    Gathering,
    /// All local candidates of this generation are known.
    Complete,
}

words!(GatheringState, "ICE gathering state", {
    New => "new",
    Gathering => "gathering",
    Complete => "complete",
});

/// What the agent reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The connection state changed.
    StateChange(IceState),
    /// The gathering state changed.
    GatheringStateChange(GatheringState),
    /// A local candidate for the peer.
    LocalCandidate(Candidate),
    /// A STUN server did not help, as in W3C's `icecandidateerror`.
    CandidateError {
        /// The local socket that asked, if it came that far.
        address: Option<SocketAddr>,
        /// The server's URL.
        url: String,
        /// The server's STUN error code, or 701 if it could not be reached.
        error_code: u16,
        /// The reason.
        error_text: String,
    },
    /// Data goes another way from now on.
    SelectedPairChange(Route),
}
