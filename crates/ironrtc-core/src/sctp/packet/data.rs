//! DATA (RFC 9260 section 3.3.1) and I-DATA (RFC 8260 section 2.1).

use super::kind;
use super::param::pad;
use crate::sctp::message::StreamId;
use crate::sctp::num::{Fsn, Tsn};
use crate::wire::Reader;

/// Last fragment of its message.
pub(crate) const FLAG_END: u8 = 1;
/// First fragment of its message.
pub(crate) const FLAG_BEGIN: u8 = 2;
/// Delivered without order.
pub(crate) const FLAG_UNORDERED: u8 = 4;
/// To be acknowledged at once.
pub(crate) const FLAG_IMMEDIATE: u8 = 8;

/// Bytes in front of a DATA chunk's payload.
pub(crate) const DATA_HEADER_LEN: usize = 16;
/// Bytes in front of an I-DATA chunk's payload.
pub(crate) const I_DATA_HEADER_LEN: usize = 20;

/// What a chunk of user data says beside its TSN and its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataHeader {
    pub(crate) stream: StreamId,
    /// An SSN in DATA, a MID in I-DATA.
    pub(crate) sequence: u32,
    /// I-DATA only.
    pub(crate) fsn: Fsn,
    /// Zero in an I-DATA chunk that is not the first fragment.
    pub(crate) ppid: u32,
    pub(crate) flags: u8,
}

impl DataHeader {
    pub(crate) const fn begins(&self) -> bool {
        self.flags & FLAG_BEGIN != 0
    }

    pub(crate) const fn ends(&self) -> bool {
        self.flags & FLAG_END != 0
    }

    pub(crate) const fn unordered(&self) -> bool {
        self.flags & FLAG_UNORDERED != 0
    }

    pub(crate) const fn immediate(&self) -> bool {
        self.flags & FLAG_IMMEDIATE != 0
    }
}

/// A chunk of user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataChunk<'a> {
    pub(crate) tsn: Tsn,
    pub(crate) header: DataHeader,
    pub(crate) payload: &'a [u8],
}

impl<'a> DataChunk<'a> {
    /// Reads the value of a DATA chunk.
    pub(crate) fn parse(flags: u8, value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let tsn = Tsn(reader.u32()?);
        let stream = StreamId(reader.u16()?);
        let sequence = u32::from(reader.u16()?);
        let ppid = reader.u32()?;
        Some(Self {
            tsn,
            header: DataHeader {
                stream,
                sequence,
                fsn: Fsn(0),
                ppid,
                flags,
            },
            payload: reader.rest(),
        })
    }

    /// Reads the value of an I-DATA chunk.
    pub(crate) fn parse_interleaved(flags: u8, value: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let tsn = Tsn(reader.u32()?);
        let stream = StreamId(reader.u16()?);
        let _reserved = reader.u16()?;
        let sequence = reader.u32()?;
        let word = reader.u32()?;
        // RFC 8260 section 2.1: the first fragment has the PPID where the others have the FSN.
        let (ppid, fsn) = if flags & FLAG_BEGIN != 0 {
            (word, 0)
        } else {
            (0, word)
        };
        Some(Self {
            tsn,
            header: DataHeader {
                stream,
                sequence,
                fsn: Fsn(fsn),
                ppid,
                flags,
            },
            payload: reader.rest(),
        })
    }
}

/// Bytes in front of the payload.
pub(crate) const fn header_len(interleaved: bool) -> usize {
    if interleaved {
        I_DATA_HEADER_LEN
    } else {
        DATA_HEADER_LEN
    }
}

/// Appends a chunk of user data with its padding.
pub(crate) fn write_data(
    out: &mut Vec<u8>,
    interleaved: bool,
    tsn: Tsn,
    header: &DataHeader,
    payload: &[u8],
) {
    let len = header_len(interleaved) + payload.len();
    let size = u16::try_from(len).unwrap_or(u16::MAX);
    let stream = u32::from(header.stream.0) << 16;
    // Whole headers, as this is done for each chunk.
    if interleaved {
        let first = u32::from_be_bytes([kind::I_DATA, header.flags, 0, 0]) | u32::from(size);
        let last = if header.begins() {
            header.ppid
        } else {
            header.fsn.0
        };
        let words = [first, tsn.0, stream, header.sequence, last];
        out.extend_from_slice(words.map(u32::to_be_bytes).as_flattened());
    } else {
        let first = u32::from_be_bytes([kind::DATA, header.flags, 0, 0]) | u32::from(size);
        let third = stream | (header.sequence & 0xffff);
        let words = [first, tsn.0, third, header.ppid];
        out.extend_from_slice(words.map(u32::to_be_bytes).as_flattened());
    }
    out.extend_from_slice(payload);
    pad(out, len);
}
