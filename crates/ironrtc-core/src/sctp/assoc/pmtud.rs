//! Path MTU discovery (RFC 8899) with HEARTBEAT and PAD (RFC 4820) as probes.
//!
//! Only probes forbid fragmentation, so a packet larger than the path still arrives where routers or
//! this host's system cut it. Discovery saves that, and gets through where fragments do not.

use std::time::Duration;

use super::heartbeat::{heartbeat_chunk, padded_heartbeat_chunk};
use crate::rng::Rng;
use crate::sctp::packet::{CHUNK_HEADER_LEN, HEADER_LEN, kind, write_chunk};
use crate::time::Time;

/// RFC 8899 section 5.1.2: MAX_PROBES.
const MAX_PROBES: u32 = 3;
/// The same for a size that got through before: a path seldom shrinks, and where much is lost at
/// random three probes are lost by chance soon.
const MAX_REPEATED_PROBES: u32 = 6;
/// Probes come so many times more slowly after those, while nothing is heard of the peer.
const SLOW_PROBES: u32 = 4;
/// RFC 8899 section 5.1.1: CONFIRMATION_TIMER, after which the present size is tried again.
pub(super) const CONFIRM: Duration = Duration::from_secs(60);
/// RFC 8899 section 5.1.1: PMTU_RAISE_TIMER, after which a size that failed is tried again.
const RAISE: Duration = Duration::from_secs(600);
/// Timeouts in a row after which packets of the present size are no longer trusted to get through.
const BLACK_HOLE_TIMEOUTS: u32 = 2;
/// Losses give reason to ask for the present size no more often than this.
const SUSPECT_PAUSE: Duration = Duration::from_secs(1);
/// Largest packets of usual paths under UDP and a DTLS record: over IPv4 576, 1,006, 1,200, 1,220
/// and 1,236 bytes; then tunnels, PPPoE, Ethernet over IPv6 and IPv4, jumbo frames. The base and
/// the limit come between them.
const LADDER: [usize; 12] = [
    FLOOR, 937, 1131, 1151, 1167, 1311, 1391, 1403, 1411, 1431, 4000, 8911,
];
/// RFC 8899 section 5.1.2: MIN_PLPMTU, what IPv4's 576 bytes leave. Under IPv6 the base always fits.
const FLOOR: usize = 507;
/// Packets are never smaller than this, whatever the configuration says, nor larger than a chunk's
/// length can tell.
const MIN_PACKET: usize = 128;
const MAX_PACKET: usize = 65_000;

/// Where the search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// Not begun, or at its end until the timer runs out.
    Idle,
    /// A probe of this size is to be sent, or was.
    Probing { size: usize, attempts: u32 },
}

/// What is to be done for the search. With all but [`Nothing`](Self::Nothing) the sizes of packets
/// may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeStep {
    Nothing,
    /// A probe is to be written, and its answer waited for.
    Probe {
        /// So many times as long as usual.
        patience: u32,
        /// A heartbeat with this random number is to be sent beside it.
        control: Option<u64>,
    },
    /// The search is at its end for so long as [`CONFIRM`].
    Rest,
    /// The search is at its end for good.
    Stop,
}

/// What a heartbeat's answer means to the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeAnswer {
    /// Nothing.
    NotOurs,
    /// The peer is there.
    Alive,
    /// The probe got through.
    Confirmed(ProbeStep),
}

/// The search for the largest packet.
#[derive(Debug)]
pub(super) struct Pmtud {
    base: usize,
    /// The largest packet to probe for with a peer that takes it.
    max: usize,
    /// The peer says that it takes larger packets, and PAD.
    peer_pads: bool,
    current: usize,
    /// The path stays as it is, so that chunks may be as large as its packets.
    stable: bool,
    search: Search,
    /// The smallest size that is known not to get through, and since when.
    ceiling: Option<(usize, Time)>,
    /// The random number of the probe in flight.
    nonce: Option<u64>,
    /// That of a small heartbeat beside it, which tells whether the peer is there at all.
    control: Option<u64>,
    /// The peer answered something since the search came to the present size.
    alive: bool,
    due: bool,
    /// The losses known when they last gave reason to ask, and when that was.
    episodes: u64,
    suspected: Option<Time>,
    /// The search has not begun on this path.
    wanted: bool,
    /// Nothing is known of this path yet, and the first probe will tell.
    cautious: bool,
}

impl Pmtud {
    pub(super) fn new(base: usize, max: usize) -> Self {
        let base = base.clamp(MIN_PACKET, MAX_PACKET);
        Self {
            base,
            max: max.min(MAX_PACKET),
            peer_pads: false,
            current: base,
            stable: false,
            search: Search::Idle,
            ceiling: None,
            nonce: None,
            control: None,
            alive: false,
            due: false,
            episodes: 0,
            suspected: None,
            wanted: true,
            cautious: false,
        }
    }

    pub(super) const fn packet_size(&self) -> usize {
        self.current
    }

    /// The largest packet that a chunk is made for. A chunk has its TSN when it is cut and cannot be
    /// cut again, so between hosts none is larger than what fits every IPv6 path: larger packets
    /// hold several. So do all until the first probe is answered.
    pub(super) fn chunk_packet_size(&self) -> usize {
        if self.cautious {
            self.floor()
        } else if self.stable {
            self.current
        } else {
            self.current.min(self.base)
        }
    }

    /// The largest packet to probe for with this peer. One that does not say that it takes larger
    /// ones is not asked: aiortc reads a DTLS record in pieces of 1,500 bytes and takes each for a
    /// packet, libwebrtc gives a connection up when a record holds more than 2,048 bytes, and
    /// others end on a chunk of the type PAD.
    pub(super) const fn limit(&self) -> usize {
        if self.peer_pads { self.max } else { 0 }
    }

    /// What the peer says of itself is known.
    pub(super) const fn on_peer_known(&mut self, peer_pads: bool) {
        self.peer_pads = peer_pads;
        self.cautious = peer_pads;
    }

    /// Begins anew with packets of another size.
    pub(super) fn set_base(&mut self, base: usize) {
        *self = Self {
            peer_pads: self.peer_pads,
            ..Self::new(base, self.max)
        };
    }

    /// Begins anew with a peer that did. `episodes` are the losses so far, which are nothing against
    /// what comes.
    pub(super) fn restart(&mut self, episodes: u64) {
        *self = Self {
            stable: self.stable,
            episodes,
            ..Self::new(self.base, self.max)
        };
    }

    /// Begins anew on another path, where packets up to `max` are probed for; `stable` says that it
    /// stays as it is.
    pub(super) fn on_path_change(&mut self, base: usize, max: usize, stable: bool, episodes: u64) {
        *self = Self {
            peer_pads: self.peer_pads,
            stable,
            episodes,
            cautious: self.peer_pads,
            ..Self::new(base, max)
        };
    }

    fn floor(&self) -> usize {
        FLOOR.min(self.base)
    }

    fn steps(&self) -> impl Iterator<Item = usize> + '_ {
        let blocked = self.ceiling.map_or(usize::MAX, |(size, _)| size);
        LADDER
            .into_iter()
            .chain([self.floor(), self.base, self.limit()])
            .filter(move |size| *size < blocked && *size <= self.limit().max(self.base))
    }

    fn next_above(&self, size: usize) -> Option<usize> {
        self.steps().filter(|step| *step > size).min()
    }

    /// The largest step that is not known to be too large; the floor if there is none.
    fn highest(&self, most: usize) -> usize {
        let fits = self.steps().filter(|step| *step <= most).max();
        fits.unwrap_or(0).max(self.floor())
    }

    /// A size does not get through. That says nothing new about a smaller one that is known not to,
    /// which is tried again when its time has come.
    fn block(&mut self, now: Time, size: usize) {
        if self.ceiling.is_none_or(|(known, _)| size <= known) {
            self.ceiling = Some((size, now));
        }
    }

    /// The path can be used: the search begins, if it has not.
    #[inline]
    pub(super) fn begin(&mut self) -> ProbeStep {
        if !self.wanted {
            return ProbeStep::Nothing;
        }
        self.wanted = false;
        self.confirm()
    }

    const fn probe(&mut self, size: usize) -> ProbeStep {
        self.search = Search::Probing { size, attempts: 0 };
        self.alive = false;
        self.control = None;
        self.due = true;
        ProbeStep::Probe {
            patience: 1,
            control: None,
        }
    }

    /// Finds out whether the present size gets through in one piece, as larger ones tell as well.
    pub(super) fn confirm(&mut self) -> ProbeStep {
        let larger = self.next_above(self.current);
        if larger.is_some_and(|size| size > self.base) {
            self.search_on()
        } else if self.peer_pads && self.current > self.floor() {
            self.probe(self.current)
        } else {
            self.search_on()
        }
    }

    /// Searches for a larger packet size.
    fn search_on(&mut self) -> ProbeStep {
        match self.next_above(self.current) {
            Some(size) => self.probe(size),
            None => self.end(),
        }
    }

    const fn end(&mut self) -> ProbeStep {
        self.cautious = false;
        self.search = Search::Idle;
        self.nonce = None;
        self.control = None;
        // A peer that does not take PAD is only asked about sizes that seem to have failed.
        if self.peer_pads || self.ceiling.is_some() {
            ProbeStep::Rest
        } else {
            ProbeStep::Stop
        }
    }

    /// A probe was not answered, or it is time to look again.
    pub(super) fn on_timeout(&mut self, now: Time, rng: &mut Rng) -> ProbeStep {
        match &mut self.search {
            Search::Idle => {
                let old = |(_, since): &mut (usize, Time)| now.since(*since) >= RAISE;
                self.ceiling.take_if(old);
                self.confirm()
            }
            Search::Probing { size, attempts } => {
                *attempts += 1;
                let (size, attempts) = (*size, *attempts);
                // A lost probe says nothing about congestion (RFC 8899 section 3, point 7), nor
                // about the path while nothing else arrives either.
                let known = size == self.current && !self.cautious;
                let most = if known {
                    MAX_REPEATED_PROBES
                } else {
                    MAX_PROBES
                };
                if attempts >= most && self.alive {
                    return self.on_failed(now, size);
                }
                let control = (!self.alive).then(|| rng.u64());
                self.control = control.or(self.control);
                self.due = true;
                ProbeStep::Probe {
                    patience: if attempts >= most { SLOW_PROBES } else { 1 },
                    control,
                }
            }
        }
    }

    /// Packets of this size do not get through.
    fn on_failed(&mut self, now: Time, size: usize) -> ProbeStep {
        self.block(now, size);
        if self.current >= size {
            // RFC 8899 section 5.3.3: a size that was in use must be reduced.
            self.current = self.floor();
            self.search_on()
        } else if self.cautious {
            self.probe(self.current)
        } else {
            self.end()
        }
    }

    /// The peer acknowledged or answered something, so the path works for small packets at least.
    pub(super) const fn on_sign_of_life(&mut self) {
        self.alive = true;
    }

    /// A heartbeat with this random number was answered.
    pub(super) fn on_answer(&mut self, nonce: u64) -> ProbeAnswer {
        let Search::Probing { size, .. } = self.search else {
            return ProbeAnswer::NotOurs;
        };
        if self.control.take_if(|sent| *sent == nonce).is_some() {
            self.alive = true;
            return ProbeAnswer::Alive;
        }
        if self.nonce.take_if(|sent| *sent == nonce).is_none() {
            return ProbeAnswer::NotOurs;
        }
        self.current = size;
        self.cautious &= size < self.base;
        ProbeAnswer::Confirmed(self.search_on())
    }

    /// How often losses were found so far, for [`suspect`](Self::suspect) to compare. True if that
    /// was more often than when this was told last.
    pub(super) const fn on_losses(&mut self, episodes: u64) -> bool {
        std::mem::replace(&mut self.episodes, episodes) != episodes
    }

    /// RFC 8899 section 4.3: packets of the present size may no longer get through, as `lost` says
    /// or `timeouts` in a row. A probe tells, as losses have other causes more often.
    pub(super) fn suspect(&mut self, now: Time, lost: bool, timeouts: u32) -> ProbeStep {
        let size = self.current;
        let asked = match self.search {
            Search::Probing { size: probe, .. } => probe == size,
            Search::Idle => false,
        };
        let suspect = timeouts >= BLACK_HOLE_TIMEOUTS || (lost && self.peer_pads && !self.stable);
        let recently = |at| now.since(at) < SUSPECT_PAUSE;
        if size <= self.floor() || asked || !suspect || self.suspected.is_some_and(recently) {
            return ProbeStep::Nothing;
        }
        self.suspected = Some(now);
        self.wanted = false;
        self.probe(size)
    }

    /// The system has not sent a packet of `size` bytes, or not in one piece, as the path is known
    /// to take less. True if the search is to begin anew.
    pub(super) fn on_too_large(&mut self, now: Time, size: usize) -> bool {
        self.block(now, size.max(self.floor() + 1));
        let fits = self.highest(self.current);
        let shrinks = fits < self.current;
        self.current = self.current.min(fits);
        match self.search {
            Search::Probing { size: probe, .. } => probe >= size,
            Search::Idle => shrinks,
        }
    }

    /// Appends the chunks of a probe that is due, for a packet that holds nothing else.
    #[inline]
    pub(super) fn write_probe(&mut self, rng: &mut Rng, out: &mut Vec<u8>) -> bool {
        match self.search {
            Search::Probing { size, .. } if self.due => self.write_due(size, rng, out),
            _ => false,
        }
    }

    fn write_due(&mut self, size: usize, rng: &mut Rng, out: &mut Vec<u8>) -> bool {
        self.due = false;
        let nonce = rng.u64();
        self.nonce = Some(nonce);
        let room = (size & !3).saturating_sub(HEADER_LEN);
        // Without a word of the peer's about PAD, the padding is within the heartbeat, and comes
        // back in its answer.
        if !self.peer_pads {
            out.extend_from_slice(&padded_heartbeat_chunk(nonce, room));
            return true;
        }
        let heartbeat = heartbeat_chunk(nonce);
        out.extend_from_slice(&heartbeat);
        let padding = room.saturating_sub(heartbeat.len() + CHUNK_HEADER_LEN);
        write_chunk(out, kind::PAD, 0, &vec![0; padding]);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_size_that_fails_does_not_put_off_the_next_try_of_a_smaller_one() {
        let mut pmtud = Pmtud::new(1191, 1431);
        let first = Time::from_millis(1000);
        pmtud.block(first, 1311);
        pmtud.block(first + RAISE / 2, 1411);
        assert_eq!(pmtud.ceiling, Some((1311, first)));
        pmtud.block(first + RAISE / 2, 1167);
        assert_eq!(pmtud.ceiling, Some((1167, first + RAISE / 2)));
    }

    #[test]
    fn losses_of_the_old_path_are_no_reason_to_doubt_the_new_one() {
        let mut pmtud = Pmtud::new(1191, 1191);
        pmtud.on_peer_known(true);
        assert!(pmtud.on_losses(1));
        let now = Time::from_millis(1000);
        pmtud.on_path_change(1191, 0, false, 1);
        assert!(!pmtud.on_losses(1));
        assert_eq!(pmtud.suspect(now, false, 0), ProbeStep::Nothing);
        assert!(pmtud.on_losses(2));
        assert_ne!(pmtud.suspect(now, true, 0), ProbeStep::Nothing);
        // No more often than once a second.
        pmtud.search = Search::Idle;
        let soon = now + SUSPECT_PAUSE / 2;
        assert_eq!(pmtud.suspect(soon, true, 0), ProbeStep::Nothing);
    }

    #[test]
    fn a_peer_without_pad_is_asked_only_about_sizes_that_seem_to_have_failed() {
        let mut pmtud = Pmtud::new(1191, 1431);
        assert_eq!(pmtud.begin(), ProbeStep::Stop);
        let now = Time::from_millis(1000);
        assert_eq!(pmtud.suspect(now, true, 1), ProbeStep::Nothing);
        let probe = ProbeStep::Probe {
            patience: 1,
            control: None,
        };
        assert_eq!(pmtud.suspect(now, true, 2), probe);
    }
}
