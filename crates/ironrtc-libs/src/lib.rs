//! Codec libraries with a C interface, bound safely.
//!
//! The crate of IronRTC's media that has unsafe code, and nothing else: `ironrtc-codecs` makes encoders
//! and decoders of it. libvpx and dav1d are shared libraries that are looked for at run time, so that
//! nothing but a C compiler is needed to build, and a machine without them has fewer codecs.
//! OpenH264 (feature `h264`) is compiled from its source, and libopus, for its encoder, is Rust.
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub mod dav1d;
#[cfg(feature = "h264")]
pub mod h264;
mod load;
pub mod opus;
mod planes;
pub mod vpx;

pub use load::{LoadError, Origin, look_in};
pub use planes::{Planes, chroma};

/// What a library says of a call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{library}: {text}")]
pub struct Error {
    /// Whose words these are.
    pub library: &'static str,
    /// What is wrong.
    pub text: String,
}

impl Error {
    fn new(library: &'static str, text: impl Into<String>) -> Self {
        Self {
            library,
            text: text.into(),
        }
    }
}
