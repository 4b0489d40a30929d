//! A peer, or somebody on the path, who means harm, and a peer that comes late.

#![expect(
    clippy::disallowed_methods,
    reason = "the library under test counts in `Instant`"
)]

use super::tests::{Pair, certificate};
use std::sync::Arc;

use dimpl::{Config, Output};

use super::output::SCRATCH;
use super::refusal::{ALERT_GRACE, HANDSHAKE_FAILURE};
use super::*;
use crate::dtls::HashAlgorithm;

/// A peer over dimpl alone, whose certificate has so many bytes of an extension that nobody knows,
/// with the certificate's fingerprints.
fn large_peer(len: usize, dtls13: bool, role: Role) -> (Dtls, Vec<Fingerprint>) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = rcgen::CertificateParams::default();
    let content = vec![0x55; len];
    let extension = rcgen::CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99], content);
    params.custom_extensions.push(extension);
    let certificate = dimpl::DtlsCertificate {
        certificate: params.self_signed(&key).unwrap().der().to_vec(),
        private_key: key.serialize_der(),
    };
    let fingerprint = Fingerprint::of(HashAlgorithm::Sha256, &certificate.certificate);
    let config = Config::builder().mtu(9000).use_server_cookie(false);
    let config = Arc::new(config.build().unwrap());
    let make = if dtls13 { Dtls::new_13 } else { Dtls::new_12 };
    let mut peer = make(config, certificate, Instant::now());
    peer.set_active(role == Role::Client);
    peer.handle_timeout(Instant::now()).unwrap();
    (peer, vec![fingerprint])
}

/// Exchanges datagrams until both are quiet.
fn exchange(ours: &mut Engine, theirs: &mut Dtls) {
    for _ in 0..20 {
        for datagram in drain(ours) {
            let _ = theirs.handle_packet(&datagram);
        }
        let mut buffer = vec![0; 20_000];
        loop {
            match theirs.poll_output(&mut buffer) {
                Output::Packet(packet) => {
                    ours.handle_datagram(Time::ZERO, &mut packet.to_vec(), &mut |_| panic!());
                }
                Output::Timeout(_) => break,
                _ => {}
            }
        }
    }
}

fn drain(engine: &mut Engine) -> Vec<Vec<u8>> {
    let mut datagrams = Vec::new();
    let mut out = Vec::new();
    while let Some(len) = engine.poll_transmit(&mut out) {
        datagrams.push(out.split_off(out.len() - len));
    }
    datagrams
}

#[test]
fn a_large_certificate_is_judged_without_a_panic() {
    let (own, other) = (certificate(1), certificate(2));
    for (role, theirs) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        for dtls13 in [false, true] {
            for (len, expected) in [(1_500, true), (2_500, true), (7_500, true), (8_200, false)] {
                let case = format!("{role:?} {dtls13} {len}");
                let (mut peer, fingerprints) = large_peer(len, dtls13, theirs);
                let start = Instant::now();
                let engine = |prints| Engine::new(&own, role, prints, start, Time::ZERO).unwrap();
                let mut ours = engine(fingerprints);
                exchange(&mut ours, &mut peer);
                if expected {
                    assert_eq!(ours.state(), DtlsState::Connected, "{case}");
                    assert_eq!(ours.scratch.len(), SCRATCH, "the room is given back");
                } else {
                    assert_eq!(
                        ours.failure(),
                        Some(&DtlsError::CertificateTooLarge),
                        "{case}"
                    );
                }
                // Who stands on the path has a certificate that nobody announced.
                let (mut stranger, _) = large_peer(len, dtls13, theirs);
                let mut ours = engine(other.fingerprints());
                exchange(&mut ours, &mut stranger);
                assert_eq!(ours.state(), DtlsState::Failed, "{case}");
            }
            // Beyond what is read at all.
            let (mut peer, fingerprints) = large_peer(20_000, dtls13, theirs);
            let mut ours = Engine::new(&own, role, fingerprints, Instant::now(), Time::ZERO);
            exchange(ours.as_mut().unwrap(), &mut peer);
            assert_eq!(ours.unwrap().state(), DtlsState::Connecting);
        }
    }
}

#[test]
fn a_refusal_is_told_in_dtls_1_2() {
    let (mut peer, _) = large_peer(0, false, Role::Server);
    let other = certificate(2).fingerprints();
    let own = certificate(1);
    let mut ours = Engine::new(&own, Role::Client, other, Instant::now(), Time::ZERO).unwrap();
    let mut error = None;
    for _ in 0..5 {
        for datagram in drain(&mut ours) {
            error = peer.handle_packet(&datagram).err().or(error);
        }
        let mut buffer = vec![0; 20_000];
        while let Output::Packet(packet) = peer.poll_output(&mut buffer) {
            ours.handle_datagram(Time::ZERO, &mut packet.to_vec(), &mut |_| panic!());
        }
    }
    assert_eq!(ours.failure(), Some(&DtlsError::FingerprintMismatch));
    let error = error.map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("42"), "{error:?}");
}

#[test]
fn a_refusal_is_told_in_dtls_1_3_under_keys() {
    let own = certificate(1);
    for (role, theirs) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
        let (mut peer, _) = large_peer(0, true, theirs);
        let other = certificate(2).fingerprints();
        let mut ours = Engine::new(&own, role, other, Instant::now(), Time::ZERO).unwrap();
        let mut error = None;
        let mut last = Vec::new();
        for _ in 0..5 {
            let mut buffer = vec![0; 20_000];
            while let Output::Packet(packet) = peer.poll_output(&mut buffer) {
                ours.handle_datagram(Time::ZERO, &mut packet.to_vec(), &mut |_| panic!());
            }
            for datagram in drain(&mut ours) {
                error = peer.handle_packet(&datagram).err().or(error);
                last = datagram;
            }
        }
        assert_eq!(ours.failure(), Some(&DtlsError::FingerprintMismatch));
        let header = record::header(&last).unwrap();
        assert!(header.unified, "{role:?}: nothing in the clear");
        assert_eq!(header.record_len, last.len(), "{role:?}");
        let error = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("42"), "{role:?}: {error:?}");
    }
}

#[test]
fn handshake_messages_beyond_the_bound_are_not_read() {
    // A fragment of a Certificate of 16,385 bytes, in the clear.
    let mut record = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 12];
    record.extend([11, 0, 0x40, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert!(!record::is_plausible(&record));
    record[16] = 0;
    assert!(record::is_plausible(&record));
    // The same under keys, where only the cipher sees it.
    assert!(!record::are_messages_bounded(&[
        11, 0, 0x40, 1, 0, 1, 0, 0, 0, 0, 0, 0
    ]));
    assert!(record::are_messages_bounded(&[
        11, 0, 0x40, 0, 0, 1, 0, 0, 0, 0, 0, 0
    ]));
}

#[test]
fn an_alert_before_the_first_message_ends_nothing() {
    let mut pair = Pair::new();
    for description in 0..=255 {
        for level in [1, FATAL] {
            let alert = record::alert(level, description);
            for engine in [&mut pair.client, &mut pair.server] {
                engine.handle_datagram(Time::ZERO, &mut alert.clone(), &mut |_| panic!());
                assert_eq!(engine.state(), DtlsState::Connecting, "{description}");
            }
        }
    }
    pair.run();
    assert_eq!(pair.client.state(), DtlsState::Connected);
    assert_eq!(pair.server.state(), DtlsState::Connected);
}

#[test]
fn a_forged_alert_in_the_handshake_ends_nothing_that_goes_on() {
    let mut pair = Pair::new();
    let hello = drain(&mut pair.client);
    for mut datagram in hello {
        pair.server
            .handle_datagram(pair.now, &mut datagram, &mut |_| panic!());
    }
    let mut alert = record::alert(FATAL, HANDSHAKE_FAILURE);
    pair.server
        .handle_datagram(pair.now, &mut alert, &mut |_| panic!());
    pair.run();
    assert_eq!(pair.server.state(), DtlsState::Connected);
    assert_eq!(pair.client.state(), DtlsState::Connected);
    let next = pair.server.poll_timeout();
    assert!(
        next.is_none_or(|at| at > pair.now + ALERT_GRACE),
        "no grace runs"
    );
}

#[test]
fn a_peer_that_refuses_and_falls_silent_is_believed_after_the_grace() {
    let mut pair = Pair::new();
    for mut datagram in drain(&mut pair.client) {
        pair.server
            .handle_datagram(pair.now, &mut datagram, &mut |_| panic!());
    }
    let mut alert = record::alert(FATAL, HANDSHAKE_FAILURE);
    pair.server
        .handle_datagram(pair.now, &mut alert, &mut |_| panic!());
    let end = pair.now + ALERT_GRACE;
    while let Some(at) = pair.server.poll_timeout().filter(|at| *at <= end) {
        assert_eq!(pair.server.state(), DtlsState::Connecting);
        pair.server.handle_timeout(at);
        drain(&mut pair.server);
    }
    let expected = DtlsError::Handshake(HandshakeError::Refused(HANDSHAKE_FAILURE));
    let text = "the DTLS handshake failed: the peer refused it with alert 40";
    assert_eq!(expected.to_string(), text);
    assert_eq!(pair.server.failure(), Some(&expected));
}

#[test]
fn a_first_flight_is_repeated_for_as_long_as_the_peer_is_silent() {
    let mut pair = Pair::new();
    let hello = drain(&mut pair.client);
    let mut sent = 0;
    let hour = Time::ZERO + Duration::from_secs(3600);
    while let Some(at) = pair.client.poll_timeout().filter(|at| *at < hour) {
        pair.client.handle_timeout(at);
        let again = drain(&mut pair.client);
        // Every other time in fragments, for a path that loses it whole.
        match again.as_slice() {
            [whole] => assert_eq!(whole[13..], hello[0][13..]),
            fragments => assert_eq!(fragments.len(), 3),
        }
        sent += 1;
    }
    assert!((700..750).contains(&sent), "{sent} in an hour");
    assert_eq!(pair.server.poll_timeout(), None, "a server just waits");
    // The peer turns up: at once the flight goes out again, and 40 seconds begin.
    pair.now = hour;
    pair.client.hurry(hour);
    pair.run();
    assert_eq!(pair.client.state(), DtlsState::Connected);
    assert_eq!(pair.server.state(), DtlsState::Connected);
    assert_eq!(pair.now, hour);
}

#[test]
fn no_record_of_a_repeated_first_flight_has_a_number_that_was_sent_before() {
    // RFC 6347 section 4.1.2.6: a server that has read the ClientHello, and whose answer was lost,
    // passes over a record with the same number. One with a cookie repeats nothing by itself.
    let own = certificate(1);
    let prints = certificate(2).fingerprints();
    let mut ours = Engine::new(&own, Role::Client, prints, Instant::now(), Time::ZERO).unwrap();
    let mut numbers = std::collections::BTreeSet::new();
    for round in 0..8 {
        let datagrams = drain(&mut ours);
        assert!(!datagrams.is_empty(), "round {round}");
        for datagram in datagrams {
            let mut rest = &datagram[..];
            while let Some(header) = record::header(rest) {
                assert!(numbers.insert(header.sequence), "round {round}: {header:?}");
                rest = &rest[header.record_len..];
            }
        }
        ours.handle_timeout(ours.poll_timeout().unwrap());
    }
}
