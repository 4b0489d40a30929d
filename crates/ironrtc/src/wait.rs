//! Waiting for a state to be reached.

use tokio::sync::Notify;

/// Waits until `ready` gives something. It is asked again after each change.
pub(crate) async fn wait_for<T>(changed: &Notify, mut ready: impl FnMut() -> Option<T>) -> T {
    loop {
        // Asked once without the cost of registering.
        if let Some(value) = ready() {
            return value;
        }
        let mut changed = std::pin::pin!(changed.notified());
        changed.as_mut().enable();
        if let Some(value) = ready() {
            return value;
        }
        changed.await;
    }
}
