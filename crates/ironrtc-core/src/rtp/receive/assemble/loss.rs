//! What is missing: how long it is waited for, what goes with it, and when a key frame is asked for.

use std::time::Duration;

use crate::rtp::receive::frame::FrameQueue;
use crate::time::Time;
use crate::wire::payload::Edge;
use crate::wire::rtp::RtpTime;
use crate::work;

use super::{Assembler, Part, Slot};

/// While no frame can be decoded, a key frame is asked for once in two round trips, and between so
/// often.
const ASK_AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// Packets come, and no frame that can be decoded for so long: a key frame is asked for.
const MAX_SILENCE: Duration = Duration::from_secs(3);

/// What frames wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rtp::receive) enum Waiting {
    /// A packet that is missing.
    ForPacket,
    /// What came before the first packet, if that was out of order.
    ForBeginning,
    /// A packet without which frames behind it can be decoded.
    Briefly,
}

impl Assembler {
    /// A frame whose last packet came may be one that does not need what is missing before it.
    pub(super) fn look_ahead(&mut self, last: u64) {
        let Some(Slot { packet, .. }) = self.slots.get(&last) else {
            return;
        };
        let timestamp = packet.timestamp;
        let mut begins = None;
        for (expected, (position, slot)) in (0..=last).rev().zip(self.slots.range(..=last).rev()) {
            work::add(1);
            let is_other = slot.packet.timestamp != timestamp
                || slot.packet.marker && *position != last
                || *position <= self.scanned;
            let Part::Of(format, first) = slot.part else {
                return;
            };
            if expected != *position || is_other {
                return;
            }
            if first.begins == Edge::Certain && format.is_video() {
                begins = Some((*position, format, first, slot.packet.descriptor()));
                break;
            }
        }
        if let Some((position, format, first, descriptor)) = begins
            && self.references.goes_on(format, &first, descriptor)
        {
            self.detour = Some(position);
        }
    }

    /// Asks for a key frame if packets come, and nothing comes of them.
    pub(super) fn check_progress(&mut self, now: Time) {
        let progress = *self.progress.get_or_insert(now);
        if now.since(progress) >= MAX_SILENCE {
            self.progress = Some(now);
            self.need_key_frame(now);
        }
    }

    /// Whoever reads frames is there. Without one that a decoder can go on with, a key frame is asked
    /// for.
    pub(in crate::rtp::receive) fn on_reader(&mut self, now: Time, round_trip: Duration) {
        self.round_trip = round_trip;
        if !std::mem::replace(&mut self.is_read, true) && self.has_begun && !self.has_key {
            self.need_key_frame(now);
        }
    }

    /// A frame, or a part of one, cannot be decoded.
    pub(super) fn drop_frame(&mut self, now: Time, timestamp: RtpTime) {
        self.dropped_frames += 1;
        self.drop_scanned(now, Some(timestamp));
    }

    /// No frame comes of what was scanned, the last packet of which has this timestamp; nor, for
    /// video, of what follows and needs it.
    pub(super) fn drop_scanned(&mut self, now: Time, before: Option<RtpTime>) {
        self.dropped += self.scanned_slots().count() as u64;
        self.take_scanned();
        self.before = before;
        self.parameters.clear();
        self.lose(now);
    }

    /// Something is lost. Unless frames tell what they need, all that follow need it.
    pub(super) fn lose(&mut self, now: Time) {
        if !self.references.on_loss() {
            self.has_key = false;
            self.need_key_frame(now);
        }
    }

    pub(super) fn need_key_frame(&mut self, now: Time) {
        let [least, most] = ASK_AGAIN;
        let pause = (self.round_trip * 2).clamp(least, most);
        let may = |asked| now.since(asked) >= pause;
        if self.is_read && self.asked.is_none_or(may) {
            self.asked = Some(now);
            self.needs_key_frame = true;
        }
    }

    /// Since when a packet is missing that others wait for, and what for.
    pub(in crate::rtp::receive) fn waits_since(&self) -> Option<(Time, Waiting)> {
        let (position, slot) = self.slots.range(self.scanned..).next()?;
        let what = if self.detour.is_some() {
            Waiting::Briefly
        } else if self.has_begun || self.open.is_some() {
            Waiting::ForPacket
        } else {
            Waiting::ForBeginning
        };
        (*position > self.scanned).then_some((slot.since, what))
    }

    /// What lies before this is done with.
    pub(in crate::rtp::receive) const fn done_before(&self) -> Option<u64> {
        self.start
    }

    /// Gives up what is missing first, and goes on behind it.
    pub(in crate::rtp::receive) fn skip(&mut self, now: Time, out: &mut FrameQueue) {
        let Some((&next, _)) = self.slots.range(self.scanned..).next() else {
            return;
        };
        let position = self.detour.take().unwrap_or(next).max(next);
        let start = self.start.unwrap_or(self.scanned);
        let came = self.slots.range(start..position).count() as u64;
        let behind = self.slots.range(self.scanned..position).count() as u64;
        // What was before the first packet is not lost.
        if self.has_begun || self.open.is_some() {
            self.lost += position - self.scanned - behind;
        }
        self.dropped += came;
        self.dropped_frames += u64::from(came > 0);
        self.scanned = position;
        self.take_scanned();
        self.before = None;
        self.parameters.clear();
        // What comes next tells whether it needs what is missing.
        if !self.references.on_loss() {
            self.has_key = false;
        }
        self.advance(now, out);
    }
}
