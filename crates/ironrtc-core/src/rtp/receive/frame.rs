//! Frames that were received, until they are read.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::ids::PayloadType;
use crate::time::Time;
use crate::wire::payload::{Descriptor, Format};
use crate::wire::rtp::{Header, NtpTime, RtpTime};

/// Most frames that wait to be read, and most bytes.
const MAX_FRAMES: usize = 256;
const MAX_BYTES: usize = 8 << 20;

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
    /// The header of its first packet.
    pub(super) head: Bytes,
}

impl RtpFrame {
    /// The header of its first packet, with the extensions that packet had.
    pub fn header(&self) -> Option<Header<'_>> {
        Header::parse(&self.head)
    }
}

/// Frames in their order.
#[derive(Debug, Default)]
pub(super) struct FrameQueue {
    frames: VecDeque<RtpFrame>,
    bytes: usize,
    /// Frames that came, and those that nobody read in time.
    pub(super) whole: u64,
    pub(super) unread: u64,
}

impl FrameQueue {
    /// Queues a frame. False if too many wait, and so many had to go that the next one to be decoded
    /// is a key frame that is to come.
    pub(super) fn push(&mut self, frame: RtpFrame) -> bool {
        self.whole += 1;
        self.bytes += frame.data.len();
        self.frames.push_back(frame);
        while self.frames.len() > MAX_FRAMES || self.bytes > MAX_BYTES {
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
        self.bytes -= frame.data.len();
        Some(frame)
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
    fn few_large_frames_are_too_many_too() {
        let mut queue = FrameQueue::default();
        for time in 0..3 {
            assert!(queue.push(frame(time, true, MAX_BYTES / 2)));
        }
        assert_eq!((queue.frames.len(), queue.unread), (2, 1));
    }
}
