//! What the sender is told for its congestion control by source (RFC 8888): when each packet
//! arrived, and with which mark.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::datagram::Ecn;
use crate::ids::Ssrc;
use crate::time::Time;
use crate::wire::rtcp::{CcfbArrival, write_congestion_feedback};
use crate::wire::rtp::{NtpShort, SeqNo, Unwrapper};

/// Feedback is so far apart, while packets come.
const INTERVAL: Duration = Duration::from_millis(50);
/// How long an arrival is kept, so that feedback about packets that came out of order can go back.
const WINDOW: Duration = Duration::from_millis(500);
/// Most sources that are told of. Those of which nothing came longest make room.
const MAX_SOURCES: usize = 64;
/// Most packets of one source that are told of at a time.
const MAX_PACKETS: u64 = 2048;
/// What a packet of feedback has beside its sources, what each of those has, and each of their packets.
const HEAD: usize = 12;
const SOURCE_HEAD: usize = 8;
const REPORT: usize = 2;

/// The packets of one source.
#[derive(Debug, Default)]
struct Source {
    numbers: Unwrapper<SeqNo>,
    /// The first packet that the next feedback is about.
    base: Option<u64>,
    /// What came before this is known no more: feedback does not go back behind it.
    floor: u64,
    /// The number that would confirm that the source counts anew.
    anew: Option<SeqNo>,
    arrivals: BTreeMap<u64, (Time, Option<Ecn>)>,
    last: Time,
}

impl Source {
    fn on_packet(&mut self, now: Time, number: SeqNo, ecn: Option<Ecn>) {
        let mut position = self.numbers.unwrap(number);
        self.last = now;
        if position < self.floor {
            // Two in a row are a source that counts anew, by the rule of RFC 3550 appendix A.1.
            if self.anew.replace(number.plus(1)) != Some(number) {
                return;
            }
            position = self.numbers.restart(number);
            (self.floor, self.base) = (position, None);
            self.arrivals.clear();
        }
        self.anew = None;
        // RFC 8888 section 3: of a packet that came twice the first arrival counts, and a mark of
        // congestion whichever of them has it.
        let known = self.arrivals.entry(position).or_insert((now, ecn));
        if ecn == Some(Ecn::Ce) {
            known.1 = ecn;
        }
        let base = self.base.map_or(position, |base| base.min(position));
        let highest = self.numbers.highest().unwrap_or(position);
        self.floor = self.floor.max((highest + 1).saturating_sub(MAX_PACKETS));
        self.base = Some(base.max(self.floor));
        while let Some(entry) = self.arrivals.first_entry()
            && *entry.key() < self.floor
        {
            entry.remove();
        }
    }

    /// The packets that are told of, at most `room` of them.
    fn span(&self, room: u64) -> Option<(u64, u64)> {
        let first = self.base?;
        let (last, _) = self.arrivals.last_key_value()?;
        let end = (last + 1).min(first.saturating_add(room));
        (end > first).then_some((first, end))
    }

    /// What is told of some packets, which then have been told of.
    fn tell(&mut self, now: Time, first: u64, end: u64) -> Vec<Option<CcfbArrival>> {
        let report = |position| {
            let (came, ecn) = self.arrivals.get(&position)?;
            Some(CcfbArrival::before(now.since(*came), *ecn))
        };
        let reports = (first..end).map(report).collect();
        self.base = Some(end);
        while let Some(entry) = self.arrivals.first_entry()
            && *entry.key() < end
            && now.since(entry.get().0) > WINDOW
        {
            self.floor = entry.key() + 1;
            entry.remove();
        }
        reports
    }
}

/// The arrivals of a transport's packets by their sources.
#[derive(Debug, Default)]
pub(super) struct SourceArrivals {
    sources: BTreeMap<Ssrc, Source>,
    due: Option<Time>,
    last: Time,
}

impl SourceArrivals {
    pub(super) fn on_packet(&mut self, now: Time, ssrc: Ssrc, number: SeqNo, ecn: Option<Ecn>) {
        if self.sources.len() >= MAX_SOURCES && !self.sources.contains_key(&ssrc) {
            let silent = self.sources.iter().min_by_key(|(_, source)| source.last);
            if let Some(silent) = silent.map(|(silent, _)| *silent) {
                self.sources.remove(&silent);
            }
        }
        self.sources
            .entry(ssrc)
            .or_default()
            .on_packet(now, number, ecn);
        let due = (self.last + INTERVAL).max(now);
        self.due.get_or_insert(due);
    }

    pub(super) const fn due(&self) -> Option<Time> {
        self.due
    }

    /// Appends feedback of as many packets as fit into `limit` bytes, at this time of day.
    pub(super) fn write(
        &mut self,
        now: Time,
        time: NtpShort,
        sender: Ssrc,
        limit: usize,
        out: &mut Vec<u8>,
    ) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        let mut room = limit.saturating_sub(HEAD);
        let mut told = Vec::new();
        for (ssrc, source) in &mut self.sources {
            // Reports fill whole words.
            let packets = room.saturating_sub(SOURCE_HEAD + REPORT) / REPORT;
            let Some((first, end)) = source.span(packets as u64) else {
                continue;
            };
            room -= SOURCE_HEAD + ((end - first) as usize * REPORT).next_multiple_of(4);
            told.push((*ssrc, SeqNo::of(first), source.tell(now, first, end)));
        }
        if !told.is_empty() {
            write_congestion_feedback(out, sender, told, time);
        }
        let mut sources = self.sources.values();
        if sources.all(|source| source.span(1).is_none()) {
            self.due = None;
            self.last = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    const SENDER: Ssrc = Ssrc::new(1);
    const TIME: NtpShort = NtpShort::new(77);

    type Told = Vec<(u32, u16, Option<CcfbArrival>)>;

    fn told(arrivals: &mut SourceArrivals, millis: u64, limit: usize) -> Option<Told> {
        let mut out = Vec::new();
        arrivals.write(Time::from_millis(millis), TIME, SENDER, limit, &mut out);
        if out.is_empty() {
            return None;
        }
        assert!(out.len() <= limit, "{} bytes", out.len());
        let Some(Packet::CongestionFeedback(found)) =
            Compound::parse(&out).and_then(|mut packets| packets.next())
        else {
            panic!("no feedback");
        };
        assert_eq!((found.sender, found.time), (SENDER, TIME));
        let streams = found.streams().flat_map(|stream| {
            let reports = stream.reports();
            reports.map(move |(number, report)| (stream.ssrc.get(), number.get(), report))
        });
        Some(streams.collect())
    }

    fn came(offset: u16, ecn: Option<Ecn>) -> Option<CcfbArrival> {
        let offset = Some(offset);
        Some(CcfbArrival { ecn, offset })
    }

    fn arrive(arrivals: &mut SourceArrivals, millis: u64, ssrc: u32, number: u16) {
        let now = Time::from_millis(millis);
        arrivals.on_packet(now, Ssrc::new(ssrc), SeqNo::new(number), Some(Ecn::Ect1));
    }

    #[test]
    fn each_source_is_told_from_where_it_was_told_last() {
        let mut arrivals = SourceArrivals::default();
        assert_eq!(told(&mut arrivals, 0, 1150), None);
        arrive(&mut arrivals, 1000, 5, 65_535);
        arrive(&mut arrivals, 1500, 5, 1);
        arrive(&mut arrivals, 1500, 6, 9);
        let ect1 = Some(Ecn::Ect1);
        let expected = vec![
            (5, 65_535, came(512, ect1)),
            (5, 0, None),
            (5, 1, came(0, ect1)),
            (6, 9, came(0, ect1)),
        ];
        assert_eq!(told(&mut arrivals, 1500, 1150), Some(expected));
        assert_eq!(
            (told(&mut arrivals, 1600, 1150), arrivals.due()),
            (None, None)
        );
        // One that was told to be missing comes late, after one that is new.
        arrive(&mut arrivals, 1510, 5, 2);
        arrive(&mut arrivals, 1510, 5, 0);
        assert_eq!(arrivals.due(), Some(Time::from_millis(1550)));
        assert_eq!(told(&mut arrivals, 1549, 1150), None);
        let found = told(&mut arrivals, 1550, 1150).expect("feedback");
        let numbers: Vec<_> = found.iter().map(|(_, number, _)| *number).collect();
        assert_eq!(numbers, [0, 1, 2]);
        // What came between is told again as it was.
        assert!(
            found.iter().all(|(_, _, report)| report.is_some()),
            "{found:?}"
        );
    }

    #[test]
    fn a_mark_of_congestion_wins_and_the_first_arrival_counts() {
        let mut arrivals = SourceArrivals::default();
        arrive(&mut arrivals, 1000, 5, 1);
        let again = Time::from_millis(1250);
        arrivals.on_packet(again, Ssrc::new(5), SeqNo::new(1), Some(Ecn::Ce));
        arrive(&mut arrivals, 1400, 5, 1);
        let expected = vec![(5, 1, came(512, Some(Ecn::Ce)))];
        assert_eq!(told(&mut arrivals, 1500, 1150), Some(expected));
    }

    #[test]
    fn what_does_not_fit_is_told_by_the_next_feedback() {
        let mut arrivals = SourceArrivals::default();
        for number in 0..1000 {
            arrive(&mut arrivals, 1000, 5, number);
            arrive(&mut arrivals, 1000, 6, number);
        }
        let mut all = Vec::new();
        while let Some(found) = told(&mut arrivals, 1100, 1150) {
            assert!(!found.is_empty());
            all.extend(found.into_iter().map(|(ssrc, number, _)| (ssrc, number)));
        }
        all.sort_unstable();
        let expected = [5, 6].map(|ssrc| (0..1000).map(move |number| (ssrc, number)));
        assert!(all.into_iter().eq(expected.into_iter().flatten()));
    }

    #[test]
    fn a_source_that_counts_anew_is_told_from_its_second_packet_on() {
        let mut arrivals = SourceArrivals::default();
        for number in 30_000..30_200 {
            let millis = 1000 + u64::from(number - 30_000) * 20;
            arrive(&mut arrivals, millis, 5, number);
            told(&mut arrivals, millis, 1150);
        }
        told(&mut arrivals, 5900, 1150);
        let mut numbers = Vec::new();
        for number in 0..10 {
            let millis = 6000 + u64::from(number) * 100;
            arrive(&mut arrivals, millis, 5, number);
            let found = told(&mut arrivals, millis, 1150).unwrap_or_default();
            numbers.extend(found.into_iter().map(|(_, number, _)| number));
        }
        assert_eq!(numbers, (1..10).collect::<Vec<u16>>());
    }

    #[test]
    fn gaps_of_a_forwarded_stream_are_told_and_hide_nothing_that_came() {
        // Whoever forwards keeps the gaps of what it drops: here 999 of each thousand packets.
        let mut arrivals = SourceArrivals::default();
        let (mut came, mut datagrams) = (Vec::new(), 0);
        for step in 0..40_u64 {
            let millis = 1000 + step * 60;
            arrive(&mut arrivals, millis, 5, (step * 1000) as u16);
            while let Some(found) = told(&mut arrivals, millis, 1150) {
                datagrams += 1;
                let found = found.into_iter().filter(|(_, _, report)| report.is_some());
                came.extend(found.map(|(_, number, _)| number));
            }
        }
        let sent: Vec<_> = (0..40_u64).map(|step| (step * 1000) as u16).collect();
        assert_eq!(came, sent);
        assert!(datagrams <= 2 * 40, "{datagrams}");
    }

    #[test]
    fn sources_and_their_packets_have_bounds() {
        let mut arrivals = SourceArrivals::default();
        for ssrc in 0..100 {
            arrive(&mut arrivals, u64::from(ssrc), ssrc, 1);
        }
        assert_eq!(arrivals.sources.len(), MAX_SOURCES);
        assert!(arrivals.sources.contains_key(&Ssrc::new(99)));
        for number in 0..10_000 {
            arrive(&mut arrivals, 1000, 99, number);
        }
        // A jump leaves nothing between to be told of.
        arrive(&mut arrivals, 1000, 99, 40_000);
        let source = &arrivals.sources[&Ssrc::new(99)];
        assert!(source.arrivals.len() as u64 <= MAX_PACKETS);
        let (first, end) = source.span(u64::MAX >> 1).expect("something to tell");
        assert!(end - first <= MAX_PACKETS);
    }
}
