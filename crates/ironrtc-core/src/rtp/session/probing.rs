//! When the rate that media leaves free is filled: while a stream could take more than the estimate
//! gives it, for a while, and again after a pause if that was in vain.
//!
//! A congestion control with probes of its own takes the place of this.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::Ssrc;
use crate::time::Time;

/// So long is filled at a stretch.
const STRETCH: Duration = Duration::from_secs(1);
/// The estimate has grown in it if by this share.
const GROWN: (u64, u64) = (21, 20);
/// Between stretches in vain: at first, and at most.
const PAUSE: Duration = Duration::from_secs(5);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// What streams could take, and what is done for it.
#[derive(Debug, Default)]
pub(super) struct Probing {
    /// By streams of the plan.
    wanted: BTreeMap<Ssrc, u64>,
    /// The end of the stretch under way, and the rate that it began with.
    stretch: Option<(Time, u64)>,
    /// Not before this.
    rests_until: Option<Time>,
    pause: Option<Duration>,
}

impl Probing {
    /// A stream could take so much.
    pub(super) fn want(&mut self, ssrc: Ssrc, bits: Option<u64>) {
        match bits {
            Some(bits) => self.wanted.insert(ssrc, bits),
            None => self.wanted.remove(&ssrc),
        };
    }

    /// Only these streams are left.
    pub(super) fn retain(&mut self, lasts: impl Fn(Ssrc) -> bool) {
        self.wanted.retain(|ssrc, _| lasts(*ssrc));
    }

    /// Whether anybody could take anything.
    pub(super) fn is_idle(&self) -> bool {
        self.wanted.is_empty()
    }

    /// Whether the rate is to be filled now; `shares` tells what each stream may take.
    pub(super) fn fills(&mut self, now: Time, rate: u64, shares: &[(Ssrc, u64)]) -> bool {
        let lacks = |(ssrc, bits): &(Ssrc, u64)| self.wanted.get(ssrc).is_some_and(|it| it > bits);
        if !shares.iter().any(lacks) {
            (self.stretch, self.rests_until, self.pause) = (None, None, None);
            return false;
        }
        if self.rests_until.is_some_and(|until| now < until) {
            return false;
        }
        self.rests_until = None;
        let (end, before) = *self.stretch.get_or_insert((now + STRETCH, rate));
        if now < end {
            return true;
        }
        self.stretch = None;
        let (more, than) = GROWN;
        if rate.saturating_mul(than) >= before.saturating_mul(more) {
            self.pause = None;
            return true;
        }
        let pause = self.pause.unwrap_or(PAUSE);
        self.rests_until = Some(now + pause);
        self.pause = Some((pause * 2).min(MAX_PAUSE));
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Ssrc = Ssrc::new(1);

    #[test]
    fn it_fills_while_that_helps_and_rests_longer_and_longer_while_it_does_not() {
        let mut probing = Probing::default();
        let mut filled = |millis: u64, rate: u64| {
            probing.want(STREAM, Some(1_000_000));
            probing.fills(Time::from_millis(millis), rate, &[(STREAM, rate)])
        };
        assert!(filled(0, 300_000) && filled(900, 400_000));
        assert!(filled(1_000, 500_000), "it has grown");
        assert!(filled(1_100, 500_000) && filled(2_000, 500_000));
        assert!(!filled(2_100, 500_000), "in vain");
        assert!(!filled(7_000, 500_000));
        assert!(filled(7_100, 500_000) && !filled(8_100, 500_000));
        assert!(!filled(18_000, 500_000) && filled(18_100, 500_000));
        assert!(!filled(18_200, 2_000_000), "there is enough");
        assert!(filled(18_300, 500_000));
    }
}
