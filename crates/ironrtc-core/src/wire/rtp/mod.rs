//! RTP packets (RFC 3550 section 5.1) with their header extensions (RFC 8285).
//!
//! Reading borrows the packet and checks every length once; writing appends to the caller's buffer.
//! What a packet means for a stream is decided in the session.

mod extension;
mod header;
mod kind;
mod known;
mod seq;
mod time;

pub use extension::{Element, ElementSet, Elements, ExtensionBlock, Form};
pub use header::{Csrcs, FixedHeader, Header, Packet, write_padding};
pub use kind::{ExtensionKind, ExtensionMap, ExtensionMapError};
pub use known::{
    AbsCaptureTime, AbsSendTime, AudioLevel, CsrcLevels, Extensions, PlayoutDelay, Rotation,
    TransmissionOffset, VideoOrientation,
};
pub use seq::{RtpTime, SeqNo, Unwrapper};
pub use time::{NtpShort, NtpTime};
