//! RTP packets (RFC 3550 section 5.1) with their header extensions (RFC 8285).
//!
//! Reading borrows the packet and checks every length once; writing appends to the caller's buffer.
//! What a packet means for a stream is decided in the session.

mod bits;
mod descriptor;
mod extension;
mod header;
mod kind;
mod known;
mod layers;
mod seq;
mod time;

pub use descriptor::{
    ChainDiffs, DependencyDescriptor, DescriptorHead, FrameDiffs, FrameNo, Indication, Indications,
    Resolution, TemplateStructure,
};
pub use extension::{Element, ElementSet, Elements, ExtensionBlock, Form};
pub use header::{FixedHeader, Header, Packet, write_padding};
pub use kind::{ExtensionMap, ExtensionMapError, HeaderExtension};
pub use known::{
    AbsCaptureTime, AbsSendTime, AudioLevel, CsrcLevels, Extensions, PlayoutDelay, Rotation,
    TransmissionOffset, VideoOrientation,
};
pub use layers::{SpatialLayer, VideoLayers};
pub use seq::{RtpTime, SeqNo, Unwrapper};
pub use time::{NtpShort, NtpTime};
