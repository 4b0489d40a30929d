//! Our record layer against dimpl's own, which is the peer here.

#![expect(
    clippy::disallowed_methods,
    reason = "the library under test counts in `Instant`"
)]

use std::sync::Arc;

use dimpl::crypto::{CryptoProvider, Dtls12CipherSuite, Dtls13CipherSuite};
use dimpl::{Config, Output};

use super::tests::certificate;
use super::*;
use crate::dtls::library::FLIGHT_RETRIES;
use crate::dtls::{SealError, tap};
use crate::rng::Rng;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Suite {
    V12(Dtls12CipherSuite),
    V13(Dtls13CipherSuite),
}

const SUITES: [Suite; 6] = [
    Suite::V12(Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256),
    Suite::V12(Dtls12CipherSuite::ECDHE_ECDSA_AES256_GCM_SHA384),
    Suite::V12(Dtls12CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256),
    Suite::V13(Dtls13CipherSuite::AES_128_GCM_SHA256),
    Suite::V13(Dtls13CipherSuite::AES_256_GCM_SHA384),
    Suite::V13(Dtls13CipherSuite::CHACHA20_POLY1305_SHA256),
];
pub(super) const V13: Suite = SUITES[3];
pub(super) const V12: Suite = SUITES[0];

/// Our engine and dimpl by itself, connected.
struct Mixed {
    ours: Engine,
    theirs: Dtls,
    start: Instant,
    now: Time,
    got_ours: Vec<Vec<u8>>,
    got_theirs: Vec<Vec<u8>>,
    closed_theirs: bool,
    /// All that we sent, and the handshake of theirs.
    wire: Vec<Vec<u8>>,
    wire_theirs: Vec<Vec<u8>>,
}

pub(super) fn dtls(
    suite: Suite,
    provider: CryptoProvider,
    limit: u64,
    certificate: &Certificate,
    now: Instant,
) -> Dtls {
    let config = Config::builder()
        .use_server_cookie(false)
        .flight_start_rto(FLIGHT_RTO)
        .flight_retries(FLIGHT_RETRIES)
        .dangerously_set_rng_seed(limit)
        .with_crypto_provider(provider)
        .aead_encryption_limit(limit);
    let certificate = certificate.to_dimpl();
    match suite {
        Suite::V12(suite) => {
            let config = config.dtls12_cipher_suites(&[suite]).build().unwrap();
            Dtls::new_12(Arc::new(config), certificate, now)
        }
        Suite::V13(suite) => {
            let config = config.dtls13_cipher_suites(&[suite]).build().unwrap();
            Dtls::new_13(Arc::new(config), certificate, now)
        }
    }
}

impl Mixed {
    fn connect(suite: Suite, role: Role) -> Self {
        Self::with_limits(suite, role, 1 << 20, 1 << 20)
    }

    /// `ours` and `theirs` are the records that dimpl counts before it updates its keys.
    fn with_limits(suite: Suite, role: Role, ours: u64, theirs: u64) -> Self {
        let mut mixed = Self::handshake(suite, role, ours, theirs);
        // A record each way, which shows us the keys.
        mixed.send_ours(b"first");
        mixed.send_theirs(b"first");
        assert_eq!(mixed.got_ours, [b"first"], "{suite:?}");
        assert_eq!(mixed.got_theirs, [b"first"], "{suite:?}");
        assert!(mixed.ours.records.is_receiving(), "{suite:?}");
        assert!(mixed.ours.records.send_keys().is_some(), "{suite:?}");
        mixed
    }

    fn handshake(suite: Suite, role: Role, ours: u64, theirs: u64) -> Self {
        let (a, b) = (certificate(1), certificate(2));
        let start = Instant::now();
        let own = dtls(suite, tap::provider(), ours, &a, start);
        let plain = dimpl::crypto::aws_lc_rs::default_provider();
        let mut peer = dtls(suite, plain, theirs, &b, start);
        peer.set_active(role == Role::Server);
        peer.handle_timeout(start).unwrap();
        let mut mixed = Self {
            ours: Engine::over(own, role, b.fingerprints(), start, Time::ZERO),
            theirs: peer,
            start,
            now: Time::ZERO,
            got_ours: Vec::new(),
            got_theirs: Vec::new(),
            closed_theirs: false,
            wire: Vec::new(),
            wire_theirs: Vec::new(),
        };
        mixed.run();
        assert_eq!(mixed.ours.state(), DtlsState::Connected, "{suite:?}");
        mixed.wire.clear();
        mixed
    }

    /// Exchanges datagrams until both are quiet.
    fn run(&mut self) {
        for _ in 0..50 {
            let from_theirs = self.drain_theirs();
            let mut moved = !from_theirs.is_empty();
            if self.ours.state() == DtlsState::Connecting {
                self.wire_theirs.extend(from_theirs.iter().cloned());
            }
            for datagram in from_theirs {
                self.deliver_to_ours(&datagram);
            }
            for datagram in self.drain_ours() {
                moved = true;
                self.deliver_to_theirs(&datagram);
            }
            if !moved {
                return;
            }
        }
        panic!("never quiet");
    }

    /// Lets time pass for both.
    fn wait(&mut self, duration: Duration) {
        self.now += duration;
        self.ours.handle_timeout(self.now);
        let instant = self.instant();
        self.theirs.handle_timeout(instant).unwrap();
        self.run();
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_nanos(self.now.as_nanos())
    }

    fn drain_ours(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        let mut out = Vec::new();
        while let Some(len) = self.ours.poll_transmit(&mut out) {
            datagrams.push(out.split_off(out.len() - len));
        }
        self.wire.extend(datagrams.iter().cloned());
        datagrams
    }

    fn drain_theirs(&mut self) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        let mut buffer = vec![0; 20_000];
        loop {
            match self.theirs.poll_output(&mut buffer) {
                Output::Packet(packet) => datagrams.push(packet.to_vec()),
                Output::ApplicationData([]) => panic!("an empty record"),
                Output::ApplicationData(data) => self.got_theirs.push(data.to_vec()),
                Output::CloseNotify => self.closed_theirs = true,
                Output::Timeout(_) => return datagrams,
                _ => {}
            }
        }
    }

    fn deliver_to_ours(&mut self, datagram: &[u8]) {
        let got = &mut self.got_ours;
        let mut datagram = datagram.to_vec();
        self.ours
            .handle_datagram(self.now, &mut datagram, &mut |data| got.push(data.to_vec()));
    }

    /// One datagram, and what it brings forth.
    fn deliver_to_theirs(&mut self, datagram: &[u8]) {
        self.theirs.handle_packet(datagram).unwrap();
        for datagram in self.drain_theirs() {
            self.deliver_to_ours(&datagram);
        }
    }

    fn seal_ours(&mut self, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let len = self.ours.seal(data, &mut out).unwrap();
        assert_eq!(len, out.len());
        self.wire.push(out.clone());
        out
    }

    fn seal_theirs(&mut self, data: &[u8]) -> Vec<u8> {
        self.theirs.send_application_data(data).unwrap();
        let mut datagrams = self.drain_theirs();
        assert_eq!(datagrams.len(), 1);
        datagrams.remove(0)
    }

    fn send_ours(&mut self, data: &[u8]) {
        let datagram = self.seal_ours(data);
        self.deliver_to_theirs(&datagram);
        self.run();
    }

    fn send_theirs(&mut self, data: &[u8]) {
        self.theirs.send_application_data(data).unwrap();
        self.run();
    }

    /// `count` numbered records each way, all of which must arrive in order.
    fn transfer(&mut self, count: u32) {
        let filler = [0x5a; 40];
        self.got_ours.clear();
        self.got_theirs.clear();
        for number in 0..count {
            let data = [&number.to_be_bytes()[..], &filler].concat();
            self.send_ours(&data);
            self.send_theirs(&data);
        }
        let expected = |got: &[Vec<u8>]| {
            got.len() == count as usize
                && got
                    .iter()
                    .zip(0..count)
                    .all(|(data, number)| data.get(..4) == Some(&number.to_be_bytes()[..]))
        };
        assert!(expected(&self.got_theirs), "{}", self.got_theirs.len());
        assert!(expected(&self.got_ours), "{}", self.got_ours.len());
    }

    /// No datagram of ours shows its content or a tag that is not one. (That no nonce comes twice is
    /// checked where records are sealed.)
    fn check_wire(&self) {
        assert!(self.wire.len() > 10);
        for datagram in &self.wire {
            assert!(!datagram.windows(12).any(|window| window == [0x5a; 12]));
            assert!(!datagram.windows(16).any(|window| window == [0; 16]));
        }
    }
}

#[test]
fn every_suite_carries_data_both_ways_in_both_roles() {
    for suite in SUITES {
        for role in [Role::Client, Role::Server] {
            let mut mixed = Mixed::connect(suite, role);
            mixed.transfer(300);
            mixed.check_wire();
            assert_eq!(mixed.ours.drops().total(), 0, "{suite:?} {role:?}");
        }
    }
}

#[test]
fn reordered_records_arrive_once_each() {
    for suite in SUITES {
        let mut mixed = Mixed::connect(suite, Role::Client);
        let mut rng = Rng::from_test_seed(1);
        let mut datagrams: Vec<_> = (0..100_u8).map(|n| mixed.seal_theirs(&[n, 1])).collect();
        for at in (1..datagrams.len()).rev() {
            datagrams.swap(at, rng.below(at as u64 + 1) as usize);
        }
        mixed.got_ours.clear();
        for _ in 0..3 {
            for datagram in &datagrams {
                mixed.deliver_to_ours(datagram);
            }
        }
        mixed.got_ours.sort();
        let expected: Vec<Vec<u8>> = (0..100).map(|n| vec![n, 1]).collect();
        assert_eq!(mixed.got_ours, expected, "{suite:?}");
        assert_eq!(mixed.ours.drops().count(DropReason::DtlsRecord), 200);
        // Several records in a datagram, and a lost one.
        let lost = mixed.seal_theirs(b"lost");
        let both = [mixed.seal_theirs(b"a"), mixed.seal_theirs(b"b")].concat();
        mixed.got_ours.clear();
        mixed.deliver_to_ours(&both);
        mixed.deliver_to_ours(&lost);
        assert_eq!(mixed.got_ours, [&b"a"[..], b"b", b"lost"], "{suite:?}");
    }
}

#[test]
fn a_record_with_any_bit_flipped_is_dropped() {
    for suite in SUITES {
        let mut mixed = Mixed::connect(suite, Role::Server);
        mixed.transfer(3);
        mixed.got_ours.clear();
        let record = mixed.seal_theirs(b"genuine");
        for bit in 0..record.len() * 8 {
            let mut forged = record.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            mixed.deliver_to_ours(&forged);
            assert_eq!(mixed.got_ours, Vec::<Vec<u8>>::new(), "{suite:?} bit {bit}");
        }
        assert!(mixed.ours.drops().count(DropReason::DtlsRecord) > 150);
        mixed.deliver_to_ours(&record);
        assert_eq!(mixed.got_ours, [b"genuine"], "{suite:?}");
        mixed.transfer(3);
    }
}

#[test]
fn garbage_changes_nothing() {
    for suite in [V12, V13] {
        let mut mixed = Mixed::connect(suite, Role::Client);
        let mut rng = Rng::from_test_seed(7);
        mixed.got_ours.clear();
        for round in 0..20_000_u64 {
            let mut garbage = vec![0; rng.below(60) as usize];
            rng.fill(&mut garbage);
            if let Some(first) = garbage.first_mut() {
                *first = 20 + (round % 44) as u8;
            }
            if round % 2 == 0 && garbage.len() > 13 {
                let len = garbage.len() as u8;
                match suite {
                    Suite::V12(_) => {
                        garbage[..5].copy_from_slice(&[23, 254, 253, 0, 1]);
                        garbage[11..13].copy_from_slice(&[0, len - 13]);
                    }
                    Suite::V13(_) => {
                        garbage[0] = 0x2f;
                        garbage[3..5].copy_from_slice(&[0, len - 5]);
                    }
                }
            }
            mixed.deliver_to_ours(&garbage);
        }
        assert_eq!(mixed.got_ours, Vec::<Vec<u8>>::new());
        mixed.transfer(10);
    }
}

#[test]
fn a_close_is_understood_after_100_000_records() {
    for suite in [V12, V13] {
        for we_close in [false, true] {
            let mut mixed = Mixed::connect(suite, Role::Client);
            mixed.transfer(100_000);
            if we_close {
                mixed.ours.close();
                mixed.run();
                assert!(mixed.closed_theirs, "{suite:?}");
            } else {
                mixed.theirs.close().unwrap();
                mixed.run();
                assert_eq!(mixed.ours.state(), DtlsState::Closed, "{suite:?}");
            }
            mixed.check_wire();
        }
    }
}

#[test]
fn keys_are_updated_after_many_records_and_data_goes_on() {
    for role in [Role::Client, Role::Server] {
        // 256 times 300 of ours, which then asks theirs, and theirs once more.
        let mut mixed = Mixed::with_limits(V13, role, 300, 100_000);
        mixed.transfer(150_000);
        let (sent, received) = mixed.ours.records.epochs();
        assert!(sent >= 5 && received >= 5, "{sent} {received}");
        assert_eq!(mixed.ours.drops().total(), 0);
        mixed.check_wire();
        mixed.transfer(1_000);
        mixed.theirs.close().unwrap();
        mixed.run();
        assert_eq!(mixed.ours.state(), DtlsState::Closed);
    }
}

#[test]
fn epochs_go_round_in_their_two_bits() {
    for (ours, theirs) in [(2, 1 << 20), (1 << 20, 500)] {
        let mut mixed = Mixed::with_limits(V13, Role::Client, ours, theirs);
        mixed.transfer(8_000);
        let (sent, received) = mixed.ours.records.epochs();
        assert!(sent > 8 && received > 8, "{sent} {received}");
        mixed.check_wire();
    }
}

#[test]
fn records_of_an_epoch_whose_place_is_taken_stay_closed() {
    // An epoch's number has two bits on the wire, so every fourth one looks alike.
    let mut mixed = Mixed::with_limits(V13, Role::Server, 1 << 20, 500);
    let mut recorded = Vec::new();
    let mut replayed = 0;
    for round in 0..6_000 {
        mixed.theirs.send_application_data(&[9; 40]).unwrap();
        let datagrams = mixed.drain_theirs();
        for datagram in &datagrams {
            mixed.deliver_to_ours(datagram);
        }
        mixed.run();
        mixed.send_ours(&[9; 40]);
        if round % 100 == 0 {
            recorded.extend(datagrams);
            mixed.got_ours.clear();
            for datagram in &recorded {
                mixed.deliver_to_ours(datagram);
            }
            replayed += mixed.got_ours.len();
        }
    }
    let (_, received) = mixed.ours.records.epochs();
    assert!(received > 8, "{received}");
    assert_eq!(replayed, 0);
    mixed.transfer(100);
}

#[test]
fn what_dimpl_leaves_to_us_shows_nothing_by_itself() {
    for suite in SUITES {
        let mut mixed = Mixed::connect(suite, Role::Client);
        // As if dimpl handed the record out in a way that we do not foresee.
        let raw = {
            tap::begin(super::super::acks::Acks::default());
            mixed.ours.dtls.send_application_data(&[0x5a; 40]).unwrap();
            let mut buffer = vec![0; 4000];
            let Output::Packet(packet) = mixed.ours.dtls.poll_output(&mut buffer) else {
                panic!("no record");
            };
            packet.to_vec()
        };
        tap::finish();
        assert!(
            !raw.windows(4).any(|window| window == [0x5a; 4]),
            "{suite:?}"
        );
        assert!(mixed.ours.records.outgoing(&raw).is_empty(), "{suite:?}");
    }
}

#[test]
fn key_updates_survive_loss() {
    // One side starts them all: two updates of dimpl's that cross can be one too many for it.
    for (seed, limits) in (0..10).zip([(8, 1 << 20), (1 << 20, 500)].iter().cycle()) {
        let mut rng = Rng::from_test_seed(seed);
        let mut mixed = Mixed::with_limits(V13, Role::Server, limits.0, limits.1);
        let mut from_theirs = Vec::new();
        for round in 0..20_000_u32 {
            let data = [&round.to_be_bytes()[..], &[0x5a; 40]].concat();
            let mut from_ours = vec![mixed.seal_ours(&data)];
            from_ours.extend(mixed.drain_ours());
            mixed.theirs.send_application_data(&data).unwrap();
            from_theirs.extend(mixed.drain_theirs());
            for datagram in std::mem::take(&mut from_theirs) {
                if rng.below(10) > 0 {
                    mixed.deliver_to_ours(&datagram);
                }
            }
            for datagram in from_ours {
                if rng.below(10) > 0 {
                    mixed.theirs.handle_packet(&datagram).unwrap();
                    from_theirs.extend(mixed.drain_theirs());
                }
            }
            if round % 20 == 0 {
                mixed.now += Duration::from_millis(20);
                mixed.ours.handle_timeout(mixed.now);
                let instant = mixed.instant();
                mixed.theirs.handle_timeout(instant).unwrap();
                from_theirs.extend(mixed.drain_theirs());
            }
        }
        mixed.wait(Duration::from_secs(5));
        mixed.wait(Duration::from_secs(5));
        let (sent, received) = mixed.ours.records.epochs();
        assert!(sent > 8 && received > 8, "seed {seed}: {sent} {received}");
        mixed.transfer(1_000);
        mixed.check_wire();
    }
}

#[test]
fn a_repeated_last_flight_is_answered_under_fresh_numbers() {
    let mut mixed = Mixed::handshake(V12, Role::Server, 1 << 20, 1 << 20);
    assert!(mixed.ours.records.send_keys().is_some());
    let sent = mixed.wire.len();
    for datagram in mixed.wire_theirs.clone() {
        mixed.deliver_to_ours(&datagram);
    }
    let answers = mixed.drain_ours();
    assert!(!answers.is_empty(), "the last flight is not repeated");
    for datagram in &answers {
        assert!(!datagram.windows(16).any(|window| window == [0; 16]));
        mixed.deliver_to_theirs(datagram);
    }
    assert!(mixed.wire.len() > sent);
    mixed.transfer(20);
}

#[test]
fn a_used_up_key_seals_no_data_but_the_goodbye() {
    let mut mixed = Mixed::connect(V13, Role::Client);
    mixed.ours.records.send_keys().unwrap().skip_to(23_700_000);
    let error = mixed.ours.seal(b"too much", &mut Vec::new()).unwrap_err();
    assert!(matches!(error, SealError::Record(_)), "{error}");
    assert_eq!(mixed.ours.state(), DtlsState::Connected);
    mixed.ours.close();
    assert_eq!(mixed.drain_ours().len(), 1);
    let long = vec![0; 20_000];
    let mut mixed = Mixed::connect(V13, Role::Client);
    assert!(mixed.ours.seal(&long, &mut Vec::new()).is_err());
    mixed.transfer(5);
}

#[test]
fn keys_of_one_engine_never_reach_another() {
    // A handshake that fails leaves keys behind; the next engine on the thread must not take them.
    let (a, b) = (certificate(1), certificate(2));
    for _ in 0..2 {
        let start = Instant::now();
        let plain = dimpl::crypto::aws_lc_rs::default_provider();
        let own = dtls(V13, tap::provider(), 1 << 20, &a, start);
        let mut peer = dtls(V13, plain, 1 << 20, &b, start);
        peer.set_active(false);
        peer.handle_timeout(start).unwrap();
        let mut engine = Engine::over(own, Role::Client, a.fingerprints(), start, Time::ZERO);
        let (mut out, mut buffer) = (Vec::new(), vec![0; 4000]);
        while let Some(len) = engine.poll_transmit(&mut out) {
            let _ = peer.handle_packet(&out.split_off(out.len() - len));
            while let Output::Packet(packet) = peer.poll_output(&mut buffer) {
                engine.handle_datagram(Time::ZERO, packet.to_vec().as_mut_slice(), &mut |_| {});
            }
        }
        assert_eq!(engine.state(), DtlsState::Failed);
        assert!(!engine.records.is_receiving());
        assert!(engine.records.send_keys().is_none());
        Mixed::connect(V13, Role::Client).transfer(10);
    }
}
