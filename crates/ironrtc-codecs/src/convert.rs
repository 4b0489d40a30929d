//! Between I420 and pixels of four bytes, by BT.601 in limited range (ITU-R BT.601 section 2.5).
//!
//! Plain arithmetic on whole rows. The crate `yuv` does it with vector instructions, and takes more
//! than a minute of a processor to compile, in each build.

use std::time::Duration;

use crate::{FrameError, VideoFrame};

/// Fractions are counted in so many bits.
const BITS: i32 = 14;
const HALF: i32 = 1 << (BITS - 1);

/// A number as a fraction of [`BITS`].
const fn fraction(number: f64) -> i32 {
    (number * (1 << BITS) as f64 + if number < 0.0 { -0.5 } else { 0.5 }) as i32
}

/// Luma has 219 steps, chroma 224.
const LUMA: i32 = fraction(255.0 / 219.0);
const RED_V: i32 = fraction(1.402 * 255.0 / 224.0);
const GREEN_U: i32 = fraction(0.344_136 * 255.0 / 224.0);
const GREEN_V: i32 = fraction(0.714_136 * 255.0 / 224.0);
const BLUE_U: i32 = fraction(1.772 * 255.0 / 224.0);

const Y: [i32; 3] = [
    fraction(0.299 * 219.0 / 255.0),
    fraction(0.587 * 219.0 / 255.0),
    fraction(0.114 * 219.0 / 255.0),
];
const U: [i32; 3] = [
    fraction(-0.168_736 * 224.0 / 255.0),
    fraction(-0.331_264 * 224.0 / 255.0),
    fraction(0.5 * 224.0 / 255.0),
];
const V: [i32; 3] = [
    fraction(0.5 * 224.0 / 255.0),
    fraction(-0.418_688 * 224.0 / 255.0),
    fraction(-0.081_312 * 224.0 / 255.0),
];

/// A picture as red, green, blue and an alpha of 255.
pub fn to_rgba(picture: &VideoFrame) -> Vec<u8> {
    write::<0, 2>(picture)
}

/// A picture as blue, green, red and an alpha of 255.
pub fn to_bgra(picture: &VideoFrame) -> Vec<u8> {
    write::<2, 0>(picture)
}

/// A picture of red, green, blue and alpha, which is left aside.
pub fn from_rgba(
    pixels: &[u8],
    width: u32,
    height: u32,
    time: Duration,
) -> Result<VideoFrame, FrameError> {
    read::<0, 2>(pixels, width, height, time)
}

/// A picture of blue, green, red and alpha, which is left aside.
pub fn from_bgra(
    pixels: &[u8],
    width: u32,
    height: u32,
    time: Duration,
) -> Result<VideoFrame, FrameError> {
    read::<2, 0>(pixels, width, height, time)
}

/// `RED` and `BLUE` are where these are in a pixel.
fn write<const RED: usize, const BLUE: usize>(picture: &VideoFrame) -> Vec<u8> {
    let width = picture.width() as usize;
    let mut pixels = vec![0; width * picture.height() as usize * 4];
    let [luma, u, v] = picture.planes();
    let [_, stride, _] = picture.strides();
    for (number, (row, luma)) in pixels
        .chunks_exact_mut(width * 4)
        .zip(luma.chunks_exact(width))
        .enumerate()
    {
        let chroma = number / 2 * stride..(number / 2 + 1) * stride;
        write_row::<RED, BLUE>(row, luma, &u[chroma.clone()], &v[chroma]);
    }
    pixels
}

fn write_row<const RED: usize, const BLUE: usize>(row: &mut [u8], luma: &[u8], u: &[u8], v: &[u8]) {
    let pairs = row.chunks_mut(8).zip(luma.chunks(2));
    for ((pixels, luma), (u, v)) in pairs.zip(u.iter().zip(v)) {
        let (u, v) = (i32::from(*u) - 128, i32::from(*v) - 128);
        let red = RED_V * v + HALF;
        let green = HALF - GREEN_U * u - GREEN_V * v;
        let blue = BLUE_U * u + HALF;
        for (pixel, luma) in pixels.as_chunks_mut::<4>().0.iter_mut().zip(luma) {
            let luma = LUMA * (i32::from(*luma) - 16);
            let byte = |sum: i32| (sum >> BITS).clamp(0, 255) as u8;
            pixel[RED] = byte(luma + red);
            pixel[1] = byte(luma + green);
            pixel[BLUE] = byte(luma + blue);
            pixel[3] = 255;
        }
    }
}

fn read<const RED: usize, const BLUE: usize>(
    pixels: &[u8],
    width: u32,
    height: u32,
    time: Duration,
) -> Result<VideoFrame, FrameError> {
    let mut picture = VideoFrame::new(width, height, time)?;
    let width = width as usize;
    if pixels.len() != width * height as usize * 4 {
        return Err(FrameError("there are not four bytes for each pixel"));
    }
    let [_, stride, _] = picture.strides();
    let [luma, u, v] = picture.planes_mut();
    let luma_rows = luma.chunks_exact_mut(width);
    for (luma, row) in luma_rows.zip(pixels.chunks_exact(width * 4)) {
        for (luma, pixel) in luma.iter_mut().zip(row.as_chunks::<4>().0) {
            let colours = [pixel[RED], pixel[1], pixel[BLUE]].map(i32::from);
            *luma = (weigh(colours, Y, HALF) + 16) as u8;
        }
    }
    let rows = pixels.chunks(width * 8);
    for (rows, (u, v)) in rows.zip(u.chunks_exact_mut(stride).zip(v.chunks_exact_mut(stride))) {
        let (upper, lower) = rows.split_at(width * 4);
        let lower = if lower.is_empty() { upper } else { lower };
        read_chroma::<RED, BLUE>(upper, lower, u, v);
    }
    Ok(picture)
}

/// The chroma of the mean of each four pixels.
fn read_chroma<const RED: usize, const BLUE: usize>(
    upper: &[u8],
    lower: &[u8],
    u: &mut [u8],
    v: &mut [u8],
) {
    let squares = upper.chunks(8).zip(lower.chunks(8));
    for ((upper, lower), (u, v)) in squares.zip(u.iter_mut().zip(v)) {
        // The last column of an odd width stands alone.
        let right = upper.len() - 4;
        let sum = |at: usize| {
            let four = [upper[at], upper[right + at], lower[at], lower[right + at]];
            four.map(i32::from).iter().sum()
        };
        let colours = [sum(RED), sum(1), sum(BLUE)];
        *u = ((weigh(colours, U, 4 * HALF) >> 2) + 128) as u8;
        *v = ((weigh(colours, V, 4 * HALF) >> 2) + 128) as u8;
    }
}

const fn weigh(colours: [i32; 3], weights: [i32; 3], round: i32) -> i32 {
    let [red, green, blue] = colours;
    (red * weights[0] + green * weights[1] + blue * weights[2] + round) >> BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_have_known_values() {
        // BT.601, limited range.
        for (colour, expected) in [
            ([255, 255, 255], [235, 128, 128]),
            ([0, 0, 0], [16, 128, 128]),
            ([255, 0, 0], [81, 90, 240]),
            ([0, 255, 0], [145, 54, 34]),
            ([0, 0, 255], [41, 240, 110]),
        ] {
            let pixel = [colour[0], colour[1], colour[2], 0];
            let picture = from_rgba(&pixel.repeat(4), 2, 2, Duration::ZERO).unwrap();
            let found = picture.planes().map(|plane| plane[0]);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    found.abs_diff(expected) <= 1,
                    "{colour:?}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn colours_come_back() {
        for (width, height) in [(64, 48), (33, 17), (1, 1), (2, 1), (1, 2)] {
            for colour in [
                [255, 0, 0],
                [0, 255, 0],
                [0, 0, 255],
                [128, 128, 128],
                [9, 200, 77],
            ] {
                let pixel = [colour[0], colour[1], colour[2], 255];
                let pixels = pixel.repeat((width * height) as usize);
                let picture = from_rgba(&pixels, width, height, Duration::ZERO).unwrap();
                let swapped = to_bgra(&picture);
                for (pixel, swapped) in to_rgba(&picture).chunks(4).zip(swapped.chunks(4)) {
                    for channel in 0..3 {
                        assert!(pixel[channel].abs_diff(colour[channel]) <= 3, "{pixel:?}");
                    }
                    assert_eq!(swapped, [pixel[2], pixel[1], pixel[0], 255]);
                }
                let same = from_bgra(&swapped, width, height, Duration::ZERO).unwrap();
                assert!(same.planes()[0][0].abs_diff(picture.planes()[0][0]) <= 2);
            }
        }
    }

    #[test]
    fn each_two_columns_share_their_chroma_and_no_others_do() {
        let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
        let row = [red, red, blue].concat();
        let picture = from_rgba(&row.repeat(3), 3, 3, Duration::ZERO).unwrap();
        let pixels = to_rgba(&picture);
        for pixel in pixels.chunks(12) {
            assert!(pixel[0] > 250 && pixel[4] > 250 && pixel[8] < 5);
            assert!(pixel[2] < 5 && pixel[6] < 5 && pixel[10] > 250);
        }
    }

    #[test]
    fn pixels_must_be_as_many_as_said() {
        assert!(from_rgba(&[0; 15], 2, 2, Duration::ZERO).is_err());
        assert!(from_rgba(&[], 0, 0, Duration::ZERO).is_err());
    }
}
