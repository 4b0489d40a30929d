//! What was received of a source, as reports tell it (RFC 3550 sections 6.4.1 and A.1 to A.8).

use crate::ids::Ssrc;
use crate::rtp::clock::{ReportedClock, ticks};
use crate::time::Time;
use crate::wire::rtcp::ReportBlock;
use crate::wire::rtp::{RtpTime, SeqNo, Unwrapper};

/// RFC 3550 appendix A.1: the longest gap that counts as loss, and how late a packet may be. The
/// appendix has 100 for the latter, which video with retransmissions and bursts exceeds.
const MAX_DROPOUT: i64 = 3000;
const MAX_MISORDER: i64 = 450;
/// A change of the transit time beyond so many seconds is another clock rather than jitter.
const MAX_JITTER_SECONDS: u32 = 5;

/// What a packet's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It has this position.
    At(u64),
    /// The source has begun anew, at this position.
    Restarted(u64),
    /// Too far from the others to be believed, yet.
    Stray,
}

/// The counters of one source.
#[derive(Debug, Default)]
pub(crate) struct SourceStats {
    numbers: Unwrapper<SeqNo>,
    base: u64,
    /// Packets, duplicates included, as section 6.4.1 wants it.
    received: u64,
    /// The number that would confirm a jump.
    jump: Option<SeqNo>,
    expected_before: u64,
    received_before: u64,
    /// The transit time and timestamp of the last packet in order.
    transit: Option<(u32, RtpTime)>,
    /// In sixteenths of a tick, as in appendix A.8.
    jitter: u32,
}

impl SourceStats {
    /// Counts a packet.
    pub(crate) fn on_packet(
        &mut self,
        now: Time,
        sequence: SeqNo,
        timestamp: RtpTime,
        clock_rate: u32,
    ) -> Place {
        let Some(highest) = self.numbers.highest() else {
            self.base = self.numbers.unwrap(sequence);
            self.received += 1;
            self.on_timestamp(now, timestamp, clock_rate);
            return Place::At(self.base);
        };
        let position = self.numbers.peek(sequence);
        let distance = position as i64 - highest as i64;
        if (-MAX_MISORDER..=MAX_DROPOUT).contains(&distance) {
            self.numbers.unwrap(sequence);
            self.jump = None;
            self.received += 1;
            if distance > 0 {
                self.on_timestamp(now, timestamp, clock_rate);
            }
            return Place::At(position);
        }
        // Appendix A.1: two packets in a row after a jump are a source that has begun anew.
        if self.jump != Some(sequence) {
            self.jump = Some(sequence.plus(1));
            return Place::Stray;
        }
        let position = self.numbers.restart(sequence);
        *self = Self {
            numbers: self.numbers,
            base: position,
            ..Self::default()
        };
        self.received += 1;
        self.on_timestamp(now, timestamp, clock_rate);
        Place::Restarted(position)
    }

    /// Appendix A.8, in units of the source's clock. All packets of a frame have one timestamp; the
    /// time over which they are sent is no jitter, so only the first one counts.
    fn on_timestamp(&mut self, now: Time, timestamp: RtpTime, clock_rate: u32) {
        let last = self.transit;
        if last.is_some_and(|(_, last)| last == timestamp) {
            return;
        }
        let arrival = ticks(now.since(Time::ZERO), clock_rate) as u32;
        let transit = arrival.wrapping_sub(timestamp.get());
        self.transit = Some((transit, timestamp));
        let Some((before, _)) = last else {
            return;
        };
        let change = (transit.wrapping_sub(before) as i32).unsigned_abs();
        if change < clock_rate.saturating_mul(MAX_JITTER_SECONDS) {
            self.jitter += change;
            self.jitter -= (self.jitter - change + 8) >> 4;
        }
    }

    /// The position that a number has, with nothing counted.
    pub(crate) fn position(&self, sequence: SeqNo) -> u64 {
        self.numbers.peek(sequence)
    }

    /// The highest position so far; none before the first packet.
    pub(crate) const fn highest(&self) -> Option<u64> {
        self.numbers.highest()
    }

    /// The position of the first packet.
    pub(crate) const fn base(&self) -> u64 {
        self.base
    }

    /// In ticks.
    pub(crate) const fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    fn expected(&self) -> u64 {
        let highest = self.numbers.highest();
        highest.map_or(0, |highest| (highest + 1).saturating_sub(self.base))
    }

    /// Packets lost in all: fewer than none if duplicates came (RFC 3550 appendix A.3).
    pub(crate) fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    /// The block of a report, which begins the next interval. None before the first packet.
    pub(crate) fn report(
        &mut self,
        now: Time,
        ssrc: Ssrc,
        clock: &ReportedClock,
    ) -> Option<ReportBlock> {
        let highest = self.numbers.highest()?;
        let expected = self.expected();
        let interval = expected.saturating_sub(self.expected_before);
        let came = self.received.saturating_sub(self.received_before);
        let lost = interval.saturating_sub(came);
        (self.expected_before, self.received_before) = (expected, self.received);
        let (last_report, since_last_report) = clock.last_report(now);
        let all = self.lost().clamp(i64::from(i32::MIN), i64::from(i32::MAX));
        Some(ReportBlock {
            ssrc,
            fraction_lost: (lost << 8).checked_div(interval).unwrap_or(0).min(255) as u8,
            cumulative_lost: all as i32,
            highest: highest as u32,
            jitter: self.jitter(),
            last_report,
            since_last_report,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSRC: Ssrc = Ssrc::new(7);

    fn packet(stats: &mut SourceStats, millis: u64, sequence: u16, timestamp: u32) -> Place {
        let (sequence, timestamp) = (SeqNo::new(sequence), RtpTime::new(timestamp));
        stats.on_packet(Time::from_millis(millis), sequence, timestamp, 48_000)
    }

    fn report(stats: &mut SourceStats) -> ReportBlock {
        let block = stats.report(Time::ZERO, SSRC, &ReportedClock::default());
        block.expect("packets came")
    }

    #[test]
    fn loss_is_what_was_expected_and_did_not_come() {
        let mut stats = SourceStats::default();
        for sequence in [65_533, 65_534, 0, 1, 4] {
            packet(&mut stats, 0, sequence, 0);
        }
        // 65,535, 2 and 3 of eight are missing: 3 / 8 of 256.
        let first = report(&mut stats);
        assert_eq!((first.fraction_lost, first.cumulative_lost), (96, 3));
        assert_eq!(first.highest, 0x0001_0004);
        // The fraction is of the interval alone, and late packets lower what was lost in all.
        packet(&mut stats, 0, 5, 0);
        packet(&mut stats, 0, 2, 0);
        let second = report(&mut stats);
        assert_eq!((second.fraction_lost, second.cumulative_lost), (0, 2));
    }

    #[test]
    fn duplicates_make_the_loss_negative_and_never_huge() {
        let mut stats = SourceStats::default();
        for sequence in [10, 10, 10, 11] {
            packet(&mut stats, 0, sequence, 0);
        }
        let block = report(&mut stats);
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, -2));
    }

    #[test]
    fn a_packet_a_hundred_milliseconds_late_is_a_jitter_of_300_ticks_at_48_khz() {
        let mut stats = SourceStats::default();
        packet(&mut stats, 0, 1, u32::MAX - 100);
        packet(&mut stats, 20, 2, (u32::MAX - 100).wrapping_add(960));
        assert_eq!(stats.jitter(), 0);
        // 4,800 ticks late, a sixteenth of which is 300; over the wrap of the timestamps.
        packet(&mut stats, 140, 3, (u32::MAX - 100).wrapping_add(1920));
        assert_eq!(stats.jitter(), 300);
        // Further packets of the same frame add nothing, nor do late ones.
        packet(&mut stats, 400, 4, (u32::MAX - 100).wrapping_add(1920));
        packet(&mut stats, 900, 2, (u32::MAX - 100).wrapping_add(960));
        assert_eq!(stats.jitter(), 300);
        // On time again, it goes down by sixteenths: 4,800 + 4,800 - 300 = 9,300, then 8,719.
        packet(&mut stats, 60, 5, (u32::MAX - 100).wrapping_add(2880));
        assert_eq!(stats.jitter(), 9_300 >> 4);
        packet(&mut stats, 80, 6, (u32::MAX - 100).wrapping_add(3840));
        assert_eq!(stats.jitter(), 8_719 >> 4);
    }

    #[test]
    fn a_jump_counts_once_two_packets_in_a_row_confirm_it() {
        let mut stats = SourceStats::default();
        let Place::At(first) = packet(&mut stats, 0, 100, 0) else {
            panic!("the first packet has a place");
        };
        assert_eq!(packet(&mut stats, 0, 40_000, 0), Place::Stray);
        assert_eq!(packet(&mut stats, 0, 101, 0), Place::At(first + 1));
        assert_eq!(packet(&mut stats, 0, 40_000, 0), Place::Stray);
        assert_eq!(packet(&mut stats, 0, 50_000, 0), Place::Stray);
        let Place::Restarted(position) = packet(&mut stats, 0, 50_001, 0) else {
            panic!("it has begun anew");
        };
        assert!(position > first + 1 && position as u16 == 50_001);
        let block = report(&mut stats);
        assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 0));
        assert_eq!(stats.received, 1);
    }

    #[test]
    fn there_is_no_report_of_nothing() {
        let block = SourceStats::default().report(Time::ZERO, SSRC, &ReportedClock::default());
        assert_eq!(block, None);
    }
}
