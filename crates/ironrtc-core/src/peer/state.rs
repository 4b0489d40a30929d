//! The states of a connection, as the W3C derives them from those of its transports.

use crate::dtls::DtlsState;
use crate::ice::{GatheringState, IceState};
use crate::words::words;

/// `RTCPeerConnectionState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// Nothing has begun.
    New,
    /// ICE or DTLS is on its way.
    Connecting,
    /// Messages flow.
    Connected,
    /// No sign of life lately; this may pass.
    Disconnected,
    /// Given up; ICE's failure can be repaired by a restart, that of DTLS cannot.
    Failed,
    /// Closed by this side.
    Closed,
}

words!(ConnectionState, "connection state", {
    New => "new",
    Connecting => "connecting",
    Connected => "connected",
    Disconnected => "disconnected",
    Failed => "failed",
    Closed => "closed",
});

impl ConnectionState {
    /// webrtc-pc section 4.3.3, for the one transport that there is.
    pub(super) const fn of(ice: IceState, dtls: DtlsState) -> Self {
        match (ice, dtls) {
            (IceState::Failed, _) | (_, DtlsState::Failed) => Self::Failed,
            (IceState::Disconnected, _) => Self::Disconnected,
            (IceState::New | IceState::Closed, DtlsState::New | DtlsState::Closed) => Self::New,
            (
                IceState::Connected | IceState::Completed | IceState::Closed,
                DtlsState::Connected | DtlsState::Closed,
            ) => Self::Connected,
            _ => Self::Connecting,
        }
    }
}

/// What the application has been told, or is about to be told by the events that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct States {
    pub(super) ice: IceState,
    pub(super) gathering: GatheringState,
    pub(super) dtls: DtlsState,
    pub(super) connection: ConnectionState,
}

impl Default for States {
    fn default() -> Self {
        Self {
            ice: IceState::New,
            gathering: GatheringState::New,
            dtls: DtlsState::New,
            connection: ConnectionState::New,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of webrtc-pc section 4.3.3 row by row; the first that applies counts.
    #[test]
    fn the_connection_state_follows_the_table() {
        use {DtlsState as D, IceState as I};
        let ice = [
            I::New,
            I::Checking,
            I::Connected,
            I::Completed,
            I::Disconnected,
            I::Failed,
            I::Closed,
        ];
        let dtls = [D::New, D::Connecting, D::Connected, D::Closed, D::Failed];
        for i in ice {
            for d in dtls {
                let expected = if i == I::Failed || d == D::Failed {
                    ConnectionState::Failed
                } else if i == I::Disconnected {
                    ConnectionState::Disconnected
                } else if [I::New, I::Closed].contains(&i) && [D::New, D::Closed].contains(&d) {
                    ConnectionState::New
                } else if [I::Connected, I::Completed, I::Closed].contains(&i)
                    && [D::Connected, D::Closed].contains(&d)
                {
                    ConnectionState::Connected
                } else {
                    ConnectionState::Connecting
                };
                assert_eq!(ConnectionState::of(i, d), expected, "{i} {d:?}");
            }
        }
    }
}
