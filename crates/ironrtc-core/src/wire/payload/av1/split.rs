//! Temporal units become payloads.

use std::ops::Range;

use super::super::MAX_UNITS_PER_PAYLOAD;
use super::super::split::{Payload, SplitError};
use super::obu::{
    HAS_SIZE, Header, Obus, PADDING, SEQUENCE_HEADER, TEMPORAL_DELIMITER, TILE_LIST, to_leb128,
};

/// An OBU as it goes out: its header without a size, and where its contents are.
#[derive(Clone, Debug)]
struct Unit {
    header: [u8; 2],
    header_len: usize,
    body: Range<usize>,
}

impl Unit {
    fn len(&self) -> usize {
        self.header_len + self.body.len()
    }
}

pub(in super::super) fn split(
    frame: &[u8],
    max: usize,
    out: &mut Vec<Payload>,
) -> Result<(), SplitError> {
    let mut units = Vec::new();
    let mut begins_sequence = false;
    for obu in Obus::new(frame) {
        let obu = obu.ok_or(SplitError::Malformed("an OBU runs over the end"))?;
        // Section 5: these are not sent.
        if matches!(obu.header.kind, TEMPORAL_DELIMITER | TILE_LIST | PADDING) {
            continue;
        }
        begins_sequence |= obu.header.kind == SEQUENCE_HEADER;
        units.push(unit(frame, obu.at, obu.header, obu.body));
    }
    if units.is_empty() {
        return Err(SplitError::Malformed("no OBU that is sent"));
    }
    let size = equal_size(&units, max);
    fill(&units, size, Some(out), begins_sequence);
    Ok(())
}

fn unit(frame: &[u8], at: usize, header: Header, body: Range<usize>) -> Unit {
    let octet = |index: usize| frame.get(at + index).copied().unwrap_or_default();
    Unit {
        header: [octet(0) & !HAS_SIZE, octet(1)],
        header_len: header.len,
        body,
    }
}

/// The least size of payloads of which as many are needed as of size `max`, found in a few tries.
fn equal_size(units: &[Unit], max: usize) -> usize {
    let (count, total) = fill(units, max, None, false);
    let mut size = total.div_ceil(count).max(1);
    // Lengths of elements differ with the cut, by a few octets.
    for _ in 0..8 {
        if size >= max || fill(units, size, None, false).0 <= count {
            return size.min(max);
        }
        size += 4;
    }
    max
}

/// Puts units into payloads of `size`; gives how many there are and how large they are together.
fn fill(
    units: &[Unit],
    size: usize,
    mut out: Option<&mut Vec<Payload>>,
    begins_sequence: bool,
) -> (usize, usize) {
    let (mut count, mut total) = (0, 0);
    let mut emit = |packet: &mut Packet, goes_on: bool| {
        count += 1;
        total += packet.len();
        if let Some(out) = &mut out {
            out.push(packet.payload(units, goes_on, count == 1 && begins_sequence));
        }
        *packet = Packet {
            continues: goes_on,
            ..Packet::default()
        };
    };
    let mut packet = Packet::default();
    for (index, unit) in units.iter().enumerate() {
        let mut at = 0;
        while at < unit.len() {
            let room = packet.room(size);
            // A header of two octets stays in one piece.
            let full = room < 2 || packet.parts.len() == MAX_UNITS_PER_PAYLOAD;
            if full && !packet.parts.is_empty() {
                emit(&mut packet, at > 0);
                continue;
            }
            let taken = (unit.len() - at).min(room.max(2));
            packet.add(index, at..at + taken);
            at += taken;
        }
    }
    emit(&mut packet, false);
    (count, total)
}

/// A payload that is filled.
#[derive(Default)]
struct Packet {
    continues: bool,
    /// Which unit, and what of it.
    parts: Vec<(usize, Range<usize>)>,
    /// Of the parts, with the lengths of all but the last.
    size: usize,
}

impl Packet {
    fn len(&self) -> usize {
        1 + self.size + self.length_of_last()
    }

    /// Section 4.3: with up to three elements the last has no length.
    fn length_of_last(&self) -> usize {
        match self.parts.last() {
            Some((_, part)) if self.parts.len() > 3 => to_leb128(part.len()).1,
            _ => 0,
        }
    }

    /// What another element may have.
    fn room(&self, size: usize) -> usize {
        let Some((_, last)) = self.parts.last() else {
            return size.saturating_sub(1);
        };
        // With a fourth one all have lengths: those before have theirs, the new one needs one too.
        let own = if self.parts.len() >= 3 {
            to_leb128(size).1
        } else {
            0
        };
        size.saturating_sub(1 + self.size + to_leb128(last.len()).1 + own)
    }

    fn add(&mut self, unit: usize, part: Range<usize>) {
        if let Some((_, last)) = self.parts.last() {
            self.size += to_leb128(last.len()).1;
        }
        self.size += part.len();
        self.parts.push((unit, part));
    }

    fn payload(&self, units: &[Unit], goes_on: bool, begins_sequence: bool) -> Payload {
        let count = match self.parts.len() {
            count @ 1..=3 => count as u8,
            _ => 0,
        };
        let bit = |set: bool, at: u8| u8::from(set) << at;
        let mut payload = Payload::default();
        payload.literal(&[bit(self.continues, 7)
            | bit(goes_on, 6)
            | count << 4
            | bit(begins_sequence, 3)]);
        for (index, (unit, part)) in self.parts.iter().enumerate() {
            let Some(unit) = units.get(*unit) else {
                continue;
            };
            if index + 1 != usize::from(count) {
                let (octets, used) = to_leb128(part.len());
                payload.literal(octets.get(..used).unwrap_or_default());
            }
            let header = part.start.min(unit.header_len)..part.end.min(unit.header_len);
            payload.literal(unit.header.get(header).unwrap_or_default());
            let place = |at: usize| unit.body.start + at.saturating_sub(unit.header_len);
            payload.range(place(part.start)..place(part.end));
        }
        payload
    }
}
