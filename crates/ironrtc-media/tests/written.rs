//! What was written comes back.

use std::time::Duration;

use bytes::Bytes;
use ironrtc_media::{
    Container, Format, Frame, Player, ReadError, Recorder, Tracks, WriteError, ivf, mp4, ogg, webm,
};

use crate::support::{ivf_frames, opus_frames, vector, videos, webm, with_sound};

#[test]
fn ivf_comes_back_as_it_was() {
    for (format, frames) in videos() {
        if format == Format::H264 {
            assert!(matches!(
                ivf::Writer::new(vec![], format),
                Err(WriteError::NoTrack(_))
            ));
            continue;
        }
        let mut writer = ivf::Writer::new(Vec::new(), format).expect("a format of IVF");
        for frame in &frames {
            writer.write(frame).expect("written");
        }
        let file = writer.finish().expect("written");
        assert!(ivf_frames(&file) == frames, "{format:?}");
    }
}

#[test]
fn opus_in_ogg_comes_back_with_its_times() {
    let frames = opus_frames(&vector("output.ogg"));
    assert_eq!(frames.len(), 4_541);
    let mut writer = ogg::Writer::new(Vec::new(), 2).expect("headers");
    for frame in &frames {
        writer.write(frame).expect("written");
    }
    let file = writer.finish().expect("written");
    assert!(opus_frames(&file) == frames);
}

#[test]
fn silence_that_was_not_sent_stays_in_ogg() {
    let mut frames = opus_frames(&vector("output.ogg"));
    frames.truncate(300);
    for frame in frames.iter_mut().skip(100) {
        frame.time += Duration::from_millis(400);
    }
    for frame in frames.iter_mut().skip(200) {
        frame.time += Duration::from_secs(3);
    }
    let mut writer = ogg::Writer::new(Vec::new(), 2).expect("headers");
    for frame in &frames {
        writer.write(frame).expect("written");
    }
    let file = writer.finish().expect("written");
    assert!(opus_frames(&file) == frames);
}

#[test]
fn streams_beside_the_first_are_left_out_of_ogg() {
    let frames = opus_frames(&vector("playlist.ogg"));
    assert_eq!(frames.len(), 401);
}

#[test]
fn webm_comes_back_in_milliseconds() {
    for (format, video) in videos() {
        let frames = with_sound(video);
        let tracks = Tracks {
            video: Some(format),
            audio: Some(2),
        };
        let mut writer = webm::Writer::new(Vec::new(), tracks).expect("tracks");
        for frame in &frames {
            writer.write(frame).expect("written");
        }
        // Sound that sorts before the first picture.
        assert!(writer.skipped() <= 1);
        let skipped = writer.skipped() as usize;
        let read = webm(&writer.finish().expect("written"));
        assert_eq!(read.len(), frames.len() - skipped, "{format:?}");
        let frames = frames.iter().skip(skipped);
        for (read, frame) in read.iter().zip(frames) {
            assert_eq!(read.format, frame.format);
            assert_eq!(read.key, frame.key);
            let apart = read.time.abs_diff(frame.time);
            assert!(apart <= Duration::from_millis(1), "{apart:?}");
            // Parameter sets may be written twice, once for the header.
            assert!(read.data.ends_with(&frame.data) || frame.format == Format::H264);
        }
    }
}

#[test]
fn a_recording_begins_with_a_key_frame_and_counts_what_was_before() {
    let (_, frames) = videos().swap_remove(0);
    let tracks = Tracks {
        video: Some(Format::Vp8),
        audio: None,
    };
    let second = frames.iter().skip(1).position(|frame| frame.key);
    let Some(second) = second else {
        panic!("the file has one key frame only");
    };
    let mut webm = webm::Writer::new(Vec::new(), tracks).expect("tracks");
    let mut mp4 = mp4::Writer::new(Vec::new(), tracks).expect("tracks");
    for frame in &frames[1..] {
        webm.write(frame).expect("written");
        mp4.write(frame).expect("written");
    }
    assert_eq!(webm.skipped(), second as u64);
    assert_eq!(mp4.skipped(), second as u64);
    let read = crate::support::webm(&webm.finish().expect("written"));
    assert_eq!(read.len(), frames.len() - 1 - second);
    assert_eq!(read[0].time, Duration::ZERO);
}

#[test]
fn frames_of_other_tracks_and_older_ones_are_refused() {
    let tracks = Tracks {
        video: None,
        audio: Some(1),
    };
    let frame = |format, millis| Frame {
        format,
        data: Bytes::from_static(&[0xF8, 1, 2]),
        time: Duration::from_millis(millis),
        key: true,
    };
    let mut webm = webm::Writer::new(Vec::new(), tracks).expect("tracks");
    let mut mp4 = mp4::Writer::new(Vec::new(), tracks).expect("tracks");
    let mut ogg = ogg::Writer::new(Vec::new(), 1).expect("headers");
    let mut write = |frame: &Frame| [webm.write(frame), mp4.write(frame), ogg.write(frame)];
    for result in write(&frame(Format::Opus, 1_000)) {
        result.expect("written");
    }
    for result in write(&frame(Format::Vp8, 1_000)) {
        assert!(matches!(result, Err(WriteError::NoTrack(Format::Vp8))));
    }
    for result in write(&frame(Format::Opus, 900)) {
        assert!(matches!(result, Err(WriteError::OutOfOrder)));
    }
    let tracks = Tracks {
        video: Some(Format::H265),
        audio: None,
    };
    assert!(webm::Writer::new(Vec::new(), tracks).is_err());
}

#[test]
fn what_is_held_back_is_bounded() {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
            self.0 += data.len();
            Ok(data.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (_, frames) = videos().swap_remove(0);
    let key = frames.iter().find(|frame| frame.key).expect("a key frame");
    let tracks = Tracks {
        video: Some(Format::Vp8),
        audio: None,
    };
    let mut webm = webm::Writer::new(Count(0), tracks).expect("tracks");
    let mut mp4 = mp4::Writer::new(Count(0), tracks).expect("tracks");
    webm.write(key).expect("written");
    mp4.write(key).expect("written");
    // A stream without another key frame, all at one moment.
    let delta = Frame {
        data: vec![1; 1 << 20].into(),
        time: key.time,
        key: false,
        ..key.clone()
    };
    for _ in 0..64 {
        webm.write(&delta).expect("written");
        mp4.write(&delta).expect("written");
    }
    let (webm, mp4) = (webm.get_ref().0, mp4.get_ref().0);
    assert!(webm > 58 << 20, "{webm}");
    assert!(mp4 > 54 << 20, "{mp4}");
}

#[test]
fn a_file_is_known_by_its_first_bytes_and_a_kind_by_its_extension() {
    let (_, frames) = videos().swap_remove(0);
    let sound = opus_frames(&vector("output.ogg"));
    for (extension, video, audio) in [
        ("ivf", Some(Format::Vp8), None),
        ("Opus", None, Some(2)),
        ("webm", Some(Format::Vp8), Some(1)),
    ] {
        let container = Container::from_extension(extension).expect("a known extension");
        let tracks = Tracks { video, audio };
        let mut recorder = Recorder::new(Vec::new(), container, tracks).expect("tracks");
        let mut written = 0;
        let both = frames.iter().filter(|_| video.is_some());
        for frame in both.chain(sound.iter().filter(|_| audio.is_some())) {
            recorder.write(frame).expect("written");
            written += 1;
        }
        let file = recorder.finish().expect("written");
        let mut player = Player::new(std::io::Cursor::new(file)).expect("a file");
        let formats = video.into_iter().chain(audio.map(|_| Format::Opus));
        assert_eq!(player.formats(), formats.collect::<Vec<Format>>());
        let mut read = 0;
        while player.read().expect("a whole file").is_some() {
            read += 1;
        }
        assert_eq!(read, written, "{extension}");
    }
    let mp4 = std::io::Cursor::new(b"....ftypiso6");
    assert!(matches!(Player::new(mp4), Err(ReadError::Malformed(_))));
    let none = Tracks {
        video: None,
        audio: None,
    };
    for container in [
        Container::Ivf,
        Container::Ogg,
        Container::WebM,
        Container::Mp4,
    ] {
        assert!(Recorder::new(Vec::new(), container, none).is_err());
    }
}
