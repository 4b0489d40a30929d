//! The transports below senders, receivers and data channels.

use ironrtc_core::dtls::{DtlsError, DtlsState};
use ironrtc_core::ice::{Candidate, Credentials, GatheringState, IceState, Role};
use ironrtc_core::peer::PeerConnection as Core;
use ironrtc_core::transport::{Transport, TransportId};

use crate::handle::Handle;
use crate::place::Place;

impl Place<TransportId> {
    /// Something of the transport; `None` once nothing uses it any more.
    fn read<R>(&self, read: impl FnOnce(&Transport) -> R) -> Option<R> {
        self.connection
            .read(|core| core.transport_named(self.id).map(read))
    }
}

/// What encrypts (`RTCDtlsTransport`): DTLS over an [`IceTransport`]. Senders, receivers and data
/// channels that are bundled have the same one; one that a BUNDLE makes superfluous is `closed`. Clones
/// are handles of the same transport.
///
/// [`Event::DtlsStateChange`](crate::Event::DtlsStateChange) tells of its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DtlsTransport(Place<TransportId>);

/// What finds a path to the peer (`RTCIceTransport`). Clones are handles of the same transport.
///
/// [`Event::IceTransportStateChange`](crate::Event::IceTransportStateChange),
/// [`Event::IceTransportGatheringStateChange`](crate::Event::IceTransportGatheringStateChange) and
/// [`Event::SelectedCandidatePairChange`](crate::Event::SelectedCandidatePairChange) tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceTransport(Place<TransportId>);

impl DtlsTransport {
    pub(crate) const fn new(connection: Handle<Core>, id: TransportId) -> Self {
        Self(Place { connection, id })
    }

    /// `iceTransport`: what it goes over.
    pub fn ice_transport(&self) -> IceTransport {
        IceTransport(self.0.clone())
    }

    /// `state`.
    pub fn state(&self) -> DtlsState {
        self.0
            .read(Transport::dtls_state)
            .unwrap_or(DtlsState::Closed)
    }

    /// Why the state is `failed`, and by whose fault (the W3C's `error`).
    pub fn failure(&self) -> Option<DtlsError> {
        self.0.read(|it| it.dtls_failure().cloned())?
    }

    /// `getRemoteCertificates`: the peer's certificate in DER, once it is shown and its fingerprint
    /// matched.
    pub fn remote_certificate(&self) -> Option<Vec<u8>> {
        self.0
            .read(|it| it.remote_certificate().map(<[u8]>::to_vec))?
    }

    /// Data channels go over it, or will once there are some.
    pub fn carries_data(&self) -> bool {
        self.0
            .connection
            .read(|core| core.data_transport() == self.0.id)
    }
}

impl IceTransport {
    /// `role`: who nominates, once it is known.
    pub fn role(&self) -> Role {
        let role = self.0.read(|it| it.ice().role());
        role.unwrap_or(Role::Controlled)
    }

    /// `state`.
    pub fn state(&self) -> IceState {
        let state = self.0.read(|it| it.ice().state());
        state.unwrap_or(IceState::Closed)
    }

    /// `gatheringState`.
    pub fn gathering_state(&self) -> GatheringState {
        let state = self.0.read(|it| it.ice().gathering_state());
        state.unwrap_or(GatheringState::Complete)
    }

    /// `getLocalCandidates`: those of the generation in force.
    pub fn local_candidates(&self) -> Vec<Candidate> {
        let candidates = self.0.read(|it| it.ice().local_candidates().to_vec());
        candidates.unwrap_or_default()
    }

    /// `getRemoteCandidates`.
    pub fn remote_candidates(&self) -> Vec<Candidate> {
        let candidates = self.0.read(|it| it.ice().remote_candidates().to_vec());
        candidates.unwrap_or_default()
    }

    /// `getSelectedCandidatePair`: the pair in use, local, then remote.
    pub fn selected_candidate_pair(&self) -> Option<(Candidate, Candidate)> {
        self.0.read(|it| {
            let ice = it.ice();
            let route = ice.selected()?;
            let at = |candidates: &[Candidate], address| {
                let found = |one: &&Candidate| one.socket_addr() == Some(address);
                candidates.iter().find(found).cloned()
            };
            let local = at(ice.local_candidates(), route.local())?;
            Some((local, at(ice.remote_candidates(), route.remote())?))
        })?
    }

    /// `getLocalParameters`: our credentials of the generation in force.
    pub fn local_parameters(&self) -> Option<Credentials> {
        self.0.read(|it| it.ice().local_credentials().cloned())?
    }

    /// `getRemoteParameters`: the peer's credentials, once it has told them.
    pub fn remote_parameters(&self) -> Option<Credentials> {
        self.0.read(|it| it.ice().remote_credentials().cloned())?
    }
}
