//! H.264, constrained baseline, by OpenH264.

use bytes::Bytes;
use ironrtc_libs::h264 as lib;
use ironrtc_libs::{Error, Planes};

use super::gate::{Gate, Inner};
use crate::{
    EncodeError, EncodedFrame, Format, Rate, Unavailable, VideoEncoder, VideoFrame, VideoSettings,
};

#[derive(Debug)]
pub(super) struct Encoder {
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
    pub(super) fn new(settings: &VideoSettings) -> Self {
        Self {
            settings: settings.clone(),
            encoder: None,
            size: (0, 0),
            key: false,
            changed: false,
            buffer: Vec::new(),
        }
    }

    fn open(&mut self, width: u32, height: u32) -> Result<(), Error> {
        self.encoder = Some(lib::Encoder::new(&lib::Settings {
            // The library has even sizes only: the last column and row of an odd one are left out.
            width: width & !1,
            height: height & !1,
            bitrate: self.settings.rate.bitrate,
            frame_rate: self.settings.rate.frame_rate,
            threads: self.settings.threads.into(),
            screen: self.settings.screen,
            drop_frames: self.settings.drop_frames,
        })?);
        self.size = (width, height);
        self.changed = false;
        Ok(())
    }
}

impl VideoEncoder for Encoder {
    fn format(&self) -> Format {
        Format::H264
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
        let milliseconds = i64::try_from(picture.time.as_millis()).unwrap_or(i64::MAX);
        let key = encoder.encode(&planes, milliseconds, self.key, &mut self.buffer)?;
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
    const FORMAT: &'static [Format] = &[Format::H264];

    fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error> {
        Self::decode(self, frame)
    }
}

pub(super) fn decoder() -> Result<Gate<lib::Decoder>, Unavailable> {
    let decoder = lib::Decoder::new().map_err(|error| Unavailable::new(Format::H264, error))?;
    Ok(Gate::new(Format::H264, decoder))
}
