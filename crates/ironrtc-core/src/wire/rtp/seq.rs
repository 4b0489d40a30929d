//! Sequence numbers and timestamps: what wraps on the wire, and its position inside.

use std::fmt;
use std::marker::PhantomData;

use crate::serial::{EPOCH, serial};

serial!(
    /// The sequence number of an RTP packet (RFC 3550 section 5.1), or one that counts packets the
    /// same way: transport-wide, or of the original packet in a retransmission.
    pub SeqNo,
    u16,
    i16
);
serial!(
    /// An RTP timestamp (RFC 3550 section 5.1), in units of the payload's clock.
    pub RtpTime,
    u32,
    i32
);

macro_rules! arithmetic {
    ($name:ident, $word:ty, $signed:ty) => {
        impl $name {
            /// The number as it is on the wire.
            pub const fn new(number: $word) -> Self {
                Self(number)
            }

            /// As it is on the wire.
            pub const fn get(self) -> $word {
                self.0
            }

            /// The number that lies `steps` behind it; negative steps go back.
            #[must_use]
            pub const fn plus(self, steps: $signed) -> Self {
                Self(self.0.wrapping_add_signed(steps))
            }

            /// How far it lies behind `earlier` on the shorter way (RFC 1982 section 3.2), negative
            /// if it lies before.
            pub const fn since(self, earlier: Self) -> $signed {
                self.0.wrapping_sub(earlier.0) as $signed
            }

            /// Whether it is newer. Two numbers half the circle apart have no order in RFC 1982; here
            /// neither is newer.
            pub const fn is_after(self, other: Self) -> bool {
                self.since(other) > 0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl Unwrapper<$name> {
            /// The position of a number: the one nearest to the highest position so far, which the
            /// number raises if it lies beyond.
            pub fn unwrap(&mut self, number: $name) -> u64 {
                let position = self.peek(number);
                self.highest = Some(self.highest.map_or(position, |high| high.max(position)));
                position
            }

            /// The position of a number with which all begins anew: beyond the highest one so far.
            pub fn restart(&mut self, number: $name) -> u64 {
                let half = <$word>::MAX / 2 + 1;
                let beyond = |high: u64| number.near(high + 1 + u64::from(half));
                let position = self.highest.map_or_else(|| self.peek(number), beyond);
                self.highest = Some(position);
                position
            }

            /// The position that a number would have, with nothing changed.
            pub fn peek(&self, number: $name) -> u64 {
                // The first number lies in the middle, so that those before it have positions too.
                self.highest
                    .map_or(EPOCH + u64::from(number.0), |high| number.near(high))
            }
        }
    };
}

/// Gives numbers that wrap positions that do not.
#[derive(Clone, Copy, Debug)]
pub struct Unwrapper<T> {
    highest: Option<u64>,
    number: PhantomData<T>,
}

impl<T> Unwrapper<T> {
    /// Nothing was seen yet.
    pub const fn new() -> Self {
        Self {
            highest: None,
            number: PhantomData,
        }
    }

    /// The highest position so far.
    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }
}

impl<T> Default for Unwrapper<T> {
    fn default() -> Self {
        Self::new()
    }
}

arithmetic!(SeqNo, u16, i16);
arithmetic!(RtpTime, u32, i32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_goes_the_shorter_way_around() {
        assert!(SeqNo(0).is_after(SeqNo(65_535)));
        assert!(!SeqNo(65_535).is_after(SeqNo(0)));
        assert_eq!(SeqNo(2).since(SeqNo(65_534)), 4);
        assert_eq!(SeqNo(65_534).since(SeqNo(2)), -4);
        assert!(!SeqNo(0x8000).is_after(SeqNo(0)) && !SeqNo(0).is_after(SeqNo(0x8000)));
        assert_eq!(RtpTime(5).since(RtpTime(u32::MAX)), 6);
        assert_eq!(SeqNo(65_535).plus(2), SeqNo(1));
        assert_eq!(SeqNo(1).plus(-2), SeqNo(65_535));
    }

    #[test]
    fn positions_grow_over_the_wrap_and_late_numbers_lie_before() {
        let mut unwrapper = Unwrapper::<SeqNo>::new();
        let first = unwrapper.unwrap(SeqNo(65_534));
        assert_eq!(unwrapper.unwrap(SeqNo(1)), first + 3);
        assert_eq!(unwrapper.unwrap(SeqNo(65_535)), first + 1);
        assert_eq!(unwrapper.highest(), Some(first + 3));
        assert_eq!(unwrapper.peek(SeqNo(2)), first + 4);
        assert_eq!(unwrapper.highest(), Some(first + 3));
    }

    #[test]
    fn what_begins_anew_lies_beyond_all_that_was() {
        for number in [0, 1, 100, 101, 40_000, 65_535] {
            let mut unwrapper = Unwrapper::<SeqNo>::new();
            let high = unwrapper.unwrap(SeqNo(100));
            let position = unwrapper.restart(SeqNo(number));
            assert!(position > high && position <= high + 65_536, "{number}");
            assert_eq!(position as u16, number);
            assert_eq!(unwrapper.highest(), Some(position));
        }
    }

    #[test]
    fn a_number_before_the_first_one_has_a_position() {
        let mut unwrapper = Unwrapper::<SeqNo>::new();
        let first = unwrapper.unwrap(SeqNo(0));
        assert_eq!(unwrapper.unwrap(SeqNo(65_535)), first - 1);
    }
}
