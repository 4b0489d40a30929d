//! What transfers reach on networks of all kinds: short forms of the rows of `docs/performance.md`.

use std::time::Duration;

use ironrtc_core::sctp::CongestionAlgorithm::{self, Bbr, Cubic};
use ironrtc_sim::{Flow, Link, run_together, seeds};

const SECOND: Duration = Duration::from_secs(1);

fn link(mbits: u64, rtt: u64, queue: u64) -> Link {
    Link {
        delay: Duration::from_micros(rtt * 500),
        bandwidth: Some(mbits * 1_000_000 / 8),
        queue: Duration::from_millis(queue),
        ..Link::default()
    }
}

/// Mbit/s of a transfer in two seconds, after one.
fn steady(seed: u64, link: Link, congestion: CongestionAlgorithm) -> f64 {
    let mut flow = Flow::new(seed, link, congestion);
    flow.run(SECOND);
    flow.run(2 * SECOND).mbits
}

#[test]
fn random_loss_hardly_slows_bbr() {
    seeds(0..2, |seed| {
        for (loss, least) in [(1, 36.0), (10, 34.0), (30, 28.0)] {
            let link = Link {
                loss,
                ..link(40, 50, 50)
            };
            let mbits = steady(seed, link, Bbr);
            assert!(mbits >= least, "{loss} in 1000: {mbits:.1} Mbit/s");
        }
    });
}

#[test]
fn pacing_fills_a_line_with_a_short_queue() {
    seeds(0..2, |seed| {
        for (congestion, least) in [(Bbr, 70.0), (Cubic, 50.0)] {
            let mbits = steady(seed, link(100, 50, 5), congestion);
            assert!(mbits >= least, "{congestion:?}: {mbits:.1} Mbit/s");
        }
    });
}

#[test]
fn a_transfer_by_satellite_begins_quickly() {
    seeds(0..2, |seed| {
        let mut flow = Flow::new(seed, link(20, 600, 600), Bbr);
        let mbits = flow.run(10 * SECOND).mbits;
        assert!(mbits >= 13.0, "{mbits:.1} Mbit/s");
    });
}

#[test]
fn a_ping_beside_a_bulk_transfer_waits_for_no_long_queue() {
    seeds(0..2, |seed| {
        let mut flow = Flow::new(seed, link(20, 50, 100), Bbr);
        flow.ping(Duration::from_millis(20));
        flow.run(6 * SECOND);
        let mut times = flow.ping.take().expect("pings").times;
        times.sort_unstable();
        let median = times[times.len() / 2];
        assert!(median <= Duration::from_millis(75), "{median:?}");
    });
}

#[test]
fn the_sender_itself_holds_no_ping_back() {
    // The network's queue is 5 ms at most, so all that is above is our own.
    for congestion in [Bbr, Cubic] {
        let mut flow = Flow::new(1, link(20, 50, 5), congestion);
        flow.ping(Duration::from_millis(20));
        flow.run(4 * SECOND);
        let mut times = flow.ping.take().expect("pings").times;
        times.sort_unstable();
        let median = times[times.len() / 2];
        assert!(
            median <= Duration::from_millis(60),
            "{congestion:?} {median:?}"
        );
    }
}

#[test]
fn beside_cubic_a_flow_gets_between_half_and_twice_as_much() {
    seeds(1..3, |seed| {
        for (mbits, queue) in [(20, 25), (20, 50), (20, 100), (50, 25)] {
            let mut flow = Flow::new(seed, link(mbits, 50, queue), Bbr);
            let mut cubic = Flow::new(seed + 1000, link(mbits, 50, queue), Cubic);
            flow.share_line(&mut cubic);
            run_together([&mut flow, &mut cubic], 4 * SECOND);
            let [mine, its] = run_together([&mut flow, &mut cubic], 20 * SECOND);
            let ratio = mine.mbits / its.mbits;
            assert!(
                (0.5..=2.0).contains(&ratio),
                "{mbits} Mbit/s, queue {queue} ms: {ratio:.2}"
            );
        }
    });
}

#[test]
fn a_flow_that_comes_late_gets_its_share_of_the_line() {
    seeds(1..2, |seed| {
        for (mbits, queue) in [(20, 25), (20, 50), (20, 100), (50, 25)] {
            let mut first = Flow::new(seed + 1000, link(mbits, 50, queue), Bbr);
            first.run(10 * SECOND);
            let mut late = Flow::new(seed, link(mbits, 50, queue), Bbr);
            late.share_line(&mut first);
            run_together([&mut late, &mut first], 30 * SECOND);
            let [mine, its] = run_together([&mut late, &mut first], 20 * SECOND);
            let ratio = mine.mbits / its.mbits;
            assert!(
                (0.7..=1.5).contains(&ratio),
                "{mbits} Mbit/s, queue {queue} ms: {ratio:.2}"
            );
        }
    });
}

#[test]
fn two_flows_on_one_line_replay_with_every_datagram_of_their_handshakes() {
    let once = || {
        // The line is slow and its queue short, so that the size of each datagram matters.
        let narrow = Link {
            loss: 20,
            ..link(2, 50, 25)
        };
        let mut flow = Flow::new(1, narrow.clone(), Bbr);
        let mut other = Flow::new(2, narrow, Cubic);
        flow.share_line(&mut other);
        run_together([&mut flow, &mut other], 3 * SECOND);
        [&flow, &other].map(|flow| (flow.pair.trace(), flow.received))
    };
    let first = once();
    for _ in 0..5 {
        assert_eq!(once(), first);
    }
}

#[test]
fn the_same_seed_gives_the_same_figures() {
    let once = || {
        let lossy = Link {
            loss: 5,
            jitter: Duration::from_millis(3),
            keeps_order: true,
            ..link(20, 50, 50)
        };
        let mut flow = Flow::new(7, lossy, Bbr);
        flow.run(SECOND);
        (flow.received, flow.stats().retransmissions)
    };
    assert_eq!(once(), once());
}
