//! The events that wait for the application.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::machine::ApplicationEvent;

/// Most events that wait. States cannot reach it; a peer that opens channels without end can.
const MAX_EVENTS: usize = 16_384;

#[derive(Debug, Default)]
pub(crate) struct EventQueue(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<ApplicationEvent>,
    ended: bool,
    /// Counts the streams; the latest one gets the events.
    stream: u64,
    waker: Option<Waker>,
}

impl EventQueue {
    /// False if the queue is full, or nobody will read it any more.
    pub(crate) fn push(&self, event: ApplicationEvent) -> bool {
        let mut queue = self.lock();
        if queue.ended || queue.events.len() >= MAX_EVENTS {
            return false;
        }
        queue.events.push_back(event);
        wake(queue);
        true
    }

    /// Nothing more will come. What waits can still be read.
    pub(crate) fn end(&self) {
        let mut queue = self.lock();
        queue.ended = true;
        wake(queue);
    }

    /// A new stream's number. The one before it ends.
    pub(crate) fn take_over(&self) -> u64 {
        let mut queue = self.lock();
        queue.stream += 1;
        let stream = queue.stream;
        wake(queue);
        stream
    }

    pub(crate) fn poll(
        &self,
        context: &Context<'_>,
        stream: u64,
    ) -> Poll<Option<ApplicationEvent>> {
        let mut queue = self.lock();
        if queue.stream != stream {
            return Poll::Ready(None);
        }
        if let Some(event) = queue.events.pop_front() {
            return Poll::Ready(Some(event));
        }
        if queue.ended {
            return Poll::Ready(None);
        }
        queue.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the reader once the lock is free.
fn wake(mut queue: MutexGuard<'_, Queue>) {
    let waker = queue.waker.take();
    drop(queue);
    if let Some(waker) = waker {
        waker.wake();
    }
}
