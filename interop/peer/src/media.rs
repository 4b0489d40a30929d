//! Commands about media.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ironrtc::{
    LocalTrack, MediaKind, PeerConnection, RemoteTrack, RtpCodec, RtpCodecError, RtpTransceiver,
    RtpTransceiverDirection, RtpTransceiverInit, TrackAdded, TrackEvent, TrackOrKind,
    TransceiverError, UnknownWord,
};
use ironrtc_interop_driven::{Failure, Reporter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::task::AbortHandle;

use crate::relay::{Relay, RelayConfig};

/// A track that is sent, and what feeds it.
struct Named {
    track: LocalTrack,
    source: Option<AbortHandle>,
}

/// Tracks by the names that the driving program gave them. What one connection receives others may
/// send.
#[derive(Clone, Default)]
pub(crate) struct Tracks(Arc<Mutex<BTreeMap<String, Named>>>);

impl Tracks {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Named>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, name: &str) -> Result<LocalTrack, Failure> {
        let found = self.lock().get(name).map(|it| it.track.clone());
        found.ok_or_else(|| Failure::usage(format!("no track {name:?}")))
    }

    fn create(&self, name: String, kind: MediaKind) {
        let track = match kind {
            MediaKind::Audio => LocalTrack::audio(),
            MediaKind::Video => LocalTrack::video(),
        };
        let named = Named {
            track,
            source: None,
        };
        self.lock().insert(name, named);
    }

    /// Feeds a track with what is received, in the place of what fed it before.
    fn feed(&self, name: &str, from: RemoteTrack) -> Result<(), Failure> {
        let track = self.get(name)?;
        let source = tokio::spawn(async move { from.forward(&track).await }).abort_handle();
        if let Some(named) = self.lock().get_mut(name) {
            let before = named.source.replace(source);
            before.inspect(AbortHandle::abort);
        }
        Ok(())
    }
}

/// The transceivers of a connection, each under the number that the driving program knows.
#[derive(Clone, Default)]
pub(crate) struct Transceivers(Arc<Mutex<Vec<RtpTransceiver>>>);

impl Transceivers {
    fn lock(&self) -> MutexGuard<'_, Vec<RtpTransceiver>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its number, a new one if it has none.
    fn number(&self, transceiver: &RtpTransceiver) -> usize {
        let mut known = self.lock();
        let found = known.iter().position(|it| it == transceiver);
        found.unwrap_or_else(|| {
            known.push(transceiver.clone());
            known.len() - 1
        })
    }

    fn get(&self, number: usize) -> Result<RtpTransceiver, Failure> {
        let found = self.lock().get(number).cloned();
        found.ok_or_else(|| Failure::usage(format!("no transceiver {number}")))
    }

    /// Tells of a track that the peer sends, and from now on of what happens to it.
    pub(crate) fn report(&self, reporter: &Reporter, added: &TrackAdded) {
        let number = self.number(&added.transceiver);
        reporter.event(
            "track",
            json!({
                "transceiver": number,
                "mid": added.transceiver.mid(),
                "kind": added.track.kind().as_str(),
                "track": added.track.id(),
                "streams": added.streams,
            }),
        );
    }
}

/// A command with its arguments.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Command {
    CreateTrack {
        track: String,
        kind: String,
    },
    SetEnabled {
        track: String,
        enabled: bool,
    },
    StopTrack {
        track: String,
    },
    AddTrack {
        track: String,
        #[serde(default)]
        streams: Vec<String>,
    },
    AddTransceiver {
        kind: Option<String>,
        track: Option<String>,
        direction: Option<String>,
        #[serde(default)]
        streams: Vec<String>,
    },
    Capabilities {
        kind: String,
    },
    Transceivers {},
    Echo {},
    RequestKeyFrames {},
    Relay(RelayConfig),
    #[serde(untagged)]
    Of(OfTransceiver),
}

/// A command to one transceiver.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum OfTransceiver {
    Forward {
        transceiver: usize,
        track: String,
    },
    RemoveTrack {
        transceiver: usize,
    },
    ReplaceTrack {
        transceiver: usize,
        track: Option<String>,
    },
    SetDirection {
        transceiver: usize,
        direction: String,
    },
    SetCodecPreferences {
        transceiver: usize,
        codecs: Vec<Codec>,
    },
    Stop {
        transceiver: usize,
    },
    WatchTrack {
        transceiver: usize,
    },
}

/// `RTCRtpCodec`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Codec {
    mime_type: String,
    clock_rate: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdp_fmtp_line: Option<String>,
}

impl Codec {
    fn read(&self) -> Result<RtpCodec, RtpCodecError> {
        let fmtp = self.sdp_fmtp_line.as_deref();
        RtpCodec::from_w3c(&self.mime_type, self.clock_rate, self.channels, fmtp)
    }

    fn write(codec: &RtpCodec) -> Self {
        Self {
            mime_type: codec.mime_type(),
            clock_rate: codec.clock_rate,
            channels: codec.channels,
            sdp_fmtp_line: codec.sdp_fmtp_line(),
        }
    }
}

/// The media of one connection.
pub(crate) struct Media {
    pc: PeerConnection,
    reporter: Reporter,
    tracks: Tracks,
    pub(crate) transceivers: Transceivers,
    relays: Mutex<Vec<Relay>>,
}

fn failed(error: TransceiverError) -> Failure {
    Failure::new(error.name(), error)
}

fn unknown(word: UnknownWord) -> Failure {
    Failure::new("TypeError", word)
}

impl Media {
    pub(crate) fn new(pc: PeerConnection, reporter: Reporter, tracks: Tracks) -> Self {
        Self {
            pc,
            reporter,
            tracks,
            transceivers: Transceivers::default(),
            relays: Mutex::default(),
        }
    }

    pub(crate) async fn run(
        &self,
        command: &str,
        arguments: Map<String, Value>,
    ) -> Result<Value, Failure> {
        let command: Command = serde_json::from_value(json!({ command: arguments }))
            .map_err(|error| Failure::new("UsageError", error))?;
        self.obey(command).await
    }

    async fn obey(&self, command: Command) -> Result<Value, Failure> {
        match command {
            Command::CreateTrack { track, kind } => {
                self.tracks.create(track, kind.parse().map_err(unknown)?);
            }
            Command::SetEnabled { track, enabled } => self.tracks.get(&track)?.set_enabled(enabled),
            Command::StopTrack { track } => self.tracks.get(&track)?.stop(),
            Command::AddTrack { track, streams } => {
                let track = self.tracks.get(&track)?;
                let sender = self.pc.add_track(&track, &streams).map_err(failed)?;
                return Ok(json!(self.transceivers.number(&sender.transceiver())));
            }
            Command::AddTransceiver {
                kind,
                track,
                direction,
                streams,
            } => return self.add_transceiver(kind, track, direction, streams),
            Command::Capabilities { kind } => {
                let capabilities = self.pc.get_capabilities(kind.parse().map_err(unknown)?);
                let codecs: Vec<Codec> = capabilities.codecs.iter().map(Codec::write).collect();
                return Ok(json!(codecs));
            }
            Command::Transceivers {} => return Ok(self.list()),
            Command::Echo {} => self.echo()?,
            Command::RequestKeyFrames {} => {
                for receiver in self.pc.receivers() {
                    receiver.track().request_key_frame();
                }
            }
            Command::Relay(config) => return self.relay(config).await,
            Command::Of(command) => self.obey_of(command)?,
        }
        Ok(Value::Null)
    }

    /// It lasts as long as the connection.
    async fn relay(&self, config: RelayConfig) -> Result<Value, Failure> {
        let relay = Relay::start(config).await;
        let relay = relay.map_err(|error| Failure::new("NetworkError", error))?;
        let ports = json!(relay.ports);
        let mut relays = self.relays.lock().unwrap_or_else(PoisonError::into_inner);
        relays.push(relay);
        Ok(ports)
    }

    fn obey_of(&self, command: OfTransceiver) -> Result<(), Failure> {
        match command {
            OfTransceiver::Forward { transceiver, track } => {
                let from = self.transceiver(transceiver)?.receiver().track();
                self.tracks.feed(&track, from)
            }
            OfTransceiver::RemoveTrack { transceiver } => {
                let sender = self.transceiver(transceiver)?.sender();
                self.pc.remove_track(&sender).map_err(failed)
            }
            OfTransceiver::ReplaceTrack { transceiver, track } => {
                let track = track.map(|name| self.tracks.get(&name)).transpose()?;
                let sender = self.transceiver(transceiver)?.sender();
                sender.replace_track(track.as_ref()).map_err(failed)
            }
            OfTransceiver::SetDirection {
                transceiver,
                direction,
            } => {
                let direction = direction.parse().map_err(unknown)?;
                let transceiver = self.transceiver(transceiver)?;
                transceiver.set_direction(direction).map_err(failed)
            }
            OfTransceiver::SetCodecPreferences {
                transceiver,
                codecs,
            } => {
                let codecs: Result<_, _> = codecs.iter().map(Codec::read).collect();
                let codecs = codecs.map_err(|error| Failure::new("TypeError", error))?;
                let transceiver = self.transceiver(transceiver)?;
                transceiver.set_codec_preferences(codecs).map_err(failed)
            }
            OfTransceiver::Stop { transceiver } => {
                self.transceiver(transceiver)?.stop().map_err(failed)
            }
            OfTransceiver::WatchTrack { transceiver } => self.watch(transceiver),
        }
    }

    /// All that there are get their numbers, in the order in which they were made.
    fn transceiver(&self, number: usize) -> Result<RtpTransceiver, Failure> {
        for transceiver in self.pc.transceivers() {
            self.transceivers.number(&transceiver);
        }
        self.transceivers.get(number)
    }

    fn add_transceiver(
        &self,
        kind: Option<String>,
        track: Option<String>,
        direction: Option<String>,
        streams: Vec<String>,
    ) -> Result<Value, Failure> {
        let what: TrackOrKind = match (track, kind) {
            (Some(name), _) => (&self.tracks.get(&name)?).into(),
            (None, kind) => {
                let kind: MediaKind = kind.unwrap_or_default().parse().map_err(unknown)?;
                kind.into()
            }
        };
        let mut init = RtpTransceiverInit::default().streams(streams);
        if let Some(direction) = direction {
            init.direction = direction.parse().map_err(unknown)?;
        }
        let made = self.pc.add_transceiver(what, init).map_err(failed)?;
        Ok(json!(self.transceivers.number(&made)))
    }

    /// Sends back what each transceiver receives that sends nothing yet.
    fn echo(&self) -> Result<(), Failure> {
        for transceiver in self.pc.transceivers() {
            let sender = transceiver.sender();
            if sender.track().is_some() || !transceiver.direction().receives() {
                continue;
            }
            let back = match transceiver.kind() {
                MediaKind::Audio => LocalTrack::audio(),
                MediaKind::Video => LocalTrack::video(),
            };
            sender.replace_track(Some(&back)).map_err(failed)?;
            sender.set_streams(&["echo"]).map_err(failed)?;
            let both = RtpTransceiverDirection::SendRecv;
            transceiver.set_direction(both).map_err(failed)?;
            let track = transceiver.receiver().track();
            tokio::spawn(async move { track.forward(&back).await });
        }
        Ok(())
    }

    /// Reports what happens to the track of a receiver.
    fn watch(&self, number: usize) -> Result<(), Failure> {
        let track = self.transceiver(number)?.receiver().track();
        let reporter = self.reporter.clone();
        tokio::spawn(async move {
            while let Some(event) = track.next_event().await {
                let name = match event {
                    TrackEvent::Mute => "mute",
                    TrackEvent::Unmute => "unmute",
                    TrackEvent::Ended => "ended",
                    _ => continue,
                };
                reporter.event(name, json!({ "transceiver": number }));
            }
        });
        Ok(())
    }

    fn list(&self) -> Value {
        let all = self.pc.transceivers();
        let list = all.iter().map(|it| {
            let track = it.receiver().track();
            json!({
                "transceiver": self.transceivers.number(it),
                "mid": it.mid(),
                "kind": it.kind().as_str(),
                "direction": it.direction().as_str(),
                "currentDirection": it.current_direction().map(|direction| direction.as_str()),
                "stopping": it.is_stopping(),
                "muted": track.muted(),
                "ended": track.is_ended(),
            })
        });
        list.collect()
    }
}
