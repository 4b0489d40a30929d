//! What all decoders of pictures have in common: they begin with a key frame, begin again with one
//! after an error, and take no picture beyond a size.

use std::time::Duration;

use ironrtc_core::wire::payload::Size;
use ironrtc_core::wire::payload::key::frame_is_key;
use ironrtc_libs::{Error, Planes};

use crate::{DecodeError, Format, MAX_PIXELS, VideoDecoder, VideoFrame};

/// A library's decoder.
pub(super) trait Inner: Send + std::fmt::Debug {
    const FORMAT: &'static [Format];

    fn decode(&mut self, frame: &[u8]) -> Result<Option<Planes<'_>>, Error>;

    /// The size that a frame claims where it is not that of a key frame.
    fn claimed(_frame: &[u8]) -> Option<Size> {
        None
    }
}

#[derive(Debug)]
pub(super) struct Gate<D> {
    decoder: D,
    format: Format,
    waiting: bool,
}

impl<D: Inner> Gate<D> {
    pub(super) fn new(format: Format, decoder: D) -> Self {
        debug_assert!(D::FORMAT.contains(&format));
        Self {
            decoder,
            format,
            waiting: true,
        }
    }
}

impl<D: Inner> VideoDecoder for Gate<D> {
    fn format(&self) -> Format {
        self.format
    }

    fn decode(&mut self, frame: &[u8], time: Duration) -> Result<Option<VideoFrame>, DecodeError> {
        if self.waiting && !frame_is_key(self.format, frame) {
            return Err(DecodeError::NeedsKeyFrame);
        }
        self.waiting = true;
        for size in [Size::of(self.format, frame), D::claimed(frame)] {
            check(size)?;
        }
        let picture = self
            .decoder
            .decode(frame)
            .map_err(|error| DecodeError::Malformed(error.to_string()))?;
        let picture = picture.map(|planes| VideoFrame::from_lent(&planes, time));
        check(picture.as_ref().map(|picture| Size {
            width: picture.width(),
            height: picture.height(),
        }))?;
        self.waiting = false;
        Ok(picture)
    }

    fn needs_key_frame(&self) -> bool {
        self.waiting
    }

    fn lose(&mut self) {
        self.waiting = true;
    }
}

fn check(size: Option<Size>) -> Result<(), DecodeError> {
    match size {
        Some(Size { width, height })
            if u64::from(width) * u64::from(height) > u64::from(MAX_PIXELS) =>
        {
            Err(DecodeError::TooLarge { width, height })
        }
        _ => Ok(()),
    }
}
