//! The pair that was in use when ICE was restarted. It stays in use until the new generation has
//! settled on one, which may take as long as a description takes to travel, and a peer may answer a
//! restart with its old credentials. So consent is asked for on it as on any other.

use super::pair::Pair;
use super::{Agent, Credentials, Role, Route};
use crate::time::Time;

/// That pair, with the credentials of its generation.
#[derive(Clone, Debug)]
pub(super) struct Previous {
    pub(super) pair: Pair,
    /// How long the restart may go unanswered before the verdict, if the pair is lost meanwhile: who
    /// restarts does so since the pair is silent.
    pub(super) answer_until: Time,
    pub(super) local: Credentials,
    pub(super) remote: Option<Credentials>,
}

impl Agent {
    pub(super) fn keep_previous(&mut self, now: Time, local: Credentials) {
        let kept = self.previous.as_ref().is_some_and(|p| !p.pair.lost);
        let Some(route) = self.selection.route().filter(|_| !kept) else {
            return;
        };
        let Some(mut pair) = self.generation.checklist.at(route).cloned() else {
            return;
        };
        pair.check = None;
        // A restart shows nobody's consent (RFC 7675 section 5.1), so what there is runs out.
        self.previous = Some(Previous {
            pair,
            answer_until: now + self.config.consent_timeout,
            local,
            remote: self.generation.remote.clone(),
        });
    }

    /// When consent is to be asked for on the previous pair.
    pub(super) fn next_previous_consent(&self) -> Option<Time> {
        let previous = self.previous.as_ref()?;
        previous.remote.as_ref().filter(|_| !previous.pair.lost)?;
        Some(previous.pair.next_consent)
    }

    pub(super) fn send_previous_consent(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Route> {
        let interval = self.consent_interval();
        let transaction = self.rng.bytes();
        let previous = self.previous.as_mut()?;
        let (local, remote) = (previous.local.clone(), previous.remote.clone()?);
        let pair = &mut previous.pair;
        pair.next_consent = now + interval;
        pair.consent_check = Some((transaction, now));
        pair.counters.consent_requests_sent += 1;
        let route = pair.route;
        let nominates = self.role == Role::Controlling;
        Some(self.write_request(
            route,
            transaction,
            nominates,
            (local.ufrag().as_str(), &remote),
            out,
        ))
    }
}
