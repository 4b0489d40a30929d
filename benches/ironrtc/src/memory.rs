//! What a receiving track of IronRTC's takes while nothing comes, counted by the allocator: the sender
//! is a process of its own, and connections of one track and of many are compared.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use cap::Cap;
use ironrtc::{
    Configuration, Event, LocalTrack, MediaKind, PeerConnection, RemoteTrack, RtpCodec,
    RtpCodecName, RtpPacket, SessionDescription,
};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const MANY: usize = 101;
/// How long connections are left alone before their memory is read.
const SETTLE: Duration = Duration::from_secs(2);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    if let Some(count) = std::env::args().nth(1) {
        return send(count.parse().expect("a number of tracks")).await;
    }
    // The first one pays for what a thread needs once.
    receive(1).await;
    let (one, many) = (receive(1).await, receive(MANY).await);
    let bytes = (many - one) as f64 / (MANY - 1) as f64;
    println!(r#"{{"track_kib":{:.2}}}"#, bytes / 1024.0);
}

fn connection() -> PeerConnection {
    let loopback = Configuration::default().bind(vec![([127, 0, 0, 1], 0).into()]);
    PeerConnection::new(loopback).expect("a connection")
}

/// Our description in one line.
async fn describe(connection: &PeerConnection) -> String {
    connection.set_local_description(None).await.expect("ours");
    connection.gathering_complete().await;
    let description = connection.local_description().expect("it was set");
    description.sdp.replace("\r\n", "|")
}

fn read_line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("the other process lives");
    line.trim_end().replace('|', "\r\n")
}

/// Offers tracks and sends packets with each, until the other process ends.
async fn send(count: usize) {
    let connection = connection();
    let tracks: Vec<_> = (0..count).map(|_| LocalTrack::video()).collect();
    for track in &tracks {
        connection.add_track(track, &["bench"]).expect("a track");
    }
    println!("{}", describe(&connection).await);
    stdout().flush().expect("the other process lives");
    let answer = SessionDescription::answer(read_line(&mut stdin().lock()));
    let set = connection.set_remote_description(answer).await;
    set.expect("an answer");
    let vp8 = RtpCodec::new(MediaKind::Video, RtpCodecName::Vp8, 90_000);
    let packet = RtpPacket::new(Arc::new(vp8), 0, vec![0x10; 1200]);
    for track in &tracks {
        while track.write_packet(&packet) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
}

/// Bytes that a connection takes which has received a packet of each of so many tracks.
async fn receive(count: usize) -> usize {
    let program = std::env::current_exe().expect("this program");
    let mut sender = Command::new(program)
        .arg(count.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("another process");
    let mut offer = BufReader::new(sender.stdout.take().expect("it is piped"));
    let offer = SessionDescription::offer(read_line(&mut offer));
    let before = ALLOCATOR.allocated();
    let connection = connection();
    let mut events = connection.events();
    let set = connection.set_remote_description(offer).await;
    set.expect("an offer");
    let answer = describe(&connection).await;
    let mut input = sender.stdin.take().expect("it is piped");
    writeln!(input, "{answer}").expect("the other process lives");
    let mut tracks: Vec<RemoteTrack> = Vec::new();
    while tracks.len() < count {
        let event = events.next().await.expect("a living connection");
        if let Event::Track(added) = event {
            tracks.push(added.track);
        }
    }
    for track in &tracks {
        track.recv_packet().await.expect("the track lasts");
    }
    tokio::time::sleep(SETTLE).await;
    let bytes = ALLOCATOR.allocated() - before;
    sender.kill().expect("it lives");
    sender.wait().expect("it ends");
    connection.close().await;
    bytes
}
