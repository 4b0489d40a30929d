//! A codec and its parameters as data. What descriptions say is read into it and printed from it
//! (`jsep`); what it means for packets is for the payload formats.

mod capabilities;
mod feedback;
mod format;
mod h264;
mod matching;
mod name;
mod options;

pub use capabilities::RtpCapabilities;
pub use feedback::{Feedback, FeedbackSet};
pub use format::{Format, FormatParameters, MAX_PARAMETERS};
pub use h264::{H264Level, H264Parameters, H264Profile};
pub use name::CodecName;
pub use options::{Av1Parameters, H265Parameters, OpusParameters};

use std::fmt;

use crate::ids::PayloadType;
use crate::words::words;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

words!(MediaKind, "kind of media", {
    Audio => "audio",
    Video => "video",
});

/// A codec with the parameters of its format (`RTCRtpCodec`). Equality is the W3C's "codec
/// dictionary match"; whether two sides can use a codec together says
/// [`matches`](Self::matches).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codec {
    /// Of what kind of media.
    pub kind: MediaKind,
    /// Its name, the second part of `mimeType`.
    pub name: CodecName,
    /// Ticks of its timestamps a second.
    pub clock_rate: u32,
    /// Channels of sound, where they are said; without them it is one.
    pub channels: Option<u16>,
    /// `sdpFmtpLine`, read.
    pub parameters: FormatParameters,
}

/// Why text does not describe a codec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Not `audio/…` or `video/…`.
    #[error("a codec's mimeType is audio/NAME or video/NAME, with a name of one word")]
    MimeType,
    /// No clock.
    #[error("a codec's clockRate is not 0")]
    ClockRate,
}

impl Codec {
    /// A codec without parameters.
    pub const fn new(kind: MediaKind, name: CodecName, clock_rate: u32) -> Self {
        Self {
            kind,
            name,
            clock_rate,
            channels: None,
            parameters: FormatParameters::NONE,
        }
    }

    /// The same with this many channels.
    #[must_use]
    pub const fn with_channels(mut self, channels: u16) -> Self {
        self.channels = Some(channels);
        self
    }

    /// The same with the parameters of an `a=fmtp` line.
    #[must_use]
    pub fn with_fmtp(mut self, line: &str) -> Self {
        self.parameters = FormatParameters::read(&self.name, line);
        self
    }

    /// Reads the W3C's dictionary.
    pub fn from_w3c(
        mime_type: &str,
        clock_rate: u32,
        channels: Option<u16>,
        sdp_fmtp_line: Option<&str>,
    ) -> Result<Self, CodecError> {
        let (kind, name) = mime_type.split_once('/').ok_or(CodecError::MimeType)?;
        let kind: MediaKind = kind
            .to_ascii_lowercase()
            .parse()
            .map_err(|_| CodecError::MimeType)?;
        let name = CodecName::read(name).ok_or(CodecError::MimeType)?;
        if clock_rate == 0 {
            return Err(CodecError::ClockRate);
        }
        let mut codec = Self::new(kind, name, clock_rate);
        codec.channels = channels;
        Ok(codec.with_fmtp(sdp_fmtp_line.unwrap_or_default()))
    }

    /// `mimeType`: `video/VP8`.
    pub fn mime_type(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// `sdpFmtpLine`, in our form; `None` where there is nothing to say.
    pub fn sdp_fmtp_line(&self) -> Option<String> {
        let line = self.parameters.to_string();
        (!line.is_empty()).then_some(line)
    }

    /// The channels that it has, said or not.
    pub fn channel_count(&self) -> u16 {
        self.channels.unwrap_or(1)
    }

    /// The feedback that we give and take for it.
    pub fn usual_feedback(&self) -> FeedbackSet {
        FeedbackSet::usual(self)
    }
}

/// The value of `a=rtpmap` behind the payload type: `opus/48000/2`.
impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.clock_rate)?;
        match self.channels {
            // RFC 8866 section 6.6: one channel may go without saying.
            Some(channels) if channels != 1 => write!(f, "/{channels}"),
            _ => Ok(()),
        }
    }
}

/// A codec as one side of a session uses it (`RTCRtpCodecParameters`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecParameters {
    /// How its packets are known.
    pub payload_type: PayloadType,
    /// The codec.
    pub codec: Codec,
    /// The feedback that both sides know for it.
    pub feedback: FeedbackSet,
    /// How its packets are sent again.
    pub rtx: Option<RtxParameters>,
}

/// Retransmission of a codec's packets (RFC 4588).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtxParameters {
    /// How they are known.
    pub payload_type: PayloadType,
    /// How long the sender keeps packets, in milliseconds, where it says so.
    pub time: Option<u32>,
}

#[cfg(test)]
mod tests;
