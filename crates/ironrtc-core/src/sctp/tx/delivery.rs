//! How fast the network delivers: rate samples (draft-ietf-ccwg-bbr section 4.1).

use std::time::Duration;

use crate::sctp::cc::Rate;
use crate::time::Time;

/// Time spans in a snapshot are counted in units of 64 ns, which reach over four minutes.
const UNIT_SHIFT: u32 = 6;

/// What was known of delivery when a chunk was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Snapshot {
    delivered: u64,
    /// Time since something was delivered.
    since_delivery: u32,
    /// Time since the first chunk of the flight was sent.
    since_first: u32,
    /// Bytes in flight, with the chunk.
    flight: u32,
    /// Lowest bits of the bytes lost.
    lost: u32,
    app_limited: bool,
}

/// What was delivered and lost so far.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    delivered: u64,
    delivered_at: Time,
    /// When the first chunk of the flight, as last measured, was sent.
    first_sent: Time,
    lost: u64,
    /// Until so much is delivered, the application was what limited sending; 0 for not at all.
    app_limited: u64,
    /// Bytes found lost since the last acknowledgement.
    lost_now: usize,
    /// The chunk among them whose loss says most: bytes in flight as it was sent, and those lost
    /// since.
    worst: Option<(usize, usize)>,
}

fn units(now: Time, earlier: Time) -> u32 {
    // For each chunk, so without the detour over a duration.
    let nanos = now.as_nanos().saturating_sub(earlier.as_nanos());
    u32::try_from(nanos >> UNIT_SHIFT).unwrap_or(u32::MAX)
}

const fn span(units: u32) -> Duration {
    Duration::from_nanos((units as u64) << UNIT_SHIFT)
}

impl Delivery {
    /// A chunk is sent, after which `flight` bytes are in flight, `len` of them its own.
    pub(super) fn on_send(&mut self, now: Time, flight: usize, len: usize) -> Snapshot {
        if flight == len {
            self.first_sent = now;
            self.delivered_at = now;
        }
        Snapshot {
            delivered: self.delivered,
            since_delivery: units(now, self.delivered_at),
            since_first: units(now, self.first_sent),
            flight: u32::try_from(flight).unwrap_or(u32::MAX),
            lost: self.lost as u32,
            app_limited: self.app_limited > 0,
        }
    }

    /// A chunk was found to be lost.
    pub(super) fn on_lost(&mut self, snapshot: &Snapshot, len: usize) {
        self.lost += len as u64;
        self.lost_now += len;
        let since = (self.lost as u32).wrapping_sub(snapshot.lost) as usize;
        if self.worst.is_none_or(|worst| worst.1 <= since) {
            self.worst = Some((snapshot.flight as usize, since));
        }
    }

    /// Bytes found lost since this was asked last, and what the loss of the chunk among them that
    /// says most tells: bytes in flight as it was sent, and those lost since.
    pub(super) fn take_lost(&mut self) -> (usize, Option<(usize, usize)>) {
        (std::mem::take(&mut self.lost_now), self.worst.take())
    }

    /// The application has nothing more to send for now, and `flight` bytes are in flight.
    pub(super) fn on_app_limited(&mut self, flight: usize) {
        self.app_limited = (self.delivered + flight as u64).max(1);
    }

    pub(super) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Bytes were acknowledged, and the chunk among them that was sent last was sent at `sent_at`.
    pub(super) fn on_acked(
        &mut self,
        now: Time,
        bytes: usize,
        newest: Option<(Time, Snapshot)>,
    ) -> Option<Rate> {
        if bytes == 0 {
            return None;
        }
        self.delivered += bytes as u64;
        self.delivered_at = now;
        if self.delivered > self.app_limited {
            self.app_limited = 0;
        }
        let (sent_at, snapshot) = newest?;
        let sending = span(snapshot.since_first);
        let acknowledging = now.since(sent_at) + span(snapshot.since_delivery);
        self.first_sent = self.first_sent.max(sent_at);
        Some(Rate {
            delivered: self.delivered.saturating_sub(snapshot.delivered),
            prior: snapshot.delivered,
            interval: sending.max(acknowledging),
            app_limited: snapshot.app_limited,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn the_rate_is_what_was_delivered_from_sending_to_acknowledgement() {
        let mut delivery = Delivery::default();
        let mut snapshots = Vec::new();
        for index in 0..10 {
            let snapshot = delivery.on_send(ms(index), 1000 * (index as usize + 1), 1000);
            snapshots.push(snapshot);
        }
        for index in 0..10 {
            let newest = Some((ms(index), snapshots[index as usize]));
            let rate = delivery.on_acked(ms(100 + 2 * index), 1000, newest);
            assert_eq!(rate.unwrap().delivered, 1000 * (index + 1));
        }
        // A round later, the acknowledgements' spacing is the rate, not that of sending.
        let second = delivery.on_send(ms(118), 1000, 1000);
        let rate = delivery.on_acked(ms(218), 1000, Some((ms(118), second)));
        let rate = rate.unwrap();
        assert_eq!((rate.delivered, rate.prior), (1000, 10_000));
        assert!(rate.interval <= Duration::from_millis(100));
    }

    #[test]
    fn what_the_application_limited_is_marked_until_it_is_delivered() {
        let mut delivery = Delivery::default();
        let first = delivery.on_send(ms(0), 1000, 1000);
        delivery.on_app_limited(1000);
        let second = delivery.on_send(ms(1), 2000, 1000);
        assert!(!first.app_limited && second.app_limited);
        delivery.on_acked(ms(50), 1000, Some((ms(0), first)));
        let rate = delivery.on_acked(ms(51), 1000, Some((ms(1), second)));
        assert!(rate.unwrap().app_limited);
        assert!(!delivery.on_send(ms(52), 2000, 1000).app_limited);
    }

    #[test]
    fn losses_are_counted_from_the_sending_of_the_chunk() {
        let mut delivery = Delivery::default();
        let first = delivery.on_send(ms(0), 5000, 1000);
        delivery.on_lost(&first, 1000);
        let second = delivery.on_send(ms(1), 6000, 1000);
        assert_eq!(delivery.take_lost(), (1000, Some((5000, 1000))));
        delivery.on_lost(&second, 500);
        assert_eq!(delivery.take_lost(), (500, Some((6000, 500))));
        assert_eq!(delivery.take_lost(), (0, None));
    }
}
