//! What encoders take and decoders give.

use std::time::Duration;

use ironrtc_libs::{Planes, chroma};

use crate::FrameError;

/// The largest width and height of a picture.
pub const MAX_SIDE: u32 = 16_384;

/// A picture in I420 of limited range (BT.601, as browsers take it): a plane of luma, and two of chroma
/// with half the width and height, rounded up. Rows follow each other without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFrame {
    width: u32,
    height: u32,
    data: Vec<u8>,
    /// When it was captured, after a beginning that all tracks share.
    pub time: Duration,
}

impl VideoFrame {
    /// A black picture. An error if a side is 0 or beyond [`MAX_SIDE`].
    pub fn new(width: u32, height: u32, time: Duration) -> Result<Self, FrameError> {
        if !(1..=MAX_SIDE).contains(&width) || !(1..=MAX_SIDE).contains(&height) {
            return Err(FrameError("a picture has 1 to 16,384 pixels a side"));
        }
        let (columns, rows) = (width as usize, height as usize);
        let luma = columns * rows;
        let mut data = vec![128; luma + 2 * chroma(columns) * chroma(rows)];
        data[..luma].fill(16);
        Ok(Self {
            width,
            height,
            data,
            time,
        })
    }

    /// A copy of the planes Y, U and V, whose rows are `strides` bytes apart.
    pub fn from_planes(
        planes: [&[u8]; 3],
        strides: [usize; 3],
        width: u32,
        height: u32,
        time: Duration,
    ) -> Result<Self, FrameError> {
        let planes = Planes::new(planes, strides, width as usize, height as usize)
            .ok_or(FrameError("a plane is too short for the picture's size"))?;
        Ok(Self::from_lent(&planes, time))
    }

    pub(crate) fn from_lent(planes: &Planes<'_>, time: Duration) -> Self {
        let (width, height) = (planes.width(), planes.height());
        let half = (chroma(width), chroma(height));
        let mut data = Vec::with_capacity(width * height + 2 * half.0 * half.1);
        let sizes = [(width, height), half, half];
        for ((plane, stride), (columns, rows)) in
            planes.data().into_iter().zip(planes.strides()).zip(sizes)
        {
            for row in plane.chunks(stride).take(rows) {
                data.extend_from_slice(&row[..columns]);
            }
        }
        Self {
            width: width as u32,
            height: height as u32,
            data,
            time,
        }
    }

    /// In pixels.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// In pixels.
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Bytes from one row to the next, of the planes Y, U and V.
    pub const fn strides(&self) -> [usize; 3] {
        let half = chroma(self.width as usize);
        [self.width as usize, half, half]
    }

    /// Rows of the planes Y, U and V.
    pub const fn rows(&self) -> [usize; 3] {
        let half = chroma(self.height as usize);
        [self.height as usize, half, half]
    }

    /// The planes Y, U and V.
    pub fn planes(&self) -> [&[u8]; 3] {
        let (luma, chroma) = self.lengths();
        let (y, rest) = self.data.split_at(luma);
        let (u, v) = rest.split_at(chroma);
        [y, u, v]
    }

    /// The planes Y, U and V, to draw on.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let (luma, chroma) = self.lengths();
        let (y, rest) = self.data.split_at_mut(luma);
        let (u, v) = rest.split_at_mut(chroma);
        [y, u, v]
    }

    fn lengths(&self) -> (usize, usize) {
        let (strides, rows) = (self.strides(), self.rows());
        (strides[0] * rows[0], strides[1] * rows[1])
    }

    /// Lent to a library; none only if this were smaller than it says.
    pub(crate) fn lend(&self) -> Option<Planes<'_>> {
        Planes::new(
            self.planes(),
            self.strides(),
            self.width as usize,
            self.height as usize,
        )
    }

    /// The time in ticks of video's clock of 90 kHz.
    pub(crate) const fn ticks(&self) -> u64 {
        let nanos = self.time.subsec_nanos() as u64 * 90_000;
        self.time
            .as_secs()
            .saturating_mul(90_000)
            .saturating_add((nanos + 500_000_000) / 1_000_000_000)
    }
}

/// Sound: samples of 16 bits, the channels of each moment together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioFrame {
    /// Left and right in turn if there are two channels.
    pub samples: Vec<i16>,
    /// Moments a second.
    pub rate: u32,
    /// One or two.
    pub channels: u8,
    /// When the first was captured, after a beginning that all tracks share.
    pub time: Duration,
}

impl AudioFrame {
    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        let moments = self.samples.len() / usize::from(self.channels.max(1));
        Duration::from_secs_f64(moments as f64 / f64::from(self.rate.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_round_chroma_up() {
        let frame = VideoFrame::new(5, 3, Duration::ZERO).unwrap();
        assert_eq!(frame.strides(), [5, 3, 3]);
        assert_eq!(frame.rows(), [3, 2, 2]);
        assert_eq!(frame.planes().map(<[u8]>::len), [15, 6, 6]);
        assert!(VideoFrame::new(0, 3, Duration::ZERO).is_err());
        assert!(VideoFrame::new(5, MAX_SIDE + 1, Duration::ZERO).is_err());
    }

    #[test]
    fn gaps_between_rows_are_left_out() {
        let luma = [1, 2, 3, 9, 4, 5, 6];
        let (u, v) = ([7, 8, 9, 9], [10, 11]);
        let frame =
            VideoFrame::from_planes([&luma, &u, &v], [4, 4, 2], 3, 2, Duration::ZERO).unwrap();
        assert_eq!(
            frame.planes(),
            [&[1, 2, 3, 4, 5, 6][..], &[7, 8], &[10, 11]]
        );
        let short = VideoFrame::from_planes([&luma[..6], &u, &v], [4, 4, 2], 3, 2, Duration::ZERO);
        assert!(short.is_err());
    }
}
