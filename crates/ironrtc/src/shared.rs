//! What the handles of a connection and its task share: the machine behind a lock.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use ironrtc_core::channel::{self, ChannelId, CreateError};
use ironrtc_core::peer;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{IoRequest, TransportId};
use tokio::sync::Notify;
use tracing::Span;

use crate::clock::Clock;
use crate::machine::{ApplicationEvent, Machine, Output};
use crate::observe::Name;
use crate::queue::EventQueue;
use crate::signal::{self, Signal};
use crate::track_state::Media;
use crate::url::Server;
use crate::wait::wait_for;

/// Most requests that wait: names of candidates to be looked up, of which the core accepts 64.
const MAX_REQUESTS: usize = 64;

/// The lock's content.
pub(crate) struct Core<M: ?Sized> {
    /// The servers that the next gathering asks.
    pub(crate) servers: Vec<Server>,
    /// What the machine and its handles ask of the task.
    pub(crate) requests: VecDeque<(TransportId, IoRequest)>,
    /// The machine was closed; the task says goodbye and ends.
    pub(crate) closing: bool,
    /// Wakes the task. Taken by who wakes it, so that a burst of calls pays for one wake.
    task: Option<Waker>,
    signals: BTreeMap<ChannelId, Arc<Signal>>,
    /// Channels whose senders wait until no more than so many bytes are queued.
    drains: BTreeMap<ChannelId, usize>,
    /// Bytes that the application read since the task was last woken for it.
    read: usize,
    read_limit: usize,
    events: Arc<EventQueue>,
    pub(crate) media: Media,
    pub(crate) machine: M,
}

/// A connection. The task and the handles hold it; the handles are counted, and the last one to go
/// closes it.
pub(crate) struct Shared<M: ?Sized> {
    pub(crate) id: u64,
    /// What is told of the connection is told in it, by whichever call.
    pub(crate) span: Span,
    pub(crate) clock: Clock,
    pub(crate) events: Arc<EventQueue>,
    /// Wakes all that wait for a change of the connection.
    changed: Notify,
    pub(crate) handles: AtomicUsize,
    over: AtomicBool,
    core: Mutex<Core<M>>,
}

impl<M> Shared<M> {
    pub(crate) fn new(
        name: Name,
        machine: M,
        clock: Clock,
        servers: Vec<Server>,
        receive_window: usize,
    ) -> Arc<Self> {
        let events = Arc::new(EventQueue::default());
        Arc::new(Self {
            id: name.number,
            span: name.span,
            clock,
            events: events.clone(),
            changed: Notify::new(),
            handles: AtomicUsize::new(0),
            over: AtomicBool::new(false),
            core: Mutex::new(Core {
                servers,
                requests: VecDeque::new(),
                closing: false,
                task: None,
                signals: BTreeMap::new(),
                drains: BTreeMap::new(),
                read: 0,
                read_limit: receive_window / 4,
                events,
                media: Media::default(),
                machine,
            }),
        })
    }
}

impl<M: Machine + ?Sized> Shared<M> {
    /// The lock. Never held across an await.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core<M>> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something of the machine.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&M) -> R) -> R {
        read(&self.lock().machine)
    }

    /// Changes something of the machine, and lets the task act on it.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut M, Time) -> R) -> R {
        let _entered = self.span.enter();
        let now = self.clock.now();
        let mut core = self.lock();
        let result = change(&mut core.machine, now);
        self.finish(core, now);
        result
    }

    /// Passes on what the machine reports, then unlocks and wakes the task.
    pub(crate) fn finish(&self, mut core: MutexGuard<'_, Core<M>>, now: Time) {
        let news = core.pump(now);
        self.unlock(core, news);
    }

    fn unlock(&self, mut core: MutexGuard<'_, Core<M>>, news: bool) {
        let task = core.task.take();
        drop(core);
        if news {
            self.changed.notify_waiters();
        }
        if let Some(task) = task {
            task.wake();
        }
    }

    /// The next message of a channel. The task is woken once enough was read for the peer to
    /// care; every acknowledgement says how much was read anyway.
    pub(crate) fn recv(&self, id: ChannelId) -> Option<channel::Message> {
        let _entered = self.span.enter();
        let now = self.clock.now();
        let mut core = self.lock();
        let message = core.machine.channels_mut().recv(now, id);
        core.read += message.as_ref().map_or(0, channel::Message::len);
        // Reading the last message may have closed the channel, which the peer is told.
        let news = core.pump(now);
        if news || core.read >= core.read_limit {
            core.read = 0;
            self.unlock(core, news);
        }
        message
    }

    /// The task's part of [`finish`](Self::finish).
    pub(crate) fn pump(&self, core: &mut Core<M>, now: Time) {
        if core.pump(now) {
            self.changed.notify_waiters();
        }
    }

    /// Waits until `ready` gives something. It is asked again after each change of the connection.
    pub(crate) async fn wait_for<T>(&self, ready: impl FnMut() -> Option<T>) -> T {
        wait_for(&self.changed, ready).await
    }

    /// Closes the machine. The task says goodbye and ends soon after.
    pub(crate) fn close(&self) {
        let _entered = self.span.enter();
        let now = self.clock.now();
        let mut core = self.lock();
        if !core.closing {
            core.closing = true;
            core.machine.close(now);
            core.media.end();
            self.finish(core, now);
            self.events.end();
            self.changed.notify_waiters();
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// The task has ended, and with it the sockets.
    pub(crate) fn set_over(&self) {
        self.over.store(true, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Makes a channel. Its signal is there before the first event.
    pub(crate) fn create_channel(
        &self,
        create: impl FnOnce(&mut M, Time) -> Result<ChannelId, CreateError>,
    ) -> Result<(ChannelId, Arc<Signal>), CreateError> {
        let _entered = self.span.enter();
        let now = self.clock.now();
        let mut core = self.lock();
        let id = create(&mut core.machine, now)?;
        let signal = core.signals.entry(id).or_default().clone();
        self.finish(core, now);
        Ok((id, signal))
    }

    /// The signal of a channel that was announced.
    pub(crate) fn signal(&self, id: ChannelId) -> Arc<Signal> {
        self.lock().signals.entry(id).or_default().clone()
    }
}

impl<M: Machine + ?Sized> Core<M> {
    /// Passes on what the machine reports. True if the application or a channel has news.
    fn pump(&mut self, now: Time) -> bool {
        let mut news = false;
        while let Some(output) = self.machine.poll_output() {
            news = true;
            match output {
                Output::Io(id, IoRequest::Gather) => {
                    // Before names, of which there may be many, and in the order of transports.
                    let gather = |(_, request): &&_| *request == IoRequest::Gather;
                    let place = self.requests.iter().take_while(gather).count();
                    self.requests.insert(place, (id, IoRequest::Gather));
                }
                Output::Io(id, IoRequest::Release) => {
                    self.requests.push_back((id, IoRequest::Release));
                }
                Output::Io(id, request) if self.requests.len() < MAX_REQUESTS => {
                    self.requests.push_back((id, request));
                }
                // Without the request, as a name in it may say who the peer is.
                Output::Io(..) => tracing::debug!("too much is asked for"),
                Output::Channel(event) => self.on_channel(now, event),
                Output::Media(id, event) => self.media.on_event(id, event),
                Output::Application(event) => {
                    if let ApplicationEvent::Peer(peer::Event::Track(change)) = &event {
                        self.media.on_change(change);
                    }
                    self.events.push(event);
                }
            }
        }
        news
    }

    fn on_channel(&mut self, now: Time, event: channel::Event) {
        let (id, bit) = match event {
            channel::Event::Announced(id) => {
                self.raise(id, signal::OPEN);
                if !self.events.push(ApplicationEvent::DataChannel(id)) {
                    // Nobody will ever see it: the peer is told so.
                    tracing::warn!("a channel was refused: too many events wait unread");
                    self.machine.channels_mut().close(now, id);
                    self.forget(id);
                }
                return;
            }
            channel::Event::Error(id, text) => {
                if let Some(signal) = self.signals.get(&id) {
                    signal.fail(text);
                }
                return;
            }
            channel::Event::Open(id) => (id, signal::OPEN),
            channel::Event::Readable(id) => (id, signal::READABLE),
            channel::Event::BufferedAmountLow(id) => (id, signal::LOW),
            channel::Event::Closing(id) => (id, signal::CLOSING),
            channel::Event::Closed(id) => (id, signal::CLOSED),
            event => return tracing::debug!(?event, "not known to this driver"),
        };
        if let Some(signal) = self.signals.get(&id) {
            signal.raise(bit);
        }
    }

    fn raise(&mut self, id: ChannelId, bit: u8) {
        self.signals.entry(id).or_default().raise(bit);
    }

    /// The last handle of a channel is gone.
    pub(crate) fn forget(&mut self, id: ChannelId) {
        self.signals.remove(&id);
        self.drains.remove(&id);
        self.machine.channels_mut().forget(id);
    }

    /// Wakes the channel's waiters once no more than `bytes` are queued.
    pub(crate) fn wait_for_drain(&mut self, id: ChannelId, bytes: usize) {
        match self.drains.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(bytes);
            }
            Entry::Occupied(mut entry) => {
                let highest = bytes.max(*entry.get());
                entry.insert(highest);
            }
        }
    }

    /// Wakes the waiters whose channels have drained.
    pub(crate) fn wake_drained(&mut self) {
        let (transport, signals) = (self.machine.transport(), &self.signals);
        self.drains.retain(|id, bytes| {
            let waits = transport.buffered_amount(*id) > *bytes;
            if !waits && let Some(signal) = signals.get(id) {
                signal.wake();
            }
            waits
        });
    }

    /// The task sleeps, until it is woken.
    pub(crate) fn sleep(&mut self, context: &Context<'_>) {
        match &mut self.task {
            Some(task) => task.clone_from(context.waker()),
            None => self.task = Some(context.waker().clone()),
        }
    }

    /// Wakes everybody who waits for a channel, at the end.
    pub(crate) fn wake_channels(&self) {
        for signal in self.signals.values() {
            signal.wake();
        }
    }
}
