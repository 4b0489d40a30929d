//! Lost packets of Opus: what is concealed and recovered is nearer to what was said than silence.

use std::path::Path;

use ironrtc_codecs::source::Tone;
use ironrtc_codecs::{AudioSettings, Format, Resampler, audio_decoder, audio_encoder};

#[derive(Clone, Copy, PartialEq)]
enum Repair {
    Silence,
    Conceal,
    Fec,
}

const FRAME: usize = 960;

/// What is heard if each tenth packet is lost; `None` loses nothing.
fn heard(sound: &[i16], repair: Option<Repair>) -> Vec<i16> {
    let settings = AudioSettings::default()
        .bitrate(Some(32_000))
        .expected_loss(10);
    let mut encoder = audio_encoder(Format::Opus, &settings).unwrap();
    let mut decoder = audio_decoder(Format::Opus, 1).unwrap();
    let packets: Vec<Vec<u8>> = sound
        .chunks_exact(FRAME)
        .map(|frame| {
            let mut packet = Vec::new();
            encoder.encode(frame, &mut packet).unwrap();
            packet
        })
        .collect();
    let mut out = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let lost = number % 10 == 7;
        match repair.filter(|_| lost) {
            None => {
                decoder.decode(packet, &mut out).unwrap();
            }
            Some(Repair::Silence) => out.resize(out.len() + FRAME, 0),
            Some(Repair::Conceal) => assert!(decoder.conceal(FRAME, &mut out)),
            Some(Repair::Fec) => {
                let following = packets.get(number + 1).map_or(&[][..], Vec::as_slice);
                if !decoder.recover(following, FRAME, &mut out) {
                    decoder.conceal(FRAME, &mut out);
                }
            }
        }
        assert_eq!(out.len(), (number + 1) * FRAME);
    }
    out
}

/// Signal to noise, in decibels, of the frames that were lost, against what is heard without loss.
fn likeness(reference: &[i16], heard: &[i16]) -> f64 {
    let (mut signal, mut noise) = (1.0, 1.0);
    let frames = reference.chunks_exact(FRAME).zip(heard.chunks_exact(FRAME));
    for (number, (reference, heard)) in frames.enumerate() {
        if number % 10 != 7 {
            continue;
        }
        for (reference, heard) in reference.iter().zip(heard) {
            let (reference, heard) = (f64::from(*reference), f64::from(*heard));
            signal += reference * reference;
            noise += (reference - heard) * (reference - heard);
        }
    }
    10.0 * (signal / noise).log10()
}

/// Speech of pocketsphinx's test data, if it is installed; else vowels of our own.
fn speech() -> Vec<i16> {
    let path = Path::new("/usr/share/pocketsphinx/test/data/goforward.raw");
    let (samples, rate): (Vec<i16>, u32) = match std::fs::read(path) {
        Ok(bytes) => {
            let samples = bytes
                .as_chunks()
                .0
                .iter()
                .map(|pair| i16::from_le_bytes(*pair));
            (samples.collect(), 16_000)
        }
        Err(_) => {
            // A voice of 120 Hz whose timbre and loudness change as syllables do.
            let voice = (0..48_000).map(|number| {
                let time = f64::from(number) / 16_000.0;
                let syllable = (std::f64::consts::TAU * 2.3 * time).sin().abs();
                let sum: f64 = (1..12)
                    .map(|harmonic| {
                        let pitch = 120.0 * f64::from(harmonic);
                        let formant = 1.0 + (pitch / 500.0 - 1.0 - syllable).abs();
                        (std::f64::consts::TAU * pitch * time).sin() / formant.powi(2)
                    })
                    .sum();
                (sum * syllable * 4_000.0) as i16
            });
            (voice.collect(), 16_000)
        }
    };
    let mut out = Vec::new();
    Resampler::new(rate, 48_000, 1)
        .unwrap()
        .resample(&samples, &mut out);
    out.truncate(out.len() / FRAME * FRAME);
    out
}

/// How far the loudness of the frames that were lost is from what it should be, in decibels.
fn unevenness(reference: &[i16], heard: &[i16]) -> f64 {
    let energy = |frame: &[i16]| -> f64 {
        let sum: f64 = frame.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        // Below this nothing is heard.
        10.0 * (sum / FRAME as f64 + 100.0).log10()
    };
    let frames = reference.chunks_exact(FRAME).zip(heard.chunks_exact(FRAME));
    let lost: Vec<f64> = frames
        .skip(7)
        .step_by(10)
        .map(|(reference, heard)| (energy(reference) - energy(heard)).abs())
        .collect();
    lost.iter().sum::<f64>() / lost.len() as f64
}

#[test]
fn speech_is_concealed_better_than_by_silence_and_recovered_better_than_concealed() {
    let sound = speech();
    let reference = heard(&sound, None);
    let [silent, concealed, recovered] =
        [Repair::Silence, Repair::Conceal, Repair::Fec].map(|repair| heard(&sound, Some(repair)));
    let uneven = [&silent, &concealed, &recovered].map(|heard| unevenness(&reference, heard));
    let like = [&silent, &concealed, &recovered].map(|heard| likeness(&reference, heard));
    println!("silence, concealed, recovered: {uneven:.1?} dB uneven, {like:.1?} dB alike");
    assert!(uneven[1] < uneven[0] / 2.0, "{uneven:?}");
    assert!(uneven[2] < uneven[1], "{uneven:?}");
    assert!(like[0].abs() < 0.1 && like[1] > 0.0, "{like:?}");
    assert!(like[2] > like[1] + 3.0, "{like:?}");
}

#[test]
fn concealment_may_have_any_length_and_come_first() {
    let mut decoder = audio_decoder(Format::Opus, 2).unwrap();
    for moments in [0, 1, 119, 120, 480, 960, 961, 5_760, 48_000] {
        let mut out = Vec::new();
        assert!(decoder.conceal(moments, &mut out));
        assert_eq!(out.len(), 2 * moments);
    }
    let mut packet = Vec::new();
    let settings = AudioSettings::default().channels(2);
    let mut encoder = audio_encoder(Format::Opus, &settings).unwrap();
    let tone = Tone::new(400.0, -6.0, 48_000, 2).samples(960);
    encoder.encode(&tone, &mut packet).unwrap();
    decoder.decode(&packet, &mut Vec::new()).unwrap();
    for moments in [1, 119, 960, 961, 48_000] {
        let mut out = Vec::new();
        assert!(decoder.conceal(moments, &mut out));
        assert_eq!(out.len(), 2 * moments);
    }
    // The telephone's codecs leave it to the player.
    let mut out = Vec::new();
    assert!(
        !audio_decoder(Format::Pcmu, 1)
            .unwrap()
            .conceal(160, &mut out)
    );
    assert!(out.is_empty());
}
