//! What the worst datagrams cost, against the state that a peer can build up: as much as their own
//! bytes. What the library does with a record that it is handed is not counted, but how often it is
//! called.

#![expect(
    clippy::disallowed_methods,
    reason = "the library under test counts in `Instant`"
)]

use super::record_tests::{Suite, V12, V13, dtls};
use super::tests::certificate;
use super::*;
use crate::dtls::keys::SendKeys;
use crate::dtls::tap;
use crate::work;

/// The largest datagram.
const DATAGRAM: usize = 65_000;

/// A peer that means harm, and whom it has connected to.
struct Attack {
    victim: Engine,
    peer: Engine,
    now: Time,
}

impl Attack {
    fn new(suite: Suite) -> Self {
        Self::with_limit(suite, 1 << 20)
    }

    /// `limit` is after how many records dimpl updates its keys.
    fn with_limit(suite: Suite, limit: u64) -> Self {
        let (a, b) = (certificate(1), certificate(2));
        let start = Instant::now();
        let engine = |own: &Certificate, other: &Certificate, role| {
            let dtls = dtls(suite, tap::provider(), limit, own, start);
            Engine::over(dtls, role, other.fingerprints(), start, Time::ZERO)
        };
        let mut attack = Self {
            victim: engine(&a, &b, Role::Server),
            peer: engine(&b, &a, Role::Client),
            now: Time::ZERO,
        };
        attack.exchange();
        // A record each way, which shows the keys.
        attack.send(true);
        attack.send(false);
        assert!(attack.victim.records.is_receiving(), "{suite:?}");
        attack
    }

    fn exchange(&mut self) {
        for _ in 0..20 {
            let mut out = Vec::new();
            while let Some(len) = self.peer.poll_transmit(&mut out) {
                let mut datagram = out.split_off(out.len() - len);
                self.victim
                    .handle_datagram(self.now, &mut datagram, &mut |_| {});
            }
            while let Some(len) = self.victim.poll_transmit(&mut out) {
                let mut datagram = out.split_off(out.len() - len);
                self.peer
                    .handle_datagram(self.now, &mut datagram, &mut |_| {});
            }
        }
    }

    /// One record of application data.
    fn send(&mut self, by_peer: bool) {
        let ends = (&mut self.victim, &mut self.peer);
        let (to, from) = if by_peer { ends } else { (ends.1, ends.0) };
        let mut record = Vec::new();
        from.seal(b"data", &mut record).unwrap();
        to.handle_datagram(self.now, &mut record, &mut |_| {});
    }

    /// Gives the victim a datagram, and counts the work. What it answers is lost.
    fn inject(&mut self, datagram: &[u8]) -> u64 {
        let mut datagram = datagram.to_vec();
        let work = work::of(|| {
            self.victim
                .handle_datagram(self.now, &mut datagram, &mut |_| {});
        });
        while self.victim.poll_transmit(&mut Vec::new()).is_some() {}
        work
    }

    fn keys(&mut self) -> &mut SendKeys {
        self.peer.records.send_keys().unwrap()
    }

    /// As many records as fit into a datagram, each made by `record`.
    fn full(&mut self, mut record: impl FnMut(&mut Self, &mut Vec<u8>)) -> Vec<u8> {
        let mut datagram = Vec::new();
        loop {
            let before = datagram.len();
            record(self, &mut datagram);
            if datagram.len() > DATAGRAM {
                datagram.truncate(before);
                return datagram;
            }
        }
    }

    fn seal(&mut self, kind: u8, content: &[u8], out: &mut Vec<u8>) {
        self.keys().seal(kind, content, out).unwrap();
    }

    /// Seals under a number that lies so much further on.
    fn skip(&mut self, by: u64, kind: u8, content: &[u8], out: &mut Vec<u8>) {
        let next = self.keys().next() + by;
        self.keys().skip_to(next);
        self.seal(kind, content, out);
    }
}

/// An ACK of so many records that nobody sent (RFC 9147 section 7).
fn ack(entries: usize) -> Vec<u8> {
    let mut ack = (entries as u16 * 16).to_be_bytes().to_vec();
    for number in 0..entries as u64 {
        ack.extend(3_u64.to_be_bytes());
        ack.extend((number + 1_000).to_be_bytes());
    }
    ack
}

/// A header of the right epoch over nothing that the key protects.
fn forged(suite: Suite, len: u8, out: &mut Vec<u8>) {
    match suite {
        Suite::V13(_) => out.extend([0x2f, 0, 0, 0, len]),
        Suite::V12(_) => out.extend([23, 254, 253, 0, 1, 0, 0, 0, 1, 0, 0, 0, len]),
    }
    out.resize(out.len() + usize::from(len), 7);
}

type Make = fn(&mut Attack, Suite, &mut Vec<u8>);

const WORST: [(&str, Make); 9] = [
    ("shortest forgeries", |_, suite, out| forged(suite, 1, out)),
    ("forgeries", |_, suite, out| forged(suite, 17, out)),
    ("nothing in them", |attack, _, out| {
        attack.seal(23, &[], out)
    }),
    ("a window apart", |attack, _, out| {
        attack.skip(4_094, 23, &[1], out);
    }),
    ("what dimpl must see", |attack, _, out| {
        attack.skip(1_024, 23, &[1], out);
    }),
    ("warnings", |attack, _, out| attack.seal(21, &[1, 90], out)),
    ("ACKs", |attack, _, out| attack.seal(26, &ack(1_000), out)),
    ("parts of messages", |attack, _, out| {
        let fragment = [24, 0, 0, 1, 0, 200, 0, 0, 0, 0, 0, 1, 0];
        attack.seal(22, &fragment, out);
    }),
    ("another epoch", |_, _, out| {
        out.extend([23, 254, 253, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 7]);
    }),
];

#[test]
fn a_datagram_costs_as_much_as_its_bytes() {
    for suite in [V12, V13] {
        for (name, make) in WORST {
            let mut attack = Attack::new(suite);
            let datagram = attack.full(|attack, out| make(attack, suite, out));
            let work = attack.inject(&datagram);
            let most = 6 * datagram.len() as u64;
            println!("{suite:?}, {name}: {work} for {} bytes", datagram.len());
            assert!(work <= most, "{suite:?}, {name}: {work} of {most}");
            // Once more, as somebody on the path can.
            let again = attack.inject(&datagram);
            assert!(again <= most, "{suite:?}, {name}: {again} of {most}");
        }
    }
}

/// The work of a datagram does not grow with what came before it.
#[test]
fn a_datagram_does_not_look_at_what_came_before() {
    for suite in [V12, V13] {
        for (name, make) in WORST {
            let cost = |before: usize| {
                let mut attack = Attack::new(suite);
                for _ in 0..before {
                    for (_, make) in WORST {
                        let mut datagram = Vec::new();
                        for _ in 0..20 {
                            make(&mut attack, suite, &mut datagram);
                        }
                        attack.inject(&datagram);
                    }
                }
                assert_eq!(attack.victim.state(), DtlsState::Connected, "{name}");
                let datagram = attack.full(|attack, out| make(attack, suite, out));
                (attack.inject(&datagram), datagram.len() as u64)
            };
            let ((few, len), (many, _)) = (cost(5), cost(50));
            assert!(
                few.abs_diff(many) <= len / 50,
                "{suite:?}, {name}: {few} {many} for {len} bytes"
            );
        }
    }
}

/// The peer's key updates, each of which makes keys, and ours, whose records wait for ACKs.
#[test]
fn key_updates_leave_nothing_behind_that_costs() {
    let cost = |updates: u16| {
        let mut attack = Attack::with_limit(V13, 8);
        while attack.victim.records.epochs().0 < updates {
            attack.victim.tick();
            attack.exchange();
            // A record under the new key shows it.
            attack.send(true);
            attack.send(false);
            attack.exchange();
        }
        let acks = attack.full(|attack, out| attack.seal(26, &ack(1_000), out));
        (attack.inject(&acks), acks.len() as u64)
    };
    // An entry of an ACK has 16 bytes, and is compared with 64 records.
    let ((few, len), (many, _)) = (cost(80), cost(160));
    assert!(many <= 5 * len, "{many} for {len} bytes");
    assert!(
        few.abs_diff(many) <= len / 50,
        "{few} {many} for {len} bytes"
    );
}
