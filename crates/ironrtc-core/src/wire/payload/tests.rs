//! What holds for all formats.

use super::*;

/// A frame of each format that has one, of this many bytes.
fn frame(format: Format, len: usize) -> Vec<u8> {
    let mut frame = match format {
        Format::Vp9 => vec![0x86],
        Format::H264 => vec![0, 0, 0, 1, 0x61, 0x88],
        // A frame without a size, which is the last.
        Format::Av1 => vec![0x30],
        _ => vec![1],
    };
    frame.resize(len, 0x55);
    frame
}

const SPLIT: [Format; 4] = [Format::Vp8, Format::Vp9, Format::H264, Format::Av1];

#[test]
fn frames_of_any_length_come_back_and_their_payloads_have_one_size() {
    for format in SPLIT {
        let mut splitter = Splitter::new(format, 0x7FF0).expect("it is split");
        for len in [7, 1_000, 1_200, 1_201, 2_399, 2_400, 5_000, 300_000] {
            let frame = frame(format, len);
            let mut payloads = Vec::new();
            splitter
                .split(&frame, About::default(), 1_200, &mut payloads)
                .expect("split");
            let written: Vec<Vec<u8>> = payloads
                .iter()
                .map(|payload| {
                    let mut out = Vec::new();
                    payload.write(&frame, &mut out);
                    out
                })
                .collect();
            let (last, others) = written.split_last().expect("a payload");
            let size = others.first().unwrap_or(last).len();
            assert!(others.iter().all(|payload| payload.len() == size));
            assert!(last.len() <= size && size <= 1_200, "{format:?} {len}");
            let mut joined = Vec::new();
            format
                .join(written.iter().map(Vec::as_slice), &mut joined)
                .expect("joined");
            match format {
                // It comes with its size.
                Format::Av1 => assert_eq!(joined[joined.len() - len + 1..], frame[1..]),
                _ => assert_eq!(joined, frame, "{format:?} {len}"),
            }
            let described = |payload: &Vec<u8>| format.describe(payload).expect("well formed");
            assert_ne!(described(&written[0]).begins, Edge::No);
            assert_ne!(described(last).ends, Edge::No);
        }
    }
}

#[test]
fn an_error_leaves_what_was_there() {
    for format in SPLIT {
        let mut out = vec![1, 2, 3];
        let first = frame(format, 3_000);
        let mut payloads = Vec::new();
        let mut splitter = Splitter::new(format, 0).expect("it is split");
        splitter
            .split(&first, About::default(), 1_000, &mut payloads)
            .expect("split");
        let mut written = Vec::new();
        payloads[0].write(&first, &mut written);
        // A beginning, and then what is no payload.
        let joined = format.join([written.as_slice(), &[]].into_iter(), &mut out);
        assert_eq!((joined, out), (Err(JoinError::Malformed), vec![1, 2, 3]));
    }
}

#[test]
fn audio_is_whole() {
    for format in [Format::Opus, Format::Pcmu, Format::Pcma, Format::G722] {
        let mut out = Vec::new();
        let joined = format.join([&[1, 2][..]].into_iter(), &mut out);
        assert_eq!(joined, Ok(Joined { len: 2, key: true }));
        let mixed = format.join([&[1][..], &[2]].into_iter(), &mut out);
        assert_eq!(mixed, Err(JoinError::Mixed));
        assert_eq!(format.describe(&[]), None);
        assert!(!format.is_video());
    }
}

#[test]
fn names_are_found_whatever_their_case() {
    for format in Format::ALL {
        assert_eq!(
            Format::from_name(&format.name().to_lowercase()),
            Some(format)
        );
    }
    assert_eq!(Format::from_name("rtx"), None);
    assert!(Splitter::new(Format::H265, 0).is_none());
}
