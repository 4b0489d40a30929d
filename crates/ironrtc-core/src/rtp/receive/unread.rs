//! What was received of a stream and not read: packets in the order of arrival, or frames. The first
//! read decides which of the two it is.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ids::Ssrc;
use crate::rtp::event::RtpEvent;
use crate::time::Time;
use crate::wire::payload;

use super::assemble::Assembler;
use super::frame::{FrameQueue, RtpFrame};
use super::stream::RtpPacket;

/// Most packets that wait to be read, and most bytes.
const MAX_PACKETS: usize = 2048;
const MAX_BYTES: usize = 4 << 20;
/// How long a packet is waited for that is asked for again, in round trips, and at most.
const ROUND_TRIPS: u32 = 3;
const MAX_WAIT: Duration = Duration::from_millis(500);
/// How long one is waited for that can only be late, and the least for others.
const MIN_WAIT: Duration = Duration::from_millis(100);
/// The same of audio that is not sent again, which is worth nothing when it is late.
const AUDIO_WAIT: Duration = Duration::from_millis(40);

#[derive(Debug)]
pub(super) enum Unread {
    Packets {
        queue: VecDeque<RtpPacket>,
        bytes: usize,
        is_decided: bool,
    },
    Frames(Box<(Assembler, FrameQueue)>),
}

impl Unread {
    pub(super) const fn new() -> Self {
        Self::Packets {
            queue: VecDeque::new(),
            bytes: 0,
            is_decided: false,
        }
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
            Self::Packets { queue, bytes, .. } => {
                let was_empty = queue.is_empty();
                *bytes += packet.payload.len();
                queue.push_back(packet);
                // Who does not read loses the oldest packets, which are of the least use.
                while (queue.len() > MAX_PACKETS || *bytes > MAX_BYTES)
                    && let Some(oldest) = queue.pop_front()
                {
                    *bytes -= oldest.payload.len();
                    *unread += 1;
                }
                was_empty.then_some(RtpEvent::Readable(ssrc))
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
            Self::Packets { queue, .. } => queue.is_empty(),
            Self::Frames(frames) => frames.1.is_empty(),
        }
    }

    pub(super) fn pop(&mut self) -> Option<RtpPacket> {
        let Self::Packets {
            queue,
            bytes,
            is_decided,
        } = self
        else {
            return None;
        };
        *is_decided = true;
        let packet = queue.pop_front()?;
        *bytes -= packet.payload.len();
        Some(packet)
    }

    pub(super) fn pop_frame(&mut self, format: Option<payload::Format>) -> Option<RtpFrame> {
        if let Self::Packets {
            queue,
            is_decided: false,
            ..
        } = self
        {
            let (mut assembler, mut frames) = (Assembler::default(), FrameQueue::default());
            let mut packets = Vec::from(std::mem::take(queue));
            packets.sort_by_key(|packet| packet.position);
            let last = packets.iter().map(|packet| packet.arrived).max();
            for packet in packets {
                assembler.insert(format, packet);
            }
            assembler.advance(last.unwrap_or_default(), &mut frames);
            *self = Self::Frames(Box::new((assembler, frames)));
        }
        match self {
            Self::Frames(frames) => frames.1.pop(),
            Self::Packets { .. } => None,
        }
    }

    /// The stream has begun anew: frames under way have no end.
    pub(super) fn restart(&mut self) {
        if let Self::Frames(frames) = self {
            frames.0.restart();
        }
    }

    /// When a packet that frames wait for is given up; `is_repaired` if it is asked for.
    pub(super) fn gives_up_at(
        &self,
        format: Option<payload::Format>,
        is_repaired: bool,
        round_trip: Duration,
    ) -> Option<Time> {
        let Self::Frames(frames) = self else {
            return None;
        };
        let is_audio = format.is_some_and(|format| !format.is_video());
        let wait = if is_repaired {
            (round_trip * ROUND_TRIPS).clamp(MIN_WAIT, MAX_WAIT)
        } else if is_audio {
            AUDIO_WAIT
        } else {
            MIN_WAIT
        };
        Some(frames.0.waits_since()? + wait)
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

    /// Whether frames need a key frame that is to be asked for, since this was asked last.
    pub(super) fn take_key_frame_need(&mut self) -> bool {
        match self {
            Self::Frames(frames) => frames.0.take_key_frame_need(),
            Self::Packets { .. } => false,
        }
    }

    /// Whole frames, those of them that nobody read, and packets of which none was made.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        match self {
            Self::Packets { .. } => (0, 0, 0),
            Self::Frames(frames) => (frames.1.whole, frames.1.unread, frames.0.dropped),
        }
    }
}
