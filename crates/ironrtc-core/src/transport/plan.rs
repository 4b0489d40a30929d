//! What a transport is to do. `jsep` compiles descriptions into it; ORTC users write it by hand.

use crate::dtls::{self, Fingerprint};
use crate::ice::{self, Credentials};
use crate::rtp::RtpPlan;

/// Which of a connection's transports. It is the same one through all offers and answers, whichever
/// sections use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransportId(u32);

impl TransportId {
    /// The transport of this number.
    pub(crate) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number; the first is 0.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// One transport. What is `None` is not known yet, and starts once it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportPlan {
    /// Who nominates.
    pub ice_role: ice::Role,
    /// Our credentials. New ones restart ICE.
    pub local_ice: Option<Credentials>,
    /// The peer's side of ICE.
    pub remote_ice: Option<RemoteIce>,
    /// The DTLS association.
    pub dtls: Option<DtlsPlan>,
    /// The SCTP association.
    pub sctp: Option<SctpPlan>,
    /// The RTP session. As long as there is none, no packet of media is sent or taken.
    pub rtp: Option<RtpPlan>,
}

/// The peer's side of ICE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteIce {
    /// Its credentials. New ones mean that it restarted ICE.
    pub credentials: Credentials,
    /// It only answers checks (RFC 8445 section 2.5).
    pub lite: bool,
}

/// The DTLS association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DtlsPlan {
    /// Our role.
    pub role: dtls::Role,
    /// The fingerprints one of which the peer's certificate must have.
    pub remote_fingerprints: Vec<Fingerprint>,
}

/// The SCTP association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SctpPlan {
    /// Our port.
    pub local_port: u16,
    /// The peer's port.
    pub remote_port: u16,
    /// The largest message that the peer accepts; `None` for any size.
    pub remote_max_message_size: Option<u64>,
}
