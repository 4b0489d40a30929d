//! VP8 (RFC 7741): a descriptor before each part of a frame.

use std::ops::Range;

use super::split::{About, Payload, cuts};
use super::{Descriptor, Edge, JoinError, PictureId, key};

/// Numbers the pictures of a stream.
#[derive(Clone, Debug)]
pub struct Splitter {
    picture_id: u16,
    tl0_pic_idx: u8,
}

impl Splitter {
    /// The first picture has this id.
    pub const fn starting_at(picture_id: u16) -> Self {
        Self {
            picture_id: picture_id & 0x7FFF,
            tl0_pic_idx: 0,
        }
    }

    pub(super) fn split(&mut self, frame: &[u8], about: About, max: usize, out: &mut Vec<Payload>) {
        let [high, low] = self.picture_id.to_be_bytes();
        self.picture_id = self.picture_id.wrapping_add(1) & 0x7FFF;
        let non_reference = if about.discardable { N } else { 0 };
        let mut prefix = [X | non_reference, I, 0x80 | high, low, 0, 0];
        let length = if let Some(layer) = about.temporal {
            // Section 4.2: TL0PICIDX counts the frames of the lowest layer.
            if layer.id == 0 {
                self.tl0_pic_idx = self.tl0_pic_idx.wrapping_add(1);
            }
            let sync = if layer.sync { Y } else { 0 };
            let tid = layer.id.min(3) << 6 | sync;
            prefix = [prefix[0], I | L | T, prefix[2], low, self.tl0_pic_idx, tid];
            6
        } else {
            4
        };
        for range in cuts(0..frame.len(), length, length, max) {
            let begins = if range.start == 0 { S } else { 0 };
            prefix[0] = prefix[0] & !S | begins;
            out.push(Payload::new(
                prefix.get(..length).unwrap_or_default(),
                range,
            ));
        }
    }
}

// The first octet (section 4.2).
const X: u8 = 0x80;
const N: u8 = 0x20;
const S: u8 = 0x10;
// The second one, if X.
const I: u8 = 0x80;
const L: u8 = 0x40;
const T: u8 = 0x20;
const K: u8 = 0x10;
/// In the octet of TID and KEYIDX.
const Y: u8 = 0x20;

/// A descriptor that was read, and where its numbers are.
#[derive(Clone, Debug)]
struct Read<'a> {
    descriptor: Descriptor,
    picture_id: Option<Range<usize>>,
    tl0_pic_idx: Option<usize>,
    body: &'a [u8],
}

fn read(payload: &[u8]) -> Option<Read<'_>> {
    let (&flags, rest) = payload.split_first()?;
    let mut descriptor = Descriptor {
        discardable: flags & N != 0,
        ..Descriptor::MIDDLE
    };
    let (mut picture_id, mut tl0_pic_idx) = (None, None);
    let mut body = rest;
    if flags & X != 0 {
        let (&extension, mut rest) = rest.split_first()?;
        if extension & I != 0 {
            let at = payload.len() - rest.len();
            if let [high @ 0x80..=0xFF, low, tail @ ..] = rest {
                let id = u16::from_be_bytes([high & 0x7F, *low]);
                descriptor.picture_id = Some(PictureId::Long(id));
                picture_id = Some(at..at + 2);
                rest = tail;
            } else {
                let (&id, tail) = rest.split_first()?;
                // One octet left, and it says that there are two.
                if id & 0x80 != 0 {
                    return None;
                }
                descriptor.picture_id = Some(PictureId::Short(id));
                picture_id = Some(at..at + 1);
                rest = tail;
            }
        }
        if extension & L != 0 {
            tl0_pic_idx = Some(payload.len() - rest.len());
            let (&index, tail) = rest.split_first()?;
            descriptor.tl0_pic_idx = Some(index);
            rest = tail;
        }
        if extension & (T | K) != 0 {
            let (&layer, tail) = rest.split_first()?;
            if extension & T != 0 {
                descriptor.temporal = Some(layer >> 6);
                descriptor.switches_up = layer & Y != 0;
            }
            rest = tail;
        }
        body = rest;
    }
    // Section 4.3: there is data behind the descriptor.
    if body.is_empty() {
        return None;
    }
    // Section 4.2: the frame begins with partition 0, and only with its start.
    if flags & S != 0 && flags & 7 == 0 {
        descriptor.begins = Edge::Certain;
        descriptor.key = key::vp8(body);
    } else {
        descriptor.begins = Edge::No;
    }
    descriptor.ends = Edge::Possible;
    Some(Read {
        descriptor,
        picture_id,
        tl0_pic_idx,
        body,
    })
}

pub(super) fn describe(payload: &[u8]) -> Option<Descriptor> {
    read(payload).map(|read| read.descriptor)
}

pub(super) fn join<'a>(
    payloads: impl Iterator<Item = &'a [u8]>,
    out: &mut Vec<u8>,
) -> Result<(), JoinError> {
    let mut picture = None;
    for payload in payloads {
        let read = read(payload).ok_or(JoinError::Malformed)?;
        let begins = read.descriptor.begins == Edge::Certain;
        match picture {
            None if !begins => return Err(JoinError::NotBegun),
            None => picture = Some(read.descriptor.picture_id),
            Some(id) if begins || id != read.descriptor.picture_id => return Err(JoinError::Mixed),
            Some(_) => {}
        }
        out.extend_from_slice(read.body);
    }
    picture.map(|_| ()).ok_or(JoinError::Empty)
}

/// What is added to a forwarded stream's numbers, so that they go on where another stream stopped.
///
/// A number keeps the width that it has on the wire, so a packet is changed in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Added to picture ids.
    pub picture_id: u16,
    /// Added to TL0PICIDX.
    pub tl0_pic_idx: u8,
}

impl Shift {
    /// The shift that has `first`, of the stream that is switched to, follow `last`, which was sent.
    ///
    /// RFC 7741 section 4.2: TL0PICIDX grows with a frame of the lowest layer, which `first` is, since
    /// streams are switched at key frames.
    pub fn following(last: &Descriptor, first: &Descriptor) -> Self {
        let picture_id = match (last.picture_id, first.picture_id) {
            (Some(last), Some(first)) => last.plus(1).value().wrapping_sub(first.value()) & 0x7FFF,
            _ => 0,
        };
        let tl0_pic_idx = match (last.tl0_pic_idx, first.tl0_pic_idx) {
            (Some(last), Some(first)) => last.wrapping_add(1).wrapping_sub(first),
            _ => 0,
        };
        Self {
            picture_id,
            tl0_pic_idx,
        }
    }

    /// The descriptor as it is once the payload was shifted.
    #[must_use]
    pub fn applied(self, mut descriptor: Descriptor) -> Descriptor {
        descriptor.picture_id = descriptor.picture_id.map(|id| id.plus(self.picture_id));
        descriptor.tl0_pic_idx = descriptor
            .tl0_pic_idx
            .map(|index| index.wrapping_add(self.tl0_pic_idx));
        descriptor
    }

    /// Changes a payload in place; one that is malformed stays as it is.
    pub fn apply(self, payload: &mut [u8]) {
        let Some(read) = read(payload) else { return };
        let shifted = self.applied(read.descriptor);
        let (at, index_at) = (read.picture_id, read.tl0_pic_idx);
        write_numbers(payload, shifted, at, index_at);
    }
}

/// Writes numbers over those that are there; VP9 has them in the same form.
pub(super) fn write_numbers(
    payload: &mut [u8],
    numbers: Descriptor,
    picture_id: Option<Range<usize>>,
    tl0_pic_idx: Option<usize>,
) {
    if let (Some(id), Some(place)) = (
        numbers.picture_id,
        picture_id.and_then(|at| payload.get_mut(at)),
    ) {
        match (id, place) {
            (PictureId::Short(id), [octet]) => *octet = id,
            (PictureId::Long(id), [high, low]) => [*high, *low] = (0x8000 | id).to_be_bytes(),
            _ => {}
        }
    }
    if let (Some(index), Some(place)) = (
        numbers.tl0_pic_idx,
        tl0_pic_idx.and_then(|at| payload.get_mut(at)),
    ) {
        *place = index;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_of_the_rfcs_examples_are_read() {
        // RFC 7741 section 4.6.3: X, S, partition 0; I; a picture id of 7 bits: 17; a key frame.
        let key = describe(&[0x90, 0x80, 17, 0x00, 0x00]).expect("well formed");
        assert_eq!(key.picture_id, Some(PictureId::Short(17)));
        assert!(key.key && key.begins == Edge::Certain && !key.discardable);
        // The second half of it: no S.
        let rest = describe(&[0x80, 0x80, 17, 1]).expect("well formed");
        assert_eq!((rest.begins, rest.ends), (Edge::No, Edge::Possible));
        // An id of 15 bits, 4711, as section 4.6.5 has it.
        let long = describe(&[0x80, 0x80, 0x92, 0x67, 1]).expect("well formed");
        assert_eq!(long.picture_id, Some(PictureId::Long(4711)));
        // Partition 1 begins, not the frame.
        let partition = describe(&[0x11, 1]).expect("well formed");
        assert_eq!(partition.begins, Edge::No);
        // All fields: N, I L T K, TID 2, Y.
        let full = describe(&[0xB0, 0xF0, 0x81, 0x02, 9, 0xA5, 1]).expect("well formed");
        assert_eq!(full.picture_id, Some(PictureId::Long(0x102)));
        assert_eq!((full.tl0_pic_idx, full.temporal), (Some(9), Some(2)));
        assert!(full.switches_up && full.discardable && !full.key);
    }

    #[test]
    fn descriptors_that_run_over_the_end_are_malformed() {
        let full = [0x90, 0xF0, 0x81, 0x02, 9, 0xA5, 1];
        for length in 0..full.len() {
            assert!(describe(&full[..length]).is_none(), "{length}");
        }
        assert!(describe(&full).is_some());
    }

    #[test]
    fn a_shifted_stream_goes_on_where_the_other_stopped() {
        let last = describe(&[0x90, 0xC0, 0xFF, 0xFF, 0xFF, 1]).expect("well formed");
        let mut packet = [0x90, 0xC0, 0x80, 0x05, 7, 1];
        let shift = Shift::following(&last, &describe(&packet).expect("well formed"));
        shift.apply(&mut packet);
        assert_eq!(packet, [0x90, 0xC0, 0x80, 0x00, 0, 1]);
        // Later pictures keep their distance, in their own width.
        let mut later = [0x90, 0xC0, 0x80, 0x08, 9, 1];
        shift.apply(&mut later);
        assert_eq!(later, [0x90, 0xC0, 0x80, 0x03, 2, 1]);
        let mut short = [0x90, 0x80, 0x05, 1];
        shift.apply(&mut short);
        assert_eq!(short, [0x90, 0x80, 0x00, 1]);
        let mut malformed = [0x90, 0x80, 0x85];
        shift.apply(&mut malformed);
        assert_eq!(malformed, [0x90, 0x80, 0x85]);
    }

    #[test]
    fn payloads_of_two_frames_are_not_joined() {
        let first: &[u8] = &[0x90, 0x80, 1, 0xAA];
        let rest: &[u8] = &[0x80, 0x80, 1, 0xBB];
        let other: &[u8] = &[0x80, 0x80, 2, 0xCC];
        let join = |payloads: &[&[u8]]| {
            let mut out = Vec::new();
            join(payloads.iter().copied(), &mut out).map(|()| out)
        };
        assert_eq!(join(&[first, rest]), Ok(vec![0xAA, 0xBB]));
        assert_eq!(join(&[rest]), Err(JoinError::NotBegun));
        assert_eq!(join(&[first, first]), Err(JoinError::Mixed));
        assert_eq!(join(&[first, other]), Err(JoinError::Mixed));
        assert_eq!(join(&[first, &[0x80]]), Err(JoinError::Malformed));
        assert_eq!(join(&[]), Err(JoinError::Empty));
    }
}
