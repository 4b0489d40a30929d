//! The way from Rust's threads into an event loop.
//!
//! An event is pushed from any thread without the interpreter lock. The push into an empty inbox
//! wakes the loop; the loop then drains the inbox in one call. So a burst costs one wake.
//!
//! A loop that is blocked does not make the inbox grow: events are only taken from the driver while
//! there is [room](Shared::has_room), and what waits there is bounded by the driver and by SCTP's
//! window.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;
use tokio::sync::Notify;

/// Events of connections and channels wait elsewhere while so many wait here. Each connection and
/// each channel may have one more on its way; results of operations come in any case.
const ROOM: usize = 1024;

/// What an entry turns into once the interpreter lock is held.
pub(crate) type IntoPython = Box<dyn FnOnce(Python<'_>) -> PyResult<Payload> + Send>;

/// The kind and the payload of an event, as Python sees them.
pub(crate) type Payload = (&'static str, Py<PyAny>);

/// One event for one target.
struct Entry {
    token: u64,
    payload: IntoPython,
}

/// The part of an inbox that Rust's threads hold.
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    waker: Waker,
    /// Wakes those who wait for room, or may wait at the wrong inbox.
    pub(crate) room: Notify,
}

#[derive(Default)]
struct Queue {
    entries: VecDeque<Entry>,
    /// Set from the wake until the drain that empties the queue.
    awake: bool,
}

impl Shared {
    /// Add an event for `token`.
    pub(crate) fn push(&self, token: u64, payload: IntoPython) {
        let wake = {
            let mut queue = self.lock();
            queue.entries.push_back(Entry { token, payload });
            !std::mem::replace(&mut queue.awake, true)
        };
        if wake {
            self.waker.wake();
        }
    }

    /// Whether an event may be taken from the driver, to be pushed here.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().entries.len() < ROOM
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A poisoned queue is still a queue: nothing panics while it is locked.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of one event loop.
#[pyclass(module = "ironrtc._ironrtc", frozen)]
pub(crate) struct Inbox(pub(crate) Arc<Shared>);

#[pymethods]
impl Inbox {
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self(Arc::new(Shared {
            queue: Mutex::default(),
            waker: Waker::new()?,
            room: Notify::new(),
        })))
    }

    /// The descriptor that becomes readable when there are events; -1 where there is none.
    fn fileno(&self) -> i64 {
        self.0.waker.fileno()
    }

    /// Call `wake` from any thread when there are events, besides making `fileno` readable.
    fn set_wake(&self, wake: Py<PyAny>) {
        self.0.waker.set_callback(wake);
    }

    /// How many events wait.
    fn __len__(&self) -> usize {
        self.0.lock().entries.len()
    }

    /// Take up to `limit` events: tuples of the token, the kind and the payload.
    fn drain<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        self.0.waker.clear();
        let (entries, more, room) = {
            let mut queue = self.0.lock();
            let was_full = queue.entries.len() >= ROOM;
            let count = limit.min(queue.entries.len());
            let entries: Vec<Entry> = queue.entries.drain(..count).collect();
            queue.awake = !queue.entries.is_empty();
            (entries, queue.awake, was_full && queue.entries.len() < ROOM)
        };
        if room {
            self.0.room.notify_waiters();
        }
        if more {
            self.0.waker.wake();
        }
        let list = PyList::empty(py);
        for entry in entries {
            // An event that cannot be told must not cost the others.
            let (kind, payload) = match (entry.payload)(py) {
                Ok(payload) => payload,
                Err(error) => ("error", error.into_py_any(py)?),
            };
            list.append((entry.token, kind, payload))?;
        }
        Ok(list)
    }
}

#[cfg(unix)]
mod waker {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;
    use std::sync::OnceLock;

    use pyo3::prelude::*;

    /// Wakes a loop that watches a descriptor. No thread needs the interpreter lock for that.
    pub(super) struct Waker {
        reader: UnixStream,
        writer: UnixStream,
        callback: OnceLock<Py<PyAny>>,
    }

    impl Waker {
        pub(super) fn new() -> std::io::Result<Self> {
            let (reader, writer) = UnixStream::pair()?;
            reader.set_nonblocking(true)?;
            writer.set_nonblocking(true)?;
            Ok(Self {
                reader,
                writer,
                callback: OnceLock::new(),
            })
        }

        pub(super) fn fileno(&self) -> i64 {
            self.reader.as_raw_fd().into()
        }

        pub(super) fn set_callback(&self, callback: Py<PyAny>) {
            // A loop that can watch descriptors has no need of a callback; the first one stays.
            let _ = self.callback.set(callback);
        }

        pub(super) fn wake(&self) {
            // A full pipe is a loud enough wake already, and nobody hears a closed one.
            let _ = (&self.writer).write(&[0]);
            super::call(self.callback.get());
        }

        pub(super) fn clear(&self) {
            let mut scratch = [0; 64];
            while matches!((&self.reader).read(&mut scratch), Ok(64)) {}
        }
    }
}

#[cfg(not(unix))]
mod waker {
    use std::sync::OnceLock;

    use pyo3::prelude::*;

    /// Wakes a loop through a callback.
    pub(super) struct Waker(OnceLock<Py<PyAny>>);

    impl Waker {
        pub(super) fn new() -> std::io::Result<Self> {
            Ok(Self(OnceLock::new()))
        }

        pub(super) fn fileno(&self) -> i64 {
            -1
        }

        pub(super) fn set_callback(&self, callback: Py<PyAny>) {
            // An inbox is made for one loop, and so for one callback.
            let _ = self.0.set(callback);
        }

        pub(super) fn wake(&self) {
            super::call(self.0.get());
        }

        pub(super) fn clear(&self) {}
    }
}

use waker::Waker;

fn call(callback: Option<&Py<PyAny>>) {
    let Some(callback) = callback else { return };
    // At the interpreter's exit there is nobody left to wake.
    let _ = Python::try_attach(|py| callback.call0(py).map(drop));
}
