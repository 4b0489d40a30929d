//! What happens to a datagram on its way from one host.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

/// What happens to a packet that is larger than the link takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oversize {
    /// A router on the way cuts IPv4 packets into fragments, unless their sender forbids it. All
    /// others are lost without a word.
    #[default]
    Fragment,
    /// All are lost without a word, as where two ends of a wire do not agree, or fragments are not
    /// let through.
    Drop,
    /// The link begins at the host itself, whose system cuts what it may and refuses the rest.
    Refuse,
}

/// The system's answer to a datagram that is too large to be sent, or to be sent in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A datagram as the link sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parcel {
    /// UDP's payload.
    pub(crate) size: usize,
    pub(crate) is_ipv6: bool,
    /// Nobody may cut it.
    pub(crate) is_probe: bool,
    /// It is one of several that were handed to the system at once.
    pub(crate) in_batch: bool,
}

impl Parcel {
    /// With the headers of UDP and IP.
    fn packet(self) -> usize {
        self.size + if self.is_ipv6 { 48 } else { 28 }
    }
}

/// The way from one host to the rest of the world. `Default` is perfect but for 1 ms of delay.
#[derive(Clone, Debug)]
pub struct Link {
    /// Time on the way.
    pub delay: Duration,
    /// Up to so much is added at random; datagrams may overtake one another.
    pub jitter: Duration,
    /// Datagrams that jitter would let overtake others arrive together with those instead.
    pub keeps_order: bool,
    /// Datagrams lost at random, in percent.
    pub loss: f64,
    /// Datagrams delivered twice, in percent.
    pub duplicates: u64,
    /// Datagrams that are held back by three times the delay, in percent.
    pub reordering: u64,
    /// Largest IP packet that gets through in one piece.
    pub mtu: usize,
    /// What happens to larger ones.
    pub oversize: Oversize,
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
            keeps_order: false,
            loss: 0.0,
            duplicates: 0,
            reordering: 0,
            mtu: 1500,
            oversize: Oversize::default(),
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
            loss: loss as f64,
            duplicates: 3,
            reordering: 3,
            ..Self::default()
        }
    }

    /// Whether the host's system refuses a datagram, or to send it as it was to be sent.
    pub(crate) fn refusal(&self, parcel: Parcel) -> Result<(), TooLarge> {
        let refuses = self.oversize == Oversize::Refuse && parcel.packet() > self.mtu;
        match refuses && (parcel.is_probe || parcel.in_batch) {
            true => Err(TooLarge),
            false => Ok(()),
        }
    }

    /// How many packets a datagram makes, if it gets through.
    fn fragments(&self, parcel: Parcel) -> Option<usize> {
        if parcel.packet() <= self.mtu {
            return Some(1);
        }
        let cuts = match self.oversize {
            Oversize::Fragment => !parcel.is_probe && !parcel.is_ipv6,
            Oversize::Drop => false,
            Oversize::Refuse => !parcel.is_probe,
        };
        // Fragments carry multiples of eight bytes (RFC 791).
        let header = if parcel.is_ipv6 { 48 } else { 20 };
        let room = self.mtu.saturating_sub(header).max(8) & !7;
        cuts.then(|| (parcel.size + 8).div_ceil(room))
    }

    /// When the copies of a datagram arrive: none, one or two.
    pub(crate) fn arrivals(
        &self,
        now: Time,
        parcel: Parcel,
        line: &Line,
        rng: &mut Rng,
    ) -> Vec<Time> {
        let chance = |rng: &mut Rng, percent: u64| percent > 0 && rng.below(100) < percent;
        let lost = |rng: &mut Rng| {
            if self.loss.fract() > 0.0 {
                rng.below(1_000_000) < (self.loss * 10_000.0).round() as u64
            } else {
                chance(rng, self.loss as u64)
            }
        };
        let Some(fragments) = self.fragments(parcel).filter(|_| !self.cut) else {
            return Vec::new();
        };
        // One lost fragment is enough.
        if (0..fragments).any(|_| lost(rng)) {
            return Vec::new();
        }
        let mut state = line.0.borrow_mut();
        let mut departure = now;
        if let Some(bandwidth) = self.bandwidth {
            let start = state.busy_until.max(now);
            if start.since(now) > self.queue {
                return Vec::new();
            }
            let nanos = parcel.size as u64 * 1_000_000_000 / bandwidth.max(1);
            departure = start + Duration::from_nanos(nanos);
            state.busy_until = departure;
        }
        let copies = 1 + usize::from(chance(rng, self.duplicates));
        (0..copies)
            .map(|_| {
                let jitter = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
                let late = if chance(rng, self.reordering) { 3 } else { 0 };
                let mut arrival = departure
                    + self.delay
                    + self.delay * late
                    + Duration::from_nanos(rng.below(jitter.saturating_add(1)));
                if self.keeps_order {
                    arrival = arrival.max(state.last_arrival);
                    state.last_arrival = arrival;
                }
                arrival
            })
            .collect()
    }
}

/// The line behind a link's queue. Hosts that share one compete for it.
#[derive(Clone, Debug, Default)]
pub struct Line(Rc<RefCell<LineState>>);

#[derive(Debug, Default)]
struct LineState {
    /// When what was accepted so far is through.
    busy_until: Time,
    last_arrival: Time,
}
