//! Frames that can be decoded though others were lost, as they tell what they need.

use super::*;
use crate::ids::PayloadType;
use crate::rtp::receive::packet::Span;
use crate::wire::rtp::SeqNo;

#[derive(Debug)]
struct Test {
    assembler: Assembler,
    queue: FrameQueue,
    format: Format,
}

impl Test {
    fn new(format: Format) -> Self {
        let mut assembler = Assembler::default();
        assembler.on_reader(Time::ZERO, Duration::from_millis(100));
        Self {
            assembler,
            queue: FrameQueue::default(),
            format,
        }
    }

    /// A packet that is a frame, or its end, which comes at its position in milliseconds.
    fn take(&mut self, position: u64, payload: &[u8], descriptor: &[u8]) {
        self.take_part(position, position as u32, true, payload, descriptor);
    }

    fn take_part(
        &mut self,
        position: u64,
        timestamp: u32,
        marker: bool,
        payload: &[u8],
        descriptor: &[u8],
    ) {
        let head = Bytes::copy_from_slice(descriptor);
        let packet = RtpPacket {
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
            descriptor: Span::of(&head, Some(&head)),
            head,
        };
        let now = packet.arrived;
        self.assembler.insert(Some(self.format), packet);
        self.assembler.advance(now, &mut self.queue);
    }

    fn give_up(&mut self) {
        self.assembler.skip(Time::from_millis(99), &mut self.queue);
    }

    fn waits(&self) -> Option<Waiting> {
        self.assembler.waits_since().map(|(_, what)| what)
    }

    fn timestamps(&mut self) -> Vec<u32> {
        let frames = std::iter::from_fn(|| self.queue.pop());
        frames.map(|frame| frame.timestamp.get()).collect()
    }

    fn asks(&mut self) -> bool {
        self.assembler.take_key_frame_need()
    }
}

/// A frame of VP8: its picture's number, TL0PICIDX, and the octet of TID and Y.
fn vp8(picture: u8, base: u8, layer: u8, key: bool) -> [u8; 8] {
    [0x90, 0xE0, 0x80, picture, base, layer, u8::from(!key), 9]
}

const BASE: u8 = 0;
const UPPER: u8 = 0x40;
const UPPER_SYNC: u8 = 0x60;

#[test]
fn a_lost_frame_of_a_higher_layer_is_waited_for_briefly_and_needs_no_key_frame() {
    let mut test = Test::new(Format::Vp8);
    test.take(10, &vp8(1, 5, BASE, true), &[]);
    test.take(11, &vp8(2, 5, UPPER, false), &[]);
    test.take(12, &vp8(3, 6, BASE, false), &[]);
    assert_eq!(test.timestamps(), [10, 11, 12]);
    // 13 is lost, of the higher layer, and of 15 the beginning.
    test.take(14, &vp8(5, 7, BASE, false), &[]);
    assert_eq!(test.waits(), Some(Waiting::Briefly));
    test.take_part(16, 15, true, &[0x80, 0xE0, 0x80, 6, 7, UPPER, 9], &[]);
    test.give_up();
    assert_eq!(test.timestamps(), [14]);
    assert_eq!(test.waits(), Some(Waiting::ForPacket));
    test.take(17, &vp8(7, 8, BASE, false), &[]);
    assert_eq!(test.waits(), Some(Waiting::Briefly));
    test.give_up();
    test.take(18, &vp8(8, 8, UPPER, false), &[]);
    assert_eq!(test.timestamps(), [17, 18]);
    assert!(!test.asks());
    assert_eq!(test.assembler.dropped_frames, 1);
}

#[test]
fn a_frame_that_needs_a_lost_one_of_its_layer_is_left_out_until_one_needs_the_lowest_only() {
    let mut test = Test::new(Format::Vp8);
    test.take(10, &vp8(1, 5, BASE, true), &[]);
    // 11 is lost: 12 may need it, 13 says that it does not.
    test.take(12, &vp8(3, 5, UPPER, false), &[]);
    test.give_up();
    test.take(13, &vp8(4, 5, UPPER_SYNC, false), &[]);
    test.take(14, &vp8(5, 6, BASE, false), &[]);
    test.take(15, &vp8(6, 6, UPPER, false), &[]);
    assert_eq!(test.timestamps(), [10, 13, 14, 15]);
    assert!(!test.asks());
}

#[test]
fn a_lost_frame_of_the_lowest_layer_needs_a_key_frame() {
    let mut test = Test::new(Format::Vp8);
    test.take(10, &vp8(1, 5, BASE, true), &[]);
    test.take(12, &vp8(3, 6, UPPER, false), &[]);
    assert_eq!(test.waits(), Some(Waiting::ForPacket));
    test.give_up();
    assert!(test.asks());
    test.take(13, &vp8(4, 7, BASE, false), &[]);
    test.take(14, &vp8(5, 8, BASE, true), &[]);
    assert_eq!(test.timestamps(), [10, 14]);
}

#[test]
fn vp9_in_flexible_mode_tells_which_pictures_it_needs() {
    // I P F B E with one difference; a key frame has no P.
    let key = [0x9C, 1, 0x82, 0x49];
    let needs = |picture: u8, diff: u8| [0xDC, picture, diff << 1, 0x86, 0x49];
    let mut test = Test::new(Format::Vp9);
    test.take(10, &key, &[]);
    test.take(11, &needs(2, 1), &[]);
    // 12 is lost; 13 needs picture 1, 14 picture 3, which was lost.
    test.take(13, &needs(4, 3), &[]);
    assert_eq!(test.waits(), Some(Waiting::Briefly));
    test.give_up();
    let frames: Vec<_> = std::iter::from_fn(|| test.queue.pop()).collect();
    assert_eq!(frames.len(), 3);
    let number = frames[0].number.expect("told");
    assert_eq!(
        (frames[2].number, &frames[2].needs[..]),
        (Some(number + 3), &[number][..])
    );
    assert!(!test.asks());
    test.take(14, &needs(5, 2), &[]);
    assert!(test.asks());
    test.take(15, &needs(6, 2), &[]);
    assert_eq!(test.timestamps(), []);
}

/// The bytes of a text of zeros and ones.
fn bits(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text
        .bytes()
        .filter(|b| *b != b' ')
        .map(|b| b - b'0')
        .collect();
    let byte = |bits: &[u8]| {
        let filled = bits.iter().chain(std::iter::repeat(&0)).take(8);
        filled.fold(0, |byte, bit| byte << 1 | bit)
    };
    bits.chunks(8).map(byte).collect()
}

/// A key frame's descriptor with a structure of two temporal layers: a frame of the lower one needs
/// the second before it, one of the higher one the first before it.
const KEY_FRAME: &str = "11 111110 0000000000000111 10000 111110 00001 00 01 11 1010 1011 0001 \
                         0 100010 100000 10 0000 0010 0001 0";

/// The descriptor of a frame of either layer.
fn descriptor(number: u16, is_upper: bool) -> Vec<u8> {
    let template = if is_upper { "000000" } else { "111111" };
    bits(&format!("11 {template} {number:016b}"))
}

#[test]
fn a_dependency_descriptor_tells_what_a_frame_needs_whatever_the_codec() {
    // Units of H.264: parameter sets with an IDR picture, and a slice of another.
    let key = [0x78, 0, 2, 0x67, 1, 0, 3, 0x65, 0x80, 3];
    let slice = [0x41, 0x80, 4];
    let mut test = Test::new(Format::H264);
    test.take(10, &key, &bits(KEY_FRAME));
    test.take(11, &slice, &descriptor(8, true));
    test.take(12, &slice, &descriptor(9, false));
    let frames: Vec<_> = std::iter::from_fn(|| test.queue.pop()).collect();
    let number = frames[0].number.expect("told");
    let told = |at: usize| (frames[at].needs.clone(), frames[at].temporal);
    assert!(frames[0].key);
    assert_eq!(told(1), (vec![number], Some(1)));
    assert_eq!(told(2), (vec![number], Some(0)));
    // 13 is lost, number 10 of the higher layer.
    test.take(14, &slice, &descriptor(11, false));
    test.give_up();
    test.take(15, &slice, &descriptor(12, true));
    assert_eq!(test.timestamps(), [14, 15]);
    assert!(!test.asks());
    // 16 is lost, number 13 of the lower one: 17 needs it and is left out, 18 does too and is needed.
    test.take(17, &slice, &descriptor(14, true));
    test.give_up();
    assert!(!test.asks());
    test.take(18, &slice, &descriptor(15, false));
    assert_eq!(test.timestamps(), []);
    assert!(test.asks());
}
