//! Frames on their way from a track to Python.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ironrtc::{EncodedFrame, RemoteTrack, TrackEvent};
use tokio::sync::Notify;

use crate::target::Target;

/// So many frames wait here. What Python does not take stays in the core, which drops the oldest
/// when that is too much.
const ROOM: usize = 32;

/// Frames that were received and not yet taken.
#[derive(Default)]
pub(crate) struct Incoming {
    frames: Mutex<VecDeque<EncodedFrame>>,
    room: Notify,
}

impl Incoming {
    /// Take up to `limit` frames.
    pub(crate) fn take(&self, limit: usize) -> Vec<EncodedFrame> {
        let mut frames = self.lock();
        let count = limit.min(frames.len());
        let taken = frames.drain(..count).collect();
        drop(frames);
        self.room.notify_one();
        taken
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<EncodedFrame>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Add a frame; true if it is the only one.
    fn push(&self, frame: EncodedFrame) -> bool {
        let mut frames = self.lock();
        frames.push_back(frame);
        frames.len() == 1
    }

    async fn has_room(&self) {
        while self.lock().len() >= ROOM {
            self.room.notified().await;
        }
    }
}

/// Bring the track's frames here, and say so, until it ends.
pub(crate) async fn read(track: RemoteTrack, incoming: Arc<Incoming>, target: Arc<Target>) {
    loop {
        incoming.has_room().await;
        let Some(frame) = track.recv_frame().await else {
            return;
        };
        if incoming.push(frame) {
            target.room().await;
            target.tell("readable", ());
        }
    }
}

/// Tell what happens to the track, until it ends.
pub(crate) async fn watch(track: RemoteTrack, target: Arc<Target>) {
    while let Some(event) = track.next_event().await {
        target.room().await;
        match event {
            TrackEvent::Mute => target.tell("mute", ()),
            TrackEvent::Unmute => target.tell("unmute", ()),
            TrackEvent::Ended => target.tell("ended", ()),
            _ => {}
        }
    }
}
