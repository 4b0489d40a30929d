//! `RTCPeerConnection`.

use ironrtc_core::channel::{CreateError, DataChannelInit};
use ironrtc_core::dtls::DtlsState;
use ironrtc_core::ice::{self, Candidate, Credentials, GatheringState, IceState};
use ironrtc_core::jsep::{CandidateInit, OfferOptions, SessionDescription, SignalingState};
use ironrtc_core::peer::ConnectionState;
use ironrtc_core::sctp::SctpState;
use ironrtc_core::stats::StatsReport;

use crate::{Configuration, ConfigurationError, DataChannel, Error, Events};

/// The SCTP transport's read-only side (`RTCSctpTransport`).
#[derive(Clone, Debug, PartialEq)]
pub struct SctpTransport {
    /// `state`.
    pub state: SctpState,
    /// `maxMessageSize` in bytes: the peer's limit; `None` if it has none.
    pub max_message_size: Option<u64>,
    /// `maxChannels`: `None` until it is connected.
    pub max_channels: Option<u16>,
    /// The identification tag of the media section that negotiated it.
    pub mid: Option<String>,
}

/// A connection to another peer. Clones are handles of the same connection; it is closed by
/// [`close`](Self::close), or when the last handle of it and its channels is gone.
#[derive(Clone, Debug)]
pub struct PeerConnection {}

impl PeerConnection {
    /// A new connection. Its work is done by tasks of the present tokio runtime.
    pub fn new(_configuration: Configuration) -> Result<Self, ConfigurationError> {
        todo!()
    }
    /// The events. There is one stream: a second call gives a stream that takes over.
    pub fn events(&self) -> Events {
        todo!()
    }
    /// `createOffer`.
    pub async fn create_offer(&self, _options: OfferOptions) -> Result<SessionDescription, Error> {
        todo!()
    }
    /// `createAnswer`.
    pub async fn create_answer(&self) -> Result<SessionDescription, Error> {
        todo!()
    }
    /// `setLocalDescription`; `None` makes the fitting description. Candidates come as events.
    pub async fn set_local_description(
        &self,
        _description: impl Into<Option<SessionDescription>>,
    ) -> Result<(), Error> {
        todo!()
    }
    /// `setRemoteDescription`.
    pub async fn set_remote_description(
        &self,
        _description: SessionDescription,
    ) -> Result<(), Error> {
        todo!()
    }
    /// `addIceCandidate`.
    pub async fn add_ice_candidate(&self, _candidate: CandidateInit) -> Result<(), Error> {
        todo!()
    }
    /// Waits until gathering is complete, for applications that do not trickle.
    pub async fn gathering_complete(&self) {
        todo!()
    }
    /// `localDescription`: pending if there is one, with the candidates gathered so far.
    pub fn local_description(&self) -> Option<SessionDescription> {
        todo!()
    }
    /// `currentLocalDescription`.
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        todo!()
    }
    /// `pendingLocalDescription`.
    pub fn pending_local_description(&self) -> Option<SessionDescription> {
        todo!()
    }
    /// `remoteDescription`.
    pub fn remote_description(&self) -> Option<SessionDescription> {
        todo!()
    }
    /// `currentRemoteDescription`.
    pub fn current_remote_description(&self) -> Option<SessionDescription> {
        todo!()
    }
    /// `pendingRemoteDescription`.
    pub fn pending_remote_description(&self) -> Option<SessionDescription> {
        todo!()
    }
    /// `canTrickleIceCandidates`: `None` before a remote description.
    pub fn can_trickle_ice_candidates(&self) -> Option<bool> {
        todo!()
    }
    /// `signalingState`.
    pub fn signaling_state(&self) -> SignalingState {
        todo!()
    }
    /// `iceGatheringState`.
    pub fn ice_gathering_state(&self) -> GatheringState {
        todo!()
    }
    /// `iceConnectionState`.
    pub fn ice_connection_state(&self) -> IceState {
        todo!()
    }
    /// `connectionState`.
    pub fn connection_state(&self) -> ConnectionState {
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
    /// Who nominates, once it is known.
    pub fn ice_role(&self) -> ice::Role {
        todo!()
    }
    /// Our ICE credentials of the generation in force.
    pub fn local_ice_credentials(&self) -> Option<Credentials> {
        todo!()
    }
    /// Our candidates of the generation in force.
    pub fn local_candidates(&self) -> Vec<Candidate> {
        todo!()
    }
    /// The peer's candidates.
    pub fn remote_candidates(&self) -> Vec<Candidate> {
        todo!()
    }
    /// The pair in use (`RTCIceTransport.getSelectedCandidatePair`): local, then remote.
    pub fn selected_candidate_pair(&self) -> Option<(Candidate, Candidate)> {
        todo!()
    }
    /// The peer's certificate in DER, once it is shown and its fingerprint matched.
    pub fn remote_certificate(&self) -> Option<Vec<u8>> {
        todo!()
    }
    /// `sctp`: once a data section is negotiated.
    pub fn sctp(&self) -> Option<SctpTransport> {
        todo!()
    }
    /// `createDataChannel`.
    pub fn create_data_channel(
        &self,
        _label: &str,
        _init: DataChannelInit,
    ) -> Result<DataChannel, CreateError> {
        todo!()
    }
    /// `restartIce`.
    pub fn restart_ice(&self) {
        todo!()
    }
    /// `getConfiguration`.
    pub fn configuration(&self) -> Configuration {
        todo!()
    }
    /// `setConfiguration`.
    pub fn set_configuration(
        &self,
        _configuration: Configuration,
    ) -> Result<(), ConfigurationError> {
        todo!()
    }
    /// `getStats`.
    pub async fn get_stats(&self) -> StatsReport {
        todo!()
    }
    /// `close`: the peer is told, sockets are freed. Everything is over when it returns.
    pub async fn close(&self) {
        todo!()
    }
}
