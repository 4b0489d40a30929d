//! The four measurements.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::process::{cpu_time, resident};
use crate::{End, Stack};

/// Payload that is moved before the clock starts, so that windows are open.
const WARM_UP: usize = 8 * 1024 * 1024;
/// Size of an echoed message.
const ECHO_SIZE: usize = 64;
/// Round trips before the clock starts.
const ECHO_WARM_UP: usize = 200;
/// How long idle connections are left alone before their memory is read.
const SETTLE: Duration = Duration::from_secs(2);

pub(crate) struct Throughput {
    pub(crate) mbit_s: f64,
    /// Processor time of both ends, for each KiB of payload.
    pub(crate) cpu_ns_per_kib: f64,
}

/// Moves `bytes` of payload one way in messages of `size`, after a warm-up. The clock is the
/// receiver's: from the end of the warm-up to the last message.
pub(crate) async fn throughput<S: Stack>(stack: &S, size: usize, bytes: usize) -> Throughput {
    let (mut sender, mut receiver) = connected(stack).await;
    let warm_up = WARM_UP.div_ceil(size);
    let counted = bytes.div_ceil(size);
    let receiving = tokio::spawn(async move {
        expect(&mut receiver, size, warm_up).await;
        let (start, cpu) = (Instant::now(), cpu_time());
        expect(&mut receiver, size, counted).await;
        let used = (start.elapsed(), cpu_time() - cpu);
        (used, receiver)
    });
    let sending = tokio::spawn(async move {
        let message = Bytes::from(vec![0x5a; size]);
        for _ in 0..warm_up + counted {
            sender.send(message.clone()).await;
        }
        sender.flush().await;
        drive(sender).await;
    });
    let ((elapsed, cpu), _receiver) = receiving.await.expect("the receiver ran");
    sending.abort();
    let payload = (counted * size) as f64;
    Throughput {
        mbit_s: payload * 8.0 / elapsed.as_secs_f64() / 1e6,
        cpu_ns_per_kib: cpu.as_nanos() as f64 / (payload / 1024.0),
    }
}

/// Payload in Mbit/s that arrives in so many seconds from the first message on, growth of the windows
/// included: for links (`BENCH_LINK`) on which that takes long.
pub(crate) async fn transfer<S: Stack>(stack: &S, size: usize, seconds: usize) -> f64 {
    let (mut sender, mut receiver) = connected(stack).await;
    let sending = tokio::spawn(async move {
        let message = Bytes::from(vec![0x5a; size]);
        loop {
            sender.send(message.clone()).await;
            sender.flush().await;
        }
    });
    let time = Duration::from_secs(seconds as u64);
    let receiving = tokio::spawn(async move {
        expect(&mut receiver, size, 1).await;
        let end = tokio::time::Instant::now() + time;
        let mut bytes = 0;
        while let Ok(len) = tokio::time::timeout_at(end, receiver.recv()).await {
            bytes += len;
        }
        bytes
    });
    let bytes = receiving.await.expect("the receiver ran");
    sending.abort();
    bytes as f64 * 8.0 / time.as_secs_f64() / 1e6
}

/// `count` times from nothing to the first message at the other end, in seconds. The first pair
/// is not counted.
pub(crate) async fn setup<S: Stack>(stack: &S, count: usize) -> Vec<f64> {
    let mut times = Vec::with_capacity(count);
    for round in 0..=count {
        let start = Instant::now();
        let (sender, receiver) = connected(stack).await;
        if round > 0 {
            times.push(start.elapsed().as_secs_f64());
        }
        sender.close().await;
        receiver.close().await;
    }
    times
}

/// `count` round trips of a small message, in seconds.
pub(crate) async fn echo<S: Stack>(stack: &S, count: usize) -> Vec<f64> {
    let (mut near, mut far) = connected(stack).await;
    let message = Bytes::from_static(&[0x5a; ECHO_SIZE]);
    let reply = message.clone();
    let echoing: JoinHandle<()> = tokio::spawn(async move {
        loop {
            expect(&mut far, ECHO_SIZE, 1).await;
            far.send(reply.clone()).await;
            far.flush().await;
        }
    });
    let asking = tokio::spawn(async move {
        let mut times = Vec::with_capacity(count);
        for round in 0..ECHO_WARM_UP + count {
            let start = Instant::now();
            near.send(message.clone()).await;
            near.flush().await;
            expect(&mut near, ECHO_SIZE, 1).await;
            if round >= ECHO_WARM_UP {
                times.push(start.elapsed().as_secs_f64());
            }
        }
        times
    });
    let times = asking.await.expect("the asking end ran");
    echoing.abort();
    times
}

/// Resident bytes that each end of `pairs` idle connections adds. The first pair is not counted:
/// it pays for what a process needs once.
pub(crate) async fn memory<S: Stack>(stack: &S, pairs: usize) -> f64 {
    let mut idle = Vec::with_capacity(2 * (pairs + 1));
    let mut before = 0;
    for round in 0..=pairs {
        if round == 1 {
            tokio::time::sleep(SETTLE).await;
            before = resident();
        }
        let (one, other) = connected(stack).await;
        idle.push(tokio::spawn(drive(one)));
        idle.push(tokio::spawn(drive(other)));
    }
    tokio::time::sleep(SETTLE).await;
    let grown = resident().saturating_sub(before);
    for end in &idle {
        assert!(!end.is_finished(), "an idle connection ended");
    }
    grown as f64 / (2 * pairs) as f64
}

/// A pair after its first message, from the first end to the second.
async fn connected<S: Stack>(stack: &S) -> (S::End, S::End) {
    let (mut sender, mut receiver) = stack.pair().await;
    let (first_arrived, arrived) = tokio::sync::oneshot::channel();
    let receiving = tokio::spawn(async move {
        expect(&mut receiver, ECHO_SIZE, 1).await;
        let _ = first_arrived.send(());
        receiver
    });
    let sending = tokio::spawn(async move {
        sender.send(Bytes::from_static(&[0x5a; ECHO_SIZE])).await;
        sender.flush().await;
        tokio::select! {
            _ = arrived => {}
            size = sender.recv() => panic!("{size} bytes that nobody sent"),
        }
        sender
    });
    let receiver = receiving.await.expect("the receiver ran");
    (sending.await.expect("the sender ran"), receiver)
}

async fn expect<E: End>(end: &mut E, size: usize, count: usize) {
    for _ in 0..count {
        assert_eq!(end.recv().await, size, "a message of another size");
    }
}

/// Keeps an end alive to which nothing is sent.
async fn drive<E: End>(mut end: E) {
    let size = end.recv().await;
    panic!("{size} bytes that nobody sent");
}

/// The value below which `part` of `values` lie.
pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted[(last as f64 * part).round() as usize]
}
