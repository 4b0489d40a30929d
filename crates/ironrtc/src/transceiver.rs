//! Transceivers with their senders and receivers.

use std::time::Duration;

use ironrtc_core::jsep::{
    ReceiveParameters, SendParameters, Transceiver, TransceiverDirection as Direction,
    TransceiverError, TransceiverId,
};
use ironrtc_core::peer::PeerConnection as Core;
use ironrtc_core::rtp::{Codec, LayerChoice, MediaKind, RtpCapabilities, SourceHeard};
use ironrtc_core::stats::StatsReport;
use ironrtc_core::time::Time;

use crate::clock::unix_now;
use crate::handle::Handle;
use crate::place::Place;
use crate::{DtlsTransport, DtmfSender, LocalTrack, Mid, RemoteTrack, Rid};

/// What a new transceiver carries: a track that is sent, or only media of a kind.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the W3C's union of two")]
pub enum TrackOrKind {
    /// A track, which is sent from the start.
    Track(LocalTrack),
    /// A kind. A track may follow.
    Kind(MediaKind),
}

impl From<&LocalTrack> for TrackOrKind {
    fn from(track: &LocalTrack) -> Self {
        Self::Track(track.clone())
    }
}

impl From<MediaKind> for TrackOrKind {
    fn from(kind: MediaKind) -> Self {
        Self::Kind(kind)
    }
}

/// A source that was heard (`RTCRtpContributingSource`, and `RTCRtpSynchronizationSource`, which is the
/// same).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RtpContributingSource {
    /// `timestamp`: when its last packet came, in milliseconds since 1970.
    pub timestamp: f64,
    /// `source`: its number, the SSRC.
    pub source: u32,
    /// `audioLevel`: how loud it was. 1 is the loudest that can be, 0 silence; `None` where the peer
    /// does not say it.
    pub audio_level: Option<f64>,
    /// `rtpTimestamp`: that of the packet.
    pub rtp_timestamp: u32,
}

impl RtpContributingSource {
    fn new(heard: &SourceHeard, now: Time, unix_now: Duration) -> Self {
        let at = unix_now.saturating_sub(now.since(heard.at));
        Self {
            timestamp: at.as_secs_f64() * 1_000.0,
            source: heard.source.get(),
            audio_level: heard.audio_level,
            rtp_timestamp: heard.rtp_timestamp.get(),
        }
    }
}

impl Place<TransceiverId> {
    fn read<R>(&self, read: impl FnOnce(&Transceiver) -> R) -> Option<R> {
        self.connection
            .read(|core| core.negotiator().transceiver(self.id).map(read))
    }

    fn transport(&self) -> Option<DtlsTransport> {
        let over = |core: &Core| core.negotiator().media_transport(self.id);
        let id = self.connection.read(over)?;
        Some(DtlsTransport::new(self.connection.clone(), id))
    }

    /// The part of the connection's statistics that is about the section, empty before there is one.
    fn stats(&self, part: impl FnOnce(&StatsReport, &Mid) -> StatsReport) -> StatsReport {
        let (now, unix_now) = (self.connection.clock.now(), unix_now());
        let mid = self.read(|it| it.mid().cloned()).flatten();
        mid.map_or_else(StatsReport::default, |mid| {
            let report = self.connection.read(|core| core.stats(now, unix_now));
            part(&report, &mid)
        })
    }
}

/// A sender and a receiver that share a media section (`RTCRtpTransceiver`). Clones are handles of
/// the same transceiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpTransceiver(Place<TransceiverId>);

/// The sending half of a transceiver (`RTCRtpSender`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpSender(Place<TransceiverId>);

/// The receiving half of a transceiver (`RTCRtpReceiver`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpReceiver(Place<TransceiverId>);

impl RtpTransceiver {
    pub(crate) const fn new(connection: Handle<Core>, id: TransceiverId) -> Self {
        Self(Place { connection, id })
    }

    /// What it carries.
    pub fn kind(&self) -> MediaKind {
        self.0
            .read(Transceiver::kind)
            .unwrap_or_else(|| self.receiver().track().kind())
    }

    /// `mid`: the name of its section, once there is one.
    pub fn mid(&self) -> Option<String> {
        self.0.read(|it| it.mid().map(ToString::to_string))?
    }

    /// `direction`; the W3C calls it `stopped` once [`is_stopping`](Self::is_stopping).
    pub fn direction(&self) -> Direction {
        self.0
            .read(Transceiver::direction)
            .unwrap_or(Direction::Inactive)
    }

    /// Sets `direction`, which counts from the next exchange of descriptions on.
    pub fn set_direction(&self, direction: Direction) -> Result<(), TransceiverError> {
        let id = self.0.id;
        self.0
            .connection
            .change(|core, _| core.set_direction(id, direction))
    }

    /// `currentDirection`: what was agreed; `None` before that, and once it is stopped.
    pub fn current_direction(&self) -> Option<Direction> {
        self.0.read(Transceiver::current_direction)?
    }

    /// It was stopped here, and perhaps the peer does not know yet.
    pub fn is_stopping(&self) -> bool {
        self.0.read(Transceiver::is_stopping).unwrap_or(true)
    }

    /// It has ended on both sides, or the offer that made it was taken back.
    pub fn is_stopped(&self) -> bool {
        self.0.read(Transceiver::is_stopped).unwrap_or(true)
    }

    /// `stop`: ends it, at once here, and at the peer with the next exchange of descriptions.
    pub fn stop(&self) -> Result<(), TransceiverError> {
        let id = self.0.id;
        self.0.connection.send_track(None, |core, now| {
            core.stop_transceiver(now, id)?;
            Ok(id)
        })?;
        Ok(())
    }

    /// `setCodecPreferences`: which codecs are offered and answered, in which order; none for those of
    /// the connection. RTX and RED are only used where they are among the preferences.
    ///
    /// # Errors
    ///
    /// [`TransceiverError::Codec`] for a codec that is not among the
    /// [capabilities](crate::PeerConnection::get_capabilities), [`TransceiverError::OnlyHelpers`]
    /// where none of them carries media: both are an `InvalidModificationError`.
    pub fn set_codec_preferences(&self, codecs: Vec<Codec>) -> Result<(), TransceiverError> {
        let id = self.0.id;
        self.0
            .connection
            .change(|core, _| core.set_codec_preferences(id, codecs))
    }

    /// `sender`.
    pub fn sender(&self) -> RtpSender {
        RtpSender(self.0.clone())
    }

    /// `receiver`.
    pub fn receiver(&self) -> RtpReceiver {
        RtpReceiver(self.0.clone())
    }
}

impl RtpSender {
    pub(crate) const fn new(connection: Handle<Core>, id: TransceiverId) -> Self {
        Self(Place { connection, id })
    }

    /// `RTCRtpSender.getCapabilities`: what can be sent of a kind, of any connection whose
    /// [`Configuration::media`](crate::Configuration::media) says nothing else. What one connection
    /// can is what [`PeerConnection::get_capabilities`](crate::PeerConnection::get_capabilities) gives.
    pub fn get_capabilities(kind: MediaKind) -> RtpCapabilities {
        RtpCapabilities::usual(kind)
    }

    pub(crate) const fn id(&self) -> TransceiverId {
        self.0.id
    }

    /// It is of this connection.
    pub(crate) fn is_of(&self, connection: &Handle<Core>) -> bool {
        self.0.is_of(connection)
    }

    /// The transceiver that it is of.
    pub fn transceiver(&self) -> RtpTransceiver {
        RtpTransceiver(self.0.clone())
    }

    /// `track`: what is sent, if anything is.
    pub fn track(&self) -> Option<LocalTrack> {
        let core = self.0.connection.lock();
        let transceiver = core.machine.negotiator().transceiver(self.0.id);
        // Stopping takes it away.
        transceiver?.sender().track()?;
        core.media.sent(self.0.id).cloned()
    }

    /// `transport`: what it sends over, once a description says so. An answer that bundles sections has
    /// it be that of the others.
    pub fn transport(&self) -> Option<DtlsTransport> {
        self.0.transport()
    }

    /// `replaceTrack`: sends another track, or none. The peer notices nothing but other content: the
    /// stream, its numbers and timestamps go on.
    pub fn replace_track(&self, track: Option<&LocalTrack>) -> Result<(), TransceiverError> {
        let named = track.map(|track| (track.kind(), track.id()));
        let id = self.0.id;
        self.0.connection.send_track(track, |core, _| {
            core.replace_track(id, named)?;
            Ok(id)
        })?;
        Ok(())
    }

    /// Chooses which layer of a simulcast goes on where the track is one that packets are forwarded
    /// to: [`RemoteTrack::forward`], or [`LocalTrack::write_packet`] with packets of a
    /// [`RemoteTrack`]. The layer changes with its next key frame, which is asked for.
    pub fn set_layer_choice(&self, choice: LayerChoice) {
        let id = self.0.id;
        self.0
            .connection
            .change(|core, _| core.set_layer_choice(id, choice));
    }

    /// The layer that is forwarded at present, if that has a name.
    pub fn forwarded_layer(&self) -> Option<Rid> {
        self.0
            .connection
            .read(|core| core.forwarded_layer(self.0.id).cloned())
    }

    /// `setStreams`: in which streams the peer is to see the track.
    pub fn set_streams<S: AsRef<str>>(&self, streams: &[S]) -> Result<(), TransceiverError> {
        let id = self.0.id;
        let streams = names(streams);
        self.0
            .connection
            .change(|core, _| core.set_streams(id, &streams))
    }

    /// `getParameters`: what it does, to be changed and set.
    pub fn get_parameters(&self) -> Result<SendParameters, TransceiverError> {
        let id = self.0.id;
        self.0.connection.change(|core, _| core.get_parameters(id))
    }

    /// `setParameters`: changes what it does, in what the last
    /// [`get_parameters`](Self::get_parameters) gave.
    pub fn set_parameters(&self, parameters: SendParameters) -> Result<(), TransceiverError> {
        let id = self.0.id;
        self.0
            .connection
            .change(|core, now| core.set_parameters(now, id, parameters))
    }

    /// `dtmf`: plays tones of a telephone; none for video.
    pub fn dtmf(&self) -> Option<DtmfSender> {
        let is_audio = self.transceiver().kind() == MediaKind::Audio;
        is_audio.then(|| DtmfSender::new(self.0.connection.clone(), self.0.id))
    }

    /// `getStats`: what is sent, and what that has to do with.
    pub async fn get_stats(&self) -> StatsReport {
        self.0.stats(StatsReport::of_sender)
    }
}

impl RtpReceiver {
    /// `RTCRtpReceiver.getCapabilities`: what can be received of a kind; it is what can be sent, too.
    pub fn get_capabilities(kind: MediaKind) -> RtpCapabilities {
        RtpCapabilities::usual(kind)
    }

    /// The transceiver that it is of.
    pub fn transceiver(&self) -> RtpTransceiver {
        RtpTransceiver(self.0.clone())
    }

    /// `track`: what is received. It is there from the start, and muted until something comes.
    pub fn track(&self) -> RemoteTrack {
        RemoteTrack::new(self.0.connection.clone(), self.0.id)
    }

    /// The peer has described a track that it sends here, of which [`Event::Track`](crate::Event::Track)
    /// tells.
    pub fn is_receiving(&self) -> bool {
        self.0.read(Transceiver::is_received).unwrap_or(false)
    }

    /// `transport`: what it receives over, which is the sender's.
    pub fn transport(&self) -> Option<DtlsTransport> {
        self.0.transport()
    }

    /// The streams that the track is in, as the peer says.
    pub fn streams(&self) -> Vec<String> {
        let streams = self.0.read(|it| it.receiver().streams().to_vec());
        streams.unwrap_or_default()
    }

    /// `getParameters`: what was agreed on.
    pub fn get_parameters(&self) -> ReceiveParameters {
        self.0
            .connection
            .read(|core| core.negotiator().receive_parameters(self.0.id))
    }

    /// `getSynchronizationSources`: the sources of the track's packets in the last ten seconds, the last
    /// one first.
    pub fn get_synchronization_sources(&self) -> Vec<RtpContributingSource> {
        let id = self.0.id;
        self.heard(|core, now| core.synchronization_sources(now, id))
    }

    /// `getContributingSources`: the sources that a mixer has put into the track in the last ten
    /// seconds, the last one first. Packets of browsers have none; those of conference servers may.
    pub fn get_contributing_sources(&self) -> Vec<RtpContributingSource> {
        let id = self.0.id;
        self.heard(|core, now| core.contributing_sources(now, id))
    }

    fn heard(
        &self,
        read: impl FnOnce(&Core, Time) -> Vec<SourceHeard>,
    ) -> Vec<RtpContributingSource> {
        let (now, unix_now) = (self.0.connection.clock.now(), unix_now());
        let heard = self.0.connection.read(|core| read(core, now));
        let told = |one: SourceHeard| RtpContributingSource::new(&one, now, unix_now);
        heard.into_iter().map(told).collect()
    }

    /// `getStats`: what is received, and what that has to do with.
    pub async fn get_stats(&self) -> StatsReport {
        self.0.stats(StatsReport::of_receiver)
    }
}

/// The names of streams, owned.
pub(crate) fn names<S: AsRef<str>>(streams: &[S]) -> Vec<String> {
    let names = streams.iter().map(|name| name.as_ref().to_owned());
    names.collect()
}
