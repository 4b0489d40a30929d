//! A camera becomes a file, as its browser has encoded it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use ironrtc::RemoteTrack;
use ironrtc_media::{Frame, Opening, Recorder, Timeline, WriteError};
use tokio::sync::oneshot;

use super::place::Place;
use crate::demo::hub::Hub;
use crate::demo::shelf::Limits;

/// Frames that the disk may be behind: a few seconds of sound and pictures.
const BACKLOG: usize = 256;

/// Where the tracks of a recording bring their frames.
#[derive(Clone, Debug)]
pub(super) struct Recording {
    frames: SyncSender<Frame>,
    begun: Instant,
}

impl Recording {
    /// Begins one of sound, pictures or both. It ends when all its clones are gone, or tells why it has
    /// ended before.
    pub(super) fn start(
        hub: &Arc<Hub>,
        from: &Arc<str>,
        kinds: (bool, bool),
    ) -> Result<(Self, oneshot::Receiver<String>), String> {
        let place = Place::reserve(hub, from)?;
        let (frames, written) = sync_channel(BACKLOG);
        let (tell, ended) = oneshot::channel();
        let opening = Opening::new(kinds.0, kinds.1);
        // Disks make programs wait.
        tokio::task::spawn_blocking(move || {
            if let Err(reason) = write(place, opening, &written) {
                // A page that has left has nobody to tell.
                let _ = tell.send(reason);
            }
        });
        let begun = Instant::now();
        Ok((Self { frames, begun }, ended))
    }

    /// Brings a track's frames until it ends.
    pub(super) async fn take(self, track: RemoteTrack) {
        let (mut timeline, mut encoding) = (Timeline::new(), None);
        while let Some(frame) = track.recv_frame().await {
            // Of a simulcast, the encoding that comes first.
            if *encoding.get_or_insert_with(|| frame.rid.clone()) != frame.rid {
                continue;
            }
            let placed = timeline.place(self.begun.elapsed(), &frame);
            // A disk that is too slow costs frames, not the call.
            if placed.is_some_and(|frame| self.frames.try_send(frame).is_err()) {
                track.request_key_frame();
            }
        }
    }
}

/// Writes until no more frames come. The error is for people.
fn write(mut place: Place, mut opening: Opening, frames: &Receiver<Frame>) -> Result<(), String> {
    let known = frames.iter().find_map(|frame| opening.push(frame));
    let Some(tracks) = known.or_else(|| opening.tracks()) else {
        return Ok(());
    };
    let failed = |error: WriteError| format!("the recording has ended: {error}");
    let container = tracks.container();
    let written = Arc::new(AtomicU64::new(0));
    let file = Counted {
        file: BufWriter::new(place.create(container.extension())?),
        written: Arc::clone(&written),
    };
    let mut recorder = Recorder::new(file, container, tracks).map_err(failed)?;
    let limits = place.limits();
    let mut beginning = None;
    let mut reason = None;
    // What the recorder holds back counts.
    let mut taken = 0;
    for frame in opening.into_frames().into_iter().chain(frames.iter()) {
        let skipped = recorder.skipped();
        match recorder.write(&frame) {
            Ok(()) => {}
            // One that cannot be written is left out.
            Err(WriteError::Malformed(_) | WriteError::OutOfOrder | WriteError::NoTrack(_)) => {
                continue;
            }
            Err(error) => {
                reason = Some(failed(error));
                break;
            }
        }
        if recorder.skipped() > skipped {
            continue;
        }
        let begun = *beginning.get_or_insert(frame.time);
        let length = frame.time.saturating_sub(begun);
        taken += frame.data.len() as u64;
        let size = written.load(Ordering::Relaxed).max(taken);
        place.grow(size, length);
        reason = too_large(limits, size, length);
        if reason.is_some() {
            break;
        }
    }
    let finished = recorder.finish().map_err(failed);
    place.grow(written.load(Ordering::Relaxed), Duration::ZERO);
    finished?;
    reason.map_or(Ok(()), Err)
}

fn too_large(limits: Limits, size: u64, length: Duration) -> Option<String> {
    if length >= limits.length {
        let minutes = limits.length.as_secs() / 60;
        return Some(format!("a recording has at most {minutes} minutes"));
    }
    (size >= limits.size).then(|| {
        let mebibytes = limits.size >> 20;
        format!("a recording has at most {mebibytes} MiB")
    })
}

/// A file that knows its size.
struct Counted {
    file: BufWriter<File>,
    written: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.written.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ironrtc_media::Format;

    use super::*;
    use crate::demo::camera::place::tests::{folder, hub_with};

    fn frames(count: u32) -> Vec<Frame> {
        let frame = |number| Frame {
            format: Format::Opus,
            data: Bytes::from(vec![0xFC; 100]),
            time: Duration::from_millis(20) * number,
            key: true,
        };
        (0..count).map(frame).collect()
    }

    /// Records them under these limits, and gives the reason of an early end and the size of the file.
    fn recorded(name: &str, limits: Limits, frames: Vec<Frame>) -> (Result<(), String>, u64, f64) {
        let hub = hub_with(name, limits);
        let place = Place::reserve(&hub, &"Ada".into()).unwrap();
        let (sender, receiver) = sync_channel(frames.len());
        frames
            .into_iter()
            .for_each(|frame| sender.send(frame).unwrap());
        drop(sender);
        let result = write(place, Opening::new(true, false), &receiver);
        let lines = hub.with_shelf(|shelf| shelf.lines());
        let [line] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert!(!line.running);
        let path = hub.with_shelf(|shelf| shelf.path(&line.name)).unwrap();
        assert_eq!(std::fs::metadata(path).unwrap().len(), line.size);
        std::fs::remove_dir_all(folder(&hub)).unwrap();
        (result, line.size, line.seconds)
    }

    #[test]
    fn a_recording_ends_with_its_frames() {
        let (result, size, seconds) = recorded("whole", Limits::default(), frames(100));
        assert_eq!(result, Ok(()));
        assert!(size > 100 * 100, "{size}");
        assert!((1.9..=2.0).contains(&seconds), "{seconds}");
    }

    #[test]
    fn a_recording_ends_at_the_bounds_of_time_and_size() {
        let limits = Limits {
            length: Duration::from_secs(60),
            ..Limits::default()
        };
        let (result, _, seconds) = recorded("long", limits, frames(4000));
        assert!(result.unwrap_err().contains("at most 1 minutes"));
        assert!((60.0..60.1).contains(&seconds), "{seconds}");
        let limits = Limits {
            size: 1 << 20,
            ..Limits::default()
        };
        let (result, size, _) = recorded("large", limits, frames(20_000));
        assert!(result.unwrap_err().contains("at most 1 MiB"));
        assert!(size < (1 << 20) + 100_000, "{size}");
    }

    #[test]
    fn without_a_frame_there_is_no_file() {
        let hub = hub_with("nothing", Limits::default());
        let place = Place::reserve(&hub, &"Ada".into()).unwrap();
        let (_, receiver) = sync_channel(1);
        assert_eq!(write(place, Opening::new(true, true), &receiver), Ok(()));
        assert!(hub.with_shelf(|shelf| shelf.lines()).is_empty());
    }
}
