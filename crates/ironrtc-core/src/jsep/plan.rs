//! From descriptions to what the transports do.

use super::read::{Description, TransportAttributes};
use super::{Negotiator, SignalingState};
use crate::ice;
use crate::transport::{DtlsPlan, RemoteIce, SctpPlan, TransportPlan};

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

    /// What the descriptions in force ask of the transport; `None` if nothing uses it.
    pub fn plan(&self) -> Option<TransportPlan> {
        let (local, remote) = self.in_force();
        let (local, ours) = with_transport(local)?;
        let peer = with_transport(remote);
        // The peer declined everything: the transport has nothing to carry.
        if remote.is_some() && peer.is_none() && self.signaling_state() == SignalingState::Stable {
            return None;
        }
        let remote_ice = peer.map(|(description, transport)| RemoteIce {
            credentials: transport.credentials.clone(),
            lite: description.lite,
        });
        let dtls = peer
            .zip(self.roles.dtls())
            .map(|((_, transport), role)| DtlsPlan {
                role,
                remote_fingerprints: transport.fingerprints.clone(),
            });
        let data = local.data().zip(remote.and_then(Description::data));
        let sctp = data.map(|(ours, theirs)| SctpPlan {
            local_port: ours.sctp_port,
            remote_port: theirs.sctp_port,
            remote_max_message_size: theirs.max_message_size,
        });
        Some(TransportPlan {
            ice_role: self.roles.ice(),
            local_ice: Some(ours.credentials.clone()),
            remote_ice,
            dtls,
            sctp,
            rtp: None,
        })
    }

    /// The peer's candidates of the generation in force.
    pub(super) fn usable_remote_candidates(&self) -> (Vec<ice::Candidate>, bool) {
        let (local, remote) = self.in_force();
        match (with_transport(local), with_transport(remote)) {
            (Some(_), Some((_, peer))) => (peer.candidates.clone(), peer.end_of_candidates),
            _ => (Vec::new(), false),
        }
    }

    /// The username fragment of the peer's generation in force.
    pub(super) fn remote_fragment_in_force(&self) -> Option<&str> {
        let (_, peer) = with_transport(self.in_force().1)?;
        Some(&peer.credentials.ufrag)
    }
}

fn with_transport(
    description: Option<&Description>,
) -> Option<(&Description, &TransportAttributes)> {
    let description = description?;
    Some((description, description.transport.as_ref()?))
}
