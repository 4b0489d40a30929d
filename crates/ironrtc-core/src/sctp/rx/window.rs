//! What received and unread data costs, against the window that was advertised, and how large that
//! is.
//!
//! The figures are upper bounds of what an allocator hands out, which `tests/memory` measures.

use std::time::Duration;

use super::stream::Queues;
use crate::time::Time;

/// Charged for each message that waits to be read, beside its payload: a place in a queue that
/// grows by doubling.
pub(crate) const MESSAGE_OVERHEAD: usize = 128;
/// Charged for each stream in which something waits.
pub(crate) const STREAM_OVERHEAD: usize = 320;
/// Charged for each run of fragments, beside their payload. No less than what its message will be
/// charged once it is complete, so that completing one always fits.
pub(crate) const RUN_OVERHEAD: usize = MESSAGE_OVERHEAD + STREAM_OVERHEAD;
/// Charged for each buffer of a run beside the first.
pub(crate) const PART_OVERHEAD: usize = 96;
/// Largest buffer reserved for a message of which only a fragment has arrived.
const MAX_RESERVATION: usize = 256 * 1024;

/// Memory in use by one receiver.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    bytes: usize,
    /// Size of the last message that came in fragments.
    pub(crate) usual_message: usize,
    /// Messages completed so far.
    pub(crate) messages: u64,
    /// Empty queues for the next streams that need some, so that a message that is read at once
    /// costs no allocation for its queue.
    #[allow(clippy::vec_box, reason = "the boxes are what is kept")]
    pub(crate) spare: Vec<Box<Queues>>,
}

impl Usage {
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) const fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(crate) const fn remove(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// How much to reserve for a message that begins with `arrived` bytes, with `room` beside them:
    /// what the last one took, but not so much that the peer would be held up.
    pub(crate) fn reservation(&self, arrived: usize, room: usize) -> usize {
        let most = MAX_RESERVATION.min(arrived + room / 16);
        arrived.max(self.usual_message.min(most))
    }
}

/// Round trip to reckon with while none was measured: rather too long, as a window that is too
/// large costs nothing while the application reads.
const USUAL_RTT: Duration = Duration::from_secs(1);
/// Shorter times than this say nothing about a rate.
const SHORTEST_EPOCH: Duration = Duration::from_millis(1);
/// The window is so many times what flows in a round trip, since a sender that has just begun
/// doubles that with each, and one that lost something needs another to repair it.
const ROUND_TRIPS: usize = 4;

/// A window that grows with what flows in a round trip, up to a bound.
///
/// What counts is both arrived and read, so a peer cannot grow the window of an application that
/// does not read, and one that reads seldom and much does not either.
#[derive(Debug)]
pub(crate) struct Tuning {
    window: usize,
    max: usize,
    began: Time,
    arrived: usize,
    read: usize,
}

impl Tuning {
    pub(crate) const fn new(window: usize, max: usize) -> Self {
        Self {
            window,
            max,
            began: Time::ZERO,
            arrived: 0,
            read: 0,
        }
    }

    pub(crate) const fn window(&self) -> usize {
        self.window
    }

    pub(crate) const fn on_arrived(&mut self, bytes: usize) {
        self.arrived = self.arrived.saturating_add(bytes);
    }

    pub(crate) const fn on_read(&mut self, bytes: usize) {
        self.read = self.read.saturating_add(bytes);
    }

    /// Grows the window when a round trip is over.
    pub(crate) fn adjust(&mut self, now: Time, rtt: Option<Duration>) {
        let epoch = now.since(self.began);
        let rtt = rtt.unwrap_or(USUAL_RTT).max(SHORTEST_EPOCH);
        if epoch < rtt {
            return;
        }
        // After a pause the time is longer than a round trip; then the rate counts.
        let flowed = self.arrived.min(self.read) as f64;
        let flow = flowed * (rtt.as_secs_f64() / epoch.as_secs_f64());
        let wanted = flow as usize * ROUND_TRIPS;
        if wanted > self.window {
            self.window = wanted.min(self.max.max(self.window));
        }
        self.began = now;
        self.arrived = 0;
        self.read = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(100);

    fn run(arrived: usize, read: usize) -> usize {
        let mut tuning = Tuning::new(1 << 20, 32 << 20);
        let mut now = Time::from_millis(5);
        for _ in 0..100 {
            tuning.on_arrived(arrived);
            tuning.on_read(read);
            now += RTT;
            tuning.adjust(now, Some(RTT));
        }
        tuning.window()
    }

    #[test]
    fn the_window_is_four_times_what_flows_in_a_round_trip_up_to_its_bound() {
        assert_eq!(run(100_000, 100_000), 1 << 20);
        assert_eq!(run(1 << 20, 1 << 20), 4 << 20);
        assert_eq!(run(20 << 20, 20 << 20), 32 << 20);
    }

    #[test]
    fn what_is_not_read_or_does_not_arrive_grows_nothing() {
        assert_eq!(run(20 << 20, 0), 1 << 20);
        assert_eq!(run(0, 20 << 20), 1 << 20);
    }

    #[test]
    fn a_window_with_a_smaller_bound_stays_as_it_is() {
        let mut tuning = Tuning::new(1 << 20, 1000);
        tuning.on_arrived(1 << 24);
        tuning.on_read(1 << 24);
        tuning.adjust(Time::from_millis(1000), Some(Duration::from_secs(1)));
        assert_eq!(tuning.window(), 1 << 20);
    }
}
