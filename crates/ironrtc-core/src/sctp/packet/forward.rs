//! FORWARD-TSN (RFC 3758 section 3.2) and I-FORWARD-TSN (RFC 8260 section 2.3.1).

use super::{CHUNK_HEADER_LEN, kind, write_chunk_header};
use crate::sctp::message::StreamId;
use crate::sctp::num::Tsn;
use crate::wire::Reader;

/// One stream's skipped messages: everything up to `sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) stream: StreamId,
    /// I-FORWARD-TSN only: messages delivered without order have numbers of their own.
    pub(crate) unordered: bool,
    /// An SSN in FORWARD-TSN, a MID in I-FORWARD-TSN.
    pub(crate) sequence: u32,
}

/// A FORWARD-TSN or I-FORWARD-TSN as it was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ForwardTsn<'a> {
    pub(crate) cumulative: Tsn,
    interleaved: bool,
    skips: &'a [u8],
}

impl<'a> ForwardTsn<'a> {
    /// Reads the chunk's value.
    pub(crate) fn parse(interleaved: bool, value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        Some(Self {
            cumulative: Tsn(reader.u32()?),
            interleaved,
            skips: reader.rest(),
        })
    }

    /// The streams with skipped messages.
    pub(crate) fn skips(&self) -> impl Iterator<Item = Skip> + 'a {
        let interleaved = self.interleaved;
        self.skips
            .chunks_exact(skip_len(interleaved))
            .filter_map(move |entry| {
                let mut reader = Reader::new(entry);
                let stream = StreamId(reader.u16()?);
                Some(if interleaved {
                    Skip {
                        stream,
                        unordered: reader.u16()? & 1 != 0,
                        sequence: reader.u32()?,
                    }
                } else {
                    Skip {
                        stream,
                        unordered: false,
                        sequence: u32::from(reader.u16()?),
                    }
                })
            })
    }
}

/// Length of one entry.
pub(crate) const fn skip_len(interleaved: bool) -> usize {
    if interleaved { 8 } else { 4 }
}

/// Length of the chunk with `skips` entries.
pub(crate) const fn forward_len(interleaved: bool, skips: usize) -> usize {
    CHUNK_HEADER_LEN + 4 + skips * skip_len(interleaved)
}

/// Appends the chunk.
pub(crate) fn write_forward(
    out: &mut Vec<u8>,
    interleaved: bool,
    cumulative: Tsn,
    skips: impl ExactSizeIterator<Item = Skip>,
) {
    let kind = if interleaved {
        kind::I_FORWARD_TSN
    } else {
        kind::FORWARD_TSN
    };
    write_chunk_header(out, kind, 0, forward_len(interleaved, skips.len()));
    out.extend_from_slice(&cumulative.0.to_be_bytes());
    for skip in skips {
        out.extend_from_slice(&skip.stream.0.to_be_bytes());
        if interleaved {
            out.extend_from_slice(&u16::from(skip.unordered).to_be_bytes());
            out.extend_from_slice(&skip.sequence.to_be_bytes());
        } else {
            out.extend_from_slice(&(skip.sequence as u16).to_be_bytes());
        }
    }
}
