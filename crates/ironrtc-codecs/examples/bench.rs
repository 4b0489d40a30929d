//! How long codecs take here: milliseconds for a picture, microseconds for 20 ms of sound.
//!
//! `cargo run --release -p ironrtc-codecs --example bench`
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use ironrtc_codecs::source::{Pattern, Tone, psnr};
use ironrtc_codecs::{
    AudioSettings, Format, Rate, Resampler, Scaler, VideoFrame, VideoSettings, audio_decoder,
    audio_encoder, from_rgba, halve, to_rgba, video_decoder, video_encoder,
};

fn main() {
    println!("sound, µs for 20 ms (encode, decode)");
    for format in [Format::Opus, Format::Pcmu, Format::Pcma, Format::G722] {
        sound(format);
    }
    println!("\npictures, ms for each (encode, longest, decode), kbit/s, dB");
    for (width, height, bitrate) in [(640, 360, 1_000_000), (1_280, 720, 2_000_000)] {
        for format in [Format::H264, Format::Vp8, Format::Vp9] {
            pictures(format, width, height, bitrate);
        }
    }
    println!("\nconversions, µs");
    for (width, height) in [(640, 360), (1_280, 720)] {
        conversions(width, height);
    }
    let mut resampler = Resampler::new(44_100, 48_000, 2).expect("these rates are taken");
    let samples = Tone::new(440.0, -10.0, 44_100, 2).samples(441);
    let mut out = Vec::new();
    let time = mean(200, || {
        out.clear();
        resampler.resample(&samples, &mut out);
    });
    println!("44.1 to 48 kHz, 10 ms of stereo: {:.1}", micros(time));
}

fn sound(format: Format) {
    let (Ok(mut encoder), Ok(mut decoder)) = (
        audio_encoder(format, &AudioSettings::default()),
        audio_decoder(format, 1),
    ) else {
        return;
    };
    let mut tone = Tone::new(440.0, -10.0, encoder.rate(), encoder.channels());
    let moments = encoder.rate() as usize / 50;
    let (mut encoding, mut decoding) = (Duration::ZERO, Duration::ZERO);
    const FRAMES: u32 = 500;
    let (mut packet, mut heard) = (Vec::new(), Vec::new());
    for _ in 0..FRAMES {
        let samples = tone.samples(moments);
        packet.clear();
        heard.clear();
        let start = Instant::now();
        let encoded = encoder.encode(&samples, &mut packet);
        encoding += start.elapsed();
        let start = Instant::now();
        let decoded = decoder.decode(&packet, &mut heard);
        decoding += start.elapsed();
        assert!(encoded.is_ok() && decoded.is_ok());
    }
    println!(
        "{:6} {:7.1} {:7.1}",
        format.name(),
        micros(encoding / FRAMES),
        micros(decoding / FRAMES)
    );
}

fn pictures(format: Format, width: u32, height: u32, bitrate: u32) {
    let rate = Rate {
        bitrate,
        frame_rate: 25.0,
    };
    let settings = VideoSettings::default().rate(rate);
    let (mut encoder, mut decoder) = match (video_encoder(format, &settings), video_decoder(format))
    {
        (Ok(encoder), Ok(decoder)) => (encoder, decoder),
        (Err(reason), _) | (_, Err(reason)) => return println!("{reason}"),
    };
    let mut pattern = Pattern::new(width, height, 25.0).expect("the size is taken");
    let (mut encoding, mut longest, mut decoding) =
        (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut bytes, mut likeness, mut shown) = (0, 0.0, 0_u32);
    const PICTURES: u32 = 125;
    for _ in 0..PICTURES {
        let picture = pattern.picture();
        let start = Instant::now();
        let frame = encoder.encode(&picture).expect("the encoder encodes");
        let time = start.elapsed();
        encoding += time;
        longest = longest.max(time);
        let Some(frame) = frame else { continue };
        bytes += frame.data.len();
        let start = Instant::now();
        let seen = decoder.decode(&frame.data, frame.time).expect("it decodes");
        decoding += start.elapsed();
        if let Some(likely) = seen.and_then(|seen| psnr(&picture, &seen)) {
            likeness += likely;
            shown += 1;
        }
    }
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{:4} {width}x{height} {:6.2} {:6.1} {:6.2} {:6} {:5.1}",
        format.name(),
        millis(encoding / PICTURES),
        millis(longest),
        millis(decoding / shown.max(1)),
        bytes * 8 / 5 / 1_000,
        likeness / f64::from(shown.max(1))
    );
}

fn conversions(width: u32, height: u32) {
    let picture = Pattern::new(width, height, 25.0)
        .expect("the size is taken")
        .picture();
    let pixels = to_rgba(&picture);
    let mut scaler = Scaler::new();
    let steps: [(&str, &mut dyn FnMut() -> usize); 4] = [
        ("I420 to RGBA", &mut || to_rgba(&picture).len()),
        ("RGBA to I420", &mut || {
            from_rgba(&pixels, width, height, Duration::ZERO).map_or(0, size)
        }),
        ("half", &mut || size(halve(&picture))),
        ("two thirds", &mut || {
            scaler
                .scale(&picture, width * 2 / 3, height * 2 / 3)
                .map_or(0, size)
        }),
    ];
    for (name, step) in steps {
        let time = mean(50, || assert!(step() > 0));
        println!("{name:12} {width}x{height} {:8.1}", micros(time));
    }
}

fn size(picture: VideoFrame) -> usize {
    picture.planes()[0].len()
}

fn mean(rounds: u32, mut step: impl FnMut()) -> Duration {
    step();
    let start = Instant::now();
    for _ in 0..rounds {
        step();
    }
    start.elapsed() / rounds
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
