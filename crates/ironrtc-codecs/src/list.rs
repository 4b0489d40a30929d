//! What this machine can encode and decode, and by what.

use ironrtc_libs::dav1d::Dav1d;
use ironrtc_libs::vpx::Vpx;

use crate::{
    AudioSettings, Format, Unavailable, VideoSettings, audio_decoder, audio_encoder, video_decoder,
    video_encoder,
};

/// What does it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// As it calls itself.
    pub name: &'static str,
    /// Its version.
    pub version: String,
    /// The file that was opened; none if it is part of this program.
    pub file: Option<String>,
}

/// What can be done with a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Support {
    /// Which one.
    pub format: Format,
    /// What encodes it, or why nothing does.
    pub encode: Result<Library, Unavailable>,
    /// What decodes it, or why nothing does.
    pub decode: Result<Library, Unavailable>,
}

/// What can be done with each format, tried out: libraries are opened and codecs made.
pub fn list() -> Vec<Support> {
    Format::ALL.into_iter().map(support).collect()
}

fn support(format: Format) -> Support {
    let (encode, decode) = if format.is_video() {
        let settings = VideoSettings::default();
        (
            video_encoder(format, &settings).map(|_| ()),
            video_decoder(format).map(|_| ()),
        )
    } else {
        (
            audio_encoder(format, &AudioSettings::default()).map(|_| ()),
            audio_decoder(format, 1).map(|_| ()),
        )
    };
    Support {
        format,
        encode: encode.and_then(|()| library(format, true)),
        decode: decode.and_then(|()| library(format, false)),
    }
}

fn library(format: Format, encoder: bool) -> Result<Library, Unavailable> {
    let own = |name, version: &str| Library {
        name,
        version: version.to_owned(),
        file: None,
    };
    Ok(match format {
        Format::Opus if encoder => own("libopus, in Rust", "1.3.1"),
        Format::Opus => own("opus-rs", "0.1"),
        Format::Pcmu | Format::Pcma | Format::G722 => own("audio-codec", "0.4"),
        Format::Vp8 | Format::Vp9 => {
            let vpx = Vpx::get().map_err(|error| Unavailable::new(format, error))?;
            Library {
                name: "libvpx",
                version: vpx.version().trim_start_matches('v').to_owned(),
                file: Some(vpx.origin().to_string()),
            }
        }
        Format::Av1 => {
            let dav1d = Dav1d::get().map_err(|error| Unavailable::new(format, error))?;
            Library {
                name: "dav1d",
                version: dav1d.version().to_owned(),
                file: Some(dav1d.origin().to_string()),
            }
        }
        #[cfg(feature = "h264")]
        Format::H264 => own("OpenH264", &ironrtc_libs::h264::version()),
        _ => return Err(Unavailable::new(format, "no library is bound")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_a_library_or_a_reason() {
        let list = list();
        assert_eq!(list.len(), Format::ALL.len());
        for support in list {
            let inside = matches!(
                support.format,
                Format::Opus | Format::Pcmu | Format::Pcma | Format::G722
            );
            assert!(!inside || support.encode.is_ok() && support.decode.is_ok());
            for side in [support.encode, support.decode] {
                match side {
                    Ok(library) => assert!(library.version.contains('.'), "{library:?}"),
                    Err(reason) => assert!(!reason.reason.is_empty()),
                }
            }
        }
    }
}
