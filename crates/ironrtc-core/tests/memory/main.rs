//! What the peer can make us allocate, counted over the whole process: one test at a time.

#![allow(
    clippy::disallowed_types,
    reason = "tests run at the same time, and only one may count"
)]

mod channels;
mod descriptions;
mod dtls;
mod ice;
mod sctp;
mod srtp;
mod victim;

use std::alloc::System;
use std::sync::{Mutex, MutexGuard, PoisonError};

use cap::Cap;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

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

/// Every test holds this from its first line on, so that nothing of another one's is freed or
/// allocated while it counts, not even what it drops at its end.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work`, and counts.
fn measure<T>(work: impl FnOnce() -> T) -> (T, Cost) {
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
