//! Ends of an association: shutdown, abort, silence.

use super::handshake::{kinds, packet_with};
use super::*;
use crate::sctp::message::SendError;
use crate::sctp::packet::{FLAG_T, kind};

fn closed_without_error(end: &End) -> bool {
    end.has(&Event::StateChange(SctpState::Closed))
        && !end
            .events
            .iter()
            .any(|e| matches!(e, Event::Aborted { .. }))
}

#[test]
fn a_shutdown_delivers_what_was_sent_before_it() {
    for seed in 0..20 {
        let mut pair = Pair::connected(SctpConfig::default(), seed);
        pair.wire.link.loss = seed % 4 * 100;
        for number in 0..50 {
            pair.send(0, 1, numbered(number, 3000));
            pair.send(1, 1, numbered(number, 300));
        }
        let now = pair.now;
        pair.ends[0].assoc.shutdown(now);
        if seed % 3 == 0 {
            pair.ends[1].assoc.shutdown(now);
        }
        let refused = pair.ends[0].assoc.send(
            now,
            StreamId(1),
            OutgoingMessage {
                ppid: 1,
                data: Bytes::from_static(b"late"),
                ordered: true,
                reliability: Reliability::Reliable,
                control: false,
            },
        );
        assert_eq!(refused, Err(SendError::Closed));
        let done = pair.run_until(Duration::from_secs(120), |pair| {
            pair.states() == [SctpState::Closed; 2]
        });
        assert!(done, "seed {seed} {:?}", pair.states());
        assert_eq!(pair.ends[1].messages(1).len(), 50, "seed {seed}");
        assert_eq!(pair.ends[0].messages(1).len(), 50, "seed {seed}");
        if pair.wire.link.loss == 0 {
            assert!(pair.ends.iter().all(closed_without_error));
        }
    }
}

#[test]
fn an_abort_tells_the_reason() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.ends[0].assoc.abort("out of coffee");
    assert_eq!(pair.ends[0].assoc.state(), SctpState::Closed);
    pair.run_for(Duration::from_secs(1));
    let reason = "the peer aborted the association: out of coffee".to_owned();
    assert!(pair.ends[1].has(&Event::Aborted { reason }));
    assert!(pair.ends[1].has(&Event::StateChange(SctpState::Closed)));
    assert_eq!(pair.ends[1].assoc.poll_timeout(), None);
}

#[test]
fn a_peer_that_falls_silent_is_given_up_with_data_in_flight_or_without() {
    for data in [true, false] {
        let config = SctpConfig {
            max_retransmissions: 4,
            heartbeat_interval: Duration::from_secs(2),
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.wire.link.loss = 1000;
        if data {
            pair.send(0, 1, "into the void");
        }
        let done = pair.run_until(Duration::from_secs(60), |pair| {
            pair.ends[0].assoc.state() == SctpState::Closed
        });
        assert!(done);
        let reason = "the peer does not answer".to_owned();
        assert!(pair.ends[0].has(&Event::Aborted { reason }));
        if data {
            assert_eq!(pair.ends[0].assoc.stats().timeouts, 5);
        }
    }
}

#[test]
fn heartbeats_keep_an_idle_association_alive() {
    let config = SctpConfig {
        max_retransmissions: 2,
        heartbeat_interval: Duration::from_secs(1),
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    pair.log = Some(Vec::new());
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
    let log = pair.log.unwrap();
    let answered = log
        .iter()
        .filter(|(_, p)| kinds(p) == [kind::HEARTBEAT_ACK]);
    assert!(answered.count() > 40);
}

#[test]
fn a_repeated_shutdown_ack_is_answered_after_the_end() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.filter = |_, packet| kinds(packet) != [kind::SHUTDOWN_COMPLETE];
    let now = pair.now;
    pair.ends[0].assoc.shutdown(now);
    pair.run_for(Duration::from_millis(200));
    assert_eq!(pair.states(), [SctpState::Closed, SctpState::ShuttingDown]);
    pair.filter = |_, _| true;
    pair.run_for(Duration::from_secs(5));
    assert_eq!(pair.states(), [SctpState::Closed; 2]);
}

#[test]
fn a_shutdown_complete_counts_only_when_one_is_awaited() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let tag = pair.ends[0].assoc.local_tag;
    let peer = pair.ends[0].assoc.peer_tag;
    pair.inject(0, &packet_with(tag, kind::SHUTDOWN_COMPLETE, 0, &[]));
    pair.inject(0, &packet_with(peer, kind::SHUTDOWN_COMPLETE, FLAG_T, &[]));
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
}
