//! What the worst packets cost against the state that a peer can build up: as much as their own
//! bytes, or what it took to build what they tear down.

mod control;

use super::*;
use crate::sctp::num::{Fsn, RequestSn, Tsn};
use crate::sctp::packet::data::{DataHeader, FLAG_BEGIN, FLAG_END, FLAG_UNORDERED, write_data};
use crate::sctp::packet::forward::{Skip, write_forward};
use crate::sctp::packet::param::{Params, kind as param_kind, write_param};
use crate::sctp::packet::reconfig::write_outgoing;
use crate::sctp::packet::sack::write_sack;
use crate::sctp::packet::{kind, write_chunk, write_header};
use crate::work;

/// Bytes of chunks in an attacker's packet: a DTLS record of the usual largest size.
const PACKET: usize = 16_000;

/// A peer that means harm, and whom it has connected to.
struct Attack {
    pair: Pair,
    interleaved: bool,
    tsn: u32,
    request: u32,
}

impl Attack {
    fn new(interleaved: bool) -> Self {
        let config = SctpConfig {
            interleaving: interleaved,
            ..SctpConfig::default()
        };
        let pair = Pair::connected(config, 1);
        let first = pair.ends[0].assoc.local_tsn.0;
        Self {
            pair,
            interleaved,
            tsn: first,
            request: first,
        }
    }

    fn victim(&mut self) -> &mut Association {
        &mut self.pair.ends[1].assoc
    }

    /// Gives the victim chunks in one packet, lets its application read what there is, and counts
    /// the work.
    fn inject(&mut self, chunks: &[u8]) -> u64 {
        assert!(chunks.len() <= PACKET);
        let mut packet = Vec::new();
        write_header(&mut packet, 5000, 5000, self.victim().local_tag);
        packet.extend_from_slice(chunks);
        let work = work::of(|| self.pair.inject(1, &packet));
        self.pair.ends[1].collect();
        let now = self.pair.now;
        let mut out = Vec::new();
        while self.victim().write_packet(now, &mut out).is_some() {
            out.clear();
        }
        work
    }

    /// As many chunks as fit into a packet, each made by `chunk`.
    fn inject_full(&mut self, mut chunk: impl FnMut(&mut Self, &mut Vec<u8>)) -> u64 {
        let mut chunks = Vec::new();
        loop {
            let before = chunks.len();
            chunk(self, &mut chunks);
            if chunks.len() > PACKET {
                chunks.truncate(before);
                return self.inject(&chunks);
            }
        }
    }

    fn next_tsn(&mut self) -> Tsn {
        self.tsn = self.tsn.wrapping_add(1);
        Tsn(self.tsn.wrapping_sub(1))
    }

    fn data(&mut self, out: &mut Vec<u8>, stream: u16, sequence: u32, flags: u8) {
        let header = DataHeader {
            stream: StreamId(stream),
            sequence,
            fsn: Fsn(0),
            ppid: 53,
            flags,
        };
        let tsn = self.next_tsn();
        write_data(out, self.interleaved, tsn, &header, &[1]);
    }

    /// State of the victim's: one chunk each, by its number.
    fn build(&mut self, count: u32, mut chunk: impl FnMut(&mut Self, &mut Vec<u8>, u32)) {
        for number in 0..count {
            let mut chunks = Vec::new();
            chunk(self, &mut chunks, number);
            self.inject(&chunks);
        }
    }

    fn reset(&mut self, out: &mut Vec<u8>, streams: &[StreamId]) {
        let number = RequestSn(self.request);
        self.request = self.request.wrapping_add(1);
        let last = Tsn(self.tsn.wrapping_sub(1));
        let mut params = Vec::new();
        write_outgoing(&mut params, number, RequestSn(0), last, streams);
        write_chunk(out, kind::RECONFIG, 0, &params);
    }
}

/// The work of a packet against little and against twice as much state is the same.
fn assert_independent(name: &str, worst: impl Fn(u32) -> u64) {
    let (few, many) = (worst(500), worst(1000));
    assert!(few.abs_diff(many) <= 2, "{name}: {few} {many}");
    assert!(many <= PACKET as u64, "{name}: {many}");
}

#[test]
fn skipping_does_not_visit_what_is_not_skipped() {
    let whole = FLAG_BEGIN | FLAG_END;
    assert_independent("FORWARD-TSN, many streams", |count| {
        let mut attack = Attack::new(false);
        attack.build(count, |attack, out, n| attack.data(out, n as u16, 0, whole));
        attack.inject_full(|attack, out| {
            let tsn = attack.next_tsn();
            write_forward(out, false, tsn, [].into_iter());
        })
    });
    assert_independent("FORWARD-TSN, beginnings that stay", |count| {
        let mut attack = Attack::new(false);
        // They lie behind a gap that FORWARD-TSN does not reach.
        let first = attack.tsn;
        attack.tsn = attack.tsn.wrapping_add(10_000);
        attack.build(count, |attack, out, n| {
            attack.data(out, n as u16, 0, FLAG_BEGIN)
        });
        attack.tsn = first;
        attack.inject_full(|attack, out| {
            let tsn = attack.next_tsn();
            write_forward(out, false, tsn, [].into_iter());
        })
    });
    for (name, flags) in [("ordered", 0), ("unordered", FLAG_UNORDERED)] {
        assert_independent(&format!("I-FORWARD-TSN, beginnings, {name}"), |count| {
            let mut attack = Attack::new(true);
            attack.build(count, |attack, out, n| {
                attack.data(out, 1, n + 10, FLAG_BEGIN | flags)
            });
            let skip = Skip {
                stream: StreamId(1),
                unordered: flags != 0,
                sequence: 0,
            };
            let skips = (PACKET - 8) / 8;
            let mut chunks = Vec::new();
            let tsn = attack.next_tsn();
            write_forward(&mut chunks, true, tsn, (0..skips).map(|_| skip));
            attack.inject(&chunks)
        });
    }
    assert_independent("I-FORWARD-TSN, messages that wait", |count| {
        let mut attack = Attack::new(true);
        attack.build(count, |attack, out, n| {
            attack.data(out, 1, n + 10_000, whole)
        });
        let skip = |n: usize| Skip {
            stream: StreamId(1),
            unordered: false,
            sequence: n as u32,
        };
        let mut chunks = Vec::new();
        let tsn = attack.next_tsn();
        write_forward(&mut chunks, true, tsn, (0..(PACKET - 8) / 8).map(skip));
        attack.inject(&chunks)
    });
}

#[test]
fn data_does_not_visit_what_waits() {
    for interleaved in [false, true] {
        assert_independent("one-byte fragments", |count| {
            let mut attack = Attack::new(interleaved);
            attack.build(count, |attack, out, n| {
                attack.data(out, n as u16, 1, FLAG_BEGIN)
            });
            let mut number = 0;
            attack.inject_full(|attack, out| {
                attack.data(out, 2000, 2 * number, FLAG_BEGIN);
                number += 1;
            })
        });
        assert_independent("duplicates", |count| {
            let mut attack = Attack::new(interleaved);
            attack.build(count, |attack, out, n| {
                attack.data(out, n as u16, 1, FLAG_BEGIN)
            });
            attack.inject_full(|attack, out| {
                attack.tsn = attack.tsn.wrapping_sub(1);
                attack.data(out, 1, 1, FLAG_BEGIN);
            })
        });
    }
}

#[test]
fn a_reset_costs_what_it_took_to_use_the_streams() {
    for count in [500, 1000] {
        let mut attack = Attack::new(true);
        attack.build(count, |attack, out, n| {
            attack.data(out, n as u16, 0, FLAG_BEGIN | FLAG_END)
        });
        // Our own use counts too: the application answers on each.
        for stream in 0..count {
            attack.pair.send(1, stream as u16, "answer");
        }
        let mut chunks = Vec::new();
        attack.reset(&mut chunks, &[]);
        let all = attack.inject(&chunks);
        assert!(
            (u64::from(count)..=2 * u64::from(count)).contains(&all),
            "{all}"
        );
        // Every stream is as if it was never used: there is nothing to do again but to read.
        let reading = PACKET as u64 / 4;
        let again = attack.inject_full(|attack, out| attack.reset(out, &[]));
        assert!(again <= reading, "{again}");
        // A request that we reset ours reaches each once.
        let ask = |attack: &mut Attack, out: &mut Vec<u8>| {
            let mut params = Vec::new();
            let number = attack.request.to_be_bytes();
            attack.request = attack.request.wrapping_add(1);
            write_param(&mut params, param_kind::INCOMING_RESET, &[&number]);
            write_chunk(out, kind::RECONFIG, 0, &params);
        };
        let mut chunks = Vec::new();
        ask(&mut attack, &mut chunks);
        let all = attack.inject(&chunks);
        assert!(all <= 2 * u64::from(count), "{all}");
        let again = attack.inject_full(|attack, out| ask(attack, out));
        assert!(again <= reading, "{again}");
        // Acknowledgements do not look at the streams that wait for theirs.
        let before = attack.victim().local_tsn.0.wrapping_sub(1);
        let sacks = attack.inject_full(|_, out| {
            write_sack(out, Tsn(before), 100_000, [].into_iter(), &[]);
        });
        assert!(sacks <= reading, "{sacks}");
    }
}
