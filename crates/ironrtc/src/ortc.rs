//! ORTC: a transport without offers and answers.

use ironrtc_core::channel::{CreateError, DataChannelInit};
use ironrtc_core::dtls::{self, Certificate, DtlsState, Fingerprint};
use ironrtc_core::ice::{
    self, AddCandidateError, Candidate, Credentials, GatheringState, IceState,
};
use ironrtc_core::sctp::SctpState;

use crate::{Configuration, ConfigurationError, DataChannel};

/// What happened to a transport.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Gathering changed its state.
    GatheringStateChange(GatheringState),
    /// A candidate for the peer.
    LocalCandidate(Candidate),
    /// ICE changed its state.
    IceStateChange(IceState),
    /// DTLS changed its state.
    DtlsStateChange(DtlsState),
    /// SCTP changed its state.
    SctpStateChange(SctpState),
    /// The peer made a channel; it is open.
    DataChannel(DataChannel),
}

/// ICE, DTLS and SCTP over one path, each started by hand. Clones are handles of the same
/// transport.
#[derive(Clone, Debug)]
pub struct Transport {}

impl Transport {
    /// A transport with these ICE credentials. Its work is done by tasks of the present runtime.
    pub fn new(
        _configuration: Configuration,
        _credentials: Credentials,
    ) -> Result<Self, ConfigurationError> {
        todo!()
    }
    /// The next event; `None` after the end. One task should ask.
    pub async fn next_event(&self) -> Option<Event> {
        todo!()
    }
    /// Gathers candidates, and waits until all are known.
    pub async fn gather(&self) {
        todo!()
    }
    /// The candidates gathered so far.
    pub fn local_candidates(&self) -> Vec<Candidate> {
        todo!()
    }
    /// A candidate of the peer; a name in it is looked up. `None` for the end of them.
    pub async fn add_remote_candidate(
        &self,
        _candidate: Option<Candidate>,
    ) -> Result<(), AddCandidateError> {
        todo!()
    }
    /// Starts ICE's checks.
    pub fn start_ice(&self, _role: ice::Role, _remote: Credentials, _remote_lite: bool) {
        todo!()
    }
    /// Starts DTLS; it runs once ICE has a path. `certificate` is the one to show.
    pub fn start_dtls(
        &self,
        _certificate: Certificate,
        _role: dtls::Role,
        _remote_fingerprints: Vec<Fingerprint>,
    ) {
        todo!()
    }
    /// Starts SCTP; it runs once DTLS is connected.
    pub fn start_sctp(&self, _local_port: u16, _remote_port: u16, _max_message_size: Option<u64>) {
        todo!()
    }
    /// Makes a data channel.
    pub fn create_data_channel(
        &self,
        _label: &str,
        _init: DataChannelInit,
    ) -> Result<DataChannel, CreateError> {
        todo!()
    }
    /// Who nominates.
    pub fn ice_role(&self) -> ice::Role {
        todo!()
    }
    /// The state of ICE.
    pub fn ice_state(&self) -> IceState {
        todo!()
    }
    /// The state of DTLS.
    pub fn dtls_state(&self) -> DtlsState {
        todo!()
    }
    /// Why DTLS failed, in words.
    pub fn dtls_failure(&self) -> Option<String> {
        todo!()
    }
    /// The state of SCTP.
    pub fn sctp_state(&self) -> SctpState {
        todo!()
    }
    /// Most channels at once, once SCTP is connected.
    pub fn max_channels(&self) -> Option<u16> {
        todo!()
    }
    /// The peer's certificate in DER, once it is shown and its fingerprint matched.
    pub fn remote_certificate(&self) -> Option<Vec<u8>> {
        todo!()
    }
    /// Ends SCTP: the peer is told, channels close.
    pub fn stop_sctp(&self) {
        todo!()
    }
    /// Ends DTLS, and SCTP with it.
    pub fn stop_dtls(&self) {
        todo!()
    }
    /// Ends everything. It is over when this returns.
    pub async fn stop(&self) {
        todo!()
    }
}
