//! How fast to send: what was sent, what the peer tells of it, and the estimate made of that.
//!
//! [`Estimate`] is the seam behind which a fuller controller takes its place: it is told what became
//! of packets, and asked for a rate.

mod acked;
mod delay;
mod estimate;
mod loss;
mod sent;

use std::time::Duration;

use crate::ids::Ssrc;
use crate::time::Time;
use crate::wire::rtcp::{Arrival, CongestionFeedback, TransportFeedback};

pub use estimate::BitrateLimits;

use estimate::Estimate;
use sent::{PacketResult, SentPackets};

/// A packet that has just left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SentPacket {
    /// Its place among all packets of the transport.
    pub(crate) number: u64,
    /// Its source, and its place among that source's packets.
    pub(crate) ssrc: Ssrc,
    pub(crate) position: u64,
    pub(crate) bytes: usize,
}

/// The peer's clock, whose numbers wrap.
#[derive(Debug)]
struct RemoteClock {
    position: u64,
}

impl Default for RemoteClock {
    fn default() -> Self {
        Self {
            position: crate::serial::EPOCH,
        }
    }
}

impl RemoteClock {
    /// The unwrapped number, on the shorter way from the last one.
    const fn at(&mut self, word: u32) -> u64 {
        let distance = word.wrapping_sub(self.position as u32) as i32;
        self.position = self.position.saturating_add_signed(distance as i64);
        self.position
    }
}

/// The congestion control of one transport.
#[derive(Debug)]
pub(crate) struct RateControl {
    sent: SentPackets,
    estimate: Estimate,
    /// Clocks of transport-wide feedback, and of RFC 8888.
    ticks: RemoteClock,
    fractions: RemoteClock,
    /// Of the feedback in hand.
    results: Vec<PacketResult>,
    round_trip: Option<Duration>,
}

impl RateControl {
    pub(crate) fn new(limits: BitrateLimits) -> Self {
        Self {
            sent: SentPackets::default(),
            estimate: Estimate::new(limits),
            ticks: RemoteClock::default(),
            fractions: RemoteClock::default(),
            results: Vec::new(),
            round_trip: None,
        }
    }

    pub(crate) fn set_limits(&mut self, limits: BitrateLimits) {
        self.estimate.set_limits(limits);
    }

    pub(crate) fn on_sent(&mut self, now: Time, packet: SentPacket) {
        self.sent.push(now, packet);
        self.estimate.on_sent(now, packet.bytes);
    }

    /// The peer tells arrivals by the numbers of the transport.
    pub(crate) fn on_transport_feedback(&mut self, now: Time, feedback: &TransportFeedback<'_>) {
        self.results.clear();
        for arrival in feedback.arrivals() {
            match arrival {
                Arrival::Lost { first, packets } => {
                    let first = first.near(self.sent.end());
                    self.sent.on_missing(first, u64::from(packets));
                }
                Arrival::Received { sequence, at } => {
                    // Units of 250 µs.
                    let nanos = self.ticks.at(at.0).saturating_mul(250_000);
                    let number = sequence.near(self.sent.end());
                    let arrived = Some(Time::from_nanos(nanos));
                    self.results.extend(self.sent.on_arrival(number, arrived));
                }
            }
        }
        self.finish(now);
    }

    /// The peer tells arrivals by source (RFC 8888).
    pub(crate) fn on_congestion_feedback(&mut self, now: Time, feedback: &CongestionFeedback<'_>) {
        self.results.clear();
        for stream in feedback.streams() {
            for (sequence, arrival) in stream.reports() {
                let Some(number) = self.sent.number_of(stream.ssrc, sequence) else {
                    continue;
                };
                let Some(arrival) = arrival else {
                    self.sent.on_missing(number, 1);
                    continue;
                };
                // 1/1024 s are 64 units of the time. RFC 8888 section 3.1: the longest one is that or
                // longer, so it tells no time.
                let offset = arrival.offset.filter(|offset| *offset < 0x1ffe);
                let arrived = offset.map(|offset| {
                    let word = feedback.time.get().wrapping_sub(u32::from(offset) * 64);
                    let nanos = (u128::from(self.fractions.at(word)) * 1_000_000_000) >> 16;
                    Time::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
                });
                self.results.extend(self.sent.on_arrival(number, arrived));
            }
        }
        self.finish(now);
    }

    fn finish(&mut self, now: Time) {
        // The last packet that came had waited the least to be told of.
        let newest = self.results.iter().map(|result| result.sent).max();
        if let Some(newest) = newest {
            let trip = now.since(newest);
            let smoothed = self.round_trip.map_or(trip, |old| (old * 7 + trip) / 8);
            self.round_trip = Some(smoothed);
        }
        self.sent.settle(&mut self.results);
        self.results.sort_unstable_by_key(PacketResult::arrived);
        self.estimate
            .on_feedback(now, self.round_trip, &self.results);
    }

    /// The rate in bits a second, after what time has brought.
    pub(crate) fn poll(&mut self, now: Time) -> u64 {
        self.estimate.poll(now)
    }

    /// The rate when it was last asked for.
    pub(crate) const fn rate(&self) -> u64 {
        self.estimate.rate()
    }

    /// When silence of the peer lowers the rate.
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        self.estimate.next_timeout()
    }

    /// The peer has told arrivals.
    pub(crate) const fn is_fed(&self) -> bool {
        self.estimate.is_fed()
    }
}

#[cfg(test)]
mod tests;
