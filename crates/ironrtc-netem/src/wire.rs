//! Two ends and a way between them.

use std::time::Duration;

use crate::{InFlight, Line, Link, Parcel};

/// Two ends, 0 and 1, and the packets between them.
#[derive(Clone, Debug)]
pub struct Wire<P> {
    /// What happens to packets, in either direction. It may change at any time.
    pub link: Link,
    lines: [Line; 2],
    in_flight: InFlight<(usize, P)>,
}

impl<P: Clone> Wire<P> {
    /// A wire on which nothing is.
    pub fn new(link: Link) -> Self {
        Self {
            link,
            lines: [Line::default(), Line::default()],
            in_flight: InFlight::default(),
        }
    }

    /// An end sends a packet to the other one.
    pub fn send(
        &mut self,
        now: Duration,
        from: usize,
        parcel: Parcel,
        packet: &P,
        below: &mut impl FnMut(u64) -> u64,
    ) {
        let line = &mut self.lines[from];
        for at in self.link.arrivals(now, parcel, line, below) {
            self.in_flight.insert(at, (1 - from, packet.clone()));
        }
    }

    /// When the next packet arrives.
    pub fn next_arrival(&self) -> Option<Duration> {
        self.in_flight.next_arrival()
    }

    /// The next packet that has arrived by now, and at which end.
    pub fn receive(&mut self, now: Duration) -> Option<(usize, P)> {
        self.in_flight.receive(now)
    }

    /// Nothing arrives for a while; then everything does, at its old pace.
    pub fn stall(&mut self, now: Duration, time: Duration) {
        self.in_flight.put_off(time);
        for line in &mut self.lines {
            line.stall(now, time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn either_end_hears_the_other_and_a_stall_keeps_the_pace() {
        let mut wire = Wire::new(Link {
            spacing: MS,
            ..Link::default()
        });
        let mut first = |_| 0;
        for (from, packet) in [(0, "to one"), (1, "to zero"), (0, "again")] {
            wire.send(MS, from, Parcel::bare(1), &packet, &mut first);
        }
        wire.stall(MS, MS * 10);
        wire.send(MS, 0, Parcel::bare(1), &"later", &mut first);
        let mut heard = Vec::new();
        while let Some(at) = wire.next_arrival() {
            heard.push((at, wire.receive(at).unwrap()));
        }
        let expected = [
            (MS * 13, (1, "to one")),
            (MS * 13, (0, "to zero")),
            (MS * 14, (1, "again")),
            (MS * 15, (1, "later")),
        ];
        assert_eq!(heard, expected);
    }
}
