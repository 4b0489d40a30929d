#![expect(
    clippy::disallowed_methods,
    reason = "the library under test counts in `Instant`"
)]

use ironrtc_netem::{Link, Parcel, Wire};

use super::*;
use crate::dtls::{CertificateOptions, HashAlgorithm, SealError};
use crate::rng::Rng;

pub(super) fn certificate(seed: u64) -> Certificate {
    let now = Duration::from_secs(1_790_000_000);
    Certificate::generate(
        CertificateOptions::default(),
        now,
        &mut Rng::from_test_seed(seed),
    )
    .unwrap()
}

pub(super) struct Pair {
    pub(super) client: Engine,
    pub(super) server: Engine,
    pub(super) now: Time,
    /// Without delay, so that time passes by timers alone.
    wire: Wire<Vec<u8>>,
    rng: Rng,
    to_client: Vec<Vec<u8>>,
    to_server: Vec<Vec<u8>>,
}

impl Pair {
    pub(super) fn new() -> Self {
        let (a, b) = (certificate(1), certificate(2));
        Self::with(&a, b.fingerprints(), &b, a.fingerprints())
    }

    pub(super) fn with(
        client: &Certificate,
        expected_by_client: Vec<Fingerprint>,
        server: &Certificate,
        expected_by_server: Vec<Fingerprint>,
    ) -> Self {
        let epoch = Instant::now();
        let engine = |certificate, role, expected| {
            Engine::new(certificate, role, expected, epoch, Time::ZERO).unwrap()
        };
        Self {
            client: engine(client, Role::Client, expected_by_client),
            server: engine(server, Role::Server, expected_by_server),
            now: Time::ZERO,
            wire: Wire::new(Link::plain(Duration::ZERO)),
            rng: Rng::from_test_seed(0),
            to_client: Vec::new(),
            to_server: Vec::new(),
        }
    }

    /// Exchanges datagrams until both are quiet.
    pub(super) fn run(&mut self) {
        for _ in 0..400 {
            self.flush();
            let mut moved = false;
            while let Some((to, mut datagram)) = self.wire.receive(self.now.since(Time::ZERO)) {
                moved = true;
                let (engine, messages) = match to {
                    0 => (&mut self.client, &mut self.to_client),
                    _ => (&mut self.server, &mut self.to_server),
                };
                engine.handle_datagram(self.now, &mut datagram, &mut |data| {
                    messages.push(data.to_vec());
                });
            }
            if !moved {
                let next = [self.client.poll_timeout(), self.server.poll_timeout()];
                let done = [self.client.state(), self.server.state()]
                    .iter()
                    .all(|state| *state != DtlsState::Connecting);
                let Some(at) = next.into_iter().flatten().min().filter(|_| !done) else {
                    return;
                };
                self.now = self.now.max(at);
                self.client.handle_timeout(self.now);
                self.server.handle_timeout(self.now);
            }
        }
    }

    fn flush(&mut self) {
        let mut out = Vec::new();
        for (from, engine) in [&mut self.client, &mut self.server].into_iter().enumerate() {
            while engine.poll_transmit(&mut out).is_some() {
                let datagram = std::mem::take(&mut out);
                let parcel = Parcel::bare(datagram.len());
                let mut below = |bound| self.rng.below(bound);
                let now = self.now.since(Time::ZERO);
                self.wire.send(now, from, parcel, &datagram, &mut below);
            }
        }
    }

    fn assert_connected(&self) {
        for side in [&self.client, &self.server] {
            assert_eq!(side.state(), DtlsState::Connected, "{:?}", side.failure());
        }
    }
}

#[test]
fn two_engines_connect_and_exchange_records() {
    let mut pair = Pair::new();
    pair.run();
    pair.assert_connected();
    assert_eq!(pair.client.version(), Some("FEFC"));

    let mut out = Vec::new();
    let len = pair.client.seal(b"hello", &mut out).unwrap();
    assert_eq!(len, out.len());
    assert!(len <= 5 + pair.client.overhead());
    assert!(!out.windows(5).any(|window| window == b"hello"));
    let mut got = Vec::new();
    let mut replay = out.clone();
    pair.server
        .handle_datagram(pair.now, &mut out, &mut |data| got.push(data.to_vec()));
    pair.server
        .handle_datagram(pair.now, &mut replay, &mut |data| got.push(data.to_vec()));
    assert_eq!(got, [b"hello".to_vec()], "once, though it came twice");
}

#[test]
fn a_handshake_survives_loss() {
    for seed in 0..10 {
        let mut pair = Pair::new();
        pair.rng = Rng::from_test_seed(seed);
        pair.wire.link.loss = 300;
        pair.run();
        assert_eq!(pair.client.state(), DtlsState::Connected, "seed {seed}");
        assert_eq!(pair.server.state(), DtlsState::Connected, "seed {seed}");
    }
}

#[test]
fn any_matching_fingerprint_is_enough_and_none_fails_closed() {
    let (a, b, other) = (certificate(1), certificate(2), certificate(3));
    let mut several = other.fingerprints();
    several.push(Fingerprint::of(HashAlgorithm::Sha384, b.der()));
    let mut pair = Pair::with(&a, several, &b, a.fingerprints());
    pair.run();
    assert_eq!(pair.client.state(), DtlsState::Connected);

    let mut pair = Pair::with(&a, other.fingerprints(), &b, a.fingerprints());
    pair.run();
    assert_eq!(pair.client.state(), DtlsState::Failed);
    assert_eq!(pair.client.failure(), Some(&DtlsError::FingerprintMismatch));
    assert_eq!(pair.client.remote_certificate(), None);
    assert_eq!(
        pair.client.seal(b"x", &mut Vec::new()),
        Err(SealError::NotConnected)
    );
    assert!(pair.to_client.is_empty());

    let mut pair = Pair::with(&a, b.fingerprints(), &b, other.fingerprints());
    pair.run();
    assert_eq!(pair.server.state(), DtlsState::Failed);
    // The client may think that it is connected, but nothing that it sends gets through.
    let mut out = Vec::new();
    if pair.client.seal(b"secret", &mut out).is_ok() {
        pair.server
            .handle_datagram(pair.now, &mut out, &mut |_| panic!("a byte passed"));
    }
}

#[test]
fn no_fingerprint_at_all_is_refused_at_once() {
    let engine = Engine::new(
        &certificate(1),
        Role::Client,
        Vec::new(),
        Instant::now(),
        Time::ZERO,
    );
    assert_eq!(engine.err(), Some(DtlsError::NoFingerprint));
}

#[test]
fn garbage_before_and_during_the_handshake_changes_nothing() {
    let mut pair = Pair::new();
    let mut rng = Rng::from_test_seed(9);
    for round in 0..300u64 {
        let mut garbage = vec![0; usize::try_from(rng.below(200)).unwrap()];
        rng.fill(&mut garbage);
        if let Some(first) = garbage.first_mut() {
            *first = 20 + (round % 44) as u8;
        }
        pair.client
            .handle_datagram(pair.now, &mut garbage.clone(), &mut |_| panic!());
        pair.server
            .handle_datagram(pair.now, &mut garbage, &mut |_| panic!());
    }
    // A well-formed record of another kind before the ServerHello: fatal to the library alone.
    let mut stray = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4];
    pair.client
        .handle_datagram(pair.now, &mut stray, &mut |_| panic!());
    pair.run();
    pair.assert_connected();
    assert!(pair.client.drops().count(DropReason::DtlsRecord) > 0);
}

#[test]
fn plaintext_application_data_after_the_handshake_is_dropped() {
    let mut pair = Pair::new();
    pair.run();
    let mut record = vec![23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 3, b'b', b'a', b'd'];
    pair.server
        .handle_datagram(pair.now, &mut record, &mut |_| panic!("plaintext passed"));
    assert_eq!(pair.server.state(), DtlsState::Connected);
}

#[test]
fn close_reaches_the_peer() {
    let mut pair = Pair::new();
    pair.run();
    pair.client.close();
    assert_eq!(pair.client.state(), DtlsState::Closed);
    pair.run();
    assert_eq!(pair.server.state(), DtlsState::Closed);
    assert_eq!(pair.client.poll_timeout(), None);
}

#[test]
fn a_peer_that_falls_silent_in_the_handshake_ends_it_in_failure() {
    let mut pair = Pair::new();
    let mut out = Vec::new();
    while pair.client.poll_transmit(&mut out).is_some() {}
    pair.server
        .handle_datagram(pair.now, &mut out, &mut |_| panic!());
    for engine in [&mut pair.client, &mut pair.server] {
        let mut hello = Vec::new();
        while engine.poll_transmit(&mut hello).is_some() {}
    }
    while let Some(at) = pair.server.poll_timeout() {
        assert!(at <= Time::from_millis(60_000), "never gave up");
        pair.server.handle_timeout(at);
        while pair.server.poll_transmit(&mut out).is_some() {}
    }
    assert_eq!(pair.server.state(), DtlsState::Failed);
}

#[test]
fn no_timer_stays_in_the_past() {
    let mut pair = Pair::new();
    pair.run();
    for engine in [&mut pair.client, &mut pair.server] {
        let mut now = pair.now;
        for _ in 0..50 {
            let Some(at) = engine.poll_timeout() else {
                break;
            };
            now = now.max(at);
            engine.handle_timeout(now);
            let next = engine.poll_timeout();
            assert!(next.is_none_or(|next| next > now), "{next:?} {now:?}");
        }
    }
}
