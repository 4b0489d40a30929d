//! From the timestamps of a track to the time of a recording.

use std::time::Duration;

use ironrtc_core::peer::TrackFrame;

use crate::Frame;
use crate::frame::to_time;

/// How far a track's timestamps may be from the clock before they are taken for those of another
/// source, which begin anywhere.
const MAX_DRIFT: Duration = Duration::from_secs(5);

/// Places the frames of one track in a recording: the first one when it came, those after it by their
/// timestamps. All tracks of a recording share the clock, and so their beginning.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// When it began, and with which timestamp.
    begun: Option<(Duration, u64)>,
}

impl Timeline {
    /// Before the first frame.
    pub const fn new() -> Self {
        Self { begun: None }
    }

    /// The frame as a recording takes it; `elapsed` is the time since the recording began. None if
    /// files have no name for its codec.
    pub fn place(&mut self, elapsed: Duration, frame: &TrackFrame) -> Option<Frame> {
        let rate = frame.codec.clock_rate;
        let at = |(begin, first): (Duration, u64)| {
            begin.saturating_add(to_time(frame.time.saturating_sub(first), rate))
        };
        let fits = |begun: &(Duration, u64)| at(*begun).abs_diff(elapsed) <= MAX_DRIFT;
        let begun = self.begun.filter(fits).unwrap_or((elapsed, frame.time));
        self.begun = Some(begun);
        Some(Frame {
            format: frame.format()?,
            data: frame.data.clone(),
            time: at(begun),
            key: frame.key,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ironrtc_core::rtp::{Codec, CodecName, MediaKind};

    use super::*;

    fn frame(time: u32) -> TrackFrame {
        let codec = Codec::new(MediaKind::Video, CodecName::Vp8, 90_000);
        TrackFrame::new(Arc::new(codec), time, &b"picture"[..])
    }

    #[test]
    fn the_first_frame_is_when_it_came_and_the_others_follow_their_timestamps() {
        let mut timeline = Timeline::new();
        let mut at = |elapsed, time| {
            let placed = timeline.place(Duration::from_millis(elapsed), &frame(time));
            placed.unwrap().time.as_millis()
        };
        assert_eq!(at(700, 900_000), 700);
        assert_eq!(at(790, 903_600), 740, "late, and not shown late");
        assert_eq!(at(800, 909_000), 800);
    }

    #[test]
    fn another_source_begins_anew_when_it_comes() {
        let mut timeline = Timeline::new();
        let mut at = |elapsed, time| {
            let placed = timeline.place(Duration::from_secs(elapsed), &frame(time));
            placed.unwrap().time.as_secs()
        };
        assert_eq!(at(1, 90_000 * 100), 1);
        assert_eq!(at(3, 90_000 * 102), 3);
        assert_eq!(at(10, 0), 10, "its timestamps are lower");
        assert_eq!(at(12, 90_000 * 2), 12);
        assert_eq!(at(13, u32::MAX), 13, "or far ahead");
    }
}
