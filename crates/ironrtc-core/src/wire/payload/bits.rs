//! Bounded reading of bits, most significant first.

/// Reads from the front of a slice.
#[derive(Clone, Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    /// In bits.
    at: usize,
    /// H.264 and H.265: a 3 behind two zeros is not part of what is read.
    emulation: bool,
    zeros: u8,
}

impl<'a> Bits<'a> {
    pub(super) const fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            emulation: false,
            zeros: 0,
        }
    }

    /// For the inside of a NAL unit (H.264 section 7.3.1).
    pub(super) const fn of_unit(data: &'a [u8]) -> Self {
        Self {
            emulation: true,
            ..Self::new(data)
        }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        if self.at.is_multiple_of(8) && self.emulation {
            let mut byte = *self.data.get(self.at / 8)?;
            if byte == 3 && self.zeros >= 2 {
                self.at += 8;
                self.zeros = 0;
                byte = *self.data.get(self.at / 8)?;
            }
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
            self.zeros = self.zeros.min(2);
        }
        let byte = *self.data.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Up to 32 bits.
    pub(super) fn read(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.bit()?);
        }
        Some(value)
    }

    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        for _ in 0..count {
            self.bit()?;
        }
        Some(())
    }

    /// An Exp-Golomb number (H.264 section 9.1), also AV1's `uvlc`.
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.read(zeros)?)
    }

    /// A signed Exp-Golomb number (H.264 section 9.1.1).
    pub(super) fn signed_exp_golomb(&mut self) -> Option<i32> {
        let code = self.exp_golomb()?;
        let magnitude = i32::try_from(code.div_ceil(2)).ok()?;
        Some(if code % 2 == 1 { magnitude } else { -magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_standards_table_are_read() {
        // H.264 table 9-2: 1, 010, 011, 00100, 00101 are 0 to 4.
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let read: Vec<u32> = std::iter::from_fn(|| bits.exp_golomb()).take(5).collect();
        assert_eq!(read, [0, 1, 2, 3, 4]);
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let read: Vec<i32> = std::iter::from_fn(|| bits.signed_exp_golomb())
            .take(5)
            .collect();
        assert_eq!(read, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn bytes_against_emulation_are_left_out_of_units_alone() {
        let data = [0, 0, 3, 1];
        assert_eq!(Bits::of_unit(&data).read(24), Some(1));
        assert_eq!(Bits::new(&data).read(24), Some(3));
        assert_eq!(Bits::of_unit(&data).read(32), None);
    }

    #[test]
    fn a_number_of_zeros_alone_ends() {
        assert_eq!(Bits::new(&[0; 64]).exp_golomb(), None);
        assert_eq!(Bits::new(&[0; 2]).exp_golomb(), None);
    }
}
