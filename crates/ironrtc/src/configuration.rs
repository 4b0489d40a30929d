//! Settings of a connection (`RTCConfiguration`).

use ironrtc_core::dtls::{Certificate, CertificateOptions};
use ironrtc_core::ice::IceConfig;
use ironrtc_core::jsep::{BundlePolicy, MediaConfig};
use ironrtc_core::observe::Observer;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::SctpConfig;
use ironrtc_core::setters;
use ironrtc_core::words;

use crate::ConfigurationError;
use crate::clock::unix_now;

/// One STUN or TURN server under its URLs (`RTCIceServer`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct IceServer {
    /// `stun:host[:port]`, `turn:host[:port][?transport=udp]` and so on (RFC 7064, RFC 7065).
    #[cfg_attr(feature = "serde", serde(deserialize_with = "one_or_more"))]
    pub urls: Vec<String>,
    /// TURN's user name.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub username: Option<String>,
    /// TURN's password.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub credential: Option<String>,
}

/// webrtc-pc section 4.2.4: `urls` is a string or a sequence of strings.
#[cfg(feature = "serde")]
fn one_or_more<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Urls {
        One(String),
        More(Vec<String>),
    }
    let urls = <Urls as serde::Deserialize>::deserialize(deserializer)?;
    Ok(match urls {
        Urls::One(url) => vec![url],
        Urls::More(urls) => urls,
    })
}

setters!(IceServer {
    urls: Vec<String>,
    username: Option<String>,
    credential: Option<String>,
});

impl IceServer {
    /// A server that needs no credentials.
    pub fn stun(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            ..Self::default()
        }
    }

    /// A relay with its credentials.
    pub fn turn(
        url: impl Into<String>,
        username: impl Into<String>,
        credential: impl Into<String>,
    ) -> Self {
        Self {
            username: Some(username.into()),
            credential: Some(credential.into()),
            ..Self::stun(url)
        }
    }
}

/// Which candidates may be used (`RTCIceTransportPolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the W3C's two words")]
pub enum IceTransportPolicy {
    /// Any.
    #[default]
    All,
    /// Relayed ones only.
    Relay,
}

words!(IceTransportPolicy, "ICE transport policy", { All => "all", Relay => "relay" });

/// Settings of a connection (`RTCConfiguration`, and what a program outside a browser may want).
///
/// ```
/// use ironrtc::{BundlePolicy, Configuration, IceServer};
///
/// let configuration = Configuration::default()
///     .ice_servers(vec![IceServer::stun("stun:stun.example.org")])
///     .bundle_policy(BundlePolicy::MaxBundle);
/// assert_eq!(configuration.ice_servers.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Configuration {
    /// STUN and TURN servers to ask for candidates. Default: none, so only addresses of this
    /// machine are told.
    pub ice_servers: Vec<IceServer>,
    /// Which candidates may be used. Default: `All` (webrtc-pc section 4.2.1).
    pub ice_transport_policy: IceTransportPolicy,
    /// How media sections share transports. Default: `Balanced` (webrtc-pc section 4.2.1).
    pub bundle_policy: BundlePolicy,
    /// The certificates to show; the first is used. Default: none, and then one is generated, with
    /// ECDSA on P-256 and valid for 30 days.
    pub certificates: Vec<Certificate>,
    /// Over 0: candidates are gathered before the first description. Default: 0 (webrtc-pc section
    /// 4.2.1).
    pub ice_candidate_pool_size: u8,
    /// Offer a data section even before a channel was made. Default: false.
    pub always_negotiate_data_channels: bool,
    /// Addresses to bind to instead of those of all interfaces; port 0 lets the system choose. An
    /// unspecified address such as `0.0.0.0` stands for all interfaces of its family. They are
    /// bound when the connection is made, so that a port in use is an error there. Default: none,
    /// which is all interfaces with a port each that the system chooses.
    pub bind: Vec<std::net::SocketAddr>,
    /// The codecs and header extensions of audio and video: what is offered and answered, in the
    /// order of preference, unless a transceiver says otherwise
    /// ([`set_codec_preferences`](crate::RtpTransceiver::set_codec_preferences)). Default: all that
    /// frames are read and written of.
    pub media: MediaConfig,
    /// ICE's timers and modes, lite among them. Each default stands with its field in
    /// [`IceConfig`].
    pub ice: IceConfig,
    /// SCTP's windows, timers and congestion control. Each default stands with its field in
    /// [`SctpConfig`].
    pub sctp: SctpConfig,
    /// Who is told what happens: [`observe::Recorder`](crate::observe::Recorder) writes files.
    pub observer: Observer,
}

setters!(Configuration {
    ice_servers: Vec<IceServer>,
    ice_transport_policy: IceTransportPolicy,
    bundle_policy: BundlePolicy,
    certificates: Vec<Certificate>,
    ice_candidate_pool_size: u8,
    always_negotiate_data_channels: bool,
    bind: Vec<std::net::SocketAddr>,
    media: MediaConfig,
    ice: IceConfig,
    sctp: SctpConfig,
    observer: Observer,
});

impl Configuration {
    /// What a connection's machine is told of the configuration about ICE.
    pub(crate) fn ice_config(&self) -> IceConfig {
        let mut ice = self.ice.clone();
        ice.relay_only |= self.relay_only();
        ice
    }

    pub(crate) fn relay_only(&self) -> bool {
        self.ice.relay_only || self.ice_transport_policy == IceTransportPolicy::Relay
    }

    /// The certificate to show: the first one configured, or a new one.
    pub(crate) fn certificate(&self, rng: &mut Rng) -> Result<Certificate, ConfigurationError> {
        let now = unix_now();
        // webrtc-pc section 4.4.1.1: none of them may have expired.
        if self.certificates.iter().any(|one| one.expires() <= now) {
            return Err(ConfigurationError::CertificateExpired);
        }
        match self.certificates.first() {
            Some(certificate) => Ok(certificate.clone()),
            None => Certificate::generate(CertificateOptions::default(), now, rng)
                .map_err(|error| ConfigurationError::Certificate(error.to_string())),
        }
    }

    /// Refuses a configuration that changes what is settled (webrtc-pc section 4.4.1.6).
    pub(crate) fn check_change(
        &self,
        new: &Self,
        described: bool,
    ) -> Result<(), ConfigurationError> {
        let settled = [
            (
                "certificates",
                new.certificates.is_empty() || new.certificates == self.certificates,
            ),
            ("bundle_policy", new.bundle_policy == self.bundle_policy),
            (
                "ice_candidate_pool_size",
                !described || new.ice_candidate_pool_size == self.ice_candidate_pool_size,
            ),
            (
                "always_negotiate_data_channels",
                new.always_negotiate_data_channels == self.always_negotiate_data_channels,
            ),
            ("bind", new.bind == self.bind),
            ("media", new.media == self.media),
            ("ice", new.ice == self.ice),
            ("sctp", new.sctp == self.sctp),
            ("observer", new.observer.is_same(&self.observer)),
        ];
        match settled.iter().find(|(_, same)| !same) {
            Some((name, _)) => Err(ConfigurationError::Unchangeable(name)),
            None => Ok(()),
        }
    }
}
