//! Path MTU discovery (RFC 8899) with HEARTBEAT and PAD (RFC 4820) as probes.
//!
//! Only probes forbid fragmentation, so a packet larger than the path still arrives where routers or
//! this host's system cut it. Discovery saves that, and gets through where fragments do not.

use std::time::Duration;

use super::Association;
use super::heartbeat::{heartbeat_chunk, padded_heartbeat_chunk};
use super::state::{State, Timer};
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
const CONFIRM: Duration = Duration::from_secs(60);
/// RFC 8899 section 5.1.1: PMTU_RAISE_TIMER, after which a size that failed is tried again.
const RAISE: Duration = Duration::from_secs(600);
/// Timeouts in a row after which packets of the present size are no longer trusted to get through.
const BLACK_HOLE_TIMEOUTS: u32 = 2;
/// Losses give reason to ask for the present size no more often than this.
const SUSPECT_PAUSE: Duration = Duration::from_secs(1);
/// PROBE_TIMER (RFC 8899 section 5.1.1) is a multiple of the round trip, no less than this.
const MIN_PROBE_WAIT: Duration = Duration::from_millis(200);
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

/// The search for the largest packet.
#[derive(Debug)]
pub(super) struct Pmtud {
    base: usize,
    max: usize,
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

    /// The largest size to probe for from now on.
    pub(super) fn set_limit(&mut self, max: usize) {
        self.max = max.min(MAX_PACKET);
    }

    /// Begins anew. `episodes` are the losses so far, which are nothing against what comes.
    pub(super) fn restart(&mut self, episodes: u64) {
        *self = Self {
            stable: self.stable,
            episodes,
            ..Self::new(self.base, self.max)
        };
    }

    fn floor(&self) -> usize {
        FLOOR.min(self.base)
    }

    fn steps(&self) -> impl Iterator<Item = usize> + '_ {
        let blocked = self.ceiling.map_or(usize::MAX, |(size, _)| size);
        LADDER
            .into_iter()
            .chain([self.floor(), self.base, self.max])
            .filter(move |size| *size < blocked && *size <= self.max.max(self.base))
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
}

impl Association {
    /// The largest packet to probe for with this peer. One that does not say that it takes larger
    /// ones is not asked: aiortc reads a DTLS record in pieces of 1,500 bytes and takes each for a
    /// packet, libwebrtc gives a connection up when a record holds more than 2,048 bytes, and
    /// others end on a chunk of the type PAD.
    pub(super) fn probe_limit(&self) -> usize {
        if self.extensions.large_packets {
            self.config.max_probe_packet_size
        } else {
            0
        }
    }

    /// Whether the last packet written was a probe of the path's MTU, which must not be cut into
    /// fragments on its way.
    pub fn wrote_probe(&self) -> bool {
        self.wrote_probe
    }

    /// There is another path, for which nothing is known yet. `max_probe` is the largest packet to
    /// probe for; `stable` says that its MTU will not shrink, as between two ends on one host.
    pub fn handle_path_change(&mut self, max_probe: usize, stable: bool) {
        self.config.max_probe_packet_size = max_probe;
        self.pmtud = Pmtud::new(self.config.max_packet_size, self.probe_limit());
        self.pmtud.stable = stable;
        // What was lost on the old path is nothing against the new one.
        self.pmtud.episodes = self.tx.loss_episodes();
        self.be_cautious();
        self.stop_timer(Timer::Probe);
    }

    /// Begins the search on a new path.
    pub(super) fn begin_discovery(&mut self, now: Time) {
        if self.pmtud.wanted && self.state == State::Established {
            self.pmtud.wanted = false;
            self.confirm(now);
        }
    }

    /// A new path, or a peer of which it is now known that it takes probes.
    pub(super) fn be_cautious(&mut self) {
        self.pmtud.cautious = self.extensions.large_packets;
        self.apply_packet_size();
    }

    pub(super) fn apply_packet_size(&mut self) {
        self.tx.set_packet_size(self.pmtud.packet_size());
        self.tx
            .set_chunk_packet_size(self.pmtud.chunk_packet_size());
    }

    fn probe(&mut self, now: Time, size: usize) {
        self.pmtud.search = Search::Probing { size, attempts: 0 };
        self.pmtud.alive = false;
        self.pmtud.control = None;
        self.send_probe(now, 1);
    }

    /// The retransmission timeout may have been doubled many times by what a probe is to find out.
    fn send_probe(&mut self, now: Time, times: u32) {
        self.pmtud.due = true;
        let rto = self.tx.rto();
        let round_trip = self.tx.rtt_mut().smoothed();
        let wait = round_trip.map_or(rto, |trip| (3 * trip).max(MIN_PROBE_WAIT).min(rto));
        self.set_timer(Timer::Probe, now + wait * times);
    }

    /// Finds out whether the present size gets through in one piece, as larger ones tell as well.
    fn confirm(&mut self, now: Time) {
        let larger = self.pmtud.next_above(self.pmtud.current);
        if larger.is_some_and(|size| size > self.pmtud.base) {
            self.search_on(now);
        } else if self.extensions.large_packets && self.pmtud.current > self.pmtud.floor() {
            self.probe(now, self.pmtud.current);
        } else {
            self.search_on(now);
        }
    }

    /// Searches for a larger packet size.
    fn search_on(&mut self, now: Time) {
        match self.pmtud.next_above(self.pmtud.current) {
            Some(size) => self.probe(now, size),
            None => self.end_search(now),
        }
    }

    fn end_search(&mut self, now: Time) {
        self.pmtud.cautious = false;
        self.apply_packet_size();
        self.pmtud.search = Search::Idle;
        self.pmtud.nonce = None;
        self.pmtud.control = None;
        // A peer that does not take PAD is only asked about sizes that seem to have failed.
        if self.extensions.large_packets || self.pmtud.ceiling.is_some() {
            self.set_timer(Timer::Probe, now + CONFIRM);
        } else {
            self.stop_timer(Timer::Probe);
        }
    }

    /// A probe was not answered, or it is time to look again.
    pub(super) fn on_probe_timeout(&mut self, now: Time) {
        if self.state != State::Established {
            return;
        }
        match &mut self.pmtud.search {
            Search::Idle => {
                let old = |(_, since): &mut (usize, Time)| now.since(*since) >= RAISE;
                self.pmtud.ceiling.take_if(old);
                self.confirm(now);
            }
            Search::Probing { size, attempts } => {
                *attempts += 1;
                let (size, attempts) = (*size, *attempts);
                // A lost probe says nothing about congestion (RFC 8899 section 3, point 7), nor
                // about the path while nothing else arrives either.
                let known = size == self.pmtud.current && !self.pmtud.cautious;
                let most = if known {
                    MAX_REPEATED_PROBES
                } else {
                    MAX_PROBES
                };
                if attempts >= most && self.pmtud.alive {
                    self.on_probe_failed(now, size);
                    return;
                }
                if !self.pmtud.alive {
                    let nonce = self.rng.u64();
                    self.pmtud.control = Some(nonce);
                    self.pending.push_chunk(heartbeat_chunk(nonce));
                }
                let slow = attempts >= most;
                self.send_probe(now, if slow { SLOW_PROBES } else { 1 });
            }
        }
    }

    /// Packets of this size do not get through.
    fn on_probe_failed(&mut self, now: Time, size: usize) {
        self.pmtud.block(now, size);
        if self.pmtud.current >= size {
            // RFC 8899 section 5.3.3: a size that was in use must be reduced.
            self.pmtud.current = self.pmtud.floor();
            self.apply_packet_size();
            self.search_on(now);
        } else if self.pmtud.cautious {
            self.probe(now, self.pmtud.current);
        } else {
            self.end_search(now);
        }
    }

    /// The peer acknowledged or answered something, so the path works for small packets at least.
    pub(super) const fn on_sign_of_life(&mut self) {
        self.pmtud.alive = true;
    }

    /// Takes in the answer to a probe; false if it is none.
    pub(super) fn on_probe_answered(&mut self, now: Time, nonce: u64) -> bool {
        let Search::Probing { size, .. } = self.pmtud.search else {
            return false;
        };
        if self.pmtud.control.take_if(|sent| *sent == nonce).is_some() {
            self.pmtud.alive = true;
            return true;
        }
        if self.pmtud.nonce.take_if(|sent| *sent == nonce).is_none() {
            return false;
        }
        // RFC 9260 section 8.3: the answer to a heartbeat clears the error counter.
        self.tx.set_errors(0);
        self.pmtud.current = size;
        self.pmtud.cautious &= size < self.pmtud.base;
        self.apply_packet_size();
        self.search_on(now);
        true
    }

    /// RFC 8899 section 4.3: packets of the present size may no longer get through. A probe tells,
    /// as losses have other causes more often.
    pub(super) fn check_black_hole(&mut self, now: Time) {
        let episodes = self.tx.loss_episodes();
        let lost = std::mem::replace(&mut self.pmtud.episodes, episodes) != episodes;
        let size = self.pmtud.current;
        if self.state != State::Established || size <= self.pmtud.floor() {
            return;
        }
        let asked = match self.pmtud.search {
            Search::Probing { size: probe, .. } => probe == size,
            Search::Idle => false,
        };
        let silent = self.tx.errors() >= BLACK_HOLE_TIMEOUTS;
        let suspect = lost && self.extensions.large_packets && !self.pmtud.stable;
        let recently = |at| now.since(at) < SUSPECT_PAUSE;
        if !asked && (silent || suspect) && !self.pmtud.suspected.is_some_and(recently) {
            self.pmtud.suspected = Some(now);
            self.pmtud.wanted = false;
            self.probe(now, size);
        }
    }

    /// The system has not sent a packet of `size` bytes, or not in one piece, as the path is known
    /// to take less (RFC 8899 section 4.6.1, but from a source that needs no validation).
    pub fn handle_too_large(&mut self, now: Time, size: usize) {
        self.pmtud.block(now, size.max(self.pmtud.floor() + 1));
        let fits = self.pmtud.highest(self.pmtud.current);
        let shrinks = fits < self.pmtud.current;
        if shrinks {
            self.pmtud.current = fits;
            self.apply_packet_size();
        }
        let fails = match self.pmtud.search {
            Search::Probing { size: probe, .. } => probe >= size,
            Search::Idle => shrinks,
        };
        if fails && self.state == State::Established {
            self.confirm(now);
        }
    }

    /// Appends the chunks of a probe that is due, for a packet that holds nothing else.
    pub(super) fn write_probe(&mut self, out: &mut Vec<u8>) -> bool {
        let Search::Probing { size, .. } = self.pmtud.search else {
            return false;
        };
        if !std::mem::take(&mut self.pmtud.due) || self.state != State::Established {
            return false;
        }
        let nonce = self.rng.u64();
        self.pmtud.nonce = Some(nonce);
        let room = (size & !3).saturating_sub(HEADER_LEN);
        // Without a word of the peer's about PAD, the padding is within the heartbeat, and comes
        // back in its answer.
        if !self.extensions.large_packets {
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
    use crate::rng::Rng;
    use crate::sctp::SctpConfig;

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
        let mut assoc = Association::new(SctpConfig::default(), Rng::from_test_seed(1));
        assoc.state = State::Established;
        assoc.extensions.large_packets = true;
        assoc.tx.count_loss_episode();
        let now = Time::from_millis(1000);
        assoc.handle_path_change(0, false);
        assoc.check_black_hole(now);
        assert_eq!(assoc.pmtud.suspected, None);
        assoc.tx.count_loss_episode();
        assoc.check_black_hole(now);
        assert_eq!(assoc.pmtud.suspected, Some(now));
    }
}
