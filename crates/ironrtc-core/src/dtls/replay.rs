//! Which sequence numbers an epoch has seen (RFC 9147 section 4.5.1).

/// Numbers below the highest that are still told apart. Twice what the RFC advises, since a path
/// with several queues reorders more than 64 of our small packets.
const WIDTH: u64 = 128;

/// A sliding window over the sequence numbers of one epoch.
#[derive(Debug, Default)]
pub(super) struct ReplayWindow {
    /// One more than the highest number seen.
    next: u64,
    /// Bit `i` is the number `next - 1 - i`.
    seen: u128,
}

impl ReplayWindow {
    /// One more than the highest number seen.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// A window that has seen nothing, whose next number is expected to be `next`.
    pub(super) fn starting_at(next: u64) -> Self {
        Self { next, seen: 0 }
    }

    /// True if the number is neither seen nor too old to tell.
    pub(super) fn is_new(&self, sequence: u64) -> bool {
        match self.next.checked_sub(sequence) {
            None | Some(0) => true,
            Some(back) => back <= WIDTH && self.seen & (1 << (back - 1)) == 0,
        }
    }

    /// Records an authenticated number.
    pub(super) fn insert(&mut self, sequence: u64) {
        if sequence >= self.next {
            let shift = sequence - self.next + 1;
            self.seen = if shift < WIDTH { self.seen << shift } else { 0 };
            self.next = sequence + 1;
        }
        let back = self.next - 1 - sequence;
        if back < WIDTH {
            self.seen |= 1 << back;
        }
    }
}

/// The full sequence number of which a record carries the low `bits`: the closest to the expected
/// one (RFC 9147 section 4.2.2).
pub(super) fn reconstruct(partial: u64, bits: u32, expected: u64) -> u64 {
    let span = 1_u64 << bits;
    let near = (expected & !(span - 1)) | (partial & (span - 1));
    if near > expected + span / 2 {
        near.checked_sub(span).unwrap_or(near)
    } else if near + span / 2 < expected {
        near + span
    } else {
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_passes_once_and_old_ones_never() {
        let mut window = ReplayWindow::default();
        for sequence in [0, 5, 3, 130, 4, 131] {
            assert!(window.is_new(sequence), "{sequence}");
            window.insert(sequence);
            assert!(!window.is_new(sequence), "{sequence} again");
        }
        assert!(window.is_new(6) && !window.is_new(5) && !window.is_new(0));
        assert!(!window.is_new(3), "older than the window");
        window.insert(1_000_000);
        assert!(!window.is_new(131) && !window.is_new(1_000_000));
        assert!(window.is_new(1_000_000 - 127) && !window.is_new(1_000_000 - 128));
    }

    #[test]
    fn partial_numbers_are_completed_to_the_nearest() {
        assert_eq!(reconstruct(5, 16, 0), 5);
        assert_eq!(reconstruct(0, 16, 65_536), 65_536);
        assert_eq!(reconstruct(0xffff, 16, 65_536), 65_535);
        assert_eq!(reconstruct(1, 16, 65_535), 65_537);
        assert_eq!(reconstruct(0xfe, 8, 0x200), 0x1fe);
        assert_eq!(reconstruct(0x80, 8, 0x280), 0x280);
        for sequence in (0..400_000).step_by(777) {
            for expected in [
                sequence,
                sequence + 30_000,
                u64::saturating_sub(sequence, 30_000),
            ] {
                assert_eq!(reconstruct(sequence & 0xffff, 16, expected), sequence);
            }
        }
    }
}
