//! Which numbers of packets were seen, where each may count once: records of an epoch of DTLS (RFC 9147
//! section 4.5.1), packets of a source of SRTP (RFC 3711 section 3.3.2).

use crate::work;

/// A sliding window over numbers, of so many words of 64 bits.
#[derive(Debug)]
pub(crate) struct ReplayWindow<const WORDS: usize> {
    /// One more than the highest number seen.
    next: u64,
    /// One bit for each number of the window, at its remainder by the width.
    seen: [u64; WORDS],
}

impl<const WORDS: usize> ReplayWindow<WORDS> {
    /// Numbers below the highest that are still told apart.
    pub(crate) const WIDTH: u64 = WORDS as u64 * 64;

    /// A window that has seen nothing, whose next number is expected to be `next`.
    pub(crate) const fn starting_at(next: u64) -> Self {
        Self {
            next,
            seen: [0; WORDS],
        }
    }

    /// A window that has seen all below `next`.
    pub(crate) const fn all_before(next: u64) -> Self {
        Self {
            next,
            seen: [u64::MAX; WORDS],
        }
    }

    /// One more than the highest number seen.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    const fn word(&self, sequence: u64) -> u64 {
        self.seen[(sequence / 64) as usize % WORDS]
    }

    const fn word_mut(&mut self, sequence: u64) -> &mut u64 {
        &mut self.seen[(sequence / 64) as usize % WORDS]
    }

    /// True if the number is neither seen nor too old to tell.
    pub(crate) fn is_new(&self, sequence: u64) -> bool {
        sequence >= self.next
            || self.covers(sequence) && self.word(sequence) & (1 << (sequence % 64)) == 0
    }

    /// True if the number is not too old to tell.
    pub(crate) const fn covers(&self, sequence: u64) -> bool {
        self.next.saturating_sub(sequence) <= Self::WIDTH
    }

    /// Records an authenticated number.
    pub(crate) fn insert(&mut self, sequence: u64) {
        if sequence >= self.next {
            self.forget(self.next, sequence);
            self.next = sequence + 1;
        }
        if self.covers(sequence) {
            *self.word_mut(sequence) |= 1 << (sequence % 64);
        }
    }

    /// Clears the bits of the numbers from `first` to `last`, a word at a time: each packet of a
    /// peer's may skip as many as it likes.
    fn forget(&mut self, first: u64, last: u64) {
        if last - first >= Self::WIDTH {
            work::add(WORDS);
            self.seen = [0; WORDS];
            return;
        }
        let mut at = first;
        while at <= last {
            work::add(1);
            // The last number of this word that is cleared.
            let end = last.min(at | 63);
            let bits = (u64::MAX << (at % 64)) & (u64::MAX >> (63 - end % 64));
            *self.word_mut(at) &= !bits;
            at = end + 1;
        }
    }
}

/// The full sequence number of which a packet carries the low `bits`: the closest to the expected
/// one (RFC 9147 section 4.2.2, RFC 3711 section 3.3.1).
pub(crate) fn reconstruct(partial: u64, bits: u32, expected: u64) -> u64 {
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

    type Window = ReplayWindow<64>;
    const WIDTH: u64 = Window::WIDTH;

    #[test]
    fn each_number_passes_once_and_old_ones_never() {
        let mut window = Window::starting_at(0);
        for sequence in [0, 5, 3, 4098, 4, 4099] {
            assert!(window.is_new(sequence), "{sequence}");
            window.insert(sequence);
            assert!(!window.is_new(sequence), "{sequence} again");
        }
        assert!(window.is_new(6) && !window.is_new(5) && !window.is_new(0));
        assert!(!window.is_new(3), "older than the window");
        window.insert(1_000_000);
        assert!(!window.is_new(4099) && !window.is_new(1_000_000));
        assert!(window.is_new(1_000_000 - 4095) && !window.is_new(1_000_000 - 4096));
    }

    #[test]
    fn the_window_agrees_with_a_set_for_any_order() {
        let mut rng = crate::rng::Rng::from_test_seed(1);
        let mut window = Window::starting_at(100);
        let mut seen = std::collections::BTreeSet::new();
        let mut highest = 0;
        for _ in 0..20_000 {
            let sequence = highest + rng.below(40) - rng.below(highest.min(5000) + 1);
            let new = !seen.contains(&sequence) && sequence + WIDTH > highest;
            assert_eq!(window.is_new(sequence), new, "{sequence} {highest}");
            window.insert(sequence);
            seen.insert(sequence);
            highest = highest.max(sequence).max(99);
        }
    }

    #[test]
    fn numbers_far_apart_forget_what_lies_between_and_no_more() {
        let mut rng = crate::rng::Rng::from_test_seed(2);
        for most in [3, 64, 200, 4095, 4096, 5000, 9000] {
            let mut window = Window::starting_at(0);
            let mut seen = std::collections::BTreeSet::new();
            let mut highest = 0_u64;
            for _ in 0..2_000 {
                let sequence = if rng.below(3) == 0 {
                    highest + rng.below(most)
                } else {
                    highest.saturating_sub(rng.below(WIDTH))
                };
                let new = !seen.contains(&sequence) && sequence + WIDTH > highest;
                assert_eq!(window.is_new(sequence), new, "{sequence} {highest}");
                window.insert(sequence);
                seen.insert(sequence);
                highest = highest.max(sequence);
            }
        }
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
