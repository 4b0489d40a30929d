//! Who sources are, and which ones end (RFC 3550 sections 6.5 and 6.6).

use crate::ids::Ssrc;
use crate::wire::{Reader, Ssrcs};

use super::compound::{GOODBYE, SOURCE_DESCRIPTION, write_packet};

const END: u8 = 0;
const CNAME: u8 = 1;
const MAX_TEXT: usize = 255;
const MAX_COUNT: usize = 31;

/// Items of several sources.
#[derive(Clone, Copy, Debug)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    pub(super) const fn read(count: u8, body: &'a [u8]) -> Self {
        Self { count, body }
    }

    /// The sources with their items, up to the first one that is malformed.
    pub const fn chunks(&self) -> SdesChunks<'a> {
        SdesChunks {
            left: self.count,
            rest: self.body,
        }
    }
}

/// Walks over the sources of a description.
#[derive(Clone, Copy, Debug)]
pub struct SdesChunks<'a> {
    left: u8,
    rest: &'a [u8],
}

/// What is said of one source.
#[derive(Clone, Copy, Debug)]
pub struct SdesChunk<'a> {
    /// The source.
    pub ssrc: Ssrc,
    items: &'a [u8],
}

/// One item about a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SdesItem<'a> {
    /// The name that all sources of an endpoint share (RFC 3550 section 6.5.1).
    Cname(&'a [u8]),
    /// Of another type.
    Other(u8, &'a [u8]),
}

impl<'a> Iterator for SdesChunks<'a> {
    type Item = SdesChunk<'a>;

    fn next(&mut self) -> Option<SdesChunk<'a>> {
        self.left = self.left.checked_sub(1)?;
        let mut reader = Reader::new(std::mem::take(&mut self.rest));
        let ssrc = Ssrc::new(reader.u32()?);
        let all = reader.rest();
        loop {
            if reader.u8()? == END {
                break;
            }
            let length = usize::from(reader.u8()?);
            reader.bytes(length)?;
        }
        let ended = all.len() - reader.rest().len();
        // Zeros fill the last word of a chunk.
        self.rest = all.get(ended.next_multiple_of(4)..)?;
        Some(SdesChunk {
            ssrc,
            items: all.get(..ended - 1)?,
        })
    }
}

impl<'a> SdesChunk<'a> {
    /// The items.
    pub fn items(&self) -> impl Iterator<Item = SdesItem<'a>> + use<'a> {
        let mut reader = Reader::new(self.items);
        std::iter::from_fn(move || {
            let kind = reader.u8()?;
            let length = usize::from(reader.u8()?);
            let text = reader.bytes(length)?;
            Some(match kind {
                CNAME => SdesItem::Cname(text),
                _ => SdesItem::Other(kind, text),
            })
        })
    }
}

/// Appends a description that gives at most 31 sources one canonical name, of which 255 bytes are
/// written.
pub fn write_cnames(out: &mut Vec<u8>, sources: &[Ssrc], cname: &str) {
    let sources = sources.get(..MAX_COUNT).unwrap_or(sources);
    let cname = cname.as_bytes();
    let cname = cname.get(..MAX_TEXT).unwrap_or(cname);
    write_packet(out, sources.len() as u8, SOURCE_DESCRIPTION, |out| {
        for source in sources {
            out.extend_from_slice(&source.get().to_be_bytes());
            out.extend_from_slice(&[CNAME, cname.len() as u8]);
            out.extend_from_slice(cname);
            // At least one zero ends the chunk, and as many fill its last word.
            let zeros = 4 - (2 + cname.len()) % 4;
            out.resize(out.len() + zeros, END);
        }
    });
}

/// Sources that end.
#[derive(Clone, Copy, Debug)]
pub struct Goodbye<'a> {
    /// The sources.
    pub sources: Ssrcs<'a>,
}

impl<'a> Goodbye<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Option<Self> {
        let sources = Reader::new(body).bytes(usize::from(count) * 4)?;
        Some(Self {
            sources: Ssrcs(sources),
        })
    }
}

/// Appends a goodbye of at most 31 sources.
pub fn write_bye(out: &mut Vec<u8>, sources: &[Ssrc]) {
    let sources = sources.get(..MAX_COUNT).unwrap_or(sources);
    write_packet(out, sources.len() as u8, GOODBYE, |out| {
        for source in sources {
            out.extend_from_slice(&source.get().to_be_bytes());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    fn described(packet: &[u8]) -> Vec<(Ssrc, Vec<u8>)> {
        let Some(Packet::SourceDescription(found)) =
            Compound::parse(packet).and_then(|mut p| p.next())
        else {
            panic!("no description");
        };
        let chunks = found.chunks();
        let names = chunks.flat_map(|chunk| chunk.items().map(move |item| (chunk.ssrc, item)));
        names
            .filter_map(|(ssrc, item)| match item {
                SdesItem::Cname(name) => Some((ssrc, name.to_vec())),
                SdesItem::Other(..) => None,
            })
            .collect()
    }

    #[test]
    fn names_end_with_zeros_up_to_a_whole_word() {
        // "ab" ends a word, so that a word of zeros follows (RFC 3550 section 6.5).
        for (name, zeros) in [("ab", 4), ("abc", 3), ("abcd", 2), ("abcde", 1)] {
            let mut out = Vec::new();
            let sources = [Ssrc::new(7), Ssrc::new(8)];
            write_cnames(&mut out, &sources, name);
            let chunk = 4 + 2 + name.len() + zeros;
            assert_eq!(out.len(), 4 + 2 * chunk, "{name}");
            assert_eq!(out[..4], [0x82, 202, 0, (chunk / 2) as u8]);
            let name = name.as_bytes().to_vec();
            assert_eq!(
                described(&out),
                [(sources[0], name.clone()), (sources[1], name)]
            );
        }
    }

    #[test]
    fn items_of_other_types_are_passed_over() {
        let packet = [
            0x81, 202, 0, 4, 0, 0, 0, 9, 2, 3, b'x', b'y', b'z', 1, 2, b'a', b'b', 0, 0, 0,
        ];
        assert_eq!(described(&packet), [(Ssrc::new(9), b"ab".to_vec())]);
    }

    #[test]
    fn a_chunk_that_does_not_end_is_left_out() {
        let whole = [0, 0, 0, 8, 1, 1, b'c', 0];
        for cut in [
            [0, 0, 0, 9, 1, 2, b'a', b'b'],
            [0, 0, 0, 9, 1, 200, b'a', 0],
        ] {
            let packet = [&[0x82, 202, 0, 4][..], &whole, &cut].concat();
            assert_eq!(described(&packet), [(Ssrc::new(8), b"c".to_vec())]);
        }
        // More sources announced than there are.
        let packet = [&[0x9f, 202, 0, 2][..], &whole].concat();
        assert_eq!(described(&packet).len(), 1);
    }

    #[test]
    fn a_goodbye_names_sources_and_may_give_a_reason() {
        let mut out = Vec::new();
        write_bye(&mut out, &[Ssrc::new(1), Ssrc::new(2)]);
        assert_eq!(out, [0x82, 203, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
        out.extend_from_slice(&[3, b'b', b'y', b'e']);
        out[3] += 1;
        let Some(Packet::Goodbye(bye)) = Compound::parse(&out).and_then(|mut p| p.next()) else {
            panic!("no goodbye");
        };
        let sources: Vec<_> = bye.sources.collect();
        assert_eq!(sources, [Ssrc::new(1), Ssrc::new(2)]);
        let cut = [0x82, 203, 0, 1, 0, 0, 0, 1];
        let first = Compound::parse(&cut).and_then(|mut p| p.next());
        assert!(matches!(first, Some(Packet::Malformed)));
    }
}
