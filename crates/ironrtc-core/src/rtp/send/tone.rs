//! The packets of one tone (RFC 4733 section 2.5.1).

use std::time::Duration;

use crate::rtp::clock::ticks;
use crate::time::Time;
use crate::wire::payload::dtmf::Report;
use crate::wire::rtp::RtpTime;

/// Between two packets of a tone (section 2.5.1.2: 50 ms or the audio's own interval).
const INTERVAL: Duration = Duration::from_millis(20);
/// How often the last packet of an event, or of a part of it, is sent (section 2.5.1.4).
const LAST: u32 = 3;
/// As loud as browsers have it, in −dBm0.
const VOLUME: u8 = 10;
/// The longest that a packet can tell; what lasts longer has parts (section 2.5.1.3).
const MAX_TICKS: u64 = 0xFFFF;

/// A packet of a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TonePacket {
    pub(crate) marker: bool,
    pub(crate) timestamp: RtpTime,
    pub(crate) report: Report,
}

/// A tone that is played.
#[derive(Debug)]
pub(crate) struct ToneEvent {
    event: u8,
    began: Time,
    clock_rate: u32,
    /// All of its ticks, and those of the parts that are over.
    ticks: u64,
    over: u64,
    /// The timestamp of the part under way.
    timestamp: RtpTime,
    is_first: bool,
    next: Time,
    /// How often the last packet is still to be sent; before the end, how often that of a part is.
    last: u32,
    between_last: Duration,
}

impl ToneEvent {
    /// A tone with this timestamp, which is followed by nothing for the time of `gap`.
    pub(crate) fn begin(
        now: Time,
        event: u8,
        timestamp: RtpTime,
        clock_rate: u32,
        duration: Duration,
        gap: Duration,
    ) -> Self {
        Self {
            event,
            began: now,
            clock_rate,
            ticks: ticks(duration, clock_rate),
            over: 0,
            timestamp,
            is_first: true,
            // The first packet tells of the time before it.
            next: now + INTERVAL,
            last: LAST,
            // The last packets are to have left before another tone begins.
            between_last: INTERVAL.min(gap / LAST),
        }
    }

    pub(crate) const fn began(&self) -> Time {
        self.began
    }

    pub(crate) const fn next_due(&self) -> Time {
        self.next
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.last == 0
    }

    /// The next packet that is due.
    pub(crate) fn next_packet(&mut self, now: Time) -> Option<TonePacket> {
        if self.is_over() || self.next > now {
            return None;
        }
        let played = ticks(self.next.since(self.began), self.clock_rate).min(self.ticks);
        let part = played - self.over;
        let is_end = played >= self.ticks;
        // All of a part that is full, and all of the tone, are told three times.
        let is_full = part >= MAX_TICKS;
        let packet = TonePacket {
            // Section 2.5.1.1: the marker begins an event, and none of its later parts.
            marker: std::mem::take(&mut self.is_first),
            timestamp: self.timestamp,
            report: Report {
                event: self.event,
                // Section 2.5.1.3: a part that others follow has no end.
                end: is_end && !is_full,
                volume: VOLUME,
                duration: part.min(MAX_TICKS) as u16,
            },
        };
        if is_full {
            self.last -= 1;
            if self.last == 0 {
                self.over += MAX_TICKS;
                self.timestamp = self.timestamp.plus(MAX_TICKS as i32);
                self.last = LAST;
                self.next = self.next.max(self.began) + Duration::from_millis(1);
            }
        } else if is_end {
            self.last -= 1;
            self.next += self.between_last;
        } else {
            let left = self.began + self.duration();
            self.next = (self.next + INTERVAL).min(left);
        }
        Some(packet)
    }

    fn duration(&self) -> Duration {
        let nanos = u128::from(self.ticks) * 1_000_000_000 / u128::from(self.clock_rate.max(1));
        // A nanosecond more, so that rounding leaves no tick out.
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: Time = Time::from_millis(1_000);

    fn play(clock_rate: u32, millis: u64, gap: u64) -> Vec<(u64, TonePacket)> {
        let mut tone = ToneEvent::begin(
            BEGAN,
            5,
            RtpTime::new(u32::MAX),
            clock_rate,
            Duration::from_millis(millis),
            Duration::from_millis(gap),
        );
        let mut packets = Vec::new();
        while !tone.is_over() {
            let now = tone.next_due();
            let packet = tone.next_packet(now).expect("it is due");
            packets.push((now.since(BEGAN).as_millis() as u64, packet));
            assert!(packets.len() < 1_000);
        }
        packets
    }

    #[test]
    fn a_tone_has_one_timestamp_one_marker_growing_durations_and_its_end_three_times() {
        let packets = play(8_000, 100, 70);
        let at: Vec<_> = packets.iter().map(|(at, _)| *at).collect();
        assert_eq!(at, [20, 40, 60, 80, 100, 120, 140]);
        let all: Vec<_> = packets.iter().map(|(_, packet)| *packet).collect();
        assert!(all.iter().all(|it| it.timestamp == RtpTime::new(u32::MAX)));
        let markers: Vec<_> = all.iter().map(|packet| packet.marker).collect();
        assert_eq!(markers, [true, false, false, false, false, false, false]);
        let told: Vec<_> = all
            .iter()
            .map(|it| (it.report.duration, it.report.end))
            .collect();
        let end = (800, true);
        assert_eq!(
            told,
            [
                (160, false),
                (320, false),
                (480, false),
                (640, false),
                end,
                end,
                end
            ]
        );
        assert!(all.iter().all(|it| it.report.event == 5));
    }

    #[test]
    fn the_end_has_left_before_the_shortest_pause_is_over() {
        let packets = play(48_000, 40, 30);
        assert!(packets.last().expect("some").0 < 40 + 30);
        assert_eq!(packets.iter().filter(|(_, it)| it.report.end).count(), 3);
        assert_eq!(packets.last().expect("some").1.report.duration, 1_920);
    }

    #[test]
    fn a_tone_that_is_longer_than_can_be_told_has_parts_that_follow_each_other() {
        // 6 s of a clock of 48 kHz: 288,000 ticks.
        let packets = play(48_000, 6_000, 70);
        let mut parts: Vec<(u32, u16, usize, bool)> = Vec::new();
        for (_, packet) in &packets {
            let Report { duration, end, .. } = packet.report;
            match parts.last_mut() {
                Some((timestamp, longest, times, ended))
                    if *timestamp == packet.timestamp.get() =>
                {
                    *times = if duration == *longest { *times + 1 } else { 1 };
                    assert!(duration >= *longest);
                    (*longest, *ended) = (duration, end);
                }
                _ => parts.push((packet.timestamp.get(), duration, 1, end)),
            }
        }
        let total: u64 = parts
            .iter()
            .map(|(_, longest, ..)| u64::from(*longest))
            .sum();
        assert_eq!(total, 288_000);
        assert_eq!(parts.len(), 5);
        for pair in parts.windows(2) {
            assert_eq!(pair[1].0, pair[0].0.wrapping_add(0xFFFF));
            assert_eq!(pair[0].1, 0xFFFF);
            assert!(!pair[0].3, "only the last part ends");
        }
        assert!(parts.iter().all(|(.., times, _)| *times == 3), "{parts:?}");
        assert!(parts.last().expect("some").3);
        assert_eq!(packets.iter().filter(|(_, it)| it.marker).count(), 1);
    }
}
