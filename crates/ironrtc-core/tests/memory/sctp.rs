//! What a peer's SCTP makes us keep, against the window that it was told.

use std::time::Duration;

use crc_fast::CrcAlgorithm;
use ironrtc_core::datagram::DropReason;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::{Association, SctpConfig, SctpState};
use ironrtc_core::time::Time;

use super::measure;

const WINDOW: usize = 1024 * 1024;
/// For each stream that the peer uses, beside the window.
const STREAM: usize = 96;
/// What an association takes that has done nothing.
const ASSOCIATION: usize = 64 * 1024;

const BEGIN: u8 = 2;
const END: u8 = 1;
const UNORDERED: u8 = 4;

fn chunk(kind: u8, flags: u8, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len() + 4).unwrap().to_be_bytes();
    let mut chunk = vec![kind, flags, len[0], len[1]];
    chunk.extend(value);
    chunk.resize(chunk.len().next_multiple_of(4), 0);
    chunk
}

fn packet(tag: u32, chunk: &[u8]) -> Vec<u8> {
    let mut packet = [5000_u16.to_be_bytes(), 5000_u16.to_be_bytes()].concat();
    packet.extend(tag.to_be_bytes());
    packet.extend([0; 4]);
    packet.extend(chunk);
    let sum = crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, &packet) as u32;
    packet[8..12].copy_from_slice(&sum.to_le_bytes());
    packet
}

/// Somebody to whom a peer has connected that means harm.
struct Victim {
    association: Association,
    now: Time,
    tag: u32,
    tsn: u32,
}

impl Victim {
    fn connected() -> Self {
        let config = SctpConfig {
            receive_window: WINDOW,
            max_receive_window: WINDOW,
            ..SctpConfig::default()
        };
        let now = Time::ZERO + Duration::from_secs(1);
        let mut association = Association::new(config, Rng::from_test_seed(1));
        let mut init = [7_u32, 1 << 20, 0xffff_ffff, 1000]
            .map(u32::to_be_bytes)
            .concat();
        init.extend([0xc0, 0, 0, 4, 0x80, 8, 0, 8, 130, 192, 64, 194]);
        association.handle_packet(now, &packet(0, &chunk(1, 0, &init)));
        let mut answer = Vec::new();
        association.write_packet(now, &mut answer).unwrap();
        let word = |at: usize| u32::from_be_bytes(answer[at..at + 4].try_into().unwrap());
        let tag = word(16);
        // The cookie is the last parameter.
        let mut at = 32;
        while word(at) >> 16 != 7 {
            at += (word(at) as usize & 0xffff).next_multiple_of(4);
        }
        let cookie = answer[at + 4..].to_vec();
        association.handle_packet(now, &packet(tag, &chunk(10, 0, &cookie)));
        assert_eq!(association.state(), SctpState::Connected);
        Self {
            association,
            now,
            tag,
            tsn: 1000,
        }
    }

    /// One byte of an I-DATA message.
    fn data(&mut self, flags: u8, stream: u16, mid: u32) {
        let mut value = self.tsn.to_be_bytes().to_vec();
        self.tsn += 1;
        value.extend(stream.to_be_bytes());
        value.extend([0, 0]);
        value.extend(mid.to_be_bytes());
        value.extend(53_u32.to_be_bytes());
        value.push(1);
        let packet = packet(self.tag, &chunk(64, flags, &value));
        self.association.handle_packet(self.now, &packet);
        while self.association.poll_event().is_some() {}
        let mut out = Vec::new();
        while self.association.write_packet(self.now, &mut out).is_some() {}
    }
}

#[test]
fn what_a_peer_sends_takes_no_more_than_the_window() {
    type Kind = (&'static str, u8, fn(u32) -> (u16, u32));
    let kinds: [Kind; 6] = [
        ("beginnings of ordered messages", BEGIN, |n| (1, n)),
        ("of unordered ones", BEGIN | UNORDERED, |n| (1, n)),
        ("on a stream each", BEGIN, |n| (n as u16, 0)),
        ("whole messages", BEGIN | END, |n| (1, n)),
        ("out of order", BEGIN | END, |n| (1, n + 1)),
        ("on a stream each", BEGIN | END, |n| (n as u16, 0)),
    ];
    for (name, flags, number) in kinds {
        // It is dropped while nothing else is measured, so that the peak counts.
        let (dropped, cost) = measure(|| {
            let mut victim = Victim::connected();
            for n in 0..20_000 {
                let (stream, mid) = number(n);
                victim.data(flags, stream, mid);
            }
            victim.association.drops().count(DropReason::SctpChunk)
        });
        let streams = if number(1).0 == number(2).0 {
            1
        } else {
            20_000
        };
        let most = WINDOW + STREAM * streams + ASSOCIATION;
        assert!(cost.peak <= most, "{name}: {} of {most}", cost.peak);
        assert!(dropped > 0, "{name} must fill the window");
    }
}
