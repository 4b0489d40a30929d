//! The numbers of what is forwarded: what was lost, or came late, stays so; what is left out takes
//! none.

use std::collections::VecDeque;

/// Most packets left out that later ones are counted by.
const MAX_LEFT_OUT: usize = 64;
/// Numbers begin high enough for none to lie before the first.
const FIRST: u64 = 1 << 20;

/// The numbers of one receiver's stream, over all that follows another in it.
#[derive(Debug)]
pub(super) struct Numbers {
    /// The number after the highest.
    next: u64,
    /// Where the present stream began, and the highest position of it.
    first: u64,
    highest: u64,
    /// What its positions are higher by here, without what is in `left_out`.
    by: u64,
    left_out: VecDeque<u64>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self {
            next: FIRST,
            first: 0,
            highest: 0,
            by: FIRST,
            left_out: VecDeque::new(),
        }
    }
}

impl Numbers {
    /// Another stream begins with this position, and follows without a gap.
    pub(super) fn begin(&mut self, position: u64) {
        self.left_out.clear();
        self.first = position;
        self.highest = position;
        self.by = self.next.wrapping_sub(position);
    }

    /// The number of a packet, and whether it is the newest; none if it is not to go on.
    pub(super) fn pass(&mut self, position: u64) -> Option<(u64, bool)> {
        // Of what lies before the beginning, nobody has the frame.
        if position < self.first {
            return None;
        }
        let before = self.left_out.partition_point(|out| *out < position) as u64;
        if self.left_out.get(before as usize) == Some(&position) {
            return None;
        }
        let number = position.wrapping_add(self.by).wrapping_sub(before);
        self.next = self.next.max(number.wrapping_add(1));
        let is_newest = position >= self.highest;
        self.highest = self.highest.max(position);
        Some((number, is_newest))
    }

    /// A packet is left out. False if packets behind it have gone on already, so that its number is
    /// missing.
    pub(super) fn leave_out(&mut self, position: u64) -> bool {
        if position <= self.highest {
            return false;
        }
        self.highest = position;
        if self.left_out.len() >= MAX_LEFT_OUT
            && let Some(oldest) = self.left_out.pop_front()
        {
            // What comes later than that is not counted rightly any more.
            self.first = oldest + 1;
            self.by = self.by.wrapping_sub(1);
        }
        self.left_out.push_back(position);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(numbers: &mut Numbers, position: u64) -> Option<u64> {
        numbers.pass(position).map(|(number, _)| number - FIRST)
    }

    #[test]
    fn gaps_and_order_stay_and_what_is_left_out_takes_no_number() {
        let mut numbers = Numbers::default();
        numbers.begin(1_000);
        assert_eq!(pass(&mut numbers, 1_000), Some(0));
        assert_eq!(pass(&mut numbers, 1_002), Some(2));
        assert_eq!(numbers.pass(1_001), Some((FIRST + 1, false)));
        assert!(numbers.leave_out(1_003));
        assert_eq!(numbers.pass(1_005), Some((FIRST + 4, true)));
        assert_eq!(pass(&mut numbers, 1_004), Some(3));
        assert!(!numbers.leave_out(1_004), "its number is taken");
        assert_eq!(pass(&mut numbers, 1_003), None);
        assert_eq!(pass(&mut numbers, 999), None, "before the beginning");
        // Another stream follows without a gap.
        numbers.begin(7);
        assert_eq!(pass(&mut numbers, 7), Some(5));
        assert_eq!(pass(&mut numbers, 8), Some(6));
    }

    #[test]
    fn what_was_left_out_is_remembered_up_to_a_bound() {
        let mut numbers = Numbers::default();
        numbers.begin(0);
        assert_eq!(pass(&mut numbers, 0), Some(0));
        for (expected, position) in (1..).zip((1..10_000).step_by(2)) {
            assert!(numbers.leave_out(position));
            assert_eq!(pass(&mut numbers, position + 1), Some(expected));
        }
        assert_eq!(numbers.left_out.len(), MAX_LEFT_OUT);
        assert_eq!(pass(&mut numbers, 2), None, "it would get a wrong number");
        let late = 10_000 - 2 * (MAX_LEFT_OUT as u64 - 1);
        assert!(pass(&mut numbers, late).is_some());
    }
}
