//! The receiving direction: TSNs, reassembly, order, the window, and when a SACK is due.

mod runs;
mod stream;
mod tracker;
mod window;

use std::collections::{BTreeMap, VecDeque};

use super::message::{Event, IncomingMessage, StreamId};
use super::num::Tsn;
use super::packet::data::DataChunk;
use super::packet::forward::ForwardTsn;
use super::packet::sack::{SACK_LEN, write_sack};
use crate::time::Time;
use std::time::Duration;
use stream::{InStream, Taken};
use tracker::{Tracker, Verdict};
use window::{MESSAGE_OVERHEAD, RUN_OVERHEAD, Tuning, Usage};

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
    streams: BTreeMap<StreamId, InStream>,
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
        .max(max_message + MESSAGE_OVERHEAD + RUN_OVERHEAD + SMALLEST_WINDOW)
        .min(u32::MAX as usize)
}

impl Receiver {
    pub(crate) fn new(config: ReceiverConfig) -> Self {
        Self {
            tracker: Tracker::new(config.initial_tsn),
            streams: BTreeMap::new(),
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
        let limit = match verdict {
            Verdict::Next => self.tuning.window(),
            // What fills a gap makes messages readable, so it may use a reserve: a peer counts
            // no overhead, and could fill the window with what waits for the gap.
            Verdict::Gap => self.tuning.window() + self.tuning.window() / 4,
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
        // RFC 9260 section 6.2: with the window closed, new data is dropped and acknowledged.
        if self.usage.bytes() + chunk.payload.len() + MESSAGE_OVERHEAD > limit {
            self.sack = SackDue::Now;
            return Received::Dropped;
        }
        self.tracker.record(position);
        self.tuning.on_arrived(chunk.payload.len());
        if self.tracker.has_gaps() || verdict == Verdict::Gap {
            self.sack = SackDue::Now;
        }
        let entry = self.streams.entry(stream).or_insert_with(InStream::new);
        let ready = entry.has_ready();
        let taken = entry.insert(
            self.config.interleaved,
            position,
            chunk,
            self.config.max_message,
            &mut self.usage,
        );
        if !ready {
            announce(stream, entry, events);
        }
        match taken {
            Taken::Kept => Received::Accepted,
            Taken::Invalid => Received::Dropped,
            Taken::TooLarge => Received::TooLarge,
        }
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
        if !self.config.interleaved {
            for stream in self.streams.values_mut() {
                stream.discard_fragments(cumulative, &mut self.usage);
            }
        }
        for skip in forward.skips() {
            if skip.stream.0 >= self.config.streams {
                continue;
            }
            let entry = self
                .streams
                .entry(skip.stream)
                .or_insert_with(InStream::new);
            let ready = entry.has_ready();
            entry.skip(
                self.config.interleaved,
                skip.unordered,
                skip.sequence,
                &mut self.usage,
            );
            if !ready {
                announce(skip.stream, entry, events);
            }
        }
    }

    /// The end of a packet: decides when it is acknowledged (RFC 9260 section 6.2).
    pub(crate) fn on_packet_end(&mut self, now: Time, rtt: Option<Duration>) {
        if !std::mem::take(&mut self.data_in_packet) {
            return;
        }
        self.tuning.adjust(now, rtt);
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

    /// Resets one stream.
    pub(crate) fn reset_stream(&mut self, stream: StreamId, events: &mut VecDeque<Event>) {
        if let Some(entry) = self.streams.get_mut(&stream) {
            let ready = entry.has_ready();
            entry.reset(&mut self.usage);
            if !ready {
                announce(stream, entry, events);
            }
        }
    }

    /// The streams that the peer has sent on.
    pub(crate) fn known_streams(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.streams.keys().copied()
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

    /// Appends a SACK of at most `room` bytes.
    pub(crate) fn write_sack(&mut self, room: usize, out: &mut Vec<u8>) {
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
    if entry.has_ready() && !entry.announced {
        entry.announced = true;
        events.push_back(Event::Readable(stream));
    }
}
