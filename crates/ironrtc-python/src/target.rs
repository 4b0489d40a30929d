//! Who is told: an object in Python, by its token in the inbox of its loop.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use tokio::runtime::Handle;

use crate::inbox::{Inbox, IntoPython, Shared};
use crate::runtime;

/// The place where an object's events go. It changes when the program moves to another loop.
#[derive(Default)]
pub(crate) struct Target(Mutex<Option<(Arc<Shared>, u64)>>);

impl Target {
    /// Send events to `token` of `inbox` from now on.
    pub(crate) fn set(&self, inbox: &Inbox, token: u64) {
        let new = Some((inbox.0.clone(), token));
        let old = std::mem::replace(&mut *self.lock(), new);
        if let Some((old, _)) = old {
            // The loop of the former inbox may never make room again.
            old.room.notify_waiters();
        }
    }

    /// Wait until an event may be taken from the driver. What is not taken waits there, and is
    /// bounded there.
    pub(crate) async fn room(&self) {
        while let Some(inbox) = self.inbox() {
            let mut changed = std::pin::pin!(inbox.room.notified());
            changed.as_mut().enable();
            let moved = self.inbox().is_none_or(|now| !Arc::ptr_eq(&now, &inbox));
            if !moved && inbox.has_room() {
                return;
            }
            if !moved {
                changed.await;
            }
        }
    }

    fn inbox(&self) -> Option<Arc<Shared>> {
        self.lock().as_ref().map(|(inbox, _)| inbox.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Arc<Shared>, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tell of an event that carries something which only Python can make.
    pub(crate) fn push(&self, event: IntoPython) {
        if let Some((inbox, token)) = &*self.lock() {
            inbox.push(*token, event);
        }
    }

    /// Tell of an event.
    pub(crate) fn tell<T>(&self, kind: &'static str, payload: T)
    where
        T: for<'py> IntoPyObject<'py> + Send + 'static,
    {
        self.push(Box::new(move |py| Ok((kind, payload.into_py_any(py)?))));
    }
}

/// What a started operation returns: whether it is done, and then its result.
pub(crate) type Started = (bool, Option<Py<PyAny>>);

/// Run an operation: to its end if that needs no waiting, else on the runtime's threads, and then
/// its result comes through the inbox.
///
/// `convert` makes Python's value of the result.
pub(crate) fn start<T: Send + 'static>(
    py: Python<'_>,
    inbox: &Inbox,
    token: u64,
    operation: impl Future<Output = T> + Send + 'static,
    convert: fn(Python<'_>, T) -> PyResult<Py<PyAny>>,
) -> PyResult<Started> {
    let runtime = runtime::handle(py)?;
    let mut operation = Box::pin(operation);
    let done = py.detach(|| {
        let _context = runtime.enter();
        poll_once(operation.as_mut())
    });
    if let Some(result) = done {
        return Ok((true, Some(convert(py, result)?)));
    }
    finish(&runtime, inbox, token, operation, convert);
    Ok((false, None))
}

/// Run an operation that waits for an event. Its result comes through the inbox in any case, so
/// that it is not there before that event, which may be in the inbox already.
pub(crate) fn start_behind_events<T: Send + 'static>(
    py: Python<'_>,
    inbox: &Inbox,
    token: u64,
    operation: impl Future<Output = T> + Send + 'static,
    convert: fn(Python<'_>, T) -> PyResult<Py<PyAny>>,
) -> PyResult<Started> {
    finish(&runtime::handle(py)?, inbox, token, operation, convert);
    Ok((false, None))
}

fn finish<T: Send + 'static>(
    runtime: &Handle,
    inbox: &Inbox,
    token: u64,
    operation: impl Future<Output = T> + Send + 'static,
    convert: fn(Python<'_>, T) -> PyResult<Py<PyAny>>,
) {
    let inbox = inbox.0.clone();
    runtime.spawn(async move {
        let result = operation.await;
        inbox.push(
            token,
            Box::new(move |py| match convert(py, result) {
                Ok(value) => Ok(("done", value)),
                Err(error) => Ok(("error", error.into_py_any(py)?)),
            }),
        );
    });
}

fn poll_once<F: Future>(operation: Pin<&mut F>) -> Option<F::Output> {
    match operation.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    }
}

/// The result of an operation that only succeeds or fails.
pub(crate) fn none(py: Python<'_>) -> Py<PyAny> {
    py.None()
}
