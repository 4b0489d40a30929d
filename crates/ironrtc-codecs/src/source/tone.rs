//! Sines.

use std::f64::consts::TAU;

/// The frequencies of the keys' rows and columns, in hertz (ITU-T Q.23).
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[char; 4]; 4] = [
    ['1', '2', '3', 'A'],
    ['4', '5', '6', 'B'],
    ['7', '8', '9', 'C'],
    ['*', '0', '#', 'D'],
];

/// A sine without end, or the sum of two.
#[derive(Clone, Debug)]
pub struct Tone {
    frequencies: [f64; 2],
    amplitudes: [f64; 2],
    rate: u32,
    channels: u8,
    moment: u64,
}

impl Tone {
    /// A sine of a frequency in hertz; its level is in decibels below the loudest one.
    pub fn new(frequency: f64, level: f64, rate: u32, channels: u8) -> Self {
        Self {
            frequencies: [frequency, 0.0],
            amplitudes: [amplitude(level), 0.0],
            rate: rate.max(1),
            channels: channels.max(1),
            moment: 0,
        }
    }

    /// The next samples, so many for each channel, which are equal.
    pub fn samples(&mut self, moments: usize) -> Vec<i16> {
        let mut samples = Vec::with_capacity(moments * usize::from(self.channels));
        for _ in 0..moments {
            let time = self.moment as f64 / f64::from(self.rate);
            let sum: f64 = (self.frequencies.iter().zip(self.amplitudes))
                .map(|(frequency, amplitude)| amplitude * (TAU * frequency * time).sin())
                .sum();
            let sample = (sum * f64::from(i16::MAX)).round() as i16;
            samples.extend(std::iter::repeat_n(sample, self.channels.into()));
            self.moment += 1;
        }
        samples
    }
}

/// The sound of a telephone's key, which are those of `insertDTMF` (W3C); its level is in decibels
/// below the loudest sine, as telephone events have it (RFC 4733 section 2.3.3). None for another
/// character.
pub fn dtmf(key: char, level: f64, rate: u32, channels: u8) -> Option<Tone> {
    let key = key.to_ascii_uppercase();
    let (row, keys) = (0..).zip(&KEYS).find(|(_, keys)| keys.contains(&key))?;
    let column = keys.iter().position(|other| *other == key)?;
    let row: usize = row;
    Some(Tone {
        frequencies: [ROWS[row], COLUMNS[column]],
        // Two of equal power, so that their sum has the level.
        amplitudes: [amplitude(level - 3.01); 2],
        ..Tone::new(0.0, level, rate, channels)
    })
}

fn amplitude(level: f64) -> f64 {
    10_f64.powf(level.min(0.0) / 20.0)
}

/// How loud a frequency is in samples of one channel, in decibels below the loudest sine: Goertzel's
/// algorithm, under a window of Hann, so that only frequencies near it count.
pub fn level_of(samples: &[i16], frequency: f64, rate: u32) -> f64 {
    let step = TAU * frequency / f64::from(rate.max(1));
    let (mut real, mut imaginary, mut weight) = (0.0, 0.0, 0.0);
    for (number, sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * number as f64 / samples.len() as f64).cos();
        let value = f64::from(*sample) / f64::from(i16::MAX) * window;
        let (sin, cos) = (step * number as f64).sin_cos();
        real += value * cos;
        imaginary += value * sin;
        weight += window;
    }
    let amplitude = 2.0 * real.hypot(imaginary) / f64::max(weight, 1.0);
    20.0 * amplitude.max(1e-9).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_frequency_and_level() {
        let samples = Tone::new(440.0, -6.0, 48_000, 1).samples(4_800);
        assert!((level_of(&samples, 440.0, 48_000) + 6.0).abs() < 0.1);
        assert!(level_of(&samples, 600.0, 48_000) < -50.0);
        let both = Tone::new(440.0, -6.0, 48_000, 2).samples(100);
        assert!(both.chunks(2).all(|moment| moment[0] == moment[1]));
    }

    #[test]
    fn a_tone_goes_on_without_a_click() {
        let mut tone = Tone::new(440.0, 0.0, 48_000, 1);
        let pieces = [tone.samples(77), tone.samples(400)].concat();
        assert_eq!(pieces, Tone::new(440.0, 0.0, 48_000, 1).samples(477));
    }

    #[test]
    fn each_key_is_its_two_frequencies() {
        let frequencies = || ROWS.iter().chain(&COLUMNS);
        for (row, keys) in KEYS.iter().enumerate() {
            for (column, key) in keys.iter().enumerate() {
                let samples = dtmf(*key, -10.0, 8_000, 1).unwrap().samples(800);
                let heard: Vec<f64> = frequencies()
                    .copied()
                    .filter(|frequency| level_of(&samples, *frequency, 8_000) > -20.0)
                    .collect();
                assert_eq!(heard, [ROWS[row], COLUMNS[column]], "{key}");
            }
        }
        assert!(dtmf('d', -10.0, 8_000, 1).is_some());
        assert!(dtmf('x', -10.0, 8_000, 1).is_none());
    }
}
