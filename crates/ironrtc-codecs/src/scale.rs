//! Smaller and larger pictures, for the layers of simulcast first.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::{FrameError, VideoFrame};

/// A picture with half the width and height, rounded up: the mean of each four pixels. What simulcast
/// takes most, and many times faster than a [`Scaler`].
pub fn halve(picture: &VideoFrame) -> VideoFrame {
    let (width, height) = (picture.width().div_ceil(2), picture.height().div_ceil(2));
    let Ok(mut half) = VideoFrame::new(width, height, picture.time) else {
        // Half of a valid size, rounded up, is one.
        debug_assert!(false);
        return picture.clone();
    };
    let (strides, target_strides) = (picture.strides(), half.strides());
    let planes = picture.planes().into_iter().zip(strides);
    for ((plane, stride), (target, target_stride)) in
        planes.zip(half.planes_mut().into_iter().zip(target_strides))
    {
        let mut rows = plane.chunks_exact(stride);
        for target in target.chunks_exact_mut(target_stride) {
            let Some(upper) = rows.next() else { break };
            halve_rows(upper, rows.next().unwrap_or(upper), target);
        }
    }
    half
}

fn halve_rows(upper: &[u8], lower: &[u8], target: &mut [u8]) {
    let (upper, upper_odd) = upper.as_chunks::<2>();
    let (lower, lower_odd) = lower.as_chunks::<2>();
    for (pixel, (above, below)) in target.iter_mut().zip(upper.iter().zip(lower)) {
        let sum = [above[0], above[1], below[0], below[1]].map(u16::from);
        *pixel = ((sum[0] + sum[1] + sum[2] + sum[3] + 2) >> 2) as u8;
    }
    if let ([above], [below], Some(pixel)) = (upper_odd, lower_odd, target.last_mut()) {
        *pixel = ((u16::from(*above) + u16::from(*below) + 1) >> 1) as u8;
    }
}

/// Makes pictures of any size, and keeps what it needs for the next one.
#[derive(Debug, Default)]
pub struct Scaler {
    resizer: Resizer,
}

impl Scaler {
    /// One.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same picture in another size. Its shape is not kept.
    pub fn scale(
        &mut self,
        picture: &VideoFrame,
        width: u32,
        height: u32,
    ) -> Result<VideoFrame, FrameError> {
        if (width, height) == (picture.width(), picture.height()) {
            return Ok(picture.clone());
        }
        if width.checked_mul(2) == Some(picture.width())
            && height.checked_mul(2) == Some(picture.height())
        {
            return Ok(halve(picture));
        }
        let mut scaled = VideoFrame::new(width, height, picture.time)?;
        let shape = |strides: [usize; 3], rows: [usize; 3]| {
            [0, 1, 2].map(|plane| (strides[plane] as u32, rows[plane] as u32))
        };
        let from = shape(picture.strides(), picture.rows());
        let to = shape(scaled.strides(), scaled.rows());
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        let planes = picture.planes().into_iter().zip(from);
        for ((plane, from), (target, to)) in planes.zip(scaled.planes_mut().into_iter().zip(to)) {
            // Of one kind of pixels, so that the code of no other is compiled.
            let (Ok(source), Ok(mut target)) = (
                TypedImageRef::<U8>::from_buffer(from.0, from.1, plane),
                TypedImage::<U8>::from_buffer(to.0, to.1, target),
            ) else {
                return Err(FrameError("the planes do not have their size"));
            };
            self.resizer
                .resize_typed(&source, &mut target, &options)
                .map_err(|_| FrameError("the picture cannot be scaled"))?;
        }
        Ok(scaled)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// From dark at the left to bright at the right.
    fn ramp(width: u32, height: u32) -> VideoFrame {
        let mut picture = VideoFrame::new(width, height, Duration::from_millis(40)).unwrap();
        let strides = picture.strides();
        for (plane, stride) in picture.planes_mut().into_iter().zip(strides) {
            for (number, pixel) in plane.iter_mut().enumerate() {
                *pixel = (number % stride * 200 / stride) as u8;
            }
        }
        picture
    }

    fn assert_near(one: &VideoFrame, other: &VideoFrame, most: u8) {
        for (one, other) in one.planes().into_iter().zip(other.planes()) {
            assert_eq!(one.len(), other.len());
            for (one, other) in one.iter().zip(other) {
                assert!(one.abs_diff(*other) <= most, "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_picture_keeps_its_content_in_each_size() {
        let picture = ramp(640, 360);
        for (width, height) in [(320, 180), (160, 90), (213, 121), (1280, 720), (17, 9)] {
            let scaled = Scaler::new().scale(&picture, width, height).unwrap();
            let most = (400 / width + 3) as u8;
            assert_near(&scaled, &ramp(width, height), most);
            assert_eq!(scaled.time, picture.time);
        }
        assert!(Scaler::new().scale(&picture, 0, 9).is_err());
    }

    #[test]
    fn half_of_an_odd_size_has_all_pixels() {
        for (width, height) in [(5, 3), (1, 1), (6, 5), (7, 4)] {
            let half = halve(&ramp(width, height));
            assert_eq!(
                (half.width(), half.height()),
                (width.div_ceil(2), height.div_ceil(2))
            );
        }
        let mut picture = VideoFrame::new(3, 3, Duration::ZERO).unwrap();
        picture.planes_mut()[0].copy_from_slice(&[0, 4, 100, 8, 12, 200, 50, 70, 30]);
        assert_eq!(halve(&picture).planes()[0], [6, 150, 60, 30]);
    }
}
