//! The threads that all connections of the process work on.
//!
//! They start with the first connection. A forked child has none of them: what it inherits is dead,
//! and what it makes anew works on threads of its own.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::exception;

/// Crypto, framing and system calls are the work; a program in Python rarely keeps two cores busy
/// with them.
const WORKERS: usize = 2;

static RUNTIME: Mutex<Option<Arc<Runtime>>> = Mutex::new(None);
/// How many forks lie between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The runtime, which starts on the first call.
///
/// Only called with the interpreter lock, under which Python forks: so the child never inherits a
/// locked mutex.
pub(crate) fn handle(_py: Python<'_>) -> PyResult<Handle> {
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let started = Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("ironrtc")
        .enable_all()
        .build()
        .map_err(|e| PyOSError::new_err(format!("the threads of IronRTC do not start: {e}")))?;
    Ok(runtime.insert(Arc::new(started)).handle().clone())
}

/// Forget the parent's threads. Python calls it in a forked child.
#[pyfunction]
pub(crate) fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    // Dropping it would wait for threads that this process does not have.
    std::mem::forget(runtime.take());
}

/// Something that threads of this process work on; of no use in a forked child.
pub(crate) struct Owned<T> {
    value: Option<T>,
    generation: u32,
}

impl<T> Owned<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Some(value),
            generation: GENERATION.load(Ordering::Relaxed),
        }
    }

    /// The value, if this process made it.
    ///
    /// # Errors
    /// `InvalidStateError` in a forked child: a lock in the value may have been held by a thread
    /// that the child does not have.
    pub(crate) fn get(&self) -> PyResult<&T> {
        match &self.value {
            Some(value) if self.is_ours() => Ok(value),
            _ => Err(exception::invalid_state(
                "The object belongs to the process that forked; make a new one",
            )),
        }
    }

    fn is_ours(&self) -> bool {
        self.generation == GENERATION.load(Ordering::Relaxed)
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.is_ours() {
            std::mem::forget(self.value.take());
        }
    }
}

/// Work that ends with the object that asked for it.
pub(crate) struct Task(tokio::task::JoinHandle<()>);

impl Task {
    pub(crate) fn spawn(runtime: &Handle, work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(runtime.spawn(work))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
