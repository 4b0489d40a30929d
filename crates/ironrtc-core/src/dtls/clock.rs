//! The time that the handshake goes by.
//!
//! A description may be carried to the peer by hand, so how long its first message takes says
//! nothing. dimpl's clock, and with it the handshake's deadline, stands still until then; a client's
//! first flight is repeated by us meanwhile (RFC 6347 section 4.2.4 knows no end of that).

use std::time::{Duration, Instant};

use crate::time::Time;

/// Longest interval between two transmissions of the first flight. The path is known to work, and
/// a flight is one datagram.
const MAX_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Clock {
    /// The driver's `Instant` of `Time::ZERO`: dimpl counts in `Instant`.
    epoch: Instant,
    born: Time,
    /// The peer's first handshake message came then.
    started: Option<Time>,
}

impl Clock {
    pub(super) fn new(epoch: Instant, born: Time) -> Self {
        Self {
            epoch,
            born,
            started: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.started.is_some()
    }

    pub(super) fn start(&mut self, now: Time) {
        self.started.get_or_insert(now);
    }

    /// What dimpl is told the time is.
    pub(super) fn instant(&self, now: Time) -> Instant {
        let run = self.started.map_or(Duration::ZERO, |at| now.since(at));
        self.epoch + Duration::from_nanos((self.born + run).as_nanos())
    }

    /// When it will be an instant of dimpl's, once the clock runs.
    pub(super) fn time(&self, at: Instant) -> Time {
        let dimpl = Time::ZERO + at.saturating_duration_since(self.epoch);
        self.started.unwrap_or(self.born) + dimpl.since(self.born)
    }
}

/// The first flight of a client.
#[derive(Debug)]
pub(super) struct FirstFlight {
    pub(super) datagrams: Vec<Vec<u8>>,
    next: Time,
    interval: Duration,
}

impl FirstFlight {
    pub(super) fn new(datagrams: Vec<Vec<u8>>, now: Time, interval: Duration) -> Self {
        Self {
            datagrams,
            next: now + interval,
            interval,
        }
    }

    /// When to send it again; never if there is none.
    pub(super) fn next(&self) -> Option<Time> {
        (!self.datagrams.is_empty()).then_some(self.next)
    }

    /// It goes out again now.
    pub(super) fn repeat(&mut self, now: Time) {
        self.interval = (self.interval * 2).min(MAX_INTERVAL);
        self.next = now + self.interval;
    }

    /// It is due, and soon again.
    pub(super) fn hurry(&mut self, now: Time, interval: Duration) {
        self.next = now;
        self.interval = interval / 2;
    }
}
