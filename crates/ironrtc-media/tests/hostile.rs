//! Files that are damaged or lie.

use std::io::Cursor;

use ironrtc_media::{ReadError, Tracks, ivf, ogg, webm};

use crate::support::{ivf_frames, vector, videos, with_sound};

/// Reads to the end or an error; how many frames there were.
fn read_all(file: &[u8]) -> usize {
    let mut frames = 0;
    if let Ok(mut reader) = ivf::Reader::new(file) {
        while let Ok(Some(_)) = reader.read() {
            frames += 1;
        }
    }
    if let Ok(mut reader) = ogg::Reader::new(file) {
        while let Ok(Some(_)) = reader.read() {
            frames += 1;
        }
    }
    if let Ok(mut reader) = webm::Reader::new(Cursor::new(file)) {
        while let Ok(Some(_)) = reader.read() {
            frames += 1;
        }
    }
    frames
}

fn a_webm_file() -> Vec<u8> {
    let (format, video) = videos().swap_remove(1);
    let tracks = Tracks {
        video: Some(format),
        audio: Some(2),
    };
    let mut writer = webm::Writer::new(Vec::new(), tracks).expect("tracks");
    for frame in with_sound(video).iter().take(60) {
        writer.write(frame).expect("written");
    }
    writer.finish().expect("written")
}

fn some_files() -> Vec<Vec<u8>> {
    let mut files = vec![
        vector("output_vp8.ivf"),
        vector("output.ogg"),
        a_webm_file(),
    ];
    for file in &mut files {
        file.truncate(20_000);
    }
    files
}

#[test]
fn files_that_are_cut_off_anywhere_end() {
    for file in some_files() {
        for length in (0..file.len().min(600)).chain((600..file.len()).step_by(997)) {
            read_all(&file[..length]);
        }
        assert!(read_all(&file) > 0);
    }
}

#[test]
fn files_with_any_byte_changed_end() {
    for file in some_files() {
        let mut state = 1_u32;
        for at in (0..600).chain((600..file.len()).step_by(331)) {
            let mut changed = file.clone();
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let Some(byte) = changed.get_mut(at) else {
                continue;
            };
            *byte = if at % 3 == 0 {
                0xFF
            } else {
                (state >> 24) as u8
            };
            read_all(&changed);
        }
    }
}

#[test]
fn a_frame_of_4_gib_is_refused_before_memory_is_taken() {
    let mut file = vector("output_vp8.ivf");
    file.truncate(32);
    file.extend([0xFF; 12]);
    let mut reader = ivf::Reader::new(file.as_slice()).expect("a header");
    assert!(matches!(reader.read(), Err(ReadError::TooLarge(_))));
}

#[test]
fn an_opus_packet_without_end_is_refused() {
    // A page of 255 full segments that goes on in the next, for ever.
    let file = vector("output.ogg");
    let second = file
        .windows(4)
        .skip(4)
        .position(|four| four == b"OggS")
        .expect("a page")
        + 4;
    let third = file[second + 4..]
        .windows(4)
        .position(|four| four == b"OggS");
    let third = third.expect("a page") + second + 4;
    let mut endless = file[..third].to_vec();
    for number in 2..200_u32 {
        let mut page = b"OggS\0\0".to_vec();
        page[5] = u8::from(number > 2);
        page.extend([0xFF; 8]);
        page.extend(&file[14..18]);
        page.extend(number.to_le_bytes());
        page.extend([0; 4]);
        page.push(255);
        page.extend([255; 255]);
        page.extend([7; 255 * 255]);
        let sum = crc(&page).to_le_bytes();
        page[22..26].copy_from_slice(&sum);
        endless.extend(page);
    }
    let mut reader = ogg::Reader::new(endless.as_slice()).expect("headers");
    let error = reader.read().expect_err("it has no end");
    assert!(matches!(error, ReadError::TooLarge(_)), "{error}");
}

/// RFC 3533 section 6: the polynomial 0x04C11DB7, without reflection.
fn crc(data: &[u8]) -> u32 {
    let mut sum = 0_u32;
    for byte in data {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            sum = if sum & 1 << 31 == 0 {
                sum << 1
            } else {
                sum << 1 ^ 0x04C1_1DB7
            };
        }
    }
    sum
}

/// A file of zeros that is as long as one says.
struct Zeros {
    head: Vec<u8>,
    at: u64,
    len: u64,
}

impl std::io::Read for Zeros {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let left = self.len.saturating_sub(self.at).min(buf.len() as u64) as usize;
        for byte in &mut buf[..left] {
            *byte = self.head.get(self.at as usize).copied().unwrap_or(0);
            self.at += 1;
        }
        Ok(left)
    }
}

impl std::io::Seek for Zeros {
    fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
        self.at = match to {
            std::io::SeekFrom::Start(at) => at,
            std::io::SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            std::io::SeekFrom::End(by) => self.len.saturating_add_signed(by),
        };
        Ok(self.at)
    }
}

#[test]
fn a_webm_block_as_long_as_a_huge_file_is_refused() {
    let mut head = a_webm_file();
    let cluster = [0x1F, 0x43, 0xB6, 0x75];
    let at = head
        .windows(4)
        .position(|four| four == cluster)
        .expect("a cluster");
    head.truncate(at);
    // A cluster without end, its time, and a block of a terabyte.
    head.extend(cluster);
    head.extend([1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xE7, 0x81, 0]);
    head.extend([0xA3, 1, 0, 1, 0, 0, 0, 0, 0, 0x81, 0, 0, 0x80]);
    let file = Zeros {
        head,
        at: 0,
        len: 2 << 40,
    };
    let mut reader = webm::Reader::new(file).expect("headers");
    let error = reader.read().expect_err("it is too large");
    assert!(matches!(error, ReadError::TooLarge(_)), "{error}");
}

#[test]
fn a_webm_header_of_many_elements_is_refused() {
    let file = a_webm_file();
    let info = [0x15, 0x49, 0xA9, 0x66];
    let at = file
        .windows(4)
        .position(|four| four == info)
        .expect("information");
    let mut many = file[..at].to_vec();
    many.extend(info);
    many.extend((1_u64 << 56 | 64 << 20).to_be_bytes());
    // Elements of two bytes.
    many.extend([0xEC, 0x80].repeat(32 << 20));
    let tracks = [0x16, 0x54, 0xAE, 0x6B];
    let at = file
        .windows(4)
        .position(|four| four == tracks)
        .expect("tracks");
    many.extend(&file[at..]);
    let error = webm::Reader::new(Cursor::new(many))
        .err()
        .expect("it is too large");
    assert!(matches!(error, ReadError::TooLarge(_)), "{error}");
}

#[test]
fn files_of_other_kinds_say_so() {
    let ivf = vector("output_vp8.ivf");
    let error = ogg::Reader::new(ivf.as_slice()).err().expect("no Ogg");
    assert_eq!(
        error.to_string(),
        "this is no file of the kind: no Ogg page where one should be"
    );
    assert!(webm::Reader::new(Cursor::new(ivf)).is_err());
    assert!(ivf_frames_of_ogg().is_err());
    assert_eq!(ivf_frames(&vector("output_vp9.ivf")).len(), 300);
}

fn ivf_frames_of_ogg() -> Result<(), ReadError> {
    ivf::Reader::new(vector("output.ogg").as_slice()).map(|_| ())
}
