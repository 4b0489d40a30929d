//! What was received of a stream and not read: packets in the order of arrival, or frames. The first
//! read decides which of the two it is.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ids::Ssrc;
use crate::rtp::event::RtpEvent;
use crate::time::Time;
use crate::wire::payload::{self, Edge};

use super::assemble::{Assembler, Waiting};
use super::frame::{FrameQueue, RtpFrame, max_age};
use super::packet::RtpPacket;

/// Most packets that wait to be read, and most bytes.
const MAX_PACKETS: usize = 2048;
const MAX_BYTES: usize = 4 << 20;
/// How long a packet is waited for that is sent again, in round trips, and at most.
const ROUND_TRIPS: u32 = 3;
const MAX_WAIT: Duration = Duration::from_millis(500);
/// How long one is waited for that can only be late, and the least for others.
const MIN_WAIT: Duration = Duration::from_millis(100);
/// The same of audio that is not sent again, which is worth nothing when it is late, and of what is not
/// needed.
const BRIEF_WAIT: Duration = Duration::from_millis(40);

/// Packets in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Packets {
    queue: VecDeque<RtpPacket>,
    bytes: usize,
    /// Somebody has read one.
    is_decided: bool,
    /// What a decoder could begin with had to go. Whoever reads next needs a key frame.
    needs_key_frame: bool,
}

impl Packets {
    /// Queues a packet; gives how many others had to go for it.
    fn push(&mut self, format: Option<payload::Format>, packet: RtpPacket) -> u64 {
        let is_video = format.is_some_and(payload::Format::is_video);
        let oldest = packet.arrived - max_age(is_video);
        self.bytes += packet.cost();
        self.queue.push_back(packet);
        let mut gone = 0;
        while self.queue.len() > MAX_PACKETS
            || self.bytes > MAX_BYTES
            || self
                .queue
                .front()
                .is_some_and(|first| first.arrived < oldest)
        {
            gone += u64::from(self.take().is_some());
            // Without what went, a decoder takes up nothing up to the next key frame.
            while is_video
                && self
                    .queue
                    .front()
                    .is_some_and(|first| !begins(format, first))
            {
                gone += u64::from(self.take().is_some());
            }
            self.needs_key_frame |= is_video && self.queue.is_empty();
        }
        gone
    }

    fn take(&mut self) -> Option<RtpPacket> {
        let packet = self.queue.pop_front()?;
        self.bytes -= packet.cost();
        Some(packet)
    }
}

/// Whether a decoder can begin with this packet.
fn begins(format: Option<payload::Format>, packet: &RtpPacket) -> bool {
    let described = format.and_then(|format| format.describe(&packet.payload));
    described.is_some_and(|first| first.key && first.begins != Edge::No)
}

#[derive(Debug)]
pub(super) enum Unread {
    Packets(Packets),
    Frames(Box<(Assembler, FrameQueue)>),
}

impl Unread {
    pub(super) fn new() -> Self {
        Self::Packets(Packets::default())
    }

    /// Queues a packet, for which `unread` others may have to go. Says if there is something to read
    /// where nothing was.
    pub(super) fn push(
        &mut self,
        ssrc: Ssrc,
        format: Option<payload::Format>,
        packet: RtpPacket,
        unread: &mut u64,
    ) -> Option<RtpEvent> {
        match self {
            Self::Packets(packets) => {
                let was_empty = packets.queue.is_empty();
                *unread += packets.push(format, packet);
                let is_empty = packets.queue.is_empty();
                (was_empty && !is_empty).then_some(RtpEvent::Readable(ssrc))
            }
            Self::Frames(frames) => {
                let now = packet.arrived;
                let (assembler, queue) = &mut **frames;
                let was_empty = queue.is_empty();
                assembler.insert(format, packet);
                assembler.advance(now, queue);
                (was_empty && !queue.is_empty()).then_some(RtpEvent::FrameReadable(ssrc))
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Packets(packets) => packets.queue.is_empty(),
            Self::Frames(frames) => frames.1.is_empty(),
        }
    }

    /// The next packet, and whether a key frame is to be asked for.
    pub(super) fn pop(&mut self) -> (Option<RtpPacket>, bool) {
        let Self::Packets(packets) = self else {
            return (None, false);
        };
        packets.is_decided = true;
        let needs_key_frame = std::mem::take(&mut packets.needs_key_frame);
        (packets.take(), needs_key_frame)
    }

    pub(super) fn pop_frame(
        &mut self,
        format: Option<payload::Format>,
        round_trip: Duration,
    ) -> Option<RtpFrame> {
        if let Self::Packets(packets) = self
            && !packets.is_decided
        {
            let (mut assembler, mut frames) = (Assembler::default(), FrameQueue::default());
            let mut packets = Vec::from(std::mem::take(&mut packets.queue));
            packets.sort_by_key(|packet| packet.position);
            let last = packets.iter().map(|packet| packet.arrived).max();
            let last = last.unwrap_or_default();
            assembler.on_reader(last, round_trip);
            for packet in packets {
                assembler.insert(format, packet);
            }
            assembler.advance(last, &mut frames);
            *self = Self::Frames(Box::new((assembler, frames)));
        }
        match self {
            Self::Frames(frames) => {
                let (assembler, queue) = &mut **frames;
                assembler.on_reader(assembler.newest(), round_trip);
                queue.pop()
            }
            Self::Packets(_) => None,
        }
    }

    /// The stream has begun anew: frames under way have no end.
    pub(super) fn restart(&mut self) {
        if let Self::Frames(frames) = self {
            frames.0.restart();
        }
    }

    /// The memory that is held.
    pub(super) const fn held(&self) -> usize {
        match self {
            Self::Packets(packets) => packets.bytes,
            Self::Frames(frames) => frames.0.held() + frames.1.held(),
        }
    }

    /// Drops all, since streams hold too much together; adds the packets that went to `unread`.
    pub(super) fn shed(&mut self, unread: &mut u64) {
        match self {
            Self::Packets(packets) => {
                *unread += packets.queue.len() as u64;
                packets.queue.clear();
                (packets.bytes, packets.needs_key_frame) = (0, true);
            }
            Self::Frames(frames) => {
                frames.0.restart();
                frames.1.shed();
            }
        }
    }

    /// When a packet that frames wait for is given up; `is_repaired` if it is sent again.
    pub(super) fn gives_up_at(
        &self,
        format: Option<payload::Format>,
        is_repaired: bool,
        round_trip: Duration,
    ) -> Option<Time> {
        let Self::Frames(frames) = self else {
            return None;
        };
        let (since, waiting) = frames.0.waits_since()?;
        let is_audio = format.is_some_and(|format| !format.is_video());
        let wait = match waiting {
            Waiting::Briefly => BRIEF_WAIT,
            Waiting::ForPacket if is_repaired => {
                (round_trip * ROUND_TRIPS).clamp(MIN_WAIT, MAX_WAIT)
            }
            _ if is_audio => BRIEF_WAIT,
            Waiting::ForPacket | Waiting::ForBeginning => MIN_WAIT,
        };
        Some(since + wait)
    }

    /// Gives up the packet that is waited for first. Says if there is a frame to read where none was.
    pub(super) fn give_up(&mut self, now: Time, ssrc: Ssrc) -> Option<RtpEvent> {
        let Self::Frames(frames) = self else {
            return None;
        };
        let (assembler, queue) = &mut **frames;
        let was_empty = queue.is_empty();
        assembler.skip(now, queue);
        (was_empty && !queue.is_empty()).then_some(RtpEvent::FrameReadable(ssrc))
    }

    /// What lies before this is of no use any more, of a stream that is read by frames.
    pub(super) const fn done_before(&self) -> Option<u64> {
        match self {
            Self::Frames(frames) => frames.0.done_before(),
            Self::Packets(_) => None,
        }
    }

    /// Whether frames need a key frame that is to be asked for, since this was asked last.
    pub(super) const fn take_key_frame_need(&mut self) -> bool {
        match self {
            Self::Frames(frames) => frames.0.take_key_frame_need(),
            Self::Packets(_) => false,
        }
    }

    /// Adds what is counted of frames.
    pub(super) const fn count(&self, counters: &mut super::ReceiveCounters) {
        if let Self::Frames(frames) = self {
            let (assembler, queue) = (&frames.0, &frames.1);
            counters.reads_frames = true;
            counters.frames = queue.whole;
            counters.key_frames = queue.keys;
            counters.unread_frames = queue.unread;
            counters.dropped = assembler.dropped;
            counters.dropped_frames = assembler.dropped_frames;
        }
    }
}
