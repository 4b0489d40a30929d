//! Sends a page's camera and microphone back to it.
//!
//! Run it and paste the page's offer as one line of JSON, with its candidates; the answer is
//! printed so:
//!
//! ```js
//! const pc = new RTCPeerConnection();
//! const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
//! for (const track of media.getTracks()) pc.addTrack(track, media);
//! pc.ontrack = ({ streams: [stream] }) => { document.querySelector('video').srcObject = stream; };
//! pc.onicecandidate = ({ candidate }) => candidate || console.log(JSON.stringify(pc.localDescription));
//! await pc.setLocalDescription();
//! // then: await pc.setRemoteDescription(/* the answer */);
//! ```

use std::io::BufRead as _;

use ironrtc::{
    Configuration, ConnectionState, Event, LocalTrack, MediaKind, PeerConnection,
    SessionDescription,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
    for receiver in connection.receivers() {
        let track = receiver.track();
        let back = match track.kind() {
            MediaKind::Audio => LocalTrack::audio(),
            MediaKind::Video => LocalTrack::video(),
        };
        connection.add_track(&back, &["echo"])?;
        tokio::spawn(async move { track.forward(&back).await });
    }
    connection.set_local_description(None).await?;
    connection.gathering_complete().await;
    let answer = connection.local_description().expect("it was just set");
    println!("{}", serde_json::to_string(&answer)?);

    while let Some(event) = events.next().await {
        match event {
            Event::Track(added) => eprintln!("the page sends {:?}", added.track),
            Event::ConnectionStateChange(state) => {
                eprintln!("{state}");
                if matches!(state, ConnectionState::Failed | ConnectionState::Closed) {
                    break;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
