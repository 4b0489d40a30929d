//! What the handles of a channel wait for.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::sync::Notify;

use crate::channel_event::DataChannelEvent;
use crate::wait::wait_for;

pub(crate) const OPEN: u8 = 1;
pub(crate) const READABLE: u8 = 1 << 1;
pub(crate) const LOW: u8 = 1 << 2;
pub(crate) const CLOSING: u8 = 1 << 3;
pub(crate) const ERROR: u8 = 1 << 4;
pub(crate) const CLOSED: u8 = 1 << 5;
/// `Close` was delivered: nothing follows.
const OVER: u8 = 1 << 6;

/// Most tasks that wait by polling.
const MAX_POLLING: usize = 32;

/// The events of a channel that were not delivered yet, one bit each: a bound that no peer can
/// exceed.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    bits: AtomicU8,
    error: Mutex<Option<String>>,
    /// Wakes all that wait for a change of the channel.
    changed: Notify,
    /// Those that wait by polling: one for each task.
    polling: Mutex<Vec<Waker>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Signal {
    pub(crate) fn raise(&self, bit: u8) {
        self.bits.fetch_or(bit, Ordering::AcqRel);
        self.wake();
    }

    pub(crate) fn fail(&self, text: String) {
        *lock(&self.error) = Some(text);
        self.raise(ERROR);
    }

    pub(crate) fn wake(&self) {
        self.changed.notify_waiters();
        self.wake_polling();
    }

    fn wake_polling(&self) {
        let polling = std::mem::take(&mut *lock(&self.polling));
        polling.into_iter().for_each(Waker::wake);
    }

    /// Like [`wait_for`](Self::wait_for), for a poll.
    pub(crate) fn poll_for<T>(
        &self,
        context: &Context<'_>,
        mut ready: impl FnMut() -> Option<T>,
    ) -> Poll<T> {
        if let Some(value) = ready() {
            return Poll::Ready(value);
        }
        let waker = context.waker();
        // A waker that was left behind may wait for long: then all ask once more.
        if lock(&self.polling).len() >= MAX_POLLING {
            self.wake_polling();
        }
        let mut polling = lock(&self.polling);
        if !polling.iter().any(|known| known.will_wake(waker)) {
            polling.push(waker.clone());
        }
        drop(polling);
        // What changed before the waker was there.
        ready().map_or(Poll::Pending, Poll::Ready)
    }

    /// Waits until `ready` gives something. It is asked again after each change.
    pub(crate) async fn wait_for<T>(&self, ready: impl FnMut() -> Option<T>) -> T {
        wait_for(&self.changed, ready).await
    }

    /// The next event; the inner `None` once the last was taken.
    pub(crate) fn take(&self) -> Option<Option<DataChannelEvent>> {
        let bits = self.bits.load(Ordering::Acquire);
        if bits & OVER != 0 {
            return Some(None);
        }
        let bit = bits & bits.wrapping_neg();
        if bit == 0 {
            return None;
        }
        self.bits.fetch_and(!bit, Ordering::AcqRel);
        Some(Some(match bit {
            OPEN => DataChannelEvent::Open,
            READABLE => DataChannelEvent::Readable,
            LOW => DataChannelEvent::BufferedAmountLow,
            CLOSING => DataChannelEvent::Closing,
            ERROR => {
                let text = lock(&self.error).take();
                DataChannelEvent::Error(text.unwrap_or_default())
            }
            _ => {
                self.bits.fetch_or(OVER, Ordering::AcqRel);
                DataChannelEvent::Close
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_merged_and_come_in_the_order_of_a_channels_life() {
        let signal = Signal::default();
        assert_eq!(signal.take(), None);
        signal.raise(CLOSED);
        signal.fail("reset".into());
        signal.raise(READABLE);
        signal.raise(READABLE);
        signal.raise(OPEN);
        let mut events = Vec::new();
        while let Some(Some(event)) = signal.take() {
            events.push(event);
        }
        let expected = [
            DataChannelEvent::Open,
            DataChannelEvent::Readable,
            DataChannelEvent::Error("reset".into()),
            DataChannelEvent::Close,
        ];
        assert_eq!(events, expected);
        assert_eq!(signal.take(), Some(None), "nothing follows `Close`");
    }
}
