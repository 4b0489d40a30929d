//! The repair of losses: when it begins and ends, and whether what it concluded stands.

use super::doubts::Doubts;
use super::outstanding::Acked;
use crate::time::Time;

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) timeouts: u64,
    pub(super) fast_recoveries: u64,
    /// Reductions of the congestion window that were for nothing.
    pub(super) undone: u64,
}

/// A run of the retransmission timer, to find out whether it was for nothing (RFC 5682).
#[derive(Clone, Copy, Debug)]
struct Timeout {
    at: Time,
    /// Position of the next new chunk then.
    recover: u64,
    /// Something was acknowledged since.
    answered: bool,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Open,
    /// RFC 9260 section 7.2.4, until what was in flight when it began is acknowledged.
    Fast,
    /// The same after a timeout.
    Timeout(Timeout),
}

/// What an acknowledgement says about the conclusions before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They stand.
    Stands,
    /// The last reduction of the congestion window was for nothing.
    NeedlessReduction,
    /// The last timeout was: what it took for lost is still in flight.
    NeedlessTimeout {
        /// There is a reduction of the congestion window to take back.
        reduced: bool,
    },
}

/// Whether losses are being repaired. It decides, and the sender carries out what it says.
#[derive(Debug)]
pub(super) struct Recovery {
    phase: Phase,
    /// Losses before this position were answered by the congestion control already.
    point: u64,
    /// RFC 9260 section 7.2.4: the first packet of a recovery ignores the window.
    forced_packet: bool,
    /// Losses of the last reduction of the congestion window that are not shown to be none.
    doubts: Doubts,
    /// The last reduction can be taken back.
    undoable: bool,
    /// Nothing was acknowledged since the last timeout.
    backed_off: bool,
    counts: Counts,
}

impl Recovery {
    /// `next` is the position of the next new chunk.
    pub(super) fn new(next: u64, counts: Counts) -> Self {
        Self {
            phase: Phase::Open,
            point: next,
            forced_packet: false,
            doubts: Doubts::default(),
            undoable: false,
            backed_off: false,
            counts,
        }
    }

    pub(super) const fn counts(&self) -> Counts {
        self.counts
    }

    /// Where acknowledgements show that losses were none.
    pub(super) const fn doubts_mut(&mut self) -> &mut Doubts {
        &mut self.doubts
    }

    pub(super) const fn is_fast(&self) -> bool {
        matches!(self.phase, Phase::Fast)
    }

    /// Whether any loss is being repaired.
    pub(super) const fn is_under_way(&self) -> bool {
        !matches!(self.phase, Phase::Open)
    }

    /// Whether a packet of retransmissions may go out beyond the congestion window.
    pub(super) const fn forces_packet(&self) -> bool {
        self.forced_packet
    }

    /// A packet of retransmissions went out.
    pub(super) const fn on_resent(&mut self) {
        self.forced_packet = false;
    }

    /// Everything up to `cumulative` was acknowledged, which may end a fast recovery. True if there
    /// was one.
    pub(super) const fn on_cumulative(&mut self, cumulative: u64) -> bool {
        let was_fast = self.is_fast();
        if was_fast && cumulative + 1 >= self.point {
            self.phase = Phase::Open;
        }
        was_fast
    }

    /// What is missing before `next` is no sign of congestion.
    pub(super) const fn disregard_before(&mut self, next: u64) {
        self.point = next;
    }

    /// Takes in losses. True if some were not known before and no fast recovery is repairing them
    /// (RFC 9260 section 7.2.4): the congestion window is to shrink.
    pub(super) fn on_losses(&mut self, losses: &[u64], next: u64) -> bool {
        let begins = !self.is_fast() && losses.iter().any(|at| *at >= self.point);
        if begins {
            self.begin_reduction(Phase::Fast);
            self.forced_packet = true;
            self.point = next;
        }
        self.doubt(losses);
        begins
    }

    /// RFC 8985 section 7.4.2: a probe that was no duplicate has repaired a loss. True if the
    /// congestion window is to shrink for it.
    pub(super) fn on_probe_repaired(&mut self, probed: u64) -> bool {
        if self.is_fast() {
            return false;
        }
        self.begin_reduction(Phase::Open);
        self.doubt(&[probed]);
        true
    }

    fn begin_reduction(&mut self, phase: Phase) {
        self.counts.fast_recoveries += 1;
        self.doubts.clear();
        self.undoable = true;
        self.phase = phase;
    }

    /// The retransmission timer ran out. True if the congestion window is to shrink.
    pub(super) fn on_timeout(&mut self, now: Time, next: u64, in_flight: bool) -> bool {
        self.counts.timeouts += 1;
        // RFC 5681 section 3.1: the next timeout in a row says nothing new.
        let reduces = in_flight && !std::mem::replace(&mut self.backed_off, true);
        if reduces {
            self.doubts.clear();
            self.undoable = true;
        }
        self.point = next;
        self.phase = Phase::Timeout(Timeout {
            at: now,
            recover: next,
            answered: false,
        });
        self.forced_packet = true;
        reduces
    }

    /// Chunks were taken for lost.
    pub(super) fn doubt(&mut self, losses: &[u64]) {
        for position in losses {
            self.doubts.add(*position);
        }
    }

    /// Draws the conclusions from what a SACK acknowledged. What came later than `unanswered` was
    /// sent too recently for the SACK to be its answer.
    pub(super) fn judge(&mut self, acked: &Acked, unanswered: Time, cumulative: u64) -> Verdict {
        let verdict = if self.timeout_was_spurious(acked, unanswered) {
            Verdict::NeedlessTimeout {
                reduced: self.undo(cumulative),
            }
        } else if acked.proven && self.undoable && self.doubts.is_empty() {
            self.undo(cumulative);
            Verdict::NeedlessReduction
        } else {
            Verdict::Stands
        };
        if acked.bytes > 0 {
            self.backed_off = false;
        }
        if let Phase::Timeout(timeout) = &self.phase
            && cumulative + 1 >= timeout.recover
        {
            self.phase = Phase::Open;
        }
        verdict
    }

    /// RFC 5682, with a clock: a timeout was spurious if what was in flight then arrives after all.
    ///
    /// The first acknowledgement afterwards may answer the retransmission and tell only now of what
    /// came before. One that is too early for that does not, nor do those that follow it.
    fn timeout_was_spurious(&mut self, acked: &Acked, unanswered: Time) -> bool {
        let Phase::Timeout(timeout) = &mut self.phase else {
            return false;
        };
        if acked.bytes == 0 {
            return false;
        }
        let first = !std::mem::replace(&mut timeout.answered, true);
        let late = acked.late.is_some_and(|late| late < timeout.recover);
        acked.early || (late && (!first || timeout.at > unanswered))
    }

    /// Nothing was lost; true if the window was reduced for it.
    fn undo(&mut self, cumulative: u64) -> bool {
        let reduced = std::mem::take(&mut self.undoable);
        self.counts.undone += u64::from(reduced);
        self.doubts.clear();
        self.phase = Phase::Open;
        self.forced_packet = false;
        // What turns out to be lost after all is congestion.
        self.point = cumulative + 1;
        reduced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    /// Repairs losses among the chunks before position 10.
    fn recovery() -> Recovery {
        Recovery::new(1, Counts::default())
    }

    fn acked(bytes: usize) -> Acked {
        Acked {
            bytes,
            ..Acked::default()
        }
    }

    #[test]
    fn a_recovery_answers_its_losses_once_and_ends_with_what_was_in_flight() {
        let mut recovery = recovery();
        assert!(recovery.on_losses(&[3], 10));
        assert!(recovery.is_fast() && recovery.forces_packet());
        assert!(!recovery.on_losses(&[4, 5], 12));
        assert!(recovery.on_cumulative(8) && recovery.is_fast());
        assert!(recovery.on_cumulative(9) && !recovery.is_fast());
        // Known before the recovery ended, so it says nothing new; a later one does.
        assert!(!recovery.on_losses(&[9], 12));
        assert!(recovery.on_losses(&[10], 12));
        assert_eq!(recovery.counts().fast_recoveries, 2);
    }

    #[test]
    fn a_reduction_is_needless_once_each_of_its_losses_is_shown_to_be_none() {
        let mut recovery = recovery();
        recovery.on_losses(&[3, 4], 10);
        let proven = Acked {
            proven: true,
            ..acked(100)
        };
        assert!(recovery.doubts_mut().resolve(3));
        assert_eq!(recovery.judge(&proven, ms(0), 4), Verdict::Stands);
        assert!(recovery.doubts_mut().resolve(4));
        let verdict = recovery.judge(&proven, ms(0), 5);
        assert_eq!(verdict, Verdict::NeedlessReduction);
        assert!(!recovery.is_under_way());
        // It is taken back once.
        assert_eq!(recovery.judge(&proven, ms(0), 6), Verdict::Stands);
        assert_eq!(recovery.counts().undone, 1);
    }

    #[test]
    fn the_second_timeout_in_a_row_reduces_nothing_more() {
        let mut recovery = recovery();
        assert!(recovery.on_timeout(ms(1000), 10, true));
        assert!(!recovery.on_timeout(ms(3000), 10, true));
        recovery.judge(&acked(100), ms(2000), 2);
        assert!(recovery.on_timeout(ms(5000), 10, true));
        assert_eq!(recovery.counts().timeouts, 3);
    }

    #[test]
    fn a_timeout_is_needless_if_what_was_in_flight_is_acknowledged_in_a_second_answer() {
        let mut recovery = recovery();
        recovery.on_timeout(ms(1000), 10, true);
        let late = Acked {
            late: Some(4),
            ..acked(100)
        };
        // The first may answer the retransmission.
        assert_eq!(recovery.judge(&late, ms(1500), 2), Verdict::Stands);
        let verdict = recovery.judge(&late, ms(1600), 4);
        assert_eq!(verdict, Verdict::NeedlessTimeout { reduced: true });
        assert!(!recovery.is_under_way());
    }
}
