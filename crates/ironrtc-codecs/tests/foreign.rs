//! FFmpeg decodes what is encoded here, and the other way round. What FFmpeg cannot do is left out,
//! except under the test command, which installs it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use ironrtc_codecs::source::{Pattern, Tone, level_of, psnr};
use ironrtc_codecs::{
    AudioSettings, Format, VideoFrame, audio_decoder, audio_encoder, video_decoder,
};

use super::video::{codec, formats};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 180;

fn ffmpeg_is_there() -> bool {
    let there = Command::new("ffmpeg").arg("-version").output().is_ok();
    assert!(
        there || std::env::var_os("IRONRTC_TEST_STAGE").is_none(),
        "ffmpeg is missing"
    );
    there
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("ironrtc-codecs-{}-{name}", std::process::id()))
}

fn ffmpeg(arguments: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y"])
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}");
}

/// IVF, which FFmpeg reads and writes for VP8, VP9 and AV1.
fn write_ivf(fourcc: &[u8; 4], frames: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"DKIF\0\0\x20\0".to_vec();
    out.extend_from_slice(fourcc);
    out.extend_from_slice(&(WIDTH as u16).to_le_bytes());
    out.extend_from_slice(&(HEIGHT as u16).to_le_bytes());
    for number in [30, 1, frames.len() as u32, 0] {
        out.extend_from_slice(&u32::to_le_bytes(number));
    }
    for (number, frame) in (0_u64..).zip(frames) {
        out.extend_from_slice(&(frame.len() as u32).to_le_bytes());
        out.extend_from_slice(&number.to_le_bytes());
        out.extend_from_slice(frame);
    }
    out
}

fn read_ivf(data: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &data[32..];
    let mut frames = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (frame, after) = after[8..].split_at(u32::from_le_bytes(*length) as usize);
        frames.push(frame.to_vec());
        rest = after;
    }
    frames
}

/// Frames of H.264 that have one slice each: a new one begins behind each unit of a picture.
fn split_h264(data: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = vec![Vec::new()];
    for unit in ironrtc_core::wire::payload::h264::units(data) {
        let unit = &data[unit];
        let last = frames.last_mut().unwrap();
        last.extend_from_slice(&[0, 0, 0, 1]);
        last.extend_from_slice(unit);
        if matches!(unit[0] & 31, 1 | 5) {
            frames.push(Vec::new());
        }
    }
    frames.retain(|frame| !frame.is_empty());
    frames
}

fn pictures(raw: &[u8]) -> Vec<VideoFrame> {
    let luma = (WIDTH * HEIGHT) as usize;
    let (stride, half) = (WIDTH as usize, WIDTH as usize / 2);
    raw.chunks_exact(luma * 3 / 2)
        .map(|data| {
            let (y, chroma) = data.split_at(luma);
            let (u, v) = chroma.split_at(luma / 4);
            let strides = [stride, half, half];
            VideoFrame::from_planes([y, u, v], strides, WIDTH, HEIGHT, Duration::ZERO).unwrap()
        })
        .collect()
}

#[test]
fn ffmpeg_sees_the_pictures_that_are_encoded_here() {
    if !ffmpeg_is_there() {
        return;
    }
    for format in formats() {
        let (mut encoder, mut decoder) = codec(format, 1_000_000);
        let mut pattern = Pattern::new(WIDTH, HEIGHT, 30.0).unwrap();
        let (mut frames, mut own) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            if let Some(frame) = encoder.encode(&pattern.picture()).unwrap() {
                own.extend(decoder.decode(&frame.data, frame.time).unwrap());
                frames.push(frame.data.to_vec());
            }
        }
        let (name, data) = match format {
            Format::Vp8 => ("out.vp8.ivf", write_ivf(b"VP80", &frames)),
            Format::Vp9 => ("out.vp9.ivf", write_ivf(b"VP90", &frames)),
            _ => ("out.h264", frames.concat()),
        };
        let (path, raw) = (file(name), file(&format!("{name}.yuv")));
        std::fs::write(&path, data).unwrap();
        let (input, output) = (path.to_str().unwrap(), raw.to_str().unwrap());
        let (raw_video, keep) = (["-f", "rawvideo"], ["-vsync", "0"]);
        ffmpeg(
            &[
                &["-i", input][..],
                &keep,
                &raw_video,
                &["-pix_fmt", "yuv420p", output],
            ]
            .concat(),
        );
        let seen = pictures(&std::fs::read(&raw).unwrap());
        assert_eq!(seen.len(), own.len(), "{format:?}");
        for (seen, own) in seen.iter().zip(&own) {
            // The same to the bit.
            assert_eq!(psnr(seen, own), Some(99.0), "{format:?}");
        }
        std::fs::remove_file(path).unwrap();
        std::fs::remove_file(raw).unwrap();
    }
}

#[test]
fn the_pictures_that_ffmpeg_encodes_are_seen_here() {
    if !ffmpeg_is_there() {
        return;
    }
    let mut pattern = Pattern::new(WIDTH, HEIGHT, 30.0).unwrap();
    let raw = file("in.yuv");
    let mut writer = std::fs::File::create(&raw).unwrap();
    for _ in 0..20 {
        let picture = pattern.picture();
        writer.write_all(&picture.planes().concat()).unwrap();
    }
    drop(writer);
    let size = format!("{WIDTH}x{HEIGHT}");
    let encoders: [(Format, &str, &[&str]); 4] = [
        (
            Format::Vp8,
            "in.vp8.ivf",
            &[
                "-c:v",
                "libvpx",
                "-deadline",
                "realtime",
                "-auto-alt-ref",
                "0",
            ],
        ),
        (
            Format::Vp9,
            "in.vp9.ivf",
            &[
                "-c:v",
                "libvpx-vp9",
                "-deadline",
                "realtime",
                "-cpu-used",
                "8",
            ],
        ),
        (
            Format::H264,
            "in.h264",
            &[
                "-c:v",
                "libx264",
                "-profile:v",
                "baseline",
                "-x264-params",
                "slices=1:bframes=0",
            ],
        ),
        (
            Format::Av1,
            "in.av1.ivf",
            &["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"],
        ),
    ];
    for (format, name, options) in encoders {
        let Ok(mut decoder) = video_decoder(format) else {
            assert!(
                std::env::var_os("IRONRTC_TEST_STAGE").is_none(),
                "{format:?}"
            );
            continue;
        };
        let path = file(name);
        let (input, output) = (raw.to_str().unwrap(), path.to_str().unwrap());
        let source = [
            "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", "30", "-i", input,
        ];
        ffmpeg(&[&source[..], options, &["-b:v", "1M", output]].concat());
        let data = std::fs::read(&path).unwrap();
        let frames = match format {
            Format::H264 => split_h264(&data),
            _ => read_ivf(&data),
        };
        let mut seen = Vec::new();
        for frame in &frames {
            let picture = decoder.decode(frame, Duration::ZERO).unwrap();
            seen.extend(picture.and_then(|picture| Pattern::number(&picture)));
        }
        assert_eq!(seen, Vec::from_iter(0..20), "{format:?}");
        std::fs::remove_file(path).unwrap();
    }
    std::fs::remove_file(raw).unwrap();
}

/// A page of Ogg has a sum; the crate `ogg` writes it.
fn write_ogg(packets: &[Vec<u8>], samples: u64) -> Vec<u8> {
    use ogg::PacketWriteEndInfo::{EndPage, EndStream, NormalPacket};
    let mut out = Vec::new();
    let mut writer = ogg::PacketWriter::new(&mut out);
    // RFC 7845 section 5.1: version, channels, pre-skip, rate, gain, mapping.
    let head = b"OpusHead\x01\x01\x38\x01\x80\xBB\0\0\0\0\0".to_vec();
    writer.write_packet(head, 1, EndPage, 0).unwrap();
    let tags = b"OpusTags\x07\0\0\0ironrtc\0\0\0\0".to_vec();
    writer.write_packet(tags, 1, EndPage, 0).unwrap();
    for (number, packet) in (1_u64..).zip(packets) {
        let end = if number == packets.len() as u64 {
            EndStream
        } else {
            NormalPacket
        };
        writer
            .write_packet(packet.clone(), 1, end, number * samples)
            .unwrap();
    }
    out
}

#[test]
fn ffmpeg_hears_the_tone_that_is_encoded_here() {
    if !ffmpeg_is_there() {
        return;
    }
    for format in [Format::Opus, Format::Pcmu, Format::Pcma, Format::G722] {
        let mut encoder = audio_encoder(format, &AudioSettings::default()).unwrap();
        let mut tone = Tone::new(700.0, -12.0, encoder.rate(), 1);
        let moments = encoder.rate() as usize / 50;
        let packets: Vec<Vec<u8>> = (0..50)
            .map(|_| {
                let mut packet = Vec::new();
                encoder.encode(&tone.samples(moments), &mut packet).unwrap();
                packet
            })
            .collect();
        let (name, data, kind): (_, _, &[&str]) = match format {
            Format::Opus => ("tone.ogg", write_ogg(&packets, 960), &[]),
            Format::Pcmu => ("tone.ul", packets.concat(), &["-f", "mulaw", "-ar", "8000"]),
            Format::Pcma => ("tone.al", packets.concat(), &["-f", "alaw", "-ar", "8000"]),
            _ => ("tone.g722", packets.concat(), &["-f", "g722"]),
        };
        let (path, raw) = (file(name), file(&format!("{name}.raw")));
        std::fs::write(&path, data).unwrap();
        let (input, output) = (path.to_str().unwrap(), raw.to_str().unwrap());
        ffmpeg(&[kind, &["-i", input, "-f", "s16le", "-ac", "1", output]].concat());
        let bytes = std::fs::read(&raw).unwrap();
        let heard: Vec<i16> = bytes
            .as_chunks()
            .0
            .iter()
            .map(|two| i16::from_le_bytes(*two))
            .collect();
        let rate = encoder.rate();
        assert!(heard.len() > rate as usize * 9 / 10, "{format:?}");
        let level = level_of(&heard[rate as usize / 5..], 700.0, rate);
        assert!((level + 12.0).abs() < 1.0, "{format:?} {level}");
        std::fs::remove_file(path).unwrap();
        std::fs::remove_file(raw).unwrap();
    }
}

#[test]
fn the_tone_that_ffmpeg_encodes_is_heard_here() {
    if !ffmpeg_is_there() {
        return;
    }
    let kinds: [(Format, &str, &[&str]); 4] = [
        (
            Format::Opus,
            "sine.ogg",
            &["-ar", "48000", "-c:a", "libopus", "-b:a", "32k"],
        ),
        (Format::Pcmu, "sine.ul", &["-ar", "8000", "-f", "mulaw"]),
        (Format::Pcma, "sine.al", &["-ar", "8000", "-f", "alaw"]),
        (
            Format::G722,
            "sine.g722",
            &["-ar", "16000", "-c:a", "g722", "-f", "g722"],
        ),
    ];
    for (format, name, options) in kinds {
        let path = file(name);
        let source = [
            "-f",
            "lavfi",
            "-i",
            "sine=frequency=700:duration=1:sample_rate=48000",
        ];
        ffmpeg(
            &[
                &source[..],
                &["-ac", "1"],
                options,
                &[path.to_str().unwrap()],
            ]
            .concat(),
        );
        let data = std::fs::read(&path).unwrap();
        let packets: Vec<Vec<u8>> = if format == Format::Opus {
            let mut reader = ogg::PacketReader::new(std::io::Cursor::new(data));
            let packets = std::iter::from_fn(|| reader.read_packet().unwrap());
            packets.skip(2).map(|packet| packet.data).collect()
        } else {
            data.chunks(160).map(<[u8]>::to_vec).collect()
        };
        let mut decoder = audio_decoder(format, 1).unwrap();
        let mut heard = Vec::new();
        for packet in packets {
            decoder.decode(&packet, &mut heard).unwrap();
        }
        let rate = decoder.rate();
        // FFmpeg's sine has an eighth of the loudest amplitude.
        let level = level_of(
            &heard[rate as usize / 5..rate as usize * 9 / 10],
            700.0,
            rate,
        );
        assert!((level + 18.06).abs() < 1.0, "{format:?} {level}");
        std::fs::remove_file(path).unwrap();
    }
}
