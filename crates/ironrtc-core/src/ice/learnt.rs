//! What checks teach about the peer's addresses (RFC 8445 section 7.3.1.3), and what they must not:
//! a recorded check can be repeated by anybody, from any address.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::checklist::PairId;
use super::incoming::Seen;
use super::{
    Agent, Candidate, CandidateAddress, CandidateKind, CandidateProtocol, PairState, Route,
};
use crate::time::Time;
use crate::wire::stun::TransactionId;
use crate::work;

/// Checks that are remembered.
const MAX_RECENT: usize = 64;
/// Checks towards learnt addresses that may go out at once; then they are paced.
const BURST: u32 = 4;

/// The checks that came last.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(TransactionId, Route)>);

/// How new a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Never seen.
    New,
    /// Seen from another address: a copy. The peer makes a transaction for each pair.
    Copied,
    /// Seen from here: sent again by the peer, or by somebody else.
    Repeated,
}

impl Recent {
    /// Notes a check. Of two with one transaction the first counts, unless it comes from an address
    /// that anybody can have made up, and the other from a `credible` one: whoever sees the peer's
    /// checks can have a copy overtake each of them.
    fn note(
        &mut self,
        transaction: TransactionId,
        route: Route,
        credible: impl Fn(Route) -> bool,
    ) -> Freshness {
        work::add(self.0.len());
        let known = self.0.iter_mut().find(|(known, _)| *known == transaction);
        if let Some((_, from)) = known {
            if *from == route {
                return Freshness::Repeated;
            }
            if credible(*from) || !credible(route) {
                return Freshness::Copied;
            }
            *from = route;
            return Freshness::New;
        }
        // A copy takes no place, so that a flood of them does not wash its original out.
        if self.0.len() >= MAX_RECENT {
            self.0.pop_front();
        }
        self.0.push_back((transaction, route));
        Freshness::New
    }
}

/// A token bucket over time.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    /// When the bucket will be full again.
    full_at: Time,
}

impl Throttle {
    fn next(&self, interval: Duration) -> Time {
        self.full_at - interval * (BURST - 1)
    }

    fn take(&mut self, now: Time, interval: Duration) {
        self.full_at = self.full_at.max(now) + interval;
    }
}

impl Agent {
    /// Notes a check, and says how new it is.
    pub(super) fn note_check(&mut self, transaction: TransactionId, route: Route) -> Freshness {
        let mut recent = std::mem::take(&mut self.recent);
        let freshness = recent.note(transaction, route, |route| self.is_credible(route));
        self.recent = recent;
        freshness
    }

    /// Whether the peer has told the path's remote address, or has answered us on the path.
    fn is_credible(&self, route: Route) -> bool {
        let pair = self.generation.checklist.at(route);
        pair.is_some_and(|pair| pair.is_valid()) || self.generation.remotes.is_told(route.remote())
    }

    /// The next check in answer to the peer's own, and when it may go out. An address that the peer
    /// has told is checked at once; others are paced, since a recorded check may name any.
    pub(super) fn next_triggered(&self) -> Option<(usize, Time)> {
        let mut paced = None;
        for (position, pair) in self.generation.checklist.triggered() {
            if !self.generation.remotes.is_learnt(pair.route.remote()) {
                return Some((position, Time::ZERO));
            }
            paced = paced.or(Some(position));
        }
        paced.map(|position| (position, self.throttle.next(self.config.check_interval)))
    }

    pub(super) fn take_triggered(&mut self, now: Time) -> Option<PairId> {
        while let Some((position, _)) = self.next_triggered().filter(|(_, at)| *at <= now) {
            let id = self.generation.checklist.take_triggered(position)?;
            if let Some(pair) = self.generation.checklist.get(id)
                && pair.check.is_none()
            {
                if self.generation.remotes.is_learnt(pair.route.remote()) {
                    self.throttle.take(now, self.config.check_interval);
                }
                return Some(id);
            }
        }
        None
    }

    /// The remote candidate at a check's source: known, or learnt from the check.
    pub(super) fn remote_of(&mut self, seen: &Seen) -> Option<Candidate> {
        let address = seen.route.remote();
        if let Some(known) = self.generation.remotes.at(address) {
            return Some(known.clone());
        }
        let room = self.generation.remotes.has_room() || self.forget_learnt();
        if seen.freshness != Freshness::New || !room {
            return None;
        }
        let found = Candidate {
            // Unlike any that the peer will tell us.
            foundation: format!("prflx{}", self.generation.remotes.candidates().len()),
            component: 1,
            protocol: CandidateProtocol::Udp,
            priority: seen.priority,
            address: CandidateAddress::Ip(address.ip()),
            port: address.port(),
            kind: CandidateKind::PeerReflexive,
            related: None,
            tcp_type: None,
            username_fragment: self
                .generation
                .remote
                .as_ref()
                .map(|remote| remote.ufrag().to_string()),
            url: None,
        };
        self.generation.remotes.learn(found.clone(), address);
        Some(found)
    }

    /// Forgets the learnt address that is least likely to be the peer's: one whose checks failed,
    /// else the oldest that never answered.
    fn forget_learnt(&mut self) -> bool {
        let rank = |address: &SocketAddr| {
            let pairs = || {
                let pairs = self.generation.checklist.pairs();
                pairs.filter(|pair| pair.route.remote() == *address)
            };
            let kept = pairs().any(|pair| pair.is_valid() || pair.nominated || pair.lost);
            let failed = pairs().all(|pair| pair.state == PairState::Failed);
            (!kept).then_some(!failed)
        };
        let learnt = self.generation.remotes.learnt().iter();
        let ranked = learnt.filter_map(|a| rank(a).map(|r| (r, *a)));
        let Some((_, address)) = ranked.min_by_key(|(rank, _)| *rank) else {
            return false;
        };
        self.generation.checklist.remove_remote(address);
        self.generation.remotes.forget(address);
        true
    }
}
