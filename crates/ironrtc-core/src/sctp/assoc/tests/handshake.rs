//! Connecting: loss, both sides at once, restart, cookies.

use super::*;

#[test]
fn one_side_connects() {
    let pair = Pair::connected(SctpConfig::default(), 1);
    for end in &pair.ends {
        assert!(end.has(&Event::StateChange(SctpState::Connected)));
        assert_eq!(end.assoc.max_outbound_streams(), 65_535);
    }
}

#[test]
fn both_sides_connect_at_once() {
    for seed in 0..20 {
        let mut pair = Pair::new(SctpConfig::default(), seed);
        pair.network.jitter = Duration::from_millis(30);
        let now = pair.now;
        for end in &mut pair.ends {
            end.assoc.connect(now);
        }
        pair.run_for(Duration::from_secs(2));
        assert_eq!(pair.states(), [SctpState::Connected; 2], "seed {seed}");
        pair.send(0, 1, "a");
        pair.send(1, 1, "b");
        pair.run_for(Duration::from_secs(1));
        assert_eq!(pair.ends[1].messages(1), [b"a"], "seed {seed}");
        assert_eq!(pair.ends[0].messages(1), [b"b"], "seed {seed}");
        for end in &pair.ends {
            assert!(!end.has(&Event::Restarted), "seed {seed}");
        }
    }
}

#[test]
fn the_handshake_survives_loss() {
    for seed in 0..40 {
        let mut pair = Pair::new(SctpConfig::default(), seed);
        pair.network.loss = 400;
        pair.network.repeat = 200;
        pair.network.jitter = Duration::from_millis(50);
        let now = pair.now;
        pair.ends[0].assoc.connect(now);
        if seed % 2 == 0 {
            pair.ends[1].assoc.connect(now);
        }
        pair.send(0, 0, "early");
        let done = pair.run_until(Duration::from_secs(60), |pair| {
            pair.states() == [SctpState::Connected; 2] && pair.ends[1].messages(0).len() == 1
        });
        assert!(done, "seed {seed}");
    }
}
