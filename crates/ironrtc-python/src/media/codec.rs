//! Codecs, as tuples.

use ironrtc::{RtpCodec, RtpCodecParameters};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// `mimeType`, `clockRate`, `channels` and `sdpFmtpLine`.
pub(crate) type Described = (String, u32, Option<u16>, Option<String>);

/// A codec that was agreed on: its payload type, what it is, its feedback, and the payload type of
/// its retransmissions.
pub(crate) type Agreed = (u8, Described, Vec<String>, Option<u8>);

pub(crate) fn read(codec: &Described) -> PyResult<RtpCodec> {
    let (mime_type, clock_rate, channels, fmtp) = codec;
    RtpCodec::from_w3c(mime_type, *clock_rate, *channels, fmtp.as_deref())
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

pub(crate) fn describe(codec: &RtpCodec) -> Described {
    (
        codec.mime_type(),
        codec.clock_rate,
        codec.channels,
        codec.sdp_fmtp_line(),
    )
}

pub(crate) fn agreed(codecs: &[RtpCodecParameters]) -> Vec<Agreed> {
    let one = |parameters: &RtpCodecParameters| {
        (
            parameters.payload_type.get(),
            describe(&parameters.codec),
            parameters
                .feedback
                .iter()
                .map(|feedback| feedback.to_string())
                .collect(),
            parameters.rtx.map(|rtx| rtx.payload_type.get()),
        )
    };
    codecs.iter().map(one).collect()
}
