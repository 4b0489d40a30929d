//! What the system's allocator keeps free for the messages to come.

use std::hint::black_box;
use std::sync::Once;

/// Size of the block that is freed, in bytes.
const BLOCK: usize = 2 * 1024 * 1024;

/// Lets glibc keep the memory of messages that were read for those that come next.
///
/// It gives back to the system what is free at the end of a heap, from 128 KiB on. Messages come in
/// bursts of megabytes and are freed as fast, so each burst would be written to fresh pages: up to
/// a fifth of all processor time within one host. Whenever a block with pages of its own is freed,
/// glibc keeps twice as much as that from then on, unless the environment says how much
/// (`M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` in mallopt(3)). This block is never written to, so it
/// takes no memory.
pub(super) fn keep_freed_memory() {
    static DONE: Once = Once::new();
    DONE.call_once(|| drop(black_box(Vec::<u8>::with_capacity(BLOCK))));
}
