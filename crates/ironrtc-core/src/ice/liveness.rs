//! Which pair is in use, whether the peer still consents (RFC 7675), and the state that follows.

use super::checklist::PairId;
use super::checks::RETRY;
use super::pair::Pair;
use super::previous::Previous;
use super::{Agent, GatheringState, IceState, PairState, Role, Route};
use crate::time::Time;

impl Agent {
    /// The pair becomes the one in use.
    pub(super) fn nominate(&mut self, now: Time, id: PairId) {
        let next_consent = now + self.config.consent_interval;
        self.generation.checklist.nominate(id, next_consent);
        self.previous = None;
    }

    fn best_route(&self) -> Option<Route> {
        let live = self
            .generation
            .checklist
            .pairs()
            .filter(|pair| pair.is_valid());
        // RFC 8445 section 12.1: until one is nominated, any valid pair carries data.
        live.max_by_key(|pair| (pair.nominated, pair.priority))
            .map(|pair| pair.route)
    }

    /// Derives the selected path and the state from everything else, and tells what has changed. The
    /// last step of each input, and of no part of one.
    pub(super) fn settle(&mut self, now: Time) {
        if self.selection.is_closed() {
            return;
        }
        let nominated = self.generation.checklist.has_nominated();
        let in_use = |previous: &Previous| (!previous.pair.lost).then_some(previous.pair.route);
        let restarting = self.previous.as_ref().and_then(in_use);
        let selected = match (nominated, restarting) {
            // Data stays on the old pair until the new generation has settled on one.
            (false, Some(route)) => Some(route),
            _ => self.best_route(),
        };
        self.selection.select(selected, &mut self.events);
        let state = self.derive_state(now, nominated);
        self.selection.set_state(state, &mut self.events);
    }

    fn derive_state(&self, now: Time, nominated: bool) -> IceState {
        if let Some(pair) = self
            .selection
            .route()
            .and_then(|route| self.generation.checklist.at(route))
        {
            if now.since(pair.last_seen) >= self.config.disconnected_timeout {
                return IceState::Disconnected;
            }
            let done = self.generation.remotes.is_complete()
                && self.gatherer.state() == GatheringState::Complete;
            let settled = nominated && (done || self.config.lite);
            return if settled {
                IceState::Completed
            } else {
                IceState::Connected
            };
        }
        if self.selection.route().is_some()
            && let Some(previous) = &self.previous
        {
            // The old generation's pair, during a restart. webrtc-pc section 5.6.4: it passes from
            // completed to connected, and from disconnected to checking.
            let silent = now.since(previous.pair.last_seen) >= self.config.disconnected_timeout;
            let interrupted = matches!(
                self.selection.state(),
                IceState::Disconnected | IceState::Checking
            );
            return match self.generation.remote {
                _ if !silent => IceState::Connected,
                Some(_) if interrupted => IceState::Checking,
                _ => IceState::Disconnected,
            };
        }
        if self.generation.consent_lost {
            return IceState::Failed;
        }
        if self.previous.is_some() && self.generation.started.is_none() {
            // Nobody consents any more, but the restart may still be answered.
            return IceState::Disconnected;
        }
        let Some(end) = self.patience_end() else {
            return IceState::New;
        };
        let hopeless = self
            .generation
            .checklist
            .pairs()
            .all(|pair| pair.state == PairState::Failed);
        if hopeless && now >= end {
            IceState::Failed
        } else {
            IceState::Checking
        }
    }

    /// Whether our description may still be under way. The controlling side's was answered.
    fn may_be_unknown(&self) -> bool {
        self.role == Role::Controlled
            && self.generation.heard.is_none()
            && self.generation.started.is_some()
    }

    /// When failed checks become final.
    fn patience_end(&self) -> Option<Time> {
        let started = self.generation.started?;
        Some(if self.may_be_unknown() {
            started + self.config.unheard_patience
        } else {
            started.max(self.generation.heard.unwrap_or(started)) + self.config.patience
        })
    }

    /// Tries failed pairs again while the peer may not know us: it may have been out of reach
    /// until it checks us, and a NAT in front of us forgets the way that our checks opened.
    pub(super) fn retry_failed(&mut self, now: Time) {
        if !self.retries() || self.generation.next_retry > now {
            return;
        }
        self.generation.next_retry = now + RETRY;
        for pair in self.generation.checklist.pairs_mut() {
            if pair.state == PairState::Failed {
                pair.state = PairState::Waiting;
                pair.retried = true;
            }
        }
    }

    fn retries(&self) -> bool {
        let waiting = self.selection.state() == IceState::Checking && self.may_check();
        waiting && self.may_be_unknown() && self.selection.route().is_none()
    }

    /// Ends pairs without consent.
    pub(super) fn expire_consent(&mut self, now: Time) {
        let (selected, is_final) = (self.selection.route(), !self.may_be_unknown());
        for pair in self.generation.checklist.pairs_mut() {
            if pair.is_valid() && pair.consent_until <= now {
                let in_use = pair.nominated || selected == Some(pair.route);
                pair.lost = in_use && is_final;
                self.generation.consent_lost |= pair.lost;
                pair.state = PairState::Failed;
                pair.authenticated = false;
                pair.nominated = false;
                pair.check = None;
                pair.consent_check = None;
            }
        }
        let Some(previous) = &mut self.previous else {
            return;
        };
        previous.pair.lost |= previous.pair.consent_until <= now;
        if previous.pair.lost && previous.answer_until <= now {
            self.previous = None;
            // With the peer's new credentials, the new generation decides.
            self.generation.consent_lost |= self.generation.started.is_none();
        }
    }

    /// The next moment at which the state may change by itself.
    pub(super) fn next_verdict(&self) -> Option<Time> {
        let mut next: Option<Time> = None;
        let mut consider = |at: Time| next = Some(next.map_or(at, |known| known.min(at)));
        for pair in self
            .generation
            .checklist
            .pairs()
            .filter(|pair| pair.is_valid())
        {
            consider(pair.consent_until);
            if self.selection.route() == Some(pair.route)
                && self.selection.state() != IceState::Disconnected
            {
                consider(pair.last_seen + self.config.disconnected_timeout);
            }
        }
        if let Some(previous) = &self.previous {
            consider(if previous.pair.lost {
                previous.answer_until
            } else {
                previous.pair.consent_until
            });
            if !previous.pair.lost
                && matches!(
                    self.selection.state(),
                    IceState::Connected | IceState::Completed
                )
            {
                consider(previous.pair.last_seen + self.config.disconnected_timeout);
            }
        }
        let waiting =
            self.selection.route().is_none() && self.selection.state() == IceState::Checking;
        let failed = |pair: &Pair| pair.state == PairState::Failed;
        if self.retries() && self.generation.checklist.pairs().any(failed) {
            consider(self.generation.next_retry);
        }
        if let Some(end) = self.patience_end().filter(|_| waiting) {
            // Past it, only the end of the running checks matters, which has its own time.
            if self.generation.checklist.pairs().all(failed) || end > self.clock {
                consider(end);
            }
        }
        next
    }
}
