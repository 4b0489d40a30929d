//! From what is asked of a transport to what it does: the steps that applying a description takes.

use super::exchange::Agreed;
use super::{Negotiator, SdpType};
use crate::ice::Candidate;
use crate::transport::{TransportId, TransportPlan};

/// What a description changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What transports are to do now, in this order. A transport without a step goes on as it is.
    pub steps: Vec<(TransportId, Step)>,
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
    /// The steps from what the transport does to what the descriptions in force ask of it.
    pub(super) fn steps(&mut self, outcome: Outcome) -> Vec<(TransportId, Step)> {
        let mut steps = Vec::new();
        let agreed = self.agreed.as_ref().filter(|_| outcome == Outcome::Agreed);
        let declined = agreed.is_some_and(Agreed::peer_declined_data);
        match (self.told.take(), self.plan()) {
            (None, None) => {}
            (None, Some(plan)) => {
                self.begin_generation(&plan);
                steps.extend([Step::Start(plan.clone()), Step::Gather]);
                self.told = Some(plan);
            }
            (Some(told), Some(mut plan)) => {
                if outcome == Outcome::UnderWay {
                    // An offer without data ends it once it is answered.
                    plan.sctp = plan.sctp.or_else(|| told.sctp.clone());
                }
                let gather = self.begin_generation(&plan);
                let ended = told.sctp.is_some() || declined;
                if plan != told {
                    steps.push(Step::Update(plan.clone()));
                }
                if plan.sctp.is_none() && outcome == Outcome::Agreed && ended {
                    steps.push(Step::EndData);
                }
                if gather {
                    steps.push(Step::Gather);
                }
                self.told = Some(plan);
            }
            (told, None) if outcome == Outcome::UnderWay => self.told = told,
            (Some(told), None) => steps.push(match outcome {
                // Also an exchange that ends what was there, whichever side declined it.
                Outcome::Agreed if declined || told.dtls.is_some() => {
                    Step::Reject(Reason::Declined)
                }
                _ => Step::Withdraw,
            }),
        }
        let (candidates, end) = self.usable_remote_candidates();
        if end || !candidates.is_empty() {
            steps.push(Step::AddCandidates { candidates, end });
        }
        let id = TransportId::default();
        steps.into_iter().map(|step| (id, step)).collect()
    }

    /// True if the plan has credentials for which nothing was gathered yet.
    fn begin_generation(&mut self, plan: &TransportPlan) -> bool {
        let local = plan.local_ice.as_ref();
        local.is_some_and(|local| self.gathered.begin(&local.ufrag))
    }
}
