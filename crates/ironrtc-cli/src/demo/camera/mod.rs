//! A page's camera and microphone: sent back, recorded, or passed on to the pages that watch.

mod cast;
mod place;
mod recording;
mod screen;

use std::sync::Arc;

use ironrtc::{
    LocalTrack, MediaKind, PeerConnection, RemoteTrack, RtpTransceiver, RtpTransceiverDirection,
    TransceiverError,
};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::hub::{Hub, Person};
use crate::signal::Purpose;
use cast::Cast;
use recording::Recording;
use screen::Screen;

/// The stream in which a page sees itself.
const ECHO: &str = "echo";

/// What a page sends and watches. Whatever it has begun ends when this is dropped.
#[derive(Debug)]
pub(super) struct Camera {
    hub: Arc<Hub>,
    me: u64,
    name: Arc<str>,
    purpose: Option<Purpose>,
    /// The page's transceivers, of which each is used for the purpose that it was made for.
    known: Vec<RtpTransceiver>,
    /// Since [`Purpose::Forward`] was asked for.
    cast: Option<Cast>,
    /// Why the recording has ended, if not because the page wanted it.
    ended: Option<oneshot::Receiver<String>>,
    tasks: JoinSet<()>,
    screen: Screen,
}

impl Camera {
    pub(super) fn new(hub: Arc<Hub>, person: &Person) -> Self {
        Self {
            hub,
            me: person.id,
            name: Arc::clone(&person.name),
            purpose: None,
            known: Vec::new(),
            cast: None,
            ended: None,
            tasks: JoinSet::new(),
            screen: Screen::default(),
        }
    }

    /// What the page sends from now on is for this. The transceivers come with its next offer.
    pub(super) fn begin(&mut self, purpose: Option<Purpose>) {
        self.tasks.abort_all();
        self.ended = None;
        self.purpose = purpose;
        self.cast =
            (purpose == Some(Purpose::Forward)).then(|| Cast::new(&self.hub, self.me, &self.name));
    }

    /// Uses the transceivers that an offer of the page has brought; the answer has to come after.
    pub(super) fn adopt(&mut self, connection: &PeerConnection) -> Result<(), String> {
        while self.tasks.try_join_next().is_some() {}
        let all = connection.transceivers();
        self.known.retain(|known| all.contains(known));
        let is_new = |it: &RtpTransceiver| !self.known.contains(it) && !self.screen.shows(it);
        let new: Vec<RtpTransceiver> = all.into_iter().filter(is_new).collect();
        self.known.extend(new.iter().cloned());
        // A page has one camera and one microphone.
        let of = |kind| new.iter().find(|it| it.kind() == kind);
        let (audio, video) = (of(MediaKind::Audio), of(MediaKind::Video));
        let track = |it: &RtpTransceiver| it.receiver().track();
        match self.purpose {
            None => Ok(()),
            Some(_) if audio.is_none() && video.is_none() => Ok(()),
            Some(Purpose::Echo) => [audio, video]
                .into_iter()
                .flatten()
                .try_for_each(|it| self.echo(it))
                .map_err(|error| error.to_string()),
            Some(Purpose::Forward) => {
                for it in [audio, video].into_iter().flatten() {
                    self.forward(track(it));
                }
                Ok(())
            }
            Some(Purpose::Record) => self.record(audio.map(track), video.map(track)),
        }
    }

    fn echo(&mut self, transceiver: &RtpTransceiver) -> Result<(), TransceiverError> {
        let back = match transceiver.kind() {
            MediaKind::Audio => LocalTrack::audio(),
            MediaKind::Video => LocalTrack::video(),
        };
        let sender = transceiver.sender();
        sender.replace_track(Some(&back))?;
        sender.set_streams(&[ECHO])?;
        transceiver.set_direction(RtpTransceiverDirection::SendRecv)?;
        let track = transceiver.receiver().track();
        self.tasks.spawn(async move { track.forward(&back).await });
        Ok(())
    }

    fn forward(&mut self, track: RemoteTrack) {
        if let Some(cast) = &self.cast {
            let to = cast.track(track.kind()).clone();
            self.tasks.spawn(async move { track.forward(&to).await });
        }
    }

    fn record(
        &mut self,
        audio: Option<RemoteTrack>,
        video: Option<RemoteTrack>,
    ) -> Result<(), String> {
        let kinds = (audio.is_some(), video.is_some());
        let (recording, ended) = Recording::start(&self.hub, &self.name, kinds)?;
        self.ended = Some(ended);
        for track in [audio, video].into_iter().flatten() {
            self.tasks.spawn(recording.clone().take(track));
        }
        Ok(())
    }

    /// Waits until a recording ends by itself, and tells why. Can be called off.
    pub(super) async fn ended(&mut self) -> String {
        if let Some(ended) = &mut self.ended {
            let reason = ended.await;
            self.ended = None;
            if let Ok(reason) = reason {
                return reason;
            }
        }
        std::future::pending().await
    }

    /// Shows the page another one's camera, or none any more. What changes is offered to it.
    pub(super) fn watch(
        &mut self,
        connection: &PeerConnection,
        camera: Option<u64>,
    ) -> Result<(), String> {
        let tracks = match camera {
            Some(id) => Some(
                self.hub
                    .with_casts(|casts| casts.tracks(id))
                    .ok_or("that camera is off")?,
            ),
            None => None,
        };
        self.screen
            .show(connection, camera, tracks)
            .map_err(|error| error.to_string())
    }

    /// The cameras have changed: one that is off is not waited for.
    pub(super) fn on_change(&mut self, connection: &PeerConnection) -> Result<(), String> {
        match self.screen.shown() {
            Some(id) if self.hub.with_casts(|casts| casts.tracks(id)).is_none() => {
                self.watch(connection, None)
            }
            _ => Ok(()),
        }
    }
}
