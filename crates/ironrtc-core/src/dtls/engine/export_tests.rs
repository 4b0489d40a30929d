#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the library under test counts in `Instant`, and an observer can be shared by threads"
)]

use std::sync::{Arc, Mutex};

use aws_lc_rs::{digest, hmac};
use dimpl::SrtpProfile;

use super::tests::{Pair, certificate};
use super::*;
use crate::observe::{Observe, Secret};

/// A pair that speaks no newer version than DTLS 1.2.
fn pair_of_12() -> Pair {
    let mut pair = Pair::new();
    let (a, b) = (certificate(1), certificate(2));
    let start = Instant::now();
    let engine = |own: &Certificate, other: &Certificate, role| {
        let config = shared_config().unwrap();
        let dtls = Dtls::new_12(config, own.to_dimpl(), start);
        Engine::over(dtls, role, other.fingerprints(), start, Time::ZERO)
    };
    pair.client = engine(&a, &b, Role::Client);
    pair.server = engine(&b, &a, Role::Server);
    pair
}

#[test]
fn both_sides_have_the_same_keys_and_give_them_once() {
    let gcm_256 = SrtpProfile::AEAD_AES_256_GCM;
    for (version, mut pair) in [("FEFC", Pair::new()), ("FEFD", pair_of_12())] {
        assert!(
            pair.client.take_srtp_keys().is_none(),
            "before there are any"
        );
        pair.run();
        assert_eq!(pair.client.version(), Some(version));
        let client = pair.client.take_srtp_keys().unwrap();
        let server = pair.server.take_srtp_keys().unwrap();
        assert_eq!((client.role(), server.role()), (Role::Client, Role::Server));
        assert_eq!((client.profile(), server.profile()), (8, 8), "{version}");
        assert_eq!(client.material().len(), gcm_256.keying_material_len());
        assert_eq!(client.material(), server.material());
        let (first, second) = client.material()[..64].split_at(32);
        assert_ne!(first, second, "each side has a key of its own");
        assert!(pair.client.take_srtp_keys().is_none());
        assert!(!format!("{client:?}").contains("material"));
    }
}

#[test]
fn who_is_not_the_expected_peer_gets_no_keys() {
    let (a, b, other) = (certificate(1), certificate(2), certificate(3));
    let mut pair = Pair::with(&a, other.fingerprints(), &b, a.fingerprints());
    pair.run();
    assert_eq!(pair.client.state(), DtlsState::Failed);
    assert!(pair.client.take_srtp_keys().is_none());
}

/// Keeps the secret from which keys are exported.
#[derive(Debug, Default)]
struct Exporter(Mutex<Vec<u8>>);

impl Observe for Exporter {
    fn secret(&self, secret: &Secret<'_>) {
        if secret.label == "EXPORTER_SECRET" {
            *self.0.lock().unwrap() = secret.secret.to_vec();
        }
    }

    fn wants_secrets(&self) -> bool {
        true
    }
}

/// HKDF-Expand-Label of RFC 8446 section 7.1, with the prefix of RFC 9147 section 5.9.
fn expand(secret: &[u8], label: &str, context: &[u8], len: usize) -> Vec<u8> {
    let algorithm = match secret.len() {
        48 => hmac::HMAC_SHA384,
        _ => hmac::HMAC_SHA256,
    };
    let key = hmac::Key::new(algorithm, secret);
    let label = format!("dtls13{label}");
    let mut info = (len as u16).to_be_bytes().to_vec();
    info.push(label.len() as u8);
    info.extend(label.as_bytes());
    info.push(context.len() as u8);
    info.extend(context);
    let (mut out, mut block) = (Vec::new(), Vec::new());
    // RFC 5869 section 2.3.
    for number in 1.. {
        if out.len() >= len {
            break;
        }
        let input = [&block[..], &info, &[number]].concat();
        block = hmac::sign(&key, &input).as_ref().to_vec();
        out.extend(&block);
    }
    out.truncate(len);
    out
}

#[test]
fn the_keys_are_those_that_the_rfcs_export() {
    let exporter = Arc::new(Exporter::default());
    let mut pair = Pair::new();
    pair.client.observe(&Observer::new(exporter.clone()));
    pair.run();
    let secret = exporter.0.lock().unwrap().clone();
    let hash = match secret.len() {
        48 => &digest::SHA384,
        32 => &digest::SHA256,
        len => panic!("{len} bytes"),
    };
    // RFC 8446 section 7.5, with the label of RFC 5764 section 4.2 and no context.
    let empty = digest::digest(hash, b"");
    let derived = expand(&secret, "EXTRACTOR-dtls_srtp", empty.as_ref(), secret.len());
    let keys = pair.client.take_srtp_keys().unwrap();
    let expected = expand(&derived, "exporter", empty.as_ref(), keys.material().len());
    assert_eq!(keys.material(), expected);
}
