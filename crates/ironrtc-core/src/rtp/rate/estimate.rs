//! The estimate of what the network carries.

use std::collections::VecDeque;
use std::time::Duration;

use super::acked::AckedRate;
use super::delay::{DelayTrend, Usage};
use super::loss::{LossCounter, LossVerdict};
use super::sent::{Fate, PacketResult};
use crate::time::Time;

/// What remains after overuse, of what arrived.
const BETA: f64 = 0.85;
/// The rate in a second: until the network has shown its limit, and then.
const START_GROWTH: f64 = 2.0;
const GROWTH: f64 = 1.08;
/// It is never so much more than what arrives.
const MAX_OVER_ACKED: f64 = 1.5;
const OVER_ACKED: f64 = 10_000.0;
/// Near the limit it grows by one packet in two response times.
const PACKET_BITS: f64 = 9_600.0;
const MIN_STEP: f64 = 4_000.0;
/// A limit that what arrives is so far from is one of the past.
const LIMIT_BAND: f64 = 0.3;
/// Between two reductions, beside the round trip.
const SHRINK_INTERVAL: Duration = Duration::from_millis(200);
/// The peer is silent when it has missed two feedbacks, each of which may take so long.
const MAX_INTERVAL: Duration = Duration::from_millis(250);
const DEFAULT_ROUND_TRIP: Duration = Duration::from_millis(100);
/// An application that sends less of the rate than this is the limit itself.
const LIMITED_SHARE: f64 = 0.65;
const SENT_WINDOW: Duration = Duration::from_millis(500);
const MAX_SENT: usize = 8192;
const MAX_STEP: Duration = Duration::from_millis(500);

/// Between which rates congestion control chooses, in bits a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitrateLimits {
    /// The least, whatever the network loses.
    pub min: u64,
    /// The first.
    pub start: u64,
    /// The most.
    pub max: u64,
}

impl Default for BitrateLimits {
    fn default() -> Self {
        Self {
            min: 30_000,
            start: 300_000,
            max: 100_000_000,
        }
    }
}

impl BitrateLimits {
    fn clamp(self, bits: f64) -> f64 {
        bits.min(self.max as f64).max(self.min as f64)
    }
}

/// An estimate by what arrives, what is lost, and how delays change.
#[derive(Debug)]
pub(super) struct Estimate {
    limits: BitrateLimits,
    bits: f64,
    acked: AckedRate,
    trend: DelayTrend,
    losses: LossCounter,
    /// What the network carried when it was too much; none until then.
    limit: Option<f64>,
    /// The network has not shown a limit yet.
    is_starting: bool,
    round_trip: Duration,
    updated: Option<Time>,
    shrunk: Option<Time>,
    fed: Option<Time>,
    /// The first packet since the peer last said something, or since the rate went down for that.
    unanswered: Option<Time>,
    sent: VecDeque<(Time, usize)>,
    sent_bytes: usize,
}

impl Estimate {
    pub(super) fn new(limits: BitrateLimits) -> Self {
        Self {
            limits,
            bits: limits.clamp(limits.start as f64),
            acked: AckedRate::default(),
            trend: DelayTrend::new(),
            losses: LossCounter::default(),
            limit: None,
            is_starting: true,
            round_trip: DEFAULT_ROUND_TRIP,
            updated: None,
            shrunk: None,
            fed: None,
            unanswered: None,
            sent: VecDeque::new(),
            sent_bytes: 0,
        }
    }

    pub(super) fn set_limits(&mut self, limits: BitrateLimits) {
        if self.fed.is_none() {
            self.bits = limits.start as f64;
        }
        self.limits = limits;
        self.bits = limits.clamp(self.bits);
    }

    pub(super) const fn rate(&self) -> u64 {
        self.bits as u64
    }

    pub(super) const fn is_fed(&self) -> bool {
        self.fed.is_some()
    }

    pub(super) fn on_sent(&mut self, now: Time, bytes: usize) {
        self.unanswered.get_or_insert(now);
        self.sent.push_back((now, bytes));
        self.sent_bytes += bytes;
        while let Some((at, bytes)) = self.sent.front().copied()
            && (now.since(at) > SENT_WINDOW || self.sent.len() > MAX_SENT)
        {
            self.sent.pop_front();
            self.sent_bytes -= bytes;
        }
    }

    /// Whether the application sends much less than it may.
    fn is_limited_by_application(&self) -> bool {
        let sent = self.sent_bytes as f64 * 8.0 / SENT_WINDOW.as_secs_f64();
        sent < self.bits * LIMITED_SHARE && self.sent.len() < MAX_SENT
    }

    /// What became of packets, in the order in which they arrived.
    pub(super) fn on_feedback(
        &mut self,
        now: Time,
        round_trip: Option<Duration>,
        results: &[PacketResult],
    ) {
        if results.is_empty() {
            return;
        }
        self.fed = Some(now);
        self.unanswered = None;
        self.round_trip = round_trip.unwrap_or(DEFAULT_ROUND_TRIP);
        for result in results {
            self.losses.on_packet(result.fate == Fate::Lost);
            if let Some(arrived) = result.arrived() {
                self.acked.on_packet(arrived, result.bytes);
                self.trend.on_packet(result.sent, arrived);
            }
        }
        let passed = now.since(self.updated.replace(now).unwrap_or(now));
        let verdict = self.losses.verdict(now);
        match (self.trend.usage(), verdict) {
            (Usage::Over, _) => self.on_overuse(now),
            (_, LossVerdict::Shrink(share)) => {
                self.is_starting = false;
                self.shrink(now, self.bits * share);
            }
            (Usage::Normal, LossVerdict::Grow) => self.grow(passed.min(MAX_STEP)),
            _ => {}
        }
    }

    fn on_overuse(&mut self, now: Time) {
        self.is_starting = false;
        let carried = self.acked.bits().unwrap_or(self.bits);
        // What arrives says nothing of the network where the application sends less than it takes.
        if self.is_limited_by_application() {
            return self.shrink(now, self.bits * BETA);
        }
        self.forget_limit(carried);
        self.limit = Some(
            self.limit
                .map_or(carried, |limit| limit + 0.3 * (carried - limit)),
        );
        self.shrink(now, carried * BETA);
    }

    /// A limit that does not hold any more.
    fn forget_limit(&mut self, carried: f64) {
        let is_far = |limit: f64| (carried - limit).abs() > limit * LIMIT_BAND;
        self.limit = self.limit.filter(|limit| !is_far(*limit));
    }

    fn shrink(&mut self, now: Time, bits: f64) {
        let pause = self.round_trip.clamp(Duration::ZERO, SHRINK_INTERVAL) + SHRINK_INTERVAL;
        let is_soon = self.shrunk.is_some_and(|shrunk| now.since(shrunk) < pause);
        if bits < self.bits && !is_soon {
            self.shrunk = Some(now);
            self.bits = self.limits.clamp(bits);
        }
    }

    fn grow(&mut self, passed: Duration) {
        let Some(carried) = self.acked.bits() else {
            return;
        };
        if carried > self.limit.unwrap_or(f64::MAX) {
            self.forget_limit(carried);
        }
        let passed = passed.as_secs_f64();
        let is_near = self
            .limit
            .is_some_and(|limit| self.bits > limit * (1.0 - LIMIT_BAND));
        let grown = if is_near {
            let response = self.round_trip + DEFAULT_ROUND_TRIP;
            let step = PACKET_BITS / (2.0 * response.as_secs_f64());
            self.bits + step.max(MIN_STEP) * passed
        } else {
            // Far below what the network has carried, as after an outage, is a start too.
            let is_far = self.limit.is_some_and(|limit| self.bits < limit / 2.0);
            let growth = match self.is_starting || is_far {
                true => START_GROWTH,
                false => GROWTH,
            };
            self.bits * growth.powf(passed)
        };
        let most = carried * MAX_OVER_ACKED + OVER_ACKED;
        self.bits = self.limits.clamp(self.bits.max(grown.min(most)));
    }

    /// When silence of the peer lowers the rate: after two feedbacks that it did not send, while
    /// there was something to tell. One that never told anything may not know how.
    pub(super) fn next_timeout(&self) -> Option<Time> {
        let since = self.unanswered.filter(|_| self.is_fed())?;
        Some(since + MAX_INTERVAL * 2 + self.round_trip)
    }

    /// The rate, after what time has brought.
    pub(super) fn poll(&mut self, now: Time) -> u64 {
        if self.next_timeout().is_some_and(|timeout| timeout <= now) {
            self.unanswered = (self.bits > self.limits.min as f64).then_some(now);
            self.bits = self.limits.clamp(self.bits / 2.0);
            self.is_starting = false;
        }
        self.rate()
    }
}
