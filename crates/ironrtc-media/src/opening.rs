//! What a recording will have is known once something has come.

use ironrtc_core::wire::payload::Format;

use crate::{Container, Frame, Tracks};

/// Frames of sound after which nobody is expected to show anything: five seconds of Opus.
const SOUND_ALONE: usize = 250;

/// The frames before a recording is begun. Which tracks it has, and so its [`Container`], follows from
/// the first picture, whose format the peer has chosen; where none comes for five seconds, it is
/// recorded that nobody shows anything.
#[derive(Debug)]
pub struct Opening {
    audio: bool,
    video: bool,
    before: Vec<Frame>,
}

impl Opening {
    /// Of a recording of sound, pictures or both.
    pub const fn new(audio: bool, video: bool) -> Self {
        Self {
            audio,
            video,
            before: Vec::new(),
        }
    }

    /// Keeps a frame, and gives the tracks once they are known.
    pub fn push(&mut self, frame: Frame) -> Option<Tracks> {
        let picture = frame.format != Format::Opus;
        self.before.push(frame);
        let known = picture || !self.video || self.before.len() >= SOUND_ALONE;
        known.then(|| self.tracks()).flatten()
    }

    /// The tracks, if nothing more comes; none if nothing has come.
    pub fn tracks(&self) -> Option<Tracks> {
        let first = self.before.first()?;
        let mut formats = self.before.iter().map(|frame| frame.format);
        Some(Tracks {
            video: formats.find(|format| *format != Format::Opus),
            audio: (self.audio || first.format == Format::Opus).then_some(2),
        })
    }

    /// What was kept, to be written first.
    pub fn into_frames(self) -> Vec<Frame> {
        self.before
    }
}

impl Tracks {
    /// The file that browsers play these tracks from: WebM, or MP4 for H.264 and AV1.
    pub const fn container(self) -> Container {
        match self.video {
            Some(Format::H264 | Format::Av1) => Container::Mp4,
            _ => Container::WebM,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(format: Format) -> Frame {
        Frame {
            format,
            data: bytes::Bytes::from_static(b"frame"),
            time: Duration::ZERO,
            key: true,
        }
    }

    #[test]
    fn the_first_picture_decides() {
        let mut opening = Opening::new(true, true);
        assert_eq!(opening.tracks(), None);
        assert_eq!(opening.push(frame(Format::Opus)), None);
        let tracks = opening.push(frame(Format::H264)).unwrap();
        assert_eq!(tracks.video, Some(Format::H264));
        assert_eq!(tracks.audio, Some(2));
        assert_eq!(tracks.container(), Container::Mp4);
        assert_eq!(opening.into_frames().len(), 2);
        let mut silent = Opening::new(false, true);
        let tracks = silent.push(frame(Format::Vp8)).unwrap();
        assert_eq!(tracks.audio, None);
        assert_eq!(tracks.container(), Container::WebM);
    }

    #[test]
    fn sound_is_recorded_alone_where_nothing_is_shown() {
        let only = Tracks {
            video: None,
            audio: Some(2),
        };
        assert_eq!(
            Opening::new(true, false).push(frame(Format::Opus)),
            Some(only)
        );
        let mut opening = Opening::new(true, true);
        for _ in 1..SOUND_ALONE {
            assert_eq!(opening.push(frame(Format::Opus)), None);
        }
        assert_eq!(opening.tracks(), Some(only), "if it ends now");
        assert_eq!(opening.push(frame(Format::Opus)), Some(only));
    }
}
