//! The words of states where aiortc has others than the W3C.

use ironrtc::SctpState;

/// aiortc knows no state in which what was sent is still delivered; to it that is connected.
pub(crate) const fn sctp(state: SctpState) -> &'static str {
    match state {
        SctpState::New => "new",
        SctpState::Connecting => "connecting",
        SctpState::Connected | SctpState::ShuttingDown => "connected",
        SctpState::Closed => "closed",
    }
}
