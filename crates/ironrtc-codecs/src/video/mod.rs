//! Codecs of pictures.

mod av1;
mod gate;
#[cfg(feature = "h264")]
mod h264;
mod vp9;
mod vpx;

use ironrtc_core::setters;
use ironrtc_libs::vpx::Kind;

use crate::{Format, Rate, Unavailable, VideoDecoder, VideoEncoder};

/// The largest picture that is decoded: what H.264's level 5.2 has, 4,096 by 2,304 pixels. A frame of
/// a few bytes may claim any size, and would cost its memory.
pub const MAX_PIXELS: u32 = 4_096 * 2_304;

/// Settings of an encoder of pictures. The size is the pictures' own.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VideoSettings {
    /// To begin with. Default: 1 Mbit/s at 30 pictures a second.
    pub rate: Rate,
    /// Threads of one encoder, at most. Default: 1.
    pub threads: u8,
    /// Pictures of a screen instead of a camera. Default: off.
    pub screen: bool,
    /// Leave out pictures where the rate would not hold otherwise. Default: on.
    pub drop_frames: bool,
}

impl Default for VideoSettings {
    fn default() -> Self {
        Self {
            rate: Rate {
                bitrate: 1_000_000,
                frame_rate: 30.0,
            },
            threads: 1,
            screen: false,
            drop_frames: true,
        }
    }
}

setters!(VideoSettings {
    rate: Rate,
    threads: u8,
    screen: bool,
    drop_frames: bool,
});

/// An encoder for a format of video.
pub fn video_encoder(
    format: Format,
    settings: &VideoSettings,
) -> Result<Box<dyn VideoEncoder>, Unavailable> {
    match format {
        Format::Vp8 => Ok(Box::new(vpx::Encoder::new(Kind::Vp8, settings)?)),
        Format::Vp9 => Ok(Box::new(vpx::Encoder::new(Kind::Vp9, settings)?)),
        #[cfg(feature = "h264")]
        Format::H264 => Ok(Box::new(h264::Encoder::new(settings))),
        _ => Err(Unavailable::new(format, no_encoder(format))),
    }
}

/// A decoder for a format of video.
pub fn video_decoder(format: Format) -> Result<Box<dyn VideoDecoder>, Unavailable> {
    match format {
        Format::Vp8 => Ok(Box::new(vpx::decoder(Kind::Vp8)?)),
        Format::Vp9 => Ok(Box::new(vpx::decoder(Kind::Vp9)?)),
        Format::Av1 => Ok(Box::new(av1::decoder()?)),
        #[cfg(feature = "h264")]
        Format::H264 => Ok(Box::new(h264::decoder()?)),
        _ => Err(Unavailable::new(format, no_encoder(format))),
    }
}

fn no_encoder(format: Format) -> &'static str {
    match format {
        Format::H264 => "this program was built without the feature h264",
        Format::Av1 => "no encoder of AV1 is bound",
        Format::H265 => "no library is bound, since browsers need hardware for it",
        _ => "it is no codec of video",
    }
}
