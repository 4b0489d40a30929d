//! Messages arrive: exactly once, in order, whatever the network does.

use super::*;

#[test]
fn messages_of_all_sizes_arrive_in_order_on_a_clean_network() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        let sizes = [1, 3, 4, 1000, 1160, 1161, 1175, 1176, 5000, 16_384, 262_144];
        for (number, size) in sizes.iter().enumerate() {
            pair.send(0, 7, numbered(number as u32, *size));
        }
        pair.run_for(Duration::from_secs(5));
        let received = pair.ends[1].messages(7);
        assert_eq!(received.len(), sizes.len());
        for (number, size) in sizes.iter().enumerate() {
            assert_eq!(received[number], &numbered(number as u32, *size)[..]);
        }
        let stats = pair.ends[0].assoc.stats();
        assert_eq!((stats.retransmissions, stats.timeouts), (0, 0));
        assert_eq!(stats.messages_sent, 11);
        assert_eq!(pair.ends[1].assoc.stats().messages_received, 11);
        assert_eq!(pair.ends[1].assoc.stats().interleaving, interleaving);
    }
}

#[test]
fn every_reliable_message_arrives_once_and_in_order_under_loss_and_reordering() {
    for seed in 0..24 {
        let config = SctpConfig {
            interleaving: seed % 2 == 0,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, seed);
        pair.wire.link = Link {
            loss: [0, 10, 100, 300][seed as usize % 4],
            duplicates: 50,
            jitter: Duration::from_millis(seed % 3 * 15),
            ..plain()
        };
        let mut rng = Rng::from_test_seed(seed);
        let count = 60;
        for number in 0..count {
            for (end, stream, ordered) in [(0, 1, true), (0, 2, true), (1, 1, true), (0, 9, false)]
            {
                let size = 1 + rng.below(5000) as usize;
                let data = numbered(number, size);
                pair.send_with(end, stream, data, ordered, Reliability::Reliable);
            }
        }
        let total = |pair: &Pair| {
            let [a, b] = &pair.ends;
            a.messages(1).len() + b.messages(1).len() + b.messages(2).len() + b.messages(9).len()
        };
        let done = pair.run_until(Duration::from_secs(300), |pair| {
            total(pair) == 4 * count as usize
        });
        assert!(
            done,
            "seed {seed}: {} {:?}",
            total(&pair),
            pair.ends[0].assoc.stats()
        );
        pair.run_for(Duration::from_secs(20));
        let number = |message: &[u8]| u32::from_be_bytes(message[..4].try_into().unwrap());
        for (end, stream) in [(1, 1), (1, 2), (0, 1)] {
            let numbers: Vec<u32> = pair.ends[end]
                .messages(stream)
                .iter()
                .map(|m| number(m))
                .collect();
            assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "seed {seed}");
        }
        let mut numbers: Vec<u32> = pair.ends[1].messages(9).iter().map(|m| number(m)).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "seed {seed}");
        for end in [0, 1] {
            for message in pair.ends[end].messages(1) {
                assert_eq!(message, &numbered(number(message), message.len())[..]);
            }
            assert_eq!(pair.ends[end].assoc.stats().in_flight, 0, "seed {seed}");
        }
    }
}
