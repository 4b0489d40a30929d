//! Streams beside each other, and their resets.

use super::handshake::{kinds, packet_with};
use super::*;
use crate::sctp::message::SendError;
use crate::sctp::num::{RequestSn, Tsn};
use crate::sctp::packet::param::{kind as param_kind, write_param};
use crate::sctp::packet::reconfig::{Reconfig, outcome, write_outgoing};
use crate::sctp::packet::{Packet, kind};

#[test]
fn a_reset_stream_is_used_again_from_the_beginning() {
    for seed in 0..16 {
        let config = SctpConfig {
            interleaving: seed % 2 == 0,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, seed);
        pair.wire.link.loss = seed % 4 * 80;
        pair.wire.link.duplicates = 100;
        pair.wire.link.jitter = Duration::from_millis(10);
        let mut expected = Vec::new();
        for round in 0..5_u32 {
            for number in 0..7 {
                expected.push(numbered(10 * round + number, 2500));
                pair.send(0, 3, numbered(10 * round + number, 2500));
            }
            let now = pair.now;
            pair.ends[0].assoc.reset_stream(now, StreamId(3));
            let done = pair.run_until(Duration::from_secs(60), |pair| {
                let by_peer = Event::StreamResetByPeer(StreamId(3));
                let count = |end: usize, event: &Event| {
                    pair.ends[end].events.iter().filter(|e| *e == event).count()
                };
                let round = round as usize + 1;
                count(0, &Event::StreamResetDone(StreamId(3))) == round
                    && count(1, &by_peer) == round
            });
            assert!(done, "seed {seed} round {round}");
            assert_eq!(pair.ends[1].messages(3), expected, "seed {seed}");
        }
    }
}

#[test]
fn a_stream_that_is_gone_holds_up_no_other() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.send(0, 3, "the last one sent before its stream is forgotten");
        let now = pair.now;
        pair.ends[0].assoc.reset_stream(now, StreamId(3));
        let done = pair.run_until(Duration::from_secs(10), |pair| {
            (pair.ends[0].events).contains(&Event::StreamResetDone(StreamId(3)))
        });
        assert!(done);
        pair.send(0, 5, "hello");
        pair.run_for(Duration::from_secs(1));
        assert_eq!(pair.ends[1].messages(5), [b"hello"]);
    }
}

#[test]
fn everything_sent_before_a_reset_is_readable_before_its_event() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.ends[1].reads = false;
    pair.send(0, 3, "one");
    pair.send(0, 3, "two");
    let now = pair.now;
    pair.ends[0].assoc.reset_stream(now, StreamId(3));
    pair.run_for(Duration::from_secs(2));
    let events = &pair.ends[1].events;
    let readable = events
        .iter()
        .position(|e| *e == Event::Readable(StreamId(3)));
    let reset = events
        .iter()
        .position(|e| *e == Event::StreamResetByPeer(StreamId(3)));
    assert!(readable.is_some() && readable < reset);
    pair.ends[1].read(StreamId(3));
    assert_eq!(pair.ends[1].messages(3), [b"one", b"two"]);
}

#[test]
fn many_streams_share_few_requests_and_a_stream_never_used_can_be_reset() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.log = Some(Vec::new());
    let now = pair.now;
    pair.ends[0].assoc.reset_stream(now, StreamId(1000));
    for stream in 0..500 {
        pair.ends[0].assoc.reset_stream(now, StreamId(stream));
    }
    pair.run_for(Duration::from_secs(5));
    for stream in (0..500).chain([1000]) {
        assert!(pair.ends[0].has(&Event::StreamResetDone(StreamId(stream))));
        assert!(pair.ends[1].has(&Event::StreamResetByPeer(StreamId(stream))));
    }
    let requests = pair.log.unwrap();
    let requests = requests
        .iter()
        .filter(|(from, p)| *from == 0 && kinds(p) == [kind::RECONFIG]);
    assert!(requests.count() <= 4);
}

#[test]
fn a_stream_takes_no_message_while_it_is_reset() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let now = pair.now;
    let message = |control| OutgoingMessage {
        ppid: 1,
        data: Bytes::from_static(b"x"),
        ordered: true,
        reliability: Reliability::Reliable,
        control,
    };
    pair.ends[0].assoc.reset_stream(now, StreamId(3));
    let refused = pair.ends[0].assoc.send(now, StreamId(3), message(false));
    assert_eq!(refused, Err(SendError::StreamResetting));
    // A peer may have seen the end of the reset and begun anew, which must be answered.
    pair.ends[0]
        .assoc
        .send(now, StreamId(3), message(true))
        .unwrap();
    pair.run_for(Duration::from_secs(1));
    assert!(pair.ends[0].has(&Event::StreamResetDone(StreamId(3))));
    assert_eq!(pair.ends[1].messages(3), [b"x"]);
    let events = &pair.ends[1].events;
    let at = |event: Event| events.iter().position(|e| *e == event);
    assert!(at(Event::StreamResetByPeer(StreamId(3))) < at(Event::Readable(StreamId(3))));
}

#[test]
fn a_large_message_holds_up_other_streams_only_without_interleaving() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.send(0, 1, vec![1; 250_000]);
        pair.flush();
        pair.send(0, 2, "urgent");
        let done = pair.run_until(Duration::from_secs(5), |pair| {
            pair.ends[1].messages(2).len() == 1
        });
        assert!(done);
        assert_eq!(pair.ends[1].messages(1).is_empty(), interleaving);
    }
}

#[test]
fn the_reset_of_a_stream_leaves_what_is_incomplete_on_others() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.send(0, 0, "used");
        pair.run_for(Duration::from_secs(1));
        pair.send(0, 1, vec![1; 250_000]);
        pair.flush();
        let now = pair.now;
        pair.ends[0].assoc.reset_stream(now, StreamId(0));
        let reset = pair.run_until(Duration::from_secs(5), |pair| {
            pair.ends[1].has(&Event::StreamResetByPeer(StreamId(0)))
        });
        assert!(reset && pair.ends[1].messages(1).is_empty());
        pair.run_for(Duration::from_secs(5));
        assert!(pair.ends[1].messages(1) == [vec![1; 250_000]]);
    }
}

#[test]
fn streams_share_by_weight_with_interleaving_and_by_turns_without() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.ends[0].assoc.set_stream_priority(StreamId(1), 256);
        pair.ends[0].assoc.set_stream_priority(StreamId(2), 1024);
        for _ in 0..300 {
            pair.send(0, 1, vec![1; 5000]);
            pair.send(0, 2, vec![2; 5000]);
        }
        let done = pair.run_until(Duration::from_secs(60), |pair| {
            pair.ends[1].messages(2).len() >= 200
        });
        assert!(done);
        let slow = pair.ends[1].messages(1).len();
        let fast = pair.ends[1].messages(2).len();
        let fair = if interleaving { fast / 4 } else { fast };
        assert!(slow.abs_diff(fair) <= 2, "{interleaving}: {slow} {fast}");
    }
}

#[test]
fn many_large_messages_at_once_do_not_block_each_other_in_a_small_window() {
    let config = SctpConfig {
        receive_window: 300_000,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    for stream in 0..30 {
        pair.send(0, stream, vec![1; 200_000]);
    }
    let done = pair.run_until(Duration::from_secs(120), |pair| {
        (0..30).all(|stream| pair.ends[1].messages(stream).len() == 1)
    });
    assert!(done);
}

#[test]
fn asking_for_a_reset_twice_gives_one() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let now = pair.now;
    pair.send(0, 1, "x");
    pair.ends[0].assoc.reset_stream(now, StreamId(1));
    pair.ends[0].assoc.reset_stream(now, StreamId(1));
    pair.run_for(Duration::from_millis(230));
    pair.ends[0].assoc.reset_stream(now, StreamId(1));
    pair.run_for(Duration::from_secs(1));
    let done = Event::StreamResetDone(StreamId(1));
    let count = pair.ends[0].events.iter().filter(|e| **e == done).count();
    assert_eq!(count, 1);
}

/// The requests and answers of RE-CONFIG, as the peer would write them.
fn reset_request(pair: &Pair, number: u32, last_tsn: u32, stream: u16) -> Vec<u8> {
    let first = pair.ends[0].assoc.local_tsn.0;
    let mut params = Vec::new();
    write_outgoing(
        &mut params,
        RequestSn(first.wrapping_add(number)),
        RequestSn(0),
        Tsn(first.wrapping_add(last_tsn)),
        &[StreamId(stream)],
    );
    packet_with(pair.ends[1].assoc.local_tag, kind::RECONFIG, 0, &params)
}

/// What the second end answers, as outcomes.
fn outcomes(pair: &mut Pair) -> Vec<u32> {
    pair.log = Some(Vec::new());
    pair.flush();
    let log = pair.log.take().unwrap();
    let mut found = Vec::new();
    for (_, packet) in log {
        for chunk in Packet::parse(&packet, true).unwrap().chunks() {
            found.extend(
                Reconfig::parse(chunk.value).filter_map(|param| match param {
                    Reconfig::Response { outcome, .. } if chunk.kind == kind::RECONFIG => {
                        Some(outcome)
                    }
                    _ => None,
                }),
            );
        }
    }
    found
}

#[test]
fn a_reset_waits_for_the_data_before_it_and_numbers_are_checked() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.send(0, 5, "before");
    let mut data = Vec::new();
    let now = pair.now;
    pair.ends[0].assoc.write_packet(now, &mut data);
    // The request overtakes the data before it.
    let request = reset_request(&pair, 0, 0, 5);
    pair.inject(1, &request);
    assert_eq!(outcomes(&mut pair), [outcome::IN_PROGRESS]);
    pair.inject(1, &request);
    assert_eq!(outcomes(&mut pair), [outcome::IN_PROGRESS]);
    pair.inject(1, &data);
    assert_eq!(outcomes(&mut pair), [outcome::PERFORMED]);
    assert_eq!(pair.ends[1].messages(5), [b"before"]);
    let by_peer = Event::StreamResetByPeer(StreamId(5));
    assert!(pair.ends[1].has(&by_peer));
    // A repeated request is answered again and not performed again.
    pair.inject(1, &request);
    assert_eq!(outcomes(&mut pair), [outcome::PERFORMED]);
    let count = pair.ends[1]
        .events
        .iter()
        .filter(|e| **e == by_peer)
        .count();
    assert_eq!(count, 1);
    // Neither the future nor the past.
    let request = reset_request(&pair, 2, 0, 5);
    pair.inject(1, &request);
    assert_eq!(outcomes(&mut pair), [outcome::BAD_SEQUENCE]);
    let request = reset_request(&pair, 1, 0, 65_535);
    pair.inject(1, &request);
    assert_eq!(outcomes(&mut pair), [outcome::WRONG_SSN]);
}

#[test]
fn a_peer_may_ask_for_a_reset_of_our_side_and_not_for_more_streams() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let first = pair.ends[0].assoc.local_tsn.0;
    let tag = pair.ends[1].assoc.local_tag;
    let mut params = Vec::new();
    let value: [&[u8]; 2] = [&first.to_be_bytes(), &[0, 9]];
    write_param(&mut params, param_kind::INCOMING_RESET, &value);
    pair.inject(1, &packet_with(tag, kind::RECONFIG, 0, &params));
    pair.run_for(Duration::from_secs(1));
    assert!(pair.ends[1].has(&Event::StreamResetDone(StreamId(9))));
    assert!(pair.ends[0].has(&Event::StreamResetByPeer(StreamId(9))));
    let mut params = Vec::new();
    let number = first.wrapping_add(1).to_be_bytes();
    write_param(
        &mut params,
        param_kind::ADD_OUTGOING,
        &[&number, &[0, 9, 0, 0]],
    );
    pair.inject(1, &packet_with(tag, kind::RECONFIG, 0, &params));
    assert_eq!(outcomes(&mut pair), [outcome::DENIED]);
}

#[test]
fn a_reset_does_not_wait_for_messages_that_expired() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    let limit = Reliability::MaxLifetime(Duration::from_millis(1));
    pair.send_with(0, 1, "gone", true, limit);
    let now = pair.now;
    pair.ends[0].assoc.reset_stream(now, StreamId(1));
    pair.connect();
    pair.run_for(Duration::from_millis(100));
    assert!(pair.ends[0].has(&Event::StreamResetDone(StreamId(1))));
    assert!(pair.ends[1].has(&Event::StreamResetByPeer(StreamId(1))));
}

#[test]
fn messages_for_streams_that_the_peer_refuses_are_not_sent() {
    let few = SctpConfig {
        max_inbound_streams: 4,
        ..SctpConfig::default()
    };
    let mut pair = Pair::with_configs([SctpConfig::default(), few], 1);
    pair.send(0, 100, "refused");
    pair.send(0, 3, "taken");
    pair.connect();
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ends[1].messages(3), [b"taken"]);
    assert_eq!(pair.ends[0].assoc.stats().queued, 0);
    assert_eq!(pair.ends[1].assoc.drops().total(), 0);
}
