//! STUN messages on their way in (RFC 8445 section 7.2.5 and 7.3).

use super::checklist::PairId;
use super::gather::Malformed;
use super::learnt::Freshness;
use super::{Agent, Credentials, PairState, Role, Route};
use crate::datagram::DropReason;
use crate::time::Time;
use crate::wire::stun::{BINDING, Class, IntegrityKind, Message, Writer};

/// Responses that may wait to be sent.
const MAX_RESPONSES: usize = 64;
/// Requests remembered until the peer's credentials are known.
const MAX_EARLY: usize = 16;

/// An authenticated request, as far as it matters later.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) route: Route,
    pub(super) priority: u32,
    nominates: bool,
    pub(super) freshness: Freshness,
}

/// What to answer.
#[derive(Clone, Debug)]
enum Verdict {
    Success,
    RoleConflict,
    Unknown(Vec<u16>),
}

impl Agent {
    /// Takes in a message; false if it was dropped.
    pub(super) fn on_message(&mut self, now: Time, route: Route, data: &[u8]) -> bool {
        let Ok(message) = Message::parse(data) else {
            self.drops.add(DropReason::StunMalformed);
            return false;
        };
        if message.method() != BINDING {
            self.drops.add(DropReason::StunMalformed);
            return false;
        }
        match message.class() {
            Class::Request => self.on_request(now, route, &message),
            Class::Success | Class::Error => {
                let (gatherer, mut around) = self.gatherer();
                match gatherer.on_response(route.path(), &message, &mut around) {
                    Some(Ok(())) => true,
                    Some(Err(Malformed)) => {
                        self.drops.add(DropReason::StunMalformed);
                        true
                    }
                    None => self.on_response(now, route, &message),
                }
            }
            // RFC 8445 section 11: an indication keeps a binding alive and asks for nothing.
            Class::Indication => false,
        }
    }

    fn on_request(&mut self, now: Time, route: Route, message: &Message<'_>) -> bool {
        let Some((key, current)) = self.authenticate(message) else {
            // An error response would tell a stranger that someone is here.
            self.drops.add(DropReason::StunUnauthenticated);
            return false;
        };
        // After a restart that was rolled back, the pair in use is of the present generation again.
        let resumed = self.previous.as_ref().is_some_and(|previous| {
            !previous.pair.lost
                && previous.pair.route == route
                && Some(&previous.local) == self.local.as_ref()
        });
        if current && !resumed && self.gatherer.host(route.local()).is_none() {
            // A socket of an earlier generation: a response would have the peer use a path that we
            // do not check.
            self.drops.add(DropReason::UnvalidatedPath);
            return false;
        }
        if current && self.is_lost(route) {
            // RFC 7675 section 5.1: without consent the same credentials are not used on the pair
            // again, in checks or in answers. The peer may come from elsewhere.
            self.drops.add(DropReason::UnvalidatedPath);
            return false;
        }
        let unknown: Vec<u16> = message
            .unknown_required()
            .map(|kind| kind.0)
            .take(16)
            .collect();
        if !unknown.is_empty() {
            // RFC 8489 section 6.3.1.
            self.respond(route, message, &key, &Verdict::Unknown(unknown));
            return true;
        }
        if current && self.resolve_roles(message) {
            self.respond(route, message, &key, &Verdict::RoleConflict);
            return true;
        }
        self.respond(route, message, &key, &Verdict::Success);
        let freshness = self.note_check(message.transaction(), route);
        if !current || resumed {
            if let Some(previous) = self.previous.as_mut().filter(|p| p.pair.route == route)
                && freshness == Freshness::New
            {
                previous.pair.on_request(now, &self.config);
            }
            return true;
        }
        let seen = Seen {
            route,
            priority: message.priority().unwrap_or_default(),
            nominates: message.use_candidate(),
            freshness,
        };
        if self.generation.remote.is_some() || self.config.lite {
            self.on_check(now, &seen);
        } else if self.generation.early.len() < MAX_EARLY && freshness == Freshness::New {
            // The peer is faster than the signalling: its checks count once we know who it is.
            self.generation.early.push(seen);
        }
        true
    }

    /// Our password that the request was made with, and whether it is of the present generation.
    ///
    /// Both fragments are to be of one generation. A peer that restarts may check its new
    /// candidates against our old ones before we have answered (Chromium does): were it answered,
    /// it would move to a pair on which we do not know it yet, and stay there.
    fn authenticate(&self, message: &Message<'_>) -> Option<(String, bool)> {
        let (ours, theirs) = message.username()?.split_once(':')?;
        let kind = message.integrity_kind()?;
        let check = |local: &Credentials, remote: Option<&str>| {
            local.ufrag() == ours
                && remote.is_none_or(|remote| remote == theirs)
                && message.verify_integrity(kind, local.pwd().as_bytes())
        };
        let remote = self
            .generation
            .remote
            .as_ref()
            .map(|remote| remote.ufrag().as_str());
        if let Some(local) = self.local.as_ref().filter(|local| check(local, remote)) {
            return Some((local.pwd().to_owned(), true));
        }
        let previous = self.previous.as_ref().filter(|p| !p.pair.lost)?;
        let theirs = previous
            .remote
            .as_ref()
            .map(|remote| remote.ufrag().as_str());
        let of_previous = check(&previous.local, theirs);
        of_previous.then(|| (previous.local.pwd().to_owned(), false))
    }

    fn is_lost(&self, route: Route) -> bool {
        self.generation
            .checklist
            .at(route)
            .is_some_and(|pair| pair.lost)
    }

    /// RFC 8445 section 7.3.1.1. True if the peer is to switch.
    fn resolve_roles(&mut self, message: &Message<'_>) -> bool {
        let conflict = match (self.role, message.controlling(), message.controlled()) {
            (Role::Controlling, Some(theirs), _) => self.tie_breaker >= theirs,
            (Role::Controlled, _, Some(theirs)) => self.tie_breaker < theirs,
            _ => return false,
        };
        if !conflict {
            self.yield_role();
        }
        conflict
    }

    /// A conflict of roles was decided against us.
    fn yield_role(&mut self) {
        self.switch_role(self.role.opposite());
        self.tell_role(self.clock);
    }

    pub(super) fn switch_role(&mut self, role: Role) {
        if self.role != role {
            self.role = role;
            self.generation.checklist.reprioritize(role);
        }
    }

    fn respond(&mut self, route: Route, request: &Message<'_>, key: &str, verdict: &Verdict) {
        if self.responses.len() >= MAX_RESPONSES {
            return;
        }
        let class = if matches!(verdict, Verdict::Success) {
            Class::Success
        } else {
            Class::Error
        };
        let mut bytes = Vec::with_capacity(96);
        let mut writer = Writer::new(&mut bytes, class, BINDING, request.transaction());
        match verdict {
            Verdict::Success => writer.xor_mapped_address(route.remote()),
            Verdict::RoleConflict => writer.error_code(487, "Role Conflict"),
            Verdict::Unknown(kinds) => {
                writer.error_code(420, "Unknown Attribute");
                writer.unknown_attributes(kinds);
            }
        }
        // RFC 8489 section 9.1.4: the same kind of integrity as the request's.
        let kind = request.integrity_kind().unwrap_or(IntegrityKind::Sha1);
        writer.integrity(kind, key.as_bytes());
        writer.fingerprint();
        self.responses.push_back((route, bytes));
        if let Some(pair) = self.generation.checklist.at_mut(route) {
            pair.counters.responses_sent += 1;
        }
    }

    /// RFC 8445 section 7.3.1.3 to 7.3.1.5: learn the address, check it in turn, and note the
    /// nomination.
    pub(super) fn on_check(&mut self, now: Time, seen: &Seen) {
        let Some(id) = self.pair_for(now, seen) else {
            return;
        };
        self.generation.heard.get_or_insert(now);
        let (lite, role) = (self.config.lite, self.role);
        let attempts = self.config.check_attempts;
        let fresh = seen.freshness == Freshness::New;
        if fresh {
            self.tell_peers_check(now, seen.route, seen.nominates);
        }
        let Some(pair) = self.generation.checklist.get_mut(id) else {
            debug_assert!(false, "the pair was just found");
            return;
        };
        pair.counters.requests_received += 1;
        pair.authenticated = true;
        pair.retried = false;
        let nominates = fresh && seen.nominates && role == Role::Controlled;
        if lite && !pair.is_valid() {
            pair.state = PairState::Succeeded;
            // Asking for consent begins here.
            pair.answered = Some(now);
        }
        // Whoever repeats a check of the peer's does not keep a pair alive.
        if fresh {
            pair.on_request(now, &self.config);
        }
        if pair.is_valid() {
            if nominates && !pair.nominated {
                self.nominate(now, id);
            }
        } else {
            pair.nominate_on_success |= nominates;
            // RFC 8445 section 7.3.1.4: a check under way is made again at once, since what kept the
            // last one from arriving, such as a filter of a NAT, may be open now.
            if let Some(check) = &mut pair.check
                && check.sent < attempts
            {
                check.next_send = check.next_send.min(now);
            }
            if pair.check.is_none() {
                pair.state = PairState::Waiting;
                self.generation.checklist.trigger(id);
            }
        }
    }

    fn pair_for(&mut self, now: Time, seen: &Seen) -> Option<PairId> {
        if let Some(known) = self.generation.checklist.id_at(seen.route) {
            return Some(known);
        }
        if self.config.relay_only {
            return None;
        }
        let host = self.gatherer.host(seen.route.local())?.clone();
        let remote = self.remote_of(seen)?;
        self.generation
            .checklist
            .add(now, self.role, seen.route, (&host, &remote))
    }

    fn on_response(&mut self, now: Time, route: Route, message: &Message<'_>) -> bool {
        let transaction = message.transaction();
        if self.on_previous_response(now, route, message) {
            return true;
        }
        let asked = self.generation.checklist.find(|pair| {
            pair.check
                .as_ref()
                .is_some_and(|check| check.transaction == transaction)
                || pair
                    .consent_check
                    .is_some_and(|(sent, _)| sent == transaction)
        });
        let key = self
            .generation
            .remote
            .as_ref()
            .map(|remote| remote.pwd().to_owned());
        let (Some(id), Some(key)) = (asked, key) else {
            self.drops.add(DropReason::StunUnauthenticated);
            return false;
        };
        let authentic = message
            .integrity_kind()
            .is_some_and(|kind| message.verify_integrity(kind, key.as_bytes()));
        // RFC 8445 section 7.2.5.2.1: a response comes from where the request went.
        let pair = self.generation.checklist.get_mut(id);
        let Some(pair) = pair.filter(|pair| authentic && pair.route == route) else {
            self.drops.add(DropReason::StunUnauthenticated);
            return false;
        };
        pair.counters.responses_received += 1;
        pair.last_seen = now;
        if let Some((_, sent)) = pair.consent_check.take_if(|(sent, _)| *sent == transaction) {
            if message.class() == Class::Success {
                note_round_trip(&mut pair.counters, now.since(sent));
                pair.on_answer(now, &self.config);
            }
            return true;
        }
        let Some(check) = pair.check.take() else {
            return true;
        };
        let unknown_required = message.unknown_required().next().is_some();
        if message.class() == Class::Error || unknown_required {
            self.on_refusal(id, &check, message);
            self.tell_verdict(now, route, "refused");
        } else {
            note_round_trip(&mut pair.counters, now.since(check.first_sent));
            self.on_success(now, id, check.nominates);
            self.tell_verdict(now, route, "answered");
        }
        true
    }

    /// True if the message answers a question about consent on the pair in use before a restart.
    fn on_previous_response(&mut self, now: Time, route: Route, message: &Message<'_>) -> bool {
        let transaction = message.transaction();
        let Some(previous) = &mut self.previous else {
            return false;
        };
        let pair = &mut previous.pair;
        let asked = pair.consent_check.is_some_and(|(t, _)| t == transaction);
        if pair.route != route || !asked {
            return false;
        }
        let key = previous.remote.as_ref().zip(message.integrity_kind());
        if !key.is_some_and(|(key, kind)| message.verify_integrity(kind, key.pwd().as_bytes())) {
            return false;
        }
        pair.consent_check = None;
        if message.class() == Class::Success {
            pair.on_answer(now, &self.config);
        }
        true
    }

    /// A pair in use stays so unless it is the nomination that is refused: consent decides.
    fn on_refusal(&mut self, id: PairId, check: &super::pair::Check, message: &Message<'_>) {
        // RFC 8445 section 7.2.5.1: switch, and check again.
        let conflict = message.error_code().is_some_and(|error| error.code == 487);
        if conflict && check.as_role == self.role {
            self.yield_role();
        }
        let pair = self.generation.checklist.get(id);
        let in_use = pair.is_some_and(|pair| self.is_in_use(pair));
        let Some(pair) = self.generation.checklist.get_mut(id) else {
            debug_assert!(false, "the pair was just found");
            return;
        };
        if !conflict {
            if !in_use || (check.nominates && !pair.nominated) {
                pair.state = PairState::Failed;
            }
        } else if !pair.nominated {
            if !pair.is_valid() {
                pair.state = PairState::Waiting;
            }
            self.generation.checklist.trigger(id);
        }
    }

    fn on_success(&mut self, now: Time, id: PairId, nominates: bool) {
        let interval = self.config.consent_interval;
        let grace = now + self.config.nomination_grace;
        self.generation.nomination_at.get_or_insert(grace);
        let Some(pair) = self.generation.checklist.get_mut(id) else {
            debug_assert!(false, "the pair was just found");
            return;
        };
        pair.state = PairState::Succeeded;
        pair.authenticated = true;
        pair.retried = false;
        pair.on_answer(now, &self.config);
        pair.next_consent = now + interval;
        let by_peer = std::mem::take(&mut pair.nominate_on_success);
        self.generation.checklist.unfreeze_like(id);
        if nominates || (by_peer && self.role == Role::Controlled) {
            self.nominate(now, id);
        }
    }
}

fn note_round_trip(counters: &mut super::PairCounters, time: std::time::Duration) {
    counters.total_round_trip_time += time;
    counters.current_round_trip_time = Some(time);
}
