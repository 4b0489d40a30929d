use super::*;
use crate::ids::PayloadType;
use crate::wire::payload::PictureId;
use crate::wire::rtp::SeqNo;

/// A packet at a position, which is its time of arrival in milliseconds too.
fn packet(position: u64, timestamp: u32, marker: bool, payload: &[u8]) -> RtpPacket {
    RtpPacket {
        payload_type: PayloadType::of_low_bits(96),
        marker,
        sequence: SeqNo::of(position),
        position,
        timestamp: RtpTime::new(timestamp),
        arrived: Time::from_millis(position),
        captured: None,
        sampled: Time::ZERO,
        was_repaired: false,
        payload: Bytes::copy_from_slice(payload),
        head: Bytes::new(),
        descriptor: Default::default(),
    }
}

#[derive(Debug)]
struct Test {
    assembler: Assembler,
    queue: FrameQueue,
}

impl Default for Test {
    fn default() -> Self {
        let mut assembler = Assembler::default();
        assembler.on_reader(Time::ZERO, Duration::from_millis(100));
        Self {
            assembler,
            queue: FrameQueue::default(),
        }
    }
}

impl Test {
    fn take(&mut self, format: Format, packet: RtpPacket) {
        let now = packet.arrived;
        self.assembler.insert(Some(format), packet);
        self.assembler.advance(now, &mut self.queue);
    }

    /// The timestamps of the frames, with whether they are key frames.
    fn frames(&mut self) -> Vec<(u32, bool)> {
        let frames = std::iter::from_fn(|| self.queue.pop());
        frames
            .map(|frame| (frame.timestamp.get(), frame.key))
            .collect()
    }
}

// Parts of VP8: without a picture id; the first of a key frame, of another, and one in the middle.
const KEY: &[u8] = &[0x10, 0, 9];
const DELTA: &[u8] = &[0x10, 1, 9];
const MIDDLE: &[u8] = &[0x00, 7];

#[test]
fn a_frame_of_vp8_comes_once_all_its_packets_have_in_any_order() {
    let parts = [(10, KEY, false), (11, MIDDLE, false), (12, MIDDLE, true)];
    for order in [[0, 1, 2], [0, 2, 1]] {
        let mut test = Test::default();
        for (count, index) in order.into_iter().enumerate() {
            assert!(test.queue.is_empty(), "{count} are not the whole");
            let (position, payload, marker) = parts[index];
            test.take(Format::Vp8, packet(position, 90, marker, payload));
        }
        let frame = test.queue.pop().expect("it is whole");
        assert_eq!(&frame.data[..], [0, 9, 7, 7]);
        assert_eq!((frame.key, frame.lost_before), (true, 0));
        assert_eq!(frame.arrived, Time::from_millis(12));
    }
}

#[test]
fn without_a_marker_the_next_timestamp_ends_a_frame_and_a_marker_alone_does_not() {
    let mut test = Test::default();
    test.take(Format::Vp8, packet(10, 90, false, KEY));
    assert_eq!(test.frames(), []);
    test.take(Format::Vp8, packet(11, 180, true, DELTA));
    assert_eq!(test.frames(), [(90, true), (180, false)]);
    // The middle of a frame whose beginning did not come.
    test.take(Format::Vp8, packet(13, 270, true, MIDDLE));
    test.assembler.skip(Time::ZERO, &mut test.queue);
    assert_eq!(test.frames(), []);
    // B and not E.
    let mut test = Test::default();
    test.take(Format::Vp9, packet(10, 90, true, &[0x08, 0x82, 0x49]));
    test.take(Format::Vp9, packet(11, 180, true, &[0x0C, 0x82, 0x49]));
    assert_eq!(test.frames(), [(180, true)]);
}

#[test]
fn all_layers_of_a_picture_of_vp9_are_one_frame() {
    let mut test = Test::default();
    // I L B E: picture 5, then layers 0 and 1, the second of which uses the first.
    test.take(
        Format::Vp9,
        packet(10, 90, false, &[0xAC, 5, 0, 1, 0x82, 0x49]),
    );
    assert!(test.queue.is_empty());
    test.take(
        Format::Vp9,
        packet(11, 90, true, &[0xAC, 5, 3, 1, 0x86, 0x49]),
    );
    let frame = test.queue.pop().expect("a picture");
    assert_eq!(frame.about.picture_id, Some(PictureId::Short(5)));
    assert_eq!(&frame.data[..], [0x82, 0x49, 0x86, 0x49]);
}

#[test]
fn padding_between_frames_fills_its_place() {
    let mut test = Test::default();
    test.take(Format::Vp8, packet(10, 90, true, KEY));
    test.take(Format::Vp8, packet(13, 180, true, DELTA));
    test.take(Format::Vp8, packet(12, 90, false, &[]));
    assert_eq!(test.frames(), [(90, true)]);
    let waits = Some((Time::from_millis(12), Waiting::ForPacket));
    assert_eq!(test.assembler.waits_since(), waits);
    test.take(Format::Vp8, packet(11, 90, false, &[]));
    assert_eq!(test.frames(), [(180, false)]);
    assert_eq!(test.assembler.waits_since(), None);
}

#[test]
fn behind_what_never_came_video_goes_on_with_a_key_frame_that_is_asked_for_again_after_two_round_trips()
 {
    let mut test = Test::default();
    test.take(Format::Vp8, packet(10, 90, true, KEY));
    for position in 12..15 {
        test.take(Format::Vp8, packet(position, position as u32, true, DELTA));
    }
    assert_eq!(test.frames(), [(90, true)]);
    assert!(!test.assembler.take_key_frame_need());
    let waits = Some((Time::from_millis(12), Waiting::ForPacket));
    assert_eq!(test.assembler.waits_since(), waits);
    test.assembler.skip(Time::from_millis(15), &mut test.queue);
    assert!(test.assembler.take_key_frame_need());
    let mut asked = 0;
    for position in 15..3_000 {
        test.take(Format::Vp8, packet(position, position as u32, true, DELTA));
        asked += usize::from(test.assembler.take_key_frame_need());
    }
    // Asked at 15 ms, and each 200 ms from then on.
    assert_eq!((test.frames(), asked), (vec![], 14));
    test.take(Format::Vp8, packet(3_000, 3_000, true, KEY));
    test.take(Format::Vp8, packet(3_001, 3_001, true, DELTA));
    assert_eq!(test.frames(), [(3_000, true), (3_001, false)]);
    assert_eq!(test.assembler.dropped, 3 + 2_985);
}

#[test]
fn audio_goes_on_and_tells_what_was_lost_and_a_pause_loses_nothing() {
    let mut test = Test::default();
    test.take(Format::Opus, packet(10, 0, true, &[1]));
    // Five seconds of silence.
    test.take(Format::Opus, packet(11, 240_960, true, &[2]));
    test.take(Format::Opus, packet(14, 241_920, false, &[3]));
    let lost = |test: &mut Test| {
        let frames = std::iter::from_fn(|| test.queue.pop());
        frames.map(|frame| frame.lost_before).collect::<Vec<_>>()
    };
    assert_eq!(lost(&mut test), [0, 0]);
    test.assembler.skip(Time::from_millis(50), &mut test.queue);
    assert_eq!(lost(&mut test), [2]);
    assert!(!test.assembler.take_key_frame_need());
}

// Units of H.264: parameter sets, and slices that begin a picture and do not.
const SPS: &[u8] = &[0x67, 1];
const PPS: &[u8] = &[0x68, 2];
const IDR: &[u8] = &[0x65, 0x80, 3];
const SLICE: &[u8] = &[0x41, 0x80, 4];
const SECOND_SLICE: &[u8] = &[0x41, 0x40, 5];

#[test]
fn parameter_sets_in_their_own_packets_are_of_the_picture_behind_them() {
    let mut test = Test::default();
    test.take(Format::H264, packet(10, 90, false, SPS));
    test.take(Format::H264, packet(11, 90, false, PPS));
    test.take(Format::H264, packet(12, 90, true, IDR));
    test.take(Format::H264, packet(13, 180, false, SLICE));
    test.take(Format::H264, packet(14, 180, true, SECOND_SLICE));
    let key = test.queue.pop().expect("a key frame");
    let units: Vec<_> = h264::units(&key.data)
        .map(|range| &key.data[range])
        .collect();
    assert_eq!(units, [SPS, PPS, IDR]);
    assert_eq!(test.frames(), [(180, false)]);
}

#[test]
fn parameter_sets_with_their_own_timestamp_are_of_the_picture_behind_them() {
    for marker in [false, true] {
        let mut test = Test::default();
        test.take(Format::H264, packet(10, 80, marker, SPS));
        test.take(Format::H264, packet(11, 81, marker, PPS));
        test.take(Format::H264, packet(12, 90, true, IDR));
        let key = test.queue.pop().expect("a key frame");
        let units: Vec<_> = h264::units(&key.data)
            .map(|range| &key.data[range])
            .collect();
        assert_eq!(units, [SPS, PPS, IDR]);
        assert!(key.key && key.timestamp.get() == 90);
    }
}

#[test]
fn an_idr_picture_behind_a_gap_needs_its_parameter_sets() {
    let mut test = Test::default();
    test.take(Format::H264, packet(10, 90, true, IDR));
    assert_eq!(test.frames(), []);
    assert!(test.assembler.take_key_frame_need());
    // With what came before it, it is known to be whole.
    test.take(Format::H264, packet(11, 180, true, IDR));
    assert_eq!(test.frames(), [(180, true)]);
}

#[test]
fn a_temporal_unit_of_av1_ends_where_its_last_element_does() {
    let mut test = Test::default();
    // N: a sequence header and part of a frame, which goes on (Y), and its end (Z).
    test.take(
        Format::Av1,
        packet(10, 90, false, &[0x68, 2, 0x08, 1, 0x30, 7]),
    );
    assert!(test.queue.is_empty());
    test.take(Format::Av1, packet(11, 90, true, &[0x90, 8]));
    assert_eq!(test.frames(), [(90, true)]);
    // It goes on, whatever the marker says.
    test.take(Format::Av1, packet(12, 180, true, &[0x50, 0x30, 7]));
    assert_eq!(test.frames(), []);
}

#[test]
fn packets_and_their_bytes_have_bounds() {
    let mut test = Test::default();
    test.take(Format::Vp8, packet(10, 90, true, KEY));
    // All wait for the second one.
    for position in 12..10_000 {
        test.take(Format::Vp8, packet(position, position as u32, true, DELTA));
        assert!(test.assembler.slots.len() as u64 <= MAX_PACKETS);
    }
    assert!(test.assembler.take_key_frame_need());
    let mut test = Test::default();
    let large = [&[0; 60_000][..]].concat();
    test.take(Format::Vp8, packet(10, 90, false, KEY));
    for position in 11..1_000 {
        test.take(Format::Vp8, packet(position, 90, false, &large));
        assert!(test.assembler.bytes <= MAX_BYTES);
    }
    test.take(Format::Vp8, packet(1_000_000, 91, false, KEY));
    assert_eq!(test.assembler.slots.len(), 1);
}

#[test]
fn each_packet_is_looked_at_once_or_twice_however_many_wait() {
    let mut test = Test::default();
    test.take(Format::Vp8, packet(10, 90, false, KEY));
    let work = work::of(|| {
        for position in (12..2_000).rev() {
            test.take(Format::Vp8, packet(position, 90, false, MIDDLE));
        }
        test.take(Format::Vp8, packet(11, 90, false, MIDDLE));
        test.take(Format::Vp8, packet(2_000, 90, true, MIDDLE));
    });
    assert!(work < 2 * 2_000, "{work}");
    assert_eq!(test.frames(), [(90, true)]);
}

#[test]
fn the_first_packets_of_a_stream_may_come_out_of_order() {
    let mut test = Test::default();
    for (position, payload, marker) in [(12, MIDDLE, true), (11, MIDDLE, false), (10, KEY, false)] {
        test.take(Format::Vp8, packet(position, 90, marker, payload));
    }
    assert_eq!(test.frames(), [(90, true)]);
    // Later than that it is of no use.
    test.take(Format::Vp8, packet(9, 80, true, DELTA));
    assert_eq!((test.frames(), test.assembler.dropped), (vec![], 1));
}
