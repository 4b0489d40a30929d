//! One BUNDLE group: ICE, DTLS, SCTP and data channels wired together.
//!
//! This is the level of ORTC: a [`Transport`] takes a [`TransportPlan`], whoever wrote it. Drivers
//! give it datagrams and time, and pull batches of datagrams and events.

mod plan;

use std::time::Instant;

pub use plan::{DtlsPlan, Plan, RemoteIce, SctpPlan, TransportPlan};

use crate::channel::{self, ChannelId, Channels, CreateError, DataChannelInit, Message, SendError};
use crate::datagram::{DropCounters, Ecn, Path, Transmit};
use crate::dtls::{self, Certificate, DtlsError, DtlsState};
use crate::ice::{self, AddCandidateError, Agent, Candidate, IceConfig};
use crate::rng::Rng;
use crate::sctp::{Association, SctpConfig, SctpState};
use crate::time::Time;

/// What a transport is told at its birth.
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// ICE's settings.
    pub ice: IceConfig,
    /// SCTP's settings; the ports come from the plan.
    pub sctp: SctpConfig,
    /// The certificate that is shown to the peer.
    pub certificate: Certificate,
    /// The `Instant` of [`Time::ZERO`], for the DTLS library.
    pub epoch: Instant,
}

/// What a transport reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something about ICE.
    Ice(ice::Event),
    /// DTLS changed its state.
    DtlsStateChange(DtlsState),
    /// SCTP changed its state.
    SctpStateChange(SctpState),
    /// Something about a data channel.
    Channel(channel::Event),
}

/// One transport.
#[derive(Debug)]
pub struct Transport;

impl Transport {
    /// A transport that does nothing until it gets a plan.
    pub fn new(_config: TransportConfig, _rng: Rng) -> Self {
        todo!()
    }
    /// Carries out what is new in the plan: starts ICE, DTLS and SCTP once they are known, restarts
    /// ICE under new credentials.
    pub fn apply(&mut self, _now: Time, _plan: &TransportPlan) {
        todo!()
    }
    /// Begins gathering; the driver then adds its sockets and servers.
    pub fn start_gathering(&mut self, _now: Time) {
        todo!()
    }
    /// A bound UDP socket.
    pub fn add_local_socket(&mut self, _now: Time, _address: std::net::SocketAddr) {
        todo!()
    }
    /// A STUN server's address.
    pub fn add_stun_server(&mut self, _now: Time, _url: &str, _address: std::net::SocketAddr) {
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
    /// A candidate of the peer.
    pub fn add_remote_candidate(
        &mut self,
        _now: Time,
        _candidate: Candidate,
    ) -> Result<(), AddCandidateError> {
        todo!()
    }
    /// No more candidates of the peer will come.
    pub fn end_of_remote_candidates(&mut self, _now: Time) {
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
    /// Makes a data channel. It opens when SCTP does.
    pub fn create_channel(
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
    /// The next message of a channel. What is not read stays, and closes SCTP's window.
    pub fn recv(&mut self, _now: Time, _id: ChannelId) -> Option<Message> {
        todo!()
    }
    /// Bytes of messages sent that have not gone to the network yet.
    pub fn buffered_amount(&self, _id: ChannelId) -> usize {
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
    /// The application dropped its handle.
    pub fn forget_channel(&mut self, _id: ChannelId) {
        todo!()
    }
    /// The channels.
    pub fn channels(&self) -> &Channels {
        todo!()
    }
    /// The ICE agent.
    pub fn ice(&self) -> &Agent {
        todo!()
    }
    /// The state of DTLS.
    pub fn dtls_state(&self) -> DtlsState {
        todo!()
    }
    /// Why DTLS failed.
    pub fn dtls_failure(&self) -> Option<&DtlsError> {
        todo!()
    }
    /// Our role in DTLS, once it is known.
    pub fn dtls_role(&self) -> Option<dtls::Role> {
        todo!()
    }
    /// The peer's certificate in DER, once it is shown and accepted.
    pub fn remote_certificate(&self) -> Option<&[u8]> {
        todo!()
    }
    /// The SCTP association, once there is one.
    pub fn sctp(&self) -> Option<&Association> {
        todo!()
    }
    /// Ends SCTP alone: an abort that tells the peer; channels close.
    pub fn stop_sctp(&mut self, _now: Time) {
        todo!()
    }
    /// Ends DTLS, and SCTP with it: the peer is told with a close_notify.
    pub fn stop_dtls(&mut self, _now: Time) {
        todo!()
    }
    /// Ends everything. Goodbyes still wait in [`poll_transmit`](Self::poll_transmit).
    pub fn close(&mut self, _now: Time) {
        todo!()
    }
    /// What was dropped, over all layers.
    pub fn drops(&self) -> DropCounters {
        todo!()
    }
}
