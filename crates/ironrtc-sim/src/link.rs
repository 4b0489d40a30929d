//! What happens to a datagram on its way from one host.

use std::time::Duration;

use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

/// The way from one host to the rest of the world. `Default` is perfect but for 1 ms of delay.
#[derive(Clone, Debug)]
pub struct Link {
    /// Time on the way.
    pub delay: Duration,
    /// Up to so much is added at random; datagrams may overtake one another.
    pub jitter: Duration,
    /// Datagrams lost, in percent.
    pub loss: u64,
    /// Datagrams delivered twice, in percent.
    pub duplicates: u64,
    /// Datagrams that are held back by three times the delay, in percent.
    pub reordering: u64,
    /// Longest UDP payload that gets through; a longer one is lost without a word.
    pub mtu: usize,
    /// Bytes per second; `None` for no limit.
    pub bandwidth: Option<u64>,
    /// How long a datagram may wait for its turn, if the bandwidth is limited.
    pub queue: Duration,
    /// Nothing gets through.
    pub cut: bool,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 0,
            duplicates: 0,
            reordering: 0,
            mtu: 1472,
            bandwidth: None,
            queue: Duration::from_millis(200),
            cut: false,
        }
    }
}

impl Link {
    /// A link with everything that a bad network does: `loss` percent lost, duplicates, reordering
    /// and jitter.
    pub fn bad(loss: u64) -> Self {
        Self {
            delay: Duration::from_millis(20),
            jitter: Duration::from_millis(10),
            loss,
            duplicates: 3,
            reordering: 3,
            ..Self::default()
        }
    }

    /// When the copies of a datagram of `size` bytes arrive: none, one or two. `busy_until` is when
    /// those accepted before are through.
    pub(crate) fn arrivals(
        &self,
        now: Time,
        size: usize,
        busy_until: &mut Time,
        rng: &mut Rng,
    ) -> Vec<Time> {
        let chance = |rng: &mut Rng, percent: u64| percent > 0 && rng.below(100) < percent;
        if self.cut || size > self.mtu || chance(rng, self.loss) {
            return Vec::new();
        }
        let mut departure = now;
        if let Some(bandwidth) = self.bandwidth {
            let start = (*busy_until).max(now);
            if start.since(now) > self.queue {
                return Vec::new();
            }
            let nanos = size as u64 * 1_000_000_000 / bandwidth.max(1);
            departure = start + Duration::from_nanos(nanos);
            *busy_until = departure;
        }
        let copies = 1 + usize::from(chance(rng, self.duplicates));
        (0..copies)
            .map(|_| {
                let jitter = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
                let late = if chance(rng, self.reordering) { 3 } else { 0 };
                departure
                    + self.delay
                    + self.delay * late
                    + Duration::from_nanos(rng.below(jitter.saturating_add(1)))
            })
            .collect()
    }
}
