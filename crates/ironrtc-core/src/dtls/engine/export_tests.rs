#![expect(
    clippy::disallowed_methods,
    reason = "the library under test counts in `Instant`"
)]

use dimpl::SrtpProfile;

use super::tests::{Pair, certificate};
use super::*;

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
