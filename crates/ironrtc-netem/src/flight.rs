//! Packets on their way.

use std::collections::BTreeMap;
use std::time::Duration;

/// Packets on their way, in the order in which they arrive.
#[derive(Clone, Debug)]
pub struct InFlight<P> {
    /// By arrival, and then in the order of sending.
    packets: BTreeMap<(Duration, u64), P>,
    order: u64,
}

impl<P> Default for InFlight<P> {
    fn default() -> Self {
        Self {
            packets: BTreeMap::new(),
            order: 0,
        }
    }
}

impl<P> InFlight<P> {
    /// A packet is to arrive. What arrives at the same time arrives in the order in which it was
    /// sent.
    pub fn insert(&mut self, at: Duration, packet: P) {
        self.order += 1;
        self.packets.insert((at, self.order), packet);
    }

    /// When the next one arrives.
    pub fn next_arrival(&self) -> Option<Duration> {
        self.packets.keys().next().map(|(at, _)| *at)
    }

    /// The next one that has arrived by now.
    pub fn receive(&mut self, now: Duration) -> Option<P> {
        if self.next_arrival()? > now {
            return None;
        }
        self.packets.pop_first().map(|(_, packet)| packet)
    }

    /// All arrive later by so much.
    pub fn put_off(&mut self, time: Duration) {
        let packets = std::mem::take(&mut self.packets);
        self.packets = packets
            .into_iter()
            .map(|((at, order), packet)| ((at + time, order), packet))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn packets_arrive_by_time_and_then_in_the_order_of_sending() {
        let mut flight = InFlight::default();
        for (at, packet) in [(3, "late"), (1, "first"), (1, "second")] {
            flight.insert(MS * at, packet);
        }
        assert_eq!(flight.next_arrival(), Some(MS));
        assert_eq!(flight.receive(MS / 2), None);
        let arrived: Vec<&str> = std::iter::from_fn(|| flight.receive(MS)).collect();
        assert_eq!(arrived, ["first", "second"]);
        flight.put_off(MS);
        assert_eq!(flight.receive(MS * 3), None);
        assert_eq!(flight.receive(MS * 4), Some("late"));
        assert_eq!(flight.next_arrival(), None);
    }
}
