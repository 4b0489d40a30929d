//! What an application gives to be sent.

use bytes::Bytes;

use crate::ids::{PayloadType, Ssrc};
use crate::rtp::forward::Renumbering;
use crate::time::Time;
use crate::wire::payload::SplitError;
use crate::wire::rtp::{
    AbsCaptureTime, AudioLevel, ElementSet, ExtensionMap, Extensions, HeaderExtension,
    PlayoutDelay, RtpTime, VideoOrientation,
};

/// A packet to be sent. Its number is given to it when it leaves.
#[derive(Clone, Debug)]
pub struct OutgoingPacket {
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The payload's mark.
    pub marker: bool,
    /// Its timestamp.
    pub timestamp: RtpTime,
    /// When the moment of the timestamp was, by our clock: reports are made of it.
    pub captured: Time,
    /// The payload.
    pub payload: Bytes,
    /// What else the header says.
    pub extensions: OutgoingExtensions,
    /// Where it stood among others, if it is forwarded: what was lost or came late before stays so.
    /// Without it packets are numbered as they leave.
    pub place: Option<Place>,
}

/// Where a packet stood in the stream that it is forwarded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Tells streams apart: the numbers of two have nothing to do with each other.
    pub stream: u64,
    /// Its number there, unwrapped.
    pub position: u64,
    /// How its pictures are numbered here.
    pub renumbering: Renumbering,
}

/// The header extensions that an application gives. Those that the peer does not take are left out.
#[derive(Clone, Debug, Default)]
pub struct OutgoingExtensions {
    /// How loud the audio is.
    pub audio_level: Option<AudioLevel>,
    /// How the video is to be turned.
    pub orientation: Option<VideoOrientation>,
    /// How long to wait before video is shown.
    pub playout_delay: Option<PlayoutDelay>,
    /// When the first sample was captured.
    pub capture: Option<AbsCaptureTime>,
    /// A dependency descriptor.
    pub descriptor: Option<Bytes>,
    /// A video layers allocation.
    pub layers: Option<Bytes>,
}

/// Of the first octet of a dependency descriptor: the packet is the first of its frame, or the last
/// (section A.8.2 of the AV1 RTP specification).
const START_OF_FRAME: u8 = 0x80;
const END_OF_FRAME: u8 = 0x40;

impl OutgoingExtensions {
    /// The most bytes that they take, with their numbers and lengths.
    pub(super) fn max_bytes(&self) -> usize {
        let bytes = [&self.descriptor, &self.layers].into_iter().flatten();
        let fixed = [
            (self.audio_level.is_some(), 1),
            (self.orientation.is_some(), 1),
            (self.playout_delay.is_some(), 3),
            (self.capture.is_some(), 16),
        ];
        let fixed = fixed.into_iter().filter(|(is_there, _)| *is_there);
        let lengths = fixed.map(|(_, length)| length);
        lengths
            .chain(bytes.map(Bytes::len))
            .map(|length| 2 + length)
            .sum()
    }

    /// Those of one packet of a frame.
    pub(crate) fn of_packet(&self, is_first: bool, is_last: bool) -> Self {
        let descriptor = self.descriptor.as_ref().map(|descriptor| {
            let mut bytes = descriptor.to_vec();
            if let Some(head) = bytes.first_mut() {
                let start = if is_first { START_OF_FRAME } else { 0 };
                let end = if is_last { END_OF_FRAME } else { 0 };
                *head = *head & !(START_OF_FRAME | END_OF_FRAME) | start | end;
            }
            Bytes::from(bytes)
        });
        Self {
            descriptor,
            layers: self.layers.clone().filter(|_| is_first),
            ..*self
        }
    }

    /// What is to be said of a packet that goes on, as it was said when it came.
    pub(crate) fn of(extensions: &Extensions<'_>) -> Self {
        Self {
            audio_level: extensions.audio_level,
            orientation: extensions.orientation,
            playout_delay: extensions.playout_delay,
            capture: extensions.capture,
            descriptor: extensions.descriptor.map(Bytes::copy_from_slice),
            layers: extensions.layers.map(Bytes::copy_from_slice),
        }
    }

    pub(super) fn push(&self, map: &ExtensionMap, elements: &mut ElementSet) {
        if let (Some(level), Some(id)) = (self.audio_level, map.id(HeaderExtension::AudioLevel)) {
            level.push(id, elements);
        }
        let id = map.id(HeaderExtension::VideoOrientation);
        if let (Some(orientation), Some(id)) = (self.orientation, id) {
            orientation.push(id, elements);
        }
        let id = map.id(HeaderExtension::PlayoutDelay);
        if let (Some(delay), Some(id)) = (self.playout_delay, id) {
            delay.push(id, elements);
        }
        let id = map.id(HeaderExtension::AbsoluteCaptureTime);
        if let (Some(capture), Some(id)) = (self.capture, id) {
            capture.push(id, elements);
        }
        for (value, kind) in [
            (&self.descriptor, HeaderExtension::DependencyDescriptor),
            (&self.layers, HeaderExtension::VideoLayersAllocation),
        ] {
            if let (Some(value), Some(id)) = (value, map.id(kind)) {
                elements.push(id, value);
            }
        }
    }
}

/// Why a packet cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The plan has no such stream.
    #[error("no stream with the source {0} is sent")]
    UnknownStream(Ssrc),
    /// The stream is not sent now.
    #[error("the encoding is not active; make it active first")]
    Inactive,
    /// The section has no such payload.
    #[error("the payload type {0} was not negotiated for this section")]
    UnknownPayload(PayloadType),
    /// The payload does not fit a path.
    #[error(
        "a payload has at most {} bytes; cut it into several packets",
        OutgoingPacket::MAX_PAYLOAD
    )]
    TooLarge,
    /// Frames of this payload cannot be cut.
    #[error("frames of payload type {0} are not cut into packets here; send packets")]
    NotCut(PayloadType),
    /// The frame cannot be cut.
    #[error(transparent)]
    Frame(#[from] SplitError),
    /// Too much waits to be sent.
    #[error("too much waits to be sent; drop what is late, or encode at a lower rate")]
    Full,
}

impl OutgoingPacket {
    /// The longest payload.
    pub const MAX_PAYLOAD: usize = 1300;
}
