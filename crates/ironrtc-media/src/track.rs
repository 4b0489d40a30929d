//! The tracks of a recording, and what a container's header says of them.

use std::borrow::Cow;

use ironrtc_core::wire::payload::av1::SequenceHeader;
use ironrtc_core::wire::payload::h264::{Framing, units};
use ironrtc_core::wire::payload::{Format, Size};
use mp4_atom::{Atom, Av1c, Avcc, VpcC};

use crate::{Frame, WriteError};

/// What is recorded: at most one track of video and one of Opus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracks {
    /// The format of the video.
    pub video: Option<Format>,
    /// How many channels the Opus has: one or two.
    pub audio: Option<u8>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Video,
    Audio,
}

impl Tracks {
    /// Refuses formats that the containers have no name for here.
    pub(crate) fn check(self) -> Result<Self, WriteError> {
        if let Some(format) = self.video
            && !matches!(
                format,
                Format::Vp8 | Format::Vp9 | Format::H264 | Format::Av1
            )
        {
            return Err(WriteError::NoTrack(format));
        }
        Ok(Self {
            audio: self.audio.map(|channels| channels.clamp(1, 2)),
            ..self
        })
    }

    /// The track that a frame belongs to.
    pub(crate) fn of(self, frame: &Frame) -> Result<Kind, WriteError> {
        match frame.format {
            format if self.video == Some(format) => Ok(Kind::Video),
            Format::Opus if self.audio.is_some() => Ok(Kind::Audio),
            format => Err(WriteError::NoTrack(format)),
        }
    }
}

/// How a recording begins: with the first key frame, or with the first packet of sound alone.
#[derive(Debug)]
pub(crate) struct Beginning {
    tracks: Tracks,
    begun: bool,
    skipped: u64,
    last: [Option<u64>; 2],
}

/// What is to be done with a frame.
pub(crate) enum Place {
    /// It comes before the beginning.
    Skip,
    /// The header is due, with this description of the video.
    Begin(Option<Video>),
    Go,
}

impl Beginning {
    pub(crate) fn new(tracks: Tracks) -> Result<Self, WriteError> {
        Ok(Self {
            tracks: tracks.check()?,
            begun: false,
            skipped: 0,
            last: [None; 2],
        })
    }

    pub(crate) const fn tracks(&self) -> Tracks {
        self.tracks
    }

    pub(crate) const fn has_begun(&self) -> bool {
        self.begun
    }

    pub(crate) const fn skipped(&self) -> u64 {
        self.skipped
    }

    pub(crate) fn place(&mut self, frame: &Frame) -> Result<(Kind, Place), WriteError> {
        let kind = self.tracks.of(frame)?;
        let place = if self.begun {
            Place::Go
        } else {
            match (self.tracks.video, kind) {
                (None, _) => Place::Begin(None),
                (Some(_), Kind::Video) => match Video::of(frame) {
                    Some(video) => Place::Begin(Some(video)),
                    None => Place::Skip,
                },
                (Some(_), Kind::Audio) => Place::Skip,
            }
        };
        if matches!(place, Place::Skip) {
            self.skipped += 1;
            return Ok((kind, place));
        }
        let last = match kind {
            Kind::Video => self.last.first_mut(),
            Kind::Audio => self.last.last_mut(),
        };
        let ticks = frame.ticks();
        if let Some(last) = last {
            if last.is_some_and(|last| ticks < last) {
                return Err(WriteError::OutOfOrder);
            }
            *last = Some(ticks);
        }
        self.begun = true;
        Ok((kind, place))
    }
}

/// What headers say of video, from a key frame.
#[derive(Clone, Debug)]
pub(crate) struct Video {
    pub(crate) size: Size,
    pub(crate) config: Config,
}

/// What a decoder wants before the first frame.
#[derive(Clone, Debug)]
pub(crate) enum Config {
    Vp8,
    Vp9(VpcC),
    H264(Avcc),
    Av1(Av1c),
}

impl Video {
    fn of(frame: &Frame) -> Option<Self> {
        let data = &frame.data;
        let size = Size::of(frame.format, data)?;
        let config = match frame.format {
            Format::Vp8 => Config::Vp8,
            Format::Vp9 => Config::Vp9(vp9(data, size)?),
            Format::H264 => Config::H264(avc(data)?),
            Format::Av1 => Config::Av1(av1(data)?),
            _ => return None,
        };
        Some(Self { size, config })
    }

    /// What Matroska keeps beside the track: the bodies of MP4's boxes.
    pub(crate) fn private(&self) -> Result<Vec<u8>, WriteError> {
        let mut body = Vec::new();
        match &self.config {
            Config::H264(config) => config.encode_body(&mut body),
            Config::Av1(config) => config.encode_body(&mut body),
            Config::Vp8 | Config::Vp9(_) => Ok(()),
        }
        .map_err(|error| WriteError::Container(error.to_string()))?;
        Ok(body)
    }
}

/// A frame as containers have it: H.264 with lengths and without what the header has, AV1 without
/// temporal delimiter.
pub(crate) fn sample<'a>(frame: &'a Frame, video: Option<&Video>) -> Cow<'a, [u8]> {
    match (frame.format, video.map(|video| &video.config)) {
        (Format::Av1, _) => {
            let data: &[u8] = &frame.data;
            data.strip_prefix(&[0x12, 0]).unwrap_or(data).into()
        }
        (Format::H264, Some(Config::H264(config))) => {
            let mut out = Vec::with_capacity(frame.data.len() + 16);
            for range in units(&frame.data) {
                let unit = frame.data.get(range).unwrap_or_default();
                if !is_known(unit, config) {
                    Framing::Lengths.write(unit, &mut out);
                }
            }
            out.into()
        }
        _ => Cow::Borrowed(&frame.data),
    }
}

const SPS: u8 = 7;
const PPS: u8 = 8;
const DELIMITER: u8 = 9;

fn kind(unit: &[u8]) -> u8 {
    unit.first().map_or(0, |octet| octet & 0x1F)
}

/// True for parameter sets that the header has; others stay, for decoders to find them.
fn is_known(unit: &[u8], config: &Avcc) -> bool {
    let is = |set: &Vec<u8>| set == unit;
    match kind(unit) {
        SPS => config.sequence_parameter_sets.iter().any(is),
        PPS => config.picture_parameter_sets.iter().any(is),
        DELIMITER => true,
        _ => false,
    }
}

fn avc(data: &[u8]) -> Option<Avcc> {
    let sets = |wanted: u8| -> Vec<Vec<u8>> {
        units(data)
            .filter_map(|range| data.get(range))
            .filter(|unit| kind(unit) == wanted)
            // As many as the box has bits to count them with.
            .take(31)
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (sequence, picture) = (sets(SPS), sets(PPS));
    let mut config = Avcc::new(sequence.first()?, picture.first()?).ok()?;
    config.sequence_parameter_sets = sequence;
    config.picture_parameter_sets = picture;
    Some(config)
}

fn av1(data: &[u8]) -> Option<Av1c> {
    let header = SequenceHeader::find(data)?;
    Some(Av1c {
        seq_profile: header.profile,
        seq_level_idx_0: header.level,
        seq_tier_0: header.high_tier,
        high_bitdepth: header.color.high_bitdepth,
        twelve_bit: header.color.twelve_bit,
        monochrome: header.color.monochrome,
        chroma_subsampling_x: header.color.subsampling_x,
        chroma_subsampling_y: header.color.subsampling_y,
        chroma_sample_position: header.color.sample_position,
        initial_presentation_delay: None,
        config_obus: header.obu.to_vec(),
    })
}

fn vp9(data: &[u8], size: Size) -> Option<VpcC> {
    let octet = *data.first()?;
    let profile = octet >> 5 & 1 | octet >> 3 & 2;
    let bit_depth = match profile {
        0 | 1 => 8,
        // Behind the sync code of a key frame.
        2 if data.get(4)? & 0x80 != 0 => 12,
        _ => 10,
    };
    Some(VpcC {
        profile,
        level: vp9_level(size),
        bit_depth,
        // 4:2:0, or 4:4:4 as good as always.
        chroma_subsampling: if profile & 1 == 0 { 1 } else { 3 },
        video_full_range_flag: false,
        // Unspecified.
        color_primaries: 2,
        transfer_characteristics: 2,
        matrix_coefficients: 2,
        codec_initialization_data: Vec::new(),
    })
}

/// The lowest level that allows the size ("VP9 levels" of the WebM project).
fn vp9_level(size: Size) -> u8 {
    let pixels = u64::from(size.width) * u64::from(size.height);
    let levels = [
        (36_864, 10),
        (73_728, 11),
        (122_880, 20),
        (245_760, 21),
        (552_960, 30),
        (983_040, 31),
        (2_228_224, 40),
        (8_912_896, 50),
    ];
    let level = levels.into_iter().find(|(most, _)| pixels <= *most);
    level.map_or(60, |(_, level)| level)
}
