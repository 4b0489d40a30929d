//! SACK (RFC 9260 section 3.3.4).

use super::{CHUNK_HEADER_LEN, kind, write_chunk_header};
use crate::sctp::num::Tsn;
use crate::wire::Reader;

/// Length of a SACK without gap blocks and duplicates.
pub(crate) const SACK_LEN: usize = CHUNK_HEADER_LEN + 12;

/// A SACK as it was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sack<'a> {
    pub(crate) cumulative: Tsn,
    pub(crate) window: u32,
    blocks: &'a [u8],
    duplicates: &'a [u8],
}

impl<'a> Sack<'a> {
    /// Reads the value of a SACK chunk.
    pub(crate) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let cumulative = Tsn(reader.u32()?);
        let window = reader.u32()?;
        let blocks = usize::from(reader.u16()?);
        let duplicates = usize::from(reader.u16()?);
        Some(Self {
            cumulative,
            window,
            blocks: reader.bytes(blocks * 4)?,
            // A list that is cut short is no reason to leave out what comes before it.
            duplicates: reader.bytes(duplicates * 4).unwrap_or_default(),
        })
    }

    /// What a SHUTDOWN acknowledges (RFC 9260 section 9.2), with the window that was last known.
    pub(crate) const fn cumulative_only(cumulative: Tsn, window: u32) -> Self {
        Self {
            cumulative,
            window,
            blocks: &[],
            duplicates: &[],
        }
    }

    /// The gap blocks: offsets of their first and last TSN from the cumulative one.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (u16, u16)> + 'a {
        self.blocks.chunks_exact(4).filter_map(|block| {
            let mut reader = Reader::new(block);
            Some((reader.u16()?, reader.u16()?))
        })
    }

    /// The TSNs that the peer has received again, each as often as that was.
    pub(crate) fn duplicates(&self) -> impl Iterator<Item = Tsn> + 'a {
        self.duplicates
            .chunks_exact(4)
            .filter_map(|tsn| Some(Tsn(Reader::new(tsn).u32()?)))
    }
}

/// Appends a SACK.
pub(crate) fn write_sack(
    out: &mut Vec<u8>,
    cumulative: Tsn,
    window: u32,
    blocks: impl ExactSizeIterator<Item = (u16, u16)>,
    duplicates: &[Tsn],
) {
    let len = SACK_LEN + 4 * (blocks.len() + duplicates.len());
    write_chunk_header(out, kind::SACK, 0, len);
    out.extend_from_slice(&cumulative.0.to_be_bytes());
    out.extend_from_slice(&window.to_be_bytes());
    out.extend_from_slice(&(blocks.len() as u16).to_be_bytes());
    out.extend_from_slice(&(duplicates.len() as u16).to_be_bytes());
    for (first, last) in blocks {
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&last.to_be_bytes());
    }
    for tsn in duplicates {
        out.extend_from_slice(&tsn.0.to_be_bytes());
    }
}
