//! From descriptions to what the transports do.

use std::collections::BTreeMap;

use super::read::Description;
use super::{Negotiator, SignalingState};
use crate::ice;
use crate::transport::{DtlsPlan, RemoteIce, SctpPlan, TransportId, TransportPlan};

impl Negotiator {
    /// The two descriptions in force. A remote offer counts once we have answered it.
    pub(super) fn in_force(&self) -> (Option<&Description>, Option<&Description>) {
        let exchange = &self.exchange;
        match self.signaling_state() {
            SignalingState::HaveLocalOffer => (exchange.local(), self.current_remote()),
            SignalingState::HaveLocalPrAnswer | SignalingState::HaveRemotePrAnswer => {
                (exchange.local(), exchange.remote())
            }
            _ => (self.current_local(), self.current_remote()),
        }
    }

    /// What the descriptions in force ask of the transports that they use.
    pub fn plans(&self) -> BTreeMap<TransportId, TransportPlan> {
        let (local, _) = self.in_force();
        let ids = local.into_iter().flat_map(|local| &local.transports);
        ids.filter_map(|transport| Some((transport.id, self.plan(transport.id)?)))
            .collect()
    }

    /// What the descriptions in force ask of a transport; `None` if nothing uses it.
    pub fn plan(&self, id: TransportId) -> Option<TransportPlan> {
        let (local, remote) = self.in_force();
        let local = local?;
        let ours = local.transport(id)?;
        let peer = remote.and_then(|remote| Some((remote, remote.transport(id)?)));
        // The peer declined all of its sections, or has them elsewhere.
        if peer.is_none() && self.signaling_state() == SignalingState::Stable {
            return None;
        }
        let roles = self.transports.get(id).map(|state| state.roles);
        let roles = roles.unwrap_or_default();
        let remote_ice = peer.map(|(description, transport)| RemoteIce {
            credentials: transport.credentials.clone(),
            lite: description.lite,
        });
        let dtls = peer
            .zip(roles.dtls())
            .map(|((_, transport), role)| DtlsPlan {
                role,
                remote_fingerprints: transport.fingerprints.clone(),
            });
        // The peer's side says where it is: what we offered may be bundled by then.
        let carries = |remote: &Description| {
            let transport = remote.data_transport();
            transport.is_some_and(|transport| transport.id == id)
        };
        let data = remote.filter(|remote| carries(remote));
        let data = local.data().zip(data.and_then(Description::data));
        let sctp = data.map(|(ours, theirs)| SctpPlan {
            local_port: ours.sctp_port,
            remote_port: theirs.sctp_port,
            remote_max_message_size: theirs.max_message_size,
        });
        Some(TransportPlan {
            ice_role: roles.ice(),
            local_ice: Some(ours.credentials.clone()),
            remote_ice,
            dtls,
            sctp,
            rtp: None,
        })
    }

    /// The peer's candidates of the generation in force, and whether no more will come.
    pub(super) fn usable_remote_candidates(&self, id: TransportId) -> (Vec<ice::Candidate>, bool) {
        let (local, remote) = self.in_force();
        let used = local.is_some_and(|local| local.transport(id).is_some());
        match remote.and_then(|remote| remote.transport(id)) {
            Some(peer) if used => (peer.candidates.clone(), peer.end_of_candidates),
            _ => (Vec::new(), false),
        }
    }
}
