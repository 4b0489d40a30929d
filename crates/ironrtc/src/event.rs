//! What a connection tells its application.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

use futures_core::Stream;
use ironrtc_core::dtls::DtlsState;
use ironrtc_core::ice::{GatheringState, IceState};
use ironrtc_core::jsep::{CandidateInit, SignalingState, TrackChange, TransceiverId};
use ironrtc_core::peer::{self, ConnectionState, PeerConnection as Core, TransportEvent};
use ironrtc_core::sctp::SctpState;
use ironrtc_core::transport::TransportId;

use crate::handle::Handle;
use crate::machine::ApplicationEvent;
use crate::queue::EventQueue;
use crate::shared::Shared;
use crate::{DataChannel, DtlsTransport, IceTransport, RemoteTrack, RtpReceiver, RtpTransceiver};

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
    /// `statechange` of an ICE transport.
    IceTransportStateChange(IceTransport, IceState),
    /// `gatheringstatechange` of an ICE transport.
    IceTransportGatheringStateChange(IceTransport, GatheringState),
    /// `statechange` of a DTLS transport; said again of a transport that data channels move to, if the
    /// one that they leave was in another state.
    DtlsStateChange(DtlsTransport, DtlsState),
    /// `statechange` of the SCTP transport.
    SctpStateChange(SctpState),
    /// `selectedcandidatepairchange` of an ICE transport: what goes over it goes along another path now.
    SelectedCandidatePairChange {
        /// Whose path it is.
        transport: IceTransport,
        /// Our end.
        local: SocketAddr,
        /// The peer's.
        remote: SocketAddr,
    },
    /// `track`: the peer sends a track, or has it join streams.
    Track(TrackAdded),
    /// `datachannel`: the peer made a channel; it is open.
    DataChannel(DataChannel),
}

/// What [`Event::Track`] tells (`RTCTrackEvent`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrackAdded {
    /// The transceiver that receives it.
    pub transceiver: RtpTransceiver,
    /// The receiver of that.
    pub receiver: RtpReceiver,
    /// The track.
    pub track: RemoteTrack,
    /// All streams that it is in.
    pub streams: Vec<String>,
}

impl TrackAdded {
    fn new(connection: Handle<Core>, id: TransceiverId, streams: Vec<String>) -> Self {
        let transceiver = RtpTransceiver::new(connection, id);
        let receiver = transceiver.receiver();
        Self {
            track: receiver.track(),
            transceiver,
            receiver,
            streams,
        }
    }
}

/// The events of a connection: a stream that ends when the connection is closed. The stream keeps
/// the connection alive no longer than its handles do.
pub struct Events {
    connection: Weak<Shared<Core>>,
    queue: Arc<EventQueue>,
    stream: u64,
}

impl Events {
    pub(crate) fn new(connection: &Arc<Shared<Core>>) -> Self {
        Self {
            connection: Arc::downgrade(connection),
            queue: connection.events.clone(),
            stream: connection.events.take_over(),
        }
    }

    /// The next event; `None` after the last. Nothing is lost if the future is dropped before it
    /// is ready.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    fn translate(&self, event: ApplicationEvent) -> Option<Event> {
        match event {
            ApplicationEvent::Peer(peer::Event::Track(TrackChange::Added {
                transceiver,
                streams,
            })) => {
                let connection = Handle::revive(self.connection.upgrade()?)?;
                Some(Event::Track(TrackAdded::new(
                    connection,
                    transceiver,
                    streams,
                )))
            }
            ApplicationEvent::Peer(peer::Event::Transport(id, event)) => {
                let connection = Handle::revive(self.connection.upgrade()?)?;
                translate_of_transport(connection, id, event)
            }
            ApplicationEvent::Peer(event) => translate(event),
            ApplicationEvent::DataChannel(id) => {
                let connection = Handle::revive(self.connection.upgrade()?)?;
                Some(Event::DataChannel(DataChannel::announced(
                    connection.erase(),
                    id,
                )))
            }
            ApplicationEvent::Transport(_) => None,
        }
    }
}

fn translate(event: peer::Event) -> Option<Event> {
    Some(match event {
        peer::Event::NegotiationNeeded => Event::NegotiationNeeded,
        peer::Event::SignalingStateChange(state) => Event::SignalingStateChange(state),
        peer::Event::IceGatheringStateChange(state) => Event::IceGatheringStateChange(state),
        peer::Event::IceCandidate(candidate) => Event::IceCandidate(candidate),
        peer::Event::IceCandidateError {
            address,
            url,
            error_code,
            error_text,
        } => Event::IceCandidateError {
            address,
            url,
            error_code,
            error_text,
        },
        peer::Event::IceConnectionStateChange(state) => Event::IceConnectionStateChange(state),
        peer::Event::ConnectionStateChange(state) => Event::ConnectionStateChange(state),
        // The rest is for the driver.
        _ => return None,
    })
}

fn translate_of_transport(
    connection: Handle<Core>,
    id: TransportId,
    event: TransportEvent,
) -> Option<Event> {
    let dtls = DtlsTransport::new(connection, id);
    let ice = dtls.ice_transport();
    Some(match event {
        TransportEvent::IceStateChange(state) => Event::IceTransportStateChange(ice, state),
        TransportEvent::IceGatheringStateChange(state) => {
            Event::IceTransportGatheringStateChange(ice, state)
        }
        TransportEvent::DtlsStateChange(state) => Event::DtlsStateChange(dtls, state),
        TransportEvent::SctpStateChange(state) => Event::SctpStateChange(state),
        TransportEvent::SelectedPairChange(route) => Event::SelectedCandidatePairChange {
            transport: ice,
            local: route.local(),
            remote: route.remote(),
        },
        _ => return None,
    })
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            match self.queue.poll(context, self.stream) {
                Poll::Ready(Some(event)) => {
                    if let Some(event) = self.translate(event) {
                        return Poll::Ready(Some(event));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}
