//! str0m's media under test: in its RTP mode, as forwarders use it, with the driver of `peer.rs`.
#![forbid(unsafe_code)]

mod socket;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bench_harness::media::{BURST, Media, Sink, Source, run};
use bytes::Bytes;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite, SeqNo};
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::time::Sleep;

use crate::socket::Socket;

/// How many receive calls are made before what they caused is sent.
const RECEIVE_CALLS: usize = 32;
/// How often a forwarder looks at the clocks of its peers.
const TICK: Duration = Duration::from_millis(20);

#[derive(Clone, Copy)]
struct Str0m {
    gso: bool,
}

impl Media for Str0m {
    type Source = Outgoing;
    type Sink = Incoming;

    async fn source(self) -> (Outgoing, String) {
        let mut peer = Peer::new(self.gso);
        let mut change = peer.rtc.sdp_api();
        let mid = change.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let (offer, pending) = change.apply().expect("a track is a change");
        let source = Outgoing {
            peer,
            mid,
            pending: Some(pending),
            payload_type: None,
            sequence: 0,
            payloads: Vec::new(),
        };
        (source, offer.to_sdp_string())
    }

    async fn sink(self, offer: String) -> (Incoming, String) {
        let mut peer = Peer::new(self.gso);
        let offer = SdpOffer::from_sdp_string(&offer).expect("an offer");
        let answer = peer.rtc.sdp_api().accept_offer(offer).expect("an answer");
        (Incoming { peer }, answer.to_sdp_string())
    }

    async fn forward(self, mut from: Incoming, mut to: Vec<Outgoing>) {
        let mut packets = Vec::new();
        let mut ticks = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                biased;
                () = from.peer.socket.readable() => from.peer.receive().await,
                _ = ticks.tick() => from.peer.handle_timeout(),
            }
            from.peer.flush().await;
            packets.append(&mut from.peer.packets);
            for source in &mut to {
                source.peer.receive().await;
                if source.peer.deadline <= Instant::now() {
                    source.peer.handle_timeout();
                }
                for packet in &packets {
                    source.write(
                        packet.header.timestamp,
                        packet.header.marker,
                        &packet.payload,
                    );
                }
                source.peer.flush().await;
            }
            packets.clear();
        }
    }
}

struct Peer {
    rtc: Rtc,
    socket: Socket,
    connected: bool,
    outgoing: Vec<(SocketAddr, Vec<u8>)>,
    packets: Vec<RtpPacket>,
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Peer {
    fn new(gso: bool) -> Self {
        let now = Instant::now();
        let socket = Socket::bind(gso);
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(now);
        let host = Candidate::host(socket.local(), "udp").expect("a host candidate");
        rtc.add_local_candidate(host);
        Self {
            rtc,
            socket,
            connected: false,
            outgoing: Vec::new(),
            packets: Vec::new(),
            deadline: now,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Takes all output, as is due after each input.
    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().expect("a healthy connection") {
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return;
                }
                Output::Transmit(transmit) => {
                    let packet = (transmit.destination, transmit.contents.into());
                    self.outgoing.push(packet);
                }
                Output::Event(Event::RtpPacket(packet)) => self.packets.push(packet),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(_) => {}
            }
        }
    }

    fn handle_timeout(&mut self) {
        let now = Instant::now();
        self.rtc
            .handle_input(Input::Timeout(now))
            .expect("a healthy connection");
        self.drain();
    }

    async fn flush(&mut self) {
        if !self.outgoing.is_empty() {
            self.socket.send(&mut self.outgoing).await;
        }
    }

    /// Feeds what the socket has.
    async fn receive(&mut self) {
        for _ in 0..RECEIVE_CALLS {
            if !self.socket.try_receive() {
                break;
            }
            let now = Instant::now();
            let destination = self.socket.local();
            for at in 0..self.socket.received() {
                let (source, packet) = self.socket.packet(at);
                let Ok(contents) = packet.try_into() else {
                    continue;
                };
                let receive = Receive {
                    proto: Protocol::Udp,
                    source,
                    destination,
                    contents,
                };
                self.rtc
                    .handle_input(Input::Receive(now, receive))
                    .expect("a healthy connection");
                self.drain();
            }
            if !self.socket.batches() {
                self.flush().await;
            }
        }
        self.flush().await;
    }

    /// Waits for the network or the clock and takes it in.
    async fn step(&mut self) {
        if self.timer.deadline().into_std() != self.deadline {
            self.timer.as_mut().reset(self.deadline.into());
        }
        tokio::select! {
            biased;
            () = self.socket.readable() => self.receive().await,
            () = &mut self.timer => {
                self.handle_timeout();
                self.flush().await;
            }
        }
    }
}

struct Outgoing {
    peer: Peer,
    mid: Mid,
    pending: Option<SdpPendingOffer>,
    payload_type: Option<Pt>,
    sequence: u64,
    /// What is sent, as str0m takes it.
    payloads: Vec<Arc<[u8]>>,
}

impl Outgoing {
    fn write(&mut self, timestamp: u32, marker: bool, payload: &Arc<[u8]>) {
        let payload_type = self.payload_type.expect("it is connected");
        let sequence = SeqNo::from(self.sequence);
        self.sequence += 1;
        let packet = RtpWrite::new(
            payload_type,
            sequence,
            timestamp,
            Instant::now(),
            payload.clone(),
        );
        let mut direct = self.peer.rtc.direct_api();
        direct
            .stream_tx_by_mid(self.mid, None)
            .expect("a stream")
            .write_rtp(packet.marker(marker).nackable(true));
        self.peer.drain();
    }
}

impl Source for Outgoing {
    async fn accept(&mut self, answer: String) {
        let answer = SdpAnswer::from_sdp_string(&answer).expect("an answer");
        let pending = self.pending.take().expect("an offer");
        let sdp = self.peer.rtc.sdp_api();
        sdp.accept_answer(pending, answer).expect("it fits");
    }

    async fn connected(&mut self) {
        self.peer.handle_timeout();
        self.peer.flush().await;
        while !self.peer.connected {
            self.peer.step().await;
        }
        let media = self.peer.rtc.media(self.mid).expect("a section");
        let codecs = self.peer.rtc.codec_config();
        let mut numbers = media.remote_pts().iter();
        let vp8 = numbers.find(|number| {
            let codec = codecs.params().iter().find(|codec| codec.pt() == **number);
            codec.is_some_and(|codec| codec.spec().codec == Codec::Vp8)
        });
        self.payload_type = Some(*vp8.expect("VP8"));
    }

    async fn send(&mut self, payloads: &[Bytes; BURST], timestamp: u32) {
        if self.payloads.is_empty() {
            let shared = payloads.iter().map(|payload| payload[..].into());
            self.payloads = shared.collect();
        }
        for number in 0..BURST {
            let payload = self.payloads[number].clone();
            self.write(timestamp, number + 1 == BURST, &payload);
        }
        self.peer.flush().await;
        self.peer.receive().await;
        if self.peer.deadline <= Instant::now() {
            self.peer.handle_timeout();
        }
    }

    async fn drive(&mut self) {
        loop {
            self.peer.step().await;
        }
    }
}

struct Incoming {
    peer: Peer,
}

impl Sink for Incoming {
    async fn recv(&mut self) -> usize {
        while self.peer.packets.is_empty() {
            self.peer.step().await;
        }
        let count = self.peer.packets.len();
        self.peer.packets.clear();
        count
    }
}

fn main() {
    str0m::crypto::from_feature_flags().install_process_default();
    run(Str0m {
        gso: std::env::var_os("BENCH_GSO").is_some(),
    });
}
