//! The fixed header with its sources and extension block, and the padding behind the payload.

use crate::ids::{PayloadType, Ssrc};
use crate::wire::{Reader, Ssrcs};

use super::extension::{ElementSet, Elements, ExtensionBlock, Form};
use super::seq::{RtpTime, SeqNo};

const VERSION: u8 = 2;
const PADDING_BIT: u8 = 0x20;
const EXTENSION_BIT: u8 = 0x10;
const MARKER_BIT: u8 = 0x80;

/// The fields that every packet has (RFC 3550 section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedHeader {
    /// What it marks is the payload's: the end of a frame, the begin of a talk spurt.
    pub marker: bool,
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The packet's place in its stream.
    pub sequence: SeqNo,
    /// The moment that the payload's first sample belongs to.
    pub timestamp: RtpTime,
    /// The stream.
    pub ssrc: Ssrc,
}

impl FixedHeader {
    /// Its length.
    pub const LENGTH: usize = 12;
    /// Most contributing sources that a header has room for.
    pub const MAX_CSRCS: usize = 15;

    /// Appends a whole header: version 2, these fields, at most 15 of the sources, and the extension
    /// elements if there are any. `padded` says that [`write_padding`] will follow the payload.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        csrcs: &[Ssrc],
        elements: &ElementSet,
        form: Form,
        padded: bool,
    ) {
        let start = out.len();
        let csrcs = csrcs.get(..Self::MAX_CSRCS).unwrap_or(csrcs);
        let mut first = VERSION << 6 | csrcs.len() as u8;
        if padded {
            first |= PADDING_BIT;
        }
        let mut second = self.payload_type.get();
        if self.marker {
            second |= MARKER_BIT;
        }
        out.extend_from_slice(&[first, second]);
        out.extend_from_slice(&self.sequence.get().to_be_bytes());
        out.extend_from_slice(&self.timestamp.get().to_be_bytes());
        out.extend_from_slice(&self.ssrc.get().to_be_bytes());
        for csrc in csrcs {
            out.extend_from_slice(&csrc.get().to_be_bytes());
        }
        if elements.write(out, form)
            && let Some(first) = out.get_mut(start)
        {
            *first |= EXTENSION_BIT;
        }
    }
}

/// Appends padding of `length` bytes, the last of which says how many there are (RFC 3550
/// section 5.1). Nothing for a length of 0, which a header must not announce.
pub fn write_padding(out: &mut Vec<u8>, length: u8) {
    if let Some(zeros) = length.checked_sub(1) {
        out.resize(out.len() + usize::from(zeros), 0);
        out.push(length);
    }
}

/// A header whose lengths have been checked. Padding has not: while a packet is encrypted, its last
/// byte is no length yet.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// The fields that every packet has.
    pub fixed: FixedHeader,
    /// Whether there is padding behind the payload.
    pub is_padded: bool,
    csrcs: &'a [u8],
    extension: Option<ExtensionBlock<'a>>,
    length: usize,
}

impl<'a> Header<'a> {
    /// Reads the header of a packet; none if it is no RTP of version 2 or ends too early.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(packet);
        let [first, second] = reader.array()?;
        if first >> 6 != VERSION {
            return None;
        }
        let fixed = FixedHeader {
            marker: second & MARKER_BIT != 0,
            payload_type: PayloadType::of_low_bits(second),
            sequence: SeqNo::new(reader.u16()?),
            timestamp: RtpTime::new(reader.u32()?),
            ssrc: Ssrc::new(reader.u32()?),
        };
        let csrcs = reader.bytes(usize::from(first & 0x0f) * 4)?;
        let mut extension = None;
        if first & EXTENSION_BIT != 0 {
            // RFC 3550 section 5.3.1: a profile, and a length in words that leaves these four bytes
            // out.
            let profile = reader.u16()?;
            let words = usize::from(reader.u16()?);
            extension = Some(ExtensionBlock {
                profile,
                data: reader.bytes(words * 4)?,
            });
        }
        Some(Self {
            fixed,
            is_padded: first & PADDING_BIT != 0,
            csrcs,
            extension,
            length: packet.len() - reader.rest().len(),
        })
    }

    /// The length of the whole header with its extension block: where the payload begins.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The contributing sources.
    pub const fn csrcs(&self) -> Ssrcs<'a> {
        Ssrcs(self.csrcs)
    }

    /// The extension block, if the packet has one.
    pub const fn extension(&self) -> Option<ExtensionBlock<'a>> {
        self.extension
    }

    /// The elements of the extension block; none if its profile is not that of RFC 8285.
    pub fn elements(&self) -> Elements<'a> {
        self.extension
            .map_or_else(Elements::none, ExtensionBlock::elements)
    }
}

/// A packet in the clear whose structure has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The header.
    pub header: Header<'a>,
    /// What lies between the header and the padding.
    pub payload: &'a [u8],
    /// How many bytes of padding there are.
    pub padding: u8,
}

impl<'a> Packet<'a> {
    /// Reads a packet; none if a length in it says more than there is.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        let header = Header::parse(packet)?;
        let body = packet.get(header.length()..)?;
        let padding = if header.is_padded {
            // RFC 3550 section 5.1: the last byte counts itself, so 0 is no length; and the padding
            // does not reach into the header.
            match body.last().copied() {
                None | Some(0) => return None,
                Some(length) => length,
            }
        } else {
            0
        };
        let payload = body.get(..body.len().checked_sub(usize::from(padding))?)?;
        Some(Self {
            header,
            payload,
            padding,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: FixedHeader = FixedHeader {
        marker: true,
        payload_type: PayloadType::of_low_bits(96),
        sequence: SeqNo::new(0x1234),
        timestamp: RtpTime::new(0xdead_beef),
        ssrc: Ssrc::new(0x0102_0304),
    };
    const PLAIN: [u8; 12] = [0x80, 0xe0, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4];

    fn written(csrcs: &[Ssrc], elements: &ElementSet, padded: bool) -> Vec<u8> {
        let mut out = Vec::new();
        FIXED.write(&mut out, csrcs, elements, Form::Mixed, padded);
        out
    }

    #[test]
    fn a_header_is_written_and_read_as_rfc_3550_draws_it() {
        assert_eq!(written(&[], &ElementSet::new(), false), PLAIN);
        let header = Header::parse(&PLAIN).expect("a header");
        assert_eq!(header.fixed, FIXED);
        assert_eq!((header.length(), header.is_padded), (12, false));
        assert_eq!(header.csrcs().count(), 0);
        assert!(header.extension().is_none());
    }

    #[test]
    fn sources_and_elements_stand_between_the_fixed_header_and_the_payload() {
        let mut elements = ElementSet::new();
        assert!(elements.push(3, b"ab"));
        let csrcs = [Ssrc::new(7), Ssrc::new(8)];
        let mut packet = written(&csrcs, &elements, false);
        let expected = [
            0x92, 0xe0, 0x12, 0x34, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, // fixed
            0, 0, 0, 7, 0, 0, 0, 8, // sources
            0xbe, 0xde, 0, 1, 0x31, b'a', b'b', 0, // one-byte elements
        ];
        assert_eq!(packet, expected);
        packet.extend_from_slice(b"payload");
        let read = Packet::parse(&packet).expect("a packet");
        assert_eq!(read.header.csrcs().collect::<Vec<_>>(), csrcs);
        let element = read.header.elements().next().expect("an element");
        assert_eq!((element.id, element.value), (3, &b"ab"[..]));
        assert_eq!(read.payload, b"payload");
    }

    #[test]
    fn a_header_has_fifteen_sources_at_most() {
        let packet = written(&[Ssrc::new(1); 20], &ElementSet::new(), false);
        let header = Header::parse(&packet).expect("a header");
        assert_eq!(header.csrcs().count(), 15);
        assert_eq!(header.length(), packet.len());
    }

    #[test]
    fn no_prefix_of_a_header_is_a_header() {
        let mut elements = ElementSet::new();
        elements.push(1, b"abc");
        let packet = written(&[Ssrc::new(9)], &elements, false);
        for length in 0..packet.len() {
            assert!(Header::parse(&packet[..length]).is_none(), "{length} bytes");
        }
        assert!(Header::parse(&packet).is_some());
    }

    #[test]
    fn other_versions_are_not_rtp() {
        for version in [0, 1, 3] {
            let mut packet = PLAIN;
            packet[0] = version << 6;
            assert!(Header::parse(&packet).is_none(), "version {version}");
        }
    }

    #[test]
    fn padding_is_taken_off_and_never_more_than_there_is() {
        let mut packet = written(&[], &ElementSet::new(), true);
        packet.extend_from_slice(b"abc");
        write_padding(&mut packet, 4);
        assert_eq!(packet[12..], [b'a', b'b', b'c', 0, 0, 0, 4]);
        let read = Packet::parse(&packet).expect("a packet");
        assert_eq!((read.payload, read.padding), (&b"abc"[..], 4));
        // All of the body may be padding, but not a byte of the header (CVE-2025-49140).
        for (length, payload) in [(7, Some(0)), (8, None), (255, None), (0, None)] {
            packet[18] = length;
            assert_eq!(
                Packet::parse(&packet).map(|read| read.payload.len()),
                payload
            );
        }
        // Announced, with nothing behind the header.
        assert!(Packet::parse(&packet[..12]).is_none());
    }

    #[test]
    fn padding_of_nothing_is_not_written() {
        let mut out = Vec::new();
        write_padding(&mut out, 0);
        assert!(out.is_empty());
        write_padding(&mut out, 1);
        assert_eq!(out, [1]);
    }
}
