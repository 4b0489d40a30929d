//! The in-buffer writer.

use std::net::{IpAddr, SocketAddr};

use super::integrity::{self, IntegrityKind};
use super::{AttributeType, Class, HEADER_LENGTH, MAGIC_COOKIE, TransactionId};

/// Appends one message to a buffer; the header's length is right after every attribute.
///
/// Order matters: the integrity attribute covers what precedes it, and [`Writer::fingerprint`]
/// ends the message.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
    transaction: TransactionId,
}

impl<'b> Writer<'b> {
    /// Begins a message at the end of `out`.
    pub fn new(
        out: &'b mut Vec<u8>,
        class: Class,
        method: u16,
        transaction: TransactionId,
    ) -> Self {
        let start = out.len();
        let class_bits = match class {
            Class::Request => 0,
            Class::Indication => 0x0010,
            Class::Success => 0x0100,
            Class::Error => 0x0110,
        };
        let message_type =
            (method & 0x000F) | ((method & 0x0070) << 1) | ((method & 0x0F80) << 2) | class_bits;
        out.extend_from_slice(&message_type.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
        out.extend_from_slice(&transaction);
        Self {
            out,
            start,
            transaction,
        }
    }

    /// Appends one attribute. Values longer than a datagram can hold are left out.
    pub fn attribute(&mut self, kind: AttributeType, value: &[u8]) {
        let Ok(length) = u16::try_from(value.len()) else {
            return;
        };
        if self.size() + 4 + value.len().next_multiple_of(4) > usize::from(u16::MAX) {
            return;
        }
        self.out.extend_from_slice(&kind.0.to_be_bytes());
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(value);
        let padding = value.len().next_multiple_of(4) - value.len();
        self.out.extend_from_slice(&[0; 3][..padding]);
        self.set_length(self.body_length());
    }

    /// XOR-MAPPED-ADDRESS (RFC 8489 section 14.2).
    pub fn xor_mapped_address(&mut self, address: SocketAddr) {
        let cookie = MAGIC_COOKIE.to_be_bytes();
        let mut mask = [0; 16];
        for (slot, byte) in mask.iter_mut().zip(cookie.iter().chain(&self.transaction)) {
            *slot = *byte;
        }
        let mut value = [0; 20];
        let used = encode_address(address, mask, &mut value);
        self.attribute(
            AttributeType::XOR_MAPPED_ADDRESS,
            value.get(..used).unwrap_or_default(),
        );
    }

    /// MAPPED-ADDRESS (RFC 8489 section 14.1).
    pub fn mapped_address(&mut self, address: SocketAddr) {
        let mut value = [0; 20];
        let used = encode_address(address, [0; 16], &mut value);
        self.attribute(
            AttributeType::MAPPED_ADDRESS,
            value.get(..used).unwrap_or_default(),
        );
    }

    /// ERROR-CODE (RFC 8489 section 14.8).
    pub fn error_code(&mut self, code: u16, reason: &str) {
        let class = u8::try_from(code / 100).unwrap_or_default() & 7;
        let number = (code % 100) as u8;
        let mut value = Vec::with_capacity(4 + reason.len());
        value.extend_from_slice(&[0, 0, class, number]);
        value.extend_from_slice(reason.as_bytes());
        self.attribute(AttributeType::ERROR_CODE, &value);
    }

    /// UNKNOWN-ATTRIBUTES (RFC 8489 section 14.13).
    pub fn unknown_attributes(&mut self, kinds: &[u16]) {
        let value: Vec<u8> = kinds.iter().flat_map(|kind| kind.to_be_bytes()).collect();
        self.attribute(AttributeType::UNKNOWN_ATTRIBUTES, &value);
    }

    /// MESSAGE-INTEGRITY or its SHA-256 sibling over everything so far.
    pub fn integrity(&mut self, kind: IntegrityKind, key: &[u8]) {
        let (attribute, size) = match kind {
            IntegrityKind::Sha1 => (AttributeType::MESSAGE_INTEGRITY, 20),
            IntegrityKind::Sha256 => (AttributeType::MESSAGE_INTEGRITY_SHA256, 32),
        };
        let Ok(length) = u16::try_from(self.size() - HEADER_LENGTH + 4 + size) else {
            return;
        };
        let tag = integrity::tag(kind, key, self.written(), length);
        self.attribute(attribute, tag.as_ref());
    }

    /// FINGERPRINT; ends the message.
    pub fn fingerprint(mut self) {
        let length = self.body_length().saturating_add(8);
        self.set_length(length);
        let value = integrity::fingerprint(self.written());
        self.attribute(AttributeType::FINGERPRINT, &value.to_be_bytes());
    }

    /// Bytes written for this message.
    pub fn size(&self) -> usize {
        self.out.len() - self.start
    }

    fn written(&self) -> &[u8] {
        self.out.get(self.start..).unwrap_or_default()
    }

    fn body_length(&self) -> u16 {
        u16::try_from(self.size() - HEADER_LENGTH).unwrap_or(u16::MAX)
    }

    fn set_length(&mut self, length: u16) {
        if let Some(field) = self.out.get_mut(self.start + 2..self.start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// Writes the value of an address attribute and returns its length.
fn encode_address(address: SocketAddr, mask: [u8; 16], value: &mut [u8; 20]) -> usize {
    let mut octets = [0; 16];
    let (family, length) = match address.ip() {
        IpAddr::V4(ip) => {
            octets
                .iter_mut()
                .zip(ip.octets())
                .for_each(|(slot, byte)| *slot = byte);
            (1, 4)
        }
        IpAddr::V6(ip) => {
            octets = ip.octets();
            (2, 16)
        }
    };
    let [p0, p1] = address.port().to_be_bytes();
    let [m0, m1, ..] = mask;
    let head = [0, family, p0 ^ m0, p1 ^ m1];
    let body = octets.iter().zip(mask).map(|(byte, m)| byte ^ m);
    for (slot, byte) in value.iter_mut().zip(head.into_iter().chain(body)) {
        *slot = byte;
    }
    4 + length
}
