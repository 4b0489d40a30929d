//! Packets: known sums, round trips, and hostile bytes.

use super::data::{DataChunk, DataHeader, write_data};
use super::forward::{ForwardTsn, Skip, write_forward};
use super::init::{Extensions, Init, ReceivedInit, write_init};
use super::reconfig::{Reconfig, write_outgoing, write_response};
use super::sack::{Sack, write_sack};
use super::*;
use crate::rng::Rng;
use crate::sctp::message::StreamId;
use crate::sctp::num::{Fsn, RequestSn, Tsn};

fn one_chunk(bytes: &[u8]) -> Chunk<'_> {
    assert_eq!(bytes.len() % 4, 0, "a chunk is padded");
    let mut chunks = Chunks(bytes);
    let chunk = chunks.next().unwrap();
    assert!(chunks.is_empty());
    chunk
}

#[test]
fn the_checksum_is_crc32c() {
    // RFC 3720 appendix B.4 lists CRC32c of 32 bytes of zeros, of ones, and counting up.
    let sum = |data: &[u8]| crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, data) as u32;
    assert_eq!(sum(&[0; 32]).to_le_bytes(), [0xaa, 0x36, 0x91, 0x8a]);
    assert_eq!(sum(&[0xff; 32]).to_le_bytes(), [0x43, 0xab, 0xa8, 0x62]);
    let counting: Vec<u8> = (0..32).collect();
    assert_eq!(sum(&counting).to_le_bytes(), [0x4e, 0x79, 0xdd, 0x46]);
    // The field counts as zero, whatever it holds, and is filled with that sum.
    let mut packet = Vec::from([9; 3]);
    write_header(&mut packet, 5000, 5001, 7);
    packet.extend_from_slice(&[1, 2, 3, 4]);
    let expected = sum(&packet[3..]).to_le_bytes();
    write_checksum(&mut packet, 3);
    assert_eq!(packet[11..15], expected);
    assert_eq!(checksum(&packet[3..]), expected);
}

#[test]
fn a_packet_with_a_wrong_sum_or_too_few_bytes_is_refused() {
    let mut packet = Vec::new();
    write_header(&mut packet, 1, 2, 3);
    write_chunk(&mut packet, kind::COOKIE_ACK, 0, &[]);
    assert!(Packet::parse(&packet, false).is_none());
    assert!(Packet::parse(&packet, true).is_some());
    write_checksum(&mut packet, 0);
    let parsed = Packet::parse(&packet, false).unwrap();
    assert_eq!(
        (parsed.source_port, parsed.destination_port, parsed.tag),
        (1, 2, 3)
    );
    for len in 0..packet.len() {
        assert!(Packet::parse(&packet[..len], false).is_none());
    }
    packet[15] ^= 1;
    assert!(Packet::parse(&packet, true).is_none());
}

#[test]
fn an_init_must_have_its_sum_even_if_none_is_needed() {
    let mut packet = Vec::new();
    write_header(&mut packet, 1, 2, 0);
    write_chunk(&mut packet, kind::INIT, 0, &[0; 16]);
    assert!(Packet::parse(&packet, true).is_none());
}

fn header(flags: u8) -> DataHeader {
    DataHeader {
        stream: StreamId(0x1234),
        sequence: 0x5678,
        fsn: Fsn(0),
        ppid: 51,
        flags,
    }
}

#[test]
fn data_round_trips_with_every_length_of_padding() {
    for len in 1..9 {
        let payload = vec![0xee; len];
        let mut out = Vec::new();
        write_data(&mut out, false, Tsn(77), &header(7), &payload);
        let chunk = one_chunk(&out);
        assert_eq!((chunk.kind, chunk.raw.len()), (kind::DATA, 16 + len));
        let parsed = DataChunk::parse(chunk.flags, chunk.value).unwrap();
        assert_eq!(parsed.header, header(7));
        assert_eq!((parsed.tsn, parsed.payload), (Tsn(77), &payload[..]));
    }
}

#[test]
fn i_data_has_a_ppid_in_the_first_fragment_and_a_number_in_the_others() {
    let mut out = Vec::new();
    write_data(&mut out, true, Tsn(1), &header(data::FLAG_BEGIN), b"abcd");
    let later = DataHeader {
        fsn: Fsn(5),
        ..header(0)
    };
    write_data(&mut out, true, Tsn(2), &later, b"abcd");
    // RFC 8260 section 2.1, field by field.
    let expected = [
        64, 2, 0, 24, 0, 0, 0, 1, 0x12, 0x34, 0, 0, 0, 0, 0x56, 0x78, 0, 0, 0, 51,
    ];
    assert_eq!(out[..20], expected);
    let parsed: Vec<_> = Chunks(&out)
        .map(|chunk| DataChunk::parse_interleaved(chunk.flags, chunk.value).unwrap())
        .collect();
    assert_eq!((parsed[0].header.ppid, parsed[0].header.fsn), (51, Fsn(0)));
    assert_eq!((parsed[1].header.ppid, parsed[1].header.fsn), (0, Fsn(5)));
}

#[test]
fn a_sack_round_trips_and_one_that_promises_too_many_blocks_is_refused() {
    let mut out = Vec::new();
    let blocks = [(2, 3), (5, 5)];
    write_sack(&mut out, Tsn(9), 1000, blocks.into_iter(), &[Tsn(8)]);
    let chunk = one_chunk(&out);
    let sack = Sack::parse(chunk.value).unwrap();
    assert_eq!((sack.cumulative, sack.window), (Tsn(9), 1000));
    assert_eq!(sack.blocks().collect::<Vec<_>>(), blocks);
    let mut value = chunk.value.to_vec();
    value[9] = 200;
    assert!(Sack::parse(&value).is_none());
}

#[test]
fn forward_tsn_round_trips_in_both_forms() {
    for interleaved in [false, true] {
        let skips = [(1, 2), (3, 4)].map(|(stream, sequence)| Skip {
            stream: StreamId(stream),
            unordered: interleaved && stream == 3,
            sequence,
        });
        let mut out = Vec::new();
        write_forward(&mut out, interleaved, Tsn(5), skips.into_iter());
        let chunk = one_chunk(&out);
        let parsed = ForwardTsn::parse(interleaved, chunk.value).unwrap();
        assert_eq!(parsed.cumulative, Tsn(5));
        assert_eq!(parsed.skips().collect::<Vec<_>>(), skips);
    }
}

#[test]
fn init_round_trips_and_reads_the_example_of_draft_hancke_tsvwg_snap() {
    let init = Init {
        tag: 1,
        window: 2,
        outbound_streams: 3,
        inbound_streams: 4,
        initial_tsn: Tsn(5),
        extensions: Extensions {
            forward_tsn: true,
            reconfig: true,
            interleaving: true,
            zero_checksum: true,
            large_packets: true,
        },
    };
    let mut out = Vec::new();
    write_init(&mut out, &init, Some(b"cookie"), &[&[0xc1, 0, 0, 5, 9]]);
    let chunk = one_chunk(&out);
    let parsed = ReceivedInit::parse(chunk.value).unwrap();
    assert_eq!(chunk.kind, kind::INIT_ACK);
    assert_eq!(parsed.init, init);
    assert_eq!(parsed.cookie, Some(&b"cookie"[..]));
    // An INIT that a browser sent.
    let example = [
        0x01, 0, 0, 0x1e, 0x89, 0x6c, 0xdd, 0x1d, 0, 0x50, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xe0,
        0x79, 0x65, 0x1d, 0xc0, 0, 0, 4, 0x80, 8, 0, 6, 0x82, 0xc0, 0, 0,
    ];
    let chunk = one_chunk(&example);
    let parsed = ReceivedInit::parse(chunk.value).unwrap().init;
    assert_eq!((parsed.tag, parsed.window), (0x896c_dd1d, 0x0050_0000));
    assert_eq!(parsed.initial_tsn, Tsn(0xe079_651d));
    assert!(parsed.extensions.forward_tsn && parsed.extensions.reconfig);
    assert!(!parsed.extensions.interleaving && !parsed.extensions.zero_checksum);
    assert!(!parsed.extensions.large_packets);
}

/// The types of an INIT's or INIT-ACK's parameters, and the length of the last one's value.
fn parameters(chunk: &Chunk<'_>) -> (Vec<u16>, usize) {
    let params: Vec<_> = param::Params::new(&chunk.value[16..]).collect();
    let last = params.last().map_or(0, |param| param.value.len());
    (params.iter().map(|param| param.kind).collect(), last)
}

#[test]
fn an_init_never_ends_with_an_empty_parameter_nor_counts_its_last_padding() {
    let all = Extensions {
        forward_tsn: true,
        reconfig: true,
        interleaving: true,
        zero_checksum: true,
        large_packets: true,
    };
    let browser = Extensions {
        interleaving: false,
        ..all.without_recent()
    };
    let init = |extensions| Init {
        tag: 1,
        window: 2,
        outbound_streams: 3,
        inbound_streams: 4,
        initial_tsn: Tsn(5),
        extensions,
    };
    for extensions in [all, all.without_recent(), browser, Extensions::default()] {
        for cookie in [None, Some(&b"cookie"[..])] {
            for unrecognized in [&[][..], &[&b"\xc1\0\0\x05\x09"[..]]] {
                let mut out = Vec::new();
                write_init(&mut out, &init(extensions), cookie, unrecognized);
                let chunk = one_chunk(&out);
                let (kinds, last) = parameters(&chunk);
                assert!(kinds.is_empty() || last > 0, "{kinds:?}");
                assert_eq!(chunk.value.len() % 4, last % 4, "{kinds:?}");
                let parsed = ReceivedInit::parse(chunk.value).unwrap();
                assert_eq!(parsed.init, init(extensions));
            }
        }
    }
    // As Chromium and Firefox write it.
    let mut out = Vec::new();
    write_init(&mut out, &init(browser), None, &[]);
    let (kinds, _) = parameters(&one_chunk(&out));
    let expected = [param::kind::FORWARD_TSN, param::kind::SUPPORTED_EXTENSIONS];
    assert_eq!(kinds, expected);
}

#[test]
fn what_is_echoed_as_not_recognized_fits_into_a_packet() {
    let mut value = [[0, 0, 0, 1], [0, 0, 9, 9], [0, 1, 0, 1], [0, 0, 0, 1]].concat();
    for _ in 0..1000 {
        param::write_param(&mut value, 0xc0ff, &[&[1; 20]]);
    }
    let parsed = ReceivedInit::parse(&value).unwrap();
    let echoed: usize = parsed.unrecognized.iter().map(|raw| 4 + raw.len()).sum();
    assert!((256..=512).contains(&echoed), "{echoed}");
}

#[test]
fn unknown_parameters_of_an_init_are_handled_by_their_highest_bits() {
    let fixed = [[0, 0, 0, 1], [0, 0, 9, 9], [0, 1, 0, 1], [0, 0, 0, 1]].concat();
    let read = |kinds: [u16; 2]| {
        let mut value = fixed.clone();
        for kind in kinds {
            param::write_param(&mut value, kind, &[&[1]]);
        }
        param::write_param(&mut value, param::kind::FORWARD_TSN, &[]);
        let parsed = ReceivedInit::parse(&value).unwrap();
        (
            parsed.unrecognized.len(),
            parsed.init.extensions.forward_tsn,
        )
    };
    assert_eq!(read([0x00ff, 0xc0ff]), (0, false));
    assert_eq!(read([0x40ff, 0xc0ff]), (1, false));
    assert_eq!(read([0x80ff, 0xc0ff]), (1, true));
    assert_eq!(read([0xc0ff, 0xc0ff]), (2, true));
}

#[test]
fn zero_checksum_is_only_accepted_with_the_method_of_dtls() {
    let fixed = [[0, 0, 0, 1], [0, 0, 9, 9], [0, 1, 0, 1], [0, 0, 0, 1]].concat();
    for (method, accepted) in [(1_u32, true), (0, false), (2, false)] {
        let mut value = fixed.clone();
        param::write_param(
            &mut value,
            param::kind::ZERO_CHECKSUM,
            &[&method.to_be_bytes()],
        );
        let parsed = ReceivedInit::parse(&value).unwrap();
        assert_eq!(parsed.init.extensions.zero_checksum, accepted);
    }
}

#[test]
fn reconfig_round_trips() {
    let mut params = Vec::new();
    let streams = [StreamId(1), StreamId(7), StreamId(9)];
    write_outgoing(&mut params, RequestSn(1), RequestSn(2), Tsn(3), &streams);
    write_response(&mut params, RequestSn(4), 6);
    let parsed: Vec<_> = Reconfig::parse(&params).collect();
    let [
        Reconfig::Outgoing {
            request,
            last_tsn,
            streams: list,
        },
        Reconfig::Response {
            request: answered,
            outcome: 6,
        },
    ] = parsed[..]
    else {
        panic!("{parsed:?}");
    };
    assert_eq!((request, last_tsn), (RequestSn(1), Tsn(3)));
    assert_eq!(list.iter().collect::<Vec<_>>(), streams);
    assert_eq!(answered, RequestSn(4));
}

/// Runs every parser over a packet.
fn read_all(packet: &[u8]) -> usize {
    let Some(parsed) = Packet::parse(packet, true) else {
        return 0;
    };
    let mut seen = 0;
    for chunk in parsed.chunks() {
        seen += usize::from(DataChunk::parse(chunk.flags, chunk.value).is_some());
        seen += usize::from(DataChunk::parse_interleaved(chunk.flags, chunk.value).is_some());
        seen += Sack::parse(chunk.value).map_or(0, |sack| sack.blocks().count());
        seen += usize::from(ReceivedInit::parse(chunk.value).is_some());
        seen += Reconfig::parse(chunk.value).count();
        for interleaved in [false, true] {
            seen += ForwardTsn::parse(interleaved, chunk.value).map_or(0, |f| f.skips().count());
        }
    }
    seen
}

#[test]
fn hostile_bytes_are_read_without_panic_and_come_to_an_end() {
    let mut rng = Rng::from_test_seed(1);
    let mut seed = Vec::new();
    write_header(&mut seed, 5000, 5000, 99);
    write_data(&mut seed, true, Tsn(1), &header(3), b"payload");
    write_sack(&mut seed, Tsn(1), 9, [(2, 3)].into_iter(), &[Tsn(4)]);
    let mut params = Vec::new();
    write_outgoing(
        &mut params,
        RequestSn(1),
        RequestSn(2),
        Tsn(3),
        &[StreamId(1)],
    );
    write_chunk(&mut seed, kind::RECONFIG, 0, &params);
    let mut seen = 0;
    for _ in 0..20_000 {
        let mut packet = seed.clone();
        for _ in 0..1 + rng.below(6) {
            let at = 12 + rng.below(packet.len() as u64 - 12) as usize;
            packet[at] = rng.u32() as u8;
        }
        packet.truncate(rng.below(packet.len() as u64 + 1) as usize);
        seen += read_all(&packet);
        let mut noise = vec![0; rng.below(100) as usize];
        rng.fill(&mut noise);
        if let Some(field) = noise.get_mut(8..12) {
            field.fill(0);
        }
        seen += read_all(&noise);
    }
    assert!(seen > 1000, "the mutations must reach the parsers: {seen}");
}

#[test]
fn chunks_end_at_a_length_that_cannot_be() {
    for len in [0_u8, 1, 2, 3, 13, 255] {
        assert!(Chunks(&[0, 0, 0, len, 1, 2, 3, 4]).next().is_none());
    }
}
