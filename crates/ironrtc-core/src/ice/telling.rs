//! What an observer is told of checks. States and candidates are told by who reads the events.

use super::{Agent, Route};
use crate::observe::{Observer, observe};
use crate::time::Time;

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
}
