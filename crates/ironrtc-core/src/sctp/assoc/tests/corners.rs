//! Corner cases that once went wrong.

use super::handshake::packet_with;
use super::*;
use crate::sctp::message::SendError;
use crate::sctp::num::{Fsn, RequestSn, Tsn};
use crate::sctp::packet::data::{DataHeader, FLAG_BEGIN, FLAG_END, FLAG_UNORDERED, write_data};
use crate::sctp::packet::forward::{Skip, write_forward};
use crate::sctp::packet::reconfig::{Reconfig, outcome, write_outgoing};
use crate::sctp::packet::{Packet, kind, write_checksum, write_header};

fn request(pair: &Pair, number: u32, last: u32) -> Vec<u8> {
    let base = pair.ends[0].assoc.local_tsn.0;
    let mut params = Vec::new();
    write_outgoing(
        &mut params,
        RequestSn(base.wrapping_add(number)),
        RequestSn(0),
        Tsn(base.wrapping_add(last)),
        &[StreamId(3)],
    );
    packet_with(pair.ends[1].assoc.local_tag, kind::RECONFIG, 0, &params)
}

fn answers(pair: &mut Pair) -> Vec<u32> {
    let mut out = Vec::new();
    let now = pair.now;
    let mut packet = Vec::new();
    while pair.ends[1].assoc.write_packet(now, &mut packet).is_some() {
        let parsed = Packet::parse(&packet, true).unwrap();
        for chunk in parsed.chunks() {
            if chunk.kind == kind::RECONFIG {
                for p in Reconfig::parse(chunk.value) {
                    if let Reconfig::Response { outcome, .. } = p {
                        out.push(outcome);
                    }
                }
            }
        }
        packet.clear();
    }
    pair.ends[1].collect();
    out
}

fn data(pair: &Pair, offset: u32, header: &DataHeader) -> Vec<u8> {
    let victim = &pair.ends[1].assoc;
    let tsn = Tsn(pair.ends[0].assoc.local_tsn.0.wrapping_add(offset));
    let mut packet = Vec::new();
    write_header(&mut packet, 5000, 5000, victim.local_tag);
    write_data(
        &mut packet,
        victim.extensions.interleaving,
        tsn,
        header,
        b"x",
    );
    write_checksum(&mut packet, 0);
    packet
}

fn header(stream: u16, sequence: u32, fsn: u32, flags: u8) -> DataHeader {
    DataHeader {
        stream: StreamId(stream),
        sequence,
        fsn: Fsn(fsn),
        ppid: 1,
        flags,
    }
}

// libwebrtc before 2025 asks again with a new number after "in progress".
#[test]
fn in_progress_then_new_numbers() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let mut log = Vec::new();
    for number in 0..3 {
        let p = request(&pair, number, 0);
        pair.inject(1, &p);
        log.extend(answers(&mut pair));
    }
    assert!(!log.contains(&outcome::BAD_SEQUENCE), "{log:?}");
}

#[test]
fn in_progress_performed_twice() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let p = request(&pair, 0, 0);
    pair.inject(1, &p);
    assert_eq!(answers(&mut pair), [outcome::IN_PROGRESS]);
    let p = data(&pair, 0, &header(3, 0, 0, FLAG_BEGIN | FLAG_END));
    pair.inject(1, &p);
    assert_eq!(answers(&mut pair), [outcome::PERFORMED]);
    let p = request(&pair, 1, 0);
    pair.inject(1, &p);
    answers(&mut pair);
    let n = pair.ends[1]
        .events
        .iter()
        .filter(|e| **e == Event::StreamResetByPeer(StreamId(3)))
        .count();
    assert_eq!(n, 1);
}

#[test]
fn control_with_full_buffer() {
    let config = SctpConfig {
        max_send_buffer: 1 << 16,
        ..SctpConfig::default()
    };
    let mut pair = Pair::new(config, 1);
    pair.send(0, 1, vec![0; 1 << 16]);
    let now = pair.now;
    let ack = OutgoingMessage {
        ppid: 50,
        data: Bytes::from_static(&[2]),
        ordered: true,
        reliability: Reliability::Reliable,
        control: true,
    };
    assert_eq!(
        pair.ends[0].assoc.send(now, StreamId(2), ack),
        Ok::<(), SendError>(())
    );
}

#[test]
fn many_small_ordered_messages_behind_a_loss() {
    let config = SctpConfig {
        interleaving: false,
        initial_window_packets: 4000,
        max_burst: 4000,
        receive_window: 64 << 20,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    let count = 45_000_u32;
    for n in 0..count {
        pair.send(0, 3, numbered(n, 4));
    }
    // The first data packet is lost.
    let now = pair.now;
    let mut lost = Vec::new();
    pair.ends[0].assoc.write_packet(now, &mut lost).unwrap();
    pair.run_for(Duration::from_secs(20));
    let got = pair.ends[1].messages(3);
    let in_order = got
        .iter()
        .enumerate()
        .all(|(i, m)| m[..4] == (i as u32).to_be_bytes());
    assert!(
        got.len() == count as usize && in_order,
        "{} of {count}, in order {in_order}",
        got.len()
    );
}

#[test]
fn fragments_of_a_skipped_unordered_message_leak() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    assert!(pair.ends[1].assoc.extensions.interleaving);
    let mut tsn = 0;
    for mid in 0..50 {
        // fragment 0 is lost (tsn), another stream's chunk (tsn + 1), fragment 1 (tsn + 2) is late.
        let base = pair.ends[0].assoc.local_tsn.0;
        let mut f = Vec::new();
        write_header(&mut f, 5000, 5000, pair.ends[1].assoc.local_tag);
        write_forward(
            &mut f,
            true,
            Tsn(base.wrapping_add(tsn)),
            [Skip {
                stream: StreamId(1),
                unordered: true,
                sequence: mid,
            }]
            .into_iter(),
        );
        write_checksum(&mut f, 0);
        pair.inject(1, &f);
        let late = data(&pair, tsn + 2, &header(1, mid, 1, FLAG_UNORDERED));
        pair.inject(1, &late);
        let other = data(&pair, tsn + 1, &header(2, mid, 0, FLAG_BEGIN | FLAG_END));
        pair.inject(1, &other);
        pair.flush();
        tsn += 3;
    }
    assert_eq!(pair.ends[1].messages(2).len(), 50);
    assert_eq!(pair.ends[1].assoc.rx.as_ref().unwrap().used(), 0);
}

// A hostile or odd case: RE-CONFIG stuck because the response was for an older number.
#[test]
fn buffer_and_shutdown_with_reset_in_flight() {
    for seed in 0..20 {
        let mut pair = Pair::connected(SctpConfig::default(), seed);
        pair.wire.link.loss = 150;
        pair.wire.link.jitter = Duration::from_millis(15);
        for n in 0..20 {
            pair.send(0, n, numbered(n.into(), 5000));
            pair.send(1, n, numbered(n.into(), 5000));
        }
        let now = pair.now;
        for n in 0..10 {
            pair.ends[0].assoc.reset_stream(now, StreamId(n));
        }
        for n in 5..15 {
            pair.ends[1].assoc.reset_stream(now, StreamId(n));
        }
        pair.run_for(Duration::from_millis(seed * 17));
        let now = pair.now;
        pair.ends[0].assoc.shutdown(now);
        if seed % 2 == 0 {
            pair.ends[1].assoc.shutdown(now);
        }
        let done = pair.run_until(Duration::from_secs(60), |p| {
            p.states() == [SctpState::Closed; 2]
        });
        assert!(done, "seed {seed} {:?}", pair.states());
        for n in 0..20 {
            assert_eq!(pair.ends[1].messages(n).len(), 1, "seed {seed} stream {n}");
        }
        for n in 0..20 {
            assert_eq!(
                pair.ends[0].messages(n).len(),
                1,
                "seed {seed} stream {n} at 0"
            );
        }
    }
}

// Partial reliability under loss and interleaving: nothing leaks, everything drains.
#[test]
fn partial_everything_drains() {
    for seed in 0..30 {
        let config = SctpConfig {
            interleaving: seed % 2 == 0,
            receive_window: 400_000,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, seed);
        pair.wire.link.loss = 100;
        pair.wire.link.duplicates = 50;
        pair.wire.link.jitter = Duration::from_millis(30);
        for round in 0..40_u32 {
            for s in 0..4_u16 {
                let r = match s {
                    0 => Reliability::MaxRetransmits(0),
                    1 => Reliability::MaxLifetime(Duration::from_millis(60)),
                    2 => Reliability::MaxRetransmits(1),
                    _ => Reliability::Reliable,
                };
                pair.send_with(0, s, numbered(round, 9000), round % 2 == 0, r);
            }
            pair.run_for(Duration::from_millis(40));
        }
        pair.run_for(Duration::from_secs(90));
        let stats = pair.ends[0].assoc.stats();
        assert_eq!((stats.queued, stats.in_flight), (0, 0), "seed {seed}");
        assert!(pair.ends[0].assoc.tx.is_idle(), "seed {seed}");
        for s in 0..4 {
            assert_eq!(pair.ends[0].assoc.buffered_amount(StreamId(s)), 0);
        }
        assert_eq!(pair.ends[1].messages(3).len(), 40, "seed {seed}");
        assert_eq!(
            pair.ends[1].assoc.rx.as_ref().unwrap().used(),
            0,
            "seed {seed}"
        );
    }
}

#[test]
fn no_limit_of_ones_own_is_the_window() {
    let config = SctpConfig {
        max_receive_message_size: 0,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    pair.send(0, 1, "hello");
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
}
