//! VP9 (RFC 9628): a descriptor before each part of a frame of one layer.

use std::ops::Range;

use super::split::{Payload, cuts};
use super::vp8::{Shift, write_numbers};
use super::{Descriptor, Edge, JoinError, PictureId, Size, SplitError, key};

/// How references are told (RFC 9628 section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each frame says which pictures before it it uses.
    Flexible,
    /// A scalability structure says it for all.
    NonFlexible,
}

/// Numbers the pictures of a stream with one layer.
#[derive(Clone, Debug)]
pub struct Splitter {
    mode: Mode,
    picture_id: u16,
    tl0_pic_idx: u8,
}

// The first octet (section 4.2).
const I: u8 = 0x80;
const P: u8 = 0x40;
const L: u8 = 0x20;
const F: u8 = 0x10;
const B: u8 = 0x08;
const E: u8 = 0x04;
const V: u8 = 0x02;

impl Splitter {
    /// The first picture has this id.
    pub const fn starting_at(picture_id: u16, mode: Mode) -> Self {
        Self {
            mode,
            picture_id: picture_id & 0x7FFF,
            tl0_pic_idx: 0,
        }
    }

    pub(super) fn split(
        &mut self,
        frame: &[u8],
        max: usize,
        out: &mut Vec<Payload>,
    ) -> Result<(), SplitError> {
        let key = key::vp9(frame).ok_or(SplitError::Malformed("no VP9 frame header"))?;
        let [high, low] = self.picture_id.to_be_bytes();
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7FFF;
        let mut flags = I | if key { 0 } else { P };
        let mut prefix = vec![0, 0x80 | high, low];
        match self.mode {
            Mode::Flexible => {
                flags |= F;
                if !key {
                    // The picture before, and no other one follows (N is 0).
                    prefix.push(1 << 1);
                }
            }
            Mode::NonFlexible => {
                // Layer indices are there for TL0PICIDX, which receivers want in this mode.
                flags |= L;
                self.tl0_pic_idx = self.tl0_pic_idx.wrapping_add(1);
                prefix.extend([0, self.tl0_pic_idx]);
            }
        }
        let mut first = prefix.clone();
        if key && self.mode == Mode::NonFlexible {
            first.extend(structure(frame));
        }
        for range in cuts(0..frame.len(), first.len(), prefix.len(), max) {
            let begins = range.start == 0;
            let used = if begins { &mut first } else { &mut prefix };
            if let Some(octet) = used.first_mut() {
                *octet = flags
                    | if begins { B } else { 0 }
                    | if range.end == frame.len() { E } else { 0 }
                    | if begins && key && self.mode == Mode::NonFlexible {
                        V
                    } else {
                        0
                    };
            }
            out.push(Payload::new(used, range));
        }
        Ok(())
    }
}

/// A scalability structure (section 4.2.1) of one layer, in which each picture uses the one before.
fn structure(frame: &[u8]) -> Vec<u8> {
    const Y: u8 = 0x10;
    const G: u8 = 0x08;
    let size = Size::of_vp9(frame).and_then(|size| {
        let [w1, w0] = u16::try_from(size.width).ok()?.to_be_bytes();
        let [h1, h0] = u16::try_from(size.height).ok()?.to_be_bytes();
        Some([w1, w0, h1, h0])
    });
    let mut structure = vec![G | if size.is_some() { Y } else { 0 }];
    structure.extend(size.into_iter().flatten());
    // One picture in the group: TID 0, U, one reference, to the picture before.
    structure.extend([1, 0x10 | 1 << 2, 1]);
    structure
}

/// A descriptor that was read, and where its numbers are.
#[derive(Clone, Debug)]
struct Read<'a> {
    descriptor: Descriptor,
    picture_id: Option<Range<usize>>,
    tl0_pic_idx: Option<usize>,
    body: &'a [u8],
}

fn read(payload: &[u8]) -> Option<Read<'_>> {
    let (&flags, mut rest) = payload.split_first()?;
    let mut descriptor = Descriptor::MIDDLE;
    let (mut picture_id, mut tl0_pic_idx) = (None, None);
    let mut uses_lower_layer = false;
    if flags & I != 0 {
        let at = payload.len() - rest.len();
        let (&octet, tail) = rest.split_first()?;
        rest = tail;
        if octet & 0x80 == 0 {
            descriptor.picture_id = Some(PictureId::Short(octet));
            picture_id = Some(at..at + 1);
        } else {
            let (&low, tail) = rest.split_first()?;
            let id = u16::from_be_bytes([octet & 0x7F, low]);
            descriptor.picture_id = Some(PictureId::Long(id));
            picture_id = Some(at..at + 2);
            rest = tail;
        }
    }
    if flags & L != 0 {
        let (&layer, tail) = rest.split_first()?;
        rest = tail;
        descriptor.temporal = Some(layer >> 5);
        descriptor.switches_up = layer & 0x10 != 0;
        descriptor.spatial = Some(layer >> 1 & 7);
        uses_lower_layer = layer & 1 != 0;
        if flags & F == 0 {
            tl0_pic_idx = Some(payload.len() - rest.len());
            let (&index, tail) = rest.split_first()?;
            descriptor.tl0_pic_idx = Some(index);
            rest = tail;
        }
    }
    // Section 4.2: in flexible mode a frame that uses others says which, at most three.
    if flags & (F | P) == F | P {
        loop {
            let (&difference, tail) = rest.split_first()?;
            rest = tail;
            descriptor.needs.push(difference >> 1)?;
            if difference & 1 == 0 {
                break;
            }
        }
    }
    descriptor.is_flexible = flags & F != 0;
    if flags & V != 0 {
        rest = skip_structure(rest)?;
    }
    if rest.is_empty() {
        return None;
    }
    let edge = |bit| {
        if flags & bit != 0 {
            Edge::Certain
        } else {
            Edge::No
        }
    };
    // A layer that needs the one below it is no beginning of a picture, though one of its own frame.
    descriptor.begins = match edge(B) {
        Edge::Certain if uses_lower_layer => Edge::Possible,
        edge => edge,
    };
    descriptor.ends = edge(E);
    descriptor.key = flags & B != 0
        && flags & P == 0
        && !uses_lower_layer
        && descriptor.spatial.unwrap_or_default() == 0;
    Some(Read {
        descriptor,
        picture_id,
        tl0_pic_idx,
        body: rest,
    })
}

/// What is behind a scalability structure (section 4.2.1).
fn skip_structure(data: &[u8]) -> Option<&[u8]> {
    let (&head, mut rest) = data.split_first()?;
    if head & 0x10 != 0 {
        let layers = usize::from(head >> 5) + 1;
        rest = rest.get(layers * 4..)?;
    }
    if head & 0x08 != 0 {
        let (&pictures, tail) = rest.split_first()?;
        rest = tail;
        for _ in 0..pictures {
            let (&picture, tail) = rest.split_first()?;
            rest = tail.get(usize::from(picture >> 2 & 3)..)?;
        }
    }
    Some(rest)
}

pub(super) fn describe(payload: &[u8]) -> Option<Descriptor> {
    read(payload).map(|read| read.descriptor)
}

/// Frames of several layers that are one picture are joined one behind the other.
pub(super) fn join<'a>(
    payloads: impl Iterator<Item = &'a [u8]>,
    out: &mut Vec<u8>,
) -> Result<(), JoinError> {
    let mut open = false;
    let mut picture: Option<Option<PictureId>> = None;
    for payload in payloads {
        let read = read(payload).ok_or(JoinError::Malformed)?;
        let begins = read.descriptor.begins != Edge::No;
        if !begins && !open {
            return Err(if picture.is_some() {
                JoinError::Mixed
            } else {
                JoinError::NotBegun
            });
        }
        let id = read.descriptor.picture_id;
        if begins && open || picture.is_some_and(|picture| picture != id) {
            return Err(JoinError::Mixed);
        }
        picture = Some(id);
        open = read.descriptor.ends == Edge::No;
        out.extend_from_slice(read.body);
    }
    match picture {
        None => Err(JoinError::Empty),
        Some(_) if open => Err(JoinError::NotEnded),
        Some(_) => Ok(()),
    }
}

/// Has the numbers of a forwarded payload go on where another stream stopped, as for VP8; one that
/// is malformed stays as it is.
pub fn apply(shift: Shift, payload: &mut [u8]) {
    let Some(read) = read(payload) else { return };
    let shifted = shift.applied(read.descriptor);
    let (at, index_at) = (read.picture_id, read.tl0_pic_idx);
    write_numbers(payload, shifted, at, index_at);
}

#[cfg(test)]
mod tests {
    use super::super::{About, Splitter as AnySplitter};
    use super::*;

    /// The first octets of a key frame of 176 × 144 (from an encoder), and of another frame.
    const KEY: [u8; 10] = [0x82, 0x49, 0x83, 0x42, 0x00, 0x0A, 0xF0, 0x08, 0xF6, 0x08];
    const DELTA: [u8; 4] = [0x86, 0, 0, 0];

    fn split(mode: Mode, frame: &[u8]) -> Vec<Vec<u8>> {
        let mut splitter = AnySplitter::Vp9(Splitter::starting_at(0x7FFF, mode));
        let mut payloads = Vec::new();
        splitter
            .split(frame, About::default(), 256, &mut payloads)
            .expect("a frame");
        let written = payloads.iter().map(|payload| {
            let mut out = Vec::new();
            payload.write(frame, &mut out);
            out
        });
        written.collect()
    }

    #[test]
    fn a_key_frame_carries_the_structure_and_its_size_once() {
        let mut frame = KEY.to_vec();
        frame.resize(1000, 7);
        let payloads = split(Mode::NonFlexible, &frame);
        // I L B V, picture id, layer, TL0PICIDX; Y G, 176 × 144, one picture with one reference.
        let head = [0xAA, 0xFF, 0xFF, 0, 1, 0x18, 0, 176, 0, 144, 1, 0x14, 1];
        assert_eq!(payloads[0][..13], head);
        assert_eq!(payloads[1][..5], [0xA0, 0xFF, 0xFF, 0, 1]);
        assert_eq!(payloads.last().expect("one")[0], 0xA4);
        assert!(payloads.windows(2).all(|two| two[0].len() >= two[1].len()));
        let first = describe(&payloads[0]).expect("well formed");
        assert!(first.key && first.begins == Edge::Certain && first.ends == Edge::No);
    }

    #[test]
    fn flexible_mode_names_the_picture_before() {
        assert_eq!(split(Mode::Flexible, &DELTA)[0][..4], [0xDC, 0xFF, 0xFF, 2]);
        assert_eq!(split(Mode::Flexible, &KEY)[0][..3], [0x9C, 0xFF, 0xFF]);
    }

    #[test]
    fn all_fields_are_read_and_none_may_run_over_the_end() {
        // I P L F B V; 7 bits; TID 1 U SID 2 D; two differences; structure of two layers and two
        // pictures.
        let mut full = vec![0xFA, 5, 0x35, 3, 2];
        full.extend([0x38, 0, 1, 0, 1, 0, 2, 0, 2, 2, 0x04, 1, 0x28, 1, 2, 0xEE]);
        let read = read(&full).expect("well formed");
        assert_eq!(read.body, [0xEE]);
        let descriptor = read.descriptor;
        assert_eq!(descriptor.picture_id, Some(PictureId::Short(5)));
        assert_eq!(
            (descriptor.temporal, descriptor.spatial),
            (Some(1), Some(2))
        );
        assert!(descriptor.switches_up && !descriptor.key);
        assert!(descriptor.is_flexible);
        assert_eq!(descriptor.needs.as_slice(), [1, 1]);
        for length in 0..full.len() {
            assert!(describe(&full[..length]).is_none(), "{length}");
        }
        // Four references.
        assert!(describe(&[0x58, 3, 3, 3, 2, 0xEE]).is_none());
    }

    #[test]
    fn a_layer_above_begins_no_picture_for_certain() {
        let begins = |payload| describe(payload).expect("well formed").begins;
        assert_eq!(begins(&[0xAC, 1, 0, 1, 0xAA]), Edge::Certain);
        assert_eq!(begins(&[0xAC, 1, 0x03, 1, 0xAA]), Edge::Possible);
        assert_eq!(begins(&[0xA4, 1, 0x03, 1, 0xAA]), Edge::No);
    }

    #[test]
    fn layers_of_a_picture_are_joined_and_a_missing_end_is_seen() {
        let join = |payloads: &[&[u8]]| {
            let mut out = Vec::new();
            join(payloads.iter().copied(), &mut out).map(|()| out)
        };
        let low: &[u8] = &[0xAC, 1, 0, 1, 0xAA];
        let high: &[u8] = &[0xA8, 1, 0x03, 1, 0xBB];
        let end: &[u8] = &[0xA4, 1, 0x03, 1, 0xCC];
        assert_eq!(join(&[low, high, end]), Ok(vec![0xAA, 0xBB, 0xCC]));
        assert_eq!(join(&[low, high]), Err(JoinError::NotEnded));
        assert_eq!(join(&[end]), Err(JoinError::NotBegun));
        assert_eq!(join(&[low, end]), Err(JoinError::Mixed));
        assert_eq!(join(&[high, low]), Err(JoinError::Mixed));
        assert_eq!(join(&[low, &[0xAC, 2, 0, 1, 1]]), Err(JoinError::Mixed));
    }

    #[test]
    fn a_shifted_stream_goes_on_where_the_other_stopped() {
        let last = describe(&[0xAC, 0xFF, 0xFF, 0, 0xFF, 1]).expect("well formed");
        let mut packet = [0xAC, 0x80, 5, 0, 7, 1];
        let shift = Shift::following(&last, &describe(&packet).expect("well formed"));
        apply(shift, &mut packet);
        assert_eq!(packet, [0xAC, 0x80, 0, 0, 0, 1]);
    }
}
