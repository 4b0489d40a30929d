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

#[cfg(test)]
mod tests {
    use ironrtc_core::channel::ChannelId;

    use super::*;

    fn event(number: usize) -> ApplicationEvent {
        ApplicationEvent::DataChannel(ChannelId(number as u64))
    }

    #[test]
    fn unread_events_are_bounded_and_survive_the_end() {
        let queue = EventQueue::default();
        let stream = queue.take_over();
        let context = Context::from_waker(Waker::noop());
        assert!(queue.poll(&context, stream).is_pending());
        for number in 0..MAX_EVENTS {
            assert!(queue.push(event(number)));
        }
        assert!(!queue.push(event(MAX_EVENTS)), "one over the bound");
        queue.end();
        for number in 0..MAX_EVENTS as u64 {
            let next = queue.poll(&context, stream);
            let Poll::Ready(Some(ApplicationEvent::DataChannel(id))) = next else {
                panic!("{next:?} instead of event {number}");
            };
            assert_eq!(id, ChannelId(number));
        }
        assert!(matches!(queue.poll(&context, stream), Poll::Ready(None)));
        assert!(!queue.push(event(0)), "nobody reads it any more");
    }
}
