//! Packets and chunks as bytes: parsing borrows and never indexes, writing appends.

pub(crate) mod data;
pub(crate) mod forward;
pub(crate) mod init;
pub(crate) mod param;
pub(crate) mod reconfig;
pub(crate) mod sack;
#[cfg(test)]
mod tests;

use crc_fast::CrcAlgorithm;

use crate::wire::Reader;
use param::{UnknownAction, pad};

use crate::work;

/// Length of the common header.
pub(crate) const HEADER_LEN: usize = 12;
/// Length of a chunk's type, flags and length.
pub(crate) const CHUNK_HEADER_LEN: usize = 4;

/// Chunk types (RFC 9260 section 3.2 and the extensions' own).
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const INIT: u8 = 1;
    pub(crate) const INIT_ACK: u8 = 2;
    pub(crate) const SACK: u8 = 3;
    pub(crate) const HEARTBEAT: u8 = 4;
    pub(crate) const HEARTBEAT_ACK: u8 = 5;
    pub(crate) const ABORT: u8 = 6;
    pub(crate) const SHUTDOWN: u8 = 7;
    pub(crate) const SHUTDOWN_ACK: u8 = 8;
    pub(crate) const ERROR: u8 = 9;
    pub(crate) const COOKIE_ECHO: u8 = 10;
    pub(crate) const COOKIE_ACK: u8 = 11;
    pub(crate) const SHUTDOWN_COMPLETE: u8 = 14;
    /// RFC 8260.
    pub(crate) const I_DATA: u8 = 64;
    /// RFC 6525.
    pub(crate) const RECONFIG: u8 = 130;
    /// RFC 4820.
    pub(crate) const PAD: u8 = 132;
    /// RFC 3758.
    pub(crate) const FORWARD_TSN: u8 = 192;
    /// RFC 8260.
    pub(crate) const I_FORWARD_TSN: u8 = 194;
}

/// The T bit of ABORT and SHUTDOWN-COMPLETE: the tag is the sender's own.
pub(crate) const FLAG_T: u8 = 1;

/// A packet whose header was read and whose checksum was checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) source_port: u16,
    pub(crate) destination_port: u16,
    pub(crate) tag: u32,
    chunks: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads a packet; `None` if it is too short or its checksum is wrong. A checksum of zero is
    /// taken for right if `zero_checksum` (RFC 9653 section 5.3).
    pub(crate) fn parse(data: &'a [u8], zero_checksum: bool) -> Option<Self> {
        let mut reader = Reader::new(data);
        let source_port = reader.u16()?;
        let destination_port = reader.u16()?;
        let tag = reader.u32()?;
        let sum: [u8; 4] = reader.array()?;
        // A tag of zero belongs to INIT, which is never sent without its checksum.
        if !(zero_checksum && sum == [0; 4] && tag != 0) && sum != checksum(data) {
            return None;
        }
        Some(Self {
            source_port,
            destination_port,
            tag,
            chunks: reader.rest(),
        })
    }

    /// The chunks, up to the first that is malformed.
    pub(crate) const fn chunks(&self) -> Chunks<'a> {
        Chunks(self.chunks)
    }
}

/// One chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk<'a> {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) value: &'a [u8],
    /// Header and value, as it is echoed when it is not recognized.
    pub(crate) raw: &'a [u8],
}

impl Chunk<'_> {
    /// What to do if the type is not known.
    pub(crate) const fn unknown_action(&self) -> UnknownAction {
        UnknownAction::of_bits(self.kind >> 6)
    }
}

/// Iterates over chunks and ends at the first that does not fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunks<'a>(&'a [u8]);

impl Chunks<'_> {
    /// Whether nothing is left over, neither chunk nor garbage.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        work::add(1);
        let mut reader = Reader::new(self.0);
        let kind = reader.u8()?;
        let flags = reader.u8()?;
        let len = usize::from(reader.u16()?);
        let raw = self.0.get(..len)?;
        let value = raw.get(CHUNK_HEADER_LEN..)?;
        // RFC 9260 section 3.2: a receiver takes a last chunk without its padding.
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Chunk {
            kind,
            flags,
            value,
            raw,
        })
    }
}

/// CRC32c of a packet whose checksum field counts as zero, as the four bytes of that field.
pub(crate) fn checksum(packet: &[u8]) -> [u8; 4] {
    const FIELD: std::ops::Range<usize> = 8..12;
    let (Some(head), Some(tail)) = (packet.get(..FIELD.start), packet.get(FIELD.end..)) else {
        return [0; 4];
    };
    let mut digest = crc_fast::Digest::new(CrcAlgorithm::Crc32Iscsi);
    digest.update(head);
    digest.update(&[0; 4]);
    digest.update(tail);
    // RFC 9260 appendix A: the sum goes out least significant byte first.
    (digest.finalize() as u32).to_le_bytes()
}

/// Appends a common header with an empty checksum.
pub(crate) fn write_header(out: &mut Vec<u8>, source_port: u16, destination_port: u16, tag: u32) {
    out.extend_from_slice(&source_port.to_be_bytes());
    out.extend_from_slice(&destination_port.to_be_bytes());
    out.extend_from_slice(&tag.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
}

/// Fills in the checksum of the packet that begins at `start`, whose field is still zero.
pub(crate) fn write_checksum(out: &mut [u8], start: usize) {
    let Some(packet) = out.get_mut(start..) else {
        return;
    };
    let sum = crc_fast::checksum(CrcAlgorithm::Crc32Iscsi, packet) as u32;
    if let Some(field) = packet.get_mut(8..12) {
        field.copy_from_slice(&sum.to_le_bytes());
    }
}

/// Appends a chunk with its padding.
pub(crate) fn write_chunk(out: &mut Vec<u8>, kind: u8, flags: u8, value: &[u8]) {
    let len = CHUNK_HEADER_LEN + value.len();
    write_chunk_header(out, kind, flags, len);
    out.extend_from_slice(value);
    pad(out, len);
}

/// Appends the first four bytes of a chunk of `len` bytes in all.
pub(crate) fn write_chunk_header(out: &mut Vec<u8>, kind: u8, flags: u8, len: usize) {
    let len = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
    out.extend_from_slice(&[kind, flags, len[0], len[1]]);
}
