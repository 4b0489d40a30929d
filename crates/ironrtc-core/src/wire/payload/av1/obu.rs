//! OBUs in a frame (AV1 bitstream section 5.3) and elements in a payload (RTP format section 4.3).

use std::ops::Range;

use super::super::{MAX_UNITS_PER_FRAME, MAX_UNITS_PER_PAYLOAD};

pub(super) const SEQUENCE_HEADER: u8 = 1;
pub(super) const TEMPORAL_DELIMITER: u8 = 2;
pub(super) const TILE_LIST: u8 = 8;
pub(super) const PADDING: u8 = 15;
/// In the header.
const EXTENSION: u8 = 4;
pub(super) const HAS_SIZE: u8 = 2;

/// Reads a number of the form LEB128 and says how long it was; at most eight octets.
pub(super) fn leb128(data: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (index, octet) in data.iter().take(8).enumerate() {
        value |= u64::from(octet & 0x7F) << (7 * index);
        if octet & 0x80 == 0 {
            // AV1 section 4.10.5: not more than 32 bits.
            let value = u32::try_from(value).ok()?;
            return Some((value.try_into().ok()?, index + 1));
        }
    }
    None
}

/// A number as LEB128, and how many of the octets are used.
pub(super) fn to_leb128(mut value: usize) -> ([u8; 8], usize) {
    let mut octets = [0; 8];
    let mut length = 0;
    for octet in &mut octets {
        length += 1;
        // Seven bits.
        *octet = (value & 0x7F) as u8;
        value >>= 7;
        if value == 0 {
            break;
        }
        *octet |= 0x80;
    }
    (octets, length)
}

/// The header of an OBU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u8,
    /// Temporal and spatial layer.
    pub(super) layers: Option<(u8, u8)>,
    pub(super) has_size: bool,
    /// One octet, or two.
    pub(super) len: usize,
}

impl Header {
    pub(super) fn parse(obu: &[u8]) -> Option<Self> {
        let octet = *obu.first()?;
        // obu_forbidden_bit.
        if octet & 0x80 != 0 {
            return None;
        }
        let layers = if octet & EXTENSION != 0 {
            let layers = *obu.get(1)?;
            Some((layers >> 5, layers >> 3 & 3))
        } else {
            None
        };
        Some(Self {
            kind: octet >> 3 & 0xF,
            layers,
            has_size: octet & HAS_SIZE != 0,
            len: 1 + usize::from(layers.is_some()),
        })
    }
}

/// An OBU of a frame.
#[derive(Clone, Debug)]
pub(super) struct Obu {
    pub(super) header: Header,
    /// Where the OBU begins.
    pub(super) at: usize,
    /// Where its contents are.
    pub(super) body: Range<usize>,
}

/// The OBUs of a frame. An item of None, the last, says that what follows is malformed.
pub(super) struct Obus<'a> {
    frame: &'a [u8],
    at: usize,
    left: usize,
}

impl<'a> Obus<'a> {
    pub(super) const fn new(frame: &'a [u8]) -> Self {
        Self {
            frame,
            at: 0,
            left: MAX_UNITS_PER_FRAME,
        }
    }

    fn read(&mut self) -> Option<Obu> {
        self.left = self.left.checked_sub(1)?;
        let at = self.at;
        let data = self.frame.get(at..)?;
        let header = Header::parse(data)?;
        let (size, len) = if header.has_size {
            leb128(data.get(header.len..)?)?
        } else {
            // The last one may go to the end.
            (data.len() - header.len, 0)
        };
        let begin = at + header.len + len;
        let body = begin..begin.checked_add(size)?;
        if body.end > self.frame.len() {
            return None;
        }
        self.at = body.end;
        Some(Obu { header, at, body })
    }
}

impl Iterator for Obus<'_> {
    type Item = Option<Obu>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.frame.len() {
            return None;
        }
        let obu = self.read();
        if obu.is_none() {
            self.at = self.frame.len();
        }
        Some(obu)
    }
}

/// The elements of a payload: OBUs, or parts of them at both ends. An item of None, the last, says
/// that what follows is malformed.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    /// Z: the first element goes on with the OBU of the packet before.
    pub(super) continues: bool,
    /// Y: the last element goes on in the next packet.
    pub(super) goes_on: bool,
    /// N: a coded video sequence begins.
    pub(super) begins_sequence: bool,
    /// W: how many there are, if 1 to 3; the last one then has no length.
    count: u8,
    read: u8,
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    pub(super) fn parse(payload: &'a [u8]) -> Option<Self> {
        let (&header, rest) = payload.split_first()?;
        let elements = Self {
            continues: header & 0x80 != 0,
            goes_on: header & 0x40 != 0,
            begins_sequence: header & 0x08 != 0,
            count: header >> 4 & 3,
            read: 0,
            rest,
        };
        // Section 4.4: a sequence does not begin with a continuation.
        let contradiction = elements.continues && elements.begins_sequence;
        (!contradiction && !rest.is_empty()).then_some(elements)
    }

    fn element(&mut self) -> Option<&'a [u8]> {
        if usize::from(self.read) >= MAX_UNITS_PER_PAYLOAD {
            return None;
        }
        self.read += 1;
        let length = if self.read == self.count {
            self.rest.len()
        } else {
            let (length, octets) = leb128(self.rest)?;
            self.rest = self.rest.get(octets..)?;
            length
        };
        // Fewer than W says, or nothing in one.
        if length == 0 {
            return None;
        }
        let (element, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(element)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() && self.read >= self.count {
            return None;
        }
        let element = self.element();
        if element.is_none() {
            (self.rest, self.count) = (&[], 0);
        }
        Some(element)
    }
}
