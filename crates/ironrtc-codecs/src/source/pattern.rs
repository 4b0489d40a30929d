//! A moving picture with its number in it.

use std::time::Duration;

use crate::{FrameError, VideoFrame};

/// Bits of the number that a picture shows.
const BITS: u32 = 16;

/// Pictures one after the other: bars of colour, a ramp that moves, a bright box that wanders, and the
/// picture's number in black and white, which survives encoding.
#[derive(Clone, Debug)]
pub struct Pattern {
    blank: VideoFrame,
    frame_rate: f64,
    number: u32,
}

impl Pattern {
    /// Pictures of this size, at least 32 by 32, so many a second.
    pub fn new(width: u32, height: u32, frame_rate: f32) -> Result<Self, FrameError> {
        if width < 32 || height < 32 {
            return Err(FrameError("the pattern takes 32 by 32 pixels"));
        }
        Ok(Self {
            blank: VideoFrame::new(width, height, Duration::ZERO)?,
            frame_rate: f64::from(frame_rate.clamp(1.0, 1_000.0)),
            number: 0,
        })
    }

    /// The next picture.
    pub fn picture(&mut self) -> VideoFrame {
        let number = self.number;
        self.number = number.wrapping_add(1);
        let mut picture = self.blank.clone();
        picture.time = Duration::from_secs_f64(f64::from(number) / self.frame_rate);
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let strides = picture.strides();
        let [luma, u, v] = picture.planes_mut();
        let moved = number as usize * 2;
        for (y, row) in luma.chunks_exact_mut(width).enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                let ramp = (x + moved) % 256 / 2 + y * 64 / height;
                *pixel = (32 + ramp) as u8;
            }
        }
        for (plane, turn) in [(u, 1), (v, 3)] {
            for row in plane.chunks_exact_mut(strides[1]) {
                for (x, pixel) in row.iter_mut().enumerate() {
                    let bar = x * 8 / strides[1];
                    *pixel = (64 + bar * turn % 8 * 16) as u8;
                }
            }
        }
        let side = width.min(height) / 5;
        let left = bounce(number as usize * 3, width - side);
        let top = height / 4 + bounce(number as usize * 2, height - height / 4 - side);
        for row in luma.chunks_exact_mut(width).skip(top).take(side) {
            row[left..left + side].fill(225);
        }
        for (bit, cell) in cells(width as u32, height as u32) {
            let shade = if number >> bit & 1 == 1 { 235 } else { 16 };
            for row in luma.chunks_exact_mut(width).skip(cell.1).take(cell.2) {
                row[cell.0..cell.0 + cell.2].fill(shade);
            }
        }
        picture
    }

    /// The number in a picture of a pattern, of which the lowest 16 bits are shown; none if it cannot
    /// be read.
    pub fn number(picture: &VideoFrame) -> Option<u16> {
        if picture.width() < 32 || picture.height() < 32 {
            return None;
        }
        let luma = picture.planes()[0];
        let width = picture.width() as usize;
        let mut number = 0;
        for (bit, (left, top, side)) in cells(picture.width(), picture.height()) {
            // The inner half, since edges are blurred.
            let inner = side.div_ceil(2);
            let (left, top) = (left + side / 4, top + side / 4);
            let rows = luma.chunks_exact(width).skip(top).take(inner);
            let sum: usize = rows
                .flat_map(|row| &row[left..left + inner])
                .map(|pixel| usize::from(*pixel))
                .sum();
            match sum / (inner * inner) {
                0..=80 => {}
                170..=255 => number |= 1 << bit,
                _ => return None,
            }
        }
        Some(number)
    }
}

/// Bits, and the left, top and side of what shows them: two rows in the upper left.
fn cells(width: u32, height: u32) -> impl Iterator<Item = (u32, (usize, usize, usize))> {
    let side = (width / 8).min(height / 8).min(16) as usize;
    (0..BITS).map(move |bit| {
        let (column, row) = (bit as usize % 8, bit as usize / 8);
        (bit, (column * side, row * side, side))
    })
}

/// To and fro between 0 and `most`.
const fn bounce(way: usize, most: usize) -> usize {
    let most = if most == 0 { 1 } else { most };
    let at = way % (2 * most);
    if at < most { at } else { 2 * most - at }
}

/// How alike two pictures are, by their luma, in decibels: 30 is fair, 40 good. None if their sizes
/// differ; 99 if they are equal.
pub fn psnr(one: &VideoFrame, other: &VideoFrame) -> Option<f64> {
    if (one.width(), one.height()) != (other.width(), other.height()) {
        return None;
    }
    let (one, other) = (one.planes()[0], other.planes()[0]);
    let error: u64 = (one.iter().zip(other))
        .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
        .sum();
    let mean = error as f64 / one.len() as f64;
    Some(if mean == 0.0 {
        99.0
    } else {
        10.0 * (255.0 * 255.0 / mean).log10()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_show_their_number_in_each_size() {
        for (width, height) in [(640, 360), (32, 32), (33, 77), (320, 180)] {
            let mut pattern = Pattern::new(width, height, 25.0).unwrap();
            for number in 0..300 {
                let picture = pattern.picture();
                assert_eq!(Pattern::number(&picture), Some(number), "{width}x{height}");
                let milliseconds = u128::from(number) * 40;
                assert!(picture.time.as_millis().abs_diff(milliseconds) <= 1);
            }
        }
        assert!(Pattern::new(31, 400, 25.0).is_err());
        let grey = VideoFrame::from_planes(
            [&[128; 1_024], &[128; 256], &[128; 256]],
            [32, 16, 16],
            32,
            32,
            Duration::ZERO,
        );
        assert_eq!(Pattern::number(&grey.unwrap()), None);
    }

    #[test]
    fn likeness_falls_with_the_error() {
        let mut pattern = Pattern::new(64, 64, 25.0).unwrap();
        let (one, next) = (pattern.picture(), pattern.picture());
        assert_eq!(psnr(&one, &one), Some(99.0));
        assert!(psnr(&one, &next).unwrap() < 35.0);
        let other = Pattern::new(64, 66, 25.0).unwrap().picture();
        assert_eq!(psnr(&one, &other), None);
    }
}
