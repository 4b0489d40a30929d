//! Whichever container it is.

use std::io::{BufReader, Chain, Cursor, Read, Write};

use ironrtc_core::wire::payload::Format;

use crate::{Frame, ReadError, Tracks, WriteError, ivf, mp4, ogg, webm};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// One track of VP8, VP9 or AV1.
    Ivf,
    /// Opus.
    Ogg,
    /// VP8, VP9, AV1 or (as Matroska) H.264, with Opus.
    WebM,
    /// The same and H.264, written only.
    Mp4,
}

impl Container {
    /// What an extension of a name stands for, whatever its case.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Some(match extension.to_ascii_lowercase().as_str() {
            "ivf" => Self::Ivf,
            "ogg" | "oga" | "opus" => Self::Ogg,
            "webm" | "mkv" | "mka" => Self::WebM,
            "mp4" | "m4a" | "m4v" => Self::Mp4,
            _ => return None,
        })
    }

    /// The extension of a file of this kind.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ivf => "ivf",
            Self::Ogg => "ogg",
            Self::WebM => "webm",
            Self::Mp4 => "mp4",
        }
    }
}

/// Writes frames to a file of any kind.
pub struct Recorder<W: Write>(Writers<W>);

enum Writers<W: Write> {
    Ivf(ivf::Writer<W>),
    Ogg(ogg::Writer<W>),
    WebM(webm::Writer<W>),
    Mp4(mp4::Writer<W>),
}

impl<W: Write> Recorder<W> {
    /// Records these tracks, if the container can hold them.
    pub fn new(writer: W, container: Container, tracks: Tracks) -> Result<Self, WriteError> {
        Ok(Self(match (container, tracks.video, tracks.audio) {
            (Container::Ivf, Some(format), None) => Writers::Ivf(ivf::Writer::new(writer, format)?),
            (Container::Ogg, None, Some(channels)) => {
                Writers::Ogg(ogg::Writer::new(writer, channels)?)
            }
            (Container::Ogg, Some(video), _) => return Err(WriteError::NoTrack(video)),
            (Container::Ivf, _, _) | (_, None, None) => {
                return Err(WriteError::NoTrack(Format::Opus));
            }
            (Container::WebM, _, _) => Writers::WebM(webm::Writer::new(writer, tracks)?),
            (Container::Mp4, _, _) => Writers::Mp4(mp4::Writer::new(writer, tracks)?),
        }))
    }

    /// Writes a frame; those before the first key frame are counted and left out.
    pub fn write(&mut self, frame: &Frame) -> Result<(), WriteError> {
        match &mut self.0 {
            Writers::Ivf(writer) => writer.write(frame),
            Writers::Ogg(writer) => writer.write(frame),
            Writers::WebM(writer) => writer.write(frame),
            Writers::Mp4(writer) => writer.write(frame),
        }
    }

    /// Frames that came before the beginning.
    pub const fn skipped(&self) -> u64 {
        match &self.0 {
            Writers::Ivf(writer) => writer.skipped(),
            Writers::Ogg(_) => 0,
            Writers::WebM(writer) => writer.skipped(),
            Writers::Mp4(writer) => writer.skipped(),
        }
    }

    /// Writes what was held back.
    pub fn finish(self) -> Result<W, WriteError> {
        match self.0 {
            Writers::Ivf(writer) => writer.finish(),
            Writers::Ogg(writer) => writer.finish(),
            Writers::WebM(writer) => writer.finish(),
            Writers::Mp4(writer) => writer.finish(),
        }
    }
}

/// Reads the frames of a file of any kind that is read, as fast as one asks: whoever sends them keeps
/// to their times.
pub struct Player<R: Read>(Readers<BufReader<Sniffed<R>>>);

/// A file whose first bytes were looked at.
type Sniffed<R> = Chain<Cursor<[u8; 4]>, R>;

enum Readers<R> {
    Ivf(ivf::Reader<R>),
    Ogg(Box<ogg::Reader<R>>),
    WebM(Box<webm::Reader<R>>),
}

impl<R: Read> Player<R> {
    /// Sees by its first bytes what a file is, and reads its headers.
    pub fn new(mut reader: R) -> Result<Self, ReadError> {
        let mut magic = [0; 4];
        reader.read_exact(&mut magic)?;
        // A few bytes are read at a time.
        let reader = BufReader::new(Cursor::new(magic).chain(reader));
        Ok(Self(match &magic {
            b"DKIF" => Readers::Ivf(ivf::Reader::new(reader)?),
            b"OggS" => Readers::Ogg(Box::new(ogg::Reader::new(reader)?)),
            [0x1A, 0x45, 0xDF, 0xA3] => Readers::WebM(Box::new(webm::Reader::new(reader)?)),
            _ => return Err(ReadError::Malformed("neither IVF, Ogg, WebM nor Matroska")),
        }))
    }

    /// The formats of its tracks.
    pub fn formats(&self) -> Vec<Format> {
        match &self.0 {
            Readers::Ivf(reader) => vec![reader.format()],
            Readers::Ogg(_) => vec![Format::Opus],
            Readers::WebM(reader) => reader.formats().collect(),
        }
    }

    /// The next frame of any track; none at the end.
    pub fn read(&mut self) -> Result<Option<Frame>, ReadError> {
        match &mut self.0 {
            Readers::Ivf(reader) => reader.read(),
            Readers::Ogg(reader) => reader.read(),
            Readers::WebM(reader) => reader.read(),
        }
    }
}
