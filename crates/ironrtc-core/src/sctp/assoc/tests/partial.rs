//! Partial reliability: at most once, given up in time, nothing waits for what was given up.

use super::*;

const LIMITS: [Reliability; 3] = [
    Reliability::MaxRetransmits(0),
    Reliability::MaxRetransmits(2),
    Reliability::MaxLifetime(Duration::from_millis(80)),
];

#[test]
fn partially_reliable_messages_arrive_at_most_once_and_the_stream_goes_on() {
    // Whether three losses in a row happen to one of a seed's messages is chance.
    let mut abandoned = [0; LIMITS.len()];
    for seed in 0..60 {
        let interleaving = seed % 2 == 0;
        let limit = LIMITS[seed as usize % 3];
        let ordered = seed % 4 < 2;
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, seed);
        pair.wire.link = Link {
            loss: 200,
            duplicates: 50,
            jitter: Duration::from_millis(5),
            ..plain()
        };
        let mut rng = Rng::from_test_seed(seed);
        let count = 120;
        for number in 0..count {
            let data = numbered(number, 1 + rng.below(6000) as usize);
            pair.send_with(0, 1, data, ordered, limit);
            pair.run_for(Duration::from_millis(rng.below(30)));
        }
        // Reliable messages behind them must arrive.
        pair.send(0, 1, numbered(count, 100));
        pair.send(0, 2, numbered(0, 100));
        let done = pair.run_until(Duration::from_secs(60), |pair| {
            let received = pair.ends[1].messages(1);
            let last = received.iter().any(|m| m[..4] == count.to_be_bytes());
            last && pair.ends[1].messages(2).len() == 1
        });
        assert!(done, "seed {seed} {:?}", pair.ends[0].assoc.stats());
        pair.wire.link.loss = 0;
        pair.run_for(Duration::from_secs(10));
        let numbers: Vec<u32> = pair.ends[1]
            .messages(1)
            .iter()
            .map(|m| u32::from_be_bytes(m[..4].try_into().unwrap()))
            .collect();
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), numbers.len(), "seed {seed}: twice");
        if ordered {
            assert_eq!(sorted, numbers, "seed {seed}: order");
        }
        for message in pair.ends[1].messages(1) {
            let number = u32::from_be_bytes(message[..4].try_into().unwrap());
            assert_eq!(message, &numbered(number, message.len())[..]);
        }
        let stats = pair.ends[0].assoc.stats();
        abandoned[seed as usize % 3] += stats.messages_abandoned;
        let arrived = numbers.len() as u64 + stats.messages_abandoned;
        assert!(arrived >= u64::from(count), "seed {seed}: {arrived}");
        assert_eq!(stats.in_flight, 0, "seed {seed}");
        // Nothing half-received is left behind.
        let used = pair.ends[1].assoc.rx.as_ref().unwrap().used();
        assert_eq!(used, 0, "seed {seed}");
    }
    assert!(abandoned.iter().all(|count| *count > 20), "{abandoned:?}");
}

#[test]
fn a_message_without_retransmissions_is_sent_once() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.wire.link.loss = 1000;
    pair.send_with(0, 1, "once", true, Reliability::MaxRetransmits(0));
    pair.flush();
    pair.wire.link.loss = 0;
    pair.run_for(Duration::from_secs(5));
    let stats = pair.ends[0].assoc.stats();
    assert_eq!((stats.retransmissions, stats.messages_abandoned), (0, 1));
    assert!(pair.ends[1].messages(1).is_empty());
    pair.send(0, 1, "next");
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ends[1].messages(1), [b"next"]);
}

#[test]
fn a_message_that_outlives_its_lifetime_unsent_is_never_sent() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    let limit = Reliability::MaxLifetime(Duration::from_millis(50));
    pair.send_with(0, 1, "stale", true, limit);
    pair.run_for(Duration::from_millis(60));
    pair.send(0, 1, "fresh");
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ends[1].messages(1), [b"fresh"]);
    assert_eq!(pair.ends[0].assoc.stats().messages_abandoned, 1);
    assert_eq!(pair.ends[0].assoc.buffered_amount(StreamId(1)), 0);
}

#[test]
fn a_message_that_was_begun_is_finished_after_its_lifetime() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        let limit = Reliability::MaxLifetime(Duration::from_millis(30));
        pair.send_with(0, 1, numbered(1, 200_000), true, limit);
        // Its turn comes after the lifetime.
        pair.send_with(0, 1, numbered(2, 200_000), true, limit);
        pair.send(0, 1, "next");
        // A loss after the lifetime is repaired once.
        pair.run_for(Duration::from_millis(40));
        pair.wire.link.loss = 1000;
        pair.run_for(Duration::from_millis(5));
        pair.wire.link.loss = 0;
        pair.run_for(Duration::from_secs(3));
        let messages = pair.ends[1].messages(1);
        assert_eq!(messages.len(), 2);
        assert!(messages[0] == &numbered(1, 200_000)[..] && messages[1] == b"next");
        assert_eq!(pair.ends[0].assoc.stats().messages_abandoned, 1);
    }
}

#[test]
fn overload_does_not_leave_every_message_half_sent() {
    // 9.5 Mbit/s: room for 18 messages of 64 KiB in a second, five times of which are sent.
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.wire.link.spacing = Duration::from_millis(1);
    let limit = Reliability::MaxLifetime(Duration::from_millis(150));
    for number in 0..92 * 4 {
        pair.send_with(0, 1, numbered(number, 65_536), false, limit);
        pair.run_for(Duration::from_micros(10_870));
    }
    let arrived = pair.ends[1].messages(1).len();
    assert!(arrived >= 65, "{arrived} of the 72 that had room");
}

#[test]
fn a_large_message_that_is_lost_again_after_its_lifetime_is_skipped_by_the_peer() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        let limit = Reliability::MaxLifetime(Duration::from_millis(30));
        pair.send_with(0, 1, vec![1; 200_000], true, limit);
        pair.send(0, 1, "next");
        pair.run_for(Duration::from_millis(15));
        pair.wire.link.loss = 1000;
        pair.run_for(Duration::from_secs(3));
        pair.wire.link.loss = 0;
        pair.run_for(Duration::from_secs(10));
        assert_eq!(pair.ends[1].messages(1), [b"next"]);
        assert_eq!(pair.ends[1].assoc.rx.as_ref().unwrap().used(), 0);
    }
}
