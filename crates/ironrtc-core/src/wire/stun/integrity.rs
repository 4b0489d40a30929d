//! MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256 and FINGERPRINT (RFC 8489 sections 14.5 to 14.7).

use aws_lc_rs::hmac;

/// Which of the two integrity attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegrityKind {
    /// MESSAGE-INTEGRITY: HMAC-SHA1, 20 bytes.
    Sha1,
    /// MESSAGE-INTEGRITY-SHA256: HMAC-SHA256, 16 to 32 bytes.
    Sha256,
}

impl IntegrityKind {
    const fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
        }
    }

    /// True if a value of this length is allowed.
    pub(super) const fn accepts_length(self, length: usize) -> bool {
        match self {
            Self::Sha1 => length == 20,
            // RFC 8489 section 14.6: at least 16 bytes, at most 32, a multiple of four.
            Self::Sha256 => length >= 16 && length <= 32 && length.is_multiple_of(4),
        }
    }
}

/// The HMAC over a message up to its integrity attribute.
///
/// RFC 8489 section 14.5: the length in the header counts up to the end of that attribute,
/// whatever follows it; `length` is that value.
pub(super) fn tag(kind: IntegrityKind, key: &[u8], covered: &[u8], length: u16) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(kind.algorithm(), key));
    if let Some((message_type, after)) = covered.split_at_checked(2) {
        context.update(message_type);
        context.update(&length.to_be_bytes());
        context.update(after.get(2..).unwrap_or_default());
    }
    context.sign()
}

/// Compares a possibly truncated tag in constant time.
pub(super) fn matches(tag: &hmac::Tag, value: &[u8]) -> bool {
    tag.as_ref().get(..value.len()).is_some_and(|expected| {
        aws_lc_rs::constant_time::verify_slices_are_equal(expected, value).is_ok()
    })
}

/// The FINGERPRINT of a message up to that attribute, whose header length is already final.
///
/// RFC 8489 section 14.7: CRC-32 of ITU V.42, XORed with 0x5354554e.
pub(super) fn fingerprint(covered: &[u8]) -> u32 {
    crc_fast::crc32_iso_hdlc(covered) ^ 0x5354_554E
}
