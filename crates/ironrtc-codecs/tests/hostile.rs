//! Packets that were changed on their way, by seeds: errors, never a panic.

use std::time::Duration;

use ironrtc_codecs::source::{Pattern, Tone};
use ironrtc_codecs::{
    AudioSettings, DecodeError, Format, audio_decoder, audio_encoder, video_decoder,
};

use super::Seeded;
use super::video::{codec, formats};

/// Changed bytes, a cut, or bytes of another.
fn mutate(seed: &mut Seeded, packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    match seed.below(4) {
        0 => packet.truncate(seed.below(packet.len())),
        1 => packet.extend((0..seed.below(40)).map(|number| number as u8)),
        _ => {}
    }
    for _ in 0..seed.below(8) {
        let at = seed.below(packet.len());
        if let Some(byte) = packet.get_mut(at) {
            *byte = seed.next() as u8;
        }
    }
    packet
}

#[test]
fn changed_packets_of_sound_do_no_harm() {
    for (format, rounds) in [
        (Format::Opus, 3_000),
        (Format::Pcmu, 200),
        (Format::Pcma, 200),
        (Format::G722, 500),
    ] {
        let mut seed = Seeded(0x0950 + format.name().len() as u64);
        let settings = AudioSettings::default()
            .expected_loss(20)
            .bitrate(Some(24_000));
        let mut encoder = audio_encoder(format, &settings).unwrap();
        let mut tone = Tone::new(300.0, -10.0, encoder.rate(), 1);
        let moments = encoder.rate() as usize / 50;
        let packets: Vec<Vec<u8>> = (0..20)
            .map(|number| {
                encoder.set_bitrate(8_000 + number * 5_000);
                let mut packet = Vec::new();
                encoder.encode(&tone.samples(moments), &mut packet).unwrap();
                packet
            })
            .collect();
        let mut decoder = audio_decoder(format, 1).unwrap();
        for round in 0..rounds {
            let original = &packets[seed.below(20)];
            let mut packet = mutate(&mut seed, original);
            if format == Format::Opus && round % 3 == 0 && !packet.is_empty() {
                // Each kind and length of frame.
                packet[0] = seed.next() as u8;
            }
            let mut out = Vec::new();
            let longest = decoder.rate() as usize;
            match seed.below(8) {
                0 => {
                    decoder.recover(&packet, moments, &mut out);
                }
                1 => {
                    decoder.conceal(moments, &mut out);
                }
                _ => {
                    let decoded = decoder.decode(&packet, &mut out);
                    assert_eq!(decoded.unwrap_or(0), out.len());
                }
            }
            assert!(out.len() <= longest);
        }
    }
}

#[test]
fn changed_frames_of_video_do_no_harm_and_a_key_frame_mends_them() {
    for format in formats() {
        let mut seed = Seeded(0x51DE + u64::from(format.name().as_bytes()[2]));
        let (mut encoder, _) = codec(format, 600_000);
        let mut pattern = Pattern::new(96, 64, 30.0).unwrap();
        let frames: Vec<_> = (0..30)
            .filter_map(|number| {
                if number % 8 == 0 {
                    encoder.request_key_frame();
                }
                encoder.encode(&pattern.picture()).unwrap()
            })
            .collect();
        let key = frames.iter().find(|frame| frame.key).unwrap();
        let mut decoder = video_decoder(format).unwrap();
        let mut errors = 0;
        for round in 0..600 {
            if decoder.needs_key_frame() {
                let picture = decoder.decode(&key.data, Duration::ZERO);
                assert!(picture.unwrap().is_some(), "{format:?} {round}");
            }
            let frame = mutate(&mut seed, &frames[round % frames.len()].data);
            match decoder.decode(&frame, Duration::ZERO) {
                Ok(_) | Err(DecodeError::NeedsKeyFrame) => {}
                Err(_) => errors += 1,
            }
        }
        println!("{format:?}: {errors} errors");
        assert!(errors > 50, "{format:?} {errors}");
    }
}
