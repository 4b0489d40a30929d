//! Transceivers (webrtc-pc section 5): what is sent and received in a section, and how it is agreed.

mod changes;
mod encodings;
mod error;
mod need;
mod set;

pub use changes::TrackChange;
pub use encodings::{DegradationPreference, EncodingParameters, ReceiveParameters, SendParameters};
pub use error::TransceiverError;
pub(super) use set::Transceivers;

use super::Direction;
use crate::ids::{Mid, Ssrc};
use crate::rtp::{Codec, MediaKind, RtpSection};
use encodings::Parameters;

/// Names a transceiver of a connection, for as long as that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransceiverId(u32);

impl TransceiverId {
    /// Its number; the first is 0.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// What a new transceiver is told (`RTCRtpTransceiverInit`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TransceiverInit {
    /// Its direction.
    pub direction: Direction,
    /// The streams that its track is in.
    pub streams: Vec<String>,
    /// The encodings of a simulcast; empty for one.
    pub send_encodings: Vec<EncodingParameters>,
    /// A section that the peer offers may use it, whichever way its media flows. The W3C has only
    /// those of `addTrack` used so, and only where the peer receives.
    pub joins_offers: bool,
}

crate::setters::setters!(TransceiverInit {
    direction: Direction,
    streams: Vec<String>,
    send_encodings: Vec<EncodingParameters>,
    joins_offers: bool,
});

/// How a transceiver came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// By `addTrack`: an offer of the peer may use it (RFC 9429 section 5.10).
    Track,
    /// By `addTransceiver`.
    Application,
    /// By `addTransceiver`, for any offer of the peer to use.
    Joining,
    /// By an offer of the peer that may still be taken back.
    Offer,
}

/// How far its end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Active,
    /// `stop()` was called, and the peer does not know yet.
    Stopping,
    Stopped,
}

/// A sender and a receiver that share a section (`RTCRtpTransceiver`).
#[derive(Clone, Debug)]
pub struct Transceiver {
    id: TransceiverId,
    kind: MediaKind,
    mid: Option<Mid>,
    /// The name that its section has in an offer that was made, before it is applied.
    drafted: Option<Mid>,
    origin: Origin,
    life: Life,
    direction: Direction,
    current: Option<Direction>,
    /// `[[FiredDirection]]`: what the application has been told of the receiver's track.
    fired: Direction,
    preferences: Vec<Codec>,
    sender: Sender,
    receiver: Receiver,
    stable: Stable,
}

/// What a rollback goes back to.
#[derive(Clone, Debug, Default)]
struct Stable {
    mid: Option<Mid>,
    /// The streams of the receiver's track.
    streams: Vec<String>,
    /// The sender's encodings, where an offer has changed them.
    encodings: Option<Vec<Encoding>>,
    /// Something has come of the receiver's track.
    heard: bool,
}

/// The sending half (`RTCRtpSender`).
#[derive(Clone, Debug)]
pub struct Sender {
    /// The name of the track that is sent.
    track: Option<String>,
    /// The name of whatever is sent here, in descriptions (RFC 8830): it lasts.
    name: String,
    streams: Vec<String>,
    encodings: Vec<Encoding>,
    parameters: Parameters,
    /// It was agreed once that it sends.
    has_sent: bool,
}

/// One encoding and its sources.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Encoding {
    pub(super) parameters: EncodingParameters,
    pub(super) ssrc: Ssrc,
    pub(super) rtx: Ssrc,
}

/// The receiving half (`RTCRtpReceiver`).
#[derive(Clone, Debug)]
pub struct Receiver {
    /// The track's name.
    track: String,
    streams: Vec<String>,
    muted: bool,
}

impl Transceiver {
    /// Its name within the connection.
    pub const fn id(&self) -> TransceiverId {
        self.id
    }

    /// What it carries.
    pub const fn kind(&self) -> MediaKind {
        self.kind
    }

    /// The name of its section, once there is one.
    pub const fn mid(&self) -> Option<&Mid> {
        self.mid.as_ref()
    }

    /// What the application wants; the W3C calls it `stopped` once [`is_stopping`](Self::is_stopping).
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// What was agreed; the W3C calls it `stopped` once [`is_stopped`](Self::is_stopped).
    pub const fn current_direction(&self) -> Option<Direction> {
        self.current
    }

    /// It was stopped, and perhaps the peer does not know yet.
    pub fn is_stopping(&self) -> bool {
        self.life != Life::Active
    }

    /// It has ended on both sides.
    pub fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    /// The application was told that the peer sends (`[[FiredDirection]]`).
    pub const fn is_received(&self) -> bool {
        self.fired.receives()
    }

    /// Its sender.
    pub const fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Its receiver.
    pub const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// The codecs that the application prefers; empty where it has no preference.
    pub fn codec_preferences(&self) -> &[Codec] {
        &self.preferences
    }

    pub(super) fn get_parameters(
        &mut self,
        cname: &str,
        agreed: Option<&RtpSection>,
    ) -> SendParameters {
        self.sender.get_parameters(cname, agreed)
    }

    /// Whether a section of that name is, or will be, its own.
    pub(super) fn is_of(&self, mid: &Mid) -> bool {
        self.mid.as_ref().or(self.drafted.as_ref()) == Some(mid)
    }

    pub(super) const fn drafted(&self) -> Option<&Mid> {
        self.drafted.as_ref()
    }

    /// An offer was made that names its section so.
    pub(super) fn draft(&mut self, mid: Mid) {
        self.drafted = Some(mid);
    }
}

impl Sender {
    /// The name of the track that is sent, if there is one.
    pub fn track(&self) -> Option<&str> {
        self.track.as_deref()
    }

    /// The streams that the peer is told the track is in.
    pub fn streams(&self) -> &[String] {
        &self.streams
    }

    /// The name of what is sent, in descriptions.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn encodings(&self) -> &[Encoding] {
        &self.encodings
    }

    /// It was agreed once that it sends.
    pub(super) const fn has_sent(&self) -> bool {
        self.has_sent
    }

    /// A description has other encodings; parameters that were got before are not of these.
    fn set_encodings(&mut self, encodings: Vec<Encoding>) {
        self.encodings = encodings;
        self.forget_parameters();
    }
}

impl Receiver {
    /// The name of the track that is received.
    pub fn track(&self) -> &str {
        &self.track
    }

    /// Nothing has come of it yet, or nothing is to come.
    pub const fn is_muted(&self) -> bool {
        self.muted
    }

    /// The streams that it is in, as the peer says.
    pub fn streams(&self) -> &[String] {
        &self.streams
    }
}
