//! Settings of a connection (`RTCConfiguration`).

use ironrtc_core::dtls::Certificate;
use ironrtc_core::ice::IceConfig;
use ironrtc_core::jsep::BundlePolicy;
use ironrtc_core::sctp::SctpConfig;

/// One STUN or TURN server under its URLs (`RTCIceServer`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:host[:port]`, `turn:host[:port][?transport=udp]` and so on (RFC 7064, RFC 7065).
    pub urls: Vec<String>,
    /// TURN's user name.
    pub username: Option<String>,
    /// TURN's password.
    pub credential: Option<String>,
}

impl IceServer {
    /// A server that needs no credentials.
    pub fn stun(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            ..Self::default()
        }
    }
}

/// Which candidates may be used (`RTCIceTransportPolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IceTransportPolicy {
    /// Any.
    #[default]
    All,
    /// Relayed ones only.
    Relay,
}

/// Settings of a connection (`RTCConfiguration`, and what a program outside a browser may want).
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// STUN and TURN servers.
    pub ice_servers: Vec<IceServer>,
    /// Which candidates may be used.
    pub ice_transport_policy: IceTransportPolicy,
    /// How media sections share transports.
    pub bundle_policy: BundlePolicy,
    /// The certificates to show; the first is used. One is generated if there is none.
    pub certificates: Vec<Certificate>,
    /// Over 0: candidates are gathered before the first description.
    pub ice_candidate_pool_size: u8,
    /// Offer a data section even before a channel was made.
    pub always_negotiate_data_channels: bool,
    /// Addresses to bind to instead of those of all interfaces; port 0 lets the system choose.
    pub bind: Vec<std::net::SocketAddr>,
    /// ICE's timers and modes, lite among them.
    pub ice: IceConfig,
    /// SCTP's settings.
    pub sctp: SctpConfig,
}
