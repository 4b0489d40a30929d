//! Sound goes through each codec with its frequencies and levels.

use ironrtc_codecs::source::{Tone, dtmf, level_of};
use ironrtc_codecs::{
    Application, AudioDecoder, AudioEncoder, AudioSettings, Format, audio_decoder, audio_encoder,
};

/// Encodes and decodes frames of 20 ms; gives what is heard and the length of each packet.
fn echo(
    encoder: &mut dyn AudioEncoder,
    decoder: &mut dyn AudioDecoder,
    tone: &mut Tone,
    frames: usize,
) -> (Vec<i16>, Vec<usize>) {
    let moments = encoder.rate() as usize / 50;
    let (mut heard, mut lengths) = (Vec::new(), Vec::new());
    for _ in 0..frames {
        let mut packet = Vec::new();
        encoder.encode(&tone.samples(moments), &mut packet).unwrap();
        lengths.push(packet.len());
        let decoded = decoder.decode(&packet, &mut heard).unwrap();
        assert_eq!(decoded, decoder.rate() as usize / 50);
    }
    (heard, lengths)
}

fn codec(format: Format) -> (Box<dyn AudioEncoder>, Box<dyn AudioDecoder>) {
    (
        audio_encoder(format, &AudioSettings::default()).unwrap(),
        audio_decoder(format, 1).unwrap(),
    )
}

#[test]
fn a_tone_comes_through_each_codec() {
    for format in [Format::Opus, Format::Pcmu, Format::Pcma, Format::G722] {
        for frequency in [440.0, 1_000.0, 2_400.0] {
            let (mut encoder, mut decoder) = codec(format);
            let mut tone = Tone::new(frequency, -12.0, encoder.rate(), 1);
            let (heard, _) = echo(&mut *encoder, &mut *decoder, &mut tone, 50);
            let rate = decoder.rate();
            let settled = &heard[rate as usize / 5..];
            let level = level_of(settled, frequency, rate);
            assert!(
                (level + 12.0).abs() < 1.0,
                "{format:?} {frequency}: {level}"
            );
            let beside = level_of(settled, frequency * 1.3, rate);
            assert!(beside < -35.0, "{format:?} {frequency}: {beside}");
        }
    }
}

#[test]
fn a_telephones_keys_come_through_each_codec() {
    for format in [Format::Opus, Format::Pcmu, Format::G722] {
        let (mut encoder, mut decoder) = codec(format);
        let mut tone = dtmf('5', -10.0, encoder.rate(), 1).unwrap();
        let (heard, _) = echo(&mut *encoder, &mut *decoder, &mut tone, 20);
        let settled = &heard[heard.len() / 4..];
        for frequency in [770.0, 1_336.0] {
            let level = level_of(settled, frequency, decoder.rate());
            assert!(
                (level + 13.0).abs() < 1.5,
                "{format:?} {frequency}: {level}"
            );
        }
    }
}

#[test]
fn stereo_is_two_channels() {
    let settings = AudioSettings::default()
        .channels(2)
        .bitrate(Some(96_000))
        .application(Application::Audio);
    let mut encoder = audio_encoder(Format::Opus, &settings).unwrap();
    let mut decoder = audio_decoder(Format::Opus, 2).unwrap();
    let mut mono = audio_decoder(Format::Opus, 1).unwrap();
    let (mut left, mut right) = (
        Tone::new(500.0, -12.0, 48_000, 1),
        Tone::new(1_500.0, -12.0, 48_000, 1),
    );
    let (mut heard, mut mixed) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        let sides = left.samples(960).into_iter().zip(right.samples(960));
        let both: Vec<i16> = sides.flat_map(|(left, right)| [left, right]).collect();
        let mut packet = Vec::new();
        encoder.encode(&both, &mut packet).unwrap();
        decoder.decode(&packet, &mut heard).unwrap();
        mono.decode(&packet, &mut mixed).unwrap();
    }
    for (channel, own, other) in [(0, 500.0, 1_500.0), (1, 1_500.0, 500.0)] {
        let side: Vec<i16> = heard
            .chunks(2)
            .skip(9_600)
            .map(|both| both[channel])
            .collect();
        assert!((level_of(&side, own, 48_000) + 12.0).abs() < 1.0);
        assert!(level_of(&side, other, 48_000) < -30.0);
    }
    for frequency in [500.0, 1_500.0] {
        let level = level_of(&mixed[9_600..], frequency, 48_000);
        assert!((level + 18.0).abs() < 1.5, "{level}");
    }
}

#[test]
fn opus_follows_another_bitrate_while_it_runs() {
    let settings = AudioSettings::default()
        .bitrate(Some(64_000))
        .constant(true)
        .application(Application::Audio);
    let mut encoder = audio_encoder(Format::Opus, &settings).unwrap();
    let mut decoder = audio_decoder(Format::Opus, 1).unwrap();
    // Many frequencies, so that bits are needed.
    let mut seed = super::Seeded(7);
    let mut at = |encoder: &mut dyn AudioEncoder, bitrate: u32| {
        encoder.set_bitrate(bitrate);
        let mut bytes = 0;
        for number in 0..60 {
            let noise: Vec<i16> = (0..960)
                .map(|_| (seed.next() >> 52) as i16 - 2_048)
                .collect();
            let mut packet = Vec::new();
            encoder.encode(&noise, &mut packet).unwrap();
            decoder.decode(&packet, &mut Vec::new()).unwrap();
            // The first frames settle.
            bytes += if number < 10 { 0 } else { packet.len() };
        }
        bytes as u32 * 8
    };
    for bitrate in [64_000, 16_000, 128_000, 32_000] {
        let got = at(&mut *encoder, bitrate);
        assert!(
            got.abs_diff(bitrate) < bitrate / 5,
            "{got} instead of {bitrate}"
        );
    }
}

#[test]
fn silence_takes_hardly_any_packets_if_asked_for() {
    let sent = |dtx: bool| {
        let settings = AudioSettings::default().dtx(dtx);
        let mut encoder = audio_encoder(Format::Opus, &settings).unwrap();
        let mut sent = 0;
        for _ in 0..100 {
            let send = encoder.encode(&[0; 960], &mut Vec::new()).unwrap();
            sent += usize::from(send);
        }
        sent
    };
    assert_eq!(sent(false), 100);
    assert!(sent(true) < 30, "{}", sent(true));
}

#[test]
fn what_is_no_frame_of_opus_is_refused() {
    let (mut encoder, mut decoder) = codec(Format::Opus);
    assert!(encoder.encode(&[0; 961], &mut Vec::new()).is_err());
    assert!(encoder.encode(&[], &mut Vec::new()).is_err());
    assert!(decoder.decode(&[], &mut Vec::new()).is_err());
    for format in [Format::Vp8, Format::H265] {
        assert!(audio_encoder(format, &AudioSettings::default()).is_err());
        assert!(audio_decoder(format, 1).is_err());
    }
    let three = AudioSettings::default().channels(3);
    assert!(audio_encoder(Format::Opus, &three).is_err());
    assert!(audio_decoder(Format::Opus, 3).is_err());
}
