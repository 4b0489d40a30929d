//! RFC 5769's vectors and hostile input.

use super::*;
use crate::rng::Rng;

/// RFC 5769 section 2.1.
const REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e2074657374\
    20636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020\
    000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf";
/// RFC 5769 section 2.2.
const RESPONSE_V4: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220\
    002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
/// RFC 5769 section 2.3.
const RESPONSE_V6: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220\
    002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275\
    bfe3ed4180280004c8fb0b4c";
const PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |p: &[u8]| u8::from_str_radix(std::str::from_utf8(p).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

#[test]
fn rfc_5769_request() {
    let data = bytes(REQUEST);
    let message = Message::parse(&data).unwrap();
    assert_eq!(
        (message.class(), message.method()),
        (Class::Request, BINDING)
    );
    assert_eq!(message.username(), Some("evtj:h6vY"));
    assert_eq!(
        message.text(AttributeType::SOFTWARE),
        Some("STUN test client")
    );
    assert_eq!(message.priority(), Some(0x6e00_01ff));
    assert_eq!(message.controlled(), Some(0x932f_f9b1_5126_3b36));
    assert!(message.has_fingerprint());
    assert!(message.verify_integrity(IntegrityKind::Sha1, PASSWORD));
    assert!(!message.verify_integrity(IntegrityKind::Sha1, b"other"));
}

#[test]
fn rfc_5769_responses() {
    for (hex, address) in [
        (RESPONSE_V4, "192.0.2.1:32853"),
        (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let data = bytes(hex);
        let message = Message::parse(&data).unwrap();
        assert_eq!(message.class(), Class::Success);
        assert_eq!(message.mapped_address(), Some(address.parse().unwrap()));
        assert!(message.verify_integrity(IntegrityKind::Sha1, PASSWORD));
    }
}

#[test]
fn what_is_written_is_read_with_either_integrity() {
    for kind in [IntegrityKind::Sha1, IntegrityKind::Sha256] {
        let mut out = vec![0xAA; 3];
        let mut writer = Writer::new(&mut out, Class::Error, BINDING, [9; 12]);
        writer.error_code(487, "Role Conflict");
        writer.attribute(AttributeType::USERNAME, b"a:b");
        writer.mapped_address("192.0.2.7:7".parse().unwrap());
        writer.unknown_attributes(&[0x7777, 0x7778]);
        writer.integrity(kind, b"key");
        writer.fingerprint();
        let message = Message::parse(&out[3..]).unwrap();
        assert_eq!(message.error_code().unwrap().code, 487);
        assert_eq!(message.integrity_kind(), Some(kind));
        assert!(message.verify_integrity(kind, b"key"));
        assert!(!message.verify_integrity(kind, b"kez"));
        assert_eq!(
            message.mapped_address(),
            Some("192.0.2.7:7".parse().unwrap())
        );
        assert_eq!(message.unknown_attributes().count(), 2);
    }
}

#[test]
fn nothing_behind_the_integrity_is_believed() {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, Class::Request, BINDING, [9; 12]);
    writer.integrity(IntegrityKind::Sha1, b"key");
    writer.attribute(AttributeType::USE_CANDIDATE, &[]);
    writer.fingerprint();
    let message = Message::parse(&out).unwrap();
    assert!(message.verify_integrity(IntegrityKind::Sha1, b"key"));
    assert!(!message.use_candidate());
}

#[test]
fn an_unknown_required_attribute_counts_only_before_the_integrity() {
    for kind in [IntegrityKind::Sha1, IntegrityKind::Sha256] {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, Class::Request, BINDING, [9; 12]);
        writer.attribute(AttributeType(0x0031), &[0; 4]);
        writer.integrity(kind, b"key");
        writer.attribute(AttributeType(0x0030), &[0; 4]);
        writer.fingerprint();
        let message = Message::parse(&out).unwrap();
        assert!(message.verify_integrity(kind, b"key"));
        let unknown: Vec<_> = message.unknown_required().collect();
        assert_eq!(unknown, [AttributeType(0x0031)]);
    }
}

#[test]
fn every_attribute_survives_every_length() {
    for kind in (0..0x40).chain(0x8000..0x8040) {
        for len in [0, 1, 3, 4, 7, 8, 16, 20, 32, 600, 65_000] {
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, Class::Request, BINDING, [1; 12]);
            writer.attribute(AttributeType(kind), &vec![0x21; len]);
            read_everything(&out);
        }
    }
}

#[test]
fn mutated_and_cut_messages_never_panic() {
    let mut rng = Rng::from_test_seed(5);
    for round in 0..20_000 {
        let mut data = bytes([REQUEST, RESPONSE_V4, RESPONSE_V6][round % 3]);
        let cut = usize::try_from(rng.below(3) * rng.below(30)).unwrap();
        data.truncate(data.len() - cut);
        for _ in 0..rng.below(5) {
            let at = usize::try_from(rng.below(data.len() as u64)).unwrap();
            data[at] = rng.u32() as u8;
        }
        read_everything(&data);
    }
}

fn read_everything(data: &[u8]) {
    let Ok(message) = Message::parse(data) else {
        return;
    };
    let _ = (
        message.username(),
        message.priority(),
        message.mapped_address(),
    );
    let _ = (
        message.error_code(),
        message.controlling(),
        message.controlled(),
    );
    let _ = (
        message.password_algorithm(),
        message.password_algorithms().count(),
    );
    let _ = (
        message.unknown_attributes().count(),
        message.unknown_required().count(),
    );
    for kind in [IntegrityKind::Sha1, IntegrityKind::Sha256] {
        assert!(!message.verify_integrity(kind, b"never this key"));
    }
}
