//! Settings of a negotiator and of an offer.

use crate::dtls::Fingerprint;
use crate::rtp::{MediaKind, RtpCapabilities};
use crate::setters::setters;
use crate::words::words;

/// How sections share transports (`RTCBundlePolicy`). With one data section all are alike; the
/// policy decides once there is media.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BundlePolicy {
    /// One transport per kind of media if the peer does not bundle.
    #[default]
    Balanced,
    /// One transport per section if the peer does not bundle.
    MaxCompat,
    /// One transport.
    MaxBundle,
}

words!(BundlePolicy, "bundle policy", {
    Balanced => "balanced",
    MaxCompat => "max-compat",
    MaxBundle => "max-bundle",
});

/// What is said of media.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaConfig {
    /// What can be sent and received of sound.
    pub audio: RtpCapabilities,
    /// What can be sent and received of pictures.
    pub video: RtpCapabilities,
    /// Header extensions and contributing sources are encrypted if the peer knows that (RFC 9335).
    pub cryptex: bool,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            audio: RtpCapabilities::usual(MediaKind::Audio),
            video: RtpCapabilities::usual(MediaKind::Video),
            cryptex: true,
        }
    }
}

setters!(MediaConfig {
    audio: RtpCapabilities,
    video: RtpCapabilities,
    cryptex: bool,
});

impl MediaConfig {
    /// What can be sent and received of a kind.
    pub const fn capabilities(&self, kind: MediaKind) -> &RtpCapabilities {
        match kind {
            MediaKind::Audio => &self.audio,
            MediaKind::Video => &self.video,
        }
    }
}

/// Settings of a negotiator.
#[derive(Clone, Debug)]
pub struct JsepConfig {
    /// How sections share transports.
    pub bundle_policy: BundlePolicy,
    /// Our certificate's fingerprints. Descriptions say the one under SHA-256, if it is here.
    pub fingerprints: Vec<Fingerprint>,
    /// Offer a data section even before a channel was made.
    pub always_negotiate_data_channels: bool,
    /// The largest message that we accept, in bytes; 0 for any size.
    pub max_message_size: u64,
    /// We only answer checks (RFC 8445 section 2.5).
    pub ice_lite: bool,
    /// What is said of media.
    pub media: MediaConfig,
}

/// Options of `create_offer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OfferOptions {
    /// Restart ICE with this offer.
    pub ice_restart: bool,
    /// `offerToReceiveAudio`, before there were transceivers: all of them are to receive or none,
    /// and one is made if there is none.
    pub offer_to_receive_audio: Option<bool>,
    /// The same of video.
    pub offer_to_receive_video: Option<bool>,
}

setters!(OfferOptions {
    ice_restart: bool,
    offer_to_receive_audio: Option<bool>,
    offer_to_receive_video: Option<bool>,
});
