//! Statistics of candidate pairs, as W3C's `RTCIceCandidatePairStats` wants them.

use std::time::Duration;

use super::{Agent, Candidate, Route};
use crate::time::Time;
use crate::words::words;

/// Where a pair's checks stand (RFC 8445 section 6.1.2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairState {
    /// Waits for a pair of the same foundation.
    Frozen,
    /// Will be checked.
    Waiting,
    /// A check is outstanding.
    InProgress,
    /// A check succeeded.
    Succeeded,
    /// The check failed, or consent expired.
    Failed,
}

words!(PairState, "state of a candidate pair", {
    Frozen => "frozen",
    Waiting => "waiting",
    InProgress => "in-progress",
    Succeeded => "succeeded",
    Failed => "failed",
});

/// One candidate pair and its counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairStats {
    /// The local candidate; peer-reflexive if the peer saw another address than we knew.
    pub local: Candidate,
    /// The remote candidate.
    pub remote: Candidate,
    /// Local socket and remote address.
    pub route: Route,
    /// RFC 8445 section 6.1.2.3.
    pub priority: u64,
    /// Where its checks stand.
    pub state: PairState,
    /// True if the controlling side nominated it.
    pub nominated: bool,
    /// True if data is sent along it.
    pub selected: bool,
    /// The counters.
    pub counters: PairCounters,
}

/// What one pair has carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairCounters {
    /// Datagrams sent, without STUN.
    pub packets_sent: u64,
    /// Datagrams received, without STUN.
    pub packets_received: u64,
    /// Bytes of those sent.
    pub bytes_sent: u64,
    /// Bytes of those received.
    pub bytes_received: u64,
    /// When data was last sent.
    pub last_packet_sent: Option<Time>,
    /// When data was last received.
    pub last_packet_received: Option<Time>,
    /// Sum of the round trips of all answered checks.
    pub total_round_trip_time: Duration,
    /// The latest round trip.
    pub current_round_trip_time: Option<Duration>,
    /// Authenticated requests received.
    pub requests_received: u64,
    /// Requests sent, with retransmissions, without consent checks.
    pub requests_sent: u64,
    /// Valid responses received.
    pub responses_received: u64,
    /// Responses sent.
    pub responses_sent: u64,
    /// Consent checks sent.
    pub consent_requests_sent: u64,
}

impl Agent {
    /// The round trip that the last answered check of the path for data has measured.
    pub fn selected_round_trip(&self) -> Option<Duration> {
        let pair = self.generation.checklist.at(self.selected()?)?;
        pair.counters.current_round_trip_time
    }

    /// Counts data sent on a path.
    pub fn on_data_sent(&mut self, now: Time, route: Route, datagrams: u64, bytes: u64) {
        if let Some(pair) = self.generation.checklist.at_mut(route) {
            let counters = &mut pair.counters;
            counters.packets_sent += datagrams;
            counters.bytes_sent += bytes;
            counters.last_packet_sent = Some(now);
        }
    }

    /// Counts authenticated data received on a path: a sign of life, though not consent.
    pub fn on_data_received(&mut self, now: Time, route: Route, datagrams: u64, bytes: u64) {
        if let Some(pair) = self.generation.checklist.at_mut(route) {
            pair.last_seen = now;
            pair.counters.packets_received += datagrams;
            pair.counters.bytes_received += bytes;
            pair.counters.last_packet_received = Some(now);
        }
    }

    /// Every pair with its counters.
    pub fn pair_stats(&self) -> Vec<PairStats> {
        self.generation
            .checklist
            .pairs()
            .map(|pair| PairStats {
                local: pair.local.clone(),
                remote: pair.remote.clone(),
                route: pair.route,
                priority: pair.priority,
                state: if pair.check.is_some() && !pair.is_valid() {
                    PairState::InProgress
                } else {
                    pair.state
                },
                nominated: pair.nominated,
                selected: self.selection.route() == Some(pair.route),
                counters: pair.counters,
            })
            .collect()
    }
}
