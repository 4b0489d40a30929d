//! VP8 and VP9 by libvpx, found at run time.

mod abi;
mod decoder;
mod encoder;

use std::ffi::{CStr, c_char, c_int};
use std::sync::OnceLock;

pub use decoder::Decoder;
pub use encoder::{Encoder, Settings};

use crate::Error;
use crate::load::{LoadError, Loaded, Origin, Wanted};

const WANTED: Wanted = Wanted {
    library: "libvpx",
    package: "libvpx7 (or a newer one)",
    variable: "IRONRTC_LIBVPX",
    stem: "libvpx",
    names: &[
        "libvpx.so.12",
        "libvpx.so.11",
        "libvpx.so.9",
        "libvpx.so.8",
        "libvpx.so.7",
        "libvpx.so.6",
        "libvpx.dylib",
        "vpx.dll",
    ],
};

/// Which of the two codecs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RFC 6386.
    Vp8,
    /// The VP9 bitstream specification, profile 0.
    Vp9,
}

/// The library.
pub struct Vpx {
    loaded: Loaded,
    version: String,
    encoder_default: abi::EncoderDefault,
    encoder_init: abi::EncoderInit,
    encoder_set: abi::EncoderSet,
    encode: abi::Encode,
    next_packet: abi::NextPacket,
    decoder_init: abi::DecoderInit,
    decode: abi::Decode,
    next_image: abi::NextImage,
    destroy: abi::Destroy,
    control: abi::Control,
    error_text: abi::ErrorText,
}

impl std::fmt::Debug for Vpx {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "libvpx {} ({})", self.version, self.loaded.origin)
    }
}

impl Vpx {
    /// The library, opened at the first call that finds it and never closed.
    pub fn get() -> Result<&'static Self, LoadError> {
        static FOUND: OnceLock<Vpx> = OnceLock::new();
        if let Some(found) = FOUND.get() {
            return Ok(found);
        }
        let opened = Self::open(Loaded::open(&WANTED)?)?;
        Ok(FOUND.get_or_init(|| opened))
    }

    fn open(loaded: Loaded) -> Result<Self, LoadError> {
        // SAFETY: the types are those of libvpx's headers, and the library stays open.
        let vpx = unsafe {
            let version: abi::Text = loaded.function("vpx_codec_version_str")?;
            Self {
                version: text(version()),
                encoder_default: loaded.function("vpx_codec_enc_config_default")?,
                encoder_init: loaded.function("vpx_codec_enc_init_ver")?,
                encoder_set: loaded.function("vpx_codec_enc_config_set")?,
                encode: loaded.function("vpx_codec_encode")?,
                next_packet: loaded.function("vpx_codec_get_cx_data")?,
                decoder_init: loaded.function("vpx_codec_dec_init_ver")?,
                decode: loaded.function("vpx_codec_decode")?,
                next_image: loaded.function("vpx_codec_get_frame")?,
                destroy: loaded.function("vpx_codec_destroy")?,
                control: loaded.function("vpx_codec_control_")?,
                error_text: loaded.function("vpx_codec_err_to_string")?,
                loaded,
            }
        };
        Ok(vpx)
    }

    /// As the library calls itself, for example `v1.12.0`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it was found.
    pub const fn origin(&self) -> &Origin {
        &self.loaded.origin
    }

    fn interface(&self, name: &str) -> Result<*const std::ffi::c_void, Error> {
        // SAFETY: all of libvpx's interfaces are functions without arguments.
        unsafe {
            let interface: abi::Interface = self
                .loaded
                .function(name)
                .map_err(|error| Error::new("libvpx", error.to_string()))?;
            Ok(interface())
        }
    }

    /// What a call's result means.
    fn check(&self, context: &abi::Context, code: c_int) -> Result<(), Error> {
        if code == abi::OK {
            return Ok(());
        }
        // SAFETY: the library gives texts that end with a zero, or null.
        let (mut message, detail) =
            unsafe { (text((self.error_text)(code)), text(context.error_detail)) };
        if !detail.is_empty() {
            message = format!("{message}: {detail}");
        }
        Err(Error::new("libvpx", message))
    }
}

/// # Safety
///
/// The text ends with a zero, or the pointer is null.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: the caller vouches for it.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}
