//! When a chunk counts as lost: by time, as in RFC 8985.
//!
//! A chunk is lost once one sent later was delivered and the reordering window has passed. The
//! window grows where chunks were taken for lost that had only been late, as in the RFC, and at
//! once to what it would have had to be for chunks that were seen to be late.

use std::time::Duration;

use super::outstanding::Acked;
use super::rtt::Rtt;
use crate::time::Time;

/// Packets count as lost and not only reordered no earlier than this, as hosts deliver in batches.
const MIN_WINDOW: Duration = Duration::from_millis(1);
/// RFC 8985 section 6.2, step 4: recoveries after which the window is what it was at first.
const PERSISTENCE: u32 = 16;
/// Most quarters of a round trip; the smoothed round trip bounds the window before.
const MAX_MULTIPLIER: u32 = 64;

/// What deliveries have taught about the order of things.
#[derive(Debug)]
pub(super) struct Rack {
    /// When the latest of the delivered chunks was sent, and its position (`RACK.xmit_ts`).
    latest: Option<(Time, u64)>,
    /// The round trip of that one (`RACK.rtt`).
    round_trip: Duration,
    reordering_seen: bool,
    /// Quarters of the least round trip in the window (`RACK.reo_wnd_mult`).
    multiplier: u32,
    /// The latest that a chunk came behind one that was sent after it.
    lateness: Duration,
    /// Recoveries until the window is forgotten (`RACK.reo_wnd_persist`).
    persistence: u32,
    /// The window grows no more before this is acknowledged (`RACK.dsack_round`).
    round_end: u64,
}

impl Rack {
    pub(super) const fn new() -> Self {
        Self {
            latest: None,
            round_trip: Duration::ZERO,
            reordering_seen: false,
            multiplier: 1,
            lateness: Duration::ZERO,
            persistence: 0,
            round_end: 0,
        }
    }

    /// RFC 8985 section 6.2, steps 2 and 3. `next` is the position of the next new chunk.
    pub(super) fn on_acked(&mut self, now: Time, acked: &Acked, cumulative: u64, next: u64) {
        if let Some(sent_at) = acked.overtaken {
            let late = now.since(sent_at).saturating_sub(self.round_trip);
            self.lateness = self.lateness.max(late);
        }
        if let Some(latest) = acked.latest
            && self.latest.is_none_or(|before| before < latest)
        {
            self.latest = Some(latest);
            self.round_trip = now.since(latest.0);
        }
        self.reordering_seen |= acked.overtaken.is_some() || acked.proven;
        // Step 4: a chunk sent again for nothing makes the window a quarter larger, once in a
        // round trip.
        if acked.proven {
            self.persistence = PERSISTENCE;
            if cumulative >= self.round_end {
                self.multiplier = (self.multiplier + 1).min(MAX_MULTIPLIER);
                self.round_end = next;
            }
        }
    }

    /// A timeout was spurious: what was acknowledged of late was no answer to the retransmissions,
    /// and only what was sent once tells how long the way takes.
    pub(super) fn on_spurious_timeout(&mut self, now: Time, acked: &Acked) {
        self.latest = acked.sample.map(|sent_at| (sent_at, 0));
        if let Some(sent_at) = acked.sample {
            self.round_trip = now.since(sent_at);
        }
    }

    /// A recovery begins.
    pub(super) fn on_recovery(&mut self) {
        self.lateness = self.lateness * 7 / 8;
        self.persistence = self.persistence.saturating_sub(1);
        if self.persistence == 0 {
            self.multiplier = 1;
        }
    }

    /// The reordering window. `plain` says that enough arrived behind a missing chunk, or that a
    /// loss is being repaired.
    fn window(&self, rtt: &Rtt, plain: bool) -> Duration {
        // RFC 8985 section 6.2, step 4: without reordering so far, three packets are enough.
        if plain && !self.reordering_seen {
            return Duration::ZERO;
        }
        let window = rtt.least().unwrap_or_default() / 4 * self.multiplier;
        // A quarter more than what was seen, since the worst is rare.
        window
            .max(self.lateness * 5 / 4)
            .min(rtt.smoothed().unwrap_or_default())
            .max(MIN_WINDOW)
    }

    /// The last delivery, and how long after it was sent a chunk sent before it is lost.
    pub(super) fn deadline(&self, rtt: &Rtt, plain: bool) -> Option<((Time, u64), Duration)> {
        Some((self.latest?, self.patience(rtt, plain)))
    }

    /// How long after a chunk was sent it is lost.
    pub(super) fn patience(&self, rtt: &Rtt, plain: bool) -> Duration {
        self.round_trip + self.window(rtt, plain)
    }
}
