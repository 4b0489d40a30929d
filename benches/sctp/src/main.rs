//! IronRTC's SCTP alone: two associations in one thread, without sockets, encryption or waiting.
//! Time is virtual, so each run does the same work, and `valgrind --tool=callgrind` counts it
//! exactly. `BENCH_PACKET` sets the packet size, `BENCH_CONGESTION=cubic` takes CUBIC.
//!
//! A turn is what a driver does: the sender fills batches, the receiver takes one in, the
//! application reads all there is, and the acknowledgement goes back.
#![forbid(unsafe_code)]

use std::env;
use std::time::{Duration, Instant};

use bench_harness::{buffered, cpu_time};
use bytes::Bytes;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::{
    Association, CongestionAlgorithm, OutgoingMessage, Reliability, SctpConfig, SctpState, StreamId,
};
use ironrtc_core::time::Time;

/// Payload that is moved before the clock starts.
const WARM_UP: usize = 8 * 1024 * 1024;
/// Bytes of packets in a batch: what segmentation offload takes.
const BATCH: usize = 65_000;
/// How long a batch is under way.
const STEP: Duration = Duration::from_micros(50);
const STREAM: StreamId = StreamId(0);

/// A batch of packets: their bytes, and where each ends.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    fn fill(&mut self, now: Time, from: &mut Association) {
        self.bytes.clear();
        self.ends.clear();
        while self.bytes.len() < BATCH
            && let Some(_) = from.write_packet(now, &mut self.bytes)
        {
            self.ends.push(self.bytes.len());
        }
    }

    fn deliver(&self, now: Time, to: &mut Association) {
        let mut start = 0;
        for &end in &self.ends {
            to.handle_packet(now, &self.bytes[start..end]);
            start = end;
        }
    }
}

struct Pair {
    now: Time,
    sender: Association,
    receiver: Association,
    batch: Batch,
}

impl Pair {
    fn connected() -> Self {
        let mut pair = Self {
            now: Time::from_millis(1),
            sender: Association::new(configuration(), Rng::from_test_seed(1)),
            receiver: Association::new(configuration(), Rng::from_test_seed(2)),
            batch: Batch::default(),
        };
        pair.sender.connect(pair.now);
        pair.receiver.connect(pair.now);
        while pair.sender.state() != SctpState::Connected
            || pair.receiver.state() != SctpState::Connected
        {
            pair.turn();
        }
        pair
    }

    fn turn(&mut self) {
        self.now += STEP;
        carry(
            self.now,
            &mut self.batch,
            &mut self.sender,
            &mut self.receiver,
        );
        self.now += STEP;
        carry(
            self.now,
            &mut self.batch,
            &mut self.receiver,
            &mut self.sender,
        );
    }

    /// Moves so many messages one way.
    fn transfer(&mut self, message: &Bytes, count: usize) {
        let room = buffered().saturating_sub(message.len());
        let (mut sent, mut received) = (0, 0);
        while received < count {
            while sent < count && self.sender.buffered_amount(STREAM) <= room {
                let message = OutgoingMessage {
                    ppid: 53,
                    data: message.clone(),
                    ordered: true,
                    reliability: Reliability::Reliable,
                    control: false,
                };
                self.sender
                    .send(self.now, STREAM, message)
                    .expect("a connected association");
                sent += 1;
            }
            self.turn();
            while let Some(read) = self.receiver.recv(STREAM) {
                assert_eq!(
                    read.data.len(),
                    message.len(),
                    "a message of the wrong size"
                );
                received += 1;
            }
        }
    }
}

/// Moves a batch from one end to the other.
fn carry(now: Time, batch: &mut Batch, from: &mut Association, to: &mut Association) {
    for end in [&mut *from, &mut *to] {
        if end.poll_timeout().is_some_and(|at| at <= now) {
            end.handle_timeout(now);
        }
    }
    batch.fill(now, from);
    batch.deliver(now, to);
    while to.poll_event().is_some() {}
}

fn configuration() -> SctpConfig {
    let mut config = SctpConfig::default();
    if let Ok(size) = env::var("BENCH_PACKET") {
        config.max_packet_size = size.parse().expect("BENCH_PACKET is a number of bytes");
    }
    if env::var_os("BENCH_CONGESTION").is_some_and(|name| name == "cubic") {
        config.congestion = CongestionAlgorithm::Cubic;
    }
    config
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, size, bytes] = &arguments[..] else {
        panic!("usage: bench-sctp throughput MESSAGE_SIZE BYTES");
    };
    assert_eq!(kind, "throughput", "SCTP alone measures throughput only");
    let size: usize = size.parse().expect("a message size");
    let count = bytes
        .parse::<usize>()
        .expect("a number of bytes")
        .div_ceil(size);
    let message = Bytes::from(vec![0x5a; size]);
    let mut pair = Pair::connected();
    pair.transfer(&message, WARM_UP.div_ceil(size));
    let (start, cpu) = (Instant::now(), cpu_time());
    pair.transfer(&message, count);
    let (elapsed, cpu) = (start.elapsed(), cpu_time() - cpu);
    let payload = (count * size) as f64;
    println!(
        r#"{{"mbit_s":{:.1},"cpu_ns_per_kib":{:.1}}}"#,
        payload * 8.0 / elapsed.as_secs_f64() / 1e6,
        cpu.as_nanos() as f64 / (payload / 1024.0)
    );
}
