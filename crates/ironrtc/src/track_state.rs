//! What the handles of received tracks and of senders wait for and refer to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Weak};

use ironrtc_core::jsep::{TrackChange, TransceiverId};
use ironrtc_core::peer::MediaEvent;
use tokio::sync::Notify;

use crate::local_track::{LocalTrack, Sink};
use crate::tone_changes::ToneChanges;
use crate::wait::wait_for;

const UNMUTED: u8 = 1;
const ENDED: u8 = 1 << 1;
/// What the application was told: the same two, so much further left.
const TOLD: u8 = 2;

/// What happened to a received track. A change that was undone before it was told is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrackEvent {
    /// `mute`: nothing comes for now.
    Mute,
    /// `unmute`: packets come.
    Unmute,
    /// `ended`: nothing follows.
    Ended,
}

/// The state of a received track.
#[derive(Debug, Default)]
pub(crate) struct TrackState {
    bits: AtomicU8,
    changed: Notify,
}

impl TrackState {
    pub(crate) fn is_muted(&self) -> bool {
        self.bits.load(Ordering::Acquire) & UNMUTED == 0
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.bits.load(Ordering::Acquire) & ENDED != 0
    }

    /// The next event; the inner `None` once the end was told.
    pub(crate) fn take_event(&self) -> Option<Option<TrackEvent>> {
        let bits = self.bits.load(Ordering::Acquire);
        let told = bits >> TOLD;
        if told & ENDED != 0 {
            return Some(None);
        }
        let (flag, event) = match (bits & ENDED != 0, bits & UNMUTED, told & UNMUTED) {
            (true, ..) => (ENDED, TrackEvent::Ended),
            (false, UNMUTED, 0) => (UNMUTED, TrackEvent::Unmute),
            (false, 0, UNMUTED) => (UNMUTED, TrackEvent::Mute),
            _ => return None,
        };
        self.bits.fetch_xor(flag << TOLD, Ordering::AcqRel);
        Some(Some(event))
    }

    fn unmute(&self) {
        self.bits.fetch_or(UNMUTED, Ordering::AcqRel);
        self.wake();
    }

    fn mute(&self) {
        self.bits.fetch_and(!UNMUTED, Ordering::AcqRel);
        self.wake();
    }

    fn end(&self) {
        self.bits.fetch_or(ENDED, Ordering::AcqRel);
        self.wake();
    }

    fn wake(&self) {
        self.changed.notify_waiters();
    }

    /// Waits until `ready` gives something. It is asked again after each change.
    pub(crate) async fn wait_for<T>(&self, ready: impl FnMut() -> Option<T>) -> T {
        wait_for(&self.changed, ready).await
    }
}

/// The tracks of a connection's transceivers. Its size is that of their number, which is bounded.
#[derive(Debug, Default)]
pub(crate) struct Media {
    received: BTreeMap<TransceiverId, Arc<TrackState>>,
    /// What is sent, and the connection as its track knows it.
    sent: BTreeMap<TransceiverId, (LocalTrack, Weak<dyn Sink>)>,
    /// The senders whose tones somebody asks for.
    tones: BTreeMap<TransceiverId, Arc<ToneChanges>>,
    closed: bool,
}

impl Media {
    /// The state of what a transceiver receives.
    pub(crate) fn track(&mut self, id: TransceiverId, has_ended: bool) -> Arc<TrackState> {
        if has_ended || self.closed {
            // Nothing will happen to it any more.
            let track = self.received.get(&id).cloned().unwrap_or_default();
            track.end();
            return track;
        }
        self.received.entry(id).or_default().clone()
    }

    /// The tones that a transceiver's sender plays.
    pub(crate) fn tones(&mut self, id: TransceiverId) -> Arc<ToneChanges> {
        let tones = self.tones.entry(id).or_default();
        if self.closed {
            tones.end();
        }
        tones.clone()
    }

    /// What a transceiver sends.
    pub(crate) fn sent(&self, id: TransceiverId) -> Option<&LocalTrack> {
        self.sent.get(&id).map(|(track, _)| track)
    }

    /// Whether a transceiver sends the track with this timeline.
    pub(crate) fn sends(&self, id: TransceiverId, timeline: u64) -> bool {
        let sent = self.sent.get(&id);
        sent.is_some_and(|(track, _)| track.timeline() == timeline)
    }

    /// A transceiver sends another track, or none. Both are told, under the connection's lock, so that
    /// of two who replace a track at the same time the later one is right in all places. Tracks do not
    /// hold their lock when they take that one.
    pub(crate) fn send(
        &mut self,
        connection: &Weak<dyn Sink>,
        id: TransceiverId,
        track: Option<&LocalTrack>,
    ) {
        self.detach(id);
        if let Some(track) = track {
            self.sent.insert(id, (track.clone(), connection.clone()));
            track.attach(connection.clone(), id);
        }
    }

    fn detach(&mut self, id: TransceiverId) {
        if let Some((track, connection)) = self.sent.remove(&id) {
            track.detach(&connection, id);
        }
    }

    pub(crate) fn on_event(&self, id: TransceiverId, event: MediaEvent) {
        match event {
            MediaEvent::Readable => {
                if let Some(track) = self.received.get(&id) {
                    track.wake();
                }
            }
            MediaEvent::KeyFrameRequested(rid) => {
                if let Some((track, _)) = self.sent.get(&id) {
                    track.request_key_frame(rid);
                }
            }
            MediaEvent::ToneChange(tone) => {
                if let Some(tones) = self.tones.get(&id) {
                    tones.push(tone);
                }
            }
            event => tracing::debug!(?event, "not known to this driver"),
        }
    }

    pub(crate) fn on_change(&mut self, change: &TrackChange) {
        match change {
            TrackChange::Muted(id) => {
                if let Some(track) = self.received.get(id) {
                    track.mute();
                }
            }
            TrackChange::Unmuted(id) => {
                // Its handle may not have been made yet.
                self.received.entry(*id).or_default().unmute();
            }
            TrackChange::Ended(id) => {
                // It sends nothing any more either.
                self.detach(*id);
                if let Some(tones) = self.tones.get(id) {
                    tones.end();
                }
                if let Some(track) = self.received.remove(id) {
                    track.end();
                }
            }
            _ => {}
        }
    }

    /// The connection is closed, and all tracks have ended.
    pub(crate) fn end(&mut self) {
        self.closed = true;
        self.received.values().for_each(|track| track.end());
        self.tones.values().for_each(|tones| tones.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_tells_each_change_once_and_nothing_after_its_end() {
        let track = TrackState::default();
        assert!(track.is_muted());
        assert_eq!(track.take_event(), None);
        track.unmute();
        track.unmute();
        assert_eq!(track.take_event(), Some(Some(TrackEvent::Unmute)));
        assert_eq!(track.take_event(), None);
        track.mute();
        track.unmute();
        assert_eq!(track.take_event(), None, "undone before it was told");
        track.mute();
        assert_eq!(track.take_event(), Some(Some(TrackEvent::Mute)));
        track.unmute();
        track.end();
        assert_eq!(track.take_event(), Some(Some(TrackEvent::Ended)));
        assert_eq!(track.take_event(), Some(None));
    }
}
