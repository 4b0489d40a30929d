//! What a connection tells its application.

use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use ironrtc_core::dtls::DtlsState;
use ironrtc_core::ice::{GatheringState, IceState};
use ironrtc_core::jsep::{CandidateInit, SignalingState};
use ironrtc_core::peer::ConnectionState;
use ironrtc_core::sctp::SctpState;

use crate::DataChannel;

/// An event of a connection, under the W3C's name.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// `negotiationneeded`: make an offer.
    NegotiationNeeded,
    /// `signalingstatechange`.
    SignalingStateChange(SignalingState),
    /// `icegatheringstatechange`.
    IceGatheringStateChange(GatheringState),
    /// `icecandidate`: send it to the peer; `None` once there are no more.
    IceCandidate(Option<CandidateInit>),
    /// `icecandidateerror`.
    IceCandidateError {
        /// The local socket that asked, if it came that far.
        address: Option<SocketAddr>,
        /// The server's URL.
        url: String,
        /// The server's STUN error code, or 701 if it could not be reached.
        error_code: u16,
        /// The reason.
        error_text: String,
    },
    /// `iceconnectionstatechange`.
    IceConnectionStateChange(IceState),
    /// `connectionstatechange`.
    ConnectionStateChange(ConnectionState),
    /// `statechange` of the DTLS transport.
    DtlsStateChange(DtlsState),
    /// `statechange` of the SCTP transport.
    SctpStateChange(SctpState),
    /// `datachannel`: the peer made a channel; it is open.
    DataChannel(DataChannel),
}

/// The events of a connection: a stream that ends when the connection is closed. The stream keeps
/// the connection alive no longer than its handles do.
#[derive(Debug)]
pub struct Events {}

impl Events {
    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Event> {
        todo!()
    }
}

impl futures_core::Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Event>> {
        todo!()
    }
}
