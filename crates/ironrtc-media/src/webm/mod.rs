//! WebM, and Matroska where the format is not one of WebM's (RFC 9559).

mod ebml;
mod lacing;
mod read;
mod write;

pub use read::Reader;
pub use write::Writer;

use ironrtc_core::wire::payload::Format;

const fn codec_id(format: Format) -> Option<&'static str> {
    Some(match format {
        Format::Vp8 => "V_VP8",
        Format::Vp9 => "V_VP9",
        Format::Av1 => "V_AV1",
        Format::H264 => "V_MPEG4/ISO/AVC",
        Format::Opus => "A_OPUS",
        _ => return None,
    })
}

fn format(codec_id: &str) -> Option<Format> {
    Format::ALL
        .into_iter()
        .find(|format| self::codec_id(*format) == Some(codec_id))
}
