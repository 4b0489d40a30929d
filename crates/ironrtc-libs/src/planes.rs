//! A picture that is lent to a library, or by one.

/// A picture in I420: one plane of luma, two of chroma with half the width and height, rounded up.
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a> {
    data: [&'a [u8]; 3],
    strides: [usize; 3],
    width: usize,
    height: usize,
}

/// Half of a width or height, rounded up.
pub const fn chroma(size: usize) -> usize {
    size.div_ceil(2)
}

impl<'a> Planes<'a> {
    /// None if a plane is too short for the size, or the size is nothing or beyond 16,384.
    pub fn new(
        data: [&'a [u8]; 3],
        strides: [usize; 3],
        width: usize,
        height: usize,
    ) -> Option<Self> {
        let sizes = sizes(width, height)?;
        for (plane, (stride, (columns, rows))) in data.iter().zip(strides.iter().zip(sizes)) {
            let fits = *stride >= columns
                && *stride <= i32::MAX as usize
                && plane.len() >= stride.checked_mul(rows - 1)?.checked_add(columns)?;
            if !fits {
                return None;
            }
        }
        Some(Self {
            data,
            strides,
            width,
            height,
        })
    }

    /// The planes Y, U and V.
    pub const fn data(&self) -> [&'a [u8]; 3] {
        self.data
    }

    /// Bytes from one row to the next, of each plane.
    pub const fn strides(&self) -> [usize; 3] {
        self.strides
    }

    /// In pixels.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// In pixels.
    pub const fn height(&self) -> usize {
        self.height
    }

    /// The planes that a library lends.
    ///
    /// # Safety
    ///
    /// Each pointer that is not null has `stride × (rows − 1) + columns` bytes behind it that stay as
    /// they are for `'a`.
    pub(crate) unsafe fn from_raw(
        pointers: [*const u8; 3],
        strides: [i32; 3],
        width: usize,
        height: usize,
    ) -> Option<Self> {
        let sizes = sizes(width, height)?;
        let mut data: [&'a [u8]; 3] = [&[]; 3];
        let mut steps = [0; 3];
        for plane in 0..3 {
            let (columns, rows) = sizes[plane];
            let stride = usize::try_from(strides[plane]).ok()?;
            if pointers[plane].is_null() || stride < columns {
                return None;
            }
            // SAFETY: the caller vouches for this many bytes.
            data[plane] = unsafe {
                std::slice::from_raw_parts(pointers[plane], stride * (rows - 1) + columns)
            };
            steps[plane] = stride;
        }
        Some(Self {
            data,
            strides: steps,
            width,
            height,
        })
    }
}

/// Columns and rows of the planes.
fn sizes(width: usize, height: usize) -> Option<[(usize, usize); 3]> {
    let valid = 1..=16_384;
    (valid.contains(&width) && valid.contains(&height)).then(|| {
        let half = (chroma(width), chroma(height));
        [(width, height), half, half]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_as_long_as_their_size_needs() {
        let (luma, half) = ([0; 3 * 8 + 5], [0; 8 + 3]);
        let planes = |y, u, v| Planes::new([y, u, v], [8, 8, 8], 5, 4);
        assert!(planes(&luma, &half, &half).is_some());
        assert!(planes(&luma[1..], &half, &half).is_none());
        assert!(planes(&luma, &half[1..], &half).is_none());
        assert!(planes(&luma, &half, &half[1..]).is_none());
        assert!(Planes::new([&luma, &half, &half], [4, 8, 8], 5, 4).is_none());
        assert!(Planes::new([&luma, &half, &half], [8, 8, 8], 0, 4).is_none());
        let huge = [usize::MAX, 8, 8];
        assert!(Planes::new([&luma, &half, &half], huge, 5, 4).is_none());
    }
}
