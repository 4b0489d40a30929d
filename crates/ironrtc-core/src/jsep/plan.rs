//! From descriptions to what the transports do.

use std::collections::BTreeMap;

use super::read::Description;
use super::{Negotiator, SignalingState, TransceiverId, media};
use crate::ice;
use crate::rtp::{RtpPlan, RtpSection};
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
            rtp: self.rtp_plan(id),
        })
    }

    /// The descriptions of which media is: what was agreed on, if only for now.
    fn agreed_on(&self) -> Option<(&Description, &Description)> {
        match self.signaling_state() {
            SignalingState::HaveLocalPrAnswer | SignalingState::HaveRemotePrAnswer => {
                self.exchange.local().zip(self.exchange.remote())
            }
            _ => self.current_local().zip(self.current_remote()),
        }
    }

    /// The media that goes over a transport; `None` if there is none.
    fn rtp_plan(&self, id: TransportId) -> Option<RtpPlan> {
        let (local, remote) = self.agreed_on()?;
        let mut plan = RtpPlan {
            sections: Vec::new(),
            mixed_extensions: true,
            cryptex: true,
        };
        let mut places = remote.transport(id)?.members.clone();
        places.sort_unstable();
        for index in places {
            let sections = local.sections.get(index).zip(remote.sections.get(index));
            let Some((ours, theirs)) = sections else {
                continue;
            };
            let (Some(said), Some(heard)) = (ours.rtp(), theirs.rtp()) else {
                continue;
            };
            let Some(transceiver) = self.transceivers.of(&ours.mid) else {
                continue;
            };
            plan.mixed_extensions &= said.says.mixed_extensions && heard.says.mixed_extensions;
            plan.cryptex &= said.says.cryptex && heard.says.cryptex;
            let cname = self.transceivers.cname();
            let section = media::compile_section(transceiver, &ours.mid, said, heard, cname);
            plan.sections.push(section);
        }
        Some(plan).filter(|plan| !plan.sections.is_empty())
    }

    /// What was agreed on for a transceiver, and over which transport.
    pub(super) fn agreed_section(&self, id: TransceiverId) -> Option<(TransportId, RtpSection)> {
        let (local, remote) = self.agreed_on()?;
        let transceiver = self.transceivers.get(id)?;
        let mid = transceiver.mid()?;
        let index = local.sections.iter().position(|ours| ours.mid == *mid)?;
        let (ours, theirs) = (local.sections.get(index)?, remote.sections.get(index)?);
        let over = remote.transport_of(index)?.id;
        let cname = self.transceivers.cname();
        let section = media::compile_section(transceiver, mid, ours.rtp()?, theirs.rtp()?, cname);
        Some((over, section))
    }

    /// The transport that the media of a transceiver goes over, as the descriptions in force have it.
    pub fn media_transport(&self, id: TransceiverId) -> Option<TransportId> {
        let mid = self.transceivers.get(id)?.mid()?;
        let over = |description: &Description| {
            let mut sections = description.sections.iter();
            let index = sections.position(|section| section.mid == *mid)?;
            Some(description.transport_of(index)?.id)
        };
        let (local, remote) = self.in_force();
        // The peer's side says where it is: what we offered may be bundled by then.
        remote
            .and_then(over)
            .or_else(|| match self.signaling_state() {
                SignalingState::HaveLocalOffer => over(local?),
                _ => None,
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
