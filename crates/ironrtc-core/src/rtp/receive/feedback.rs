//! What the sender is told for its congestion control: when packets of the transport arrived.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::Ssrc;
use crate::time::Time;
use crate::wire::rtcp::write_transport_feedback;
use crate::wire::rtp::{SeqNo, Unwrapper};

/// How long an arrival is kept, so that feedback about packets that came out of order can go back.
const WINDOW: Duration = Duration::from_millis(500);
/// Most arrivals that are kept.
const MAX_ARRIVALS: usize = 8192;
const MIN_INTERVAL: Duration = Duration::from_millis(50);
const MAX_INTERVAL: Duration = Duration::from_millis(250);
/// Feedback takes a twentieth of what is received, at so many bytes each.
const SHARE: u128 = 20;
const TYPICAL_BYTES: u128 = 68;

/// The arrivals of a transport's packets by their transport-wide numbers, whatever their source is.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    numbers: Unwrapper<SeqNo>,
    arrivals: BTreeMap<u64, Time>,
    /// Where the next feedback begins.
    base: Option<u64>,
    /// What came before this is known no more, so feedback does not go back behind it: it would tell
    /// that packets were lost which were told to have come.
    floor: u64,
    /// The number that would confirm that the sender counts anew.
    anew: Option<SeqNo>,
    /// When it is due, while there is something to tell.
    due: Option<Time>,
    last: Time,
    /// Bytes received since the last feedback.
    bytes: u64,
    interval: Duration,
    count: u8,
}

impl Arrivals {
    /// A packet of so many bytes came.
    pub(crate) fn on_packet(&mut self, now: Time, number: SeqNo, bytes: usize) {
        let mut position = self.numbers.unwrap(number);
        self.bytes += bytes as u64;
        if position < self.floor {
            // Two in a row are a sender that counts anew, by the rule of RFC 3550 appendix A.1.
            if self.anew.replace(number.plus(1)) != Some(number) {
                return;
            }
            position = self.numbers.restart(number);
            (self.floor, self.base) = (position, None);
            self.arrivals.clear();
        }
        self.anew = None;
        // Of a packet that came twice the first arrival counts.
        self.arrivals.entry(position).or_insert(now);
        if self.arrivals.len() > MAX_ARRIVALS
            && let Some((oldest, _)) = self.arrivals.pop_first()
        {
            self.floor = oldest + 1;
        }
        // A packet that was told to be missing has come after all: the next feedback says so.
        let base = self.base.map_or(position, |base| base.min(position));
        self.base = Some(base.max(self.floor));
        let interval = self.interval.max(MIN_INTERVAL);
        let due = (self.last + interval).max(now);
        self.due.get_or_insert(due);
    }

    pub(crate) const fn due(&self) -> Option<Time> {
        self.due
    }

    /// Appends feedback, in as many packets as it takes, each given to `packet` to be counted. It
    /// tells all that came, and is never empty.
    pub(crate) fn write(
        &mut self,
        now: Time,
        (sender, media): (Ssrc, Ssrc),
        limit: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        let Some(base) = self.base else {
            return false;
        };
        let told = self.arrivals.range(base..).map(|(at, came)| (*at, *came));
        let next = write_transport_feedback(out, (sender, media), self.count, base, told, limit);
        let Some(next) = next else {
            self.due = None;
            return false;
        };
        self.count = self.count.wrapping_add(1);
        self.base = Some(next);
        if self.arrivals.range(next..).next().is_none() {
            self.finish(now);
        }
        true
    }

    /// All was told: what comes now waits for the next interval.
    fn finish(&mut self, now: Time) {
        self.due = None;
        let nanos = now.since(self.last).as_nanos();
        let rate = u128::from(self.bytes) * 1_000_000_000 / nanos.max(1);
        let interval = TYPICAL_BYTES * SHARE * 1_000_000_000 / rate.max(1);
        let interval = Duration::from_nanos(u64::try_from(interval).unwrap_or(u64::MAX));
        self.interval = interval.clamp(MIN_INTERVAL, MAX_INTERVAL);
        (self.last, self.bytes) = (now, 0);
        let old = now - WINDOW;
        while let Some(entry) = self.arrivals.first_entry() {
            if *entry.get() >= old {
                break;
            }
            self.floor = entry.key() + 1;
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Arrival, Compound, Packet};

    const SSRCS: (Ssrc, Ssrc) = (Ssrc::new(1), Ssrc::new(2));
    const LIMIT: usize = 1150;

    /// The numbers that a feedback tells to have come, and its count.
    fn read(packet: &[u8]) -> (Vec<u16>, u8) {
        let Some(Packet::TransportFeedback(found)) =
            Compound::parse(packet).and_then(|mut packets| packets.next())
        else {
            panic!("no feedback");
        };
        let numbers = found.arrivals().filter_map(|arrival| match arrival {
            Arrival::Received { sequence, .. } => Some(sequence.get()),
            Arrival::Lost { .. } => None,
        });
        (numbers.collect(), found.count)
    }

    fn all(arrivals: &mut Arrivals, now: Time) -> Vec<(Vec<u16>, u8)> {
        let mut found = Vec::new();
        loop {
            let mut out = Vec::new();
            if !arrivals.write(now, SSRCS, LIMIT, &mut out) {
                return found;
            }
            assert!(out.len() <= LIMIT + 2);
            found.push(read(&out));
        }
    }

    #[test]
    fn one_packet_a_second_is_told_each_time_and_nothing_is_told_of_none() {
        let mut arrivals = Arrivals::default();
        for second in 1..10 {
            let now = Time::from_millis(second * 1000);
            arrivals.on_packet(now, SeqNo::new(second as u16), 100);
            assert_eq!(arrivals.due(), Some(now));
            let expected = (vec![second as u16], second as u8 - 1);
            assert_eq!(all(&mut arrivals, now), [expected]);
            assert_eq!(arrivals.due(), None);
            assert!(all(&mut arrivals, now + Duration::from_millis(500)).is_empty());
        }
    }

    #[test]
    fn a_packet_that_comes_late_is_told_by_the_next_feedback() {
        let mut arrivals = Arrivals::default();
        let at = Time::from_millis;
        for (millis, number) in [(1000, 10), (1001, 12)] {
            arrivals.on_packet(at(millis), SeqNo::new(number), 1000);
        }
        assert_eq!(all(&mut arrivals, at(1001)), [(vec![10, 12], 0)]);
        arrivals.on_packet(at(1010), SeqNo::new(13), 1000);
        arrivals.on_packet(at(1020), SeqNo::new(11), 1000);
        // It goes back to the late one, and says again what came between.
        let later = arrivals.due().expect("something to tell");
        assert_eq!(all(&mut arrivals, later), [(vec![11, 12, 13], 1)]);
    }

    #[test]
    fn a_packet_that_comes_seconds_late_does_not_make_others_lost() {
        let mut arrivals = Arrivals::default();
        for number in [1, 3, 4, 5] {
            let now = Time::from_millis(1000 * u64::from(number));
            arrivals.on_packet(now, SeqNo::new(number), 1000);
            assert_eq!(all(&mut arrivals, now).len(), 1);
        }
        let now = Time::from_millis(6000);
        arrivals.on_packet(now, SeqNo::new(2), 1000);
        assert!(all(&mut arrivals, now).is_empty());
        arrivals.on_packet(now, SeqNo::new(6), 1000);
        assert_eq!(all(&mut arrivals, now), [(vec![6], 4)]);
    }

    #[test]
    fn all_that_came_in_five_seconds_is_told_in_packets_of_a_size() {
        let mut arrivals = Arrivals::default();
        for number in 0..5000_u16 {
            let now = Time::from_millis(1000 + u64::from(number));
            arrivals.on_packet(now, SeqNo::new(number.wrapping_add(65_000)), 1200);
        }
        let found = all(&mut arrivals, Time::from_millis(6001));
        assert!(found.len() > 1);
        for (packet, count) in found.iter().zip(0..) {
            assert_eq!(packet.1, count);
        }
        let told = found.iter().flat_map(|(numbers, _)| numbers);
        let expected = (0..5000_u16).map(|number| number.wrapping_add(65_000));
        assert!(told.copied().eq(expected));
    }

    #[test]
    fn the_interval_follows_the_rate_between_50_and_250_ms() {
        for (bytes, interval) in [(10, 250), (20_000, 50)] {
            let mut arrivals = Arrivals::default();
            let mut now = Time::from_millis(1000);
            let mut told = Vec::new();
            for number in 0..200 {
                arrivals.on_packet(now, SeqNo::new(number), bytes);
                if !all(&mut arrivals, now).is_empty() {
                    told.push(now);
                }
                now += Duration::from_millis(10);
            }
            let gap = told[told.len() - 1] - told[told.len() - 2];
            assert_eq!(gap, Duration::from_millis(interval), "{bytes} bytes");
        }
    }

    #[test]
    fn arrivals_that_nobody_asks_for_have_a_bound() {
        let mut arrivals = Arrivals::default();
        for number in 0..20_000_u16 {
            arrivals.on_packet(Time::ZERO, SeqNo::new(number), 100);
        }
        assert_eq!(arrivals.arrivals.len(), MAX_ARRIVALS);
    }

    #[test]
    fn a_sender_that_counts_anew_is_told_from_its_second_packet_on() {
        let mut arrivals = Arrivals::default();
        let mut now = Time::from_millis(1000);
        for number in 30_000..30_100 {
            now += Duration::from_millis(20);
            arrivals.on_packet(now, SeqNo::new(number), 1000);
            all(&mut arrivals, now);
        }
        all(&mut arrivals, now + Duration::from_millis(250));
        let mut told = Vec::new();
        for number in 0..10 {
            now += Duration::from_millis(300);
            arrivals.on_packet(now, SeqNo::new(number), 1000);
            told.extend(
                all(&mut arrivals, now)
                    .into_iter()
                    .map(|(numbers, _)| numbers),
            );
        }
        assert_eq!(told.concat(), (1..10).collect::<Vec<u16>>());
    }

    #[test]
    fn a_packet_that_came_twice_has_come_when_it_first_did() {
        let mut arrivals = Arrivals::default();
        arrivals.on_packet(Time::from_millis(1), SeqNo::new(1), 100);
        arrivals.on_packet(Time::from_millis(9), SeqNo::new(1), 100);
        assert_eq!(
            arrivals.arrivals.values().next(),
            Some(&Time::from_millis(1))
        );
    }
}
