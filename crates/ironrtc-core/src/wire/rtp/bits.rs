//! Reading bits, the highest one first.

/// Reads numbers of any width from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        let byte = self.data.get(self.at / 8)?;
        let bit = 7 - self.at % 8;
        self.at += 1;
        Some(byte >> bit & 1 != 0)
    }

    /// A number of at most 32 bits.
    pub(super) fn number(&mut self, width: u32) -> Option<u32> {
        (0..width).try_fold(0, |number, _| Some(number << 1 | u32::from(self.flag()?)))
    }

    /// A number below `bound`, in one bit less where that is enough (AV1 specification, `ns(n)`).
    pub(super) fn below(&mut self, bound: u32) -> Option<u32> {
        let width = u32::BITS - bound.leading_zeros();
        let short = (1 << width) - bound;
        let number = self.number(width.saturating_sub(1))?;
        if number < short {
            return Some(number);
        }
        Some((number << 1) - short + u32::from(self.flag()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_over_the_bounds_of_bytes() {
        let mut bits = Bits::new(&[0b1010_0000, 0b1100_0000]);
        assert_eq!(bits.flag(), Some(true));
        assert_eq!(bits.number(9), Some(0b0_1000_0011));
        assert_eq!(bits.number(0), Some(0));
        assert_eq!(bits.number(7), None);
    }

    #[test]
    fn the_avs_numbers_below_five_take_two_or_three_bits() {
        // AV1 specification section 4.10.7: 00, 01, 10, 110 and 111.
        let mut bits = Bits::new(&[0b0001_1011, 0b0111_0000]);
        let found: Vec<_> = (0..5).map_while(|_| bits.below(5)).collect();
        assert_eq!(found, [0, 1, 2, 3, 4]);
        // Only one number is below one, and it takes no bit.
        assert_eq!(Bits::new(&[]).below(1), Some(0));
    }
}
