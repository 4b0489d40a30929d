//! How loud sound is.

use pyo3::prelude::*;

/// The level of silence (RFC 6464 section 3).
pub(crate) const SILENCE: u8 = 127;

/// How many decibels below the loudest the samples are: signed, of 16 bits, in the machine's order.
#[pyfunction]
pub(crate) fn audio_level(samples: &[u8]) -> u8 {
    let (pairs, _) = samples.as_chunks::<2>();
    let squares = pairs.iter().map(|pair| {
        let sample = f64::from(i16::from_ne_bytes(*pair));
        sample * sample
    });
    let power = squares.sum::<f64>() / pairs.len().max(1) as f64;
    let loudest = f64::from(i16::MAX) * f64::from(i16::MAX);
    let below = -10.0 * (power / loudest).log10();
    below.round().clamp(0.0, f64::from(SILENCE)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(samples: &[i16]) -> u8 {
        let bytes: Vec<u8> = samples.iter().flat_map(|it| it.to_ne_bytes()).collect();
        audio_level(&bytes)
    }

    #[test]
    fn the_loudest_is_0_and_silence_127() {
        assert_eq!(level(&[i16::MAX; 960]), 0);
        assert_eq!(level(&[i16::MIN; 960]), 0);
        assert_eq!(level(&[0; 960]), SILENCE);
        assert_eq!(level(&[]), SILENCE);
        // A tenth of the loudest is 20 dB below it.
        assert_eq!(level(&[3277; 960]), 20);
    }
}
