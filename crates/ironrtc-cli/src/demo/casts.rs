//! Cameras that are passed on: one to many.

use std::collections::BTreeMap;
use std::sync::Arc;

use ironrtc::LocalTrack;

use crate::signal::CameraLine;

/// The tracks of a camera. Each page that watches sends them to its browser; a packet is shared by all.
#[derive(Clone, Debug)]
pub(super) struct CastTracks {
    pub(super) audio: LocalTrack,
    pub(super) video: LocalTrack,
}

/// All cameras that are passed on, by the number of their person.
#[derive(Debug, Default)]
pub(super) struct Casts(BTreeMap<u64, (Arc<str>, CastTracks)>);

impl Casts {
    /// One more.
    pub(super) fn insert(&mut self, id: u64, name: Arc<str>, tracks: CastTracks) {
        self.0.insert(id, (name, tracks));
    }

    /// It is off.
    pub(super) fn remove(&mut self, id: u64) {
        self.0.remove(&id);
    }

    /// The tracks of one of them.
    pub(super) fn tracks(&self, id: u64) -> Option<CastTracks> {
        self.0.get(&id).map(|(_, tracks)| tracks.clone())
    }

    /// All but one's own.
    pub(super) fn lines(&self, me: u64) -> Vec<CameraLine> {
        let others = self.0.iter().filter(|(id, _)| **id != me);
        let line = |(id, (name, _)): (&u64, &(Arc<str>, CastTracks))| CameraLine {
            id: *id,
            name: name.to_string(),
        };
        others.map(line).collect()
    }
}
