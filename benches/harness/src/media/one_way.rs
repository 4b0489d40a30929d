//! One peer sends to one that receives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::side::{Thread, spawn};
use super::{BURST, Media, Sink, Source, TICKS, payloads};

/// Most packets on their way: they fit a socket's buffer as systems have it.
const IN_FLIGHT: u64 = 64;
/// How long lost packets are waited for.
const PATIENCE: Duration = Duration::from_millis(50);

pub(super) struct OneWay {
    /// Nanoseconds a packet.
    pub(super) send: f64,
    pub(super) receive: f64,
    /// Packets that did not arrive, of a thousand.
    pub(super) lost: f64,
}

/// What the sides tell each other.
#[derive(Default)]
struct Progress {
    received: AtomicU64,
    changed: Notify,
}

pub(super) fn measure<M: Media>(media: M, packets: usize) -> OneWay {
    let (result, wait) = mpsc::channel();
    let (offers, offer) = oneshot::channel();
    let (answers, answer) = oneshot::channel();
    let progress = Arc::new(Progress::default());
    let theirs = progress.clone();
    spawn("sink", move || async move {
        let (mut sink, answer) = media.sink(offer.await.expect("an offer")).await;
        let _ = answers.send((answer, Thread::current()));
        let mut told = 0;
        loop {
            let count = sink.recv().await as u64;
            let received = theirs.received.fetch_add(count, Ordering::AcqRel) + count;
            // Half of what may be on its way, so that the sender need not wait.
            if received - told >= IN_FLIGHT / 2 {
                told = received;
                theirs.changed.notify_one();
            }
        }
    });
    spawn("source", move || async move {
        let (mut source, offer) = media.source().await;
        let _ = offers.send(offer);
        let (answer, sink) = answer.await.expect("an answer");
        source.accept(answer).await;
        source.connected().await;
        let me = Thread::current();
        let mut sender = Sender::new(source, progress);
        sender.send(packets / 10).await;
        let before = (me.cpu_time(), sink.cpu_time(), sender.received());
        let sent = sender.send(packets).await;
        let received = sender.received() - before.2;
        let each = |time: Duration, packets: u64| time.as_nanos() as f64 / packets.max(1) as f64;
        let _ = result.send(OneWay {
            send: each(me.cpu_time() - before.0, sent),
            receive: each(sink.cpu_time() - before.1, received),
            lost: sent.saturating_sub(received) as f64 * 1000.0 / sent as f64,
        });
        sender.source.drive().await;
    });
    wait.recv().expect("the sides ran")
}

struct Sender<S> {
    source: S,
    progress: Arc<Progress>,
    sent: u64,
    /// Packets that were given up.
    lost: u64,
    timestamp: u32,
}

impl<S: Source> Sender<S> {
    fn new(source: S, progress: Arc<Progress>) -> Self {
        Self {
            source,
            progress,
            sent: 0,
            lost: 0,
            timestamp: 0,
        }
    }

    fn received(&self) -> u64 {
        self.progress.received.load(Ordering::Acquire)
    }

    /// Sends so many packets and waits for their arrival.
    async fn send(&mut self, packets: usize) -> u64 {
        let payloads = payloads();
        let before = self.sent;
        for _ in 0..packets / BURST {
            self.wait(IN_FLIGHT - BURST as u64).await;
            self.source.send(&payloads, self.timestamp).await;
            self.timestamp = self.timestamp.wrapping_add(TICKS);
            self.sent += BURST as u64;
        }
        self.wait(IN_FLIGHT / 2).await;
        tokio::time::sleep(PATIENCE).await;
        self.sent - before
    }

    /// Waits until no more than so many packets are on their way.
    async fn wait(&mut self, most: u64) {
        while self.sent.saturating_sub(self.lost + self.received()) > most {
            let progress = self.progress.clone();
            let news = tokio::time::timeout(PATIENCE, progress.changed.notified());
            tokio::select! {
                news = news => {
                    if news.is_err() {
                        self.lost = self.sent.saturating_sub(self.received());
                    }
                }
                () = self.source.drive() => {}
            }
        }
    }
}
