//! Elements (RFC 8794), as far as they are written and read here.
//!
//! By hand: what crates.io has for it is a binding to C++, stands on crates that nobody keeps, or
//! panics on bytes that a hostile file may have.

use std::io::{self, Read};

/// The ids of elements (RFC 9559 section 5.1).
pub(super) mod id {
    pub(crate) const EBML: u32 = 0x1A45_DFA3;
    pub(crate) const SEGMENT: u32 = 0x1853_8067;
    pub(crate) const INFO: u32 = 0x1549_A966;
    pub(crate) const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
    pub(crate) const TRACKS: u32 = 0x1654_AE6B;
    pub(crate) const TRACK_ENTRY: u32 = 0xAE;
    pub(crate) const TRACK_NUMBER: u32 = 0xD7;
    pub(crate) const CODEC_ID: u32 = 0x86;
    pub(crate) const CODEC_PRIVATE: u32 = 0x63A2;
    pub(crate) const CONTENT_ENCODINGS: u32 = 0x6D80;
    pub(crate) const CLUSTER: u32 = 0x1F43_B675;
    pub(crate) const TIMESTAMP: u32 = 0xE7;
    pub(crate) const SIMPLE_BLOCK: u32 = 0xA3;
    pub(crate) const BLOCK_GROUP: u32 = 0xA0;
    pub(crate) const BLOCK: u32 = 0xA1;
}

/// Why an element cannot be read.
#[derive(Debug)]
pub(super) enum Damaged {
    Io(io::Error),
    Head,
}

/// Reads the id and the size, if it is known; none at the end of the file.
pub(super) fn read_head(reader: &mut impl Read) -> Result<Option<(u32, Option<u64>)>, Damaged> {
    let mut bytes = [0; 8];
    let mut read = |most: u32| -> Result<Option<(u64, u32)>, Damaged> {
        let (first, rest) = bytes.split_first_mut().ok_or(Damaged::Head)?;
        if reader.read(std::slice::from_mut(first))? == 0 {
            return Ok(None);
        }
        let more = first.leading_zeros();
        if more >= most {
            return Err(Damaged::Head);
        }
        let rest = rest.get_mut(..more as usize).unwrap_or_default();
        reader.read_exact(rest)?;
        let value = u64::from(*first);
        let value = rest
            .iter()
            .fold(value, |value, byte| value << 8 | u64::from(*byte));
        Ok(Some((value, more + 1)))
    };
    let Some((id, _)) = read(4)? else {
        return Ok(None);
    };
    let Some((size, octets)) = read(8)? else {
        return Ok(None);
    };
    // The marker does not count, and all ones say that nobody knows.
    let all = (1_u64 << (7 * octets)) - 1;
    let size = Some(size & all).filter(|size| *size != all);
    Ok(Some((id as u32, size)))
}

/// Reads over a body.
pub(super) fn skip(reader: &mut impl Read, size: u64) -> Result<(), Damaged> {
    let skipped = io::copy(&mut reader.take(size), &mut io::sink())?;
    if skipped < size {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(())
}

/// The elements in a body, up to the first that is not whole.
pub(super) fn children(mut body: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let (id, size) = read_head(&mut body).ok()??;
        let (child, rest) = body.split_at_checked(usize::try_from(size?).ok()?)?;
        body = rest;
        Some((id, child))
    })
}

/// An unsigned number, of which the last eight bytes count.
pub(super) fn number(body: &[u8]) -> u64 {
    body.iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// A number with its length in its first bits, and its length.
pub(super) fn variable(data: &[u8]) -> Option<(u64, usize)> {
    let length = data.first()?.leading_zeros() as usize + 1;
    if length > 8 {
        return None;
    }
    Some((
        number(data.get(..length)?) & ((1 << (7 * length)) - 1),
        length,
    ))
}

/// Appends an element.
pub(super) fn element(id: u32, body: &[u8], out: &mut Vec<u8>) {
    head(id, body.len() as u64, out);
    out.extend_from_slice(body);
}

/// Appends the id and the size, which is written in eight bytes.
pub(super) fn head(id: u32, size: u64, out: &mut Vec<u8>) {
    identify(id, out);
    // RFC 8794 section 4.4: seven times eight bits behind the marker.
    out.extend((size.min((1 << 56) - 2) | 1 << 56).to_be_bytes());
}

/// Appends the head of an element that goes on to the end (RFC 8794 section 6.2).
pub(super) fn endless(id: u32, out: &mut Vec<u8>) {
    identify(id, out);
    out.extend([1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
}

pub(super) fn unsigned(id: u32, value: u64, out: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take(7).take_while(|byte| **byte == 0).count();
    element(id, bytes.get(zeros..).unwrap_or_default(), out);
}

pub(super) fn float(id: u32, value: f64, out: &mut Vec<u8>) {
    element(id, &value.to_be_bytes(), out);
}

/// An id has its length in its first bits, so leading zeros are not part of it.
fn identify(id: u32, out: &mut Vec<u8>) {
    out.extend(id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
}
