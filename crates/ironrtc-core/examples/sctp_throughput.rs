//! How fast two associations in one thread move messages, without DTLS and sockets.
//!
//! `cargo run --release -p ironrtc-core --example sctp_throughput [MESSAGE_BYTES] [MEGABYTES]`
#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock; the core does not"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::{
    Association, CongestionAlgorithm, Event, OutgoingMessage, Reliability, SctpConfig, SctpState,
    StreamId,
};
use ironrtc_core::time::Time;

/// Packets written before they are delivered, like one batch of a driver.
const BATCH: usize = 50;
const STREAM: StreamId = StreamId(1);

struct Run {
    started: Instant,
    sender: Association,
    receiver: Association,
    received: usize,
    sending: Duration,
    receiving: Duration,
}

impl Run {
    fn new(config: &SctpConfig) -> Self {
        let mut run = Self {
            started: Instant::now(),
            sender: Association::new(config.clone(), Rng::from_test_seed(1)),
            receiver: Association::new(config.clone(), Rng::from_test_seed(2)),
            received: 0,
            sending: Duration::ZERO,
            receiving: Duration::ZERO,
        };
        let now = run.now();
        run.sender.connect(now);
        let mut buffer = Vec::new();
        while run.sender.state() != SctpState::Connected {
            run.exchange(&mut buffer);
        }
        run
    }

    fn now(&self) -> Time {
        Time::from_nanos(1_000_000_000 + self.started.elapsed().as_nanos() as u64)
    }

    /// One batch forth and what answers it back.
    fn exchange(&mut self, buffer: &mut Vec<u8>) {
        let begin = Instant::now();
        let now = self.now();
        if self.sender.poll_timeout().is_some_and(|at| at <= now) {
            self.sender.handle_timeout(now);
        }
        let mut lengths = [0; BATCH];
        buffer.clear();
        for length in &mut lengths {
            let Some(len) = self.sender.write_packet(now, buffer) else {
                break;
            };
            *length = len;
        }
        while self.sender.poll_event().is_some() {}
        self.sending += begin.elapsed();

        let begin = Instant::now();
        let now = self.now();
        let mut at = 0;
        for length in lengths {
            if length > 0 {
                self.receiver.handle_packet(now, &buffer[at..at + length]);
                at += length;
            }
        }
        if self.receiver.poll_timeout().is_some_and(|at| at <= now) {
            self.receiver.handle_timeout(now);
        }
        while let Some(event) = self.receiver.poll_event() {
            if event == Event::Readable(STREAM) {
                while let Some(message) = self.receiver.recv(STREAM) {
                    self.received += message.data.len();
                }
            }
        }
        buffer.clear();
        let mut answers = Vec::new();
        while let Some(len) = self.receiver.write_packet(now, buffer) {
            answers.push(len);
        }
        self.receiving += begin.elapsed();

        let begin = Instant::now();
        let now = self.now();
        let mut at = 0;
        for length in answers {
            self.sender.handle_packet(now, &buffer[at..at + length]);
            at += length;
        }
        self.sending += begin.elapsed();
    }
}

fn measure(name: &str, config: &SctpConfig, message: usize, total: usize) {
    let mut run = Run::new(config);
    let data = Bytes::from(vec![7; message]);
    let mut queued = 0;
    let mut buffer = Vec::new();
    let begin = Instant::now();
    while run.received < total {
        while queued < total && run.sender.buffered_amount(STREAM) < 1 << 20 {
            let outgoing = OutgoingMessage {
                ppid: 53,
                data: data.clone(),
                ordered: true,
                reliability: Reliability::Reliable,
                control: false,
            };
            let now = run.now();
            run.sender
                .send(now, STREAM, outgoing)
                .expect("the send buffer has room for another message");
            queued += message;
        }
        run.exchange(&mut buffer);
    }
    let gbits = |time: Duration| run.received as f64 * 8e-9 / time.as_secs_f64();
    let stats = run.sender.stats();
    println!(
        "{name:24} {:6.2} Gbit/s in all, {:6.2} sending, {:6.2} receiving; {:.0} bytes a packet, \
         cwnd {} KiB, {} sent again, {} timeouts",
        gbits(begin.elapsed()),
        gbits(run.sending),
        gbits(run.receiving),
        stats.bytes_sent as f64 / stats.packets_sent as f64,
        stats.cwnd / 1024,
        stats.retransmissions,
        stats.timeouts,
    );
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| {
        text.parse::<usize>()
            .expect("arguments are MESSAGE_BYTES and MEGABYTES")
    });
    let message = arguments.next().unwrap_or(16 * 1024);
    let total = arguments.next().unwrap_or(1000) * 1_000_000;
    for (interleaving, zero_checksum) in [(true, true), (false, true), (true, false)] {
        let config = SctpConfig::default()
            .interleaving(interleaving)
            .zero_checksum(zero_checksum);
        let name = format!(
            "{}, {}",
            if interleaving { "I-DATA" } else { "DATA" },
            if zero_checksum {
                "no checksum"
            } else {
                "CRC32c"
            }
        );
        measure(&name, &config, message, total);
    }
    let config = SctpConfig::default().congestion(CongestionAlgorithm::Cubic);
    measure("the first, with CUBIC", &config, message, total);
}
