//! Path MTU discovery (RFC 8899) with HEARTBEAT and PAD (RFC 4820) as probes.

use std::time::Duration;

use super::Association;
use super::heartbeat::heartbeat_chunk;
use super::state::{State, Timer};
use crate::sctp::packet::{CHUNK_HEADER_LEN, HEADER_LEN, kind, write_chunk};
use crate::time::Time;

/// RFC 8899 section 5.1.2: MAX_PROBES.
const MAX_PROBES: u32 = 3;
/// RFC 8899 section 5.1.1: PMTU_RAISE_TIMER, after which a larger size is tried again.
const RAISE: Duration = Duration::from_secs(600);
/// Timeouts in a row after which a size found by probing is no longer trusted.
const BLACK_HOLE_TIMEOUTS: u32 = 2;
/// Largest packets of usual paths under UDP and a DTLS record: tunnels, PPPoE, Ethernet over IPv6
/// and IPv4, jumbo frames. The limit itself comes last.
const CANDIDATES: [usize; 6] = [1311, 1391, 1403, 1411, 4000, 8911];
/// Packets are never smaller than this, whatever the configuration says, nor larger than a chunk's
/// length can tell.
const MIN_PACKET: usize = 128;
const MAX_PACKET: usize = 65_000;
/// Largest packet to probe for with a peer that does not say that it takes larger ones: aiortc reads
/// a DTLS record in pieces of 1,500 bytes and takes each for a packet, and libwebrtc gives a
/// connection up when a record holds more than 2,048 bytes.
const MAX_FOREIGN_PACKET: usize = 1500;

/// Where the search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// Not begun, or at its end until the raise timer runs out.
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
    search: Search,
    /// The random number of the probe in flight.
    nonce: Option<u64>,
    due: bool,
    /// The search has not begun on this path.
    wanted: bool,
}

impl Pmtud {
    pub(super) fn new(base: usize, max: usize) -> Self {
        let base = base.clamp(MIN_PACKET, MAX_PACKET);
        Self {
            base,
            max: max.min(MAX_PACKET),
            wanted: true,
            current: base,
            search: Search::Idle,
            nonce: None,
            due: false,
        }
    }

    pub(super) const fn packet_size(&self) -> usize {
        self.current
    }

    /// The largest size to probe for from now on.
    pub(super) fn set_limit(&mut self, max: usize) {
        self.max = max.min(MAX_PACKET);
    }

    pub(super) fn restart(&mut self) {
        *self = Self::new(self.base, self.max);
    }

    fn next_candidate(&self) -> Option<usize> {
        CANDIDATES
            .into_iter()
            .chain([self.max])
            .find(|size| *size > self.current && *size <= self.max)
    }
}

impl Association {
    /// The largest packet to probe for with this peer.
    pub(super) fn probe_limit(&self) -> usize {
        let configured = self.config.max_probe_packet_size;
        if self.extensions.large_packets {
            configured
        } else {
            configured.min(MAX_FOREIGN_PACKET)
        }
    }

    /// Begins the search on a new path.
    pub(super) fn begin_discovery(&mut self, now: Time) {
        if self.pmtud.wanted && self.state == State::Established {
            self.pmtud.wanted = false;
            self.start_discovery(now);
        }
    }

    /// Searches for a larger packet size, if the configuration allows one.
    fn start_discovery(&mut self, now: Time) {
        match self.pmtud.next_candidate() {
            Some(size) => {
                self.pmtud.search = Search::Probing { size, attempts: 0 };
                self.send_probe(now);
            }
            None => self.pmtud.search = Search::Idle,
        }
    }

    fn send_probe(&mut self, now: Time) {
        self.pmtud.due = true;
        self.set_timer(Timer::Probe, now + self.tx.rto());
    }

    /// A probe was not answered, or it is time to look again.
    pub(super) fn on_probe_timeout(&mut self, now: Time) {
        if self.state != State::Established {
            return;
        }
        match &mut self.pmtud.search {
            Search::Idle => self.start_discovery(now),
            Search::Probing { attempts, .. } => {
                *attempts += 1;
                // A lost probe says nothing about congestion (RFC 8899 section 3, point 7).
                if *attempts < MAX_PROBES {
                    self.send_probe(now);
                } else {
                    self.pmtud.search = Search::Idle;
                    self.pmtud.nonce = None;
                    self.set_timer(Timer::Probe, now + RAISE);
                }
            }
        }
    }

    /// Takes in the answer to a probe; false if it is none.
    pub(super) fn on_probe_answered(&mut self, now: Time, nonce: u64) -> bool {
        let Search::Probing { size, .. } = self.pmtud.search else {
            return false;
        };
        if self.pmtud.nonce.take_if(|sent| *sent == nonce).is_none() {
            return false;
        }
        self.pmtud.current = size;
        self.tx.set_packet_size(size);
        self.stop_timer(Timer::Probe);
        self.start_discovery(now);
        true
    }

    /// RFC 8899 section 4.3: larger packets than the base no longer get through.
    pub(super) fn check_black_hole(&mut self, now: Time) {
        if self.pmtud.current > self.pmtud.base && self.tx.errors() >= BLACK_HOLE_TIMEOUTS {
            self.pmtud.restart();
            self.pmtud.wanted = false;
            self.tx.set_packet_size(self.pmtud.base);
            self.set_timer(Timer::Probe, now + RAISE);
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
        let heartbeat = heartbeat_chunk(nonce);
        let padding = size
            .saturating_sub(HEADER_LEN + heartbeat.len() + CHUNK_HEADER_LEN)
            .min(usize::from(u16::MAX) - CHUNK_HEADER_LEN);
        out.extend_from_slice(&heartbeat);
        write_chunk(out, kind::PAD, 0, &vec![0; padding & !3]);
        true
    }
}
