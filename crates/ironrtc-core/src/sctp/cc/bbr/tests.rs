//! BBR's model on acknowledgements made by hand.

use super::*;
use crate::sctp::cc::Rate;

const PACKET: usize = 1200;
const RTT: Duration = Duration::from_millis(50);

/// A line of a rate in bytes a second, with a queue that does not overflow.
struct Line {
    bbr: Bbr,
    now: Time,
    delivered: u64,
}

impl Line {
    fn new() -> Self {
        Self {
            bbr: Bbr::new(10 * PACKET, 1 << 26),
            now: Time::from_millis(1000),
            delivered: 0,
        }
    }

    /// A round in which `bytes` are delivered, of which a part is lost.
    fn round(&mut self, bytes: usize, lost: usize, rtt: Duration) {
        let prior = self.delivered;
        for part in 1..=10 {
            self.now += rtt / 10;
            self.delivered += bytes as u64 / 10;
            self.bbr.on_delivery(&Sample {
                now: self.now,
                acked: bytes / 10,
                lost: lost / 10,
                worst: (lost > 0).then_some((bytes, lost * part / 10)),
                rate: Some(Rate {
                    delivered: bytes as u64,
                    prior: if part == 1 {
                        prior
                    } else {
                        prior.saturating_sub(1)
                    },
                    interval: rtt,
                    app_limited: false,
                }),
                rtt: Some(rtt),
                delivered: self.delivered,
                flight: bytes.min(self.bbr.window()),
                prior_flight: bytes.min(self.bbr.window()),
                packet: PACKET,
            });
        }
    }

    /// Runs at a rate until startup is over.
    fn settle(&mut self, bytes: usize) {
        for _ in 0..12 {
            self.round(bytes, 0, RTT);
        }
        assert!(self.bbr.full, "{:?}", self.bbr);
    }
}

#[test]
fn startup_doubles_while_the_rate_grows_and_ends_when_it_does_not() {
    let mut line = Line::new();
    let mut bytes = 10 * PACKET;
    for _ in 0..6 {
        let before = line.bbr.window();
        line.round(bytes, 0, RTT);
        assert!(line.bbr.window() >= before * 3 / 2, "{:?}", line.bbr);
        bytes *= 2;
    }
    assert_eq!(line.bbr.mode, Mode::Startup);
    line.settle(bytes);
    assert_ne!(line.bbr.mode, Mode::Startup);
    let rate = line.bbr.model.max_rate() / (bytes as f64 / RTT.as_secs_f64());
    assert!((0.95..1.05).contains(&rate), "{rate}");
}

#[test]
fn the_window_is_about_two_products_of_rate_and_round_trip() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    for _ in 0..100 {
        line.round(500 * PACKET, 0, RTT);
        let packets = line.bbr.window() / PACKET;
        assert!((500..2000).contains(&packets), "{packets} {:?}", line.bbr);
    }
}

#[test]
fn losses_without_a_queue_change_nothing_until_they_are_many() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    for _ in 0..200 {
        line.round(500 * PACKET, 15 * PACKET, RTT);
    }
    let rate = line.bbr.model.rate() / (500.0 * PACKET as f64 / RTT.as_secs_f64());
    assert!(rate > 0.95, "{rate} {:?}", line.bbr);
    for _ in 0..200 {
        line.round(500 * PACKET, 100 * PACKET, RTT);
    }
    assert!(line.bbr.model.inflight_hi < 700 * PACKET, "{:?}", line.bbr);
}

#[test]
fn losses_beside_a_queue_lower_the_rate() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    let before = line.bbr.model.rate();
    for _ in 0..4 {
        line.round(400 * PACKET, 15 * PACKET, RTT * 2);
    }
    let after = line.bbr.model.rate();
    assert!(after < before * 0.9, "{after} {before} {:?}", line.bbr);
}

#[test]
fn a_round_trip_that_stays_long_is_believed_after_a_probe() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    let mut probed = false;
    for _ in 0..300 {
        line.round(500 * PACKET, 0, RTT * 3 / 2);
        if line.bbr.mode == Mode::ProbeRtt {
            probed = true;
            assert!(line.bbr.window() <= 700 * PACKET, "{:?}", line.bbr);
            // Little is in flight.
            line.round(200 * PACKET, 0, RTT * 3 / 2);
        }
    }
    assert!(probed);
    assert_eq!(line.bbr.model.min_rtt(), RTT * 3 / 2, "{:?}", line.bbr);
}

/// Rounds behind a queue of half a round trip until a probe begins.
fn until_a_probe(line: &mut Line) {
    for _ in 0..100 {
        line.round(750 * PACKET, 0, RTT * 3 / 2);
        if line.bbr.mode == Mode::Up {
            return;
        }
    }
    panic!("{:?}", line.bbr);
}

#[test]
fn a_probe_begins_from_a_full_round_and_lasts_until_its_answers_are_seen() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    let (mut refill, mut up) = (0, 0);
    for _ in 0..100 {
        let mode = line.bbr.mode;
        // With the queue of somebody else, more is in flight than the probe asks for.
        line.round(750 * PACKET, 0, RTT * 3 / 2);
        refill += u32::from(mode == Mode::Refill || line.bbr.mode == Mode::Refill);
        up += u32::from(mode == Mode::Up || line.bbr.mode == Mode::Up);
        if up > 0 && line.bbr.mode != Mode::Up {
            break;
        }
    }
    assert!(refill >= 1 && up >= FULL_PIPE_ROUNDS, "{refill} {up}");
}

#[test]
fn a_probe_that_overflows_a_queue_gives_the_queue_back() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    until_a_probe(&mut line);
    line.round(750 * PACKET, 30 * PACKET, RTT * 3 / 2);
    let bound = line.bbr.model.inflight_hi / PACKET;
    assert!((525..=620).contains(&bound), "{bound} {:?}", line.bbr);
    // Without a queue, what was in flight when too much was lost stays.
    let mut line = Line::new();
    line.settle(500 * PACKET);
    while line.bbr.mode != Mode::Up {
        line.round(500 * PACKET, 0, RTT);
    }
    line.round(750 * PACKET, 90 * PACKET, RTT);
    let bound = line.bbr.model.inflight_hi / PACKET;
    assert!(bound >= 700, "{bound} {:?}", line.bbr);
}

#[test]
fn a_round_trip_that_is_only_seen_with_a_full_pipe_is_doubted_after_a_while() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    let since = line.now;
    while line.bbr.mode != Mode::ProbeRtt {
        line.round(500 * PACKET, 0, RTT);
        let elapsed = line.now.since(since);
        assert!(elapsed < Duration::from_secs(11), "{:?}", line.bbr);
    }
}

#[test]
fn bounds_that_spurious_losses_have_lowered_are_restored() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    until_a_probe(&mut line);
    let before = (line.bbr.model.rate(), line.bbr.model.inflight_hi);
    line.bbr.on_loss(PACKET);
    for _ in 0..3 {
        line.round(400 * PACKET, 30 * PACKET, RTT * 2);
    }
    let after = (line.bbr.model.rate(), line.bbr.model.inflight_hi);
    assert!(after.0 < before.0 * 0.9 && after.1 < before.1, "{after:?}");
    line.bbr.on_spurious();
    assert!(line.bbr.model.rate() >= before.0 * 0.99, "{:?}", line.bbr);
    assert_eq!(line.bbr.model.inflight_hi, before.1);
}

#[test]
fn a_timeout_leaves_a_few_packets_and_a_spurious_one_takes_nothing() {
    let mut line = Line::new();
    line.settle(500 * PACKET);
    let before = line.bbr.window();
    line.bbr.on_timeout(PACKET);
    assert_eq!(line.bbr.window(), 4 * PACKET);
    line.bbr.on_spurious();
    assert_eq!(line.bbr.window(), before);
}

#[test]
fn a_loss_makes_startup_cautious_and_the_rate_still_grows_to_what_there_is() {
    let mut line = Line::new();
    let mut packets = 100;
    line.round(packets * PACKET, 0, RTT);
    line.round(packets * PACKET, packets / 2 * PACKET, RTT);
    line.round(packets * PACKET, packets / 2 * PACKET, RTT);
    assert!(line.bbr.cautious && !line.bbr.full, "{:?}", line.bbr);
    for _ in 0..5 {
        packets = packets * 13 / 10;
        line.round(packets * PACKET, packets / 5 * PACKET, RTT);
        assert_eq!(line.bbr.mode, Mode::Startup);
    }
    for _ in 0..4 {
        line.round(packets * PACKET, packets / 5 * PACKET, RTT);
    }
    assert!(
        line.bbr.full && line.bbr.model.inflight_hi < usize::MAX,
        "{:?}",
        line.bbr
    );
}
