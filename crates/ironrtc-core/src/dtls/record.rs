//! Record headers.
//!
//! The library takes one malformed datagram in the early handshake for a fatal error, which would
//! let a stray packet end a session. So only datagrams whose every record header is plausible
//! reach it.

use crate::work;

/// Content types (RFC 9147 section 4): change_cipher_spec, alert, handshake, application_data, ACK.
const PLAINTEXT_TYPES: [u8; 5] = [20, 21, 22, 23, 26];
/// Version on the wire of a DTLS 1.0 record, which a ClientHello may carry, and of DTLS 1.2 and 1.3.
const VERSIONS: [[u8; 2]; 2] = [[254, 255], [254, 253]];
pub(super) const PLAINTEXT_HEADER_LEN: usize = 13;
/// Ciphertext limit of RFC 6347 section 4.1 with expansion.
const MAX_RECORD_LEN: usize = (1 << 14) + 2048;
/// The longest record with its header.
pub(super) const MAX_LEN: usize = PLAINTEXT_HEADER_LEN + MAX_RECORD_LEN;

/// Content types (RFC 9147 section 4).
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;
pub(super) const ACK: u8 = 26;
/// The version in a protected DTLS 1.2 record.
pub(super) const VERSION_1_2: [u8; 2] = [254, 253];

/// Longest handshake message: a certificate of 8 KiB in a chain of as much again. dimpl would keep
/// whatever comes, and panics over a certificate that exceeds the buffer it is given.
pub(super) const MAX_HANDSHAKE_MESSAGE: usize = 1 << 14;
/// The header of a handshake message's fragment (RFC 6347 section 4.2.2).
const FRAGMENT_HEADER_LEN: usize = 12;

/// The header of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// DTLS 1.3 ciphertext, under a unified header.
    pub(super) unified: bool,
    /// The content type; `APPLICATION_DATA` under a unified header.
    pub(super) kind: u8,
    /// The epoch; under a unified header its low two bits.
    pub(super) epoch: u16,
    /// The sequence number; under a unified header 0, for it is encrypted.
    pub(super) sequence: u64,
    /// Length of the header.
    pub(super) len: usize,
    /// Length of the whole record.
    pub(super) record_len: usize,
}

impl Header {
    /// True for a record of this type that nothing protects.
    pub(super) fn is_plaintext(&self, kind: u8) -> bool {
        !self.unified && self.epoch == 0 && self.kind == kind
    }

    /// True if what the record at the beginning of `datagram` holds may be read: the library keeps
    /// parts of handshake messages, however long they say they are.
    pub(super) fn is_plausible(&self, datagram: &[u8]) -> bool {
        let content = datagram.get(self.len..self.record_len);
        debug_assert!(
            content.is_some(),
            "the header is of this datagram's first record"
        );
        let content = content.unwrap_or_default();
        !self.is_plaintext(HANDSHAKE) || are_messages_bounded(content)
    }
}

/// True if handshake messages, or fragments of them, have a length that is read.
pub(super) fn are_messages_bounded(mut fragments: &[u8]) -> bool {
    while let Some((header, rest)) = fragments.split_first_chunk::<FRAGMENT_HEADER_LEN>() {
        let [_, a, b, c, _, _, _, _, _, x, y, z] = *header;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let fragment = u32::from_be_bytes([0, x, y, z]) as usize;
        if length > MAX_HANDSHAKE_MESSAGE {
            return false;
        }
        work::add(1);
        fragments = rest.get(fragment..).unwrap_or_default();
    }
    true
}

/// An alert that nothing protects. It is the last record of its epoch, and has the last number.
pub(super) fn alert(level: u8, description: u8) -> Vec<u8> {
    let mut record = vec![ALERT];
    record.extend(VERSION_1_2);
    record.extend([0, 0]);
    record.extend([0, 0, 0, 0, 0xff, 0xff]);
    record.extend([0, 2, level, description]);
    record
}

/// The first record's header, if it is plausible and the record is complete.
pub(super) fn header(datagram: &[u8]) -> Option<Header> {
    work::add(1);
    let header = if datagram.first()? & 0xe0 == 0x20 {
        unified_header(datagram)?
    } else {
        plain_header(datagram)?
    };
    (header.record_len <= datagram.len()).then_some(header)
}

/// True if the datagram is one or more records with plausible headers.
pub(super) fn is_plausible(mut datagram: &[u8]) -> bool {
    if datagram.is_empty() {
        return false;
    }
    while !datagram.is_empty() {
        let Some(header) = header(datagram) else {
            return false;
        };
        if !header.is_plausible(datagram) {
            return false;
        }
        let Some(rest) = datagram.get(header.record_len..) else {
            return false;
        };
        datagram = rest;
    }
    true
}

fn plain_header(datagram: &[u8]) -> Option<Header> {
    let header = datagram.first_chunk::<PLAINTEXT_HEADER_LEN>()?;
    let [
        kind,
        major,
        minor,
        epoch0,
        epoch1,
        a,
        b,
        c,
        d,
        e,
        f,
        high,
        low,
    ] = *header;
    let len = usize::from(u16::from_be_bytes([high, low]));
    let plausible = PLAINTEXT_TYPES.contains(&kind)
        && VERSIONS.contains(&[major, minor])
        && len > 0
        && len <= MAX_RECORD_LEN;
    plausible.then_some(Header {
        unified: false,
        kind,
        epoch: u16::from_be_bytes([epoch0, epoch1]),
        sequence: u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
        len: PLAINTEXT_HEADER_LEN,
        record_len: PLAINTEXT_HEADER_LEN + len,
    })
}

/// RFC 9147 section 4: the unified header `001CSLEE`. We negotiate no connection id (C).
fn unified_header(datagram: &[u8]) -> Option<Header> {
    let (&first, rest) = datagram.split_first()?;
    if first & 0x10 != 0 {
        return None;
    }
    let sequence_len = if first & 0x08 != 0 { 2 } else { 1 };
    let rest = rest.get(sequence_len..)?;
    let (len, record_len) = if first & 0x04 == 0 {
        // Without a length the record takes the rest of the datagram.
        (1 + sequence_len, datagram.len().max(1 + sequence_len + 16))
    } else {
        let bytes = rest.first_chunk::<2>()?;
        let len = 1 + sequence_len + 2;
        (len, len + usize::from(u16::from_be_bytes(*bytes)))
    };
    Some(Header {
        unified: true,
        kind: APPLICATION_DATA,
        epoch: u16::from(first & 3),
        sequence: 0,
        len,
        record_len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plaintext(kind: u8, version: [u8; 2], len: u16, body: usize) -> Vec<u8> {
        let mut record = vec![kind, version[0], version[1], 0, 0, 0, 0, 0, 0, 0, 0];
        record.extend(len.to_be_bytes());
        record.resize(PLAINTEXT_HEADER_LEN + body, 0);
        record
    }

    #[test]
    fn well_formed_records_pass_alone_and_together() {
        let hello = plaintext(22, [254, 255], 40, 40);
        let finished = plaintext(22, [254, 253], 8, 8);
        assert!(is_plausible(&hello));
        assert!(is_plausible(&[hello, finished.clone()].concat()));
        let mut unified = vec![0x2e, 0, 1, 0, 20];
        unified.resize(5 + 20, 0);
        assert!(is_plausible(&unified));
        assert!(is_plausible(&[finished, unified].concat()));
    }

    #[test]
    fn garbage_is_turned_away() {
        assert!(!is_plausible(&[]));
        assert!(!is_plausible(&[22]));
        assert!(!is_plausible(&[22; 200]));
        assert!(!is_plausible(&plaintext(22, [3, 3], 40, 40)), "TLS version");
        assert!(
            !is_plausible(&plaintext(24, [254, 253], 40, 40)),
            "unknown type"
        );
        assert!(
            !is_plausible(&plaintext(22, [254, 253], 0, 0)),
            "empty record"
        );
        assert!(
            !is_plausible(&plaintext(22, [254, 253], 40, 39)),
            "cut short"
        );
        assert!(!is_plausible(&[0x3e, 0, 1, 0, 0]), "connection id");
        let trailing = [plaintext(22, [254, 253], 8, 8), vec![1, 2, 3]].concat();
        assert!(!is_plausible(&trailing), "trailing bytes");
        for len in 0..64 {
            for first in 0..=255 {
                is_plausible(&vec![first; len]);
            }
        }
    }
}
