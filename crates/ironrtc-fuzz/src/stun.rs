//! A STUN message: every accessor on every message that is well formed.

use ironrtc_core::wire::stun::{AttributeType, IntegrityKind, Message};

const HEADER: usize = 20;
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];

pub(crate) fn run(data: &[u8]) {
    read(data);
    // With a plausible header, so that the work is on attributes.
    let mut data = data.to_vec();
    let Some(length) = data.len().checked_sub(HEADER) else {
        return;
    };
    let length = length / 4 * 4;
    let Ok(field) = u16::try_from(length) else {
        return;
    };
    data.truncate(HEADER + length);
    data[0] &= 3;
    data[2..4].copy_from_slice(&field.to_be_bytes());
    data[4..8].copy_from_slice(&COOKIE);
    read(&data);
}

fn read(data: &[u8]) {
    let Ok(message) = Message::parse(data) else {
        return;
    };
    let attributes = data.len() / 4;
    assert!(message.unknown_attributes().count() <= data.len() / 2);
    assert!(message.unknown_required().count() <= attributes);
    assert!(message.password_algorithms().count() <= attributes);
    for kind in [IntegrityKind::Sha1, IntegrityKind::Sha256] {
        assert!(
            !message.verify_integrity(kind, b"a key that nobody knows"),
            "noise authenticated itself"
        );
    }
    let _ = (
        message.class(),
        message.method(),
        message.has_fingerprint(),
        message.integrity_kind(),
        message.mapped_address(),
        message.error_code(),
        message.password_algorithm(),
        message.username(),
        message.priority(),
        message.controlling(),
        message.controlled(),
        message.use_candidate(),
        message.text(AttributeType::SOFTWARE),
    );
}
