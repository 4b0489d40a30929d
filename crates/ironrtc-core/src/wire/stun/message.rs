//! The borrowed, bounded parser.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::attribute::AttributeIter;
use super::integrity::{self, IntegrityKind};
use super::{AttributeType, Class, HEADER_LENGTH, MAGIC_COOKIE, TransactionId, is_known};

/// Longest USERNAME (RFC 8489 section 14.3: fewer than 509 bytes; ICE allows 513).
const MAX_USERNAME: usize = 513;

/// True if the bytes look like STUN (RFC 7983 section 7 and the magic cookie).
pub fn is_stun(data: &[u8]) -> bool {
    data.len() >= HEADER_LENGTH
        && data.first().is_some_and(|byte| *byte < 4)
        && data.get(4..8) == Some(MAGIC_COOKIE.to_be_bytes().as_slice())
}

/// Why bytes are not a STUN message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// No STUN header.
    #[error("no STUN header")]
    Header,
    /// The length field does not match the datagram.
    #[error("the STUN length is not the datagram's")]
    Length,
    /// An attribute runs over the end.
    #[error("a STUN attribute runs over the end of the message")]
    Attribute,
    /// The CRC is wrong.
    #[error("the STUN fingerprint is wrong")]
    Fingerprint,
}

/// The contents of ERROR-CODE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode<'a> {
    /// 300 to 699.
    pub code: u16,
    /// The reason phrase.
    pub reason: &'a str,
}

/// A STUN message whose structure and FINGERPRINT, if any, are sound.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    class: Class,
    method: u16,
    transaction: TransactionId,
    bytes: &'a [u8],
    body: &'a [u8],
    has_fingerprint: bool,
}

impl<'a> Message<'a> {
    /// Parses one datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if !is_stun(bytes) {
            return Err(ParseError::Header);
        }
        let (header, body) = bytes
            .split_first_chunk::<HEADER_LENGTH>()
            .ok_or(ParseError::Header)?;
        let [t0, t1, l0, l1, _, _, _, _, transaction @ ..] = *header;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        if length != body.len() || !length.is_multiple_of(4) {
            return Err(ParseError::Length);
        }
        let message_type = u16::from_be_bytes([t0, t1]);
        // RFC 8489 section 5: the class is bits 4 and 8 of the type.
        let class = match (message_type & 0x0100 != 0, message_type & 0x0010 != 0) {
            (false, false) => Class::Request,
            (false, true) => Class::Indication,
            (true, false) => Class::Success,
            (true, true) => Class::Error,
        };
        let method = (message_type & 0x000F)
            | ((message_type & 0x00E0) >> 1)
            | ((message_type & 0x3E00) >> 2);
        let mut message = Self {
            class,
            method,
            transaction,
            bytes,
            body,
            has_fingerprint: false,
        };
        message.check_structure()?;
        Ok(message)
    }

    fn check_structure(&mut self) -> Result<(), ParseError> {
        let mut attributes = AttributeIter::new(self.body);
        while let Some((at, kind, value)) = attributes.next_with_offset() {
            if kind != AttributeType::FINGERPRINT {
                continue;
            }
            // RFC 8489 section 14.7: FINGERPRINT is the last attribute.
            let covered = self.bytes.get(..HEADER_LENGTH + at).unwrap_or_default();
            if !attributes.is_exhausted()
                || value != integrity::fingerprint(covered).to_be_bytes().as_slice()
            {
                return Err(ParseError::Fingerprint);
            }
            self.has_fingerprint = true;
        }
        if attributes.is_exhausted() {
            Ok(())
        } else {
            Err(ParseError::Attribute)
        }
    }

    /// Request, indication or response.
    pub const fn class(&self) -> Class {
        self.class
    }

    /// The method; [`super::BINDING`] in ICE.
    pub const fn method(&self) -> u16 {
        self.method
    }

    /// The transaction.
    pub const fn transaction(&self) -> TransactionId {
        self.transaction
    }

    /// True if a (correct) FINGERPRINT is there.
    pub const fn has_fingerprint(&self) -> bool {
        self.has_fingerprint
    }

    /// All attributes in order.
    pub const fn attributes(&self) -> AttributeIter<'a> {
        AttributeIter::new(self.body)
    }

    /// The first attribute of this type that precedes the integrity attributes.
    ///
    /// RFC 8489 section 14.5: what follows MESSAGE-INTEGRITY, other than its SHA-256 sibling and
    /// FINGERPRINT, is ignored, since nobody vouches for it.
    pub fn attribute(&self, wanted: AttributeType) -> Option<&'a [u8]> {
        for (kind, value) in self.attributes() {
            if kind == wanted {
                return Some(value);
            }
            if kind.is_integrity() {
                return None;
            }
        }
        None
    }

    /// The integrity attribute that the sender used, the stronger one if there are both.
    pub fn integrity_kind(&self) -> Option<IntegrityKind> {
        let mut found = None;
        for (kind, _) in self.attributes() {
            match kind {
                AttributeType::MESSAGE_INTEGRITY_SHA256 => return Some(IntegrityKind::Sha256),
                AttributeType::MESSAGE_INTEGRITY => found = Some(IntegrityKind::Sha1),
                _ => {}
            }
        }
        found
    }

    /// True if the message carries this integrity attribute and it was made with `key`.
    pub fn verify_integrity(&self, kind: IntegrityKind, key: &[u8]) -> bool {
        let wanted = match kind {
            IntegrityKind::Sha1 => AttributeType::MESSAGE_INTEGRITY,
            IntegrityKind::Sha256 => AttributeType::MESSAGE_INTEGRITY_SHA256,
        };
        let mut attributes = self.attributes();
        while let Some((at, found, value)) = attributes.next_with_offset() {
            if found != wanted {
                continue;
            }
            let end = at + 4 + value.len();
            let (Some(covered), Ok(length)) =
                (self.bytes.get(..HEADER_LENGTH + at), u16::try_from(end))
            else {
                return false;
            };
            return kind.accepts_length(value.len())
                && integrity::matches(&integrity::tag(kind, key, covered, length), value);
        }
        false
    }

    /// Comprehension-required attributes that an ICE agent does not know (RFC 8489 section 6.3).
    ///
    /// RFC 8489 section 14.5: those that follow MESSAGE-INTEGRITY are ignored, as in
    /// [`attribute`](Self::attribute).
    pub fn unknown_required(&self) -> impl Iterator<Item = AttributeType> + 'a {
        self.attributes()
            .map(|(kind, _)| kind)
            .take_while(|kind| !kind.is_integrity())
            .filter(|kind| kind.is_comprehension_required() && !is_known(*kind))
    }

    /// USERNAME.
    pub fn username(&self) -> Option<&'a str> {
        let value = self.attribute(AttributeType::USERNAME)?;
        if value.len() > MAX_USERNAME {
            return None;
        }
        std::str::from_utf8(value).ok()
    }

    /// A UTF-8 attribute such as SOFTWARE, REALM or NONCE.
    pub fn text(&self, kind: AttributeType) -> Option<&'a str> {
        std::str::from_utf8(self.attribute(kind)?).ok()
    }

    /// PRIORITY.
    pub fn priority(&self) -> Option<u32> {
        let value = self.attribute(AttributeType::PRIORITY)?;
        value.try_into().ok().map(u32::from_be_bytes)
    }

    /// True if USE-CANDIDATE is there.
    pub fn use_candidate(&self) -> bool {
        self.attribute(AttributeType::USE_CANDIDATE).is_some()
    }

    /// The tie-breaker of ICE-CONTROLLING.
    pub fn controlling(&self) -> Option<u64> {
        let value = self.attribute(AttributeType::ICE_CONTROLLING)?;
        value.try_into().ok().map(u64::from_be_bytes)
    }

    /// The tie-breaker of ICE-CONTROLLED.
    pub fn controlled(&self) -> Option<u64> {
        let value = self.attribute(AttributeType::ICE_CONTROLLED)?;
        value.try_into().ok().map(u64::from_be_bytes)
    }

    /// XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS from an old server.
    pub fn mapped_address(&self) -> Option<SocketAddr> {
        if let Some(value) = self.attribute(AttributeType::XOR_MAPPED_ADDRESS) {
            return parse_address(value, Some(self.transaction));
        }
        parse_address(self.attribute(AttributeType::MAPPED_ADDRESS)?, None)
    }

    /// ERROR-CODE.
    pub fn error_code(&self) -> Option<ErrorCode<'a>> {
        let (head, reason) = self
            .attribute(AttributeType::ERROR_CODE)?
            .split_first_chunk::<4>()?;
        let [_, _, class, number] = *head;
        // RFC 8489 section 14.8: class 3 to 6, number 0 to 99.
        let class = u16::from(class & 7);
        if !(3..=6).contains(&class) || number > 99 {
            return None;
        }
        Some(ErrorCode {
            code: class * 100 + u16::from(number),
            reason: std::str::from_utf8(reason).unwrap_or_default(),
        })
    }

    /// The types listed in UNKNOWN-ATTRIBUTES.
    pub fn unknown_attributes(&self) -> impl Iterator<Item = AttributeType> + 'a {
        self.attribute(AttributeType::UNKNOWN_ATTRIBUTES)
            .unwrap_or_default()
            .as_chunks::<2>()
            .0
            .iter()
            .map(|pair| AttributeType(u16::from_be_bytes(*pair)))
    }

    /// The algorithms in PASSWORD-ALGORITHMS (1 is MD5, 2 is SHA-256), parameters skipped.
    pub fn password_algorithms(&self) -> impl Iterator<Item = u16> + 'a {
        // The list has the same layout as attributes: number, length, padded parameters.
        AttributeIter::new(
            self.attribute(AttributeType::PASSWORD_ALGORITHMS)
                .unwrap_or_default(),
        )
        .map(|(number, _)| number.0)
    }

    /// The algorithm in PASSWORD-ALGORITHM.
    pub fn password_algorithm(&self) -> Option<u16> {
        let value = self.attribute(AttributeType::PASSWORD_ALGORITHM)?;
        value
            .first_chunk::<2>()
            .map(|bytes| u16::from_be_bytes(*bytes))
    }
}

/// RFC 8489 sections 14.1 and 14.2; XORed if a transaction is given.
fn parse_address(value: &[u8], xor: Option<TransactionId>) -> Option<SocketAddr> {
    let (head, address) = value.split_first_chunk::<4>()?;
    let [_, family, p0, p1] = *head;
    let cookie = MAGIC_COOKIE.to_be_bytes();
    let mut mask = [0; 16];
    if let Some(transaction) = xor {
        for (slot, byte) in mask.iter_mut().zip(cookie.iter().chain(&transaction)) {
            *slot = *byte;
        }
    }
    let [m0, m1, ..] = mask;
    let port = u16::from_be_bytes([p0 ^ m0, p1 ^ m1]);
    let ip = match family {
        1 => {
            let mut octets: [u8; 4] = address.try_into().ok()?;
            octets.iter_mut().zip(mask).for_each(|(b, m)| *b ^= m);
            IpAddr::V4(Ipv4Addr::from(octets))
        }
        2 => {
            let mut octets: [u8; 16] = address.try_into().ok()?;
            octets.iter_mut().zip(mask).for_each(|(b, m)| *b ^= m);
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}
