//! SCTP's serial numbers (RFC 1982).

pub(crate) use crate::serial::EPOCH;
use crate::serial::serial;

serial!(
    /// Transmission sequence number (RFC 9260 section 1.6).
    pub(crate) Tsn,
    u32,
    i32
);
serial!(
    /// Stream sequence number of a DATA chunk.
    pub(crate) Ssn,
    u16,
    i16
);
serial!(
    /// The number of a message in I-DATA chunks. RFC 8260 section 2.1 calls it MID, which in SDP is
    /// another thing: the name of a media section.
    pub(crate) MessageNo,
    u32,
    i32
);
serial!(
    /// Sequence number of a re-configuration request (RFC 6525 section 4.1).
    pub(crate) RequestSn,
    u32,
    i32
);

/// Fragment sequence number of an I-DATA chunk: starts at 0 in each message, never wraps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fsn(pub(crate) u32);

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
