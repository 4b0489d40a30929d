//! What an observer is told of ICE.

use super::{AddCandidateError, Agent, Candidate, Event, Route};
use crate::observe::{Observer, Value, observe};
use crate::time::Time;

impl Event {
    /// Tells `observer` of it.
    pub(crate) fn tell(&self, observer: &Observer, now: Time) {
        match self {
            Self::StateChange(state) => {
                observe!(observer, now, Ice, "state_change", to = state.as_str());
            }
            Self::GatheringStateChange(state) => {
                observe!(
                    observer,
                    now,
                    Ice,
                    "gathering_state_change",
                    to = state.as_str()
                );
            }
            Self::LocalCandidate(candidate) => {
                let text = candidate.to_string();
                observe!(
                    observer,
                    now,
                    Ice,
                    "local_candidate",
                    candidate = Value::Private(&text)
                );
            }
            Self::CandidateError {
                error_code,
                error_text,
                ..
            } => {
                let (code, reason) = (*error_code, error_text);
                observe!(
                    observer,
                    now,
                    Ice,
                    "candidate_error",
                    code = code,
                    reason = reason
                );
            }
            Self::SelectedPairChange(route) => {
                observe!(
                    observer,
                    now,
                    Ice,
                    "selected_pair_change",
                    local = route.local(),
                    remote = route.remote(),
                );
            }
        }
    }
}

impl Agent {
    /// Tells `observer` of checks from now on.
    pub fn observe(&mut self, observer: Observer) {
        self.observer = observer;
    }

    /// A check goes out for the first time.
    pub(super) fn tell_check(&self, now: Time, route: Route, nominates: bool) {
        observe!(
            self.observer,
            now,
            Ice,
            "check_sent",
            local = route.local(),
            remote = route.remote(),
            nominates = nominates,
        );
    }

    /// What became of a check: `answered`, `refused` or `unanswered`.
    pub(super) fn tell_verdict(&self, now: Time, route: Route, verdict: &'static str) {
        observe!(
            self.observer,
            now,
            Ice,
            "check_over",
            local = route.local(),
            remote = route.remote(),
            verdict = verdict,
        );
    }

    /// The peer has checked us, with a check that is no repetition.
    pub(super) fn tell_peers_check(&self, now: Time, route: Route, nominates: bool) {
        observe!(
            self.observer,
            now,
            Ice,
            "check_received",
            local = route.local(),
            remote = route.remote(),
            nominates = nominates,
        );
    }

    /// Another role than before, after a conflict.
    pub(super) fn tell_role(&self, now: Time) {
        observe!(
            self.observer,
            now,
            Ice,
            "role_change",
            to = self.role.as_str()
        );
    }

    pub(super) fn tell_remote_candidate(&self, now: Time, candidate: &Candidate) {
        let observer = &self.observer;
        let text = candidate.to_string();
        observe!(
            observer,
            now,
            Ice,
            "remote_candidate",
            candidate = Value::Private(&text)
        );
    }

    /// The reason may name the peer's address.
    pub(crate) fn tell_refused_candidate(&self, now: Time, error: &AddCandidateError) {
        let observer = &self.observer;
        let reason = error.to_string();
        observe!(
            observer,
            now,
            Ice,
            "remote_candidate_refused",
            reason = Value::Private(&reason)
        );
    }
}
