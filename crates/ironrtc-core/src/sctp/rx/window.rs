//! What received and unread data costs, against the window that was advertised.

/// Charged for each message that waits to be read, beside its payload.
pub(crate) const MESSAGE_OVERHEAD: usize = 64;
/// Charged for each run of fragments, beside their payload.
pub(crate) const RUN_OVERHEAD: usize = 256;
/// Largest buffer reserved for a message of which only a fragment has arrived.
const MAX_RESERVATION: usize = 256 * 1024;

/// Memory in use by one receiver.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    bytes: usize,
    /// Runs of fragments that are not a whole message yet.
    pub(crate) open_runs: usize,
    /// Size of the last message that came in fragments.
    pub(crate) usual_message: usize,
    /// Messages completed so far.
    pub(crate) messages: u64,
}

impl Usage {
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) const fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    pub(crate) const fn remove(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// How much to reserve for a message that begins with `arrived` bytes: what the last one
    /// took, but only while nothing else is incomplete, so that one such reservation is all that
    /// a peer can have without sending the bytes.
    pub(crate) fn reservation(&self, arrived: usize) -> usize {
        if self.open_runs == 0 {
            arrived.max(self.usual_message.min(MAX_RESERVATION))
        } else {
            arrived
        }
    }
}
