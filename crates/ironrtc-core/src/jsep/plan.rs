//! From descriptions to what the transports do.

use super::media::Description;
use super::{Negotiator, SignalingState};
use crate::ice;
use crate::transport::{DtlsPlan, Plan, RemoteIce, SctpPlan, TransportPlan};

impl Negotiator {
    /// The two descriptions in force. A remote offer counts once we have answered it.
    fn in_force(&self) -> (Option<&Description>, Option<&Description>) {
        match self.state {
            SignalingState::HaveLocalOffer => {
                (self.pending_local.as_ref(), self.current_remote.as_ref())
            }
            SignalingState::HaveLocalPrAnswer | SignalingState::HaveRemotePrAnswer => {
                (self.pending_local.as_ref(), self.pending_remote.as_ref())
            }
            _ => (self.current_local.as_ref(), self.current_remote.as_ref()),
        }
    }

    /// What the descriptions in force ask of the transports.
    pub fn plan(&self) -> Plan {
        let (local, remote) = self.in_force();
        let Some(section) = local.and_then(Description::data) else {
            return Plan::default();
        };
        let peer = remote.and_then(Description::data);
        // The peer declined data: the transport has nothing to carry.
        if remote.is_some() && peer.is_none() && self.state == SignalingState::Stable {
            return Plan::default();
        }
        let lite = remote.is_some_and(|description| description.lite);
        let remote_ice = peer
            .and_then(|peer| peer.credentials.clone())
            .map(|credentials| RemoteIce { credentials, lite });
        let dtls = peer.zip(self.dtls_role).map(|(peer, role)| DtlsPlan {
            role,
            remote_fingerprints: peer.fingerprints.clone(),
        });
        let sctp = peer.map(|peer| SctpPlan {
            local_port: section.sctp_port,
            remote_port: peer.sctp_port,
            remote_max_message_size: peer.max_message_size,
        });
        Plan {
            transports: vec![TransportPlan {
                mid: section.mid.clone(),
                ice_role: self.ice_role.unwrap_or(ice::Role::Controlled),
                local_ice: section.credentials.clone(),
                remote_ice,
                dtls,
                sctp,
            }],
        }
    }

    /// The peer's candidates of the generation in force.
    pub(super) fn usable_remote_candidates(&self) -> (Vec<ice::Candidate>, bool) {
        let (local, remote) = self.in_force();
        match (
            local.and_then(Description::data),
            remote.and_then(Description::data),
        ) {
            (Some(_), Some(peer)) => (peer.candidates.clone(), peer.end_of_candidates),
            _ => (Vec::new(), false),
        }
    }

    /// The username fragment of the peer's generation in force.
    pub(super) fn remote_fragment_in_force(&self) -> Option<&str> {
        let peer = self.in_force().1.and_then(Description::data)?;
        peer.credentials
            .as_ref()
            .map(|credentials| credentials.ufrag.as_str())
    }
}
