//! The W3C's names of states.

use ironrtc::{ConnectionState, DtlsState, SctpState};

pub(crate) const fn connection(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::New => "new",
        ConnectionState::Connecting => "connecting",
        ConnectionState::Connected => "connected",
        ConnectionState::Disconnected => "disconnected",
        ConnectionState::Failed => "failed",
        ConnectionState::Closed => "closed",
    }
}

pub(crate) const fn dtls(state: DtlsState) -> &'static str {
    match state {
        DtlsState::New => "new",
        DtlsState::Connecting => "connecting",
        DtlsState::Connected => "connected",
        DtlsState::Closed => "closed",
        DtlsState::Failed => "failed",
    }
}

/// aiortc knows no state in which what was sent is still delivered; to it that is connected.
pub(crate) const fn sctp(state: SctpState) -> &'static str {
    match state {
        SctpState::New => "new",
        SctpState::Connecting => "connecting",
        SctpState::Connected | SctpState::ShuttingDown => "connected",
        SctpState::Closed => "closed",
    }
}
