//! Media files: any bytes are read to their end, and what was read is recorded again.

use std::io::Cursor;

use ironrtc_media::{Container, Format, Frame, MAX_FRAME, Player, Recorder, Tracks};

/// Frames that an input is read for; a file may repeat what it has for ever.
const MOST: usize = 1_000;

pub(crate) fn run(data: &[u8]) {
    play(data);
    // With right checksums, so that the work is on what they protect.
    if data.starts_with(b"OggS") {
        play(&with_checksums(data));
    }
}

fn with_checksums(data: &[u8]) -> Vec<u8> {
    let mut file = data.to_vec();
    let mut at = 0;
    while let Some(segments) = file.get(at + 26).map(|count| usize::from(*count)) {
        let lacing = file.get(at + 27..at + 27 + segments).unwrap_or_default();
        let body: usize = lacing.iter().map(|length| usize::from(*length)).sum();
        let end = at + 27 + segments + body;
        let Some(page) = file.get_mut(at..end) else {
            break;
        };
        page[22..26].fill(0);
        let sum = checksum(page).to_le_bytes();
        page[22..26].copy_from_slice(&sum);
        at = end;
    }
    file
}

/// RFC 3533 section 6: the polynomial 0x04C11DB7, without reflection.
fn checksum(page: &[u8]) -> u32 {
    let mut sum = 0_u32;
    for byte in page {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            let carry = sum >> 31;
            sum = (sum << 1) ^ (carry * 0x04C1_1DB7);
        }
    }
    sum
}

fn play(data: &[u8]) {
    let Ok(mut player) = Player::new(Cursor::new(data)) else {
        return;
    };
    let formats = player.formats();
    assert!(!formats.is_empty());
    let mut frames = Vec::new();
    while frames.len() < MOST
        && let Ok(Some(frame)) = player.read()
    {
        assert!(frame.data.len() <= MAX_FRAME && formats.contains(&frame.format));
        frames.push(frame);
    }
    record(&formats, &frames);
}

/// Whatever the frames are, a recorder takes them or says why not.
fn record(formats: &[Format], frames: &[Frame]) {
    let tracks = Tracks {
        video: formats.iter().copied().find(|format| format.is_video()),
        audio: formats.contains(&Format::Opus).then_some(2),
    };
    for container in [
        Container::Ivf,
        Container::Ogg,
        Container::WebM,
        Container::Mp4,
    ] {
        let Ok(mut recorder) = Recorder::new(Vec::new(), container, tracks) else {
            continue;
        };
        for frame in frames {
            // A refusal concerns one frame.
            let _ = recorder.write(frame);
        }
        recorder.finish().expect("a vector takes everything");
    }
}
