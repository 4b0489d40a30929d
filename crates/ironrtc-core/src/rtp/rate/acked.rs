//! The rate at which packets arrive.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;

const WINDOW: Duration = Duration::from_millis(500);
/// Or as long as it takes for enough packets to come, but no longer than this.
const MAX_WINDOW: Duration = Duration::from_secs(3);
const MIN_SPAN: Duration = Duration::from_millis(50);
/// So few say nothing; so many are kept.
const MIN_PACKETS: usize = 6;
const MAX_PACKETS: usize = 8192;

/// Arrivals of the last half second, by the peer's clock.
#[derive(Debug, Default)]
pub(super) struct AckedRate {
    arrivals: VecDeque<(Time, usize)>,
    bytes: usize,
    newest: Time,
}

impl AckedRate {
    pub(super) fn on_packet(&mut self, arrived: Time, bytes: usize) {
        // The peer's clock began anew.
        if self.newest.since(arrived) > WINDOW * 4 {
            *self = Self::default();
        }
        self.newest = self.newest.max(arrived);
        self.arrivals.push_back((arrived, bytes));
        self.bytes += bytes;
        while let Some((at, bytes)) = self.arrivals.front().copied()
            && self.is_old(self.newest.since(at))
        {
            self.arrivals.pop_front();
            self.bytes -= bytes;
        }
    }

    fn is_old(&self, age: Duration) -> bool {
        let window = match self.arrivals.len() > MIN_PACKETS {
            true => WINDOW,
            false => MAX_WINDOW,
        };
        age > window || self.arrivals.len() > MAX_PACKETS
    }

    /// Bits a second; none if there are too few packets to say.
    pub(super) fn bits(&self) -> Option<f64> {
        let (oldest, first) = self.arrivals.front()?;
        let span = self.newest.since(*oldest);
        if self.arrivals.len() < MIN_PACKETS || span < MIN_SPAN {
            return None;
        }
        // What came at the window's begin was sent before it.
        Some((self.bytes - first) as f64 * 8.0 / span.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_half_second() {
        let mut acked = AckedRate::default();
        for millis in 0..100 {
            acked.on_packet(Time::from_millis(5_000 + 10 * millis), 1250);
        }
        assert_eq!(acked.bits(), Some(1_000_000.0));
        for millis in 0..60 {
            acked.on_packet(Time::from_millis(6_000 + 10 * millis), 125);
        }
        assert_eq!(acked.bits(), Some(100_000.0));
    }

    #[test]
    fn few_packets_say_nothing_and_many_have_a_bound() {
        let mut acked = AckedRate::default();
        for millis in 0..MIN_PACKETS as u64 - 1 {
            acked.on_packet(Time::from_millis(millis * 10), 100);
        }
        assert_eq!(acked.bits(), None);
        for nanos in 0..20_000 {
            acked.on_packet(Time::from_nanos(100_000_000 + nanos), 100);
        }
        assert_eq!(acked.arrivals.len(), MAX_PACKETS);
        assert_eq!(acked.bytes, MAX_PACKETS * 100);
    }

    #[test]
    fn a_clock_that_jumps_back_begins_anew() {
        let mut acked = AckedRate::default();
        acked.on_packet(Time::from_millis(100_000), 100);
        for millis in 0..50 {
            acked.on_packet(Time::from_millis(10 * millis), 125);
        }
        assert_eq!(acked.bits(), Some(100_000.0));
    }
}
