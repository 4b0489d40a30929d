use super::*;
use crate::wire::payload::PictureId;

const BITRATES: [u64; 3] = [100_000, 400_000, 1_500_000];

fn rid(layer: usize) -> Rid {
    ["q", "h", "f"][layer].parse().expect("a name")
}

/// One payload of VP8, with 15 bits of picture id and a TL0PICIDX.
fn payload(picture: u16, index: u8, key: bool) -> Vec<u8> {
    let [high, low] = picture.to_be_bytes();
    let first = if key { 0 } else { 1 };
    let mut payload = vec![0x90, 0xE0, 0x80 | high, low, index, 0, first];
    payload.extend([0, 0, 0x9d, 0x01, 0x2a, 16, 0, 16, 0]);
    payload
}

struct Sending {
    forwarder: Forwarder,
    budget: Option<u64>,
    /// What went on: number, picture id and TL0PICIDX.
    passed: Vec<(u64, u16, u8)>,
    asked: Vec<(u64, Option<Rid>)>,
}

impl Sending {
    fn new(choice: LayerChoice) -> Self {
        Self {
            forwarder: Forwarder::new(choice),
            budget: None,
            passed: Vec::new(),
            asked: Vec::new(),
        }
    }

    fn packet(&mut self, millis: u64, layer: usize, position: u64, key: bool) {
        // Each layer counts for itself.
        let (picture, index) = (position as u16 * 7 + layer as u16, position as u8);
        let mut payload = payload(picture, index, key);
        let origin = Origin {
            stream: layer as u64,
            track: 1,
            position,
            bitrate: BITRATES[layer],
            captured: Time::from_millis(millis),
            payload: None,
            begins: false,
        };
        let origin = origin.with_payload(Some(Format::Vp8), &payload);
        let budget = self.budget;
        let now = Time::from_millis(millis);
        let verdict = self
            .forwarder
            .on_packet(now, &origin, Some(&rid(layer)), false, || budget);
        if verdict.asks {
            self.asked.push((millis, self.forwarder.wanted().cloned()));
        }
        if let Some((number, renumbering)) = verdict.passes {
            renumbering.apply(&mut payload);
            let about = Format::Vp8.describe(&payload).expect("a payload");
            let Some(PictureId::Long(id)) = about.picture_id else {
                panic!("it keeps its width");
            };
            let index = about.tl0_pic_idx.expect("it has one");
            self.passed.push((number, id, index));
        }
    }
}

#[test]
fn a_layer_is_switched_at_its_key_frame_and_all_numbers_go_on() {
    let mut sending = Sending::new(LayerChoice::Named(rid(0)));
    for step in 0..20 {
        for layer in 0..3 {
            // Keys come when they were asked for: at once for the first, later for the other.
            let key = step == 0 && layer == 0 || step == 15 && layer == 2;
            sending.packet(step * 33, layer, 1_000 * layer as u64 + step, key);
        }
        if step == 9 {
            sending.forwarder.choose(LayerChoice::Named(rid(2)));
        }
    }
    assert_eq!(sending.forwarder.current(), Some(&rid(2)));
    let asked: Vec<_> = sending
        .asked
        .iter()
        .map(|(at, rid)| (*at, rid.clone()))
        .collect();
    assert_eq!(asked, [(330, Some(rid(2)))]);
    // 16 pictures of the first layer, the last of which is older than the key frame; 5 of the other.
    assert_eq!(sending.passed.len(), 16 + 5);
    for pair in sending.passed.windows(2) {
        assert_eq!(pair[1].0, pair[0].0 + 1, "numbers");
        assert_eq!(pair[1].2, pair[0].2.wrapping_add(1), "TL0PICIDX");
        let step = pair[1].1.wrapping_sub(pair[0].1) & 0x7FFF;
        // Within a layer they are seven apart here.
        assert!(step == 7 || step == 1, "{step}");
    }
}

#[test]
fn who_joins_late_gets_nothing_before_a_key_frame_which_is_asked_for_again() {
    let mut sending = Sending::new(LayerChoice::Automatic);
    for step in 0..70 {
        sending.packet(step * 33, 1, step, step == 65);
    }
    assert_eq!(sending.passed.len(), 5);
    let asked: Vec<_> = sending.asked.iter().map(|(at, _)| *at).collect();
    assert_eq!(asked, [0, 1_023, 2_046]);
}

#[test]
fn another_source_follows_with_its_key_frame_as_if_it_were_the_same() {
    let mut sending = Sending::new(LayerChoice::Automatic);
    for step in 0..10 {
        sending.packet(step * 33, 0, step, step == 0);
    }
    let before = *sending.passed.last().expect("some");
    let mut first = None;
    for step in 10..20 {
        let payload = payload(5, 77, step == 14);
        let origin = Origin {
            stream: 99,
            track: 2,
            position: 40_000 + step,
            bitrate: 0,
            captured: Time::from_millis(step * 33),
            payload: None,
            begins: false,
        };
        let origin = origin.with_payload(Some(Format::Vp8), &payload);
        let now = Time::from_millis(step * 33);
        let verdict = sending
            .forwarder
            .on_packet(now, &origin, None, false, || None);
        assert_eq!(verdict.passes.is_some(), step >= 14);
        assert_eq!(verdict.asks, step == 10);
        if let (Some((number, renumbering)), None) = (verdict.passes, first) {
            let mut payload = payload.clone();
            renumbering.apply(&mut payload);
            first = Some((number, Format::Vp8.describe(&payload).expect("a payload")));
        }
    }
    let (number, about) = first.expect("it went on");
    assert_eq!(number, before.0 + 1);
    assert_eq!(about.picture_id.map(PictureId::value), Some(before.1 + 1));
    assert_eq!(about.tl0_pic_idx, Some(before.2 + 1));
}

#[test]
fn padding_is_left_out_without_a_gap_and_what_fills_a_gap_goes_on() {
    let mut forwarder = Forwarder::default();
    let mut send = |position: u64, is_empty: bool| {
        let origin = Origin {
            stream: 1,
            track: 1,
            position,
            bitrate: 0,
            captured: Time::ZERO,
            payload: None,
            begins: true,
        };
        let verdict = forwarder.on_packet(Time::ZERO, &origin, None, is_empty, || None);
        verdict.passes.map(|(number, _)| number)
    };
    assert_eq!(send(10, true), None, "nothing begins with padding");
    let first = send(11, false).expect("it goes on");
    assert_eq!(send(12, true), None);
    assert_eq!(send(14, false), Some(first + 2));
    // Its number was left open, so whoever waits for it is to know that nothing is missing.
    assert_eq!(send(13, true), Some(first + 1));
}

#[test]
fn the_budget_moves_the_layer_down_at_once_and_up_when_there_is_room() {
    let mut sending = Sending::new(LayerChoice::Automatic);
    let mut changes = Vec::new();
    for step in 0..600_u64 {
        sending.budget = Some(match step {
            0..100 => 2_000_000,
            100..200 => 450_000,
            _ => 2_000_000,
        });
        for layer in 0..3 {
            let key = step % 10 == layer as u64;
            sending.packet(step * 20, layer, step, key);
        }
        let current = sending.forwarder.current().cloned();
        if changes.last().map(|(_, rid)| rid) != Some(&current) {
            changes.push((step * 20, current));
        }
    }
    let names: Vec<_> = changes.iter().filter_map(|(_, rid)| rid.clone()).collect();
    assert_eq!(names.last(), Some(&rid(2)));
    let down = changes
        .iter()
        .find(|(at, rid_)| *at >= 2_000 && *rid_ == Some(rid(1)));
    let (at, _) = down.expect("it went down");
    assert!((2_000..2_300).contains(at), "{changes:?}");
    let up = changes.last().expect("some").0;
    assert!((4_000..4_400).contains(&up), "{changes:?}");
}

#[test]
fn nothing_begins_with_a_payload_that_cannot_be_read() {
    let mut forwarder = Forwarder::default();
    for payload in [&[0x90][..], &[0x90, 0x80, 0xFF], &[]] {
        let origin = Origin {
            stream: 1,
            track: 1,
            position: 5,
            bitrate: 0,
            captured: Time::ZERO,
            payload: None,
            begins: false,
        };
        let origin = origin.with_payload(Some(Format::Vp8), payload);
        let verdict = forwarder.on_packet(Time::ZERO, &origin, None, false, || None);
        assert_eq!(verdict.passes, None);
    }
}
