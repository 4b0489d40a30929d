//! What is received: each packet goes to its stream, and the sender is told of it.

mod asking;
mod assemble;
mod ccfb;
mod counters;
mod feedback;
mod frame;
mod heard;
mod lateness;
mod nack;
mod packet;
mod packets;
mod parity;
mod redundant;
mod references;
mod rtx;
mod stats;
mod stream;
mod telling;
mod unread;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use counters::{ReceiveCounters, SenderReported};
pub use frame::RtpFrame;
pub use heard::SourceHeard;
pub use packet::RtpPacket;

use crate::ids::{Mid, Rid, Ssrc};
use crate::rtp::RtpPlan;
use crate::rtp::clock::SenderClocks;
use crate::rtp::event::RtpEvent;
use crate::rtp::route::Router;
use crate::time::Time;
use crate::wire::rtcp::SenderInfo;
use crate::wire::rtp::ExtensionMap;

use ccfb::SourceArrivals;
use feedback::Arrivals;
use stats::SourceStats;
use stream::ReceiveStream;
use telling::Telling;

/// Most bytes of packets and frames that all streams of a transport hold together. The one that holds
/// most is emptied beyond that.
const MAX_HELD: usize = 32 << 20;

/// Which kind of feedback both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArrivalFeedback {
    None,
    ByTransport,
    BySource,
}

/// The receiving half of a session.
#[derive(Debug)]
pub(crate) struct Receiver {
    map: ExtensionMap,
    router: Router,
    /// By their sources.
    streams: BTreeMap<Ssrc, ReceiveStream>,
    /// The sources of retransmissions.
    repairs: BTreeMap<Ssrc, SourceStats>,
    telling: Telling,
    clocks: SenderClocks,
    /// The source that feedback about the transport names.
    last_media: Ssrc,
    /// Blocks of reports are taken in turn.
    turn: usize,
    /// What the streams hold.
    held: usize,
    /// A read has moved what is due to an earlier time.
    is_hurried: bool,
}

impl Receiver {
    pub(crate) fn new() -> Self {
        Self {
            map: ExtensionMap::new(),
            router: Router::default(),
            streams: BTreeMap::new(),
            repairs: BTreeMap::new(),
            telling: Telling::Nothing,
            clocks: SenderClocks::default(),
            last_media: Ssrc::default(),
            turn: 0,
            held: 0,
            is_hurried: false,
        }
    }

    /// Takes another plan; `map` has the header extensions that the peer sends.
    pub(crate) fn apply(&mut self, plan: &RtpPlan, map: ExtensionMap, feedback: ArrivalFeedback) {
        self.map = map;
        match (feedback, &self.telling) {
            (ArrivalFeedback::ByTransport, Telling::ByTransport(_))
            | (ArrivalFeedback::BySource, Telling::BySource(_)) => {}
            (ArrivalFeedback::None, _) => self.telling = Telling::Nothing,
            (ArrivalFeedback::ByTransport, _) => {
                self.telling = Telling::ByTransport(Arrivals::default());
            }
            (ArrivalFeedback::BySource, _) => {
                self.telling = Telling::BySource(SourceArrivals::default());
            }
        }
        for gone in self.router.apply(plan) {
            self.forget(gone);
        }
    }

    fn forget(&mut self, ssrc: Ssrc) {
        if let Some(stream) = self.streams.remove(&ssrc) {
            self.held -= stream.held();
        }
        self.repairs.remove(&ssrc);
    }

    /// Has a stream do something, and keeps account of what it holds.
    fn at<R>(&mut self, ssrc: Ssrc, act: impl FnOnce(&mut ReceiveStream) -> R) -> Option<R> {
        let stream = self.streams.get_mut(&ssrc)?;
        let before = stream.held();
        let done = act(stream);
        self.held = self.held - before + stream.held();
        Some(done)
    }

    /// Has the streams hold no more than they may together.
    fn shed(&mut self) {
        while self.held > MAX_HELD {
            let streams = self.streams.iter();
            let most = streams.max_by_key(|(_, stream)| stream.held());
            let Some(most) = most.map(|(most, _)| *most) else {
                return;
            };
            self.at(most, ReceiveStream::shed);
        }
    }

    fn begin(&self, ssrc: Ssrc, events: &mut VecDeque<RtpEvent>) {
        if let Some((mid, rid)) = self.router.names(ssrc) {
            events.push_back(RtpEvent::Began {
                ssrc,
                mid: mid.clone(),
                rid: rid.cloned(),
            });
        }
    }

    pub(crate) fn on_sender_report(&mut self, now: Time, ssrc: Ssrc, info: SenderInfo) {
        if let Some(stream) = self.streams.get_mut(&ssrc) {
            let ours = self.clocks.on_report(now, info.ntp);
            stream.on_sender_report(now, info, ours);
        }
    }

    /// A source says goodbye (RFC 3550 section 6.6). What came of it is kept to be read, and so is
    /// whose it is: a sender that goes on after a pause may not name itself again.
    pub(crate) fn on_goodbye(&mut self, ssrc: Ssrc, events: &mut VecDeque<RtpEvent>) {
        if let Some(stream) = self.streams.get_mut(&ssrc)
            && stream.leave()
        {
            events.push_back(RtpEvent::Goodbye(ssrc));
        }
    }

    pub(crate) fn read(&mut self, ssrc: Ssrc) -> Option<RtpPacket> {
        self.hurried(ssrc, ReceiveStream::next_request, ReceiveStream::pop)?
    }

    pub(crate) fn read_frame(&mut self, ssrc: Ssrc, round_trip: Duration) -> Option<RtpFrame> {
        let due = |stream: &ReceiveStream| {
            let times = [stream.next_request(), stream.gives_up_at(round_trip)];
            times.into_iter().flatten().min()
        };
        self.hurried(ssrc, due, |stream| stream.pop_frame(round_trip))?
    }

    /// Reads, which may ask for a key frame, or begin to wait for a packet.
    fn hurried<R>(
        &mut self,
        ssrc: Ssrc,
        due: impl Fn(&ReceiveStream) -> Option<Time>,
        read: impl FnOnce(&mut ReceiveStream) -> R,
    ) -> Option<R> {
        let (done, is_hurried) = self.at(ssrc, |stream| {
            let before = due(stream);
            let done = read(stream);
            let after = due(stream);
            let is_earlier = |after| before.is_none_or(|before| after < before);
            (done, after.is_some_and(is_earlier))
        })?;
        self.is_hurried |= is_hurried;
        Some(done)
    }

    /// Whether a read has moved what is due to an earlier time, since this was asked last.
    pub(crate) const fn take_hurry(&mut self) -> bool {
        std::mem::replace(&mut self.is_hurried, false)
    }

    pub(crate) fn has_unread(&self, ssrc: Ssrc) -> bool {
        let stream = self.streams.get(&ssrc);
        stream.is_some_and(ReceiveStream::has_unread)
    }

    /// When a packet that frames wait for is given up.
    pub(crate) fn next_loss(&self, round_trip: Duration) -> Option<Time> {
        let streams = self.streams.values();
        streams
            .filter_map(|stream| stream.gives_up_at(round_trip))
            .min()
    }

    /// Gives up packets that frames have waited for long enough.
    pub(crate) fn give_up(
        &mut self,
        now: Time,
        round_trip: Duration,
        events: &mut VecDeque<RtpEvent>,
    ) {
        for (ssrc, stream) in &mut self.streams {
            let before = stream.held();
            events.extend(stream.give_up(now, round_trip, *ssrc));
            self.held = self.held - before + stream.held();
        }
    }

    #[cfg(test)]
    pub(crate) const fn held(&self) -> usize {
        self.held
    }

    /// The header extensions that the peer sends.
    pub(crate) const fn map(&self) -> &ExtensionMap {
        &self.map
    }

    pub(crate) fn counters(&self, ssrc: Ssrc) -> Option<ReceiveCounters> {
        self.streams.get(&ssrc).map(ReceiveStream::counters)
    }

    /// The sources of the streams.
    pub(crate) fn sources(&self) -> impl Iterator<Item = Ssrc> + '_ {
        self.streams.keys().copied()
    }

    /// The source of a stream's retransmissions.
    pub(crate) fn repair_of(&self, ssrc: Ssrc) -> Option<Ssrc> {
        self.router.repair_of(ssrc)
    }

    pub(crate) fn request_key_frame(&mut self, ssrc: Ssrc) {
        if let Some(stream) = self.streams.get_mut(&ssrc) {
            stream.request_key_frame();
        }
    }

    /// The sources of a section's streams that were heard of late, the last one first.
    pub(crate) fn synchronization_sources(&self, now: Time, mid: &Mid) -> Vec<SourceHeard> {
        let streams = self.of_section(mid);
        newest_first(streams.filter_map(|(ssrc, stream)| stream.heard().synchronization(now, ssrc)))
    }

    /// The sources that were mixed into a section's streams of late, the last one first.
    pub(crate) fn contributing_sources(&self, now: Time, mid: &Mid) -> Vec<SourceHeard> {
        let streams = self.of_section(mid);
        let mut all =
            newest_first(streams.flat_map(|(_, stream)| stream.heard().contributing(now)));
        let mut told = Vec::new();
        // One that is mixed into several streams is told once.
        all.retain(|one| {
            let is_new = !told.contains(&one.source);
            told.push(one.source);
            is_new
        });
        all
    }

    fn of_section<'a>(
        &'a self,
        mid: &'a Mid,
    ) -> impl Iterator<Item = (Ssrc, &'a ReceiveStream)> + 'a {
        let streams = self.streams.iter().map(|(ssrc, stream)| (*ssrc, stream));
        streams.filter(move |(ssrc, _)| self.names(*ssrc).is_some_and(|(own, _)| own == mid))
    }

    pub(crate) fn names(&self, ssrc: Ssrc) -> Option<(&Mid, Option<&Rid>)> {
        self.router.names(ssrc)
    }

    pub(crate) fn unknown(&self) -> impl Iterator<Item = (Ssrc, u64)> + '_ {
        self.router.unknown()
    }
}

fn newest_first(all: impl Iterator<Item = SourceHeard>) -> Vec<SourceHeard> {
    let mut all: Vec<_> = all.collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.at));
    all
}
