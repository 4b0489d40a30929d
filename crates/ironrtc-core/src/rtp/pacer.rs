//! When packets leave: sound at once, the rest spread over time, retransmissions before new video.
//!
//! What is due is handed out when it is asked for, so that several packets leave in one batch; the
//! timer says when it is worth asking again.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Time;

/// So much of the rate's time may leave in one burst, and no more bytes than one batch takes.
const BURST: Duration = Duration::from_millis(40);
const MAX_BURST: f64 = 63_000.0;
/// What is owed beyond that is forgiven, in the rate's time.
const MAX_DEBT: Duration = Duration::from_millis(500);
/// The lowest rate, in bytes a second.
const MIN_RATE: f64 = 625.0;
/// Between bursts, so that several packets are due together.
const QUANTUM: Duration = Duration::from_millis(1);
/// What waits is to leave within this time, whatever the rate: a key frame may be longer than what the
/// rate has room for, and an application may not follow it.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// What has waited so long is of no use: sound, and all else.
const SOUND_LASTS: Duration = Duration::from_millis(500);
const REST_LASTS: Duration = Duration::from_secs(5);
/// Most bytes that wait.
const MAX_BYTES: usize = 8 << 20;
const PRIORITIES: usize = 3;

/// What is more urgent is the lesser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    Audio,
    Repair,
    Video,
}

/// A packet that waits.
#[derive(Debug)]
struct Entry<T> {
    bytes: usize,
    /// When it was first seen to wait.
    since: Option<Time>,
    packet: T,
}

/// Packets of one priority.
#[derive(Debug)]
struct Queue<T> {
    entries: VecDeque<Entry<T>>,
    /// The last ones, which nobody has seen yet.
    unseen: usize,
}

impl<T> Queue<T> {
    const fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            unseen: 0,
        }
    }

    fn see(&mut self, now: Time) {
        let unseen = std::mem::take(&mut self.unseen);
        for entry in self.entries.iter_mut().rev().take(unseen) {
            entry.since = Some(now);
        }
    }

    fn pop(&mut self) -> Option<Entry<T>> {
        let entry = self.entries.pop_front()?;
        self.unseen = self.unseen.min(self.entries.len());
        Some(entry)
    }
}

/// Queues of packets, and how much may leave.
#[derive(Debug)]
pub(crate) struct Pacer<T> {
    queues: [Queue<T>; PRIORITIES],
    bytes: usize,
    /// Bytes a second; none for no limit.
    rate: Option<f64>,
    /// Bytes that have left and whose time has not passed, at `at`.
    debt: f64,
    at: Time,
}

impl<T> Pacer<T> {
    pub(crate) fn new() -> Self {
        Self {
            queues: std::array::from_fn(|_| Queue::new()),
            bytes: 0,
            rate: None,
            debt: 0.0,
            at: Time::ZERO,
        }
    }

    /// Sets the rate in bits a second.
    pub(crate) fn set_rate(&mut self, now: Time, bits: Option<u64>) {
        self.settle(now);
        self.rate = bits.map(|bits| (bits as f64 / 8.0).max(MIN_RATE));
    }

    /// Whether so many bytes may be queued.
    pub(crate) const fn has_room(&self, bytes: usize) -> bool {
        self.bytes.saturating_add(bytes) <= MAX_BYTES
    }

    /// Queues a packet of so many bytes; gives it back if too much waits.
    pub(crate) fn push(&mut self, priority: Priority, bytes: usize, packet: T) -> Result<(), T> {
        if !self.has_room(bytes) {
            return Err(packet);
        }
        self.bytes += bytes;
        if let Some(queue) = self.queues.get_mut(priority as usize) {
            queue.unseen += 1;
            queue.entries.push_back(Entry {
                bytes,
                since: None,
                packet,
            });
        }
        Ok(())
    }

    /// The rate, or what it takes for all to leave in time.
    fn drain_rate(&self) -> Option<f64> {
        let least = self.bytes as f64 / MAX_WAIT.as_secs_f64();
        self.rate.map(|rate| rate.max(least))
    }

    /// Pays the debt of the time that has passed.
    fn settle(&mut self, now: Time) {
        let passed = now.since(self.at).as_secs_f64();
        let paid = self.drain_rate().map_or(self.debt, |rate| rate * passed);
        self.debt = (self.debt - paid).max(0.0);
        self.at = self.at.max(now);
    }

    /// How much debt there may be for another packet to leave.
    fn allowed(rate: f64) -> f64 {
        (rate * BURST.as_secs_f64()).min(MAX_BURST)
    }

    /// The rate by which debt is to be paid before another packet leaves, if any is.
    fn owed_at(&self) -> Option<f64> {
        self.drain_rate()
            .filter(|rate| self.debt + 1.0 >= Self::allowed(*rate))
    }

    /// The queue whose first packet may leave now.
    fn due(&mut self, now: Time) -> Option<(usize, &mut Queue<T>)> {
        self.settle(now);
        for queue in &mut self.queues {
            queue.see(now);
        }
        let is_free = self.owed_at().is_none();
        let urgent = Priority::Audio as usize;
        let mut queues = self.queues.iter_mut().enumerate();
        queues
            .find(|(priority, queue)| !queue.entries.is_empty() && (is_free || *priority == urgent))
    }

    /// The next packet that may leave, and how long it was seen to wait.
    pub(crate) fn pop_after(&mut self, now: Time) -> Option<(T, Duration)> {
        let (priority, queue) = self.due(now)?;
        let entry = queue.pop()?;
        self.bytes -= entry.bytes;
        // Sound leaves whatever is owed and owes nothing itself: it does not get less with the rate,
        // and would leave nothing of a low one to video.
        if priority != Priority::Audio as usize {
            self.charge(entry.bytes);
        }
        let waited = entry.since.map_or(Duration::ZERO, |since| now.since(since));
        Some((entry.packet, waited))
    }

    /// Bytes leave.
    pub(crate) fn charge(&mut self, bytes: usize) {
        self.debt += bytes as f64;
        if let Some(rate) = self.rate {
            let most = Self::allowed(rate) + rate * MAX_DEBT.as_secs_f64() + bytes as f64;
            self.debt = self.debt.min(most);
        }
    }

    /// The next packet that has waited for so long that nobody needs it any more, as when there was
    /// no path for a while.
    pub(crate) fn pop_stale(&mut self, now: Time) -> Option<T> {
        let lasts = [SOUND_LASTS, REST_LASTS, REST_LASTS];
        let mut queues = self.queues.iter_mut().zip(lasts);
        let entry = queues.find_map(|(queue, lasts)| {
            let since = queue.entries.front()?.since?;
            (now.since(since) > lasts).then(|| queue.pop())?
        })?;
        self.bytes -= entry.bytes;
        Some(entry.packet)
    }

    /// Nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.iter().all(|queue| queue.entries.is_empty())
    }

    /// When a packet may leave.
    pub(crate) fn next_due(&self) -> Option<Time> {
        let [audio, ..] = &self.queues;
        if !audio.entries.is_empty() {
            return Some(self.at);
        }
        if self.is_empty() {
            return None;
        }
        Some(self.owed_at().map_or(self.at, |rate| {
            // A byte more than is owed, so that rounding does not wake for nothing.
            let wait = (self.debt - Self::allowed(rate) + 2.0) / rate;
            self.at + Duration::from_secs_f64(wait).max(QUANTUM)
        }))
    }

    /// Removes what waits and does not match; gives how many that were.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) -> usize {
        let mut removed = 0;
        for queue in &mut self.queues {
            let before = queue.entries.len();
            queue.entries.retain(|entry| keep(&entry.packet));
            removed += before - queue.entries.len();
            // Those that were seen keep their time; the count is of the last ones.
            let unseen = queue.entries.iter().rev();
            queue.unseen = unseen.take_while(|entry| entry.since.is_none()).count();
        }
        let all = self.queues.iter().flat_map(|queue| &queue.entries);
        self.bytes = all.map(|entry| entry.bytes).sum();
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl<T> Pacer<T> {
        fn pop(&mut self, now: Time) -> Option<T> {
            self.pop_after(now).map(|(packet, _)| packet)
        }
    }

    fn drain(pacer: &mut Pacer<u32>, now: Time) -> Vec<u32> {
        std::iter::from_fn(|| pacer.pop(now)).collect()
    }

    /// When each packet leaves, asked at the times that the pacer says.
    fn departures(pacer: &mut Pacer<u32>) -> Vec<(u64, usize)> {
        let mut found = Vec::new();
        while let Some(now) = pacer.next_due() {
            let packets = drain(pacer, now).len();
            assert!(packets > 0, "nothing is due at {now:?}");
            found.push((now.as_nanos() / 1_000_000, packets));
        }
        found
    }

    #[test]
    fn sound_leaves_first_then_retransmissions_then_video() {
        let mut pacer = Pacer::new();
        pacer.push(Priority::Video, 1, 3).expect("room");
        pacer.push(Priority::Repair, 1, 2).expect("room");
        pacer.push(Priority::Audio, 1, 1).expect("room");
        assert_eq!(drain(&mut pacer, Time::ZERO), [1, 2, 3]);
        assert_eq!(pacer.next_due(), None);
    }

    #[test]
    fn a_burst_is_what_flows_in_40_ms_and_the_rest_follows_at_the_rate() {
        let mut pacer = Pacer::new();
        // 1 MB/s: 40 packets of 1,000 bytes in 40 ms.
        pacer.set_rate(Time::ZERO, Some(8_000_000));
        for packet in 0..100 {
            pacer.push(Priority::Video, 1000, packet).expect("room");
        }
        let found = departures(&mut pacer);
        assert_eq!(found[0], (0, 40));
        assert!(
            found[1..].iter().all(|(_, packets)| *packets <= 2),
            "{found:?}"
        );
        assert_eq!(found.last().map(|(at, _)| *at), Some(60));
    }

    #[test]
    fn sound_does_not_wait_for_video() {
        let mut pacer = Pacer::new();
        pacer.set_rate(Time::ZERO, Some(80_000));
        for packet in 0..10 {
            pacer.push(Priority::Video, 1000, packet).expect("room");
        }
        let _ = drain(&mut pacer, Time::ZERO);
        pacer.push(Priority::Audio, 100, 99).expect("room");
        assert_eq!(pacer.next_due(), Some(Time::ZERO));
        assert_eq!(drain(&mut pacer, Time::ZERO), [99]);
    }

    #[test]
    fn sound_leaves_a_low_rate_to_video() {
        let mut pacer = Pacer::new();
        pacer.set_rate(Time::ZERO, Some(30_000));
        let mut video = 0;
        for millis in (0..10_000).step_by(20) {
            let now = Time::from_millis(millis);
            // 48 kbit/s of sound, and 8 of video.
            pacer.push(Priority::Audio, 120, 0).expect("room");
            if millis % 50 == 0 {
                pacer.push(Priority::Video, 100, 1).expect("room");
            }
            video += drain(&mut pacer, now).iter().sum::<u32>();
        }
        assert_eq!(video, 100, "none waits");
    }

    #[test]
    fn what_waits_leaves_within_two_seconds_or_so() {
        let mut pacer = Pacer::new();
        pacer.set_rate(Time::ZERO, Some(8_000));
        for packet in 0..1000 {
            pacer.push(Priority::Video, 1000, packet).expect("room");
        }
        // The rate that this takes is that of what still waits, so the end comes by halves.
        let mut left = 1000;
        let mut now = Time::ZERO;
        while now <= Time::from_millis(2_000) {
            left -= drain(&mut pacer, now).len();
            now += Duration::from_millis(5);
        }
        assert!(left < 400, "{left}");
    }

    #[test]
    fn what_has_waited_too_long_is_not_sent_after_an_outage() {
        let mut pacer = Pacer::new();
        pacer.set_rate(Time::ZERO, Some(8_000));
        for packet in 0..3 {
            pacer.push(Priority::Video, 1000, packet).expect("room");
        }
        assert_eq!(drain(&mut pacer, Time::ZERO).len(), 1);
        pacer.push(Priority::Audio, 100, 10).expect("room");
        let later = Time::from_millis(4_900);
        // What nobody could have sent before was not kept waiting.
        assert_eq!(pacer.pop_stale(later), None);
        assert_eq!(pacer.pop(later), Some(10));
        pacer.push(Priority::Audio, 100, 11).expect("room");
        let _ = pacer.due(later);
        let end = Time::from_millis(5_401);
        let stale: Vec<_> = std::iter::from_fn(|| pacer.pop_stale(end)).collect();
        assert_eq!(stale, [11, 1, 2][..stale.len()]);
        assert_eq!(stale.len(), 3);
        assert!(pacer.is_empty() && pacer.bytes == 0);
    }

    #[test]
    fn what_waits_has_a_bound() {
        let mut pacer = Pacer::new();
        pacer.push(Priority::Video, MAX_BYTES, 1).expect("room");
        assert_eq!(pacer.push(Priority::Audio, 1, 2), Err(2));
        pacer.retain(|packet| *packet != 1);
        assert_eq!(pacer.push(Priority::Audio, 1, 2), Ok(()));
    }

    #[test]
    fn without_a_rate_all_leaves_at_once() {
        let mut pacer = Pacer::new();
        for packet in 0..100 {
            pacer.push(Priority::Video, 1000, packet).expect("room");
        }
        assert_eq!(departures(&mut pacer), [(0, 100)]);
    }
}
