//! What the system knows about this process.

use std::fs;
use std::time::Duration;

/// Length of the clock tick of /proc (`getconf CLK_TCK`), the same on every Linux.
const TICK: Duration = Duration::from_millis(10);
const PAGE: usize = 4096;

/// Time on a processor, in user and kernel mode, of all threads so far.
pub(crate) fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc is mounted");
    // The second field is the program's name in parentheses; utime and stime are the 14th and
    // 15th (proc_pid_stat(5)).
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u32 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u32>().expect("a number of ticks"))
        .sum();
    TICK * ticks
}

/// Memory in use, in bytes.
pub(crate) fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    let pages = statm.split_whitespace().nth(1).expect("a second field");
    pages.parse::<usize>().expect("a number of pages") * PAGE
}
