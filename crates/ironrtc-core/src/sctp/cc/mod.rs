//! Congestion control: how much may be in flight (RFC 9260 section 7.2).

mod bbr;
mod cubic;
mod hystart;
mod new_reno;

use std::fmt;
use std::time::Duration;

use super::config::CongestionAlgorithm;
use crate::time::Time;

/// What an acknowledgement says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ack {
    pub(crate) now: Time,
    /// Bytes of payload acknowledged for the first time.
    pub(crate) bytes: usize,
    /// A round-trip time measured with this acknowledgement.
    pub(crate) rtt: Option<Duration>,
    pub(crate) srtt: Duration,
    /// Whether the window was what limited sending; only then it may grow
    /// (RFC 9260 section 7.2.1).
    pub(crate) limited: bool,
    /// Position of the highest TSN acknowledged cumulatively.
    pub(crate) cumulative: u64,
    /// Position of the next TSN to be sent.
    pub(crate) next: u64,
    /// Largest packet in bytes.
    pub(crate) packet: usize,
}

/// How fast something was delivered (draft-ietf-ccwg-bbr section 4.1).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Bytes delivered between the sending of a chunk and its acknowledgement.
    pub(crate) delivered: u64,
    /// Bytes delivered in all when the chunk was sent.
    pub(crate) prior: u64,
    /// The time that delivery took.
    pub(crate) interval: Duration,
    /// The application or the peer's window, not the network, may have been the limit.
    pub(crate) app_limited: bool,
}

/// What an acknowledgement says about delivery, once the losses that it shows were found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) now: Time,
    /// Bytes of payload acknowledged for the first time.
    pub(crate) acked: usize,
    /// Bytes found lost.
    pub(crate) lost: usize,
    /// The chunk among them whose loss says most: bytes in flight when it was sent, and bytes lost
    /// since.
    pub(crate) worst: Option<(usize, usize)>,
    pub(crate) rate: Option<Rate>,
    pub(crate) rtt: Option<Duration>,
    /// Bytes delivered in all.
    pub(crate) delivered: u64,
    /// Bytes in flight now, and before the acknowledgement.
    pub(crate) flight: usize,
    pub(crate) prior_flight: usize,
    /// Largest packet in bytes.
    pub(crate) packet: usize,
}

/// An algorithm. The caller reports one loss per round of recovery and no acknowledgement during
/// fast recovery.
pub(crate) trait CongestionControl: fmt::Debug + Send + Sync {
    /// Bytes that may be in flight.
    fn window(&self) -> usize;
    /// Slow start threshold in bytes.
    fn threshold(&self) -> usize;
    /// Data was acknowledged.
    fn on_ack(&mut self, ack: &Ack);
    /// An acknowledgement came, also during fast recovery; after [`on_ack`](Self::on_ack) and
    /// [`on_loss`](Self::on_loss).
    fn on_delivery(&mut self, _sample: &Sample) {}
    /// Bytes a second at which to send, if not at once: by default what lets the window grow as
    /// fast as it may.
    fn pacing_rate(&self, srtt: Duration) -> Option<f64> {
        let gain = if self.window() < self.threshold() {
            2.0
        } else {
            1.25
        };
        (!srtt.is_zero()).then(|| gain * self.window() as f64 / srtt.as_secs_f64())
    }
    /// A loss began a fast recovery.
    fn on_loss(&mut self, packet: usize);
    /// The retransmission timer ran out, for the first time since something was acknowledged.
    fn on_timeout(&mut self, packet: usize);
    /// The last reduction answered no congestion: what seemed lost had only been late
    /// (RFC 4015, RFC 5682). The window becomes what it was before. Comes at most once after each
    /// [`on_loss`](Self::on_loss) or [`on_timeout`](Self::on_timeout), and before the next.
    fn on_spurious(&mut self);
    /// Nothing was sent for so many retransmission timeouts; the window shall not fall below
    /// `floor` (RFC 9260 section 7.2.1).
    fn on_idle(&mut self, timeouts: u32, floor: usize);
}

/// The algorithm of an association's configuration, beginning with `initial` bytes.
pub(crate) fn new(
    algorithm: CongestionAlgorithm,
    initial: usize,
    max: usize,
) -> Box<dyn CongestionControl> {
    match algorithm {
        CongestionAlgorithm::NewReno => Box::new(new_reno::NewReno::new(initial, max)),
        CongestionAlgorithm::Cubic => Box::new(cubic::Cubic::new(initial, max)),
        CongestionAlgorithm::Bbr => Box::new(bbr::Bbr::new(initial, max)),
    }
}

/// The window after `timeouts` idle retransmission timeouts.
fn idle_window(window: usize, timeouts: u32, floor: usize) -> usize {
    (window >> timeouts.min(31)).max(floor.min(window))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: usize = 1200;

    fn ack(now: Time, bytes: usize, round: u64) -> Ack {
        Ack {
            now,
            bytes,
            rtt: Some(Duration::from_millis(20)),
            srtt: Duration::from_millis(20),
            limited: true,
            cumulative: round * 1000,
            next: round * 1000 + 1000,
            packet: PACKET,
        }
    }

    fn both() -> [Box<dyn CongestionControl>; 2] {
        [CongestionAlgorithm::NewReno, CongestionAlgorithm::Cubic]
            .map(|algorithm| new(algorithm, 10 * PACKET, 1 << 24))
    }

    #[test]
    fn slow_start_doubles_the_window_in_a_round_trip() {
        for mut cc in both() {
            let before = cc.window();
            cc.on_ack(&ack(Time::from_millis(20), before, 1));
            assert_eq!(cc.window(), 2 * before, "{cc:?}");
        }
    }

    #[test]
    fn the_window_grows_only_if_it_was_the_limit() {
        for mut cc in both() {
            let before = cc.window();
            let idle = Ack {
                limited: false,
                ..ack(Time::from_millis(20), before, 1)
            };
            cc.on_ack(&idle);
            assert_eq!(cc.window(), before, "{cc:?}");
        }
    }

    #[test]
    fn a_loss_cuts_the_window_and_a_timeout_leaves_one_packet() {
        for mut cc in both() {
            cc.on_ack(&ack(Time::from_millis(20), 100 * PACKET, 1));
            let before = cc.window();
            cc.on_loss(PACKET);
            assert!(cc.window() < before && cc.window() >= before / 2, "{cc:?}");
            assert_eq!(cc.threshold(), cc.window());
            let before = cc.window();
            cc.on_timeout(PACKET);
            assert_eq!(cc.window(), PACKET);
            assert!(cc.threshold() >= before / 2, "{cc:?}");
        }
    }

    #[test]
    fn a_reduction_that_proves_spurious_is_undone() {
        for reduce in [
            |cc: &mut dyn CongestionControl| cc.on_loss(PACKET),
            |cc: &mut dyn CongestionControl| cc.on_timeout(PACKET),
        ] {
            for mut cc in both() {
                cc.on_ack(&ack(Time::from_millis(20), 100 * PACKET, 1));
                let before = (cc.window(), cc.threshold());
                reduce(&mut *cc);
                assert!(cc.window() < before.0, "{cc:?}");
                cc.on_spurious();
                assert_eq!((cc.window(), cc.threshold()), before, "{cc:?}");
                // Nothing is undone twice, nor what a pause took.
                reduce(&mut *cc);
                cc.on_idle(1, PACKET);
                let after = (cc.window(), cc.threshold());
                cc.on_spurious();
                assert_eq!((cc.window(), cc.threshold()), after, "{cc:?}");
            }
        }
    }

    #[test]
    fn the_threshold_is_at_least_four_packets() {
        for mut cc in both() {
            for _ in 0..20 {
                cc.on_loss(PACKET);
            }
            assert_eq!(cc.threshold(), 4 * PACKET, "{cc:?}");
        }
    }

    #[test]
    fn congestion_avoidance_adds_about_a_packet_in_a_round_trip_at_first() {
        for mut cc in both() {
            cc.on_loss(PACKET);
            cc.on_ack(&ack(Time::from_millis(20), cc.window(), 1));
            cc.on_loss(PACKET);
            let before = cc.window();
            let mut now = Time::from_millis(40);
            for round in 2..4 {
                now += Duration::from_millis(20);
                cc.on_ack(&ack(now, before, round));
            }
            let grown = cc.window() - before;
            assert!((PACKET / 2..=3 * PACKET).contains(&grown), "{grown} {cc:?}");
        }
    }

    #[test]
    fn cubic_returns_to_its_old_window_after_the_time_that_rfc_9438_gives() {
        let mut cc = new(CongestionAlgorithm::Cubic, 1000 * PACKET, 1 << 30);
        cc.on_loss(PACKET);
        // K = cbrt(1000 * 0.3 / 0.4) = 9.09 s (RFC 9438 section 4.2).
        let mut now = Time::ZERO;
        let mut round = 1;
        let mut reached = None;
        while now < Time::from_millis(15_000) {
            now += Duration::from_millis(100);
            round += 1;
            let long = Ack {
                rtt: None,
                srtt: Duration::from_millis(100),
                ..ack(now, cc.window(), round)
            };
            cc.on_ack(&long);
            if reached.is_none() && cc.window() >= 990 * PACKET {
                reached = Some(now);
            }
        }
        let reached = reached.map(|at| at.as_nanos() / 1_000_000_000);
        assert!(matches!(reached, Some(5..=9)), "{reached:?}");
    }

    #[test]
    fn a_growing_round_trip_time_ends_slow_start_before_a_loss() {
        for mut cc in both() {
            let mut now = Time::ZERO;
            for round in 1..20 {
                let rtt = Duration::from_millis(20 + 8 * round);
                now += rtt;
                let before = cc.window();
                for _ in 0..10 {
                    let slower = Ack {
                        rtt: Some(rtt),
                        srtt: rtt,
                        ..ack(now, before / 10, round)
                    };
                    cc.on_ack(&slower);
                }
            }
            assert!(cc.window() < 1 << 24, "{cc:?}");
            assert!(cc.threshold() < 1 << 24, "{cc:?}");
        }
    }
}
