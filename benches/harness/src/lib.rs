//! The work that every stack does, defined once: a stack only says how a pair of peers is made
//! and how an end sends and receives one message.
//!
//! Both ends live in one process, on one tokio runtime with two workers, each end in a task of
//! its own.
#![forbid(unsafe_code)]

mod command;
pub mod framing;
mod measure;
pub mod media;
mod process;
mod relay;

use std::future::Future;
use std::sync::LazyLock;

use bytes::Bytes;

pub use command::run;
pub use process::cpu_time;
pub use relay::Relay;

/// Bytes that an end may have waiting before [`End::send`] waits: 1 MiB, or `BENCH_BUFFERED`.
pub fn buffered() -> usize {
    // Asked for with each message, so the environment is read once.
    static BYTES: LazyLock<usize> = LazyLock::new(|| {
        std::env::var("BENCH_BUFFERED").map_or(1024 * 1024, |bytes| {
            bytes.parse().expect("BENCH_BUFFERED is a number of bytes")
        })
    });
    *BYTES
}

/// One end of a connected pair, with one reliable and ordered channel.
pub trait End: Send + 'static {
    /// Queues one message. Waits until the channel is open, and while more than [`buffered`]
    /// bytes wait to be sent.
    fn send(&mut self, message: Bytes) -> impl Future<Output = ()> + Send;

    /// Hands over to the system what `send` may have held back to make a batch.
    fn flush(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// The length of the next message. Also drives a stack that has no task of its own, so it is
    /// polled on an end that waits for nothing. Must lose nothing when it is dropped.
    fn recv(&mut self) -> impl Future<Output = usize> + Send;

    /// Frees what dropping does not.
    fn close(self) -> impl Future<Output = ()> + Send
    where
        Self: Sized,
    {
        async {}
    }
}

/// A stack under test.
pub trait Stack: Send + Sync + 'static {
    /// Its end of a pair.
    type End: End;

    /// Makes both peers and lets them exchange descriptions, certificates and keys included.
    /// They need not be connected when it returns.
    fn pair(&self) -> impl Future<Output = (Self::End, Self::End)> + Send;
}
