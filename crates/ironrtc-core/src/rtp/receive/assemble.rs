//! The packets of a stream become frames: in the order of their numbers, each one whole.
//!
//! Where a frame begins and ends is told by its payloads; the marker, or another timestamp, only
//! says which of several possible ends it is. What is missing is waited for; then it is given up, and
//! with it, for video, all that needs it: up to the next key frame, or less where frames tell what
//! they need.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::time::Time;
use crate::wire::payload::{Descriptor, Edge, Format, JoinError, h264};
use crate::wire::rtp::{DescriptorHead, RtpTime, Unwrapper};
use crate::work;

use super::frame::{FrameQueue, RtpFrame};
use super::packet::RtpPacket;
use super::references::{References, Verdict};

/// Most positions between the oldest packet that waits and the newest, and most bytes.
const MAX_PACKETS: u64 = 2048;
const MAX_BYTES: usize = 8 << 20;
/// Parameter sets that wait for their picture have so many bytes at most.
const MAX_PARAMETERS: usize = 16 << 10;

/// What a packet is for a frame.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// Only padding, or nothing that has frames: its number is all that counts.
    Filler,
    /// Its payload cannot be read.
    Broken,
    Of(Format, Descriptor),
}

#[derive(Debug)]
struct Slot {
    /// Since when something is known to be missing, if the packet before this one is.
    since: Time,
    packet: RtpPacket,
    part: Part,
}

/// The frame under way.
#[derive(Clone, Copy, Debug)]
struct Open {
    format: Format,
    /// What its first packet says.
    first: Descriptor,
    timestamp: RtpTime,
    /// It may end with the packet that came last.
    may_end: bool,
    /// Nothing of it can be missing before its first packet.
    is_sure: bool,
}

/// The packets of one stream that are not yet frames.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    slots: BTreeMap<u64, Slot>,
    bytes: usize,
    /// What lies before is done with; none before the first packet.
    start: Option<u64>,
    /// From `start` up to here all is of the frame under way.
    scanned: u64,
    /// Something lies before.
    has_begun: bool,
    open: Option<Open>,
    /// The timestamp of the packet before `start`, if it came.
    before: Option<RtpTime>,
    /// Video goes on only with a key frame, which is so once the first one has come.
    has_key: bool,
    asked: Option<Time>,
    needs_key_frame: bool,
    /// Somebody reads the frames; for nobody no key frame is asked for.
    is_read: bool,
    references: References,
    /// When the first packet came since the last frame was made.
    progress: Option<Time>,
    /// When the last packet came.
    newest: Time,
    round_trip: Duration,
    /// A frame behind the gap can be decoded without what is missing: where it begins.
    detour: Option<u64>,
    /// Packets missing since the last frame.
    lost: u64,
    times: Unwrapper<RtpTime>,
    /// Parameter sets that came by themselves.
    parameters: Vec<u8>,
    /// Packets that came, and of which no frame could be made.
    pub(super) dropped: u64,
    /// Frames of which something came, and that cannot be decoded.
    pub(super) dropped_frames: u64,
}

impl Assembler {
    /// Takes a packet, each one once. Call [`advance`](Self::advance) then.
    pub(super) fn insert(&mut self, format: Option<Format>, packet: RtpPacket) {
        let (now, position) = (packet.arrived, packet.position);
        let part = match format.filter(|_| !packet.payload.is_empty()) {
            None => Part::Filler,
            Some(format) => match format.describe(&packet.payload) {
                None => Part::Broken,
                Some(mut descriptor) => {
                    let head = packet.descriptor().and_then(DescriptorHead::read);
                    let is_first = head.is_some_and(|head| head.is_first);
                    if format == Format::H264 && is_first && descriptor.begins == Edge::Possible {
                        descriptor.begins = Edge::Certain;
                    }
                    Part::Of(format, descriptor)
                }
            },
        };
        // The first packets may come out of order: what no stream begins with waits for what is before.
        let can_be_first = match part {
            Part::Of(format, first) => !format.is_video() || first.key && first.begins != Edge::No,
            Part::Filler | Part::Broken => true,
        };
        let place = position.saturating_sub(u64::from(!can_be_first));
        let start = self.start.unwrap_or(place);
        let last = self
            .slots
            .last_key_value()
            .map_or(position, |(last, _)| *last);
        if place < start && !self.has_begun && self.open.is_none() && last - place < MAX_PACKETS {
            (self.start, self.scanned) = (Some(place), place);
        } else if position < start {
            self.dropped += 1;
            return;
        }
        let cost = packet.cost();
        if position.saturating_sub(start) >= MAX_PACKETS || self.bytes + cost > MAX_BYTES {
            self.restart();
            self.need_key_frame(now);
        }
        if self.start.is_none() {
            (self.start, self.scanned) = (Some(place), place);
        }
        self.bytes += cost;
        let next = self.slots.range(position..).next();
        let since = next.map_or(now, |(_, slot)| slot.since.min(now));
        let slot = Slot {
            since,
            packet,
            part,
        };
        self.newest = self.newest.max(now);
        let may_be_last = slot.packet.marker;
        self.slots.insert(position, slot);
        if may_be_last && position > self.scanned && self.detour.is_none() {
            self.look_ahead(position);
        }
        self.check_progress(now);
    }

    /// When the last packet came.
    pub(super) const fn newest(&self) -> Time {
        self.newest
    }

    /// The memory that is held.
    pub(super) const fn held(&self) -> usize {
        self.bytes
    }

    /// Forgets all packets: the stream has begun anew, or there are too many.
    pub(super) fn restart(&mut self) {
        self.dropped += self.slots.len() as u64;
        self.slots.clear();
        self.bytes = 0;
        (self.start, self.open, self.before) = (None, None, None);
        (self.has_key, self.has_begun, self.detour) = (false, false, None);
        self.references.break_off();
    }

    /// Makes frames of what there is.
    pub(super) fn advance(&mut self, now: Time, out: &mut FrameQueue) {
        while let Some(slot) = self.slots.get(&self.scanned) {
            work::add(1);
            let (timestamp, marker) = (slot.packet.timestamp, slot.packet.marker);
            match (slot.part, self.open) {
                (Part::Filler, open) => {
                    self.scanned += 1;
                    if open.is_none() {
                        self.take_scanned();
                    }
                }
                (Part::Broken, _) => {
                    self.scanned += 1;
                    self.drop_scanned(now, None);
                }
                (Part::Of(format, first), None) => {
                    self.begin(now, format, first, (timestamp, marker), out);
                }
                (Part::Of(format, next), Some(open)) => {
                    let is_other = open.timestamp != timestamp || open.format != format;
                    // VP8 tells where each picture begins.
                    if is_other || format == Format::Vp8 && next.begins == Edge::Certain {
                        self.end(now, open, out);
                        continue;
                    }
                    self.scanned += 1;
                    let may_end = next.ends != Edge::No;
                    let open = Open { may_end, ..open };
                    self.open = Some(open);
                    if marker && may_end {
                        self.end(now, open, out);
                    }
                }
            }
        }
    }

    /// A packet comes while no frame is under way.
    fn begin(
        &mut self,
        now: Time,
        format: Format,
        first: Descriptor,
        (timestamp, marker): (RtpTime, bool),
        out: &mut FrameQueue,
    ) {
        self.scanned += 1;
        // Behind a gap only what a decoder can start with is taken for a beginning that is not
        // certain; then the whole frame shows whether it was one.
        let is_sure =
            first.begins == Edge::Certain || self.before.is_some_and(|before| before != timestamp);
        let begins = match first.begins {
            Edge::Certain => true,
            Edge::Possible => is_sure || first.key && self.before.is_none(),
            Edge::No => false,
        };
        // Parameter sets may come by themselves; the picture behind them is the key frame then.
        let can_start = first.key || !self.parameters.is_empty();
        if format.is_video() && !(begins && (self.has_key || can_start)) {
            self.drop_scanned(now, Some(timestamp));
            return;
        }
        let open = Open {
            format,
            first,
            timestamp,
            may_end: first.ends != Edge::No,
            is_sure,
        };
        self.open = Some(open);
        // An audio packet is a frame, and its marker begins a talkspurt (RFC 3551 section 4.1).
        if open.may_end && (marker || !format.is_video()) {
            self.end(now, open, out);
        }
    }

    /// The frame under way has all the packets that it will get.
    fn end(&mut self, now: Time, open: Open, out: &mut FrameQueue) {
        let joined = if open.may_end {
            self.join(&open)
        } else {
            Err(JoinError::NotEnded)
        };
        let Ok((data, key)) = joined else {
            return self.drop_frame(now, open.timestamp);
        };
        if open.format == Format::H264 && !has(&data, |kind| matches!(kind, 1..=5)) {
            // RFC 6184 section 8.4 advises against it, and encoders do it: parameter sets with a
            // timestamp of their own. They go before their picture.
            if data.len() <= MAX_PARAMETERS {
                self.parameters = data.into();
            }
            self.take_scanned();
            self.before = Some(open.timestamp);
            return;
        }
        // An IDR picture whose beginning may be missing has it if its parameter sets are there.
        let is_whole = open.is_sure || open.format != Format::H264 || has(&data, |kind| kind == 7);
        if open.format.is_video() {
            self.read_references(open.format);
            if !(is_whole && (key || self.has_key)) {
                return self.drop_frame(now, open.timestamp);
            }
            match self.references.admit(open.format, &open.first, key) {
                Verdict::Decodable => {}
                Verdict::Skipped => return self.drop_frame(now, open.timestamp),
                Verdict::Broken => {
                    self.references.break_off();
                    return self.drop_frame(now, open.timestamp);
                }
            }
        }
        let dependencies = self.references.dependencies(&open.first);
        let Some((_, Slot { packet, .. })) = self.scanned_slots().next() else {
            return;
        };
        let arrived = self.scanned_slots().map(|(_, slot)| slot.packet.arrived);
        let frame = RtpFrame {
            payload_type: packet.payload_type,
            format: open.format,
            data,
            key,
            timestamp: open.timestamp,
            time: self.times.peek(open.timestamp),
            arrived: arrived.fold(packet.arrived, Time::max),
            captured: packet.captured,
            sampled: packet.sampled,
            lost_before: self.lost,
            about: open.first,
            number: dependencies.number,
            needs: dependencies.needs,
            temporal: dependencies.temporal,
            spatial: dependencies.spatial,
            head: packet.head.clone(),
        };
        self.progress = None;
        self.lost = 0;
        self.times.unwrap(open.timestamp);
        self.take_scanned();
        self.before = Some(open.timestamp);
        if open.format.is_video() {
            self.has_key = true;
            self.asked = self.asked.filter(|_| !key);
        }
        let were_read = out.is_empty();
        if !out.push(frame) {
            // Nobody reads, or not fast enough: whoever reads again is given a key frame first.
            self.has_key = false;
            self.is_read &= were_read;
            self.references.break_off();
            self.need_key_frame(now);
        }
    }

    /// Has the references read what the packets of a whole frame say.
    fn read_references(&mut self, format: Format) {
        let start = self.start.unwrap_or(self.scanned);
        let slots = self.slots.range(start..self.scanned);
        let parts = slots.clone().filter_map(|(_, slot)| match slot.part {
            Part::Of(of, part) if of == format && part.begins != Edge::No => Some(part),
            _ => None,
        });
        let descriptors = slots.filter_map(|(_, slot)| slot.packet.descriptor());
        self.references.read(descriptors, parts);
    }

    /// The packets of the frame under way.
    fn scanned_slots(&self) -> impl Iterator<Item = (&u64, &Slot)> + Clone {
        let start = self.start.unwrap_or(self.scanned);
        self.slots.range(start..self.scanned)
    }

    /// The frame that these packets make, and whether a decoder can start with it. Parameter sets that
    /// came before go before it.
    fn join(&mut self, open: &Open) -> Result<(Bytes, bool), JoinError> {
        let packets = self
            .scanned_slots()
            .filter(|(_, slot)| matches!(slot.part, Part::Of(..)))
            .map(|(_, slot)| &slot.packet.payload);
        if !open.format.is_video() {
            // One packet, which needs no copy.
            let payload = packets.last().ok_or(JoinError::Empty)?;
            return Ok((payload.clone(), true));
        }
        let length = packets.clone().map(Bytes::len).sum::<usize>();
        let mut data = Vec::with_capacity(self.parameters.len() + length + 16);
        if open.format == Format::H264 {
            data.extend_from_slice(&self.parameters);
        }
        let joined = open
            .format
            .join(packets.map(|payload| &payload[..]), &mut data)?;
        self.parameters.clear();
        Ok((data.into(), joined.key))
    }

    /// What was scanned is done with.
    fn take_scanned(&mut self) {
        while let Some(entry) = self.slots.first_entry()
            && *entry.key() < self.scanned
        {
            self.bytes -= entry.remove().packet.cost();
        }
        self.start = Some(self.scanned);
        self.detour = self.detour.filter(|begins| *begins > self.scanned);
        self.has_begun = true;
        self.open = None;
    }

    /// Whether a key frame is to be asked for, since this was asked last.
    pub(super) const fn take_key_frame_need(&mut self) -> bool {
        std::mem::replace(&mut self.needs_key_frame, false)
    }
}

/// Whether a frame of H.264 has a unit of such a kind.
fn has(frame: &[u8], mut kinds: impl FnMut(u8) -> bool) -> bool {
    let mut units = h264::units(frame).filter_map(|range| frame.get(range.start));
    units.any(|header| kinds(header & 0x1F))
}

#[cfg(test)]
mod layer_tests;
mod loss;
#[cfg(test)]
mod tests;

pub(super) use loss::Waiting;
