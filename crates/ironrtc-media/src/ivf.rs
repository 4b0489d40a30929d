//! IVF: the simplest container, of frames of one video track.

use std::io::{Read, Write};

use bytes::Bytes;
use ironrtc_core::wire::payload::{Format, Size, key};

use crate::frame::to_time;
use crate::limit::read_vec;
use crate::{Frame, MAX_FRAME, ReadError, WriteError};

const MAGIC: &[u8; 4] = b"DKIF";
const HEADER: u16 = 32;
/// A temporal delimiter, which AV1 has before each frame in files of this kind.
const DELIMITER: [u8; 2] = [0x12, 0];

const fn code(format: Format) -> Option<&'static [u8; 4]> {
    Some(match format {
        Format::Vp8 => b"VP80",
        Format::Vp9 => b"VP90",
        Format::Av1 => b"AV01",
        _ => return None,
    })
}

/// Reads frames.
#[derive(Debug)]
pub struct Reader<R> {
    reader: R,
    format: Format,
    /// Units of time in a second, and how many of them a timestamp counts.
    rate: u32,
    scale: u32,
}

impl<R: Read> Reader<R> {
    /// Reads the header.
    pub fn new(mut reader: R) -> Result<Self, ReadError> {
        let header = read_vec(&mut reader, HEADER.into())?;
        let number = |at: usize| {
            let bytes = header.get(at..at + 4).and_then(<[u8]>::first_chunk);
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        if header.get(..4) != Some(MAGIC) {
            return Err(ReadError::Malformed("no IVF header"));
        }
        let format = [Format::Vp8, Format::Vp9, Format::Av1]
            .into_iter()
            .find(|format| header.get(8..12) == code(*format).map(<[u8; 4]>::as_slice))
            .ok_or(ReadError::NoTrack)?;
        let (rate, scale) = (number(16), number(20));
        if rate == 0 || scale == 0 {
            return Err(ReadError::Malformed("the unit of time is nothing"));
        }
        // A longer header is for later versions.
        let length = header.get(6..8).and_then(<[u8]>::first_chunk);
        let length = length.map_or(HEADER, |length| u16::from_le_bytes(*length));
        read_vec(&mut reader, length.saturating_sub(HEADER).into())?;
        Ok(Self {
            reader,
            format,
            rate,
            scale,
        })
    }

    /// What the frames are encoded as.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The next frame; none at the end.
    pub fn read(&mut self) -> Result<Option<Frame>, ReadError> {
        let mut head = Vec::new();
        (&mut self.reader).take(12).read_to_end(&mut head)?;
        let Some((length, time)) = head.split_first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some(time) = time.first_chunk() else {
            return Ok(None);
        };
        if length > MAX_FRAME {
            return Err(ReadError::TooLarge("a frame"));
        }
        let data = read_vec(&mut self.reader, length)?;
        let ticks = u64::from_le_bytes(*time).saturating_mul(self.scale.into());
        Ok(Some(Frame {
            format: self.format,
            key: key::frame_is_key(self.format, &data),
            data: Bytes::from(data),
            time: to_time(ticks, self.rate),
        }))
    }
}

/// Writes frames of one track, which begin with a key frame.
#[derive(Debug)]
pub struct Writer<W> {
    writer: W,
    format: Format,
    begun: bool,
    skipped: u64,
}

impl<W: Write> Writer<W> {
    /// Writes VP8, VP9 or AV1.
    pub fn new(writer: W, format: Format) -> Result<Self, WriteError> {
        if code(format).is_none() {
            return Err(WriteError::NoTrack(format));
        }
        Ok(Self {
            writer,
            format,
            begun: false,
            skipped: 0,
        })
    }

    /// Writes a frame; those before the first key frame are counted and left out.
    pub fn write(&mut self, frame: &Frame) -> Result<(), WriteError> {
        if frame.format != self.format {
            return Err(WriteError::NoTrack(frame.format));
        }
        if !self.begun {
            let Some(size) = Size::of(frame.format, &frame.data) else {
                self.skipped += 1;
                return Ok(());
            };
            self.begin(size)?;
        }
        let delimiter: &[u8] = match frame.format {
            Format::Av1 if !frame.data.starts_with(&DELIMITER) => &DELIMITER,
            _ => &[],
        };
        let length = u32::try_from(frame.data.len() + delimiter.len())
            .map_err(|_| WriteError::Malformed("it has more than 4 GiB"))?;
        self.writer.write_all(&length.to_le_bytes())?;
        self.writer.write_all(&frame.ticks().to_le_bytes())?;
        self.writer.write_all(delimiter)?;
        Ok(self.writer.write_all(&frame.data)?)
    }

    fn begin(&mut self, size: Size) -> Result<(), WriteError> {
        self.begun = true;
        let side = |length: u32| u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
        let mut header = MAGIC.to_vec();
        header.extend([0, 0]);
        header.extend(HEADER.to_le_bytes());
        header.extend(code(self.format).unwrap_or(b"    "));
        header.extend(side(size.width));
        header.extend(side(size.height));
        header.extend(self.format.clock_rate().to_le_bytes());
        header.extend(1_u32.to_le_bytes());
        // How many frames there will be is not known, and nobody relies on it.
        header.extend([0; 8]);
        Ok(self.writer.write_all(&header)?)
    }

    /// Frames that came before the first key frame.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.writer.flush()?;
        Ok(self.writer)
    }
}
