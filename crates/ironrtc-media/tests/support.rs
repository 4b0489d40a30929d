//! Frames of real encoders.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ironrtc_core::wire::payload::{Format, h264, key};
use ironrtc_media::{Frame, ivf, ogg};

pub(crate) fn target() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.expect("a parent").to_path_buf()
}

/// A file that `scripts/fetch-vectors` brings.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let path = target().join("vectors").join(name);
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run scripts/fetch-vectors, which brings it",
            path.display()
        )
    })
}

pub(crate) fn ivf_frames(file: &[u8]) -> Vec<Frame> {
    let mut reader = ivf::Reader::new(file).expect("an IVF file");
    let mut frames = Vec::new();
    while let Some(frame) = reader.read().expect("a whole file") {
        frames.push(frame);
    }
    frames
}

pub(crate) fn opus_frames(file: &[u8]) -> Vec<Frame> {
    let mut reader = ogg::Reader::new(file).expect("an Ogg file");
    let mut frames = Vec::new();
    while let Some(frame) = reader.read().expect("a whole file") {
        frames.push(frame);
    }
    frames
}

/// The file's access units, 30 in a second.
pub(crate) fn h264_frames(file: &[u8]) -> Vec<Frame> {
    let mut frames: Vec<Vec<u8>> = vec![Vec::new()];
    let mut seen_slice = false;
    for range in h264::units(file) {
        let unit = &file[range];
        let slice = matches!(unit[0] & 0x1F, 1 | 5);
        if seen_slice && (!slice || unit[1] & 0x80 != 0) {
            frames.push(Vec::new());
            seen_slice = false;
        }
        seen_slice |= slice;
        h264::Framing::StartCodes.write(unit, frames.last_mut().expect("one"));
    }
    let dated = frames.into_iter().zip(0_u32..).map(|(data, index)| Frame {
        format: Format::H264,
        key: key::frame_is_key(Format::H264, &data),
        data: data.into(),
        time: Duration::from_secs(1) * index / 30,
    });
    dated.collect()
}

/// Video and five seconds of sound in order of time.
pub(crate) fn with_sound(mut video: Vec<Frame>) -> Vec<Frame> {
    let sound = opus_frames(&vector("output.ogg"));
    let sound = sound
        .into_iter()
        .filter(|f| f.time < Duration::from_secs(5));
    video.extend(sound);
    video.sort_by_key(|frame| frame.time);
    video
}

/// The video of each format that there is a file of.
pub(crate) fn videos() -> Vec<(Format, Vec<Frame>)> {
    vec![
        (Format::Vp8, ivf_frames(&vector("output_vp8.ivf"))),
        (Format::Vp9, ivf_frames(&vector("output_vp9.ivf"))),
        (Format::H264, h264_frames(&vector("output.264"))),
    ]
}

pub(crate) fn webm(file: &[u8]) -> Vec<Frame> {
    let mut reader = ironrtc_media::webm::Reader::new(Cursor::new(file)).expect("a WebM file");
    let mut frames = Vec::new();
    while let Some(frame) = reader.read().expect("a whole file") {
        frames.push(frame);
    }
    frames
}

/// The frames of a capture of plain RTP over IPv4 and Ethernet, up to the first that is not whole.
pub(crate) fn captured(format: Format, name: &str) -> Vec<Frame> {
    let file = vector(name);
    let mut rest = &file[24..];
    let mut packets: Vec<(u16, u32, &[u8])> = Vec::new();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().expect("four")) as usize;
        let (frame, tail) = rest[16..].split_at(length);
        rest = tail;
        let rtp = &frame[42..];
        let words = usize::from(u16::from_be_bytes([rtp[14], rtp[15]]));
        let at = if rtp[0] & 0x10 == 0 {
            12
        } else {
            16 + 4 * words
        };
        let seq = u16::from_be_bytes([rtp[2], rtp[3]]);
        let timestamp = u32::from_be_bytes(rtp[4..8].try_into().expect("four"));
        packets.push((seq, timestamp, &rtp[at..]));
    }
    let begin = packets[0].1;
    let mut next = packets[0].0;
    let mut frames = Vec::new();
    for group in packets.chunk_by(|one, other| one.1 == other.1) {
        let mut data = Vec::new();
        let whole = group.iter().all(|packet| {
            let follows = packet.0 == next;
            next = packet.0.wrapping_add(1);
            follows
        });
        let payloads = group.iter().map(|packet| packet.2);
        let Ok(joined) = format.join(payloads, &mut data) else {
            break;
        };
        if !whole {
            break;
        }
        frames.push(Frame {
            format,
            data: data.into(),
            time: Duration::from_secs(1) * group[0].1.wrapping_sub(begin) / 90_000,
            key: joined.key,
        });
    }
    frames
}
