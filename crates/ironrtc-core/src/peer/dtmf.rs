//! Tones of a telephone (webrtc-pc section 7): what is to be played when.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::media::MediaEvent;
use super::{ConnectionState, Event, PeerConnection};
use crate::jsep::{TransceiverDirection as Direction, TransceiverId};
use crate::rtp::forward::Line;
use crate::rtp::{MediaKind, OutgoingExtensions, OutgoingPacket, ToneEvent};
use crate::time::Time;
use crate::wire::payload::dtmf;
use crate::wire::rtp::RtpTime;

/// The W3C's bounds of a tone, and of the pause behind it.
const DURATION: [Duration; 2] = [Duration::from_millis(40), Duration::from_millis(6_000)];
const GAP: [Duration; 2] = [Duration::from_millis(30), Duration::from_millis(6_000)];
/// What a comma stands for.
const PAUSE: Duration = Duration::from_secs(2);
/// Most tones that wait, which is more than an hour of them.
const MAX_TONES: usize = 16_384;

/// Why tones are not played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DtmfError {
    /// The W3C's `InvalidStateError`: `canInsertDTMF` is false.
    #[error(
        "the sender plays no tones now: it needs to be connected, to send audio, and telephone-event"
    )]
    InvalidState,
    /// The W3C's `InvalidCharacterError`.
    #[error("{0:?} is no tone: those are 0 to 9, A to D, # and *, and a comma is a pause")]
    InvalidCharacter(char),
    /// More than anybody dials.
    #[error("at most {MAX_TONES} tones wait to be played")]
    TooMany,
}

impl DtmfError {
    /// What the W3C calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidState => "InvalidStateError",
            Self::InvalidCharacter(_) => "InvalidCharacterError",
            Self::TooMany => "OperationError",
        }
    }
}

/// The tones of one sender.
#[derive(Debug)]
struct Tones {
    /// Those that are still to be played.
    buffer: VecDeque<char>,
    duration: Duration,
    gap: Duration,
    /// The tone that is played.
    playing: Option<ToneEvent>,
    /// When the next one follows, if any is awaited.
    next: Option<Time>,
}

/// The tones of all senders.
#[derive(Debug, Default)]
pub(super) struct Dtmf(BTreeMap<TransceiverId, Tones>);

impl Dtmf {
    pub(super) fn next_due(&self) -> Option<Time> {
        let due = |tones: &Tones| {
            let packet = tones.playing.as_ref().map(ToneEvent::next_due);
            [packet, tones.next].into_iter().flatten().min()
        };
        self.0.values().filter_map(due).min()
    }
}

impl PeerConnection {
    /// Whether tones can be played (`canInsertDTMF`): the sender is connected and sends audio, and the
    /// peer takes telephone-event.
    pub fn can_insert_dtmf(&self, id: TransceiverId) -> bool {
        let transceiver = self.negotiator.transceiver(id);
        let sends = transceiver.is_some_and(|transceiver| {
            let directions = [Some(Direction::SendRecv), Some(Direction::SendOnly)];
            transceiver.kind() == MediaKind::Audio
                && !transceiver.is_stopping()
                && directions.contains(&transceiver.current_direction())
        });
        let route = self.routes.get(id).filter(|_| sends);
        self.connection_state() == ConnectionState::Connected
            && route.is_some_and(|route| {
                let active = route.outgoing.first().is_some_and(|one| one.is_active);
                active && route.telephone_event().is_some()
            })
    }

    /// Plays tones instead of those that wait (`insertDTMF`): each so long, with such pauses between.
    pub fn insert_dtmf(
        &mut self,
        now: Time,
        id: TransceiverId,
        tones: &str,
        duration: Duration,
        gap: Duration,
    ) -> Result<(), DtmfError> {
        if !self.can_insert_dtmf(id) {
            return Err(DtmfError::InvalidState);
        }
        let is_tone = |tone: char| tone == ',' || dtmf::event(tone).is_some();
        if let Some(other) = tones.chars().find(|tone| !is_tone(*tone)) {
            return Err(DtmfError::InvalidCharacter(other));
        }
        if tones.len() > MAX_TONES {
            return Err(DtmfError::TooMany);
        }
        let all = self.dtmf.0.entry(id).or_insert_with(|| Tones {
            buffer: VecDeque::new(),
            duration: DURATION[0],
            gap: GAP[0],
            playing: None,
            next: None,
        });
        all.buffer = tones
            .chars()
            .map(|tone| tone.to_ascii_uppercase())
            .collect();
        all.duration = duration.clamp(DURATION[0], DURATION[1]);
        all.gap = gap.clamp(GAP[0], GAP[1]);
        if !all.buffer.is_empty() && all.next.is_none() {
            all.next = Some(now);
        }
        self.play_tones(now);
        Ok(())
    }

    /// The tones that are still to be played (`toneBuffer`).
    pub fn tone_buffer(&self, id: TransceiverId) -> String {
        let tones = self.dtmf.0.get(&id);
        tones.map_or_else(String::new, |tones| tones.buffer.iter().collect())
    }

    /// Does what is due of the tones.
    pub(super) fn play_tones(&mut self, now: Time) {
        let ids: Vec<_> = self.dtmf.0.keys().copied().collect();
        for id in ids {
            self.next_tone(now, id);
            self.send_tone(now, id);
        }
        self.dtmf
            .0
            .retain(|_, tones| tones.next.is_some() || tones.playing.is_some());
    }

    /// The W3C's playout task.
    fn next_tone(&mut self, now: Time, id: TransceiverId) {
        let is_due = |tones: &&mut Tones| tones.next.is_some_and(|next| next <= now);
        if self.dtmf.0.get_mut(&id).filter(is_due).is_none() {
            return;
        }
        let goes_on = self.can_insert_dtmf(id);
        let rate = self.tone_clock(id, now);
        let Some(tones) = self.dtmf.0.get_mut(&id) else {
            return;
        };
        tones.next = None;
        let Some((clock_rate, timestamp)) = rate.filter(|_| goes_on) else {
            tones.buffer.clear();
            tones.playing = None;
            return;
        };
        let tone = tones.buffer.pop_front();
        match tone {
            None => {}
            Some(',') => tones.next = Some(now + PAUSE),
            Some(tone) => {
                tones.next = Some(now + tones.duration + tones.gap);
                let event = dtmf::event(tone).unwrap_or_default();
                let (duration, gap) = (tones.duration, tones.gap);
                tones.playing = Some(ToneEvent::begin(
                    now, event, timestamp, clock_rate, duration, gap,
                ));
            }
        }
        let event = MediaEvent::ToneChange(tone);
        self.events.push_back(Event::Media(id, event));
    }

    /// The clock of the tones, and this moment's timestamp in the sender's stream.
    fn tone_clock(&mut self, id: TransceiverId, now: Time) -> Option<(u32, RtpTime)> {
        let route = self.routes.get_mut(id)?;
        let ssrc = route.outgoing.first()?.ssrc;
        let (_, clock_rate) = route.telephone_event()?;
        let timelines = &mut self.timelines;
        // RFC 3550 section 5.1: the first timestamp is random.
        let first = || Line::begin(timelines.u64(), RtpTime::default(), timelines.u32(), now);
        let line = route.lines.entry(ssrc).or_insert_with(first);
        Some((clock_rate, line.at(now, clock_rate)))
    }

    /// Sends the packets of a tone that are due.
    fn send_tone(&mut self, now: Time, id: TransceiverId) {
        let Some(tones) = self.dtmf.0.get_mut(&id) else {
            return;
        };
        let Some(playing) = &mut tones.playing else {
            return;
        };
        let route = self.routes.get_mut(id);
        let found = route.and_then(|route| {
            let ssrc = route.outgoing.first()?.ssrc;
            let (payload_type, _) = route.telephone_event()?;
            if let Some(forwarder) = route.forwarders.get_mut(&ssrc) {
                forwarder.interrupt();
            }
            let carrier = self.carriers.get_mut(route.transport)?;
            Some((carrier.transport.rtp_mut()?, ssrc, payload_type))
        });
        let Some((session, ssrc, payload_type)) = found else {
            tones.playing = None;
            return;
        };
        while let Some(packet) = playing.next_packet(now) {
            let outgoing = OutgoingPacket {
                payload_type,
                marker: packet.marker,
                timestamp: packet.timestamp,
                captured: playing.began(),
                payload: packet.report.write().to_vec().into(),
                extensions: OutgoingExtensions::default(),
                place: None,
            };
            // What there is no room for is like what is lost: others of the tone tell the same.
            let _ = session.send_packet(ssrc, outgoing);
        }
        if playing.is_over() {
            tones.playing = None;
        }
    }
}
