//! Payload formats over media files and captures of other stacks.

use std::path::Path;

use ironrtc_core::wire::payload::{
    About, Descriptor, Edge, Format, Joined, Payload, Size, Splitter, h264, red,
};

/// A file that `scripts/fetch-vectors` brings.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let path = target.expect("a parent").join("vectors").join(name);
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; run scripts/fetch-vectors, which brings it",
            path.display()
        )
    })
}

/// The frames of an IVF file: 32 bytes of header, then 12 before each frame.
pub(crate) fn ivf(file: &[u8]) -> Vec<&[u8]> {
    let mut rest = &file[32..];
    let mut frames = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk() {
        let (frame, tail) = tail[8..].split_at(u32::from_le_bytes(*length) as usize);
        frames.push(frame);
        rest = tail;
    }
    frames
}

/// The packets in an Ogg file with one stream (RFC 3533 section 6), without its two headers.
pub(crate) fn ogg(file: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = file;
    let (mut packets, mut packet) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        assert_eq!(&rest[..4], b"OggS");
        let segments = rest[26] as usize;
        let (lacing, mut data) = rest[27..].split_at(segments);
        for length in lacing {
            let (part, tail) = data.split_at(*length as usize);
            packet.extend_from_slice(part);
            data = tail;
            if *length < 255 {
                packets.push(std::mem::take(&mut packet));
            }
        }
        rest = data;
    }
    packets.split_off(2)
}

/// The access units of a file with start codes: each ends where a slice begins a picture, or before
/// what precedes one.
pub(crate) fn access_units(file: &[u8]) -> Vec<Vec<u8>> {
    let mut units: Vec<Vec<u8>> = vec![Vec::new()];
    let mut seen_slice = false;
    for range in h264::units(file) {
        let unit = &file[range];
        let kind = unit[0] & 0x1F;
        let slice = matches!(kind, 1 | 5);
        if seen_slice && (!slice || unit[1] & 0x80 != 0) {
            units.push(Vec::new());
            seen_slice = false;
        }
        seen_slice |= slice;
        let access_unit = units.last_mut().expect("one");
        access_unit.extend([0, 0, 0, 1]);
        access_unit.extend_from_slice(unit);
    }
    units
}

fn write(frame: &[u8], payloads: &[Payload]) -> Vec<Vec<u8>> {
    let written = payloads.iter().map(|payload| {
        let mut out = Vec::new();
        payload.write(frame, &mut out);
        out
    });
    written.collect()
}

/// Splits and joins each frame at several sizes; gives how many were key frames.
fn round_trip(format: Format, frames: &[impl AsRef<[u8]>]) -> usize {
    let mut keys = 0;
    for max in [256, 1_200] {
        let mut splitter = Splitter::new(format, 0x7FF0).expect("it is split");
        keys = 0;
        for (index, frame) in frames.iter().enumerate() {
            let frame = frame.as_ref();
            let mut payloads = Vec::new();
            splitter
                .split(frame, About::default(), max, &mut payloads)
                .unwrap_or_else(|error| panic!("frame {index}: {error}"));
            let written = write(frame, &payloads);
            assert!(written.iter().all(|payload| payload.len() <= max));
            let mut joined = Vec::new();
            let result = format.join(written.iter().map(Vec::as_slice), &mut joined);
            let Joined { key, .. } = result.unwrap_or_else(|error| panic!("{index}: {error}"));
            assert!(joined == frame, "frame {index} of {format:?} differs");
            let first = format.describe(&written[0]).expect("well formed");
            assert_eq!(first.key, key, "frame {index} is seen in its first payload");
            keys += usize::from(key);
        }
    }
    keys
}

#[test]
fn vp8_of_a_file_comes_back() {
    let file = vector("output_vp8.ivf");
    let frames = ivf(&file);
    assert_eq!(frames.len(), 300);
    assert!(round_trip(Format::Vp8, &frames) >= 1);
    let size = Size::of(Format::Vp8, frames[0]).expect("a key frame");
    assert_eq!((size.width, size.height), (176, 144));
}

#[test]
fn vp9_of_a_file_comes_back() {
    let file = vector("output_vp9.ivf");
    let frames = ivf(&file);
    assert_eq!(frames.len(), 300);
    assert!(round_trip(Format::Vp9, &frames) >= 1);
    let size = Size::of(Format::Vp9, frames[0]).expect("a key frame");
    assert_eq!((size.width, size.height), (176, 144));
}

#[test]
fn h264_of_a_file_comes_back() {
    let file = vector("output.264");
    let frames = access_units(&file);
    assert_eq!(frames.len(), 300);
    assert!(round_trip(Format::H264, &frames) >= 1);
    let size = Size::of(Format::H264, &frames[0]).expect("parameter sets");
    assert_eq!((size.width, size.height), (176, 144));
}

#[test]
fn opus_of_a_file_lasts_as_long_as_the_file_says() {
    let file = vector("output.ogg");
    // The granule position of the last page counts samples, those to be skipped included
    // (RFC 7845 section 4).
    let last = file
        .windows(4)
        .rposition(|four| four == b"OggS")
        .expect("a page");
    let granule = u64::from_le_bytes(file[last + 6..last + 14].try_into().expect("eight"));
    let packets = ogg(&file);
    let durations = packets.iter().map(|packet| {
        let duration = Format::Opus.duration(packet).expect("well formed");
        u64::from(duration)
    });
    let total: u64 = durations.sum();
    // The last packet may be longer than what is to be heard.
    let beyond = total.checked_sub(granule);
    assert!(
        beyond.is_some_and(|beyond| beyond < 960),
        "{total} for {granule}"
    );
}

/// An RTP packet of a capture.
struct Captured {
    seq: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// The packets of a capture of plain RTP over IPv4 and Ethernet.
fn captured(name: &str) -> Vec<Captured> {
    let file = vector(name);
    let mut rest = &file[24..];
    let mut packets = Vec::new();
    while rest.len() >= 16 {
        let length = u32::from_le_bytes(rest[8..12].try_into().expect("four")) as usize;
        let (frame, tail) = rest[16..].split_at(length);
        rest = tail;
        let rtp = &frame[42..];
        let mut end = rtp.len();
        if rtp[0] & 0x20 != 0 {
            end -= usize::from(rtp[end - 1]);
        }
        let mut at = 12 + 4 * usize::from(rtp[0] & 0xF);
        if rtp[0] & 0x10 != 0 {
            at += 4 + 4 * usize::from(u16::from_be_bytes([rtp[at + 2], rtp[at + 3]]));
        }
        if at < end {
            packets.push(Captured {
                seq: u16::from_be_bytes([rtp[2], rtp[3]]),
                timestamp: u32::from_be_bytes(rtp[4..8].try_into().expect("four")),
                marker: rtp[1] & 0x80 != 0,
                payload: rtp[at..end].to_vec(),
            });
        }
    }
    packets
}

/// Packets of one timestamp.
fn groups(packets: &[Captured]) -> Vec<&[Captured]> {
    packets
        .chunk_by(|one, next| one.timestamp == next.timestamp)
        .collect()
}

/// What a capture is joined to.
struct Stream {
    format: Format,
    frames: Vec<Vec<u8>>,
    keys: usize,
    /// Timestamps of which not all packets are there.
    broken: usize,
}

impl Stream {
    /// Joins a capture. A frame begins and ends where its payloads and packets say, and only then it
    /// is one.
    fn of(format: Format, name: &str) -> Self {
        let mut stream = Self {
            format,
            frames: Vec::new(),
            keys: 0,
            broken: 0,
        };
        let packets = captured(name);
        let mut before: Option<u16> = None;
        for group in groups(&packets) {
            let (first, last) = (&group[0], group.last().expect("one"));
            let begun = before.is_none_or(|seq| seq.wrapping_add(1) == first.seq);
            before = Some(last.seq);
            let read: Vec<Option<Descriptor>> = group
                .iter()
                .map(|packet| format.describe(&packet.payload))
                .collect();
            let begins = read[0].is_some_and(|read| match read.begins {
                Edge::No => false,
                Edge::Possible => begun,
                Edge::Certain => true,
            });
            let ends = read[read.len() - 1].is_some_and(|read| read.ends != Edge::No);
            let follow = |two: &[Captured]| two[0].seq.wrapping_add(1) == two[1].seq;
            let whole = begins && ends && last.marker && group.windows(2).all(follow);
            let mut frame = Vec::new();
            let payloads = group.iter().map(|packet| packet.payload.as_slice());
            match format.join(payloads, &mut frame) {
                Ok(joined) if whole => {
                    let first = read[0].expect("well formed");
                    assert_eq!(joined.key, first.key, "{name}: a key frame is seen at once");
                    stream.keys += usize::from(joined.key);
                    stream.frames.push(frame);
                }
                _ => stream.broken += 1,
            }
        }
        stream
    }

    /// Frames, key frames and timestamps with something missing.
    fn counts(&self) -> (usize, usize, usize) {
        (self.frames.len(), self.keys, self.broken)
    }

    fn size(&self) -> Option<(u32, u32)> {
        let size = self
            .frames
            .iter()
            .find_map(|frame| Size::of(self.format, frame));
        size.map(|size| (size.width, size.height))
    }
}

#[test]
fn vp8_of_chromium_is_joined() {
    let stream = Stream::of(Format::Vp8, "vp8.pcap");
    assert_eq!(stream.counts(), (101, 3, 0));
    assert_eq!(stream.size(), Some((240, 180)));
    round_trip(Format::Vp8, &stream.frames);
}

#[test]
fn vp9_of_chromium_is_joined() {
    // Of two packets one is missing in most of it.
    let stream = Stream::of(Format::Vp9, "vp9.pcap");
    assert_eq!(stream.counts(), (17, 1, 76));
    assert_eq!(stream.size(), Some((494, 371)));
    let stream = Stream::of(Format::Vp9, "contiguous_vp9.pcap");
    assert_eq!(stream.counts(), (15, 0, 1));
    assert_eq!(stream.size(), None);
}

#[test]
fn h264_of_chromium_is_joined() {
    // One STAP-A has a length beyond its end, three frames lack packets, and before one a packet is
    // missing that may be its beginning.
    let stream = Stream::of(Format::H264, "h264.pcap");
    assert_eq!(stream.counts(), (263, 7, 5));
    assert_eq!(stream.size(), Some((494, 370)));
    round_trip(Format::H264, &stream.frames);
}

#[test]
fn av1_of_chromium_is_joined() {
    // It ends in the middle of a frame.
    let stream = Stream::of(Format::Av1, "av1.pcap");
    assert_eq!(stream.counts(), (44, 1, 1));
    assert_eq!(stream.size(), Some((640, 480)));
    round_trip(Format::Av1, &stream.frames);
}

#[test]
fn key_frames_of_h265_are_seen() {
    let packets = captured("h265.pcap");
    let keys = groups(&packets)
        .into_iter()
        .filter(|group| {
            group.iter().any(|packet| {
                let descriptor = Format::H265.describe(&packet.payload);
                descriptor.expect("well formed").key
            })
        })
        .count();
    assert_eq!(keys, 1);
}

#[test]
fn a_stream_with_redundancy_survives_the_loss_of_every_other_packet() {
    let file = vector("output.ogg");
    let packets = ogg(&file);
    let mut writer = red::Writer::new(111, 1);
    let mut timestamp = u32::MAX - 100_000;
    let mut recovered: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut sent = Vec::new();
    for (index, packet) in packets.iter().enumerate() {
        let mut payload = Vec::new();
        writer.write(timestamp, packet, 1_200, &mut payload);
        sent.push((timestamp, packet.clone()));
        if index % 2 == 1 {
            let blocks = red::Payload::parse(&payload).expect("well formed").blocks();
            recovered.extend(blocks.map(|block| {
                let time = timestamp.wrapping_sub(block.offset.into());
                (time, block.data.to_vec())
            }));
        }
        timestamp = timestamp.wrapping_add(Format::Opus.duration(packet).unwrap_or(960));
    }
    sent.truncate(recovered.len());
    assert!(recovered == sent);
}
