//! One peer forwards what it receives to many.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::side::{Thread, spawn};
use super::{BURST, Media, Sink, Source, TICKS, payloads};

/// How long copies of a burst are waited for.
const PATIENCE: Duration = Duration::from_millis(200);

pub(super) struct FanOut {
    /// Nanoseconds a copy, what it takes to receive the packet included.
    pub(super) copy: f64,
    /// Copies that did not arrive, of a thousand.
    pub(super) lost: f64,
}

/// Descriptions on their way from one side to the other.
type Descriptions = (UnboundedSender<String>, UnboundedReceiver<String>);

/// `bursts` go to `peers`, one after the other.
pub(super) fn measure<M: Media>(media: M, peers: usize, bursts: usize) -> FanOut {
    let (result, wait) = mpsc::channel();
    let (to_forwarder, from_edge) = unbounded_channel();
    let (to_edge, from_forwarder) = unbounded_channel();
    let (threads, forwarder) = mpsc::channel();
    spawn("forwarder", move || async move {
        let _ = threads.send(Thread::current());
        forward(media, peers, (to_edge, from_edge)).await;
    });
    spawn("edge", move || async move {
        let forwarder = forwarder.recv().expect("it has begun");
        let edge = Edge::new(media, peers, (to_forwarder, from_forwarder)).await;
        let _ = result.send(edge.run(forwarder, bursts).await);
        std::future::pending::<()>().await;
    });
    wait.recv().expect("the sides ran")
}

async fn forward<M: Media>(media: M, peers: usize, (to, mut from): Descriptions) {
    let offer = from.recv().await.expect("an offer");
    let (sink, answer) = media.sink(offer).await;
    to.send(answer).expect("the other side lives");
    let mut sources = Vec::with_capacity(peers);
    for _ in 0..peers {
        let (mut source, offer) = media.source().await;
        to.send(offer).expect("the other side lives");
        source.accept(from.recv().await.expect("an answer")).await;
        sources.push(source);
    }
    for source in &mut sources {
        source.connected().await;
    }
    to.send(String::new()).expect("the other side lives");
    media.forward(sink, sources).await;
}

/// The peer that publishes, and those that receive the copies.
struct Edge<S> {
    publisher: S,
    received: Rc<Received>,
    peers: u64,
    timestamp: u32,
}

#[derive(Default)]
struct Received {
    packets: Cell<u64>,
    /// How many are waited for.
    wanted: Cell<u64>,
    enough: Notify,
}

impl Received {
    fn add(&self, packets: usize) {
        self.packets.set(self.packets.get() + packets as u64);
        if self.packets.get() >= self.wanted.get() {
            self.enough.notify_one();
        }
    }

    /// Waits for so many more than there were at `before`; the number that is there then.
    async fn wait(&self, before: u64, more: u64) {
        self.wanted.set(before + more);
        let enough = async {
            while self.packets.get() < self.wanted.get() {
                self.enough.notified().await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, enough).await;
    }
}

impl<S: Source> Edge<S> {
    async fn new<M: Media<Source = S>>(
        media: M,
        peers: usize,
        (to, mut from): Descriptions,
    ) -> Self {
        let (mut publisher, offer) = media.source().await;
        to.send(offer).expect("the other side lives");
        publisher
            .accept(from.recv().await.expect("an answer"))
            .await;
        let received = Rc::new(Received::default());
        for _ in 0..peers {
            let (mut sink, answer) = media.sink(from.recv().await.expect("an offer")).await;
            to.send(answer).expect("the other side lives");
            let received = received.clone();
            tokio::task::spawn_local(async move {
                loop {
                    received.add(sink.recv().await);
                }
            });
        }
        // What forwards to them listens to the publisher from then on.
        from.recv().await.expect("the other side lives");
        publisher.connected().await;
        Self {
            publisher,
            received,
            peers: peers as u64,
            timestamp: 0,
        }
    }

    async fn run(mut self, forwarder: Thread, bursts: usize) -> FanOut {
        // Streams begin with the first packets.
        self.publish(bursts / 10 + 5).await;
        let before = (forwarder.cpu_time(), self.received.packets.get());
        self.publish(bursts).await;
        let time = forwarder.cpu_time() - before.0;
        let copies = self.received.packets.get() - before.1;
        let sent = self.peers * (bursts * BURST) as u64;
        FanOut {
            copy: time.as_nanos() as f64 / copies.max(1) as f64,
            lost: sent.saturating_sub(copies) as f64 * 1000.0 / sent as f64,
        }
    }

    async fn publish(&mut self, bursts: usize) {
        let payloads = payloads();
        for _ in 0..bursts {
            let before = self.received.packets.get();
            self.publisher.send(&payloads, self.timestamp).await;
            self.timestamp = self.timestamp.wrapping_add(TICKS);
            let copies = self.peers * BURST as u64;
            tokio::select! {
                () = self.received.wait(before, copies) => {}
                () = self.publisher.drive() => {}
            }
        }
    }
}
