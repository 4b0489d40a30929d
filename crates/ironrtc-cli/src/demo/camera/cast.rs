//! Passes a camera on to the pages that watch.

use std::sync::Arc;

use ironrtc::{LocalTrack, MediaKind};

use crate::demo::casts::CastTracks;
use crate::demo::hub::{Hub, News};

/// A camera that is passed on until this is dropped.
#[derive(Debug)]
pub(super) struct Cast {
    hub: Arc<Hub>,
    id: u64,
    tracks: CastTracks,
}

impl Cast {
    pub(super) fn new(hub: &Arc<Hub>, id: u64, name: &Arc<str>) -> Self {
        let tracks = CastTracks {
            audio: LocalTrack::audio(),
            video: LocalTrack::video(),
        };
        hub.with_casts(|casts| casts.insert(id, Arc::clone(name), tracks.clone()));
        hub.tell(News::Cameras);
        Self {
            hub: Arc::clone(hub),
            id,
            tracks,
        }
    }

    pub(super) const fn track(&self, kind: MediaKind) -> &LocalTrack {
        match kind {
            MediaKind::Audio => &self.tracks.audio,
            MediaKind::Video => &self.tracks.video,
        }
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        self.tracks.audio.stop();
        self.tracks.video.stop();
        self.hub.with_casts(|casts| casts.remove(self.id));
        self.hub.tell(News::Cameras);
    }
}
