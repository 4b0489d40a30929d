//! Settings of a negotiator and of an offer.

use crate::dtls::Fingerprint;
use crate::rtp::{Codec, CodecName, HeaderExtension, MediaKind, RtpCapabilities};
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

/// What is said of media: an application that transcodes nothing leaves out what its other peers do
/// not take, or asks for what they like best.
///
/// ```
/// use ironrtc_core::jsep::MediaConfig;
/// use ironrtc_core::rtp::{CodecName, HeaderExtension};
///
/// let media = MediaConfig::default()
///     .without_codec(&CodecName::H264)
///     .preferring(&CodecName::Av1)
///     .without_header_extension(HeaderExtension::AbsoluteSendTime);
/// assert_eq!(media.video.codecs[0].name, CodecName::Av1);
/// ```
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
    /// Without the codecs of that name. Without [`CodecName::Rtx`] nothing is sent again, and
    /// without [`CodecName::Red`] sound has no redundancy.
    #[must_use]
    pub fn without_codec(mut self, name: &CodecName) -> Self {
        for kind in [&mut self.audio, &mut self.video] {
            kind.codecs.retain(|codec| codec.name != *name);
        }
        self
    }

    /// With the codecs of that name before all others.
    #[must_use]
    pub fn preferring(mut self, name: &CodecName) -> Self {
        for kind in [&mut self.audio, &mut self.video] {
            kind.codecs.sort_by_key(|codec| codec.name != *name);
        }
        self
    }

    /// With RED (RFC 2198) and ULPFEC (RFC 5109) of video, as a receiver: losses are then repaired
    /// without the time that a retransmission takes. Not so by default, since browsers wrap all of VP8
    /// in them as soon as they may, and send up to as much again.
    #[must_use]
    pub fn with_parity(mut self) -> Self {
        for name in [CodecName::Red, CodecName::UlpFec] {
            let codec = Codec::new(MediaKind::Video, name, 90_000).with_fmtp("");
            if !self.video.codecs.contains(&codec) {
                self.video.codecs.push(codec);
            }
        }
        self
    }

    /// Without that header extension.
    #[must_use]
    pub fn without_header_extension(mut self, extension: HeaderExtension) -> Self {
        for kind in [&mut self.audio, &mut self.video] {
            kind.header_extensions.retain(|known| *known != extension);
        }
        self
    }

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
