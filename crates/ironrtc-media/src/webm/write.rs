//! A recording of tracks side by side.

use std::io::Write;

use ironrtc_core::wire::payload::Format;

use super::codec_id;
use super::ebml::{element, endless, float, head, id, unsigned};
use crate::ogg::Head;
use crate::track::{Beginning, Kind, Place, Tracks, Video, sample};
use crate::{Frame, WriteError};

/// The last millisecond that is told from those before it; files claim stranger times.
const LAST: u64 = 1 << 60;
/// A cluster is written after so many milliseconds, with so many bytes, or before a key frame.
const LONGEST: u64 = 5_000;
const LARGEST: usize = 4 << 20;

/// Writes frames. One cluster is held back.
#[derive(Debug)]
pub struct Writer<W> {
    writer: W,
    beginning: Beginning,
    video: Option<Video>,
    /// Milliseconds of the first frame.
    begin: u64,
    cluster: Vec<u8>,
    /// Milliseconds of the cluster.
    at: u64,
}

impl<W: Write> Writer<W> {
    /// Records these tracks. It begins with a key frame, or with sound if there is no video.
    pub fn new(writer: W, tracks: Tracks) -> Result<Self, WriteError> {
        Ok(Self {
            writer,
            beginning: Beginning::new(tracks)?,
            video: None,
            begin: 0,
            cluster: Vec::new(),
            at: 0,
        })
    }

    /// Writes a frame; those before the beginning are counted and left out.
    pub fn write(&mut self, frame: &Frame) -> Result<(), WriteError> {
        let now = u64::try_from(frame.time.as_millis())
            .unwrap_or(u64::MAX)
            .min(LAST);
        let (kind, place) = self.beginning.place(frame)?;
        match place {
            Place::Skip => return Ok(()),
            Place::Begin(video) => {
                self.begin = now;
                self.begin(video.as_ref())?;
                self.video = video;
            }
            Place::Go => {}
        }
        // Sound may be a little older than the picture that it began with.
        let now = now.saturating_sub(self.begin);
        let full = self.cluster.len() >= LARGEST || now >= self.at + LONGEST;
        let key = kind == Kind::Video && frame.key;
        // A block says its time in 16 bits beside the cluster's.
        let relative = i16::try_from(now.cast_signed() - self.at.cast_signed());
        if full || key || relative.is_err() {
            self.flush()?;
        }
        if self.cluster.is_empty() {
            self.at = now;
            unsigned(id::TIMESTAMP, now, &mut self.cluster);
        }
        let relative = (now.cast_signed() - self.at.cast_signed()) as i16;
        let data = sample(frame, self.video.as_ref());
        let number = self.number(kind);
        head(id::SIMPLE_BLOCK, data.len() as u64 + 4, &mut self.cluster);
        self.cluster.push(0x80 | number);
        self.cluster.extend(relative.to_be_bytes());
        self.cluster.push(if frame.key { 0x80 } else { 0 });
        self.cluster.extend_from_slice(&data);
        Ok(())
    }

    const fn number(&self, kind: Kind) -> u8 {
        match (kind, self.beginning.tracks().video) {
            (Kind::Audio, Some(_)) => 2,
            _ => 1,
        }
    }

    fn begin(&mut self, video: Option<&Video>) -> Result<(), WriteError> {
        let tracks = self.beginning.tracks();
        let mut out = Vec::new();
        let mut body = Vec::new();
        // RFC 9559 section 5.1: which version of EBML and of the kind of document.
        unsigned(0x4286, 1, &mut body);
        unsigned(0x42F7, 1, &mut body);
        unsigned(0x42F2, 4, &mut body);
        unsigned(0x42F3, 8, &mut body);
        let kind: &[u8] = match tracks.video {
            Some(Format::H264) => b"matroska",
            _ => b"webm",
        };
        element(0x4282, kind, &mut body);
        unsigned(0x4287, 4, &mut body);
        unsigned(0x4285, 2, &mut body);
        element(id::EBML, &body, &mut out);
        endless(id::SEGMENT, &mut out);

        body.clear();
        // A tick is a millisecond.
        unsigned(id::TIMESTAMP_SCALE, 1_000_000, &mut body);
        element(0x4D80, b"IronRTC", &mut body);
        element(0x5741, b"IronRTC", &mut body);
        element(id::INFO, &body, &mut out);

        body.clear();
        if let (Some(video), Some(format)) = (video, tracks.video) {
            let mut track = Vec::new();
            self.track(Kind::Video, format, &video.private()?, &mut track);
            let mut size = Vec::new();
            unsigned(0xB0, video.size.width.into(), &mut size);
            unsigned(0xBA, video.size.height.into(), &mut size);
            element(0xE0, &size, &mut track);
            element(id::TRACK_ENTRY, &track, &mut body);
        }
        if let Some(channels) = tracks.audio {
            let mut track = Vec::new();
            let private = Head {
                channels,
                pre_skip: 0,
            };
            self.track(Kind::Audio, Format::Opus, &private.write(), &mut track);
            // SeekPreRoll: 80 ms until Opus has converged.
            unsigned(0x56BB, 80_000_000, &mut track);
            let mut sound = Vec::new();
            float(0xB5, 48_000.0, &mut sound);
            unsigned(0x9F, channels.into(), &mut sound);
            element(0xE1, &sound, &mut track);
            element(id::TRACK_ENTRY, &track, &mut body);
        }
        element(id::TRACKS, &body, &mut out);
        Ok(self.writer.write_all(&out)?)
    }

    /// What all tracks have.
    fn track(&self, kind: Kind, format: Format, private: &[u8], out: &mut Vec<u8>) {
        let number = self.number(kind).into();
        unsigned(id::TRACK_NUMBER, number, out);
        unsigned(0x73C5, number, out);
        // No lacing: a block is a frame.
        unsigned(0x9C, 0, out);
        unsigned(0x83, if kind == Kind::Video { 1 } else { 2 }, out);
        element(
            id::CODEC_ID,
            codec_id(format).unwrap_or_default().as_bytes(),
            out,
        );
        if !private.is_empty() {
            element(id::CODEC_PRIVATE, private, out);
        }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        if self.cluster.is_empty() {
            return Ok(());
        }
        let mut out = Vec::new();
        head(id::CLUSTER, self.cluster.len() as u64, &mut out);
        self.writer.write_all(&out)?;
        self.writer.write_all(&self.cluster)?;
        self.cluster.clear();
        Ok(())
    }

    /// Frames that came before the beginning.
    pub const fn skipped(&self) -> u64 {
        self.beginning.skipped()
    }

    /// True once a frame was taken.
    pub const fn has_begun(&self) -> bool {
        self.beginning.has_begun()
    }

    /// What is written to.
    pub const fn get_ref(&self) -> &W {
        &self.writer
    }

    /// Writes what was held back.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.flush()?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}
