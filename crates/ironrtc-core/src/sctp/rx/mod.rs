//! The receiving direction: TSNs, reassembly, order, the window, and when a SACK is due.

mod runs;
mod stream;
mod tracker;
mod window;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::message::{Event, IncomingMessage, StreamId};
use super::num::Tsn;
use super::packet::data::DataChunk;
use super::packet::forward::ForwardTsn;
use super::packet::sack::{SACK_LEN, write_sack};
use crate::time::Time;
use crate::work;
use runs::{Allowed, MAX_SLACK, Numbering, Runs};
use std::time::Duration;
use stream::{InStream, Taken};
use tracker::{Tracker, Verdict};
use window::{RUN_OVERHEAD, Tuning, Usage};

/// What the caller has to do about a chunk of user data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// Nothing.
    Accepted,
    /// It was there before, or there was no room for it.
    Dropped,
    /// RFC 9260 section 6.5: the stream does not exist, report it.
    InvalidStream,
    /// The message is too large: abort.
    TooLarge,
}

/// How a receiver is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiverConfig {
    pub(crate) window: usize,
    /// Up to which the window may grow.
    pub(crate) max_window: usize,
    pub(crate) max_message: usize,
    pub(crate) streams: u16,
    pub(crate) sack_delay: Duration,
    pub(crate) interleaved: bool,
    pub(crate) initial_tsn: Tsn,
}

/// When the next SACK goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SackDue {
    No,
    /// With whatever is sent before, or alone at this time.
    At(Time),
    Now,
}

/// The receiving direction of one association.
#[derive(Debug)]
pub(crate) struct Receiver {
    config: ReceiverConfig,
    tracker: Tracker,
    /// The streams whose state is not that of one that was never used.
    streams: BTreeMap<StreamId, InStream>,
    /// Streams that either side has used since the peer reset them last.
    used: BTreeSet<StreamId>,
    runs: Runs,
    usage: Usage,
    tuning: Tuning,
    sack: SackDue,
    packets_unacknowledged: u32,
    data_in_packet: bool,
    advertised: usize,
}

/// Less room than this is advertised as none, so that the peer sends no slivers (RFC 9260
/// section 6.2, as RFC 1122 section 4.2.3.3 wants it).
const SMALLEST_WINDOW: usize = 1500;

/// The window to advertise: as configured, or what one whole message needs.
pub(crate) fn effective_window(window: usize, max_message: usize) -> usize {
    window
        .max(max_message + max_message / MAX_SLACK + RUN_OVERHEAD + SMALLEST_WINDOW)
        .min(u32::MAX as usize)
}

impl Receiver {
    pub(crate) fn new(config: ReceiverConfig) -> Self {
        Self {
            tracker: Tracker::new(config.initial_tsn),
            streams: BTreeMap::new(),
            used: BTreeSet::new(),
            runs: Runs::default(),
            usage: Usage::default(),
            tuning: Tuning::new(config.window, config.max_window),
            sack: SackDue::No,
            packets_unacknowledged: 0,
            data_in_packet: false,
            advertised: config.window,
            config,
        }
    }

    /// Everything up to this position has arrived.
    pub(crate) const fn cumulative(&self) -> u64 {
        self.tracker.cumulative()
    }

    /// The position of a TSN of the peer's.
    pub(crate) const fn position(&self, tsn: Tsn) -> u64 {
        self.tracker.position(tsn)
    }

    /// Messages received completely.
    pub(crate) const fn messages(&self) -> u64 {
        self.usage.messages
    }

    #[cfg(test)]
    pub(crate) const fn limit(&self) -> usize {
        self.tuning.window()
    }

    #[cfg(test)]
    pub(crate) const fn used(&self) -> usize {
        self.usage.bytes()
    }

    fn window(&self) -> usize {
        let free = self.tuning.window().saturating_sub(self.usage.bytes());
        if free < SMALLEST_WINDOW { 0 } else { free }
    }

    /// Takes in a DATA or I-DATA chunk.
    pub(crate) fn on_data(
        &mut self,
        chunk: &DataChunk<'_>,
        events: &mut VecDeque<Event>,
    ) -> Received {
        self.data_in_packet = true;
        if chunk.header.immediate() {
            self.sack = SackDue::Now;
        }
        let position = self.tracker.position(chunk.tsn);
        let verdict = self.tracker.check(position);
        let window = self.tuning.window();
        let limit = match verdict {
            Verdict::Next => window,
            // What fills a gap makes messages readable, so it may use a reserve: a peer counts
            // no overhead, and could fill the window with what waits for the gap.
            Verdict::Gap => window + window / 4,
            Verdict::Duplicate => {
                // RFC 9260 section 6.2: acknowledge at once, as a SACK may have been lost.
                self.tracker.note_duplicate(chunk.tsn);
                self.sack = SackDue::Now;
                return Received::Dropped;
            }
            Verdict::TooFar => {
                self.sack = SackDue::Now;
                return Received::Dropped;
            }
        };
        let stream = chunk.header.stream;
        if stream.0 >= self.config.streams {
            self.tracker.record(position);
            return Received::InvalidStream;
        }
        let allowed = Allowed {
            max_message: self.config.max_message,
            room: limit.saturating_sub(self.usage.bytes()),
        };
        let interleaved = self.config.interleaved;
        let (entry, memory) = self.stream(stream);
        let readable = entry.front().is_some();
        let taken = entry.insert(interleaved, position, chunk, allowed, memory);
        if !readable {
            announce(stream, entry, events);
        }
        if taken == Taken::NoRoom {
            // RFC 9260 section 6.2: with the window closed, new data is dropped and acknowledged.
            self.sack = SackDue::Now;
            return Received::Dropped;
        }
        self.tracker.record(position);
        self.tuning.on_arrived(chunk.payload.len());
        if self.tracker.has_gaps() || verdict == Verdict::Gap {
            self.sack = SackDue::Now;
        }
        match taken {
            Taken::Kept => Received::Accepted,
            Taken::Invalid | Taken::NoRoom => Received::Dropped,
            Taken::TooLarge => Received::TooLarge,
        }
    }

    /// A stream that the peer uses, and what its data is kept in.
    fn stream(&mut self, stream: StreamId) -> (&mut InStream, (&mut Runs, &mut Usage)) {
        let entry = self.streams.entry(stream).or_insert_with(InStream::new);
        if !entry.used {
            entry.used = true;
            self.used.insert(stream);
        }
        (entry, (&mut self.runs, &mut self.usage))
    }

    /// RFC 3758 section 3.6: the peer gave up some of what it sent.
    pub(crate) fn on_forward(&mut self, forward: &ForwardTsn<'_>, events: &mut VecDeque<Event>) {
        let cumulative = self.tracker.position(forward.cumulative);
        // "at or behind the Cumulative TSN: a duplicate", which a SACK answers at once.
        self.data_in_packet = true;
        self.sack = SackDue::Now;
        if cumulative <= self.tracker.cumulative()
            || cumulative - self.tracker.cumulative() > u64::from(u16::MAX)
        {
            return;
        }
        self.tracker.advance(cumulative);
        let interleaved = self.config.interleaved;
        if !interleaved {
            self.runs.discard_through(cumulative, &mut self.usage);
        }
        for skip in forward.skips() {
            work::add(1);
            if skip.stream.0 >= self.config.streams {
                continue;
            }
            let (entry, memory) = self.stream(skip.stream);
            let readable = entry.front().is_some();
            entry.skip(interleaved, &skip, memory);
            if !readable {
                announce(skip.stream, entry, events);
            }
        }
    }

    /// The end of a packet: decides when it is acknowledged (RFC 9260 section 6.2).
    pub(crate) fn on_packet_end(&mut self, now: Time) {
        if !std::mem::take(&mut self.data_in_packet) {
            return;
        }
        self.packets_unacknowledged += 1;
        if self.packets_unacknowledged >= 2 {
            self.sack = SackDue::Now;
        } else if self.sack == SackDue::No {
            self.sack = SackDue::At(now + self.config.sack_delay);
        }
    }

    /// The next message of a stream.
    pub(crate) fn recv(&mut self, stream: StreamId) -> Option<IncomingMessage> {
        let message = self.streams.get_mut(&stream)?.pop(&mut self.usage)?;
        self.tuning.on_read(message.data.len());
        // The peer hears of a larger window, but not of every byte of it (RFC 9260 section 6.2
        // on the silly window syndrome).
        if self.window() >= self.advertised + self.tuning.window() / 4 {
            self.sack = SackDue::Now;
        }
        Some(message)
    }

    /// The message that [`recv`](Self::recv) would take.
    pub(crate) fn peek(&self, stream: StreamId) -> Option<&IncomingMessage> {
        self.streams.get(&stream)?.front()
    }

    /// The application took the event that announced a stream.
    pub(crate) fn on_announced(&mut self, stream: StreamId) {
        if let Some(stream) = self.streams.get_mut(&stream) {
            stream.announced = false;
        }
    }

    /// Goes over the peer's reset of a stream, if that is next; true if it was.
    pub(crate) fn take_reset(&mut self, stream: StreamId) -> bool {
        let Some(entry) = self.streams.get_mut(&stream) else {
            return false;
        };
        let taken = entry.pop_reset(&mut self.usage);
        if entry.is_fresh() {
            self.streams.remove(&stream);
        }
        taken
    }

    /// Whether the peer has reset a stream behind what is to be read.
    pub(crate) fn has_reset(&self, stream: StreamId) -> bool {
        self.streams
            .get(&stream)
            .is_some_and(|entry| entry.has_reset())
    }

    /// We use a stream.
    pub(crate) fn note_used(&mut self, stream: StreamId) {
        self.used.insert(stream);
    }

    /// The streams that either side has used since the peer reset them last.
    pub(crate) fn used_streams(&self) -> BTreeSet<StreamId> {
        self.used.clone()
    }

    /// The peer resets a stream.
    pub(crate) fn reset_stream(&mut self, stream: StreamId, events: &mut VecDeque<Event>) {
        work::add(1);
        if !self.used.remove(&stream) {
            return;
        }
        // What is incomplete of DATA lies in the order of TSNs, which all streams share. This
        // stream's part of it only exists if the peer has sent nonsense, and stays charged to the
        // window.
        if self.config.interleaved {
            for unordered in [false, true] {
                let last = Numbering::of(stream, unordered, u64::MAX);
                self.runs.discard_messages(last, &mut self.usage);
            }
        }
        let entry = self.streams.entry(stream).or_insert_with(InStream::new);
        let readable = entry.front().is_some();
        entry.reset(&mut self.usage);
        if !readable {
            announce(stream, entry, events);
        }
    }

    /// The peer started over: what is complete can still be read, and ends with a reset.
    pub(crate) fn restart(self, config: ReceiverConfig) -> Self {
        let mut fresh = Self::new(config);
        fresh.streams = self.streams;
        fresh.usage = self.usage;
        let mut runs = self.runs;
        runs.discard_all(&mut fresh.usage);
        // The others are as after a reset already.
        for stream in self.used {
            work::add(1);
            if let Some(entry) = fresh.streams.get_mut(&stream)
                && !entry.restart(&mut fresh.usage)
            {
                fresh.streams.remove(&stream);
            }
        }
        fresh
    }

    /// Asks for a SACK with the next packet.
    pub(crate) const fn want_sack(&mut self) {
        self.sack = SackDue::Now;
    }

    /// Whether a SACK must go out now even if nothing else does.
    pub(crate) fn sack_is_due(&self, now: Time) -> bool {
        match self.sack {
            SackDue::No => false,
            SackDue::At(at) => at <= now,
            SackDue::Now => true,
        }
    }

    /// Whether a SACK may ride on a packet that is sent anyway.
    pub(crate) fn sack_is_pending(&self) -> bool {
        self.sack != SackDue::No
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Time> {
        match self.sack {
            SackDue::At(at) => Some(at),
            SackDue::No | SackDue::Now => None,
        }
    }

    /// Appends a SACK of at most `room` bytes. `rtt` is the round trip, if one was measured.
    pub(crate) fn write_sack(
        &mut self,
        now: Time,
        rtt: Option<Duration>,
        room: usize,
        out: &mut Vec<u8>,
    ) {
        // Here, as the peer hears of a larger window no earlier.
        self.tuning.adjust(now, rtt);
        let window = self.window();
        let duplicates = self.tracker.duplicates();
        let most = room.saturating_sub(SACK_LEN) / 4;
        let duplicates = duplicates.get(..most.min(duplicates.len())).unwrap_or(&[]);
        write_sack(
            out,
            Tsn::of(self.tracker.cumulative()),
            window as u32,
            self.tracker.blocks(most - duplicates.len()),
            duplicates,
        );
        self.tracker.clear_duplicates();
        self.advertised = window;
        self.sack = SackDue::No;
        self.packets_unacknowledged = 0;
    }
}

/// Tells the application that a stream, which had nothing to read, has something.
fn announce(stream: StreamId, entry: &mut InStream, events: &mut VecDeque<Event>) {
    if entry.front().is_some() && !entry.announced {
        entry.announced = true;
        events.push_back(Event::Readable(stream));
    }
}
