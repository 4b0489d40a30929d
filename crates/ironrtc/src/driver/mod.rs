//! The task of a connection: it owns the sockets and the timer, and moves datagrams between them
//! and the machine.
//!
//! One turn receives a batch, hands it to the machine under one lock and with one time, and sends
//! what the machine then wants to send. Between turns others get to run.

mod fragments;
mod gather;
mod heap;
mod interfaces;
mod mdns;
mod resolve;
mod socket;
mod sockets;

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ironrtc_core::datagram::{Path, Transmit};
use ironrtc_core::time::Time;
use ironrtc_core::transport::IoRequest;
use tokio::time::Sleep;
use tracing::Instrument as _;

use self::gather::Gathering;
pub(crate) use self::resolve::candidate as resolve_candidate;
use self::socket::Progress;
use self::sockets::Sockets;
use crate::ConfigurationError;
use crate::machine::Machine;
use crate::shared::Shared;

/// How long a turn may take before others get to run. One batch is never cut short.
const TURN: Duration = Duration::from_millis(1);
/// The shortest sleep while a socket is full.
const BLOCKED: Duration = Duration::from_millis(1);
/// How long goodbyes may wait for a full socket.
const LINGER: Duration = Duration::from_millis(200);

thread_local! {
    /// Where a batch is written. It belongs to the thread, as an idle connection needs none.
    static OUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Binds to the addresses that were configured.
pub(crate) fn bind(
    configured: &[SocketAddr],
) -> Result<Vec<std::net::UdpSocket>, ConfigurationError> {
    if configured.is_empty() {
        return Ok(Vec::new());
    }
    let failed = |address: SocketAddr, error: std::io::Error| ConfigurationError::Bind {
        address,
        reason: error.to_string(),
    };
    interfaces::addresses(configured)
        .into_iter()
        .map(|address| socket::bind(address).map_err(|error| failed(address, error)))
        .collect()
}

/// Starts the task.
pub(crate) fn spawn(
    runtime: &tokio::runtime::Handle,
    shared: Arc<Shared<dyn Machine>>,
    bind: Vec<SocketAddr>,
    bound: Vec<std::net::UdpSocket>,
) {
    let span = shared.span.clone();
    let driver = Driver {
        shared,
        sockets: Sockets::default(),
        gathering: Gathering::new(bind, bound),
        timer: None,
        armed: None,
        deadline: None,
        pending: None,
        closing_since: None,
    };
    runtime.spawn(driver.instrument(span));
}

struct Driver {
    shared: Arc<Shared<dyn Machine>>,
    sockets: Sockets,
    gathering: Gathering,
    /// Made when first needed.
    timer: Option<Pin<Box<Sleep>>>,
    /// When the timer fires.
    armed: Option<Time>,
    /// When the machine wants to be called.
    deadline: Option<Time>,
    /// A batch that a full socket did not take: its bytes, and how far it came.
    pending: Option<(Transmit, Vec<u8>, Progress)>,
    closing_since: Option<Time>,
}

/// How a turn of sending ended.
enum Sent {
    /// The machine has no more, and knows the task.
    All,
    /// Others should run now.
    Enough,
    /// A socket is full.
    Blocked,
    /// The machine is closed and has said goodbye.
    Over,
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        this.serve_requests();
        this.gathering.poll(context, &this.shared);
        let mut now = this.shared.clock.now();
        let end = now + TURN;
        loop {
            let received = this.receive(context, &mut now);
            this.run_timers(now);
            let news = match this.transmit(context, &mut now, end) {
                Sent::Over => return Poll::Ready(()),
                Sent::Enough => break context.waker().wake_by_ref(),
                // What a machine reports on its way may be a request.
                Sent::All => this.serve_requests(),
                Sent::Blocked => false,
            };
            // Sockets that had nothing know the task.
            if !received && !news {
                break;
            }
            now = this.shared.clock.now();
            if now >= end {
                break context.waker().wake_by_ref();
            }
        }
        if this.arm(context) {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Driver {
    /// Does what the machine and its handles ask for. True if there was something.
    fn serve_requests(&mut self) -> bool {
        let requests = std::mem::take(&mut self.shared.lock().requests);
        let served = !requests.is_empty();
        for (id, request) in requests {
            match request {
                IoRequest::Gather => {
                    let sockets = &mut self.sockets;
                    self.gathering.start(&self.shared, id, sockets);
                }
                IoRequest::Resolve(candidate) => self.gathering.resolve(id, candidate),
                IoRequest::Release => {
                    self.gathering.forget(id);
                    self.sockets.keep(id, |_| false);
                }
                request => tracing::debug!(?request, "not known to this driver"),
            }
        }
        served
    }

    /// Receives at most one batch from each socket, which came by the time that it is `now` then. True if
    /// there was one.
    fn receive(&mut self, context: &mut Context<'_>, now: &mut Time) -> bool {
        let shared = &self.shared;
        let mut received = false;
        for (_, socket) in self.sockets.iter_mut() {
            let local = socket.local();
            let batch = socket.poll_receive(context, |batch| {
                *now = shared.clock.now();
                let mut core = shared.lock();
                for buffer in batch {
                    let path = Path::udp(local, buffer.remote);
                    for datagram in buffer.data.chunks_mut(buffer.stride) {
                        core.machine
                            .handle_datagram(*now, path, buffer.ecn, datagram);
                    }
                }
                shared.pump(&mut core, *now);
            });
            received |= batch.is_ready();
        }
        self.sockets.drop_broken();
        received
    }

    fn run_timers(&mut self, now: Time) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            let mut core = self.shared.lock();
            core.machine.handle_timeout(now);
            self.shared.pump(&mut core, now);
            self.deadline = core.machine.poll_timeout();
        }
    }

    /// Sends what the machine has; it is `now`, and is later then.
    fn transmit(&mut self, context: &mut Context<'_>, now: &mut Time, end: Time) -> Sent {
        if let Some((transmit, data, mut progress)) = self.pending.take()
            && !self.send(context, &transmit, &data, &mut progress)
        {
            self.pending = Some((transmit, data, progress));
            return self.blocked(context);
        }
        let segments = self.sockets.max_segments();
        OUT.with_borrow_mut(|out| {
            loop {
                out.clear();
                let mut core = self.shared.lock();
                let Some(transmit) = core.machine.poll_transmit(*now, segments, out) else {
                    self.shared.pump(&mut core, *now);
                    core.wake_drained();
                    self.deadline = core.machine.poll_timeout();
                    core.sleep(context);
                    return if core.closing { Sent::Over } else { Sent::All };
                };
                // Whoever waits for room fills the queue while this batch is sent.
                core.wake_drained();
                drop(core);
                let mut progress = Progress::default();
                if !self.send(context, &transmit, out, &mut progress) {
                    self.pending = Some((transmit, out.clone(), progress));
                    return self.blocked(context);
                }
                *now = self.shared.clock.now();
                if *now >= end {
                    return Sent::Enough;
                }
            }
        })
    }

    /// False if the socket is full.
    fn send(
        &self,
        context: &mut Context<'_>,
        transmit: &Transmit,
        data: &[u8],
        progress: &mut Progress,
    ) -> bool {
        let Some(socket) = self.sockets.at(transmit.path) else {
            // Its interface is gone.
            return true;
        };
        let data = data.get(..transmit.size).unwrap_or(data);
        let done = socket.send(context, transmit, data, progress);
        if done && let Some(size) = progress.too_large {
            let now = self.shared.clock.now();
            let mut core = self.shared.lock();
            core.machine.handle_too_large(now, transmit.path, size);
        }
        done
    }

    /// A socket is full. Goodbyes wait for it only so long.
    fn blocked(&mut self, context: &Context<'_>) -> Sent {
        let now = self.shared.clock.now();
        let mut core = self.shared.lock();
        self.shared.pump(&mut core, now);
        core.wake_drained();
        core.sleep(context);
        // What is due to be sent waits for the socket too, and wakes nobody before.
        let soon = now + BLOCKED;
        self.deadline = core.machine.poll_timeout().map(|at| at.max(soon));
        if core.closing {
            let since = *self.closing_since.get_or_insert(now);
            self.deadline = Some(since + LINGER);
            if now >= since + LINGER {
                return Sent::Over;
            }
        }
        Sent::Blocked
    }

    /// Arms the timer for the machine's deadline. True if that has passed already.
    ///
    /// A timer that fires too early costs one turn; one is moved forward only, since most deadlines
    /// move back with each datagram.
    fn arm(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.deadline else {
            return false;
        };
        if self.armed.is_none_or(|armed| armed > deadline) {
            self.set_timer(deadline);
        }
        while let Some(timer) = &mut self.timer
            && timer.as_mut().poll(context).is_ready()
        {
            self.armed = None;
            if deadline <= self.shared.clock.now() {
                return true;
            }
            self.set_timer(deadline);
        }
        false
    }

    fn set_timer(&mut self, deadline: Time) {
        let instant = self.shared.clock.instant(deadline).into();
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(instant),
            None => self.timer = Some(Box::pin(tokio::time::sleep_until(instant))),
        }
        self.armed = Some(deadline);
    }
}

impl Drop for Driver {
    /// The end: after goodbyes, or because the runtime ends.
    fn drop(&mut self) {
        self.shared.close();
        self.sockets.clear();
        // With its sockets that were never used, and its lookups.
        self.gathering = Gathering::new(Vec::new(), Vec::new());
        self.shared.set_over();
        self.shared.lock().wake_channels();
    }
}
