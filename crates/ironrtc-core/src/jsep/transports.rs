//! The transports of a connection, as offer and answer see them: which sections use which, and what
//! is known of each.

use std::collections::{BTreeMap, BTreeSet};

use super::gathered::Gathered;
use super::read::{Description, TransportAttributes};
use super::roles::Roles;
use super::{JsepError, Negotiator};
use crate::transport::{TransportId, TransportPlan};

/// Most transports of a connection. Each has sockets of its own, so that a peer could have us open
/// one for each section of an offer; sections beyond are bundled or declined.
pub(super) const MAX_TRANSPORTS: usize = 16;

/// One transport in use.
#[derive(Clone, Debug, Default)]
pub(super) struct TransportState {
    pub(super) roles: Roles,
    /// Its candidates.
    pub(super) gathered: Gathered,
    /// What it was told to do.
    pub(super) told: Option<TransportPlan>,
}

/// The transports in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Transports {
    states: BTreeMap<TransportId, TransportState>,
    /// The one that comes into use while no other is: a connection keeps the last one, with its
    /// sockets and the channels that wait.
    spare: TransportId,
    /// The lowest number that no other has had.
    next: u32,
}

impl Transports {
    pub(super) fn get(&self, id: TransportId) -> Option<&TransportState> {
        self.states.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: TransportId) -> Option<&mut TransportState> {
        self.states.get_mut(&id)
    }

    /// The state of a transport that is in use, or comes into use.
    pub(super) fn entry(&mut self, id: TransportId) -> &mut TransportState {
        self.next = self.next.max(id.number().saturating_add(1));
        self.states.entry(id).or_default()
    }

    pub(super) fn ids(&self) -> Vec<TransportId> {
        self.states.keys().copied().collect()
    }

    pub(super) fn remove(&mut self, id: TransportId) {
        self.states.remove(&id);
        if self.states.is_empty() {
            self.spare = id;
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (TransportId, &mut TransportState)> {
        self.states.iter_mut().map(|(id, state)| (*id, state))
    }

    /// A name for one that comes into use beside those that are `taken`.
    fn fresh(&self, taken: &BTreeSet<TransportId>) -> TransportId {
        if self.states.is_empty() && !taken.contains(&self.spare) {
            return self.spare;
        }
        // The spare one's number has been given, though perhaps not noted yet.
        let first = self.next.max(self.spare.number().saturating_add(1));
        (first..=u32::MAX)
            .map(TransportId::new)
            .find(|id| !taken.contains(id))
            .unwrap_or_default()
    }
}

impl Negotiator {
    /// Decides which transports the sections of an offer of ours have unless the answer bundles
    /// them: those that they had; the bundle's own for what is offered in the bundle only.
    pub(super) fn place_offer(&self, read: &mut Description) {
        let base = self.local();
        let known = |index: usize| {
            let section = base?.sections.get(index).filter(|section| section.used)?;
            section.over.filter(|id| self.transports.get(*id).is_some())
        };
        let agreed = |owner: TransportId| {
            let known = self
                .current_local()
                .and_then(|known| known.transport(owner));
            known.is_some_and(|known| known.bundled)
        };
        let mut taken = BTreeSet::new();
        let mut placed: Vec<Option<TransportId>> = vec![None; read.sections.len()];
        for bundle in &read.bundles {
            let mut owner = None;
            let mut here = BTreeSet::new();
            for index in bundle.iter().copied().filter(|index| read.can_use(*index)) {
                let media = read.sdp.media.get(index);
                let only = media.is_some_and(|media| media.port == 0);
                let usual = known(index).filter(|id| here.contains(id) || !taken.contains(id));
                let id = match (owner, usual) {
                    (Some(owner), _) if only => owner,
                    (_, Some(usual)) => usual,
                    // RFC 9143 section 7.5.2: what joins a bundle that was agreed on has its
                    // address from the start.
                    (Some(owner), None) if agreed(owner) => owner,
                    _ => self.transports.fresh(&taken),
                };
                owner.get_or_insert(id);
                here.insert(id);
                taken.insert(id);
                if let Some(placed) = placed.get_mut(index) {
                    *placed = Some(id);
                }
            }
        }
        for (index, placed) in placed.iter_mut().enumerate() {
            if placed.is_none() && read.can_use(index) {
                let usual = known(index).filter(|id| !taken.contains(id));
                let id = usual.unwrap_or_else(|| self.transports.fresh(&taken));
                taken.insert(id);
                *placed = Some(id);
            }
        }
        for (section, placed) in read.sections.iter_mut().zip(placed) {
            section.over = placed;
        }
    }

    /// The names of the transports that an answer of ours makes of the peer's sections: the ones
    /// that these had before. `offered` is what the peer says of them.
    pub(super) fn places_of_answer(&self, offered: &[TransportAttributes]) -> Vec<TransportId> {
        let (known, remote) = (self.local(), self.current_remote());
        let before = |index: usize| {
            let over = known?.sections.get(index)?.over;
            over.filter(|id| self.transports.get(*id).is_some())
        };
        let mut taken = BTreeSet::new();
        let mut places = vec![None; offered.len()];
        // Where the sections of one transport part, the one that the peer goes on with is known by
        // its credentials.
        for same in [true, false] {
            for (place, offered) in places.iter_mut().zip(offered) {
                if place.is_some() {
                    continue;
                }
                let goes_on = |id: &TransportId| {
                    let known = remote.and_then(|remote| remote.transport(*id));
                    known.is_some_and(|known| known.credentials == offered.credentials)
                };
                *place = (offered.members.iter())
                    .filter_map(|index| before(*index))
                    .find(|id| !taken.contains(id) && (!same || goes_on(id)));
                taken.extend(*place);
            }
        }
        let name = |place: Option<TransportId>| {
            let id = place.unwrap_or_else(|| self.transports.fresh(&taken));
            taken.insert(id);
            id
        };
        places.into_iter().map(name).collect()
    }

    /// Names the transports of an answer of ours, and what the peer `offered` of them.
    pub(super) fn place_our_answer(
        &self,
        answer: &mut Description,
        offered: &mut [TransportAttributes],
    ) {
        let places = self.places_of_answer(offered);
        for (id, (transport, offered)) in
            (places.into_iter()).zip(answer.transports.iter_mut().zip(offered))
        {
            (transport.id, offered.id) = (id, id);
            for index in &transport.members {
                if let Some(section) = answer.sections.get_mut(*index) {
                    section.over = Some(id);
                }
            }
        }
    }

    /// Names the transports of an answer of the peer's after those that we offered for their
    /// sections: RFC 9143 section 7.3.1 has the first of a bundle lend its own to the others.
    pub(super) fn place_peers_answer(
        offer: &Description,
        answer: &mut Description,
    ) -> Result<(), JsepError> {
        let mut taken = BTreeSet::new();
        for transport in &mut answer.transports {
            let tagged = transport.tagged();
            let offered = offer.sections.get(tagged).and_then(|section| section.over);
            let id = offered.filter(|id| taken.insert(*id));
            transport.id = id.ok_or_else(|| {
                let section = answer.sections.get(tagged);
                let mid = section.map_or_else(|| tagged.into(), |section| section.mid.clone());
                JsepError::OnlyBundled(mid)
            })?;
        }
        Ok(())
    }

    /// The transport that data channels go over, as the descriptions in force have it.
    pub fn data_transport(&self) -> Option<TransportId> {
        let (local, remote) = self.in_force();
        let (local, current) = (local?, self.current_local());
        let agreed = remote.filter(|_| local.data().is_some());
        (agreed.and_then(Description::data_transport))
            .or_else(|| local.data_transport())
            .or_else(|| current?.data_transport())
            .map(|transport| transport.id)
    }
}
