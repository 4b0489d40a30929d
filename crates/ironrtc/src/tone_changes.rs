//! What a sender plays, as it is told.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::wait::wait_for;

/// Most changes that wait to be asked for; then the oldest are forgotten.
const MAX_CHANGES: usize = 1024;

/// `tonechange`: what a sender plays now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToneChange {
    /// The tone that begins, a comma for a pause; `None`, where the W3C has an empty text, once all
    /// were played.
    pub tone: Option<char>,
}

/// The changes of one sender.
#[derive(Debug, Default)]
pub(crate) struct ToneChanges {
    waiting: Mutex<(VecDeque<Option<char>>, bool)>,
    changed: Notify,
}

impl ToneChanges {
    fn lock(&self) -> MutexGuard<'_, (VecDeque<Option<char>>, bool)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, tone: Option<char>) {
        let (changes, _) = &mut *self.lock();
        if changes.len() >= MAX_CHANGES {
            changes.pop_front();
        }
        changes.push_back(tone);
        self.changed.notify_waiters();
    }

    /// Nothing follows.
    pub(crate) fn end(&self) {
        self.lock().1 = true;
        self.changed.notify_waiters();
    }

    pub(crate) async fn next(&self) -> Option<ToneChange> {
        let take = || {
            let (changes, has_ended) = &mut *self.lock();
            match changes.pop_front() {
                Some(tone) => Some(Some(ToneChange { tone })),
                None => has_ended.then_some(None),
            }
        };
        wait_for(&self.changed, take).await
    }
}
