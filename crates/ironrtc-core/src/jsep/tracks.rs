//! What an application does with tracks and transceivers (webrtc-pc section 5).

use super::{
    Direction, MediaConfig, Mid, Negotiator, ReceiveParameters, SendParameters, TrackChange,
    Transceiver, TransceiverError, TransceiverId, TransceiverInit,
};
use crate::rtp::{Codec, MediaKind, RtpCapabilities};
use crate::transport::TransportId;

impl Negotiator {
    /// The transceivers, in the order in which they were made (`getTransceivers`).
    pub fn transceivers(&self) -> impl DoubleEndedIterator<Item = &Transceiver> + Clone {
        self.transceivers.iter()
    }

    /// One of them.
    pub fn transceiver(&self, id: TransceiverId) -> Option<&Transceiver> {
        self.transceivers.get(id)
    }

    /// The transport that a transceiver's media goes over, once that was agreed on.
    pub fn transport_of(&self, id: TransceiverId) -> Option<TransportId> {
        Some(self.agreed_section(id)?.0)
    }

    /// What can be sent and received of a kind (`getCapabilities`).
    pub const fn capabilities(&self, kind: MediaKind) -> &RtpCapabilities {
        self.config.media.capabilities(kind)
    }

    /// Sends a track of that name in streams, with a transceiver that has sent nothing yet or a new
    /// one (`addTrack`).
    pub fn add_track(
        &mut self,
        kind: MediaKind,
        track: &str,
        streams: &[String],
    ) -> Result<TransceiverId, TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.add_track(kind, track, streams)
    }

    /// Sends a transceiver's track no more (`removeTrack`).
    pub fn remove_track(&mut self, id: TransceiverId) -> Result<(), TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.remove_track(id)
    }

    /// Sends another track, or none, where the first was (`replaceTrack`).
    pub fn replace_track(
        &mut self,
        id: TransceiverId,
        track: Option<(MediaKind, &str)>,
    ) -> Result<(), TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.replace_track(id, track)
    }

    /// Makes a transceiver, with a track to be sent or without (`addTransceiver`).
    pub fn add_transceiver(
        &mut self,
        kind: MediaKind,
        track: Option<&str>,
        init: TransceiverInit,
    ) -> Result<TransceiverId, TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.add_transceiver(kind, track, init)
    }

    /// Says which way a transceiver's media is to flow from the next exchange on (`direction`).
    pub fn set_direction(
        &mut self,
        id: TransceiverId,
        direction: Direction,
    ) -> Result<(), TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.set_direction(id, direction)
    }

    /// Says in which streams the peer is to see a transceiver's track (`setStreams`).
    pub fn set_streams(
        &mut self,
        id: TransceiverId,
        streams: &[String],
    ) -> Result<(), TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.set_streams(id, streams)
    }

    /// Ends a transceiver, at once here and with the next exchange there (`stop`). True if its track
    /// ends with that.
    pub fn stop_transceiver(&mut self, id: TransceiverId) -> Result<bool, TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.stop(id)
    }

    /// Says which codecs are offered and answered for a transceiver, in which order
    /// (`setCodecPreferences`). Without any it is all of the capabilities in theirs.
    pub fn set_codec_preferences(
        &mut self,
        id: TransceiverId,
        codecs: Vec<Codec>,
    ) -> Result<(), TransceiverError> {
        let media: &MediaConfig = &self.config.media;
        self.transceivers
            .set_codec_preferences(id, codecs, |kind| media.capabilities(kind))
    }

    /// What a transceiver's sender does, to be changed and set (`getParameters`).
    pub fn get_parameters(
        &mut self,
        id: TransceiverId,
    ) -> Result<SendParameters, TransceiverError> {
        let agreed = self.agreed_section(id).map(|(_, section)| section);
        let cname = self.transceivers.cname().to_owned();
        let transceiver = self.transceivers.get_mut(id)?;
        Ok(transceiver.get_parameters(&cname, agreed.as_ref()))
    }

    /// Changes what a transceiver's sender does (`setParameters`): the encodings, but for their
    /// number and names, in what the last [`get_parameters`](Self::get_parameters) gave.
    pub fn set_parameters(
        &mut self,
        id: TransceiverId,
        parameters: SendParameters,
    ) -> Result<(), TransceiverError> {
        self.check_not_closed()?;
        self.transceivers.set_parameters(id, parameters)
    }

    /// What a transceiver's receiver does (`RTCRtpReceiver.getParameters`).
    pub fn receive_parameters(&self, id: TransceiverId) -> ReceiveParameters {
        let agreed = self.agreed_section(id).map(|(_, section)| section);
        agreed.map_or_else(ReceiveParameters::default, ReceiveParameters::of)
    }

    /// Media has come in the section of that name: the first packet unmutes a track.
    pub fn on_media(&mut self, mid: &Mid) -> Option<TrackChange> {
        self.transceivers.on_media(mid)
    }

    /// All sources of the section of that name have said goodbye: its track is muted (webrtc-pc section
    /// 9.3), until media comes again.
    pub fn on_silence(&mut self, mid: &Mid) -> Option<TrackChange> {
        self.transceivers.on_silence(mid)
    }

    const fn check_not_closed(&self) -> Result<(), TransceiverError> {
        if self.closed {
            Err(TransceiverError::Closed)
        } else {
            Ok(())
        }
    }
}
