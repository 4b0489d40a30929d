//! Fragmented MP4 (ISO/IEC 14496-12): a header without frames, then fragments of a few seconds.

mod header;

use std::io::Write;

use ironrtc_core::wire::payload::Format;
use mp4_atom::{Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use crate::frame::to_ticks;
use crate::track::{Beginning, Kind, Place, Tracks, Video, sample};
use crate::{Frame, WriteError};

/// A fragment is written after so many seconds, with so many bytes, or before a key frame; so no more
/// is held, but for one frame.
const LONGEST: u64 = 2;
const LARGEST: usize = 8 << 20;

/// Flags of a sample (section 8.8.3.1): it depends on no other; on others, and is no place to start.
const SYNC: u32 = 0x0200_0000;
const DEPENDENT: u32 = 0x0101_0000;

/// Writes frames. One fragment is held back.
#[derive(Debug)]
pub struct Writer<W> {
    writer: W,
    beginning: Beginning,
    video: Option<Video>,
    begin: std::time::Duration,
    tracks: Vec<Track>,
    fragments: u32,
    /// Bytes that are held.
    held: usize,
}

#[derive(Debug)]
struct Track {
    kind: Kind,
    rate: u32,
    samples: Vec<Sample>,
    /// How long the last sample was whose end is known.
    duration: u32,
}

#[derive(Debug)]
struct Sample {
    data: Vec<u8>,
    at: u64,
    key: bool,
}

impl<W: Write> Writer<W> {
    /// Records these tracks. It begins with a key frame, or with sound if there is no video.
    pub fn new(writer: W, tracks: Tracks) -> Result<Self, WriteError> {
        let beginning = Beginning::new(tracks)?;
        let track = |kind, format: Format, milliseconds: u32| Track {
            kind,
            rate: format.clock_rate(),
            samples: Vec::new(),
            duration: format.clock_rate() / 1_000 * milliseconds,
        };
        let video = tracks.video.map(|format| track(Kind::Video, format, 33));
        let audio = tracks.audio.map(|_| track(Kind::Audio, Format::Opus, 20));
        Ok(Self {
            writer,
            beginning,
            video: None,
            begin: std::time::Duration::ZERO,
            tracks: video.into_iter().chain(audio).collect(),
            fragments: 0,
            held: 0,
        })
    }

    /// Writes a frame; those before the beginning are counted and left out.
    pub fn write(&mut self, frame: &Frame) -> Result<(), WriteError> {
        let (kind, place) = self.beginning.place(frame)?;
        match place {
            Place::Skip => return Ok(()),
            Place::Begin(video) => {
                self.begin = frame.time;
                let header = header::write(self.beginning.tracks(), video.as_ref())?;
                self.writer.write_all(&header)?;
                self.video = video;
            }
            Place::Go => {}
        }
        let time = frame.time.saturating_sub(self.begin);
        let key = kind == Kind::Video && frame.key;
        let data = sample(frame, self.video.as_ref()).into_owned();
        self.held += data.len();
        let mut long = false;
        if let Some(track) = self.tracks.iter_mut().find(|track| track.kind == kind) {
            let at = to_ticks(time, track.rate);
            let first = track.samples.first().map_or(at, |sample| sample.at);
            long = at.saturating_sub(first) >= LONGEST * u64::from(track.rate);
            let key = frame.key;
            track.samples.push(Sample { data, at, key });
        }
        // The new sample ends the one before it, and is the first of the next fragment.
        if key || long || self.held > LARGEST {
            self.flush(false)?;
        }
        Ok(())
    }

    /// Writes the samples whose ends are known, and the others as well at the end.
    fn flush(&mut self, end: bool) -> Result<(), WriteError> {
        let mut fragments = Vec::new();
        let mut data = Vec::new();
        for (index, track) in self.tracks.iter_mut().enumerate() {
            let kept = usize::from(!end);
            let count = track.samples.len().saturating_sub(kept);
            if count == 0 {
                continue;
            }
            let offset = data.len();
            let begin = track.samples.first().map_or(0, |sample| sample.at);
            let entries = track.take(count, &mut data);
            // Two tracks.
            fragments.push((index as u32 + 1, begin, offset, entries));
        }
        if fragments.is_empty() {
            return Ok(());
        }
        self.held = self.held.saturating_sub(data.len());
        self.fragments += 1;
        let length = self.moof(&fragments, 0)?.len();
        let mut out = self.moof(&fragments, length + 8)?;
        let size = u32::try_from(data.len() + 8)
            .map_err(|_| WriteError::Malformed("it has more than 4 GiB"))?;
        out.extend(size.to_be_bytes());
        out.extend(b"mdat");
        self.writer.write_all(&out)?;
        Ok(self.writer.write_all(&data)?)
    }

    /// The head of a fragment whose data begins at `data` behind its own beginning.
    fn moof(
        &self,
        fragments: &[(u32, u64, usize, Vec<TrunEntry>)],
        data: usize,
    ) -> Result<Vec<u8>, WriteError> {
        let traf = fragments.iter().map(|(track_id, begin, offset, entries)| {
            let offset = i32::try_from(data + offset)
                .map_err(|_| WriteError::Malformed("it has more than 2 GiB"))?;
            Ok(Traf {
                tfhd: Tfhd {
                    track_id: *track_id,
                    default_base_is_moof: true,
                    ..Tfhd::default()
                },
                tfdt: Some(Tfdt {
                    base_media_decode_time: *begin,
                }),
                trun: vec![Trun {
                    data_offset: Some(offset),
                    samples: TrunSamples::Explicit(entries.clone()),
                }],
                ..Traf::default()
            })
        });
        let moof = Moof {
            mfhd: Mfhd {
                sequence_number: self.fragments,
            },
            traf: traf.collect::<Result<_, WriteError>>()?,
        };
        header::encode(&moof)
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
        self.flush(true)?;
        self.writer.flush()?;
        Ok(self.writer)
    }
}

impl Track {
    /// Takes samples out, and says of each how long and how large it is.
    fn take(&mut self, count: usize, data: &mut Vec<u8>) -> Vec<TrunEntry> {
        let mut ends: Vec<u64> = self.samples.iter().map(|sample| sample.at).collect();
        let last = ends.last().copied().unwrap_or_default();
        ends.push(last.saturating_add(self.duration.into()));
        let mut entries = Vec::with_capacity(count);
        for (sample, end) in self.samples.drain(..count).zip(ends.into_iter().skip(1)) {
            self.duration = u32::try_from(end - sample.at.min(end)).unwrap_or(u32::MAX);
            data.extend_from_slice(&sample.data);
            entries.push(TrunEntry {
                duration: Some(self.duration),
                // Frames are far smaller.
                size: Some(sample.data.len() as u32),
                flags: Some(if sample.key { SYNC } else { DEPENDENT }),
                cts: None,
            });
        }
        entries
    }
}
