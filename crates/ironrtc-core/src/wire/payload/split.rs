//! A frame becomes payloads: literal bytes and ranges of the frame, in pieces of nearly one size.

use std::ops::Range;

use super::{Format, av1, h264, vp8, vp9};

/// Literal bytes that a piece can hold.
pub const PREFIX: usize = 32;
/// Splitting to less than this makes no sense: descriptors and kept parameter sets need room.
pub const MIN_PAYLOAD: usize = 256;

/// A few bytes in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    bytes: [u8; PREFIX],
    len: u8,
}

impl Prefix {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Appends what there is room for, and says how much that was.
    fn extend(&mut self, bytes: &[u8]) -> usize {
        let room = self.bytes.get_mut(usize::from(self.len)..);
        let taken = room
            .unwrap_or_default()
            .iter_mut()
            .zip(bytes)
            .map(|(room, byte)| *room = *byte)
            .count();
        // At most PREFIX.
        self.len += taken as u8;
        taken
    }
}

/// Literal bytes, then a range of the frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    /// The literal bytes.
    pub prefix: Prefix,
    /// Where in the frame the rest is.
    pub range: Range<usize>,
}

impl Piece {
    fn len(&self) -> usize {
        self.prefix.as_slice().len() + self.range.len()
    }
}

/// The payload of one packet: pieces one after another.
///
/// Nearly always that is one piece, and nothing is allocated; payloads with several units have more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    first: Piece,
    more: Vec<Piece>,
    last: bool,
}

impl Payload {
    /// One piece.
    pub(super) fn new(prefix: &[u8], range: Range<usize>) -> Self {
        let mut payload = Self::default();
        payload.literal(prefix);
        payload.range(range);
        payload
    }

    /// Appends bytes that are not in the frame.
    pub(super) fn literal(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = self.end();
            let taken = if end.range.is_empty() {
                end.prefix.extend(bytes)
            } else {
                0
            };
            bytes = bytes.get(taken..).unwrap_or_default();
            if !bytes.is_empty() {
                self.more.push(Piece::default());
            }
        }
    }

    /// Appends a range of the frame.
    pub(super) fn range(&mut self, range: Range<usize>) {
        let end = self.end();
        if end.range.is_empty() {
            end.range = range;
        } else if end.range.end == range.start {
            end.range.end = range.end;
        } else {
            self.more.push(Piece {
                prefix: Prefix::default(),
                range,
            });
        }
    }

    fn end(&mut self) -> &mut Piece {
        self.more.last_mut().unwrap_or(&mut self.first)
    }

    /// The pieces in order.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// Bytes of the payload.
    pub fn len(&self) -> usize {
        self.pieces().map(Piece::len).sum()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True for the last one of its frame, whose packet has the marker in the video formats.
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// Appends the payload; `frame` is what it was split from.
    pub fn write(&self, frame: &[u8], out: &mut Vec<u8>) {
        for piece in self.pieces() {
            out.extend_from_slice(piece.prefix.as_slice());
            out.extend_from_slice(frame.get(piece.range.clone()).unwrap_or_default());
        }
    }
}

/// Why a frame cannot be split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Nothing in it.
    #[error("the frame is empty")]
    Empty,
    /// The largest payload is smaller than [`MIN_PAYLOAD`].
    #[error("payloads must be allowed at least {MIN_PAYLOAD} bytes")]
    TooSmallPayloads,
    /// An audio frame, or a NAL unit without fragmentation, is larger than a payload.
    #[error("a unit of {0} bytes is larger than a payload, and this format does not cut it")]
    TooLarge(usize),
    /// The frame is not what its format says.
    #[error("the frame is not well formed: {0}")]
    Malformed(&'static str),
}

/// What an encoder knows of a frame and the bytes do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its temporal layer, if the encoder has some; VP8 tells it.
    pub temporal: Option<TemporalLayer>,
    /// True if no other frame needs it.
    pub discardable: bool,
}

/// A temporal layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemporalLayer {
    /// 0 is the lowest; at most 3.
    pub id: u8,
    /// True if this frame needs the lowest layer only.
    pub sync: bool,
}

/// Splits the frames of one stream, and keeps what their numbering needs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Splitter {
    /// A payload is a frame.
    Audio,
    /// VP8.
    Vp8(vp8::Splitter),
    /// VP9.
    Vp9(vp9::Splitter),
    /// H.264.
    H264(h264::Splitter),
    /// AV1.
    Av1,
}

impl Splitter {
    /// A splitter whose picture ids begin with `start`, which should be random. None for formats
    /// that only go through as packets.
    pub fn new(format: Format, start: u16) -> Option<Self> {
        Some(match format {
            Format::Opus | Format::Pcmu | Format::Pcma | Format::G722 => Self::Audio,
            Format::Vp8 => Self::Vp8(vp8::Splitter::starting_at(start)),
            Format::Vp9 => Self::Vp9(vp9::Splitter::starting_at(start, vp9::Mode::NonFlexible)),
            Format::H264 => Self::H264(h264::Splitter::default()),
            Format::Av1 => Self::Av1,
            Format::H265 => return None,
        })
    }

    /// Appends the payloads of a frame, each of at most `max` bytes and all but one of one size
    /// where the frame has one unit.
    ///
    /// A frame may need no packet: parameter sets alone wait for the picture. On an error `out` is
    /// as it was.
    pub fn split(
        &mut self,
        frame: &[u8],
        about: About,
        max: usize,
        out: &mut Vec<Payload>,
    ) -> Result<(), SplitError> {
        if frame.is_empty() {
            return Err(SplitError::Empty);
        }
        if max < MIN_PAYLOAD {
            return Err(SplitError::TooSmallPayloads);
        }
        let before = out.len();
        let result = match self {
            Self::Audio if frame.len() > max => Err(SplitError::TooLarge(frame.len())),
            Self::Audio => {
                out.push(Payload::new(&[], 0..frame.len()));
                Ok(())
            }
            Self::Vp8(splitter) => {
                splitter.split(frame, about, max, out);
                Ok(())
            }
            Self::Vp9(splitter) => splitter.split(frame, max, out),
            Self::H264(splitter) => splitter.split(frame, max, out),
            Self::Av1 => av1::split(frame, max, out),
        };
        if result.is_err() {
            out.truncate(before);
        } else if let Some(last) = out.get_mut(before..).and_then(<[Payload]>::last_mut) {
            last.last = true;
        }
        result
    }
}

/// Ranges of a body, such that with their prefixes all but the last have one size, of at most `max`.
///
/// The first has a prefix of `first` bytes, the others one of `other`.
pub(super) fn cuts(
    body: Range<usize>,
    first: usize,
    other: usize,
    max: usize,
) -> impl Iterator<Item = Range<usize>> {
    let size = equal_size(body.len() + first.saturating_sub(other), other, max);
    let mut at = body.start;
    let mut prefix = first;
    std::iter::from_fn(move || {
        if at >= body.end {
            return None;
        }
        let take = size.saturating_sub(prefix).max(1);
        let range = at..body.end.min(at + take);
        at = range.end;
        prefix = other;
        Some(range)
    })
}

/// The least size of payloads of which as many are needed as of size `max`.
fn equal_size(body: usize, prefix: usize, max: usize) -> usize {
    let room = max.saturating_sub(prefix).max(1);
    let count = body.div_ceil(room).max(1);
    body.div_ceil(count) + prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_of_one_size_but_for_the_last_and_as_few_as_can_be() {
        for (len, first, other, max) in [
            (1, 4, 4, 1200),
            (1196, 4, 4, 1200),
            (1197, 4, 4, 1200),
            (50_000, 13, 5, 1200),
            (2_000_000, 3, 3, 256),
            (4_000, 13, 5, 256),
        ] {
            let ranges: Vec<Range<usize>> = cuts(7..7 + len, first, other, max).collect();
            let mut at = 7;
            for range in &ranges {
                assert_eq!(range.start, at);
                at = range.end;
            }
            assert_eq!(at, 7 + len);
            let mut sizes: Vec<usize> = ranges.iter().map(|range| range.len() + other).collect();
            sizes[0] += first - other;
            let (last, others) = sizes.split_last().expect("one");
            assert!(others.iter().all(|size| size == &sizes[0]), "{sizes:?}");
            assert!(*last <= sizes[0] && sizes[0] <= max, "{sizes:?}");
            let least = (len + first - other).div_ceil(max - other);
            assert!(sizes.len() <= least, "{} for {least}", sizes.len());
        }
    }

    #[test]
    fn literal_bytes_of_any_length_become_pieces() {
        let long: Vec<u8> = (0..100).collect();
        let mut payload = Payload::new(&[1, 2], 3..5);
        payload.literal(&long);
        payload.range(0..2);
        payload.range(2..3);
        let mut out = Vec::new();
        payload.write(b"abcdef", &mut out);
        assert_eq!(out, [&[1, 2], b"de".as_slice(), &long, b"abc"].concat());
        assert_eq!(payload.len(), out.len());
        assert_eq!(payload.pieces().count(), 5);
    }

    #[test]
    fn the_last_payload_is_marked_and_an_error_leaves_nothing() {
        let mut splitter = Splitter::new(Format::Vp8, 0).expect("VP8 is split");
        let mut out = Vec::new();
        for frame in [vec![0; 1000], vec![1; 3000]] {
            splitter
                .split(&frame, About::default(), 1200, &mut out)
                .expect("split");
        }
        let last: Vec<bool> = out.iter().map(Payload::is_last).collect();
        assert_eq!(last, [true, false, false, true]);
        let none = splitter.split(&[], About::default(), 1200, &mut out);
        assert_eq!(none, Err(SplitError::Empty));
        let small = splitter.split(&[0], About::default(), 255, &mut out);
        assert_eq!(small, Err(SplitError::TooSmallPayloads));
        let audio = Splitter::Audio.split(&[0; 1201], About::default(), 1200, &mut out);
        assert_eq!(audio, Err(SplitError::TooLarge(1201)));
        assert_eq!(out.len(), 4);
    }
}
