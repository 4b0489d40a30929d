//! RTCP (RFC 3550 section 6) with the feedback of RFC 4585, RFC 5104 and RFC 8888, REMB,
//! transport-wide feedback and extended reports (RFC 3611).
//!
//! Reading borrows the datagram, whose lengths are checked once; writing appends packets to the
//! caller's buffer. When to send what is decided in the session.

mod ccfb;
mod chunks;
mod compound;
mod nack;
mod picture;
mod remb;
mod report;
mod source;
mod transport_cc;
mod xr;

pub use ccfb::{
    CcfbArrival, CcfbReports, CcfbStream, CongestionFeedback, write_congestion_feedback,
};
pub use compound::{Compound, Packet, is_rtcp};
pub use nack::{Nack, NackSequences, write_nack};
pub use picture::{FirRequests, FullIntraRequest, PictureLoss, write_fir, write_pli};
pub use remb::{MaxBitrate, write_remb};
pub use report::{
    ReceiverReport, ReportBlock, ReportBlocks, SenderInfo, SenderReport, write_receiver_report,
    write_sender_report,
};
pub use source::{
    Goodbye, SdesChunk, SdesChunks, SdesItem, SourceDescription, write_bye, write_cnames,
};
pub use transport_cc::{
    Arrival, ArrivalTime, Arrivals, TransportFeedback, write_transport_feedback,
};
pub use xr::{
    ExtendedReport, LastReceived, XrBlock, XrBlocks, write_receiver_reference_time,
    write_receiver_references,
};
