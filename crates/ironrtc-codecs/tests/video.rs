//! Pictures go through each codec that this machine has.

use std::time::Duration;

use ironrtc_codecs::source::{Pattern, psnr};
use ironrtc_codecs::{
    DecodeError, Format, Rate, VideoDecoder, VideoEncoder, VideoFrame, VideoSettings,
    video_decoder, video_encoder,
};

/// Those that can be both encoded and decoded here: H.264 always, VP8 and VP9 where libvpx is.
pub(crate) fn formats() -> Vec<Format> {
    [Format::H264, Format::Vp8, Format::Vp9]
        .into_iter()
        .filter(|format| {
            let found = video_encoder(*format, &VideoSettings::default());
            if let Err(reason) = &found {
                // The test command installs it.
                assert!(std::env::var_os("IRONRTC_TEST_STAGE").is_none(), "{reason}");
                println!("left out: {reason}");
            }
            found.is_ok()
        })
        .collect()
}

fn rate(bitrate: u32) -> Rate {
    Rate {
        bitrate,
        frame_rate: 30.0,
    }
}

pub(crate) fn codec(
    format: Format,
    bitrate: u32,
) -> (Box<dyn VideoEncoder>, Box<dyn VideoDecoder>) {
    let settings = VideoSettings::default().rate(rate(bitrate));
    (
        video_encoder(format, &settings).unwrap(),
        video_decoder(format).unwrap(),
    )
}

#[test]
fn pictures_come_through_each_codec() {
    for format in formats() {
        let (mut encoder, mut decoder) = codec(format, 800_000);
        let mut pattern = Pattern::new(320, 180, 30.0).unwrap();
        let (mut shown, mut sum) = (0, 0.0);
        for number in 0..30 {
            let picture = pattern.picture();
            let Some(frame) = encoder.encode(&picture).unwrap() else {
                continue;
            };
            assert_eq!(frame.key, number == 0, "{format:?} {number}");
            assert_eq!(frame.time, picture.time);
            let seen = decoder.decode(&frame.data, frame.time).unwrap().unwrap();
            assert_eq!(Pattern::number(&seen), Some(number), "{format:?}");
            assert_eq!(seen.time, picture.time);
            shown += 1;
            sum += psnr(&picture, &seen).unwrap();
        }
        let mean = sum / f64::from(shown);
        println!("{format:?}: {shown} pictures, {mean:.1} dB");
        assert!(shown >= 25, "{format:?} {shown}");
        assert!(mean > 32.0, "{format:?} {mean}");
    }
}

#[test]
fn another_rate_is_followed_without_a_key_frame() {
    for format in formats() {
        let (mut encoder, mut decoder) = codec(format, 1_000_000);
        let mut pattern = Pattern::new(320, 240, 30.0).unwrap();
        let mut seconds = Vec::new();
        for number in 0..150 {
            match number {
                60 => encoder.set_rate(rate(200_000)),
                120 => encoder.set_rate(rate(800_000)),
                _ => {}
            }
            if number % 30 == 0 {
                seconds.push(0);
            }
            let picture = noisy(pattern.picture());
            let Some(frame) = encoder.encode(&picture).unwrap() else {
                continue;
            };
            assert_eq!(frame.key, number == 0, "{format:?} {number}");
            decoder.decode(&frame.data, frame.time).unwrap();
            *seconds.last_mut().unwrap() += frame.data.len() * 8;
        }
        println!("{format:?}: {seconds:?} bits in each second");
        // The second second has 1 Mbit/s, the fourth 200 kbit/s, the fifth 800.
        assert!(
            (600_000..1_300_000).contains(&seconds[1]),
            "{format:?} {seconds:?}"
        );
        assert!(
            (100_000..320_000).contains(&seconds[3]),
            "{format:?} {seconds:?}"
        );
        assert!(seconds[4] > 2 * seconds[3], "{format:?} {seconds:?}");
    }
}

/// With grain, as cameras have it, so that bits are needed.
fn noisy(mut picture: VideoFrame) -> VideoFrame {
    let mut seed = super::Seeded(picture.time.as_micros() as u64 | 1);
    for pixel in picture.planes_mut()[0].iter_mut() {
        *pixel = pixel.saturating_add((seed.next() >> 60) as u8);
    }
    picture
}

#[test]
fn a_key_frame_comes_when_it_is_asked_for_and_only_then() {
    for format in formats() {
        let (mut encoder, _) = codec(format, 500_000);
        let mut pattern = Pattern::new(160, 120, 30.0).unwrap();
        let mut keys = Vec::new();
        for number in 0..60 {
            if number == 20 || number == 40 {
                encoder.request_key_frame();
            }
            // A change of the scene is no reason.
            let picture = if number % 30 > 25 {
                VideoFrame::new(160, 120, pattern.picture().time).unwrap()
            } else {
                pattern.picture()
            };
            if let Some(frame) = encoder.encode(&picture).unwrap()
                && frame.key
            {
                keys.push(number);
            }
        }
        assert_eq!(keys.len(), 3, "{format:?} {keys:?}");
        for (key, wanted) in keys.iter().zip([0, 20, 40]) {
            // One that was left out to hold the rate is made up for.
            assert!((wanted..wanted + 4).contains(key), "{format:?} {keys:?}");
        }
    }
}

#[test]
fn another_size_begins_with_a_key_frame() {
    for format in formats() {
        let (mut encoder, mut decoder) = codec(format, 500_000);
        for (width, height) in [(160, 120), (320, 240), (64, 48), (161, 91)] {
            let mut pattern = Pattern::new(width, height, 30.0).unwrap();
            for number in 0..3 {
                let picture = pattern.picture();
                let Some(frame) = encoder.encode(&picture).unwrap() else {
                    assert!(number > 0);
                    continue;
                };
                assert_eq!(frame.key, number == 0, "{format:?}");
                let seen = decoder.decode(&frame.data, frame.time).unwrap().unwrap();
                // OpenH264 has even sizes only.
                let even = if format == Format::H264 { !1 } else { !0 };
                assert_eq!((seen.width(), seen.height()), (width & even, height & even));
            }
        }
    }
}

#[test]
fn a_decoder_asks_for_a_key_frame_and_takes_up_with_it() {
    for format in formats() {
        let (mut encoder, mut decoder) = codec(format, 500_000);
        let mut pattern = Pattern::new(160, 120, 30.0).unwrap();
        let mut next = |key: bool| {
            if key {
                encoder.request_key_frame();
            }
            loop {
                if let Some(frame) = encoder.encode(&pattern.picture()).unwrap() {
                    break frame.data;
                }
            }
        };
        let first = next(false);
        let delta = next(false);
        assert!(decoder.needs_key_frame());
        assert_eq!(
            decoder.decode(&delta, Duration::ZERO),
            Err(DecodeError::NeedsKeyFrame)
        );
        assert!(decoder.decode(&first, Duration::ZERO).unwrap().is_some());
        assert!(!decoder.needs_key_frame());
        decoder.decode(&delta, Duration::ZERO).unwrap();
        // A loss that the receiver tells of.
        decoder.lose();
        assert!(decoder.needs_key_frame());
        let refused = decoder.decode(&next(false), Duration::ZERO);
        assert_eq!(refused, Err(DecodeError::NeedsKeyFrame));
        // Bytes that are no frame.
        let key = next(true);
        assert!(decoder.decode(&key, Duration::ZERO).unwrap().is_some());
        assert!(decoder.decode(&[], Duration::ZERO).is_err());
        assert!(decoder.needs_key_frame());
        assert!(
            decoder
                .decode(&next(true), Duration::ZERO)
                .unwrap()
                .is_some()
        );
        assert!(!decoder.needs_key_frame());
    }
}

#[test]
fn a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded() {
    if !formats().contains(&Format::Vp8) {
        return;
    }
    let (mut encoder, mut decoder) = codec(Format::Vp8, 500_000);
    let picture = Pattern::new(160, 120, 30.0).unwrap().picture();
    let mut frame = encoder.encode(&picture).unwrap().unwrap().data.to_vec();
    // RFC 6386 section 9.1: 14 bits each.
    frame[6..10].copy_from_slice(&[0xFF, 0x3F, 0xFF, 0x3F]);
    let refused = decoder.decode(&frame, Duration::ZERO);
    let (width, height) = (16_383, 16_383);
    assert_eq!(refused, Err(DecodeError::TooLarge { width, height }));
}
