//! FFmpeg's judgement of what was written. `scripts/test interop` installs it and runs these.

use std::path::{Path, PathBuf};
use std::process::Command;

use ironrtc_core::wire::payload::{Format, Splitter};
use ironrtc_media::{Frame, Tracks, ivf, mp4, ogg, webm};

use crate::support::{captured, opus_frames, target, vector, videos, with_sound};

/// What a program says; it must succeed and complain of nothing.
fn run(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program)
        .args(["-v", "error"])
        .args(arguments)
        .arg(file)
        .args(if program == "ffmpeg" {
            &["-f", "null", "-"][..]
        } else {
            &[]
        })
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; scripts/test interop installs it"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaint.is_empty(),
        "{}: {complaint}",
        file.display()
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Of each stream: its codec, width and height if any, and how many frames were decoded.
fn streams(file: &Path) -> Vec<String> {
    // All frames are decoded.
    run("ffmpeg", &["-xerror", "-i"], file);
    let fields = "stream=codec_name,width,height,nb_read_frames";
    let said = run(
        "ffprobe",
        &["-count_frames", "-show_entries", fields, "-of", "csv=p=0"],
        file,
    );
    said.lines().map(str::to_owned).collect()
}

fn save(name: &str, data: &[u8]) -> PathBuf {
    let folder = target().join("tmp/recorded");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, data).expect("written");
    path
}

/// When the last packet begins, in seconds; recordings that go to a pipe cannot say how long they are.
fn duration(file: &Path) -> f64 {
    let said = run(
        "ffprobe",
        &["-show_entries", "packet=pts_time", "-of", "csv=p=0"],
        file,
    );
    let times = said
        .lines()
        .filter_map(|line| line.trim_matches(',').parse().ok());
    times.fold(0.0, f64::max)
}

/// The hash of each decoded picture.
fn pictures(file: &Path) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(file)
        .args([
            "-an",
            "-fps_mode",
            "passthrough",
            "-f",
            "framehash",
            "-hash",
            "adler32",
            "-",
        ])
        .output()
        .expect("ffmpeg");
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = said.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.rsplit(',').next())
        .map(|hash| hash.trim().to_owned())
        .collect()
}

fn record(tracks: Tracks, frames: &[Frame]) -> [(&'static str, Vec<u8>); 2] {
    let mut webm = webm::Writer::new(Vec::new(), tracks).expect("tracks");
    let mut mp4 = mp4::Writer::new(Vec::new(), tracks).expect("tracks");
    for frame in frames {
        webm.write(frame).expect("written");
        mp4.write(frame).expect("written");
    }
    let webm = webm.finish().expect("written");
    [("mkv", webm), ("mp4", mp4.finish().expect("written"))]
}

/// The frames after a way through packets.
fn through_packets(frames: &[Frame]) -> Vec<Frame> {
    let format = frames[0].format;
    let mut splitter = Splitter::new(format, 0).expect("it is split");
    let sent = frames.iter().map(|frame| {
        let mut payloads = Vec::new();
        splitter
            .split(&frame.data, Default::default(), 1_200, &mut payloads)
            .expect("split");
        let written: Vec<Vec<u8>> = payloads
            .iter()
            .map(|payload| {
                let mut out = Vec::new();
                payload.write(&frame.data, &mut out);
                out
            })
            .collect();
        let mut data = Vec::new();
        format
            .join(written.iter().map(Vec::as_slice), &mut data)
            .expect("joined");
        Frame {
            data: data.into(),
            ..frame.clone()
        }
    });
    sent.collect()
}

#[test]
#[ignore = "needs ffmpeg; scripts/test interop runs it"]
fn video_and_sound_are_played_from_webm_and_mp4() {
    for (format, video) in videos() {
        let tracks = Tracks {
            video: Some(format),
            audio: Some(2),
        };
        let name = format.name().to_lowercase();
        let source = save(
            &format!("{name}.source"),
            &match format {
                Format::Vp8 => vector("output_vp8.ivf"),
                Format::Vp9 => vector("output_vp9.ivf"),
                _ => vector("output.264"),
            },
        );
        let frames = with_sound(through_packets(&video));
        for (kind, file) in record(tracks, &frames) {
            let path = save(&format!("{name}.{kind}"), &file);
            let [picture, sound] = &streams(&path)[..] else {
                panic!("two streams");
            };
            assert_eq!(picture, &format!("{name},176,144,300"));
            assert!(
                ["opus,249", "opus,250", "opus,251"].contains(&sound.as_str()),
                "{sound}"
            );
            assert_eq!(pictures(&path), pictures(&source), "{name}.{kind}");
            let duration = duration(&path);
            assert!(
                (9.9..10.2).contains(&duration),
                "{name}.{kind}: {duration} s"
            );
        }
    }
}

#[test]
#[ignore = "needs ffmpeg; scripts/test interop runs it"]
fn sound_alone_is_played_from_all_containers() {
    let frames = opus_frames(&vector("output.ogg"));
    let tracks = Tracks {
        video: None,
        audio: Some(2),
    };
    let mut ogg = ogg::Writer::new(Vec::new(), 2).expect("headers");
    for frame in &frames {
        ogg.write(frame).expect("written");
    }
    let mut files = record(tracks, &frames).to_vec();
    files.push(("ogg", ogg.finish().expect("written")));
    for (kind, file) in files {
        let path = save(&format!("sound.{kind}"), &file);
        assert_eq!(streams(&path), ["opus,4541"], "{kind}");
        let duration = duration(&path);
        assert!((90.7..91.0).contains(&duration), "{kind}: {duration} s");
    }
}

#[test]
#[ignore = "needs ffmpeg; scripts/test interop runs it"]
fn what_chromium_sent_is_decoded() {
    // From a key frame on, as far as the capture has all packets.
    for (format, name, expected) in [
        (Format::Vp8, "vp8.pcap", "vp8,240,180,101"),
        (Format::Av1, "av1.pcap", "av1,640,480,44"),
        // Any decoder finds the eighth frame of this one damaged.
        (Format::H264, "h264.pcap", "h264,494,370,7"),
    ] {
        let mut frames = captured(format, name);
        if format == Format::H264 {
            frames.truncate(7);
        }
        let tracks = Tracks {
            video: Some(format),
            audio: None,
        };
        for (kind, file) in record(tracks, &frames) {
            let path = save(&format!("{name}.{kind}"), &file);
            assert_eq!(streams(&path), [expected], "{name}.{kind}");
        }
        if format != Format::H264 {
            let mut writer = ivf::Writer::new(Vec::new(), format).expect("a format of IVF");
            for frame in &frames {
                writer.write(frame).expect("written");
            }
            let path = save(&format!("{name}.ivf"), &writer.finish().expect("written"));
            assert_eq!(streams(&path), [expected], "{name}.ivf");
        }
    }
}

#[test]
#[ignore = "needs ffmpeg; scripts/test interop runs it"]
fn av1_of_another_encoder_survives_packets_and_files() {
    let source = save("source.ivf", &[]);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i"])
        .arg("testsrc2=size=322x242:rate=30:duration=2")
        .args([
            "-pix_fmt",
            "yuv420p",
            "-c:v",
            "libaom-av1",
            "-cpu-used",
            "8",
        ])
        .args([
            "-usage", "realtime", "-b:v", "400k", "-g", "20", "-row-mt", "1", "-tiles", "2x2",
        ])
        .arg(&source)
        .status();
    assert!(made.expect("ffmpeg").success());
    let file = std::fs::read(&source).expect("made");
    let frames = through_packets(&crate::support::ivf_frames(&file));
    assert_eq!(frames.iter().filter(|frame| frame.key).count(), 3);
    let tracks = Tracks {
        video: Some(Format::Av1),
        audio: None,
    };
    for (kind, file) in record(tracks, &frames) {
        let path = save(&format!("av1.{kind}"), &file);
        assert_eq!(streams(&path), ["av1,322,242,60"], "{kind}");
        assert_eq!(pictures(&path), pictures(&source), "{kind}");
        if kind == "mkv" {
            let read = crate::support::webm(&file);
            assert!(
                read.iter()
                    .zip(&frames)
                    .all(|(read, frame)| read.data == frame.data)
            );
        }
    }
}
