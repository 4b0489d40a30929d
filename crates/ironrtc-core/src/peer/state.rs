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
    /// webrtc-pc section 4.3.3: the first row that applies to the transports' states.
    pub(super) fn of(transports: impl Iterator<Item = (IceState, DtlsState)> + Clone) -> Self {
        use {DtlsState as D, IceState as I};
        let any = |row: fn(I, D) -> bool| transports.clone().any(|(ice, dtls)| row(ice, dtls));
        let all = |row: fn(I, D) -> bool| transports.clone().all(|(ice, dtls)| row(ice, dtls));
        if any(|ice, dtls| ice == I::Failed || dtls == D::Failed) {
            Self::Failed
        } else if any(|ice, _| ice == I::Disconnected) {
            Self::Disconnected
        } else if all(|ice, dtls| {
            matches!(ice, I::New | I::Closed) && matches!(dtls, D::New | D::Closed)
        }) {
            Self::New
        } else if any(|ice, dtls| {
            matches!(ice, I::New | I::Checking) || matches!(dtls, D::New | D::Connecting)
        }) {
            Self::Connecting
        } else {
            Self::Connected
        }
    }
}

/// `RTCIceConnectionState` (webrtc-pc section 4.3.4): the first row that applies.
pub(super) fn ice_state(transports: impl Iterator<Item = IceState> + Clone) -> IceState {
    use IceState as I;
    let any = |row: fn(I) -> bool| transports.clone().any(row);
    let all = |row: fn(I) -> bool| transports.clone().all(row);
    if any(|ice| ice == I::Failed) {
        I::Failed
    } else if any(|ice| ice == I::Disconnected) {
        I::Disconnected
    } else if all(|ice| matches!(ice, I::New | I::Closed)) {
        I::New
    } else if any(|ice| matches!(ice, I::New | I::Checking)) {
        I::Checking
    } else if all(|ice| matches!(ice, I::Completed | I::Closed)) {
        I::Completed
    } else {
        I::Connected
    }
}

/// `RTCIceGatheringState` (webrtc-pc section 4.3.2).
pub(super) fn gathering_state(
    transports: impl Iterator<Item = GatheringState> + Clone,
) -> GatheringState {
    use GatheringState as G;
    if transports.clone().any(|state| state == G::Gathering) {
        G::Gathering
    } else if transports.clone().any(|state| state == G::New) || transports.count() == 0 {
        G::New
    } else {
        G::Complete
    }
}

/// The connection's states as the application has been told, or is about to be told by the events
/// that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct States {
    pub(super) ice: IceState,
    pub(super) gathering: GatheringState,
    pub(super) connection: ConnectionState,
}

impl Default for States {
    fn default() -> Self {
        Self {
            ice: IceState::New,
            gathering: GatheringState::New,
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
                let state = ConnectionState::of(std::iter::once((i, d)));
                assert_eq!(state, expected, "{i} {d:?}");
            }
        }
    }

    #[test]
    fn a_connection_is_as_good_as_its_worst_transport() {
        use {ConnectionState as C, DtlsState as D, IceState as I};
        let cases: [(&[(I, D)], C); 10] = [
            (&[], C::New),
            (&[(I::New, D::New), (I::Closed, D::Closed)], C::New),
            (
                &[(I::Connected, D::Connected), (I::New, D::New)],
                C::Connecting,
            ),
            (
                &[(I::Connected, D::Connected), (I::Connected, D::Connecting)],
                C::Connecting,
            ),
            (
                &[(I::Connected, D::Connected), (I::Checking, D::Connected)],
                C::Connecting,
            ),
            (
                &[(I::Completed, D::Connected), (I::Connected, D::Connected)],
                C::Connected,
            ),
            // What BUNDLE took away counts for nothing.
            (
                &[(I::Connected, D::Connected), (I::Closed, D::Closed)],
                C::Connected,
            ),
            (
                &[(I::Disconnected, D::Connected), (I::Checking, D::New)],
                C::Disconnected,
            ),
            (
                &[(I::Disconnected, D::Connected), (I::Failed, D::New)],
                C::Failed,
            ),
            (
                &[(I::Connected, D::Connected), (I::Connected, D::Failed)],
                C::Failed,
            ),
        ];
        for (transports, expected) in cases {
            let state = ConnectionState::of(transports.iter().copied());
            assert_eq!(state, expected, "{transports:?}");
        }
    }

    #[test]
    fn ice_states_of_several_transports_make_one() {
        use IceState as I;
        let cases: [(&[I], I); 10] = [
            (&[], I::New),
            (&[I::New, I::Closed], I::New),
            (&[I::Closed, I::Closed], I::New),
            (&[I::Connected, I::New], I::Checking),
            (&[I::Completed, I::Checking], I::Checking),
            (&[I::Completed, I::Connected], I::Connected),
            (&[I::Connected, I::Closed], I::Connected),
            (&[I::Completed, I::Closed], I::Completed),
            (&[I::Disconnected, I::Checking], I::Disconnected),
            (&[I::Disconnected, I::Failed], I::Failed),
        ];
        for (transports, expected) in cases {
            let state = ice_state(transports.iter().copied());
            assert_eq!(state, expected, "{transports:?}");
        }
    }

    #[test]
    fn gathering_states_of_several_transports_make_one() {
        use GatheringState as G;
        let cases: [(&[G], G); 6] = [
            (&[], G::New),
            (&[G::New, G::Complete], G::New),
            (&[G::New, G::Gathering], G::Gathering),
            (&[G::Complete, G::Gathering], G::Gathering),
            (&[G::New, G::New], G::New),
            (&[G::Complete, G::Complete], G::Complete),
        ];
        for (transports, expected) in cases {
            let state = gathering_state(transports.iter().copied());
            assert_eq!(state, expected, "{transports:?}");
        }
    }
}
