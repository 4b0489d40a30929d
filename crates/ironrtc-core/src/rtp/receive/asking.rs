//! What a receiver asks of its senders, and tells them.

use std::time::Duration;

use crate::ids::Ssrc;
use crate::rtp::clock::ReportedClock;
use crate::time::Time;
use crate::wire::rtcp::{ReportBlock, write_nack};
use crate::wire::rtp::NtpShort;

use super::stream::ReceiveStream;
use super::telling::Telling;
use super::{Receiver, nack};

/// Room that a request or feedback is written into, at least.
const LEAST_ROOM: usize = 100;

impl Receiver {
    /// When something is to be told or asked.
    pub(crate) fn next_feedback(&self) -> Option<Time> {
        let streams = self
            .streams
            .values()
            .filter_map(ReceiveStream::next_request);
        streams.chain(self.telling.due()).min()
    }

    /// Appends what is to be told and asked now, as much as fits before `limit`; `time` is that of
    /// day.
    pub(crate) fn write_feedback(
        &mut self,
        (now, time): (Time, NtpShort),
        sender: Ssrc,
        round_trip: Duration,
        limit: usize,
        out: &mut Vec<u8>,
    ) {
        let mut missing = Vec::new();
        for (ssrc, stream) in &mut self.streams {
            if stream.next_request().is_none_or(|due| due > now) {
                continue;
            }
            // A request may take all of the room that is looked for.
            if out.len() + LEAST_ROOM + 4 * nack::MAX_REQUEST > limit {
                return;
            }
            stream.write_key_frame_request(now, (sender, *ssrc), out);
            missing.clear();
            stream.missed.take_due(now, round_trip, &mut missing);
            if !missing.is_empty() {
                write_nack(out, sender, *ssrc, &missing);
                stream.count_nack();
            }
        }
        let room = limit.saturating_sub(out.len());
        if room >= LEAST_ROOM {
            let sources = (sender, self.last_media);
            match &mut self.telling {
                Telling::Nothing => {}
                Telling::ByTransport(arrivals) => {
                    arrivals.write(now, sources, room, out);
                }
                Telling::BySource(arrivals) => arrivals.write(now, time, sender, room, out),
            }
        }
    }

    /// The blocks of the next report: of at most so many sources, the next ones in turn.
    pub(crate) fn report_blocks(&mut self, now: Time, most: usize) -> Vec<ReportBlock> {
        let none = ReportedClock::default();
        let streams = self.streams.iter_mut().map(|(ssrc, stream)| {
            let (stats, clock) = stream.stats();
            (*ssrc, stats, clock)
        });
        let repairs = self.repairs.iter_mut();
        let mut sources: Vec<_> = streams
            .chain(repairs.map(|(ssrc, stats)| (*ssrc, stats, &none)))
            .collect();
        if sources.is_empty() {
            return Vec::new();
        }
        let count = sources.len();
        sources.rotate_left(self.turn % count);
        self.turn = (self.turn + count.min(most)) % count;
        let blocks = sources.into_iter().take(most);
        blocks
            .filter_map(|(ssrc, stats, clock)| stats.report(now, ssrc, clock))
            .collect()
    }
}
