//! What happens to a packet on its way.

use std::time::Duration;

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

/// What a packet is carried by below the protocol under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// Nothing: the link takes the packet itself, and nobody cuts it.
    Bare,
    /// UDP over IPv4.
    Ipv4,
    /// UDP over IPv6.
    Ipv6,
}

/// A packet as the link sees it.
#[derive(Clone, Copy, Debug)]
pub struct Parcel {
    /// Bytes without the headers of its carrier.
    pub size: usize,
    /// Whose headers are added.
    pub carrier: Carrier,
    /// Nobody may cut it.
    pub is_probe: bool,
    /// It is one of several that were handed to the system at once.
    pub in_batch: bool,
}

impl Parcel {
    /// A packet that is sent alone and without any headers.
    pub const fn bare(size: usize) -> Self {
        Self {
            size,
            carrier: Carrier::Bare,
            is_probe: false,
            in_batch: false,
        }
    }

    /// With the headers.
    const fn packet(self) -> usize {
        self.size
            + match self.carrier {
                Carrier::Bare => 0,
                Carrier::Ipv4 => 28,
                Carrier::Ipv6 => 48,
            }
    }
}

/// The way from one host to the rest of the world. `Default` is perfect but for 1 ms of delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Time on the way.
    pub delay: Duration,
    /// Up to so much is added at random; packets may overtake one another.
    pub jitter: Duration,
    /// Packets that jitter would let overtake others arrive together with those instead.
    pub keeps_order: bool,
    /// Packets lost at random, in a thousand.
    pub loss: u64,
    /// Packets delivered twice, in a thousand.
    pub duplicates: u64,
    /// Packets that are held back by three times the delay, in a thousand.
    pub reordering: u64,
    /// Largest packet that gets through in one piece, with its headers.
    pub mtu: usize,
    /// What happens to larger ones.
    pub oversize: Oversize,
    /// Bytes per second; `None` for no limit.
    pub bandwidth: Option<u64>,
    /// How long each packet occupies the line, whatever its size, besides what the bandwidth asks.
    pub spacing: Duration,
    /// How long a packet may wait for its turn on the line.
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
            loss: 0,
            duplicates: 0,
            reordering: 0,
            mtu: 1500,
            oversize: Oversize::default(),
            bandwidth: None,
            spacing: Duration::ZERO,
            queue: Duration::from_millis(200),
            cut: false,
        }
    }
}

impl Link {
    /// A link with everything that a bad network does: losses (in a thousand), duplicates,
    /// reordering and jitter.
    pub fn bad(loss: u64) -> Self {
        Self {
            delay: Duration::from_millis(20),
            jitter: Duration::from_millis(10),
            loss,
            duplicates: 30,
            reordering: 30,
            ..Self::default()
        }
    }

    /// A link that only takes so long: packets of any size, as fast as they come.
    pub fn plain(delay: Duration) -> Self {
        Self {
            delay,
            mtu: usize::MAX,
            queue: Duration::MAX,
            ..Self::default()
        }
    }

    /// Whether the host's system refuses a datagram, or to send it as it was to be sent.
    pub fn refusal(&self, parcel: Parcel) -> Result<(), TooLarge> {
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
        let may_be_cut = match self.oversize {
            Oversize::Fragment => parcel.carrier == Carrier::Ipv4,
            Oversize::Drop => false,
            Oversize::Refuse => parcel.carrier != Carrier::Bare,
        };
        // Fragments carry multiples of eight bytes (RFC 791).
        let header = match parcel.carrier {
            Carrier::Ipv6 => 48,
            Carrier::Bare | Carrier::Ipv4 => 20,
        };
        let room = self.mtu.saturating_sub(header).max(8) & !7;
        (may_be_cut && !parcel.is_probe).then(|| (parcel.size + 8).div_ceil(room))
    }

    /// When the copies of a packet arrive: none, one or two. `below` draws a number less than the
    /// one that it is given.
    pub fn arrivals(
        &self,
        now: Duration,
        parcel: Parcel,
        line: &mut Line,
        below: &mut impl FnMut(u64) -> u64,
    ) -> Vec<Duration> {
        let Some(fragments) = self.fragments(parcel).filter(|_| !self.cut) else {
            return Vec::new();
        };
        // One lost fragment is enough.
        if (0..fragments).any(|_| happens(self.loss, below)) {
            return Vec::new();
        }
        let start = line.busy_until.max(now);
        if start - now > self.queue {
            return Vec::new();
        }
        let bits = self.bandwidth.map_or(Duration::ZERO, |bandwidth| {
            Duration::from_nanos(parcel.size as u64 * 1_000_000_000 / bandwidth.max(1))
        });
        let departure = start + bits + self.spacing;
        line.busy_until = departure;
        let copies = 1 + usize::from(happens(self.duplicates, below));
        (0..copies)
            .map(|_| {
                let jitter = u64::try_from(self.jitter.as_nanos()).unwrap_or(u64::MAX);
                let late = if happens(self.reordering, below) {
                    3
                } else {
                    0
                };
                let mut arrival = departure
                    + self.delay
                    + self.delay * late
                    + Duration::from_nanos(below(jitter.saturating_add(1)));
                if self.keeps_order {
                    arrival = arrival.max(line.last_arrival);
                    line.last_arrival = arrival;
                }
                arrival
            })
            .collect()
    }
}

/// Whether what happens to so many in a thousand happens. What never happens draws nothing, and
/// what is drawn is a part of what a seed means: whole hundredths are drawn as such.
fn happens(thousandths: u64, below: &mut impl FnMut(u64) -> u64) -> bool {
    match thousandths {
        0 => false,
        whole if whole % 10 == 0 => below(100) < whole / 10,
        _ => below(1_000_000) < thousandths * 1000,
    }
}

/// The line behind a link's queue. Hosts that share one compete for it.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// When what was accepted so far is through.
    busy_until: Duration,
    last_arrival: Duration,
}

impl Line {
    /// Nothing more gets through for a while.
    pub(crate) fn stall(&mut self, now: Duration, time: Duration) {
        self.busy_until = self.busy_until.max(now) + time;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Arrivals of packets of 100 bytes that are sent at once, with numbers that go up by one.
    fn sent(link: &Link, parcel: Parcel, count: usize) -> Vec<Vec<Duration>> {
        let mut number = 0;
        let mut below = |bound| {
            number += 1;
            number % bound
        };
        let mut line = Line::default();
        (0..count)
            .map(|_| link.arrivals(MS, parcel, &mut line, &mut below))
            .collect()
    }

    #[test]
    fn shares_are_in_a_thousand() {
        for share in [0, 1, 5, 10, 300, 999, 1000] {
            let mut drawn = 0;
            let mut below = |bound: u64| {
                drawn += 1;
                drawn % bound
            };
            let hits = (0..1_000_000).filter(|_| happens(share, &mut below));
            assert_eq!(hits.count() as u64, share * 1000, "{share}");
        }
        let lossy = Link {
            loss: 1000,
            ..Link::default()
        };
        assert_eq!(sent(&lossy, Parcel::bare(100), 1), [Vec::new()]);
        let twice = Link {
            duplicates: 1000,
            ..Link::default()
        };
        assert_eq!(sent(&twice, Parcel::bare(100), 1), [vec![MS * 2; 2]]);
        let late = Link {
            reordering: 1000,
            ..Link::default()
        };
        assert_eq!(sent(&late, Parcel::bare(100), 1), [vec![MS * 5]]);
    }

    #[test]
    fn what_waits_too_long_for_the_line_is_lost() {
        let by_size = Link {
            bandwidth: Some(100_000),
            queue: MS * 2,
            ..Link::default()
        };
        let by_number = Link {
            bandwidth: None,
            spacing: MS,
            ..by_size
        };
        for link in [by_size, by_number] {
            let arrivals = sent(&link, Parcel::bare(100), 5).concat();
            assert_eq!(arrivals, [MS * 3, MS * 4, MS * 5]);
        }
    }

    #[test]
    fn jitter_overtakes_unless_order_is_kept() {
        let mut link = Link {
            jitter: MS,
            ..Link::default()
        };
        let draws = [MS, Duration::ZERO];
        for keeps_order in [false, true] {
            link.keeps_order = keeps_order;
            let mut line = Line::default();
            let mut arrivals = draws.iter().flat_map(|draw| {
                let mut below = |_| draw.as_nanos() as u64;
                link.arrivals(Duration::ZERO, Parcel::bare(1), &mut line, &mut below)
            });
            let second = if keeps_order { MS * 2 } else { MS };
            assert_eq!(arrivals.next(), Some(MS * 2));
            assert_eq!(arrivals.next(), Some(second));
        }
    }

    #[test]
    fn what_is_too_large_is_cut_lost_or_refused() {
        let mut link = Link::default();
        let at = |carrier, size, is_probe| Parcel {
            carrier,
            is_probe,
            ..Parcel::bare(size)
        };
        assert_eq!(link.fragments(at(Carrier::Bare, 1500, true)), Some(1));
        assert_eq!(link.fragments(at(Carrier::Bare, 1501, false)), None);
        assert_eq!(link.fragments(at(Carrier::Ipv4, 1472, true)), Some(1));
        assert_eq!(link.fragments(at(Carrier::Ipv4, 1473, true)), None);
        assert_eq!(link.fragments(at(Carrier::Ipv4, 1473, false)), Some(2));
        assert_eq!(link.fragments(at(Carrier::Ipv6, 1453, false)), None);
        link.oversize = Oversize::Refuse;
        assert_eq!(link.fragments(at(Carrier::Ipv6, 1453, false)), Some(2));
        assert_eq!(link.refusal(at(Carrier::Ipv6, 1453, false)), Ok(()));
        assert_eq!(link.refusal(at(Carrier::Ipv6, 1453, true)), Err(TooLarge));
        link.oversize = Oversize::Drop;
        assert_eq!(link.fragments(at(Carrier::Ipv4, 1473, false)), None);
        link.cut = true;
        assert_eq!(sent(&link, Parcel::bare(1), 1), [Vec::new()]);
    }
}
