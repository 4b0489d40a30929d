//! What is lost and what is only late.

use super::*;
use crate::sctp::config::CongestionAlgorithm;
use crate::sctp::packet::kind;
use crate::sctp::packet::sack::SACK_LEN;

#[test]
fn packets_that_overtake_each_other_do_not_slow_a_transfer_down() {
    for congestion in [CongestionAlgorithm::NewReno, CongestionAlgorithm::Cubic] {
        for (jitter, least) in [(2, 85), (20, 80)] {
            let config = SctpConfig {
                congestion,
                ..SctpConfig::default()
            };
            let mut pair = Pair::new(config, 1);
            // 95 Mbit/s with 50 ms.
            pair.wire.link = Link {
                spacing: Duration::from_micros(100),
                delay: Duration::from_millis(25),
                jitter: Duration::from_millis(jitter),
                queue: Duration::from_millis(50),
                ..plain()
            };
            pair.ends[0].assoc.connect(pair.now);
            pair.run_for(Duration::from_secs(1));
            for number in 0..700 {
                pair.send(0, 1, numbered(number, 16_384));
            }
            let mut next = 700;
            let end = pair.now + Duration::from_secs(6);
            while pair.now < end {
                while pair.ends[0].assoc.buffered_amount(StreamId(1)) < 4_000_000 {
                    pair.send(0, 1, numbered(next, 16_384));
                    next += 1;
                }
                pair.run_for(Duration::from_millis(10));
            }
            let arrived = pair.ends[1].messages(1).len() * 16_384;
            let used = arrived * 100 / (6 * 1188 * 10_000);
            assert!(used >= least, "{congestion:?}, {jitter} ms: {used} %");
        }
    }
}

/// A packet waits while twenty-five others overtake it: what is known as they are acknowledged, and
/// after it has come.
fn overtaken(pair: &mut Pair) -> [SctpStats; 2] {
    let now = pair.now;
    pair.send(0, 1, vec![1; 30_000]);
    let mut late = Vec::new();
    pair.ends[0].assoc.write_packet(now, &mut late).unwrap();
    pair.run_for(Duration::from_millis(22));
    let during = pair.ends[0].assoc.stats();
    pair.inject(1, &late);
    pair.run_for(Duration::from_millis(300));
    [during, pair.ends[0].assoc.stats()]
}

#[test]
fn a_reordering_that_was_taken_for_a_loss_is_recognised_and_leaves_the_window_as_it_was() {
    let config = SctpConfig {
        congestion: CongestionAlgorithm::Cubic,
        initial_window_packets: 40,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    let [during, after] = overtaken(&mut pair);
    assert_eq!((during.fast_recoveries, during.spurious_losses), (1, 0));
    assert_eq!((after.fast_recoveries, after.spurious_losses), (1, 1));
    assert!(after.cwnd > during.cwnd && after.ssthresh > during.ssthresh);
    assert_eq!((after.timeouts, pair.ends[1].messages(1).len()), (0, 1));
    // Soon there is patience.
    overtaken(&mut pair);
    let [before, after] = overtaken(&mut pair);
    assert_eq!(before.fast_recoveries, after.fast_recoveries);
    assert_eq!(before.retransmissions, after.retransmissions);
    assert_eq!((after.timeouts, pair.ends[1].messages(1).len()), (0, 3));
}

#[test]
fn a_real_loss_is_not_taken_back() {
    let (mut found, mut undone) = (0, 0);
    for seed in 0..20 {
        let mut pair = Pair::connected(SctpConfig::default(), seed);
        pair.wire.link = Link {
            loss: 10,
            jitter: Duration::from_micros(300),
            spacing: Duration::from_micros(100),
            ..plain()
        };
        for number in 0..200 {
            pair.send(0, 1, numbered(number, 10_000));
        }
        pair.run_for(Duration::from_secs(20));
        assert_eq!(pair.ends[1].messages(1).len(), 200);
        let stats = pair.ends[0].assoc.stats();
        found += stats.fast_recoveries;
        undone += stats.spurious_losses;
    }
    assert!(found >= 40 && undone * 10 <= found, "{undone} of {found}");
}

#[test]
fn a_path_that_stalls_is_not_taken_for_one_that_loses() {
    for congestion in [CongestionAlgorithm::Cubic, CongestionAlgorithm::Bbr] {
        for seed in 0..20 {
            stall(congestion, seed);
        }
    }
}

fn stall(congestion: CongestionAlgorithm, seed: u64) {
    let config = SctpConfig {
        congestion,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, seed);
    pair.wire.link.spacing = Duration::from_micros(100);
    pair.wire.link.jitter = Duration::from_micros(500 * (seed % 4));
    for number in 0..300 {
        pair.send(0, 1, numbered(number, 10_000));
    }
    pair.run_for(Duration::from_millis(150));
    let before = pair.ends[0].assoc.stats();
    // As when a radio hands over: everything comes, but seconds later.
    pair.stall(Duration::from_millis(1500 + 20 * seed));
    let done = pair.run_until(Duration::from_secs(10), |pair| {
        pair.ends[1].messages(1).len() == 300
    });
    let stats = pair.ends[0].assoc.stats();
    assert!(
        done && stats.timeouts >= 1,
        "{congestion:?} seed {seed}: {stats:?}"
    );
    assert!(
        stats.spurious_losses >= 1,
        "{congestion:?} seed {seed}: {stats:?}"
    );
    // BBR's window goes on following its model, and after a timeout it has four packets, not one.
    let (least, most) = match congestion {
        CongestionAlgorithm::Bbr => (before.cwnd / 2, 60),
        _ => (before.cwnd, 30),
    };
    if pair.wire.link.jitter.is_zero() {
        assert!(
            stats.cwnd >= least,
            "{congestion:?} seed {seed}: {stats:?} {least}"
        );
    }
    let resent = stats.retransmissions;
    assert!(resent <= most, "{congestion:?} seed {seed}: {resent}");
}

#[test]
fn a_real_timeout_is_not_taken_back() {
    for seed in 0..20 {
        let mut pair = Pair::connected(SctpConfig::default(), seed);
        pair.wire.link.spacing = Duration::from_micros(100);
        for number in 0..300 {
            pair.send(0, 1, numbered(number, 10_000));
        }
        pair.run_for(Duration::from_millis(60 + seed));
        pair.wire.link.loss = 1000;
        pair.run_for(Duration::from_millis(700));
        pair.wire.link.loss = 0;
        let done = pair.run_until(Duration::from_secs(20), |pair| {
            pair.ends[1].messages(1).len() == 300
        });
        let stats = pair.ends[0].assoc.stats();
        assert!(done && stats.timeouts >= 1, "seed {seed}: {stats:?}");
        assert_eq!(stats.spurious_losses, 0, "seed {seed}: {stats:?}");
    }
}

#[test]
fn a_round_trip_above_the_initial_timeout_causes_none() {
    for millis in [240, 260, 300, 600, 900] {
        for told in [false, true] {
            let mut pair = Pair::new(SctpConfig::default(), 1);
            pair.wire.link.delay = Duration::from_millis(millis);
            if told {
                for end in &mut pair.ends {
                    let round_trip = Duration::from_millis(2 * millis);
                    end.assoc.expect_round_trip(round_trip);
                }
            }
            pair.ends[0].assoc.connect(pair.now);
            pair.run_for(Duration::from_secs(8));
            assert_eq!(pair.states(), [SctpState::Connected; 2]);
            for end in [0, 1] {
                for number in 0..5 {
                    pair.send(end, 1, numbered(number, 200_000));
                }
            }
            pair.run_for(Duration::from_secs(30));
            for end in [0, 1] {
                let stats = pair.ends[end].assoc.stats();
                assert_eq!(pair.ends[1 - end].messages(1).len(), 5);
                // The first round trip may still be a guess.
                let slow = 2 * millis > 1000 && !told;
                assert!(stats.timeouts <= u64::from(slow), "{millis} ms {stats:?}");
            }
        }
    }
}

#[test]
fn duplicates_are_reported_at_once_and_in_bounded_number() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.send(0, 1, "once");
    let mut packet = Vec::new();
    let now = pair.now;
    pair.ends[0].assoc.write_packet(now, &mut packet).unwrap();
    pair.inject(1, &packet);
    pair.run_for(Duration::from_millis(300));
    for (copies, reported) in [(1, 1), (3, 3), (1000, 64)] {
        for _ in 0..copies {
            pair.inject(1, &packet);
        }
        let mut answer = Vec::new();
        let now = pair.now;
        pair.ends[1].assoc.write_packet(now, &mut answer).unwrap();
        assert_eq!(answer[12], kind::SACK);
        assert_eq!(answer.len(), 12 + SACK_LEN + 4 * reported);
        assert_eq!(answer[26..28], (reported as u16).to_be_bytes());
        assert_eq!(answer[28..32], packet[16..20], "the TSN");
    }
}

#[test]
fn many_random_losses_are_not_taken_for_a_path_that_has_shrunk() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.wire.link = Link {
        loss: 100,
        spacing: Duration::from_millis(1),
        delay: Duration::from_millis(25),
        ..plain()
    };
    for _ in 0..120 {
        while pair.ends[0].assoc.buffered_amount(StreamId(1)) < 2_000_000 {
            pair.send(0, 1, vec![1; 16_384]);
        }
        pair.run_for(Duration::from_secs(1));
        pair.ends[1].received.clear();
    }
    let size = pair.ends[0].assoc.stats().packet_size;
    assert_eq!(size, SctpConfig::default().max_packet_size);
}
