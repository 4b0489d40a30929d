//! Which pair is in use, whether the peer still consents (RFC 7675), and the state that follows.

use super::{Agent, Event, GatheringState, IceState, PairState};
use crate::datagram::Path;
use crate::time::Time;

impl Agent {
    /// The pair becomes the one in use.
    pub(super) fn nominate(&mut self, now: Time, index: usize) {
        let next_consent = now + self.config.consent_interval;
        for pair in &mut self.pairs {
            pair.nominated = false;
        }
        if let Some(pair) = self.pairs.get_mut(index) {
            pair.nominated = true;
            pair.next_consent = next_consent;
        }
        self.triggered.clear();
        self.previous = None;
    }

    fn best_path(&self) -> Option<Path> {
        let live = self.pairs.iter().filter(|pair| pair.is_valid());
        // RFC 8445 section 12.1: until one is nominated, any valid pair carries data.
        live.max_by_key(|pair| (pair.nominated, pair.priority))
            .map(|pair| pair.path)
    }

    /// Recomputes what follows from the pairs: the selected path and the state.
    pub(super) fn refresh_state(&mut self, now: Time) {
        if self.state == IceState::Closed {
            return;
        }
        let nominated = self.pairs.iter().any(|pair| pair.nominated);
        let restarting = self.previous.as_ref().map(|previous| previous.path);
        let selected = match (nominated, restarting) {
            // Data stays on the old pair until the new generation has settled on one.
            (false, Some(path)) => Some(path),
            _ => self.best_path(),
        };
        if self.selected != selected {
            self.selected = selected;
            if let Some(path) = selected {
                self.events.push_back(Event::SelectedPairChange(path));
            }
        }
        let state = self.derive_state(now, nominated);
        self.set_state(state);
    }

    fn derive_state(&self, now: Time, nominated: bool) -> IceState {
        let in_use = self.selected.and_then(|path| self.pair_at(path));
        if let Some(pair) = in_use.and_then(|index| self.pairs.get(index)) {
            if now.since(pair.last_seen) >= self.config.disconnected_timeout {
                return IceState::Disconnected;
            }
            let done = self.remote_complete && self.gathering == GatheringState::Complete;
            let settled = nominated && (done || self.config.lite);
            return if settled {
                IceState::Completed
            } else {
                IceState::Connected
            };
        }
        if self.selected.is_some() {
            // The old generation's pair, during a restart. webrtc-pc section 5.6.4: it passes from
            // completed to connected, and from disconnected to checking.
            return match self.state {
                IceState::Completed => IceState::Connected,
                IceState::Disconnected if self.remote.is_some() => IceState::Checking,
                state => state,
            };
        }
        if self.consent_lost {
            return IceState::Failed;
        }
        let Some(started) = self.started else {
            return IceState::New;
        };
        let hopeless = self
            .pairs
            .iter()
            .all(|pair| pair.state == PairState::Failed);
        let patience_over = now >= started + self.config.patience;
        if hopeless && patience_over {
            IceState::Failed
        } else {
            IceState::Checking
        }
    }

    pub(super) fn set_state(&mut self, state: IceState) {
        // RFC 7675 section 5.1: without consent nothing goes out, until a restart.
        if self.state != state {
            self.state = state;
            self.events.push_back(Event::StateChange(state));
        }
    }

    pub(super) fn set_gathering(&mut self, state: GatheringState) {
        if self.gathering != state {
            self.gathering = state;
            self.events.push_back(Event::GatheringStateChange(state));
        }
    }

    /// Ends pairs without consent.
    pub(super) fn expire_consent(&mut self, now: Time) {
        for pair in &mut self.pairs {
            if pair.is_valid() && pair.consent_until <= now {
                self.consent_lost |= pair.nominated;
                pair.state = PairState::Failed;
                pair.authenticated = false;
                pair.nominated = false;
                pair.check = None;
            }
        }
        if self
            .previous
            .as_ref()
            .is_some_and(|previous| previous.until <= now)
        {
            self.previous = None;
            self.consent_lost |= !self.pairs.iter().any(super::pair::Pair::is_valid);
        }
    }

    /// The next moment at which the state may change by itself.
    pub(super) fn next_verdict(&self) -> Option<Time> {
        let mut next: Option<Time> = None;
        let mut consider = |at: Time| next = Some(next.map_or(at, |known| known.min(at)));
        for pair in self.pairs.iter().filter(|pair| pair.is_valid()) {
            consider(pair.consent_until);
            if self.selected == Some(pair.path) && self.state != IceState::Disconnected {
                consider(pair.last_seen + self.config.disconnected_timeout);
            }
        }
        if let Some(previous) = &self.previous {
            consider(previous.until);
        }
        let waiting = self.selected.is_none() && self.state == IceState::Checking;
        if let Some(started) = self.started.filter(|_| waiting) {
            let end = started + self.config.patience;
            // Past it, only the end of the running checks matters, which has its own time.
            if self
                .pairs
                .iter()
                .all(|pair| pair.state == PairState::Failed)
                || end > self.clock
            {
                consider(end);
            }
        }
        next
    }
}
