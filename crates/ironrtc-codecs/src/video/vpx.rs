//! VP8 and VP9 by libvpx, where it is found.

use bytes::Bytes;
use ironrtc_core::wire::payload::Size;
use ironrtc_libs::vpx::{self as lib, Kind, Vpx};
use ironrtc_libs::{Error, Planes};

use super::gate::{Gate, Inner};
use super::vp9;
use crate::{
    EncodeError, EncodedFrame, Format, Rate, Unavailable, VideoEncoder, VideoFrame, VideoSettings,
};

const fn format(kind: Kind) -> Format {
    match kind {
        Kind::Vp8 => Format::Vp8,
        Kind::Vp9 => Format::Vp9,
    }
}

#[derive(Debug)]
pub(super) struct Encoder {
    vpx: &'static Vpx,
    kind: Kind,
    settings: VideoSettings,
    /// Made for the first picture, and for one of another size.
    encoder: Option<lib::Encoder>,
    size: (u32, u32),
    key: bool,
    /// A rate that the library has yet to be told.
    changed: bool,
    buffer: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(kind: Kind, settings: &VideoSettings) -> Result<Self, Unavailable> {
        let vpx = Vpx::get().map_err(|error| Unavailable::new(format(kind), error))?;
        let mut encoder = Self {
            vpx,
            kind,
            settings: settings.clone(),
            encoder: None,
            size: (0, 0),
            key: false,
            changed: false,
            buffer: Vec::new(),
        };
        // Whether the library has this codec, and is a version that is known, shows here.
        encoder
            .open(16, 16)
            .map_err(|error| Unavailable::new(format(kind), error))?;
        encoder.encoder = None;
        Ok(encoder)
    }

    fn open(&mut self, width: u32, height: u32) -> Result<(), Error> {
        let settings = lib::Settings {
            width,
            height,
            bitrate: self.settings.rate.bitrate,
            frame_rate: self.settings.rate.frame_rate,
            threads: self.settings.threads.into(),
            speed: match self.kind {
                Kind::Vp8 => 6,
                Kind::Vp9 => 8,
            },
            screen: self.settings.screen,
            drop_frames: self.settings.drop_frames,
        };
        self.encoder = Some(lib::Encoder::new(self.vpx, self.kind, &settings)?);
        self.size = (width, height);
        self.changed = false;
        Ok(())
    }
}

impl VideoEncoder for Encoder {
    fn format(&self) -> Format {
        format(self.kind)
    }

    fn encode(&mut self, picture: &VideoFrame) -> Result<Option<EncodedFrame>, EncodeError> {
        let size = (picture.width(), picture.height());
        if self.size != size || self.encoder.is_none() {
            self.open(size.0, size.1)?;
        }
        let planes = picture
            .lend()
            .ok_or(EncodeError::Unfit("a picture without planes"))?;
        let Some(encoder) = &mut self.encoder else {
            return Err(EncodeError::Unfit("there is no encoder"));
        };
        if std::mem::take(&mut self.changed) {
            encoder.set_rate(self.settings.rate.bitrate, self.settings.rate.frame_rate)?;
        }
        self.buffer.clear();
        let key = encoder.encode(&planes, picture.ticks(), self.key, &mut self.buffer)?;
        Ok(key.map(|key| {
            // One that was left out does not count.
            self.key &= !key;
            EncodedFrame {
                data: Bytes::copy_from_slice(&self.buffer),
                key,
                time: picture.time,
            }
        }))
    }

    fn set_rate(&mut self, rate: Rate) {
        self.changed |= self.settings.rate != rate;
        self.settings.rate = rate;
    }

    fn request_key_frame(&mut self) {
        self.key = true;
    }
}

impl Inner for lib::Decoder {
    const FORMAT: &'static [Format] = &[Format::Vp8, Format::Vp9];

    fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error> {
        Self::decode(self, frame)
    }

    fn claimed(frame: &[u8]) -> Option<Size> {
        vp9::largest(frame)
    }
}

pub(super) fn decoder(kind: Kind) -> Result<Gate<lib::Decoder>, Unavailable> {
    let made = Vpx::get()
        .map_err(|error| Unavailable::new(format(kind), error))
        .and_then(|vpx| {
            lib::Decoder::new(vpx, kind, 1).map_err(|error| Unavailable::new(format(kind), error))
        })?;
    Ok(Gate::new(format(kind), made))
}
