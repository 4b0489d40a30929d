//! Frames of the tracks whose formats are known.

use std::io::{Read, Seek};
use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::wire::payload::h264::{Framing, units_with_lengths};
use ironrtc_core::wire::payload::{Format, key};
use matroska_demuxer::{DemuxError, Frame as Block, MatroskaFile, TrackEntry};
use mp4_atom::{Atom, Avcc};

use super::format;
use crate::limit::{Allowance, Limited};
use crate::{Frame, MAX_FRAME, ReadError};

/// What is read of a file's header; it holds an index, tags and names, each in many small elements.
const MAX_HEADER: u64 = 8 << 20;
/// What is read between two frames.
const MAX_BETWEEN: u64 = 1 << 20;

/// Reads frames.
pub struct Reader<R: Read + Seek> {
    file: MatroskaFile<Limited<R>>,
    allowance: Allowance,
    tracks: Vec<Track>,
    /// Nanoseconds of a tick.
    scale: u64,
    block: Block,
}

struct Track {
    number: u64,
    format: Format,
    /// H.264's parameter sets, with start codes.
    sets: Vec<u8>,
}

impl Track {
    fn of(entry: &TrackEntry) -> Option<Self> {
        let format = format(entry.codec_id())?;
        let mut sets = Vec::new();
        if format == Format::H264 {
            let mut private = entry.codec_private()?;
            let config = Avcc::decode_body(&mut private).ok()?;
            // Frames with shorter lengths are not written by anybody who is asked here.
            if config.length_size != 4 {
                return None;
            }
            let sequence = config.sequence_parameter_sets.iter();
            for set in sequence.chain(&config.picture_parameter_sets) {
                Framing::StartCodes.write(set, &mut sets);
            }
        }
        Some(Self {
            number: entry.track_number().get(),
            format,
            sets,
        })
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the headers.
    pub fn new(reader: R) -> Result<Self, ReadError> {
        let allowance = Allowance::new(MAX_HEADER, MAX_HEADER);
        let limited = Limited::new(reader, allowance.clone())?;
        let file = MatroskaFile::open(limited).map_err(|error| damaged(error, &allowance))?;
        let tracks: Vec<Track> = file.tracks().iter().filter_map(Track::of).collect();
        if tracks.is_empty() {
            return Err(ReadError::NoTrack);
        }
        Ok(Self {
            scale: file.info().timestamp_scale().get(),
            file,
            allowance,
            tracks,
            block: Block::default(),
        })
    }

    /// The formats of the tracks that are read.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.tracks.iter().map(|track| track.format)
    }

    /// The next frame of any track; none at the end, and where a file is cut off.
    pub fn read(&mut self) -> Result<Option<Frame>, ReadError> {
        loop {
            let most = MAX_FRAME as u64;
            self.allowance.renew(most + MAX_BETWEEN, most);
            let more = self.file.next_frame(&mut self.block);
            let more = more.map_err(|error| damaged(error, &self.allowance))?;
            if !more && self.allowance.is_used_up() {
                return Err(ReadError::TooLarge("what is between two frames"));
            }
            if !more {
                return Ok(None);
            }
            let number = self.block.track;
            let track = self.tracks.iter().find(|track| track.number == number);
            if let Some(track) = track {
                return frame(track, &mut self.block, self.scale).map(Some);
            }
        }
    }
}

fn frame(track: &Track, block: &mut Block, scale: u64) -> Result<Frame, ReadError> {
    let mut data = std::mem::take(&mut block.data);
    if track.format == Format::H264 {
        data = with_start_codes(&data, &track.sets)?;
    }
    Ok(Frame {
        format: track.format,
        key: key::frame_is_key(track.format, &data),
        data: Bytes::from(data),
        time: Duration::from_nanos(block.timestamp.saturating_mul(scale)),
    })
}

fn with_start_codes(data: &[u8], sets: &[u8]) -> Result<Vec<u8>, ReadError> {
    let ranges = units_with_lengths(data)
        .map_err(|_| ReadError::Malformed("a frame of H.264 with wrong lengths"))?;
    let mut out = Vec::with_capacity(data.len() + sets.len());
    for range in &ranges {
        Framing::StartCodes.write(data.get(range.clone()).unwrap_or_default(), &mut out);
    }
    // The header's parameter sets belong before each picture that a decoder can start with.
    if key::frame_is_key(Format::H264, &out) {
        out.splice(0..0, sets.iter().copied());
    }
    Ok(out)
}

fn damaged(error: DemuxError, allowance: &Allowance) -> ReadError {
    if allowance.is_used_up() {
        return ReadError::TooLarge("a header");
    }
    match error {
        DemuxError::ElementSizeExceedsStream { declared, .. } if declared > MAX_FRAME as u64 => {
            ReadError::TooLarge("an element")
        }
        error => ReadError::Container(error.to_string()),
    }
}
