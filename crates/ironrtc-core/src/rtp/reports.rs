//! When reports are sent (RFC 3550 section 6.2, RFC 4585 section 3), and what receivers are told
//! back (RFC 3611 section 4.5).

use std::collections::VecDeque;
use std::time::Duration;

use crate::ids::Ssrc;
use crate::rng::Rng;
use crate::time::Time;
use crate::wire::rtp::{NtpShort, NtpTime};

/// Between reports, where there is video and where there is not.
const VIDEO_INTERVAL: Duration = Duration::from_secs(1);
const AUDIO_INTERVAL: Duration = Duration::from_secs(5);
/// Most receivers that are told of their reference times.
const MAX_REFERENCES: usize = 8;

/// The timer of reports, and reference times of receivers.
#[derive(Debug)]
pub(crate) struct Reports {
    rng: Rng,
    interval: Duration,
    next: Option<Time>,
    is_first: bool,
    references: VecDeque<(Ssrc, NtpTime, Time)>,
}

impl Reports {
    pub(crate) const fn new(rng: Rng) -> Self {
        Self {
            rng,
            interval: AUDIO_INTERVAL,
            next: None,
            is_first: true,
            references: VecDeque::new(),
        }
    }

    /// Whether there is anything to report about, and whether there is video.
    pub(crate) fn set(&mut self, now: Time, is_active: bool, has_video: bool) {
        self.interval = if has_video {
            VIDEO_INTERVAL
        } else {
            AUDIO_INTERVAL
        };
        if !is_active {
            self.next = None;
            self.is_first = true;
        } else if self.next.is_none() {
            self.schedule(now);
        }
    }

    /// RFC 3550 section 6.3.1: half to one and a half of the interval, so that endpoints do not
    /// report in step, and half of that the first time.
    fn schedule(&mut self, now: Time) {
        let interval = if self.is_first {
            self.interval / 2
        } else {
            self.interval
        };
        let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        self.next = Some(now + interval / 2 + Duration::from_nanos(self.rng.below(nanos)));
    }

    pub(crate) const fn next(&self) -> Option<Time> {
        self.next
    }

    /// Whether a report is due, after which the next one is awaited.
    pub(crate) fn take_due(&mut self, now: Time) -> bool {
        if self.next.is_none_or(|next| next > now) {
            return false;
        }
        self.is_first = false;
        self.schedule(now);
        true
    }

    /// A receiver's reference time came.
    pub(crate) fn on_reference(&mut self, now: Time, ssrc: Ssrc, reference: NtpTime) {
        self.references.retain(|(known, ..)| *known != ssrc);
        if self.references.len() == MAX_REFERENCES {
            self.references.pop_front();
        }
        self.references.push_back((ssrc, reference, now));
    }

    /// What receivers are told back, once.
    pub(crate) fn take_references(&mut self, now: Time) -> Vec<(Ssrc, NtpShort, NtpShort)> {
        let references = self.references.drain(..);
        references
            .map(|(ssrc, reference, came)| {
                let since = NtpShort::from_duration(now.since(came));
                (ssrc, reference.short(), since)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_half_to_one_and_a_half_intervals_apart() {
        for (has_video, millis) in [(true, 1_000), (false, 5_000)] {
            let mut reports = Reports::new(Rng::from_test_seed(1));
            assert_eq!(reports.next(), None);
            reports.set(Time::ZERO, true, has_video);
            let first = reports.next().expect("a report");
            let first_half = Time::from_millis(millis / 4)..Time::from_millis(millis * 3 / 4);
            assert!(first_half.contains(&first));
            let mut now = first;
            for _ in 0..100 {
                assert!(!reports.take_due(now - Duration::from_nanos(1)));
                assert!(reports.take_due(now));
                let next = reports.next().expect("another report");
                let gap = next - now;
                let bounds =
                    Duration::from_millis(millis / 2)..Duration::from_millis(millis * 3 / 2);
                assert!(bounds.contains(&gap), "{gap:?}");
                now = next;
            }
            reports.set(now, false, has_video);
            assert_eq!(reports.next(), None);
        }
    }

    #[test]
    fn receivers_are_told_their_last_reference_time_once() {
        let mut reports = Reports::new(Rng::from_test_seed(1));
        let reference = |n| NtpTime::new(n << 16);
        for (millis, ssrc) in [(0, 1), (500, 1), (1_000, 2)] {
            let now = Time::from_millis(millis);
            reports.on_reference(now, Ssrc::new(ssrc), reference(millis));
        }
        let told = reports.take_references(Time::from_millis(1_500));
        let short = NtpShort::new;
        let expected = [
            (Ssrc::new(1), short(500), short(1 << 16)),
            (Ssrc::new(2), short(1_000), short(1 << 15)),
        ];
        assert_eq!(told, expected);
        assert!(reports.take_references(Time::from_millis(1_500)).is_empty());
        for ssrc in 0..20 {
            reports.on_reference(Time::ZERO, Ssrc::new(ssrc), reference(1));
        }
        assert_eq!(reports.references.len(), MAX_REFERENCES);
    }
}
