//! Plays a file to a page, without decoding: IVF, Ogg, WebM or Matroska.
//!
//! `cargo run --release -p ironrtc-media --example play -- call.webm`, then paste the page's offer as one
//! line of JSON, with its candidates; the answer is printed so:
//!
//! ```js
//! const pc = new RTCPeerConnection();
//! for (const kind of ['audio', 'video']) pc.addTransceiver(kind, { direction: 'recvonly' });
//! pc.ontrack = ({ streams: [stream] }) => { document.querySelector('video').srcObject = stream; };
//! pc.onicecandidate = ({ candidate }) => candidate || console.log(JSON.stringify(pc.localDescription));
//! await pc.setLocalDescription();
//! // then: await pc.setRemoteDescription(/* the answer */);
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Duration;

use ironrtc::{
    Configuration, ConnectionState, Event, Events, LocalTrack, PeerConnection, RtpCodec,
    SessionDescription,
};
use ironrtc_media::{Format, Player};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Frames that are read ahead.
const AHEAD: usize = 64;
/// How long the last frames may take to arrive.
const FAREWELL: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args_os().nth(1);
    let mut player = Player::new(File::open(name.unwrap_or_else(|| "call.webm".into()))?)?;

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
    let mut senders = Vec::new();
    for format in player.formats() {
        let track = match format.is_video() {
            true => LocalTrack::video(),
            false => LocalTrack::audio(),
        };
        let sender = connection.add_track(&track, &["file"])?;
        senders.push((format, track, sender));
    }
    connection.set_local_description(None).await?;
    connection.gathering_complete().await;
    let answer = connection.local_description().expect("it was just set");
    println!("{}", serde_json::to_string(&answer)?);

    let mut tracks: HashMap<Format, (LocalTrack, Arc<RtpCodec>)> = HashMap::new();
    for (format, track, sender) in senders {
        let parameters = sender.get_parameters()?;
        let mut agreed = parameters.codecs.into_iter().map(|it| it.codec);
        let codec = agreed.find(|codec| codec.name.as_str().eq_ignore_ascii_case(format.name()));
        let codec = codec.ok_or_else(|| format!("the page does not take {}", format.name()))?;
        tracks.insert(format, (track, Arc::new(codec)));
    }
    connected(&mut events).await?;

    // A thread of its own reads, as that may block.
    let (frames, mut read) = mpsc::channel(AHEAD);
    let reading = std::thread::spawn(move || {
        while let Some(frame) = player.read()? {
            if frames.blocking_send(frame).is_err() {
                break;
            }
        }
        Ok::<_, ironrtc_media::ReadError>(())
    });
    let begun = Instant::now();
    let mut first = None;
    while let Some(frame) = read.recv().await {
        let first = *first.get_or_insert(frame.time);
        tokio::time::sleep_until(begun + frame.time.saturating_sub(first)).await;
        if let Some((track, codec)) = tracks.get(&frame.format) {
            track.write_frame(&frame.to_track(codec));
        }
    }
    reading.join().expect("it does not panic")?;
    tokio::time::sleep(FAREWELL).await;
    connection.close().await;
    Ok(())
}

async fn connected(events: &mut Events) -> Result<(), Box<dyn Error>> {
    while let Some(event) = events.next().await {
        match event {
            Event::ConnectionStateChange(ConnectionState::Connected) => return Ok(()),
            Event::ConnectionStateChange(ConnectionState::Failed) => break,
            _ => {}
        }
    }
    Err("no connection came about".into())
}
