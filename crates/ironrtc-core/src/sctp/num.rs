//! Serial numbers (RFC 1982): what wraps on the wire, and its unwrapped form inside.
//!
//! Inside, positions are `u64` and never wrap; their low bits are the number on the wire. So maps
//! and ranges order correctly, and only parsing and printing know about wrapping.

macro_rules! serial {
    ($(#[$doc:meta])* $name:ident, $word:ty, $signed:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub(crate) struct $name(pub(crate) $word);

        impl $name {
            /// The wire form of an unwrapped position.
            #[allow(dead_code, reason = "not each number is made from a position")]
            pub(crate) const fn of(position: u64) -> Self {
                Self(position as $word)
            }

            /// The position nearest to `reference` that has this wire form.
            pub(crate) const fn near(self, reference: u64) -> u64 {
                let distance = self.0.wrapping_sub(reference as $word) as $signed;
                reference.wrapping_add(distance as i64 as u64)
            }
        }
    };
}

serial!(
    /// Transmission sequence number (RFC 9260 section 1.6).
    Tsn,
    u32,
    i32
);
serial!(
    /// Stream sequence number of a DATA chunk.
    Ssn,
    u16,
    i16
);
serial!(
    /// The number of a message in I-DATA chunks. RFC 8260 section 2.1 calls it MID, which in SDP is
    /// another thing: the name of a media section.
    MessageNo,
    u32,
    i32
);
serial!(
    /// Sequence number of a re-configuration request (RFC 6525 section 4.1).
    RequestSn,
    u32,
    i32
);

/// Fragment sequence number of an I-DATA chunk: starts at 0 in each message, never wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fsn(pub(crate) u32);

/// Where positions start, so that a number slightly before the first one is not negative.
pub(crate) const EPOCH: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_on_the_wire_and_not_inside() {
        let last = EPOCH + u64::from(u32::MAX);
        assert_eq!(Tsn::of(last + 1), Tsn(0));
        assert_eq!(Tsn(0).near(last), last + 1);
        assert_eq!(Tsn(u32::MAX).near(last + 1), last);
        assert_eq!(Ssn(2).near(65_535), 65_538);
        assert_eq!(Ssn(65_535).near(65_538), 65_535);
        assert_eq!(MessageNo(7).near(EPOCH), EPOCH + 7);
    }

    #[test]
    fn a_number_half_the_circle_away_counts_as_before() {
        assert_eq!(Tsn(0x8000_0000).near(EPOCH), EPOCH - 0x8000_0000);
        assert_eq!(Tsn(0x7fff_ffff).near(EPOCH), EPOCH + 0x7fff_ffff);
    }
}
