//! Frames of the tracks whose formats are known.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use bytes::Bytes;
use ironrtc_core::wire::payload::h264::{Framing, units_with_lengths};
use ironrtc_core::wire::payload::{Format, key};
use mp4_atom::{Atom, Avcc};

use super::ebml::{children, id, number, read_head, skip};
use super::format;
use super::lacing;
use crate::limit::read_vec;
use crate::{Frame, MAX_FRAME, ReadError};

/// The largest element of a header that is read.
const MAX_HEADER: u64 = 8 << 20;
/// The largest parameter sets, which are written before each key frame.
const MAX_SETS: usize = 16 << 10;
/// Tracks that are looked at.
const MAX_TRACKS: usize = 64;

/// Reads frames, a few bytes at a time: a file wants a `BufReader` around it.
pub struct Reader<R> {
    reader: R,
    tracks: Vec<Track>,
    /// Nanoseconds of a tick.
    scale: u64,
    /// The time of the cluster.
    cluster: u64,
    /// Frames of a block that has several.
    waiting: VecDeque<Frame>,
}

struct Track {
    number: u64,
    format: Format,
    /// H.264's parameter sets, with start codes.
    sets: Vec<u8>,
}

impl Track {
    fn parse(entry: &[u8]) -> Option<Self> {
        let find = |wanted| children(entry).find_map(|(id, body)| (id == wanted).then_some(body));
        // Nothing that was compressed or encrypted on the way into the file.
        if find(id::CONTENT_ENCODINGS).is_some() {
            return None;
        }
        let codec = std::str::from_utf8(find(id::CODEC_ID)?).ok()?;
        let format = format(codec.trim_end_matches('\0'))?;
        let mut sets = Vec::new();
        if format == Format::H264 {
            let mut private = find(id::CODEC_PRIVATE)?;
            let config = Avcc::decode_body(&mut private).ok()?;
            // Frames with shorter lengths are not written by anybody who is asked here.
            if config.length_size != 4 {
                return None;
            }
            let sequence = config.sequence_parameter_sets.iter();
            for set in sequence.chain(&config.picture_parameter_sets) {
                Framing::StartCodes.write(set, &mut sets);
            }
            if sets.len() > MAX_SETS {
                return None;
            }
        }
        Some(Self {
            number: number(find(id::TRACK_NUMBER)?),
            format,
            sets,
        })
    }
}

impl<R: Read> Reader<R> {
    /// Reads up to the tracks.
    pub fn new(mut reader: R) -> Result<Self, ReadError> {
        match read_head(&mut reader)? {
            Some((id::EBML, Some(size))) if size <= MAX_HEADER => skip(&mut reader, size)?,
            _ => return Err(ReadError::Malformed("no EBML header")),
        }
        let mut new = Self {
            reader,
            tracks: Vec::new(),
            scale: 1_000_000,
            cluster: 0,
            waiting: VecDeque::new(),
        };
        while new.tracks.is_empty() {
            match read_head(&mut new.reader)? {
                None | Some((id::CLUSTER, _)) => return Err(ReadError::NoTrack),
                Some((id::SEGMENT, _)) => {}
                Some((id::INFO, Some(size))) => new.information(size)?,
                Some((id::TRACKS, Some(size))) => {
                    let body = new.header(size)?;
                    let entries = children(&body).filter(|(id, _)| *id == id::TRACK_ENTRY);
                    let tracks = entries.take(MAX_TRACKS);
                    new.tracks = tracks
                        .filter_map(|(_, entry)| Track::parse(entry))
                        .collect();
                    if new.tracks.is_empty() {
                        return Err(ReadError::NoTrack);
                    }
                }
                Some((_, Some(size))) => skip(&mut new.reader, size)?,
                Some((_, None)) => return Err(ReadError::Malformed("an element without end")),
            }
        }
        Ok(new)
    }

    fn header(&mut self, size: u64) -> Result<Vec<u8>, ReadError> {
        if size > MAX_HEADER {
            return Err(ReadError::TooLarge("a header"));
        }
        Ok(read_vec(&mut self.reader, size as usize)?)
    }

    fn information(&mut self, size: u64) -> Result<(), ReadError> {
        let body = self.header(size)?;
        let scale = children(&body).find(|(id, _)| *id == id::TIMESTAMP_SCALE);
        if let Some((_, scale)) = scale {
            self.scale = number(scale);
        }
        Ok(())
    }

    /// The formats of the tracks that are read.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.tracks.iter().map(|track| track.format)
    }

    /// The next frame of any track; none at the end, and where a file is cut off.
    pub fn read(&mut self) -> Result<Option<Frame>, ReadError> {
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Ok(Some(frame));
            }
            match self.element() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(ReadError::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads an element, whichever it is in; false at the end of the file.
    fn element(&mut self) -> Result<bool, ReadError> {
        let Some((id, size)) = read_head(&mut self.reader)? else {
            return Ok(false);
        };
        match (id, size) {
            // What is in these follows as if it were beside them, so their ends need not be known.
            (id::SEGMENT | id::BLOCK_GROUP, _) => {}
            (id::CLUSTER, _) => self.cluster = 0,
            (id::TIMESTAMP, Some(size @ ..=8)) => {
                self.cluster = number(&read_vec(&mut self.reader, size as usize)?);
            }
            (id::SIMPLE_BLOCK | id::BLOCK, Some(size)) => {
                if size > MAX_FRAME as u64 {
                    return Err(ReadError::TooLarge("a block"));
                }
                let block = read_vec(&mut self.reader, size as usize)?;
                self.block(Bytes::from(block))?;
            }
            (_, Some(size)) => skip(&mut self.reader, size)?,
            (_, None) => return Err(ReadError::Malformed("an element without end")),
        }
        Ok(true)
    }

    /// Takes the frames out of a block (RFC 9559 section 10).
    fn block(&mut self, block: Bytes) -> Result<(), ReadError> {
        let damaged = ReadError::Malformed("a block that is no block");
        let Some((number, relative, frames)) = lacing::frames(&block) else {
            return Err(damaged);
        };
        let Some(track) = self.tracks.iter().find(|track| track.number == number) else {
            return Ok(());
        };
        let ticks = self.cluster.saturating_add_signed(relative.into());
        let mut time = Duration::from_nanos(ticks.saturating_mul(self.scale));
        for range in frames {
            let data = match track.format {
                Format::H264 => with_start_codes(block.get(range).unwrap_or_default(), track)?,
                _ => block.slice(range),
            };
            let ticks = track.format.duration(&data).unwrap_or(0);
            let lasts = Duration::from_secs(1) * ticks / track.format.clock_rate();
            self.waiting.push_back(Frame {
                format: track.format,
                key: key::frame_is_key(track.format, &data),
                data,
                time,
            });
            time = time.saturating_add(lasts);
        }
        Ok(())
    }
}

fn with_start_codes(data: &[u8], track: &Track) -> Result<Bytes, ReadError> {
    let ranges = units_with_lengths(data)
        .map_err(|_| ReadError::Malformed("a frame of H.264 with wrong lengths"))?;
    let mut out = Vec::with_capacity(data.len() + track.sets.len());
    for range in ranges {
        Framing::StartCodes.write(data.get(range).unwrap_or_default(), &mut out);
    }
    // The header's parameter sets belong before each picture that a decoder can start with.
    if key::frame_is_key(Format::H264, &out) {
        out.splice(0..0, track.sets.iter().copied());
    }
    Ok(Bytes::from(out))
}

impl From<super::ebml::Damaged> for ReadError {
    fn from(error: super::ebml::Damaged) -> Self {
        match error {
            super::ebml::Damaged::Io(error) => Self::Io(error),
            super::ebml::Damaged::Head => Self::Malformed("an element with a wrong head"),
        }
    }
}

impl From<io::Error> for super::ebml::Damaged {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
