//! The two threads of a measurement.

use std::fs;
use std::future::Future;
use std::thread;
use std::time::Duration;

use tokio::task::LocalSet;

/// Names a thread of this process for the system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thread(u32);

impl Thread {
    /// The one that runs.
    pub(super) fn current() -> Self {
        let link = fs::read_link("/proc/thread-self").expect("/proc is mounted");
        let number = link.file_name().and_then(|name| name.to_str());
        Self(number.and_then(|name| name.parse().ok()).expect("a number"))
    }

    /// Time on a processor so far, in user and kernel mode. That of a turn is counted when the thread
    /// gives way.
    pub(super) fn cpu_time(self) -> Duration {
        thread::yield_now();
        let path = format!("/proc/self/task/{}/schedstat", self.0);
        let text = fs::read_to_string(path).expect("the thread lives");
        let nanos = text.split_whitespace().next().expect("a first field");
        Duration::from_nanos(nanos.parse().expect("a number"))
    }
}

/// Runs a side on a thread of its own. The process leaves without waiting for it.
pub(super) fn spawn<F: Future<Output = ()>>(name: &str, side: impl FnOnce() -> F + Send + 'static) {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        LocalSet::new().block_on(&runtime, async move { side().await });
    };
    let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
    drop(thread.expect("a thread"));
}
