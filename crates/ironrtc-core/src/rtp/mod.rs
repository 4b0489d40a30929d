//! Media over one transport (RFC 3550, RFC 8834): what a codec is, and what an RTP session is told.

mod codec;
mod extension;
mod plan;

pub use crate::wire::rtp::HeaderExtension;
pub use codec::{
    Av1Parameters, Codec, CodecError, CodecName, CodecParameters, Feedback, FeedbackSet, Format,
    FormatParameters, H264Level, H264Parameters, H264Profile, H265Parameters, MAX_PARAMETERS,
    MediaKind, OpusParameters, RtpCapabilities, RtxParameters,
};
pub use plan::{
    EncodingPlan, ExtensionPlan, ReceivePlan, RtpPlan, RtpSection, SendPlan, StreamPlan,
};
