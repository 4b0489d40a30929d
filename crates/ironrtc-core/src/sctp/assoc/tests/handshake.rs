//! Connecting: loss, both sides at once, restart, cookies.

use super::*;
use crate::datagram::DropReason;
use crate::sctp::packet::param::Params;
use crate::sctp::packet::{Packet, kind, write_checksum, write_chunk, write_header};

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
        pair.wire.link.jitter = Duration::from_millis(30);
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
        pair.wire.link.loss = 400;
        pair.wire.link.duplicates = 200;
        pair.wire.link.jitter = Duration::from_millis(50);
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

#[test]
fn an_unanswered_handshake_is_given_up() {
    let config = SctpConfig {
        max_init_retransmissions: 3,
        ..SctpConfig::default()
    };
    let mut pair = Pair::new(config, 1);
    pair.wire.link.loss = 1000;
    pair.log = Some(Vec::new());
    let now = pair.now;
    pair.ends[0].assoc.connect(now);
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.ends[0].assoc.state(), SctpState::Closed);
    assert!(matches!(
        pair.ends[0].events[..],
        [.., Event::Aborted { .. }, _]
    ));
    assert_eq!(pair.log.unwrap().len(), 4);
}

/// The chunk types of a packet.
pub(super) fn kinds(packet: &[u8]) -> Vec<u8> {
    Packet::parse(packet, true)
        .map(|packet| packet.chunks().map(|chunk| chunk.kind).collect())
        .unwrap_or_default()
}

/// A packet for an end, with the right checksum.
pub(super) fn packet_with(tag: u32, chunk_kind: u8, flags: u8, value: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    write_header(&mut packet, 5000, 5000, tag);
    write_chunk(&mut packet, chunk_kind, flags, value);
    write_checksum(&mut packet, 0);
    packet
}

#[test]
fn a_lost_cookie_ack_is_repaired_and_data_may_overtake_it() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    pair.filter = |from, packet| from != 1 || !kinds(packet).contains(&kind::COOKIE_ACK);
    let now = pair.now;
    pair.ends[0].assoc.connect(now);
    pair.run_for(Duration::from_millis(100));
    assert_eq!(pair.states(), [SctpState::Connecting, SctpState::Connected]);
    pair.send(1, 3, "overtakes");
    pair.run_for(Duration::from_millis(100));
    assert_eq!(pair.ends[0].messages(3), [b"overtakes"]);
    pair.filter = |_, _| true;
    pair.run_for(Duration::from_secs(3));
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
}

#[test]
fn a_peer_that_lost_its_state_starts_over() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.send(0, 1, "before");
    pair.send(1, 1, "before");
    pair.run_for(Duration::from_secs(1));
    pair.ends[1].assoc = Association::new(SctpConfig::default(), Rng::from_test_seed(77));
    pair.ends[1].events.clear();
    let now = pair.now;
    pair.ends[1].assoc.connect(now);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
    assert!(pair.ends[0].has(&Event::Restarted));
    assert!(!pair.ends[1].has(&Event::Restarted));
    pair.send(0, 1, "after");
    pair.send(1, 1, "after");
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ends[0].messages(1), [&b"before"[..], b"after"]);
    assert_eq!(pair.ends[1].messages(1), [&b"before"[..], b"after"]);
}

/// The types of the parameters of a packet's INIT or INIT-ACK.
fn parameters(packet: &[u8]) -> Vec<u16> {
    let packet = Packet::parse(packet, true).unwrap();
    let first = packet.chunks().next().unwrap();
    if !matches!(first.kind, kind::INIT | kind::INIT_ACK) {
        return Vec::new();
    }
    let params = Params::new(&first.value[16..]);
    params.map(|param| param.kind).collect()
}

#[test]
fn an_init_ack_names_only_what_the_init_names() {
    let fixed = [0, 0, 0, 9, 0, 1, 0, 0, 0, 9, 0, 9, 0, 0, 0, 1];
    let old = [0xc0, 0, 0, 4, 0x80, 8, 0, 6, 130, 192, 0, 0];
    let new = [0x80, 1, 0, 8, 0, 0, 0, 1];
    let cases = [
        (vec![], vec![7]),
        (old.to_vec(), vec![0xc000, 0x8008, 7]),
        ([&old[..], &new].concat(), vec![0xc000, 0x8008, 0x8001, 7]),
    ];
    for (named, expected) in cases {
        let mut pair = Pair::new(SctpConfig::default(), 1);
        let init = [&fixed[..], &named].concat();
        pair.inject(1, &packet_with(0, kind::INIT, 0, &init));
        let mut out = Vec::new();
        pair.ends[1].assoc.write_packet(pair.now, &mut out).unwrap();
        assert_eq!(parameters(&out), expected);
    }
}

#[test]
fn later_inits_leave_out_what_an_old_stack_does_not_know() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    pair.log = Some(Vec::new());
    pair.filter = |_, packet| !parameters(packet).contains(&0x8001);
    pair.connect_within(Duration::from_secs(5));
    let log = pair.log.as_ref().unwrap();
    let inits: Vec<_> = log
        .iter()
        .filter(|(_, packet)| kinds(packet) == [kind::INIT])
        .map(|(_, packet)| parameters(packet))
        .collect();
    assert_eq!(inits[0], [0xc000, 0x8008, 0x8001, 0xbf49]);
    assert_eq!(inits[1], inits[0]);
    assert_eq!(inits[2], [0xc000, 0x8008]);
    pair.send(0, 1, "through");
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ends[1].messages(1), [b"through"]);
}

#[test]
fn a_stale_cookie_is_refused_and_the_handshake_begins_again() {
    let config = SctpConfig {
        cookie_lifetime: Duration::from_millis(5),
        ..SctpConfig::default()
    };
    let mut pair = Pair::new(config, 1);
    pair.log = Some(Vec::new());
    let now = pair.now;
    pair.ends[0].assoc.connect(now);
    pair.run_for(Duration::from_millis(150));
    assert_eq!(pair.ends[1].assoc.state(), SctpState::New);
    let log = pair.log.as_ref().unwrap();
    let sent = |from, chunk| {
        log.iter()
            .filter(|(end, packet)| *end == from && kinds(packet) == [chunk])
            .count()
    };
    assert!(sent(1, kind::ERROR) >= 2 && sent(0, kind::INIT) >= 2);
    pair.wire.link.delay = Duration::from_millis(1);
    pair.run_for(Duration::from_secs(3));
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
}

#[test]
fn a_forged_cookie_changes_nothing() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    let tag = pair.ends[1].assoc.local_tag;
    pair.inject(1, &packet_with(tag, kind::COOKIE_ECHO, 0, &[7; 80]));
    assert_eq!(pair.ends[1].assoc.state(), SctpState::New);
    assert_eq!(pair.ends[1].assoc.drops().count(DropReason::SctpChunk), 1);
    pair.connect();
}

#[test]
fn an_init_is_answered_without_keeping_state() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    let mut init = Vec::new();
    init.extend_from_slice(&[0, 0, 0, 9, 0, 1, 0, 0, 0, 9, 0, 9, 0, 0, 0, 1]);
    for _ in 0..100 {
        pair.inject(1, &packet_with(0, kind::INIT, 0, &init));
    }
    let mut out = Vec::new();
    let mut answers = 0;
    while pair.ends[1]
        .assoc
        .write_packet(pair.now, &mut out)
        .is_some()
    {
        answers += 1;
    }
    assert_eq!(answers, 8);
    assert_eq!(pair.ends[1].assoc.poll_timeout(), None);
}

#[test]
fn packets_with_a_wrong_tag_port_or_sum_are_dropped() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let tag = pair.ends[0].assoc.local_tag;
    let before = pair.ends[0].assoc.drops().count(DropReason::SctpPacket);
    pair.inject(0, &packet_with(tag ^ 1, kind::ABORT, 0, &[]));
    // With the T bit, the tag would have to be the peer's.
    pair.inject(0, &packet_with(tag, kind::ABORT, 1, &[]));
    let mut other_port = packet_with(tag, kind::ABORT, 0, &[]);
    other_port[3] ^= 1;
    write_checksum_again(&mut other_port);
    pair.inject(0, &other_port);
    let mut broken = packet_with(tag, kind::ABORT, 0, &[]);
    broken[13] ^= 2;
    pair.inject(0, &broken);
    assert_eq!(pair.ends[0].assoc.state(), SctpState::Connected);
    let drops = pair.ends[0].assoc.drops().count(DropReason::SctpPacket);
    assert_eq!(drops - before, 4);
    pair.inject(0, &packet_with(tag, kind::ABORT, 0, &[]));
    assert_eq!(pair.ends[0].assoc.state(), SctpState::Closed);
}

fn write_checksum_again(packet: &mut [u8]) {
    packet[8..12].fill(0);
    write_checksum(packet, 0);
}

#[test]
fn unknown_chunks_are_handled_by_their_highest_bits() {
    for (unknown, reported, goes_on) in [
        (0x3f, false, false),
        (0x7f, true, false),
        (0xbf, false, true),
        (0xff, true, true),
    ] {
        let mut pair = Pair::connected(SctpConfig::default(), 1);
        pair.log = Some(Vec::new());
        let tag = pair.ends[0].assoc.local_tag;
        let mut packet = Vec::new();
        write_header(&mut packet, 5000, 5000, tag);
        write_chunk(&mut packet, unknown, 0, b"what");
        write_chunk(&mut packet, kind::HEARTBEAT, 0, &[0, 1, 0, 4]);
        write_checksum(&mut packet, 0);
        pair.inject(0, &packet);
        pair.flush();
        let sent: Vec<u8> = pair
            .log
            .unwrap()
            .iter()
            .flat_map(|(_, p)| kinds(p))
            .collect();
        assert_eq!(sent.contains(&kind::ERROR), reported, "{unknown:#x}");
        assert_eq!(sent.contains(&kind::HEARTBEAT_ACK), goes_on, "{unknown:#x}");
    }
}

#[test]
fn what_only_one_side_offers_is_not_used() {
    for (left, right) in [(true, false), (false, true)] {
        let config = |on| SctpConfig {
            interleaving: on,
            zero_checksum: on,
            max_outbound_streams: if on { 10 } else { 20 },
            max_inbound_streams: if on { 7 } else { 30 },
            ..SctpConfig::default()
        };
        let mut pair = Pair::with_configs([config(left), config(right)], 1);
        pair.connect();
        for end in [0, 1] {
            let stats = pair.ends[end].assoc.stats();
            assert!(!stats.interleaving && !stats.zero_checksum);
        }
        let on = usize::from(right);
        assert_eq!(pair.ends[on].assoc.max_outbound_streams(), 10);
        assert_eq!(pair.ends[on].assoc.max_inbound_streams(), 7);
        assert_eq!(pair.ends[1 - on].assoc.max_outbound_streams(), 7);
        assert_eq!(pair.ends[1 - on].assoc.max_inbound_streams(), 10);
    }
}

#[test]
fn zero_checksums_are_sent_but_not_with_init_and_cookie() {
    let mut pair = Pair::new(SctpConfig::default(), 1);
    pair.log = Some(Vec::new());
    pair.connect();
    pair.send(0, 1, "x");
    pair.run_for(Duration::from_secs(1));
    let mut zero = 0;
    for (_, packet) in pair.log.unwrap() {
        let handshake = kinds(&packet)
            .iter()
            .any(|k| [kind::INIT, kind::INIT_ACK, kind::COOKIE_ECHO].contains(k));
        if packet[8..12] == [0; 4] {
            zero += 1;
            assert!(!handshake);
        } else {
            assert!(handshake && Packet::parse(&packet, false).is_some());
        }
    }
    assert!(zero >= 2);
}

#[test]
fn the_handshake_measures_the_round_trip() {
    let pair = Pair::connected(SctpConfig::default(), 1);
    let srtt = pair.ends[0].assoc.stats().srtt;
    assert_eq!(srtt, Some(Duration::from_millis(20)));
}

#[test]
fn an_association_can_move_to_another_thread() {
    const fn moves<T: Send + Sync>() {}
    moves::<Association>();
}
