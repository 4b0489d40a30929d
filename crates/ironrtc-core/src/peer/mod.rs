//! A peer connection, sans-IO: offer and answer on top of a transport, W3C states and events.

mod candidates;
mod carrier;
mod carriers;
mod dtmf;
mod events;
mod frames;
mod heard;
mod io;
mod media;
mod packet;
mod route;
mod signaling;
mod state;
mod tracks;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use dtmf::DtmfError;
pub use frames::TrackFrame;
pub use media::{MediaEvent, SendPacketError};
pub use packet::{ReceivedLayer, TrackPacket};
pub use state::ConnectionState;

use crate::channel;
use crate::dtls::{Certificate, DtlsState};
use crate::ice::{GatheringState, IceConfig, IceState, Route};
use crate::jsep::{
    BundlePolicy, CandidateInit, JsepConfig, MediaConfig, Negotiator, SignalingState, TrackChange,
    TransceiverId,
};
use crate::observe::Observer;
use crate::rng::Rng;
use crate::rtp::{RtpEvent, RtpSession};
use crate::sctp::{SctpConfig, SctpState};
use crate::stats::StatsReport;
use crate::time::Time;
use crate::transport::{
    IoRequest, PacketKind, SendMediaError, SrtpState, Transport, TransportConfig, TransportId,
};
use carriers::Carriers;
use dtmf::Dtmf;
use route::Routes;
use state::States;

/// What a connection is told at its birth.
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// ICE's settings.
    pub ice: IceConfig,
    /// SCTP's settings; the ports come from the descriptions.
    pub sctp: SctpConfig,
    /// The certificate that is shown to the peer.
    pub certificate: Certificate,
    /// How sections share transports.
    pub bundle_policy: BundlePolicy,
    /// Offer a data section even before a channel was made.
    pub always_negotiate_data_channels: bool,
    /// What is said of media.
    pub media: MediaConfig,
    /// Gather candidates before the first description (`iceCandidatePoolSize` over 0).
    pub gather_early: bool,
    /// The `Instant` of [`Time::ZERO`], for the DTLS library.
    pub epoch: Instant,
    /// How long after 1970 [`Time::ZERO`] was, for the reports of media.
    pub since_1970: Duration,
    /// Who is told what happens.
    pub observer: Observer,
}

/// What a connection reports, by the object that it is about; most is about the connection itself.
/// States arrive in the order of the W3C's steps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An offer should be made (`negotiationneeded`).
    NegotiationNeeded,
    /// `signalingstatechange`.
    SignalingStateChange(SignalingState),
    /// `icegatheringstatechange`.
    IceGatheringStateChange(GatheringState),
    /// `icecandidate`; `None` once there are no more in this generation.
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
    /// Something about a transport.
    Transport(TransportId, TransportEvent),
    /// A transport asks the driver, which answers with [`PeerConnection::handle_io`].
    Io(TransportId, IoRequest),
    /// A track that is received: `track`, `mute`, `ended`, and what its streams report.
    Track(TrackChange),
    /// Something about the media of a transceiver.
    Media(TransceiverId, MediaEvent),
    /// Something about a data channel; `Announced` is `datachannel`.
    Channel(channel::Event),
}

/// What a connection reports of one of its transports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportEvent {
    /// `RTCIceTransport`'s `statechange`.
    IceStateChange(IceState),
    /// `RTCIceTransport`'s `gatheringstatechange`.
    IceGatheringStateChange(GatheringState),
    /// `RTCDtlsTransport`'s `statechange`; said again of a transport that data channels move to, if
    /// the one that they leave was in another state.
    DtlsStateChange(DtlsState),
    /// `RTCSctpTransport`'s `statechange`.
    SctpStateChange(SctpState),
    /// SRTP changed its state, which is no event of the W3C's.
    SrtpStateChange(SrtpState),
    /// Something about a stream of media.
    Rtp(RtpEvent),
    /// `RTCIceTransport`'s `selectedcandidatepairchange`.
    SelectedPairChange(Route),
}

/// One connection to a peer.
///
/// The queue of events is bounded by what the application does, by the candidates and by time,
/// except for channels that the peer makes: those wait in SCTP while many events about channels
/// are unread (see [`Transport::poll_event`]).
#[derive(Debug)]
pub struct PeerConnection {
    negotiator: Negotiator,
    carriers: Carriers,
    routes: Routes,
    /// Gives timelines of media their origins.
    timelines: Rng,
    dtmf: Dtmf,
    /// A read of media has moved what is due to an earlier time.
    is_hurried: bool,
    relay_only: bool,
    /// `[[NegotiationNeeded]]` (webrtc-pc section 4.7.3).
    negotiation_needed: bool,
    states: States,
    events: VecDeque<Event>,
}

impl PeerConnection {
    /// A connection in the state `stable`.
    pub fn new(config: PeerConfig, mut rng: Rng) -> Self {
        let jsep = JsepConfig {
            bundle_policy: config.bundle_policy,
            fingerprints: config.certificate.fingerprints(),
            always_negotiate_data_channels: config.always_negotiate_data_channels,
            max_message_size: config.sctp.message_limit() as u64,
            ice_lite: config.ice.lite,
            media: config.media,
        };
        let relay_only = config.ice.relay_only;
        let transport = TransportConfig {
            ice: config.ice,
            sctp: config.sctp,
            certificate: config.certificate,
            epoch: config.epoch,
            since_1970: config.since_1970,
            observer: config.observer,
        };
        let mut connection = Self {
            negotiator: Negotiator::new(jsep, rng.fork()),
            routes: Routes::default(),
            timelines: rng.fork(),
            dtmf: Dtmf::default(),
            is_hurried: false,
            carriers: Carriers::new(Transport::new(transport.clone(), rng), transport),
            relay_only,
            negotiation_needed: false,
            states: States::default(),
            events: VecDeque::new(),
        };
        if config.gather_early {
            let first = connection.carriers.data_mut();
            let id = first.id;
            first.transport.start_gathering(Time::ZERO);
            connection.on_transport_events();
            connection
                .events
                .push_back(Event::Io(id, IoRequest::Gather));
        }
        connection
    }

    /// Offer and answer, for all that only reads: descriptions, states.
    pub fn negotiator(&self) -> &Negotiator {
        &self.negotiator
    }

    /// The transport that data channels go over, or will, for all that only reads.
    pub fn transport(&self) -> &Transport {
        &self.carriers.data().transport
    }

    /// All transports, for all that only reads.
    pub fn transports(&self) -> impl Iterator<Item = (TransportId, &Transport)> {
        self.carriers
            .iter()
            .map(|carrier| (carrier.id, &carrier.transport))
    }

    /// A transport, for all that only reads; `None` once nothing uses it any more.
    pub fn transport_named(&self, id: TransportId) -> Option<&Transport> {
        Some(&self.carriers.get(id)?.transport)
    }

    /// The RTP session of a transport, to read packets and to ask for key frames. See what there is
    /// to send then.
    pub fn rtp_mut(&mut self, id: TransportId) -> Option<&mut RtpSession> {
        self.carriers.get_mut(id)?.transport.rtp_mut()
    }

    /// Sends a packet of media that the application made (see [`Transport::send_media`]).
    pub fn send_media(
        &mut self,
        id: TransportId,
        kind: PacketKind,
        packet: Vec<u8>,
    ) -> Result<(), SendMediaError> {
        let carrier = self.carriers.get_mut(id);
        let carrier = carrier.ok_or(SendMediaError::NotConnected)?;
        carrier.transport.send_media(kind, packet)
    }

    /// The name of the transport that data channels go over.
    pub fn data_transport(&self) -> TransportId {
        self.carriers.data().id
    }

    /// `connectionState`.
    pub fn connection_state(&self) -> ConnectionState {
        self.states.connection
    }

    /// `iceConnectionState`.
    pub fn ice_connection_state(&self) -> IceState {
        self.states.ice
    }

    /// `iceGatheringState`.
    pub fn ice_gathering_state(&self) -> GatheringState {
        self.states.gathering
    }

    /// No more candidates will come: gathering is complete, or a description of ours leaves nothing
    /// to gather for, as when all of its sections were rejected.
    pub fn has_gathered(&self) -> bool {
        let nothing = || {
            self.negotiator.local_description().is_some() && self.carriers.in_use().next().is_none()
        };
        self.states.gathering == GatheringState::Complete || nothing()
    }

    /// Statistics (`getStats`); `unix_now` is the time since 1970.
    pub fn stats(&self, now: Time, unix_now: Duration) -> StatsReport {
        crate::stats::report(self.transports(), &self.negotiator, now, unix_now)
    }
}
