//! H.264 (RFC 6184): single NAL units, STAP-A and FU-A; the interleaved mode is not used in WebRTC.

mod split;
mod units;

pub use split::Splitter;
pub use units::{Framing, units, units_with_lengths};

use super::{Descriptor, Edge, JoinError, MAX_UNITS_PER_PAYLOAD};

// Types of NAL units (H.264 table 7-1, RFC 6184 section 5.2).
pub(super) const IDR: u8 = 5;
pub(super) const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;
const FILLER: u8 = 12;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// In the header of a fragmentation unit (section 5.8).
const START: u8 = 0x80;
const END: u8 = 0x40;

const fn kind(octet: u8) -> u8 {
    octet & 0x1F
}

/// What one payload holds.
enum Content<'a> {
    Single(&'a [u8]),
    /// The units with their lengths.
    Aggregate(&'a [u8]),
    /// The header of the unit, that of the fragment, and what follows.
    Fragment(u8, u8, &'a [u8]),
}

fn read(payload: &[u8]) -> Option<Content<'_>> {
    let (&header, rest) = payload.split_first()?;
    match kind(header) {
        1..STAP_A => Some(Content::Single(payload)),
        STAP_A if !rest.is_empty() => Some(Content::Aggregate(rest)),
        FU_A => {
            let (&fragment, rest) = rest.split_first()?;
            // Section 5.8: not both, and there is something in it.
            let both = fragment & (START | END) == START | END;
            (!both && !rest.is_empty()).then_some(Content::Fragment(
                header & 0xE0 | kind(fragment),
                fragment,
                rest,
            ))
        }
        _ => None,
    }
}

/// The units of an aggregate (section 5.7.1). None for what is malformed, as the last item.
fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    let mut left = MAX_UNITS_PER_PAYLOAD;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let unit = (|| {
            left = left.checked_sub(1)?;
            let (length, tail) = rest.split_first_chunk()?;
            let (unit, tail) = tail.split_at_checked(u16::from_be_bytes(*length).into())?;
            rest = tail;
            (!unit.is_empty()).then_some(unit)
        })();
        if unit.is_none() {
            rest = &[];
        }
        Some(unit)
    })
}

pub(super) fn describe(payload: &[u8]) -> Option<Descriptor> {
    let mut descriptor = Descriptor {
        begins: Edge::No,
        ends: Edge::Possible,
        ..Descriptor::MIDDLE
    };
    // Section 5.3: an NRI of 0 says that nothing refers to it.
    descriptor.discardable = payload.first()? & 0x60 == 0;
    match read(payload)? {
        Content::Single(unit) => see(unit, &mut descriptor),
        Content::Aggregate(units) => {
            let first_begins = aggregated(units).next().flatten().is_some_and(may_begin);
            for unit in aggregated(units) {
                see(unit?, &mut descriptor);
            }
            descriptor.begins = if first_begins {
                Edge::Possible
            } else {
                Edge::No
            };
        }
        Content::Fragment(header, fragment, body) => {
            if fragment & START != 0 {
                let slice = [header, *body.first()?];
                see(&slice, &mut descriptor);
            }
            if fragment & END == 0 {
                descriptor.ends = Edge::No;
            }
        }
    }
    Some(descriptor)
}

fn see(unit: &[u8], descriptor: &mut Descriptor) {
    let Some(&header) = unit.first() else { return };
    // Encoders send parameter sets before each picture that a decoder can start with.
    descriptor.key |= matches!(kind(header), IDR | SPS);
    if may_begin(unit) {
        descriptor.begins = Edge::Possible;
    }
}

/// True for a unit that can be the first of a picture (H.264 section 7.4.1.2.3).
fn may_begin(unit: &[u8]) -> bool {
    match unit {
        // first_mb_in_slice is 0, which Exp-Golomb writes as a single 1.
        [header, slice, ..] if matches!(kind(*header), 1 | 2 | IDR) => slice & 0x80 != 0,
        [header, ..] => matches!(kind(*header), 6..=9 | 14..=18),
        [] => false,
    }
}

/// Appends the frame that the payloads, in order, make; see [`Format::join`](super::Format::join).
pub fn join<'a>(
    payloads: impl Iterator<Item = &'a [u8]>,
    framing: Framing,
    out: &mut Vec<u8>,
) -> Result<(), JoinError> {
    // Where the length of the unit under way is written, and its header.
    let mut open: Option<(usize, u8)> = None;
    let mut empty = true;
    for payload in payloads {
        let content = read(payload).ok_or(JoinError::Malformed)?;
        let begins = match content {
            Content::Fragment(_, fragment, _) => fragment & START != 0,
            _ => true,
        };
        match open {
            Some(_) if begins => return Err(JoinError::NotEnded),
            None if !begins => {
                return Err(if empty {
                    JoinError::NotBegun
                } else {
                    JoinError::Mixed
                });
            }
            _ => {}
        }
        empty = false;
        match content {
            Content::Single(unit) => framing.write(unit, out),
            Content::Aggregate(units) => {
                for unit in aggregated(units) {
                    framing.write(unit.ok_or(JoinError::Malformed)?, out);
                }
            }
            Content::Fragment(header, fragment, body) => {
                let (at, first) = *open.get_or_insert_with(|| {
                    let at = framing.begin(out);
                    out.push(header);
                    (at, header)
                });
                if kind(first) != kind(header) {
                    return Err(JoinError::Mixed);
                }
                out.extend_from_slice(body);
                if fragment & END != 0 {
                    framing.finish(at, out);
                    open = None;
                }
            }
        }
    }
    match (empty, open) {
        (true, _) => Err(JoinError::Empty),
        (_, Some(_)) => Err(JoinError::NotEnded),
        (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
