//! Somebody to whom a peer has connected that means harm, and what that peer sends.

use std::time::Duration;

use crc_fast::CrcAlgorithm;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::{Association, SctpConfig, SctpState};
use ironrtc_core::time::Time;

pub(crate) const BEGIN: u8 = 2;
pub(crate) const END: u8 = 1;
pub(crate) const UNORDERED: u8 = 4;

const INIT: u8 = 1;
const COOKIE_ECHO: u8 = 10;
const I_DATA: u8 = 64;
const RECONFIG: u8 = 130;
const OUTGOING_RESET: [u8; 2] = [0, 13];
const FIRST_TSN: u32 = 1000;

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

/// The victim's association. Its peer acknowledges nothing.
pub(crate) struct Victim {
    pub(crate) association: Association,
    pub(crate) now: Time,
    tag: u32,
    tsn: u32,
}

impl Victim {
    /// `window` is the peer's: what the victim may send.
    pub(crate) fn connected(config: SctpConfig, window: u32) -> Self {
        let now = Time::ZERO + Duration::from_secs(1);
        let mut association = Association::new(config, Rng::from_test_seed(1));
        let mut init = [7_u32, window, 0xffff_ffff, FIRST_TSN]
            .map(u32::to_be_bytes)
            .concat();
        init.extend([0xc0, 0, 0, 4, 0x80, 8, 0, 8, 130, 192, 64, 194]);
        association.handle_packet(now, &packet(0, &chunk(INIT, 0, &init)));
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
        association.handle_packet(now, &packet(tag, &chunk(COOKIE_ECHO, 0, &cookie)));
        assert_eq!(association.state(), SctpState::Connected);
        Self {
            association,
            now,
            tag,
            tsn: FIRST_TSN,
        }
    }

    /// Takes in one I-DATA chunk that begins a message.
    pub(crate) fn data(&mut self, flags: u8, stream: u16, mid: u32, ppid: u32, payload: &[u8]) {
        let mut value = self.tsn.to_be_bytes().to_vec();
        self.tsn += 1;
        value.extend(stream.to_be_bytes());
        value.extend([0, 0]);
        value.extend(mid.to_be_bytes());
        value.extend(ppid.to_be_bytes());
        value.extend(payload);
        self.take(I_DATA, flags, &value);
    }

    fn take(&mut self, kind: u8, flags: u8, value: &[u8]) {
        let packet = packet(self.tag, &chunk(kind, flags, value));
        self.association.handle_packet(self.now, &packet);
    }

    /// Writes what is to be sent, to nobody.
    pub(crate) fn flush(&mut self) {
        let mut out = Vec::new();
        while self.association.write_packet(self.now, &mut out).is_some() {
            out.clear();
        }
    }
    /// Lets time pass, so that what was sent to nobody is sent again.
    pub(crate) fn wait(&mut self) {
        self.now += Duration::from_secs(10);
        self.association.handle_timeout(self.now);
    }

    /// Answers the requests to reset a stream that are sent now (RFC 6525 section 4.4), and gives
    /// their number.
    pub(crate) fn answer_resets(&mut self) -> usize {
        let mut requests: Vec<[u8; 4]> = Vec::new();
        let mut out = Vec::new();
        while self.association.write_packet(self.now, &mut out).is_some() {
            let mut rest = &out[12..];
            while let [kind, _, high, low, ..] = *rest {
                let len = usize::from(u16::from_be_bytes([high, low]));
                if kind == RECONFIG && rest[4..6] == OUTGOING_RESET {
                    requests.push(rest[8..12].try_into().unwrap());
                }
                rest = &rest[len.next_multiple_of(4).min(rest.len())..];
            }
            out.clear();
        }
        for request in &requests {
            let performed = [0, 0, 0, 1];
            let response = [&[0, 16, 0, 12], &request[..], &performed].concat();
            self.take(RECONFIG, 0, &response);
        }
        requests.len()
    }
}
