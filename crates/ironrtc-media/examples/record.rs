//! Records a page's camera and microphone to a file, without decoding.
//!
//! `cargo run --release -p ironrtc-media --example record -- call.webm`, then paste the page's offer as
//! one line of JSON, with its candidates, as for the example `media_echo` of `ironrtc`; the answer is
//! printed so. The recording ends with the connection.

use std::fs::File;
use std::io::BufRead as _;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Instant;

use ironrtc::{Configuration, ConnectionState, Event, PeerConnection, SessionDescription};
use ironrtc_media::{Container, Frame, Opening, Recorder, Timeline, WriteError};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args_os().nth(1);
    let path = PathBuf::from(name.unwrap_or_else(|| "call.webm".into()));
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let container = Container::from_extension(&extension).ok_or("use .webm, .mkv or .mp4")?;

    let connection = PeerConnection::new(Configuration::default())?;
    let mut events = connection.events();
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    if line.trim().is_empty() {
        eprintln!("paste a page's offer, as one line of JSON");
        return Ok(());
    }
    let offer: SessionDescription = serde_json::from_str(&line)?;
    connection.set_remote_description(offer).await?;

    // A thread of its own writes, as that may block. A disk that is too slow costs frames, not the
    // call.
    let (frames, written) = mpsc::sync_channel::<Frame>(256);
    let begun = Instant::now();
    for receiver in connection.receivers() {
        let (track, frames) = (receiver.track(), frames.clone());
        tokio::spawn(async move {
            let (mut timeline, mut encoding) = (Timeline::new(), None);
            while let Some(frame) = track.recv_frame().await {
                // Of a simulcast, the encoding that comes first.
                if *encoding.get_or_insert_with(|| frame.rid.clone()) != frame.rid {
                    continue;
                }
                let placed = timeline.place(begun.elapsed(), &frame);
                if placed.is_some_and(|frame| frames.try_send(frame).is_err()) {
                    track.request_key_frame();
                }
            }
        });
    }
    drop(frames);
    let file = File::create(&path)?;
    let recording = std::thread::spawn(move || record(file, container, &written));

    connection.set_local_description(None).await?;
    connection.gathering_complete().await;
    let answer = connection.local_description().expect("it was just set");
    println!("{}", serde_json::to_string(&answer)?);

    while let Some(event) = events.next().await {
        let Event::ConnectionStateChange(state) = event else {
            continue;
        };
        eprintln!("{state}");
        if matches!(
            state,
            ConnectionState::Disconnected | ConnectionState::Failed | ConnectionState::Closed
        ) {
            break;
        }
    }
    connection.close().await;
    let count = recording.join().expect("it does not panic")?;
    eprintln!("{count} frames are in {}", path.display());
    Ok(())
}

/// Begins once it is known what the page sends, and writes until all tracks end.
fn record(
    file: File,
    container: Container,
    frames: &mpsc::Receiver<Frame>,
) -> Result<u64, WriteError> {
    let mut opening = Opening::new(true, true);
    let begun = frames.iter().find_map(|frame| opening.push(frame));
    let Some(tracks) = begun.or_else(|| opening.tracks()) else {
        return Ok(0);
    };
    let mut recorder = Recorder::new(file, container, tracks)?;
    let mut count = 0;
    for frame in opening.into_frames().into_iter().chain(frames.iter()) {
        recorder.write(&frame)?;
        count += 1;
    }
    let skipped = recorder.skipped();
    recorder.finish()?;
    Ok(count - skipped)
}
