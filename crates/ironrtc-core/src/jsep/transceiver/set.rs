//! The transceivers of a connection, and what the application does with them (webrtc-pc section 5.1).

use super::{
    Encoding, EncodingParameters, Life, Origin, Receiver, SendParameters, Sender, Stable,
    Transceiver, TransceiverError, TransceiverId, TransceiverInit, encodings,
};
use crate::ids::{Mid, Ssrc};
use crate::jsep::Direction;
use crate::jsep::media::MAX_STREAMS;
use crate::rng::Rng;
use crate::rtp::{Codec, MediaKind, RtpCapabilities};
use crate::wire::sdp::MAX_MEDIA;

/// Most transceivers: as many as a description has sections.
const MAX_TRANSCEIVERS: usize = MAX_MEDIA;
/// Longest name of a stream (RFC 8830 section 2).
const MAX_STREAM_NAME: usize = 64;

/// The transceivers, in the order in which they were made.
#[derive(Clone, Debug)]
pub(in crate::jsep) struct Transceivers {
    pub(super) all: Vec<Transceiver>,
    next: u32,
    rng: Rng,
    /// The name of all of our sources (RFC 8834 section 4.9).
    cname: String,
}

impl Transceivers {
    pub(in crate::jsep) fn new(mut rng: Rng) -> Self {
        Self {
            all: Vec::new(),
            next: 0,
            // RFC 7022 section 4.2: at least 96 random bits, for this connection alone.
            cname: rng.ice_chars(16),
            rng,
        }
    }

    pub(in crate::jsep) fn iter(&self) -> impl DoubleEndedIterator<Item = &Transceiver> + Clone {
        self.all.iter()
    }

    pub(in crate::jsep) fn cname(&self) -> &str {
        &self.cname
    }

    pub(in crate::jsep) fn get(&self, id: TransceiverId) -> Option<&Transceiver> {
        self.all.iter().find(|transceiver| transceiver.id == id)
    }

    pub(in crate::jsep) fn get_mut(
        &mut self,
        id: TransceiverId,
    ) -> Result<&mut Transceiver, TransceiverError> {
        let found = self.all.iter_mut().find(|known| known.id == id);
        found.ok_or(match id.0 < self.next {
            true => TransceiverError::Stopped,
            false => TransceiverError::Unknown(id),
        })
    }

    /// The same; `None` for one that is gone, where the W3C has a call do nothing then.
    fn get_if_there(
        &mut self,
        id: TransceiverId,
    ) -> Result<Option<&mut Transceiver>, TransceiverError> {
        match self.get_mut(id) {
            Ok(found) => Ok(Some(found)),
            Err(TransceiverError::Stopped) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The one whose section has, or will have, that name.
    pub(in crate::jsep) fn of(&self, mid: &Mid) -> Option<&Transceiver> {
        self.all.iter().find(|transceiver| transceiver.is_of(mid))
    }

    pub(super) fn active(
        &mut self,
        id: TransceiverId,
    ) -> Result<&mut Transceiver, TransceiverError> {
        let transceiver = self.get_mut(id)?;
        match transceiver.life {
            Life::Active => Ok(transceiver),
            _ => Err(TransceiverError::Stopped),
        }
    }

    /// `addTrack`.
    pub(in crate::jsep) fn add_track(
        &mut self,
        kind: MediaKind,
        track: &str,
        streams: &[String],
    ) -> Result<TransceiverId, TransceiverError> {
        if self.sends(track) {
            return Err(TransceiverError::TrackIsSent(track.to_owned()));
        }
        check_streams(streams)?;
        let free = self.all.iter_mut().find(|known| {
            known.kind == kind
                && known.life == Life::Active
                && known.sender.track.is_none()
                && !known.sender.has_sent
        });
        if let Some(transceiver) = free {
            transceiver.sender.track = Some(track.to_owned());
            transceiver.sender.set_streams(streams);
            transceiver.direction = Direction::of(true, transceiver.direction.receives());
            // It stays when the offer that made it is taken back.
            if transceiver.origin == Origin::Offer {
                transceiver.origin = Origin::Track;
            }
            return Ok(transceiver.id);
        }
        let init = TransceiverInit::default().streams(streams.to_vec());
        self.add(kind, Some(track), init, Origin::Track)
    }

    /// `addTransceiver`.
    pub(in crate::jsep) fn add_transceiver(
        &mut self,
        kind: MediaKind,
        track: Option<&str>,
        init: TransceiverInit,
    ) -> Result<TransceiverId, TransceiverError> {
        let origin = if init.joins_offers {
            Origin::Joining
        } else {
            Origin::Application
        };
        self.add(kind, track, init, origin)
    }

    /// One for a section that the peer offers: it receives, and sends once the application says so.
    pub(super) fn add_for_offer(&mut self, kind: MediaKind) -> Option<&mut Transceiver> {
        let init = TransceiverInit::default().direction(Direction::RecvOnly);
        let id = self.add(kind, None, init, Origin::Offer).ok()?;
        self.get_mut(id).ok()
    }

    fn add(
        &mut self,
        kind: MediaKind,
        track: Option<&str>,
        init: TransceiverInit,
        origin: Origin,
    ) -> Result<TransceiverId, TransceiverError> {
        if self.all.len() >= MAX_TRANSCEIVERS {
            return Err(TransceiverError::TooMany(MAX_TRANSCEIVERS));
        }
        check_streams(&init.streams)?;
        let parameters = encodings::initial(kind, init.send_encodings)?;
        let encodings = parameters
            .into_iter()
            .map(|one| self.encoding(one))
            .collect();
        let mut sender = Sender {
            track: track.map(str::to_owned),
            name: uuid(&mut self.rng),
            streams: Vec::new(),
            encodings,
            parameters: encodings::Parameters::default(),
            has_sent: false,
        };
        sender.set_streams(&init.streams);
        let id = TransceiverId(self.next);
        self.next += 1;
        self.all.push(Transceiver {
            id,
            kind,
            mid: None,
            drafted: None,
            origin,
            life: Life::Active,
            direction: init.direction,
            current: None,
            fired: Direction::Inactive,
            preferences: Vec::new(),
            sender,
            receiver: Receiver {
                track: uuid(&mut self.rng),
                streams: Vec::new(),
                muted: true,
            },
            stable: Stable::default(),
        });
        Ok(id)
    }

    /// An encoding with sources of its own.
    pub(super) fn encoding(&mut self, parameters: EncodingParameters) -> Encoding {
        let mut fresh = || loop {
            // 0 is what others probe with (RFC 3550 section 8.1 has all be random).
            let ssrc = Ssrc::new(self.rng.u32());
            let used = (self.all.iter())
                .flat_map(|transceiver| &transceiver.sender.encodings)
                .any(|encoding| encoding.ssrc == ssrc || encoding.rtx == ssrc);
            if ssrc.get() != 0 && !used {
                return ssrc;
            }
        };
        Encoding {
            parameters,
            ssrc: fresh(),
            rtx: fresh(),
        }
    }

    fn sends(&self, track: &str) -> bool {
        let sends = |known: &Transceiver| {
            known.life == Life::Active && known.sender.track.as_deref() == Some(track)
        };
        self.all.iter().any(sends)
    }

    /// `removeTrack`: nothing is sent any more, and the transceiver stays.
    pub(in crate::jsep) fn remove_track(
        &mut self,
        id: TransceiverId,
    ) -> Result<(), TransceiverError> {
        if let Some(transceiver) = self.get_if_there(id)?
            && transceiver.life == Life::Active
            && transceiver.sender.track.take().is_some()
        {
            transceiver.direction = Direction::of(false, transceiver.direction.receives());
        }
        Ok(())
    }

    /// `replaceTrack`: another track goes on where the first one was, and the peer is told nothing.
    pub(in crate::jsep) fn replace_track(
        &mut self,
        id: TransceiverId,
        track: Option<(MediaKind, &str)>,
    ) -> Result<(), TransceiverError> {
        let kind = self.get_mut(id)?.kind;
        if track.is_some_and(|(other, _)| other != kind) {
            return Err(TransceiverError::Kind(kind));
        }
        let transceiver = self.active(id)?;
        transceiver.sender.track = track.map(|(_, track)| track.to_owned());
        Ok(())
    }

    /// `setStreams`.
    pub(in crate::jsep) fn set_streams(
        &mut self,
        id: TransceiverId,
        streams: &[String],
    ) -> Result<(), TransceiverError> {
        check_streams(streams)?;
        if let Some(transceiver) = self.get_if_there(id)? {
            transceiver.sender.set_streams(streams);
        }
        Ok(())
    }

    /// `direction`.
    pub(in crate::jsep) fn set_direction(
        &mut self,
        id: TransceiverId,
        direction: Direction,
    ) -> Result<(), TransceiverError> {
        self.active(id)?.direction = direction;
        Ok(())
    }

    /// The sections of an offer that was made are called so.
    pub(in crate::jsep) fn draft(&mut self, names: Vec<(TransceiverId, Mid)>) {
        for (id, mid) in names {
            if let Ok(transceiver) = self.get_mut(id) {
                transceiver.draft(mid);
            }
        }
    }

    /// `offerToReceiveAudio` and `offerToReceiveVideo`.
    pub(in crate::jsep) fn offer_to_receive(&mut self, kind: MediaKind, receive: bool) {
        let mut known =
            (self.all.iter_mut()).filter(|known| known.kind == kind && known.life == Life::Active);
        if !receive {
            known.for_each(|known| known.direction = Direction::of(known.direction.sends(), false));
        } else if !known.any(|known| known.direction.receives()) {
            let init = TransceiverInit::default().direction(Direction::RecvOnly);
            // At the bound the offer asks for no more.
            let _ = self.add(kind, None, init, Origin::Application);
        }
    }

    /// `stop`. One that the peer has never heard of is gone at once. True if its track ends.
    pub(in crate::jsep) fn stop(&mut self, id: TransceiverId) -> Result<bool, TransceiverError> {
        let transceiver = self.get_if_there(id)?;
        let Some(transceiver) = transceiver.filter(|known| known.life == Life::Active) else {
            return Ok(false);
        };
        transceiver.life = Life::Stopping;
        transceiver.direction = Direction::Inactive;
        transceiver.sender.track = None;
        if transceiver.mid.is_none() && transceiver.drafted.is_none() {
            self.all.retain(|known| known.id != id);
        }
        Ok(true)
    }

    /// `setParameters`.
    pub(in crate::jsep) fn set_parameters(
        &mut self,
        id: TransceiverId,
        parameters: SendParameters,
    ) -> Result<(), TransceiverError> {
        let transceiver = self.active(id)?;
        let kind = transceiver.kind;
        transceiver.sender.set_parameters(kind, parameters)
    }

    /// `setCodecPreferences`; none resets them.
    pub(in crate::jsep) fn set_codec_preferences<'a>(
        &mut self,
        id: TransceiverId,
        codecs: Vec<Codec>,
        capabilities: impl Fn(MediaKind) -> &'a RtpCapabilities,
    ) -> Result<(), TransceiverError> {
        let Some(transceiver) = self.get_if_there(id)? else {
            return Ok(());
        };
        let known = &capabilities(transceiver.kind).codecs;
        let mut preferences: Vec<Codec> = Vec::new();
        for codec in codecs {
            if !known.contains(&codec) {
                return Err(TransceiverError::Codec(codec.mime_type()));
            }
            if !preferences.contains(&codec) {
                preferences.push(codec);
            }
        }
        if !preferences.is_empty() && preferences.iter().all(|codec| codec.name.is_helper()) {
            return Err(TransceiverError::OnlyHelpers);
        }
        transceiver.preferences = preferences;
        Ok(())
    }
}

impl Sender {
    fn set_streams(&mut self, streams: &[String]) {
        self.streams.clear();
        for stream in streams {
            if !self.streams.contains(stream) {
                self.streams.push(stream.clone());
            }
        }
    }
}

/// RFC 8830 section 2: descriptions name streams by words.
fn check_streams(streams: &[String]) -> Result<(), TransceiverError> {
    let word = |stream: &String| {
        let longest = (1..=MAX_STREAM_NAME).contains(&stream.len());
        longest && stream != "-" && stream.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if streams.len() > MAX_STREAMS {
        return Err(TransceiverError::Streams(MAX_STREAMS));
    }
    match streams.iter().find(|stream| !word(stream)) {
        Some(bad) => Err(TransceiverError::Stream(bad.clone())),
        None => Ok(()),
    }
}

/// RFC 9562 section 5.4: the names of tracks look like those of browsers.
fn uuid(rng: &mut Rng) -> String {
    let number = (u128::from(rng.u64()) << 64) | u128::from(rng.u64());
    let number = number & !(0xF << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let parts: Vec<&str> = [0..8, 8..12, 12..16, 16..20, 20..32]
        .into_iter()
        .filter_map(|range| hex.get(range))
        .collect();
    parts.join("-")
}
