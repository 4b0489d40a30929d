//! A peer that means harm: floods, contradictions, noise.

use super::handshake::{kinds, packet_with};
use super::*;
use crate::sctp::num::{Fsn, Tsn};
use crate::sctp::packet::data::{DataHeader, FLAG_BEGIN, FLAG_END, FLAG_UNORDERED, write_data};
use crate::sctp::packet::{kind, write_checksum, write_header};

/// A packet with one chunk of user data for the second end.
fn data_packet(pair: &Pair, offset: u32, header: &DataHeader, payload: &[u8]) -> Vec<u8> {
    let victim = &pair.ends[1].assoc;
    let tsn = Tsn(pair.ends[0].assoc.local_tsn.0.wrapping_add(offset));
    let mut packet = Vec::new();
    write_header(&mut packet, 5000, 5000, victim.local_tag);
    let interleaved = victim.extensions.interleaving;
    write_data(&mut packet, interleaved, tsn, header, payload);
    write_checksum(&mut packet, 0);
    packet
}

fn small_window(interleaving: bool) -> SctpConfig {
    SctpConfig {
        receive_window: 100_000,
        max_receive_message_size: 50_000,
        interleaving,
        ..SctpConfig::default()
    }
}

#[test]
fn a_flood_of_fragments_costs_no_more_than_the_window() {
    for (interleaving, kinds_of_flood) in [(false, 3), (true, 4)] {
        for flood in 0..kinds_of_flood {
            let mut pair = Pair::connected(small_window(interleaving), 1);
            for number in 0..60_000_u32 {
                let (stream, fsn, flags) = match flood {
                    // Beginnings without ends, on many streams.
                    0 => (number as u16 % 60_000, 0, FLAG_BEGIN),
                    // Middles out of nowhere, in an order that never joins.
                    1 => (1, 2 * number + 1, 0),
                    // Whole messages behind a gap.
                    2 => (1, 0, FLAG_BEGIN | FLAG_END),
                    // Unordered messages without end.
                    _ => (1, 0, FLAG_BEGIN | FLAG_UNORDERED),
                };
                let header = DataHeader {
                    stream: StreamId(stream),
                    sequence: number + 1,
                    fsn: Fsn(fsn),
                    ppid: 1,
                    flags,
                };
                let packet = data_packet(&pair, number, &header, &[7]);
                pair.inject(1, &packet);
            }
            let used = pair.ends[1].assoc.rx.as_ref().unwrap().used();
            assert!(used <= 125_000, "flood {flood}: {used}");
            assert!(used > 50_000, "flood {flood} must reach the window: {used}");
        }
    }
}

#[test]
fn data_behind_a_gap_cannot_block_the_window_for_ever() {
    let mut pair = Pair::connected(small_window(false), 1);
    let header = |sequence| DataHeader {
        stream: StreamId(1),
        sequence,
        fsn: Fsn(0),
        ppid: 1,
        flags: FLAG_BEGIN | FLAG_END,
    };
    for number in 1..200 {
        let packet = data_packet(&pair, number, &header(number), &[1; 1000]);
        pair.inject(1, &packet);
    }
    pair.flush();
    assert!(pair.ends[1].messages(1).is_empty());
    let packet = data_packet(&pair, 0, &header(0), &[1; 1000]);
    pair.inject(1, &packet);
    pair.flush();
    assert!(pair.ends[1].messages(1).len() > 80);
}

#[test]
fn an_empty_message_or_data_of_the_other_kind_ends_the_association() {
    let whole = DataHeader {
        stream: StreamId(1),
        sequence: 0,
        fsn: Fsn(0),
        ppid: 1,
        flags: FLAG_BEGIN | FLAG_END,
    };
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let packet = data_packet(&pair, 0, &whole, &[]);
    pair.inject(1, &packet);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.states(), [SctpState::Closed; 2]);

    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let tag = pair.ends[1].assoc.local_tag;
    pair.inject(1, &packet_with(tag, kind::DATA, 3, &[1; 20]));
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.states(), [SctpState::Closed; 2]);
}

#[test]
fn data_on_a_stream_that_does_not_exist_is_reported_and_acknowledged() {
    let mut pair = Pair::connected(
        SctpConfig {
            max_inbound_streams: 10,
            ..SctpConfig::default()
        },
        1,
    );
    let header = DataHeader {
        stream: StreamId(10),
        sequence: 0,
        fsn: Fsn(0),
        ppid: 1,
        flags: FLAG_BEGIN | FLAG_END,
    };
    let packet = data_packet(&pair, 0, &header, b"x");
    pair.inject(1, &packet);
    pair.log = Some(Vec::new());
    pair.run_for(Duration::from_millis(300));
    let log = pair.log.take().unwrap();
    assert_eq!(kinds(&log[0].1), [kind::ERROR, kind::SACK]);
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
}

#[test]
fn acknowledging_what_was_never_sent_changes_nothing() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.send(0, 1, vec![1; 5000]);
    let mut packet = Vec::new();
    let now = pair.now;
    while pair.ends[0].assoc.write_packet(now, &mut packet).is_some() {}
    let flight = pair.ends[0].assoc.stats().in_flight;
    let tag = pair.ends[0].assoc.local_tag;
    let ahead = pair.ends[0].assoc.local_tsn.0.wrapping_add(500);
    let mut sack = ahead.to_be_bytes().to_vec();
    sack.extend_from_slice(&[0, 0, 255, 255, 0, 0, 0, 0]);
    pair.inject(0, &packet_with(tag, kind::SACK, 0, &sack));
    // Blocks beyond the end, backwards, and at zero.
    let mut sack = pair.ends[0]
        .assoc
        .local_tsn
        .0
        .wrapping_sub(1)
        .to_be_bytes()
        .to_vec();
    sack.extend_from_slice(&[0, 0, 255, 255, 0, 3, 0, 0]);
    sack.extend_from_slice(&[0, 2, 255, 255, 0, 3, 0, 2, 0, 0, 0, 0]);
    pair.inject(0, &packet_with(tag, kind::SACK, 0, &sack));
    assert_eq!(pair.ends[0].assoc.stats().in_flight, flight);
}

/// Valid packets of a busy pair, mutated and with their sums repaired, mixed into the traffic.
#[test]
fn mutated_packets_never_panic_and_memory_stays_bounded() {
    for seed in 0..30 {
        let mut rng = Rng::from_test_seed(seed);
        let mut pair = Pair::connected(small_window(seed % 2 == 0), seed);
        pair.log = Some(Vec::new());
        for number in 0..40 {
            for end in 0..2 {
                let stream = rng.below(5) as u16;
                let data = numbered(number, 1 + rng.below(4000) as usize);
                let message = OutgoingMessage {
                    ppid: 1,
                    data,
                    ordered: number % 3 > 0,
                    reliability: Reliability::MaxRetransmits(1),
                    control: false,
                };
                let now = pair.now;
                let _ = pair.ends[end].assoc.send(now, StreamId(stream), message);
                if number % 9 == 0 {
                    pair.ends[end].assoc.reset_stream(now, StreamId(stream));
                }
            }
            pair.wire.link.loss = 100;
            pair.run_for(Duration::from_millis(30));
            let log = pair.log.as_mut().unwrap();
            for _ in 0..20 {
                let (from, mut packet) = log[rng.below(log.len() as u64) as usize].clone();
                for _ in 0..1 + rng.below(4) {
                    let at = 12 + rng.below(packet.len() as u64 - 12) as usize;
                    packet[at] = rng.u32() as u8;
                }
                packet[8..12].fill(0);
                write_checksum(&mut packet, 0);
                pair.ends[1 - from].assoc.handle_packet(pair.now, &packet);
            }
            for end in &pair.ends {
                let used = end.assoc.rx.as_ref().map_or(0, |rx| rx.used());
                assert!(used <= 125_000, "seed {seed}: {used}");
            }
        }
        pair.run_for(Duration::from_secs(100));
    }
}

/// A sender that counts a message and sends nothing for it has broken its own order, as nothing says
/// that the message will not come. The rest of the association is not hurt.
#[test]
fn a_number_that_is_left_out_holds_up_its_stream_alone() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    let sent = [(1, 0, 0), (1, 2, 0), (1, 0, FLAG_UNORDERED), (2, 0, 0)];
    for (offset, (stream, sequence, flags)) in sent.into_iter().enumerate() {
        let header = DataHeader {
            stream: StreamId(stream),
            sequence,
            fsn: Fsn(0),
            ppid: 51,
            flags: FLAG_BEGIN | FLAG_END | flags,
        };
        let packet = data_packet(&pair, offset as u32, &header, b"x");
        pair.inject(1, &packet);
    }
    pair.flush();
    assert_eq!(pair.ends[1].messages(1).len(), 2);
    assert_eq!(pair.ends[1].messages(2).len(), 1);
    assert_eq!(pair.states(), [SctpState::Connected; 2]);
}
