//! Media over one transport (RFC 3550, RFC 8834): what a codec is, what an RTP session is told, and
//! the session.

mod clock;
mod codec;
mod event;
mod extension;
pub(crate) mod forward;
mod pacer;
mod plan;
mod rate;
mod receive;
mod reports;
mod round_trip;
mod route;
mod send;
mod session;

pub use crate::wire::rtp::HeaderExtension;
pub use codec::{
    Av1Parameters, Codec, CodecError, CodecName, CodecParameters, Feedback, FeedbackSet, Format,
    FormatParameters, H264Level, H264Parameters, H264Profile, H265Parameters, MAX_PARAMETERS,
    MediaKind, OpusParameters, RtpCapabilities, RtxParameters,
};
pub use event::RtpEvent;
pub use forward::{LayerChoice, Renumbering};
pub use plan::{
    EncodingPlan, ExtensionPlan, ReceivePlan, RtpPlan, RtpSection, SendPlan, StreamPlan,
};
pub use rate::BitrateLimits;
pub use receive::{ReceiveCounters, RtpFrame, RtpPacket, SenderReported, SourceHeard};
pub(crate) use send::ToneEvent;
pub use send::{OutgoingExtensions, OutgoingFrame, OutgoingPacket, Place, SendCounters, SendError};
pub use session::RtpSession;

#[cfg(test)]
mod tests;
