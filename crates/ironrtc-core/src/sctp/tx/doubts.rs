//! Whether what was taken for lost had only been late (RFC 3708, RFC 4015).
//!
//! Three things show it: the peer reports a duplicate, an acknowledgement comes too early to
//! answer the retransmission, or it comes before there was one.

use std::collections::BTreeMap;

/// The chunks taken for lost since the congestion window was reduced, each as often as that was.
///
/// No larger than what can be outstanding, before the reduction and since.
#[derive(Debug, Default)]
pub(super) struct Doubts(BTreeMap<u64, u16>);

impl Doubts {
    /// A chunk was taken for lost.
    pub(super) fn add(&mut self, position: u64) {
        let count = self.0.entry(position).or_default();
        *count = count.saturating_add(1);
    }

    /// One of a chunk's losses was none; false if there is none to take back.
    pub(super) fn resolve(&mut self, position: u64) -> bool {
        let Some(count) = self.0.get_mut(&position) else {
            return false;
        };
        *count -= 1;
        if *count == 0 {
            self.0.remove(&position);
        }
        true
    }

    /// Whether no loss is left that may have been one.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
