//! Which seeds a test runs with, and how a failure says which it was.

use std::ops::Range;

/// Runs `test` with each seed of the range, or only with that of `IRONRTC_SEED`. If it panics, the
/// seed is printed.
pub fn seeds(range: Range<u64>, mut test: impl FnMut(u64)) {
    let chosen = std::env::var("IRONRTC_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let range = chosen.map_or(range, |seed| seed..seed + 1);
    for seed in range {
        let _announcement = Announcement(seed);
        test(seed);
    }
}

struct Announcement(u64);

impl Drop for Announcement {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed with seed {0}; replay with IRONRTC_SEED={0}", self.0);
        }
    }
}
