//! What the peer can make us allocate, counted over the whole process: one test at a time.

mod descriptions;
mod sctp;

use std::alloc::System;
#[expect(clippy::disallowed_types, reason = "tests of one process take turns")]
use std::sync::Mutex;
use std::sync::PoisonError;

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

#[expect(clippy::disallowed_types, reason = "tests of one process take turns")]
static ALONE: Mutex<()> = Mutex::new(());

/// What something allocated, in bytes.
#[derive(Clone, Copy, Debug)]
struct Cost {
    /// Most at one time, beyond what was there before.
    peak: usize,
    /// In all, whether freed or not: what was copied about.
    total: usize,
    /// What is still there.
    kept: usize,
}

/// Runs `work` alone, and counts.
fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // The allocator knows the highest mark of all time only: be at that mark.
    let below = ALLOCATOR
        .max_allocated()
        .saturating_sub(ALLOCATOR.allocated());
    let _ballast: Vec<u8> = Vec::with_capacity(below);
    let (mark, before) = (ALLOCATOR.max_allocated(), ALLOCATOR.allocated());
    let total = ALLOCATOR.total_allocated();
    let result = work();
    let cost = Cost {
        peak: ALLOCATOR.max_allocated() - mark,
        total: ALLOCATOR.total_allocated() - total,
        kept: ALLOCATOR.allocated().saturating_sub(before),
    };
    (result, cost)
}
