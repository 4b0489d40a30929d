//! From what is asked of a transport to what it does: the steps that applying a description takes.

use super::{Negotiator, SdpType, TrackChange};
use crate::ice::Candidate;
use crate::transport::{TransportId, TransportPlan};

/// What a description changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What transports are to do now, in this order. A transport without a step goes on as it is.
    pub steps: Vec<(TransportId, Step)>,
    /// What becomes of the tracks that are received, in the order in which it is told.
    pub tracks: Vec<TrackChange>,
    /// The signalling state is another now.
    pub signaling_state_changed: bool,
}

/// What a transport is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It comes into use.
    Start(TransportPlan),
    /// It goes on under another plan.
    Update(TransportPlan),
    /// Candidates are wanted for the credentials of its plan: gather them, or show those there are.
    Gather,
    /// Candidates of the peer that its description names.
    AddCandidates {
        /// Those that may be used now.
        candidates: Vec<Candidate>,
        /// No more will come.
        end: bool,
    },
    /// Data channels end and media goes on. They may be negotiated anew.
    EndData,
    /// Its offer was taken back: what was begun with the peer is forgotten.
    Withdraw,
    /// Nothing uses it any more. It may be negotiated anew.
    Reject(Reason),
}

/// Why a transport is not used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// One side declined what was offered, or what was there.
    #[error("data channels were declined")]
    Declined,
    /// No section uses it any more: they were declined, or share another.
    #[error("no media section uses the transport any more")]
    Unused,
}

/// Where a description led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The exchange goes on, and what was agreed before stays until it is done.
    UnderWay,
    /// The exchange is done.
    Agreed,
    /// The exchange never was.
    RolledBack,
}

impl Outcome {
    pub(super) const fn of(kind: SdpType) -> Self {
        match kind {
            SdpType::Answer => Self::Agreed,
            SdpType::Offer | SdpType::PrAnswer => Self::UnderWay,
            SdpType::Rollback => Self::RolledBack,
        }
    }
}

impl Negotiator {
    /// The steps that follow from what the application did to transceivers: some of it takes effect
    /// before the peer knows.
    pub fn updates(&mut self) -> Vec<(TransportId, Step)> {
        let steps = self.steps(Outcome::UnderWay).into_iter();
        steps
            .filter(|(_, step)| matches!(step, Step::Update(_)))
            .collect()
    }

    /// The steps from what the transports do to what the descriptions in force ask of them. Those
    /// that end do so last, when what goes on in their place is there.
    pub(super) fn steps(&mut self, outcome: Outcome) -> Vec<(TransportId, Step)> {
        let plans = self.plans();
        let ended: Vec<TransportId> = (self.transports.ids().into_iter())
            .filter(|id| !plans.contains_key(id))
            .collect();
        let agreed = self.agreed.as_ref().filter(|_| outcome == Outcome::Agreed);
        let declined = agreed.filter(|agreed| agreed.peer_declined_data());
        let data = declined.and_then(|agreed| agreed.local.data_place());
        // Data may have gone to another transport already.
        let has_data = plans.values().any(|plan| plan.sctp.is_some());
        let in_use = !plans.is_empty();
        let mut steps = Vec::new();
        for (id, mut plan) in plans {
            let offered = |place: usize| {
                let agreed = self.agreed.as_ref()?;
                agreed.local.sections.get(place)?.over
            };
            let declined = data.and_then(offered) == Some(id);
            let state = self.transports.entry(id);
            let told = state.told.take();
            let before = told.as_ref().and_then(|told| told.sctp.clone());
            let had_data = before.is_some();
            if outcome == Outcome::UnderWay && !has_data {
                // An offer without data ends it once it is answered.
                plan.sctp = plan.sctp.or(before);
            }
            // Credentials for which nothing was gathered yet are another generation.
            let local = plan.local_ice.as_ref();
            let renewed = local.is_some_and(|local| state.gathered.begin(local.ufrag()));
            let started = told.is_none();
            if started {
                steps.push((id, Step::Start(plan.clone())));
            } else if told.as_ref() != Some(&plan) {
                steps.push((id, Step::Update(plan.clone())));
            }
            let ends_data = plan.sctp.is_none() && !started && (had_data || declined);
            if ends_data && outcome == Outcome::Agreed {
                steps.push((id, Step::EndData));
            }
            if started || renewed {
                steps.push((id, Step::Gather));
            }
            state.told = Some(plan);
            let (candidates, end) = self.usable_remote_candidates(id);
            if end || !candidates.is_empty() {
                steps.push((id, Step::AddCandidates { candidates, end }));
            }
        }
        // What an exchange under way leaves out stays until it is done.
        for id in ended.into_iter().filter(|_| outcome != Outcome::UnderWay) {
            let state = self.transports.get(id);
            let told = state.and_then(|state| state.told.as_ref());
            let began = told.is_some_and(|told| told.dtls.is_some());
            let step = match outcome {
                Outcome::Agreed if in_use => Step::Reject(Reason::Unused),
                // Also an exchange that ends what was there, whichever side declined it.
                Outcome::Agreed if declined.is_some() || began => Step::Reject(Reason::Declined),
                _ => Step::Withdraw,
            };
            if told.is_some() {
                steps.push((id, step));
            }
            self.transports.remove(id);
        }
        steps
    }
}
