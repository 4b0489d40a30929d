//! Tracks and transceivers: what the application does with them takes effect at once where the peer
//! need not know, and asks for an exchange where it must.

use super::{Event, PeerConnection};
use crate::jsep::{
    SendParameters, Step, TrackChange, TransceiverDirection as Direction, TransceiverError,
    TransceiverId, TransceiverInit,
};
use crate::rtp::{Codec, MediaKind};
use crate::time::Time;

impl PeerConnection {
    /// Sends a track (`addTrack`): with a transceiver that has sent nothing yet, or a new one. The
    /// name tells tracks apart; the peer sees another.
    pub fn add_track(
        &mut self,
        kind: MediaKind,
        track: &str,
        streams: &[String],
    ) -> Result<TransceiverId, TransceiverError> {
        let id = self.negotiator.add_track(kind, track, streams)?;
        self.update_negotiation_needed();
        Ok(id)
    }

    /// Sends a transceiver's track no more (`removeTrack`).
    pub fn remove_track(&mut self, id: TransceiverId) -> Result<(), TransceiverError> {
        self.negotiator.remove_track(id)?;
        self.update_negotiation_needed();
        Ok(())
    }

    /// Sends another track, or none, where the first was (`replaceTrack`).
    pub fn replace_track(
        &mut self,
        id: TransceiverId,
        track: Option<(MediaKind, &str)>,
    ) -> Result<(), TransceiverError> {
        self.negotiator.replace_track(id, track)
    }

    /// Makes a transceiver (`addTransceiver`).
    pub fn add_transceiver(
        &mut self,
        kind: MediaKind,
        track: Option<&str>,
        init: TransceiverInit,
    ) -> Result<TransceiverId, TransceiverError> {
        let id = self.negotiator.add_transceiver(kind, track, init)?;
        self.update_negotiation_needed();
        Ok(id)
    }

    /// Says which way a transceiver's media is to flow from the next exchange on (`direction`).
    pub fn set_direction(
        &mut self,
        id: TransceiverId,
        direction: Direction,
    ) -> Result<(), TransceiverError> {
        self.negotiator.set_direction(id, direction)?;
        self.update_negotiation_needed();
        Ok(())
    }

    /// Says in which streams the peer is to see a transceiver's track (`setStreams`).
    pub fn set_streams(
        &mut self,
        id: TransceiverId,
        streams: &[String],
    ) -> Result<(), TransceiverError> {
        self.negotiator.set_streams(id, streams)?;
        self.update_negotiation_needed();
        Ok(())
    }

    /// Ends a transceiver (`stop`).
    pub fn stop_transceiver(
        &mut self,
        now: Time,
        id: TransceiverId,
    ) -> Result<(), TransceiverError> {
        if self.negotiator.stop_transceiver(id)? {
            self.events.push_back(Event::Track(TrackChange::Ended(id)));
        }
        self.update_transports(now);
        self.update_negotiation_needed();
        Ok(())
    }

    /// Says which codecs are offered and answered for a transceiver (`setCodecPreferences`).
    pub fn set_codec_preferences(
        &mut self,
        id: TransceiverId,
        codecs: Vec<Codec>,
    ) -> Result<(), TransceiverError> {
        self.negotiator.set_codec_preferences(id, codecs)
    }

    /// What a transceiver's sender does, to be changed and set (`getParameters`).
    pub fn get_parameters(
        &mut self,
        id: TransceiverId,
    ) -> Result<SendParameters, TransceiverError> {
        self.negotiator.get_parameters(id)
    }

    /// Changes what a transceiver's sender does (`setParameters`).
    pub fn set_parameters(
        &mut self,
        now: Time,
        id: TransceiverId,
        parameters: SendParameters,
    ) -> Result<(), TransceiverError> {
        self.negotiator.set_parameters(id, parameters)?;
        self.update_transports(now);
        Ok(())
    }

    fn update_transports(&mut self, now: Time) {
        for (id, step) in self.negotiator.updates() {
            if let (Step::Update(plan), Some(carrier)) = (step, self.carriers.get_mut(id)) {
                carrier.transport.apply(now, &plan);
                self.route_media(id, plan.rtp.as_ref());
            }
        }
    }
}
