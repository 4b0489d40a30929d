//! Media: what a packet costs that is sent, received, or forwarded to many.
//!
//! Each side is a thread of its own with a runtime of its own, so that the processor time of a side is
//! that of its thread, the kernel's part included. A stack says how a peer is made that sends one track
//! of video, how one that receives it, and how packets go on from one to many.

mod command;
mod fan_out;
mod one_way;
mod side;

use std::future::Future;

use bytes::Bytes;

pub use command::run;

/// Payload of each packet.
pub const PAYLOAD: usize = 1200;
/// Packets that are written together, as an encoder or a peer gives them.
pub const BURST: usize = 8;
/// Ticks between two bursts: a frame each, 30 in a second.
pub const TICKS: u32 = 3000;

/// A stack under test. All its futures stay on the thread where they are made.
pub trait Media: Copy + Send + 'static {
    /// A peer that sends.
    type Source: Source;
    /// A peer that receives.
    type Sink: Sink;

    /// Makes a peer that sends one track of video, and its offer.
    fn source(self) -> impl Future<Output = (Self::Source, String)>;

    /// Makes a peer that receives what is offered, and its answer.
    fn sink(self, offer: String) -> impl Future<Output = (Self::Sink, String)>;

    /// Sends on to each of `to` what `from` receives. Does not end.
    fn forward(self, from: Self::Sink, to: Vec<Self::Source>) -> impl Future<Output = ()>;
}

/// A peer that sends one track.
pub trait Source: 'static {
    /// Takes the answer.
    fn accept(&mut self, answer: String) -> impl Future<Output = ()>;

    /// Waits until packets would leave.
    fn connected(&mut self) -> impl Future<Output = ()>;

    /// Sends packets with these payloads, of one frame, and lets them leave.
    fn send(&mut self, payloads: &[Bytes; BURST], timestamp: u32) -> impl Future<Output = ()>;

    /// Drives a stack that has no task of its own. Does not end, and is polled while a side waits.
    fn drive(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// A peer that receives one track.
pub trait Sink: 'static {
    /// Waits for packets; gives how many came, at least one. Also drives a stack that has no task of
    /// its own.
    fn recv(&mut self) -> impl Future<Output = usize>;
}

/// What is sent: a VP8 payload descriptor, and bytes.
fn payloads() -> [Bytes; BURST] {
    std::array::from_fn(|number| {
        let mut payload = vec![number as u8; PAYLOAD];
        // RFC 7741 section 4.2: the first packet of a frame begins its first partition.
        payload[0] = if number == 0 { 0x10 } else { 0x00 };
        payload.into()
    })
}
