//! Other sample rates, and other numbers of channels.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, Resampler as _, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

use crate::FrameError;

/// Samples on which one of the new ones rests: half of them are what it is late.
const LENGTH: usize = 128;

/// Changes the sample rate of a stream.
pub struct Resampler {
    /// None if the rates are the same.
    inner: Option<Async<f32>>,
    channels: usize,
    /// Moments that are taken at once.
    chunk: usize,
    waiting: Vec<f32>,
    output: Vec<f32>,
}

impl std::fmt::Debug for Resampler {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "resampler, {} channels", self.channels)
    }
}

impl Resampler {
    /// From one rate to another, in pieces of 10 ms. Rates are 1 to 384 kHz, channels one to eight.
    pub fn new(from: u32, to: u32, channels: u8) -> Result<Self, FrameError> {
        let valid = 1_000..=384_000;
        if !valid.contains(&from) || !valid.contains(&to) || !(1..=8).contains(&channels) {
            return Err(FrameError("there is no such rate or number of channels"));
        }
        let chunk = (from / 100) as usize;
        let channels = usize::from(channels);
        let inner = if from == to {
            None
        } else {
            let ratio = f64::from(to) / f64::from(from);
            let filter = SincInterpolationParameters::new(LENGTH, WindowFunction::BlackmanHarris2)
                .interpolation(SincInterpolationType::Linear)
                .oversampling_factor(256);
            let made = Async::new_sinc(ratio, 1.0, &filter, chunk, channels, FixedAsync::Input);
            Some(made.map_err(|_| FrameError("these rates cannot be converted"))?)
        };
        let most = inner.as_ref().map_or(0, |inner| inner.output_frames_max());
        Ok(Self {
            inner,
            channels,
            chunk,
            waiting: Vec::new(),
            output: vec![0.0; most * channels],
        })
    }

    /// Takes samples and appends what can be made of them; less than 10 ms waits for more.
    pub fn resample(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        let Some(inner) = &mut self.inner else {
            out.extend_from_slice(samples);
            return;
        };
        self.waiting
            .extend(samples.iter().map(|sample| f32::from(*sample)));
        let length = self.chunk * self.channels;
        let mut done = 0;
        for piece in self.waiting.chunks_exact(length) {
            done += length;
            let most = self.output.len() / self.channels;
            let (Ok(input), Ok(mut output)) = (
                InterleavedSlice::new(piece, self.channels, self.chunk),
                InterleavedSlice::new_mut(&mut self.output[..], self.channels, most),
            ) else {
                debug_assert!(false, "the buffers have their sizes");
                continue;
            };
            let made = inner.process_into_buffer(&input, &mut output, None);
            debug_assert!(made.is_ok());
            let moments = made.map_or(0, |(_, made)| made);
            let samples = &self.output[..moments * self.channels];
            // `as` keeps within the range.
            out.extend(samples.iter().map(|sample| sample.round() as i16));
        }
        self.waiting.drain(..done);
    }

    /// Moments, at the new rate, by which what comes out is late.
    pub fn delay(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| inner.output_delay())
    }
}

/// The same samples with another number of channels: one becomes two equal ones, two their mean, and
/// of more the first ones are kept.
pub fn remix(samples: &[i16], from: u8, to: u8) -> Vec<i16> {
    let (from, to) = (usize::from(from.max(1)), usize::from(to.max(1)));
    let moments = samples.chunks_exact(from);
    match (from, to) {
        (from, to) if from == to => samples.to_vec(),
        (1, to) => moments
            .flat_map(|moment| std::iter::repeat_n(moment[0], to))
            .collect(),
        (2, 1) => moments
            .map(|moment| ((i32::from(moment[0]) + i32::from(moment[1])) / 2) as i16)
            .collect(),
        (_, to) => moments
            .flat_map(|moment| (0..to).map(|channel| moment.get(channel).copied().unwrap_or(0)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Tone, level_of};

    #[test]
    fn a_tone_keeps_its_frequency_and_level() {
        for (from, to) in [
            (44_100, 48_000),
            (48_000, 16_000),
            (8_000, 48_000),
            (48_000, 44_100),
        ] {
            let mut resampler = Resampler::new(from, to, 1).unwrap();
            let mut tone = Tone::new(1_000.0, -12.0, from, 1);
            let mut heard = Vec::new();
            // Pieces that are none of 10 ms.
            for _ in 0..50 {
                resampler.resample(&tone.samples(333), &mut heard);
            }
            let expected = 50 * 333 * to as usize / from as usize;
            assert!(heard.len().abs_diff(expected) <= to as usize / 50);
            let settled = &heard[to as usize / 20..];
            assert!(
                (level_of(settled, 1_000.0, to) + 12.0).abs() < 0.5,
                "{from} to {to}"
            );
            assert!(level_of(settled, 1_100.0, to) < -40.0, "{from} to {to}");
        }
    }

    #[test]
    fn channels_stay_apart() {
        let mut resampler = Resampler::new(44_100, 48_000, 2).unwrap();
        let mut tone = Tone::new(700.0, -12.0, 44_100, 1);
        let one_side: Vec<i16> = tone
            .samples(8_820)
            .into_iter()
            .flat_map(|l| [l, 0])
            .collect();
        let mut heard = Vec::new();
        resampler.resample(&one_side, &mut heard);
        assert!(heard.chunks(2).all(|moment| moment[1] == 0));
        let left: Vec<i16> = heard
            .chunks(2)
            .skip(2_000)
            .map(|moment| moment[0])
            .collect();
        assert!((level_of(&left, 700.0, 48_000) + 12.0).abs() < 0.5);
    }

    #[test]
    fn channels_are_mixed() {
        assert_eq!(remix(&[1, 2], 1, 2), [1, 1, 2, 2]);
        assert_eq!(remix(&[10, 20, i16::MAX, i16::MAX], 2, 1), [15, i16::MAX]);
        assert_eq!(remix(&[1, 2, 3], 3, 2), [1, 2]);
        assert_eq!(remix(&[1, 2], 2, 2), [1, 2]);
        assert!(Resampler::new(0, 48_000, 1).is_err());
        assert!(Resampler::new(48_000, 8_000, 0).is_err());
    }
}
