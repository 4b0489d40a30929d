//! Frames that were received, until they are read.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use crate::ids::PayloadType;
use crate::time::Time;
use crate::wire::payload::{Descriptor, Format};
use crate::wire::rtp::{Header, NtpTime, RtpTime};

/// Most frames that wait to be read, and most bytes.
const MAX_FRAMES: usize = 256;
const MAX_BYTES: usize = 8 << 20;

/// What nobody reads is so old at most. Sound that is later is of no use; video goes up to a key frame.
const MAX_AUDIO_AGE: Duration = Duration::from_secs(1);
const MAX_VIDEO_AGE: Duration = Duration::from_secs(2);

/// How old what nobody reads is at most.
pub(super) const fn max_age(is_video: bool) -> Duration {
    if is_video {
        MAX_VIDEO_AGE
    } else {
        MAX_AUDIO_AGE
    }
}

/// A whole frame: what an encoder gave, and what its packets said of it. Frames of a stream are read
/// in the order in which they are decoded.
#[derive(Clone, Debug)]
pub struct RtpFrame {
    /// What it is, by the number that was negotiated.
    pub payload_type: PayloadType,
    /// What it is.
    pub format: Format,
    /// The frame, as its decoder takes it: H.264 with start codes, AV1 as a temporal unit.
    pub data: Bytes,
    /// True if a decoder can start with it. Audio always is.
    pub key: bool,
    /// Its timestamp.
    pub timestamp: RtpTime,
    /// Its timestamp, unwrapped.
    pub time: u64,
    /// When the last of its packets arrived.
    pub arrived: Time,
    /// When it was captured, by the sender's time of day, once a report has told that.
    pub captured: Option<NtpTime>,
    /// The same moment by our clock, which is one for all streams of a sender; the arrival before a
    /// report has told it.
    pub sampled: Time,
    /// Packets between it and the frame before it that never came: audio was lost. A pause, in
    /// which the timestamp goes on and the numbers do not, has none.
    pub lost_before: u64,
    /// What its first packet says of it: layers and the picture's number.
    pub about: Descriptor,
    /// Its number among the frames of its stream, where one is told: that of its dependency
    /// descriptor, or the picture id, unwrapped.
    pub number: Option<u64>,
    /// The numbers of the frames that it needs, where they are told: by a dependency descriptor, or by
    /// VP9 in flexible mode.
    pub needs: Vec<u64>,
    /// The temporal layer, where it is told.
    pub temporal: Option<u8>,
    /// The spatial layer, where it is told: the highest of those that it has.
    pub spatial: Option<u8>,
    /// The header of its first packet.
    pub(super) head: Bytes,
}

impl RtpFrame {
    /// The header of its first packet, with the extensions that packet had.
    pub fn header(&self) -> Option<Header<'_>> {
        Header::parse(&self.head)
    }

    /// The memory that it takes.
    const fn cost(&self) -> usize {
        self.data.len() + self.head.len() + size_of::<Self>()
    }
}

/// Frames in their order.
#[derive(Debug, Default)]
pub(super) struct FrameQueue {
    frames: VecDeque<RtpFrame>,
    bytes: usize,
    /// Frames that came, those of them that are key frames, and those that nobody read in time.
    pub(super) whole: u64,
    pub(super) keys: u64,
    pub(super) unread: u64,
}

impl FrameQueue {
    /// Queues a frame. False if too many wait, and so many had to go that the next one to be decoded
    /// is a key frame that is to come.
    pub(super) fn push(&mut self, frame: RtpFrame) -> bool {
        self.whole += 1;
        self.keys += u64::from(frame.key);
        self.bytes += frame.cost();
        let oldest = frame.arrived - max_age(frame.format.is_video());
        self.frames.push_back(frame);
        let is_old = |frame: &RtpFrame| frame.arrived < oldest;
        while self.frames.len() > MAX_FRAMES
            || self.bytes > MAX_BYTES
            || self.frames.front().is_some_and(is_old)
        {
            self.drop_oldest();
            // Without the frames before it none can be decoded, up to the next key frame.
            while self.frames.front().is_some_and(|frame| !frame.key) {
                self.drop_oldest();
            }
            if self.frames.is_empty() {
                return false;
            }
        }
        true
    }

    fn drop_oldest(&mut self) {
        self.unread += u64::from(self.pop().is_some());
    }

    pub(super) fn pop(&mut self) -> Option<RtpFrame> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.cost();
        Some(frame)
    }

    /// Drops all, since streams hold too much together.
    pub(super) fn shed(&mut self) {
        while !self.is_empty() {
            self.drop_oldest();
        }
    }

    /// The memory that is held.
    pub(super) const fn held(&self) -> usize {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(time: u64, key: bool, length: usize) -> RtpFrame {
        let payload = [0x10, u8::from(!key)];
        RtpFrame {
            payload_type: PayloadType::of_low_bits(96),
            format: Format::Vp8,
            data: vec![0; length].into(),
            key,
            timestamp: RtpTime::new(time as u32),
            time,
            arrived: Time::ZERO,
            captured: None,
            sampled: Time::ZERO,
            lost_before: 0,
            about: Format::Vp8.describe(&payload).expect("well formed"),
            number: None,
            needs: Vec::new(),
            temporal: None,
            spatial: None,
            head: Bytes::new(),
        }
    }

    #[test]
    fn too_many_frames_go_up_to_the_next_key_frame() {
        let mut queue = FrameQueue::default();
        for time in 0..=MAX_FRAMES as u64 {
            assert!(queue.push(frame(time, time % 100 == 0, 1)));
        }
        assert_eq!(queue.unread, 100);
        assert_eq!(queue.pop().map(|frame| frame.time), Some(100));
    }

    #[test]
    fn without_a_key_frame_among_them_all_go() {
        let mut queue = FrameQueue::default();
        for time in 0..MAX_FRAMES as u64 {
            assert!(queue.push(frame(time, time == 0, 1)));
        }
        assert!(!queue.push(frame(999, false, 1)));
        assert!(queue.is_empty());
        assert_eq!((queue.bytes, queue.unread), (0, MAX_FRAMES as u64 + 1));
    }

    #[test]
    fn what_was_not_read_for_long_goes_video_up_to_a_key_frame_and_sound_alone() {
        let at = |millis: u64, key| RtpFrame {
            arrived: Time::from_millis(millis),
            ..frame(millis, key, 1)
        };
        let mut queue = FrameQueue::default();
        for millis in (0..10_000).step_by(40) {
            assert!(queue.push(at(millis, millis % 1_000 == 0)));
        }
        assert_eq!(queue.pop().map(|frame| frame.time), Some(8_000));
        let mut queue = FrameQueue::default();
        for millis in (0..=2_000).step_by(40) {
            assert!(queue.push(at(millis, millis == 0)));
        }
        assert!(!queue.push(at(2_040, false)), "no key frame is among them");
        let mut queue = FrameQueue::default();
        for millis in (0..10_000).step_by(20) {
            let format = Format::Opus;
            let sound = RtpFrame {
                format,
                ..at(millis, true)
            };
            assert!(queue.push(sound));
        }
        assert_eq!(queue.pop().map(|frame| frame.time), Some(8_980));
        assert_eq!(queue.unread, 449);
    }

    #[test]
    fn few_large_frames_are_too_many_too() {
        let mut queue = FrameQueue::default();
        for time in 0..3 {
            assert!(queue.push(frame(time, true, MAX_BYTES / 2 - 1_000)));
        }
        assert_eq!((queue.frames.len(), queue.unread), (2, 1));
    }
}
