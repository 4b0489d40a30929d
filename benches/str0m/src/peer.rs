//! One peer: str0m's state machine and its socket.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bench_harness::{End, buffered};
use bytes::Bytes;
use str0m::channel::ChannelId;
use str0m::net::{Protocol, Receive};
use str0m::{Event, Input, Output, Rtc};
use tokio::time::Sleep;

use crate::socket::Socket;

/// Packets after which a batch is sent even if more would come: as many as GSO takes.
const BATCH: usize = 50;
/// How many receive calls are made before what they caused is sent.
const RECEIVE_CALLS: usize = 32;

pub(crate) struct Peer {
    rtc: Rtc,
    socket: Socket,
    channel: Option<ChannelId>,
    outgoing: Vec<(SocketAddr, Vec<u8>)>,
    messages: VecDeque<usize>,
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Peer {
    pub(crate) fn new(socket: Socket) -> Self {
        let now = Instant::now();
        Self {
            // 128 KiB is the default, and counts what is in flight: it would hold str0m back.
            rtc: Rtc::builder()
                .set_sctp_max_buffered_amount(buffered())
                .build(now),
            socket,
            channel: None,
            outgoing: Vec::new(),
            messages: VecDeque::new(),
            deadline: now,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    pub(crate) fn rtc(&mut self) -> &mut Rtc {
        &mut self.rtc
    }

    pub(crate) fn local_address(&self) -> SocketAddr {
        self.socket.local()
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
                Output::Event(Event::ChannelOpen(id, _)) => self.channel = Some(id),
                Output::Event(Event::ChannelData(data)) => self.messages.push_back(data.data.len()),
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

    /// Feeds what the socket has; false if it has nothing.
    async fn receive(&mut self) -> bool {
        let mut any = false;
        for _ in 0..RECEIVE_CALLS {
            if !self.socket.try_receive() {
                break;
            }
            any = true;
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
            if !self.socket.batches() || self.outgoing.len() >= BATCH {
                self.socket.send(&mut self.outgoing).await;
            }
        }
        any
    }

    /// Sends what is due, then waits for the network or the clock and takes it in.
    async fn step(&mut self) {
        self.drain();
        self.socket.send(&mut self.outgoing).await;
        if self.receive().await {
            return;
        }
        if self.timer.deadline().into_std() != self.deadline {
            self.timer.as_mut().reset(self.deadline.into());
        }
        tokio::select! {
            biased;
            () = self.socket.readable() => {
                self.receive().await;
            }
            () = &mut self.timer => self.handle_timeout(),
        }
    }
}

impl End for Peer {
    async fn send(&mut self, message: Bytes) {
        loop {
            if let Some(id) = self.channel
                && let Some(mut channel) = self.rtc.channel(id)
                && channel.write(true, &message).expect("an open channel")
            {
                break;
            }
            self.step().await;
        }
        self.drain();
        if !self.socket.batches() || self.outgoing.len() >= BATCH {
            self.socket.send(&mut self.outgoing).await;
        }
    }

    async fn flush(&mut self) {
        self.socket.send(&mut self.outgoing).await;
    }

    async fn recv(&mut self) -> usize {
        loop {
            if let Some(size) = self.messages.pop_front() {
                return size;
            }
            self.step().await;
        }
    }
}
