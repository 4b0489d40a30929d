//! What drivers and the core exchange: paths, transmits, ECN marks, and why bytes were dropped.

use std::fmt;
use std::net::SocketAddr;

/// What carries datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// UDP.
    Udp,
}

/// The two ends of a flow of datagrams, seen from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Path {
    /// What carries them. While there is one protocol only, this takes no room and no comparison.
    pub protocol: Protocol,
    /// The address of the local socket, as the driver announced it.
    pub local: SocketAddr,
    /// The peer's address (or the STUN server's).
    pub remote: SocketAddr,
}

impl Path {
    /// From a UDP socket to an address.
    pub const fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self {
            protocol: Protocol::Udp,
            local,
            remote,
        }
    }
}

/// An explicit congestion notification codepoint (RFC 3168).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ecn {
    /// ECN-capable, ECT(0).
    Ect0,
    /// ECN-capable, ECT(1) (L4S, RFC 9331).
    Ect1,
    /// Congestion experienced.
    Ce,
}

/// One batch to send: `size` bytes of the caller's buffer to one destination.
///
/// With `segment_size`, the bytes are consecutive datagrams of that size (the last may be
/// shorter), which a driver sends in one call where the system has UDP segmentation offload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// Where from and where to.
    pub path: Path,
    /// The mark to put on each datagram.
    pub ecn: Option<Ecn>,
    /// Bytes written to the caller's buffer for this batch.
    pub size: usize,
    /// Size of each datagram but the last; `None` if the batch is one datagram.
    pub segment_size: Option<usize>,
    /// A probe of the path's MTU (RFC 8899), which nobody may cut into fragments. All else may be:
    /// a packet that was made for a wider path than there is now still arrives.
    pub is_probe: bool,
}

impl Transmit {
    /// One datagram that is no probe.
    pub const fn single(path: Path, size: usize) -> Self {
        Self {
            path,
            ecn: None,
            size,
            segment_size: None,
            is_probe: false,
        }
    }
}

/// Why bytes from the network were dropped. Hostile bytes are never an error of the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(usize)]
#[non_exhaustive]
pub enum DropReason {
    /// The first byte belongs to no protocol we speak (RFC 7983).
    UnknownProtocol,
    /// Not from a path whose remote passed an authenticated ICE check.
    UnvalidatedPath,
    /// Not a well-formed STUN message.
    StunMalformed,
    /// A STUN message without valid credentials, or a response to no transaction of ours.
    StunUnauthenticated,
    /// A DTLS record that was malformed, replayed or failed authentication.
    DtlsRecord,
    /// An SCTP packet with a wrong length, checksum or verification tag.
    SctpPacket,
    /// An SCTP chunk that was malformed or made no sense in this state.
    SctpChunk,
    /// A data channel control message (RFC 8832) that was malformed.
    ChannelControl,
    /// Media for which nothing was negotiated, or for which there are no keys.
    Media,
    /// A packet of RTP or RTCP that was malformed.
    RtpMalformed,
    /// A packet of SRTP or SRTCP that is not the peer's, or shows what it was to encrypt.
    SrtpAuth,
    /// A packet of SRTP or SRTCP that came before, or so late that this cannot be told.
    SrtpReplay,
    /// Arrived after close.
    Closed,
}

impl DropReason {
    /// All reasons.
    pub const ALL: [Self; 13] = [
        Self::UnknownProtocol,
        Self::UnvalidatedPath,
        Self::StunMalformed,
        Self::StunUnauthenticated,
        Self::DtlsRecord,
        Self::SctpPacket,
        Self::SctpChunk,
        Self::ChannelControl,
        Self::Media,
        Self::RtpMalformed,
        Self::SrtpAuth,
        Self::SrtpReplay,
        Self::Closed,
    ];
    /// Number of reasons.
    pub const COUNT: usize = Self::ALL.len();
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownProtocol => "unknown protocol",
            Self::UnvalidatedPath => "unvalidated path",
            Self::StunMalformed => "malformed STUN",
            Self::StunUnauthenticated => "unauthenticated STUN",
            Self::DtlsRecord => "bad DTLS record",
            Self::SctpPacket => "bad SCTP packet",
            Self::SctpChunk => "bad SCTP chunk",
            Self::ChannelControl => "bad data channel control message",
            Self::Media => "media that was not negotiated",
            Self::RtpMalformed => "malformed RTP",
            Self::SrtpAuth => "unauthenticated SRTP",
            Self::SrtpReplay => "repeated SRTP",
            Self::Closed => "connection closed",
        })
    }
}

/// How many inputs were dropped, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DropCounters([u64; DropReason::COUNT]);

impl DropCounters {
    /// Counts one drop.
    pub fn add(&mut self, reason: DropReason) {
        self.0[reason as usize] += 1;
    }

    /// How many were dropped for `reason`.
    pub fn count(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }

    /// How many were dropped in all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds another table's counts, as when layers are summed for statistics.
    pub fn merge(&mut self, other: &Self) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}
