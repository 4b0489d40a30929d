//! A peer connection, sans-IO: offer and answer on top of a transport, W3C states and events.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::channel::{self, ChannelId, CreateError, DataChannelInit, Message, SendError};
use crate::datagram::{Ecn, Path, Transmit};
use crate::dtls::{Certificate, DtlsState};
use crate::ice::{Candidate, GatheringState, IceConfig, IceState};
use crate::jsep::{
    BundlePolicy, CandidateInit, JsepError, Negotiator, OfferOptions, SessionDescription,
    SignalingState,
};
use crate::rng::Rng;
use crate::sctp::{SctpConfig, SctpState};
use crate::stats::StatsReport;
use crate::time::Time;
use crate::transport::Transport;

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
    /// Gather candidates before the first description (`iceCandidatePoolSize` over 0).
    pub gather_early: bool,
    /// The `Instant` of [`Time::ZERO`], for the DTLS library.
    pub epoch: Instant,
}

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

/// What a connection reports. States arrive in the order of the W3C's steps.
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
    /// `RTCDtlsTransport`'s `statechange`.
    DtlsStateChange(DtlsState),
    /// `RTCSctpTransport`'s `statechange`.
    SctpStateChange(SctpState),
    /// `RTCIceTransport`'s `selectedcandidatepairchange`.
    SelectedPairChange(Path),
    /// For the driver: announce sockets and STUN servers now.
    Gather,
    /// For the driver: a candidate's address is a name; look it up, and give the candidate with an
    /// address to [`PeerConnection::add_resolved_candidate`].
    Resolve(Candidate),
    /// Something about a data channel; `Announced` is `datachannel`.
    Channel(channel::Event),
}

/// One connection to a peer.
#[derive(Debug)]
pub struct PeerConnection;

impl PeerConnection {
    /// A connection in the state `stable`.
    pub fn new(_config: PeerConfig, _rng: Rng) -> Self {
        todo!()
    }
    /// Offer and answer, for all that only reads: descriptions, states.
    pub fn negotiator(&self) -> &Negotiator {
        todo!()
    }
    /// The transport, for all that only reads, and for the datagrams of channels.
    pub fn transport(&self) -> &Transport {
        todo!()
    }
    /// Makes an offer.
    pub fn create_offer(
        &mut self,
        _options: &OfferOptions,
    ) -> Result<SessionDescription, JsepError> {
        todo!()
    }
    /// Makes an answer.
    pub fn create_answer(&mut self) -> Result<SessionDescription, JsepError> {
        todo!()
    }
    /// Applies a local description; `None` makes the fitting one.
    pub fn set_local_description(
        &mut self,
        _now: Time,
        _description: Option<SessionDescription>,
    ) -> Result<(), JsepError> {
        todo!()
    }
    /// Applies a remote description.
    pub fn set_remote_description(
        &mut self,
        _now: Time,
        _description: SessionDescription,
    ) -> Result<(), JsepError> {
        todo!()
    }
    /// Takes in a candidate of the peer, or the end of them.
    pub fn add_ice_candidate(
        &mut self,
        _now: Time,
        _init: &CandidateInit,
    ) -> Result<(), JsepError> {
        todo!()
    }
    /// The answer to [`Event::Resolve`].
    pub fn add_resolved_candidate(&mut self, _now: Time, _candidate: Candidate, _address: IpAddr) {
        todo!()
    }
    /// The next offer restarts ICE.
    pub fn restart_ice(&mut self) {
        todo!()
    }
    /// Changes what the next gathering may use (`relay` policy).
    pub fn set_relay_only(&mut self, _relay_only: bool) {
        todo!()
    }
    /// A bound UDP socket.
    pub fn add_local_socket(&mut self, _now: Time, _address: SocketAddr) {
        todo!()
    }
    /// A STUN server's address.
    pub fn add_stun_server(&mut self, _now: Time, _url: &str, _address: SocketAddr) {
        todo!()
    }
    /// A STUN server that cannot be used, and why.
    pub fn stun_server_failed(&mut self, _url: &str, _text: &str) {
        todo!()
    }
    /// No more sockets and servers will come.
    pub fn all_sockets_added(&mut self, _now: Time) {
        todo!()
    }
    /// Takes in one datagram, decrypting in place.
    pub fn handle_datagram(
        &mut self,
        _now: Time,
        _path: Path,
        _ecn: Option<Ecn>,
        _data: &mut [u8],
    ) {
        todo!()
    }
    /// Appends the next batch of datagrams to one destination.
    pub fn poll_transmit(
        &mut self,
        _now: Time,
        _max_segments: usize,
        _out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        todo!()
    }
    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        todo!()
    }
    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, _now: Time) {
        todo!()
    }
    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        todo!()
    }
    /// Makes a data channel.
    pub fn create_data_channel(
        &mut self,
        _now: Time,
        _label: &str,
        _init: DataChannelInit,
    ) -> Result<ChannelId, CreateError> {
        todo!()
    }
    /// Sends a message.
    pub fn send(&mut self, _now: Time, _id: ChannelId, _message: Message) -> Result<(), SendError> {
        todo!()
    }
    /// The next message of a channel.
    pub fn recv(&mut self, _now: Time, _id: ChannelId) -> Option<Message> {
        todo!()
    }
    /// Sets when `BufferedAmountLow` comes.
    pub fn set_buffered_amount_low_threshold(&mut self, _id: ChannelId, _bytes: usize) {
        todo!()
    }
    /// Closes a channel.
    pub fn close_channel(&mut self, _now: Time, _id: ChannelId) {
        todo!()
    }
    /// The application dropped its handle of a channel.
    pub fn forget_channel(&mut self, _id: ChannelId) {
        todo!()
    }
    /// `connectionState`.
    pub fn connection_state(&self) -> ConnectionState {
        todo!()
    }
    /// `iceConnectionState`.
    pub fn ice_connection_state(&self) -> IceState {
        todo!()
    }
    /// `iceGatheringState`.
    pub fn ice_gathering_state(&self) -> GatheringState {
        todo!()
    }
    /// Ends everything. Goodbyes still wait in [`poll_transmit`](Self::poll_transmit).
    pub fn close(&mut self, _now: Time) {
        todo!()
    }
    /// Statistics (`getStats`); `unix_now` is the time since 1970.
    pub fn stats(&self, _now: Time, _unix_now: Duration) -> StatsReport {
        todo!()
    }
}
