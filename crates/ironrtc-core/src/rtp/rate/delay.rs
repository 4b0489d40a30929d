//! Whether packets wait longer and longer on their way: the trend of their delays.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;

/// Packets that leave or arrive so close together are one group.
const BURST: Duration = Duration::from_millis(5);
const MAX_BURST: Duration = Duration::from_millis(100);
/// The peer's clock began anew.
const JUMP: f64 = 3_000.0;
/// Groups that the trend is made of, and how much of each is the past.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
/// The trend counts for more the more groups there were.
const MAX_GROUPS: u32 = 60;
const GAIN: f64 = 4.0;
/// The threshold follows the trend, so that other traffic does not starve us.
const THRESHOLD: f64 = 12.5;
const RANGE: (f64, f64) = (6.0, 600.0);
const UP: f64 = 0.0087;
const DOWN: f64 = 0.039;
const MAX_STEP: f64 = 100.0;
const OUTLIER: f64 = 15.0;
/// Overuse lasts at least so long.
const MIN_OVER: f64 = 10.0;
/// The least delay of the last packets is so much more than the least of long when they queue:
/// jitter makes trends, but lets some packets through in time.
const STANDING: f64 = 15.0;
const RECENT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(10);

/// What the trend says of the network's use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usage {
    #[default]
    Normal,
    /// Queues grow.
    Over,
    /// Queues drain.
    Under,
}

/// Milliseconds from `earlier` to `later`, which may come before it.
const fn millis(earlier: Time, later: Time) -> f64 {
    let nanos = (later.as_nanos() as i64).wrapping_sub(earlier.as_nanos() as i64);
    nanos as f64 / 1_000_000.0
}

/// Packets that left together.
#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: Time,
    sent: Time,
    first_arrived: Time,
    arrived: Time,
}

/// The least of the last while: at least as long as told, at most twice.
#[derive(Clone, Copy, Debug, Default)]
struct Least {
    since: Time,
    before: Option<f64>,
    current: Option<f64>,
}

impl Least {
    fn add(&mut self, at: Time, window: Duration, value: f64) -> f64 {
        if at.since(self.since) >= window {
            self.before = self.current.take();
            self.since = at;
        }
        let current = self.current.map_or(value, |least| least.min(value));
        self.current = Some(current);
        self.before.map_or(current, |least| least.min(current))
    }
}

/// The detector of overuse.
#[derive(Debug)]
pub(super) struct DelayTrend {
    before: Option<Group>,
    current: Option<Group>,
    origin: Time,
    /// By the arrival, in ms since the first.
    points: VecDeque<(f64, f64)>,
    groups: u32,
    delay: f64,
    smoothed: f64,
    threshold: f64,
    threshold_at: Option<Time>,
    over: f64,
    trend: f64,
    recent: Least,
    long: Least,
    standing: f64,
    usage: Usage,
}

impl DelayTrend {
    pub(super) fn new() -> Self {
        Self {
            before: None,
            current: None,
            origin: Time::ZERO,
            points: VecDeque::new(),
            groups: 0,
            delay: 0.0,
            smoothed: 0.0,
            threshold: THRESHOLD,
            threshold_at: None,
            over: 0.0,
            trend: 0.0,
            recent: Least::default(),
            long: Least::default(),
            standing: 0.0,
            usage: Usage::Normal,
        }
    }

    pub(super) const fn usage(&self) -> Usage {
        self.usage
    }

    /// A packet arrived, by the peer's clock. Packets come in the order of their arrivals.
    pub(super) fn on_packet(&mut self, sent: Time, arrived: Time) {
        let Some(group) = &mut self.current else {
            *self = Self::new();
            self.origin = arrived;
            self.current = Some(Group::of(sent, arrived));
            return;
        };
        if millis(group.arrived, arrived).abs() > JUMP {
            *self = Self::new();
            return;
        }
        let delay = millis(sent, arrived);
        let long = self.long.add(arrived, LONG, delay);
        self.standing = self.recent.add(arrived, RECENT, delay) - long;
        // What was overtaken says nothing of the queue of those that came before it.
        if sent < group.first_sent {
            return;
        }
        if group.takes(sent, arrived) {
            group.sent = group.sent.max(sent);
            group.arrived = group.arrived.max(arrived);
            return;
        }
        let complete = std::mem::replace(group, Group::of(sent, arrived));
        if let Some(before) = self.before.replace(complete) {
            self.on_group(before, complete);
        }
    }

    fn on_group(&mut self, before: Group, group: Group) {
        let sent = millis(before.sent, group.sent);
        self.delay += millis(before.arrived, group.arrived) - sent;
        self.smoothed = self.smoothed * SMOOTHING + self.delay * (1.0 - SMOOTHING);
        self.groups = (self.groups + 1).min(MAX_GROUPS);
        let point = (millis(self.origin, group.arrived), self.smoothed);
        self.points.push_back(point);
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
        if self.points.len() < WINDOW {
            return;
        }
        let trend = self.slope() * f64::from(self.groups) * GAIN;
        self.decide(trend, sent);
        self.adapt(trend, group.arrived);
        self.trend = trend;
    }

    /// The slope of the line with the least squares.
    fn slope(&self) -> f64 {
        let count = self.points.len().max(1) as f64;
        let (x, y) = self
            .points
            .iter()
            .fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
        let (x, y) = (x / count, y / count);
        let (over, under) = self.points.iter().fold((0.0, 0.0), |(over, under), point| {
            let distance = point.0 - x;
            (over + distance * (point.1 - y), under + distance * distance)
        });
        if under > 0.0 { over / under } else { 0.0 }
    }

    fn decide(&mut self, trend: f64, passed: f64) {
        if trend > self.threshold && self.standing > STANDING {
            self.over += passed;
            if self.over > MIN_OVER && trend >= self.trend {
                self.over = 0.0;
                self.usage = Usage::Over;
            }
        } else {
            self.over = 0.0;
            self.usage = match trend < -self.threshold {
                true => Usage::Under,
                false => Usage::Normal,
            };
        }
    }

    fn adapt(&mut self, trend: f64, at: Time) {
        let step = millis(self.threshold_at.replace(at).unwrap_or(at), at).clamp(0.0, MAX_STEP);
        let distance = trend.abs() - self.threshold;
        if distance > OUTLIER {
            return;
        }
        let gain = if distance < 0.0 { DOWN } else { UP };
        self.threshold = (self.threshold + gain * distance * step).clamp(RANGE.0, RANGE.1);
    }
}

impl Group {
    const fn of(sent: Time, arrived: Time) -> Self {
        Self {
            first_sent: sent,
            sent,
            first_arrived: arrived,
            arrived,
        }
    }

    fn takes(&self, sent: Time, arrived: Time) -> bool {
        if sent.since(self.first_sent) <= BURST {
            return true;
        }
        // They waited for something on the way, and then came at once.
        let came = millis(self.arrived, arrived);
        came <= BURST.as_secs_f64() * 1_000.0
            && came < millis(self.sent, sent)
            && arrived.since(self.first_arrived) < MAX_BURST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets that leave each 10 ms, and are so long on their way.
    fn usages(delay: impl Fn(u64) -> f64, packets: u64) -> Vec<Usage> {
        let mut trend = DelayTrend::new();
        let mut usages = Vec::new();
        for packet in 0..packets {
            let sent = Time::from_millis(packet * 10);
            let late = Duration::from_secs_f64((50.0 + delay(packet)) / 1_000.0);
            trend.on_packet(
                sent,
                Time::from_millis(1_000_000) + (sent - Time::ZERO) + late,
            );
            usages.push(trend.usage());
        }
        usages
    }

    #[test]
    fn a_delay_that_stays_is_normal_use_whatever_the_peers_clock_says() {
        let all = usages(|_| 20.0, 500);
        assert!(all.iter().all(|usage| *usage == Usage::Normal));
    }

    #[test]
    fn a_delay_that_grows_is_overuse_and_one_that_shrinks_is_underuse() {
        let up = |packet: u64| packet.saturating_sub(100) as f64 * 2.0;
        let first = usages(up, 200)
            .iter()
            .position(|usage| *usage == Usage::Over);
        assert!(first.is_some_and(|first| (101..140).contains(&first)));
        let down = |packet: u64| 200.0 - packet.saturating_sub(100).min(90) as f64 * 2.0;
        assert!(usages(down, 200).contains(&Usage::Under));
        assert!(!usages(down, 200).contains(&Usage::Over));
    }

    #[test]
    fn jitter_is_no_overuse() {
        for seed in 0..20 {
            let mut rng = crate::rng::Rng::from_test_seed(seed);
            let delays: Vec<_> = (0..2_000)
                .map(|_| rng.below(100_000) as f64 / 1_000.0)
                .collect();
            let all = usages(|packet| delays[packet as usize], 2_000);
            let over = all.iter().filter(|usage| **usage == Usage::Over).count();
            assert!(over < 40, "seed {seed}: {over}");
        }
    }

    #[test]
    fn a_clock_that_jumps_begins_anew() {
        let jump = |packet: u64| if packet < 100 { 0.0 } else { 10_000.0 };
        assert!(!usages(jump, 200).contains(&Usage::Over));
    }
}
