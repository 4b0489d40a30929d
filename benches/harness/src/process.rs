//! What the system knows about this process.

use std::fs;
use std::time::Duration;

const PAGE: usize = 4096;

/// Time on a processor, in user and kernel mode, of all threads that are alive.
pub fn cpu_time() -> Duration {
    // The time of a thread that runs is counted when it gives way.
    std::thread::yield_now();
    let threads = fs::read_dir("/proc/self/task").expect("/proc is mounted");
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split_whitespace().next()?.parse().ok())
        .map(Duration::from_nanos)
        .sum()
}

/// Memory in use, in bytes.
pub(crate) fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    let pages = statm.split_whitespace().nth(1).expect("a second field");
    pages.parse::<usize>().expect("a number of pages") * PAGE
}
