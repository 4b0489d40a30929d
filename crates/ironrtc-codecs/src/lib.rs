//! Encoders and decoders for the codecs of WebRTC, and what stands around them: conversion of pictures,
//! scaling, resampling, test pictures and tones.
//!
//! Each codec is behind one of four small traits, [`VideoEncoder`], [`VideoDecoder`],
//! [`AudioEncoder`] and [`AudioDecoder`], and made by one of four functions. An encoder is told another
//! rate or asked for a key frame while it runs, and is never made anew for that. What this machine can
//! do is told by [`list()`]; `docs/codecs.md` of the repository says which library does it, and why.
//!
//! ```
//! use std::time::Duration;
//! use ironrtc_codecs::{AudioSettings, Format, audio_decoder, audio_encoder, source::Tone};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut encoder = audio_encoder(Format::Opus, &AudioSettings::default())?;
//! let mut decoder = audio_decoder(Format::Opus, 1)?;
//! let mut tone = Tone::new(440.0, -10.0, encoder.rate(), encoder.channels());
//! let (mut packet, mut heard) = (Vec::new(), Vec::new());
//! encoder.encode(&tone.samples(960), &mut packet)?;
//! decoder.decode(&packet, &mut heard)?;
//! assert_eq!(heard.len(), 960);
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod audio;
mod codec;
mod convert;
mod error;
mod frame;
mod list;
mod resample;
mod scale;
pub mod source;
mod video;

pub use audio::{AudioSettings, audio_decoder, audio_encoder};
pub use codec::{AudioDecoder, AudioEncoder, EncodedFrame, Rate, VideoDecoder, VideoEncoder};
pub use convert::{from_bgra, from_rgba, to_bgra, to_rgba};
pub use error::{DecodeError, EncodeError, FrameError, Unavailable};
pub use frame::{AudioFrame, MAX_SIDE, VideoFrame};
pub use ironrtc_core::wire::payload::Format;
pub use ironrtc_libs::look_in;
pub use list::{Library, Support, list};
pub use resample::{Resampler, remix};
pub use scale::{Scaler, halve};
pub use video::{MAX_PIXELS, VideoSettings, video_decoder, video_encoder};

/// What an Opus encoder is tuned for.
pub use ironrtc_libs::opus::Application;
