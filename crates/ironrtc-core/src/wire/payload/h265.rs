//! H.265 (RFC 7798): key frames are seen; payloads go through as they are.

use super::{Descriptor, Edge, MAX_UNITS_PER_PAYLOAD};

// RFC 7798 section 4.4.
const AGGREGATION: u8 = 48;
const FRAGMENTATION: u8 = 49;

/// What is in a payload, without its decoding order numbers (`sprop-max-don-diff` 0).
pub(super) fn describe(payload: &[u8]) -> Option<Descriptor> {
    let [first, second, rest @ ..] = payload else {
        return None;
    };
    let mut descriptor = Descriptor {
        begins: Edge::Possible,
        ends: Edge::Possible,
        // Section 1.1.4: TID is one more than the layer.
        temporal: (second & 7).checked_sub(1),
        ..Descriptor::MIDDLE
    };
    match kind(*first) {
        AGGREGATION => {
            let mut rest = rest;
            let mut units = 0;
            while let [high, low, tail @ ..] = rest {
                units += 1;
                if units > MAX_UNITS_PER_PAYLOAD {
                    return None;
                }
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                let (unit, tail) = tail.split_at_checked(length)?;
                descriptor.key |= is_key(kind(*unit.first()?));
                rest = tail;
            }
            if !rest.is_empty() || units == 0 {
                return None;
            }
        }
        FRAGMENTATION => {
            let header = *rest.first()?;
            let (begins, ends) = (header & 0x80 != 0, header & 0x40 != 0);
            if !begins {
                descriptor.begins = Edge::No;
            }
            if !ends {
                descriptor.ends = Edge::No;
            }
            descriptor.key = begins && is_key(header & 0x3F);
        }
        kind => descriptor.key = is_key(kind),
    }
    Some(descriptor)
}

const fn kind(octet: u8) -> u8 {
    octet >> 1 & 0x3F
}

/// Pictures of random access (16 to 23) and the parameter sets before them (VPS, SPS, PPS).
pub(super) const fn is_key(kind: u8) -> bool {
    matches!(kind, 16..=23 | 32..=34)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_frames_are_seen_in_each_kind_of_payload() {
        let key = |payload: &[u8]| describe(payload).map(|descriptor| descriptor.key);
        assert_eq!(key(&[19 << 1, 1, 0]), Some(true));
        assert_eq!(key(&[1 << 1, 1, 0]), Some(false));
        assert_eq!(key(&[49 << 1, 1, 0x80 | 20, 0]), Some(true));
        assert_eq!(key(&[49 << 1, 1, 20, 0]), Some(false));
        assert_eq!(key(&[48 << 1, 1, 0, 1, 2, 0, 2, 32 << 1, 1]), Some(true));
        assert_eq!(key(&[48 << 1, 1, 0, 2, 2, 1]), Some(false));
        for malformed in [
            &[][..],
            &[2],
            &[98, 1],
            &[96, 1],
            &[96, 1, 0, 3, 2, 1],
            &[96, 1, 0, 0],
        ] {
            assert_eq!(key(malformed), None, "{malformed:?}");
        }
    }
}
