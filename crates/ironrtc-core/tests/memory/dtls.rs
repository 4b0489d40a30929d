//! What handshake messages and records make a DTLS engine keep. Only a peer that has answered ICE's
//! checks, or somebody on the path to it, gets this far.

#![expect(
    clippy::disallowed_methods,
    reason = "the library under test counts in `Instant`"
)]

use std::time::{Duration, Instant};

use ironrtc_core::dtls::{Certificate, CertificateOptions, DtlsState, Engine, Fingerprint, Role};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

use super::{alone, measure};

/// What an engine takes that has done nothing but connect.
const ENGINE: usize = 192 * 1024;
/// The library keeps 30 datagrams until a handshake message is whole, of 16 records each, and what it
/// has read of a record takes so much. A server keeps the datagrams as they came as well, until it
/// knows the version.
const HELD: usize = 30;
const RECORDS: usize = 16;
const RECORD: usize = 10 * 1024;
const AS_THEY_CAME: usize = 64;
/// Datagrams of the usual size, nearly as large as the largest that are read before there are keys,
/// and the largest of all.
const SIZES: [usize; 3] = [1_200, 18_000, 60_000];
/// The largest record, which nothing needs to be longer than.
const LONGEST: usize = 13 + (1 << 14) + 2048;

fn certificate(seed: u64) -> Certificate {
    let now = Duration::from_secs(1_790_000_000);
    let options = CertificateOptions::default();
    Certificate::generate(options, now, &mut Rng::from_test_seed(seed)).unwrap()
}

fn engine(own: &Certificate, role: Role, peer: Vec<Fingerprint>) -> Engine {
    Engine::new(own, role, peer, Instant::now(), Time::ZERO).unwrap()
}

/// A record in the clear or under a key that nobody has.
fn record(kind: u8, epoch: u16, sequence: u32, content: &[u8]) -> Vec<u8> {
    let mut record = vec![kind, 254, 253];
    record.extend(epoch.to_be_bytes());
    record.extend([0, 0]);
    record.extend(sequence.to_be_bytes());
    record.extend((content.len() as u16).to_be_bytes());
    record.extend(content);
    record
}

/// A fragment of one byte of a handshake message.
fn fragment(kind: u8, message: u16, offset: u32, len: u32) -> Vec<u8> {
    let [_, a, b, c] = 16_000_u32.to_be_bytes();
    let [_, x, y, z] = offset.to_be_bytes();
    let [_, p, q, r] = len.to_be_bytes();
    let [m, n] = message.to_be_bytes();
    let mut fragment = vec![kind, a, b, c, m, n, x, y, z, p, q, r];
    fragment.resize(12 + len as usize, 0x5a);
    fragment
}

type Make = fn(u32, usize) -> Vec<u8>;

/// The n-th record, of about so many bytes.
const FLOODS: [(&str, Make); 9] = [
    ("parts of a ClientHello", |n, len| {
        record(22, 0, n, &fragment(1, 0, n % 16_000, len as u32))
    }),
    ("ClientHellos to come", |n, len| {
        record(22, 0, n, &fragment(1, n as u16, 0, len as u32))
    }),
    ("parts of a ServerHello", |n, len| {
        record(22, 0, n, &fragment(2, 0, n % 16_000, len as u32))
    }),
    ("parts of certificates", |n, len| {
        record(
            22,
            0,
            n,
            &fragment(11, 1 + (n % 5) as u16, n % 16_000, len as u32),
        )
    }),
    ("records of DTLS 1.2 to come", |n, len| {
        record(23, 1, n, &vec![7; len])
    }),
    ("records of DTLS 1.3 to come", |n, len| {
        let mut record = vec![0x2e + (n % 2) as u8];
        record.extend((n as u16).to_be_bytes());
        record.extend((len as u16).to_be_bytes());
        record.resize(5 + len, 7);
        record
    }),
    ("changes of keys", |n, _| record(20, 0, n, &[1])),
    ("alerts", |n, _| record(21, 0, n, &[1, 90])),
    ("ACKs", |n, len| {
        let entries = (len / 16).min(500) as u16;
        let mut ack = (entries * 16).to_be_bytes().to_vec();
        ack.resize(2 + usize::from(entries) * 16, 3);
        record(26, 0, n, &ack)
    }),
];

/// Fills datagrams with what `make` makes.
fn flood(victim: &mut Engine, make: Make, size: usize) {
    let mut number = 0;
    for datagram in 0..300_u64 {
        let mut bytes = Vec::with_capacity(size);
        // The library reads 16 records of a datagram.
        for _ in 0..16 {
            number += 1;
            bytes.extend(make(number, size / 16 - 40));
        }
        let now = Time::from_millis(datagram);
        victim.handle_datagram(now, &mut bytes, &mut |_| {});
        victim.handle_timeout(now);
        while victim.poll_event().is_some() {}
        if datagram % 100 < 50 {
            while victim.poll_transmit(&mut Vec::new()).is_some() {}
        }
    }
}

#[test]
fn floods_before_the_handshake_take_bounded_memory() {
    let _alone = alone();
    let (own, other) = (certificate(1), certificate(2));
    // What is made once for the whole process.
    drop(engine(&own, Role::Client, other.fingerprints()));
    for role in [Role::Client, Role::Server] {
        for (name, make) in FLOODS {
            for size in SIZES {
                let (_, cost) = measure(|| {
                    let mut victim = engine(&own, role, other.fingerprints());
                    flood(&mut victim, make, size);
                });
                let most =
                    ENGINE + HELD * RECORDS * RECORD + (HELD + AS_THEY_CAME) * size.min(LONGEST);
                println!("{role:?}, {name}, {size}: {} of {most}", cost.peak);
                assert!(
                    cost.peak <= most,
                    "{role:?}, {name}, {size}: {cost:?}, over {most}"
                );
            }
        }
    }
}

/// Moves datagrams until both are quiet.
fn exchange(a: &mut Engine, b: &mut Engine) {
    for _ in 0..20 {
        for _ in 0..2 {
            let mut out = Vec::new();
            while let Some(len) = a.poll_transmit(&mut out) {
                let mut datagram = out.split_off(out.len() - len);
                b.handle_datagram(Time::ZERO, &mut datagram, &mut |_| {});
            }
            std::mem::swap(a, b);
        }
    }
}

#[test]
fn floods_after_the_handshake_take_bounded_memory() {
    let _alone = alone();
    let (own, other) = (certificate(1), certificate(2));
    for (name, make) in FLOODS {
        for size in SIZES {
            let mut victim = engine(&own, Role::Server, other.fingerprints());
            let mut peer = engine(&other, Role::Client, own.fingerprints());
            exchange(&mut victim, &mut peer);
            assert_eq!(victim.state(), DtlsState::Connected);
            let (_, cost) = measure(|| flood(&mut victim, make, size));
            let most = ENGINE + 2 * size;
            println!("{name}, {size}: {} of {most}", cost.peak);
            assert!(cost.peak <= most, "{name}, {size}: {cost:?}, over {most}");
            assert_eq!(victim.state(), DtlsState::Connected, "{name}");
        }
    }
}
