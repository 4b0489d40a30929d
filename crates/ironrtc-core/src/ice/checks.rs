//! Checks on their way out (RFC 8445 section 7.2.4), nomination, consent, and responses.

use std::time::Duration;

use super::checklist::PairId;
use super::pair::{Check, Pair};
use super::{Agent, CandidateKind, Credentials, PairState, Role, Route};
use crate::datagram::Transmit;
use crate::time::Time;
use crate::wire::stun::{AttributeType, BINDING, Class, IntegrityKind, TransactionId, Writer};

/// How often failed pairs are tried again while our description may not have reached the peer; a
/// NAT keeps the way to us open for twice as long.
pub(super) const RETRY: Duration = Duration::from_secs(15);
/// How long after the grace a valid pair waits for a check of the peer's before it is nominated.
pub(super) const UNHEARD: Duration = Duration::from_secs(2);

impl Agent {
    /// Appends one STUN message that is due.
    pub fn poll_transmit(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Transmit> {
        let start = out.len();
        let route = self.write_due(now, out)?;
        Some(route.single(start, out))
    }

    /// Appends one STUN message that is due, without the room before it that its route takes.
    pub(crate) fn write_due(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Route> {
        self.clock = now;
        if let Some((route, bytes)) = self.responses.pop_front() {
            out.extend_from_slice(&bytes);
            return Some(route);
        }
        if self.selection.is_closed() {
            return None;
        }
        self.gatherer
            .write_due_query(now, out)
            .or_else(|| self.write_due_check(now, out))
    }

    /// Appends the next request that is due, and tells which way it goes.
    pub(super) fn write_due_check(&mut self, now: Time, out: &mut Vec<u8>) -> Option<Route> {
        if self.next_previous_consent().is_some_and(|at| at <= now) {
            return self.send_previous_consent(now, out);
        }
        if !self.check_is_due(now) {
            return None;
        }
        let remote = self.generation.remote.clone()?;
        if let Some(id) = self.retransmission_due(now) {
            return self.resend(now, id, &remote, out);
        }
        // A check in answer to the peer's own, or one that nominates, does not wait for its turn:
        // there is at most one per request of the peer, and fewer to addresses that it has not told.
        if let Some(id) = self.nomination_due(now) {
            return self.start_check(now, id, true, &remote, out);
        }
        if let Some(id) = self.take_triggered(now) {
            return self.start_check(now, id, false, &remote, out);
        }
        if self.generation.next_check <= now
            && self.may_check()
            && let Some(id) = self.generation.checklist.next_ordinary()
        {
            self.generation.next_check = now + self.config.check_interval;
            return self.start_check(now, id, false, &remote, out);
        }
        if let Some(id) = self.probe_due(now) {
            return self.start_check(now, id, false, &remote, out);
        }
        let due = self
            .generation
            .checklist
            .find(|pair| self.is_in_use(pair) && pair.next_consent <= now);
        due.and_then(|id| self.send_consent(now, id, &remote, out))
    }

    /// Whether [`write_due_check`](Self::write_due_check) may find something; asked for every batch
    /// of data, so it copies nothing.
    fn check_is_due(&self, now: Time) -> bool {
        self.next_triggered().is_some_and(|(_, at)| at <= now)
            || self.retransmission_due(now).is_some()
            || self.nomination_due(now).is_some()
            || self.probe_due(now).is_some()
            || (self.generation.next_check <= now
                && self.may_check()
                && self.generation.checklist.next_ordinary().is_some())
            || self
                .generation
                .checklist
                .pairs()
                .any(|pair| self.is_in_use(pair) && pair.next_consent <= now)
    }

    /// Whether data goes over the pair: then consent is asked for on it (RFC 7675 section 5.1), and
    /// it is kept alive (RFC 8445 section 11), nominated or not.
    pub(super) fn is_in_use(&self, pair: &Pair) -> bool {
        pair.nominated || (pair.is_valid() && self.selection.route() == Some(pair.route))
    }

    /// Once a pair is nominated no new ones are checked (RFC 8445 section 8.1.2).
    pub(super) fn may_check(&self) -> bool {
        !self.config.lite && !self.generation.checklist.has_nominated()
    }

    fn retransmission_due(&self, now: Time) -> Option<PairId> {
        self.generation.checklist.find(|pair| {
            pair.check
                .as_ref()
                .is_some_and(|check| check.next_send <= now)
        })
    }

    /// The pair in use if it has been silent for long. One lost consent check leaves an idle
    /// connection silent for ten seconds, so before it counts as disconnected an ordinary check,
    /// which is retransmitted, asks whether the peer is there.
    fn probe_due(&self, now: Time) -> Option<PairId> {
        let (id, at) = self.next_probe()?;
        (at <= now).then_some(id)
    }

    /// The pair in use, and when a check is to ask for a sign of life.
    pub(super) fn next_probe(&self) -> Option<(PairId, Time)> {
        let id = self
            .generation
            .checklist
            .find(|pair| self.is_in_use(pair))?;
        let pair = self.generation.checklist.get(id)?;
        let quiet = self.config.disconnected_timeout * 5 / 8;
        (pair.check.is_none() && !self.config.lite).then(|| (id, pair.last_seen + quiet))
    }

    fn resend(
        &mut self,
        now: Time,
        id: PairId,
        remote: &Credentials,
        out: &mut Vec<u8>,
    ) -> Option<Route> {
        let (attempts, longest) = (self.config.check_attempts, self.config.check_rto_max);
        let in_use = self
            .generation
            .checklist
            .get(id)
            .is_some_and(|pair| self.is_in_use(pair));
        let pair = self.generation.checklist.get_mut(id)?;
        let attempts = if pair.retried { 1 } else { attempts };
        let check = pair.check.as_mut()?;
        if check.sent >= attempts {
            pair.check = None;
            // A nominating check that fails leaves a pair that worked before; RFC 8445 section 8.1.1
            // has us try another. Of the pair in use, consent decides.
            let route = pair.route;
            if !in_use {
                pair.state = PairState::Failed;
            }
            self.tell_verdict(now, route, "unanswered");
            return self.write_due_check(now, out);
        }
        check.sent += 1;
        check.interval = (check.interval * 2).min(longest);
        check.next_send = now + check.interval;
        let (transaction, nominates) = (check.transaction, check.nominates);
        pair.counters.requests_sent += 1;
        let route = pair.route;
        Some(self.write_own_request(route, transaction, nominates, remote, out))
    }

    fn start_check(
        &mut self,
        now: Time,
        id: PairId,
        nominates: bool,
        remote: &Credentials,
        out: &mut Vec<u8>,
    ) -> Option<Route> {
        let transaction = self.rng.bytes();
        let (as_role, interval) = (self.role, self.config.check_rto);
        let pair = self.generation.checklist.get_mut(id);
        debug_assert!(pair.is_some(), "a pair that is due is one");
        let pair = pair?;
        if pair.state != PairState::Succeeded {
            pair.state = PairState::InProgress;
        }
        pair.check = Some(Check {
            transaction,
            first_sent: now,
            next_send: now + interval,
            interval,
            sent: 1,
            nominates,
            as_role,
        });
        pair.counters.requests_sent += 1;
        let route = pair.route;
        self.tell_check(now, route, nominates);
        Some(self.write_own_request(route, transaction, nominates, remote, out))
    }

    /// RFC 7675 section 5.1: every 5 s, give or take a fifth, never retransmitted.
    pub(super) fn consent_interval(&mut self) -> Duration {
        let tenths = 8 + self.rng.below(5);
        self.config.consent_interval * u32::try_from(tenths).unwrap_or(10) / 10
    }

    fn send_consent(
        &mut self,
        now: Time,
        id: PairId,
        remote: &Credentials,
        out: &mut Vec<u8>,
    ) -> Option<Route> {
        let transaction = self.rng.bytes();
        let interval = self.consent_interval();
        let pair = self.generation.checklist.get_mut(id)?;
        pair.next_consent = now + interval;
        pair.consent_check = Some((transaction, now));
        pair.counters.consent_requests_sent += 1;
        let route = pair.route;
        // A peer that has missed the nomination learns of it here.
        let nominates = self.role == Role::Controlling;
        Some(self.write_own_request(route, transaction, nominates, remote, out))
    }

    /// The pair to nominate now (RFC 8445 section 8.1.1): the best valid one, once no better one
    /// can come or the grace is over, and the peer has checked it too.
    ///
    /// A peer that does not know our description yet answers checks, but Firefox then remembers
    /// the first one only, and not that a later one nominated. Waiting costs nothing, as data
    /// goes over a valid pair already.
    fn nomination_due(&self, now: Time) -> Option<PairId> {
        let nothing_to_nominate = self.role != Role::Controlling
            || self.generation.checklist.pairs().any(|pair| {
                pair.nominated || pair.check.as_ref().is_some_and(|check| check.nominates)
            });
        if nothing_to_nominate {
            return None;
        }
        let (id, best) = self
            .generation
            .checklist
            .iter()
            .filter(|(_, pair)| pair.is_valid())
            .max_by_key(|(_, pair)| pair.priority)?;
        let better_may_come = self.generation.checklist.pairs().any(|pair| {
            pair.priority > best.priority && pair.state != PairState::Failed && !pair.is_valid()
        });
        let grace_over = self.generation.nomination_at.is_some_and(|at| at <= now);
        let heard = best.counters.requests_received > 0 || self.generation.remote_lite;
        let unheard_of = self
            .generation
            .nomination_at
            .is_some_and(|at| at + UNHEARD <= now);
        let best_is_known = !better_may_come || grace_over;
        ((heard && best_is_known) || unheard_of).then_some(id)
    }

    fn write_own_request(
        &self,
        route: Route,
        transaction: TransactionId,
        nominates: bool,
        remote: &Credentials,
        out: &mut Vec<u8>,
    ) -> Route {
        let local = self
            .local
            .as_ref()
            .map_or("", |local| local.ufrag().as_str());
        self.write_request(route, transaction, nominates, (local, remote), out)
    }

    /// Writes a request of the generation that has our fragment and the peer's credentials. Gives the
    /// route back.
    pub(super) fn write_request(
        &self,
        route: Route,
        transaction: TransactionId,
        nominates: bool,
        (local, remote): (&str, &Credentials),
        out: &mut Vec<u8>,
    ) -> Route {
        let mut writer = Writer::new(out, Class::Request, BINDING, transaction);
        // RFC 8445 section 7.2.2: the peer's fragment first.
        let username = format!("{}:{local}", remote.ufrag());
        writer.attribute(AttributeType::USERNAME, username.as_bytes());
        // RFC 8445 section 7.1.1: the priority as if the candidate were peer-reflexive.
        let priority = self
            .gatherer
            .priority_of(CandidateKind::PeerReflexive, route.local());
        writer.attribute(AttributeType::PRIORITY, &priority.to_be_bytes());
        let role = match self.role {
            Role::Controlling => AttributeType::ICE_CONTROLLING,
            Role::Controlled => AttributeType::ICE_CONTROLLED,
        };
        writer.attribute(role, &self.tie_breaker.to_be_bytes());
        if nominates {
            writer.attribute(AttributeType::USE_CANDIDATE, &[]);
        }
        writer.integrity(IntegrityKind::Sha1, remote.pwd().as_bytes());
        writer.fingerprint();
        route
    }
}
