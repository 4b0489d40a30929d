//! The packets of a datagram: a compound packet (RFC 3550 section 6.1) or one of reduced size
//! (RFC 5506).

use crate::wire::Reader;

use super::ccfb::CongestionFeedback;
use super::nack::Nack;
use super::picture::{FullIntraRequest, PictureLoss};
use super::remb::MaxBitrate;
use super::report::{ReceiverReport, SenderReport};
use super::source::{Goodbye, SourceDescription};
use super::transport_cc::TransportFeedback;
use super::xr::ExtendedReport;

const VERSION: u8 = 2;
const PADDING_BIT: u8 = 0x20;
const COUNT_BITS: u8 = 0x1f;

pub(super) const SENDER_REPORT: u8 = 200;
pub(super) const RECEIVER_REPORT: u8 = 201;
pub(super) const SOURCE_DESCRIPTION: u8 = 202;
pub(super) const GOODBYE: u8 = 203;
/// RFC 4585 section 6.1: feedback about the transport, its kind in the count's place.
pub(super) const TRANSPORT_FEEDBACK: u8 = 205;
/// Feedback about the payload.
pub(super) const PAYLOAD_FEEDBACK: u8 = 206;
pub(super) const EXTENDED_REPORT: u8 = 207;

pub(super) const FORMAT_NACK: u8 = 1;
pub(super) const FORMAT_CCFB: u8 = 11;
pub(super) const FORMAT_TRANSPORT_CC: u8 = 15;
pub(super) const FORMAT_PLI: u8 = 1;
pub(super) const FORMAT_FIR: u8 = 4;
pub(super) const FORMAT_APPLICATION: u8 = 15;

/// Whether a packet on a transport of media is RTCP rather than RTP (RFC 5761 section 4): by the
/// second byte, since payload types 64 to 95 are not given to streams. It does so for SRTCP too.
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

/// One packet of a datagram.
#[derive(Clone, Copy, Debug)]
pub enum Packet<'a> {
    /// What a sender has sent, and received.
    SenderReport(SenderReport<'a>),
    /// What a receiver has received.
    ReceiverReport(ReceiverReport<'a>),
    /// Who sources are.
    SourceDescription(SourceDescription<'a>),
    /// Sources that end.
    Goodbye(Goodbye<'a>),
    /// Packets that are missing (RFC 4585 section 6.2.1).
    Nack(Nack<'a>),
    /// Pictures cannot be decoded (RFC 4585 section 6.3.1).
    PictureLoss(PictureLoss),
    /// Somebody needs a key frame (RFC 5104 section 4.3.1).
    FullIntraRequest(FullIntraRequest<'a>),
    /// The bitrate that a receiver takes.
    MaxBitrate(MaxBitrate<'a>),
    /// When packets of the transport arrived.
    TransportFeedback(TransportFeedback<'a>),
    /// When packets of each stream arrived, with their ECN marks (RFC 8888).
    CongestionFeedback(CongestionFeedback<'a>),
    /// Extended reports (RFC 3611).
    ExtendedReport(ExtendedReport<'a>),
    /// Of a kind that we do not know.
    Unknown,
    /// Its length is right, and what it says is not.
    Malformed,
}

/// The packets of a datagram, whose lengths add up.
#[derive(Clone, Copy, Debug)]
pub struct Compound<'a>(&'a [u8]);

/// A packet without its head.
struct Raw<'a> {
    count: u8,
    kind: u8,
    is_padded: bool,
    body: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks the structure of a datagram in the clear; none if it is not RTCP alone.
    pub fn parse(datagram: &'a [u8]) -> Option<Self> {
        let mut rest = Reader::new(datagram);
        // RFC 3550 appendix A.2: all packets are of version 2, their lengths add up to the
        // datagram's, and only the last one may be padded. RFC 5506 lets any kind be the first.
        loop {
            let packet = read_raw(&mut rest)?;
            if rest.rest().is_empty() {
                if packet.is_padded {
                    unpadded(packet.body)?;
                }
                return Some(Self(datagram));
            }
            if packet.is_padded {
                return None;
            }
        }
    }
}

fn read_raw<'a>(reader: &mut Reader<'a>) -> Option<Raw<'a>> {
    let [first, kind] = reader.array()?;
    if first >> 6 != VERSION {
        return None;
    }
    let words = usize::from(reader.u16()?);
    Some(Raw {
        count: first & COUNT_BITS,
        kind,
        is_padded: first & PADDING_BIT != 0,
        body: reader.bytes(words * 4)?,
    })
}

/// RFC 3550 section 6.4.1: the last byte of the padding says how long it is. That it is a multiple of
/// four does not hold for libwebrtc's transport-wide feedback, which it fills up to a word so.
fn unpadded(body: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*body.last()?);
    if padding == 0 {
        return None;
    }
    body.get(..body.len().checked_sub(padding)?)
}

impl<'a> Iterator for Compound<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        let mut reader = Reader::new(self.0);
        let mut raw = read_raw(&mut reader)?;
        self.0 = reader.rest();
        if raw.is_padded {
            raw.body = unpadded(raw.body)?;
        }
        Some(raw.read().unwrap_or(Packet::Malformed))
    }
}

impl<'a> Raw<'a> {
    fn read(&self) -> Option<Packet<'a>> {
        let (count, body) = (self.count, self.body);
        Some(match (self.kind, count) {
            (SENDER_REPORT, _) => Packet::SenderReport(SenderReport::read(count, body)?),
            (RECEIVER_REPORT, _) => Packet::ReceiverReport(ReceiverReport::read(count, body)?),
            (SOURCE_DESCRIPTION, _) => {
                Packet::SourceDescription(SourceDescription::read(count, body))
            }
            (GOODBYE, _) => Packet::Goodbye(Goodbye::read(count, body)?),
            (TRANSPORT_FEEDBACK, FORMAT_NACK) => Packet::Nack(Nack::read(body)?),
            (TRANSPORT_FEEDBACK, FORMAT_CCFB) => {
                Packet::CongestionFeedback(CongestionFeedback::read(body)?)
            }
            (TRANSPORT_FEEDBACK, FORMAT_TRANSPORT_CC) => {
                Packet::TransportFeedback(TransportFeedback::read(body)?)
            }
            (PAYLOAD_FEEDBACK, FORMAT_PLI) => Packet::PictureLoss(PictureLoss::read(body)?),
            (PAYLOAD_FEEDBACK, FORMAT_FIR) => {
                Packet::FullIntraRequest(FullIntraRequest::read(body)?)
            }
            (PAYLOAD_FEEDBACK, FORMAT_APPLICATION) => match MaxBitrate::identifier(body)? {
                MaxBitrate::NAME => Packet::MaxBitrate(MaxBitrate::read(body)?),
                _ => Packet::Unknown,
            },
            (EXTENDED_REPORT, _) => Packet::ExtendedReport(ExtendedReport::read(body)?),
            _ => Packet::Unknown,
        })
    }
}

/// Appends a packet whose body `write` appends; its length is set and filled up to whole words.
pub(super) fn write_packet(
    out: &mut Vec<u8>,
    count: u8,
    kind: u8,
    write: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[VERSION << 6 | (count & COUNT_BITS), kind, 0, 0]);
    write(out);
    let length = out.len().saturating_sub(start).next_multiple_of(4);
    out.resize(start + length, 0);
    let words = u16::try_from(length / 4 - 1).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(start + 2..start + 4) {
        field.copy_from_slice(&words.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Ssrc;
    use crate::wire::rtcp::{write_pli, write_receiver_report};

    #[test]
    fn the_second_byte_tells_rtcp_from_rtp() {
        assert!(is_rtcp(&[0x80, 200]) && is_rtcp(&[0x80, 207]));
        // Payload type 96 with and without a marker, and nothing.
        assert!(!is_rtcp(&[0x80, 96]) && !is_rtcp(&[0x80, 0xe0]) && !is_rtcp(&[0x80]));
    }

    #[test]
    fn a_datagram_has_one_packet_after_the_other() {
        let mut datagram = Vec::new();
        write_receiver_report(&mut datagram, Ssrc::new(1), &[]);
        write_pli(&mut datagram, Ssrc::new(1), Ssrc::new(2));
        // A kind that nobody knows.
        datagram.extend_from_slice(&[0x80, 222, 0, 0]);
        let packets: Vec<_> = Compound::parse(&datagram).expect("a compound").collect();
        assert!(matches!(
            packets[..],
            [
                Packet::ReceiverReport(_),
                Packet::PictureLoss(_),
                Packet::Unknown
            ]
        ));
    }

    #[test]
    fn a_packet_of_reduced_size_need_not_begin_with_a_report() {
        let mut datagram = Vec::new();
        write_pli(&mut datagram, Ssrc::new(1), Ssrc::new(2));
        let mut packets = Compound::parse(&datagram).expect("a compound");
        assert!(matches!(packets.next(), Some(Packet::PictureLoss(_))));
        assert!(packets.next().is_none());
    }

    #[test]
    fn lengths_that_do_not_add_up_spoil_the_whole_datagram() {
        let mut datagram = Vec::new();
        write_receiver_report(&mut datagram, Ssrc::new(1), &[]);
        write_pli(&mut datagram, Ssrc::new(1), Ssrc::new(2));
        for length in (0..datagram.len()).filter(|length| *length != 8) {
            assert!(Compound::parse(&datagram[..length]).is_none(), "{length}");
        }
        datagram.push(0);
        assert!(Compound::parse(&datagram).is_none());
        datagram.pop();
        datagram[8] = 0x40 | 1;
        assert!(Compound::parse(&datagram).is_none(), "another version");
    }

    #[test]
    fn only_the_last_packet_may_be_padded_and_never_beyond_its_body() {
        let first = [0x80, 201, 0, 1, 0, 0, 0, 1];
        let padded = |last: u8| [0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, last];
        let both = |a: &[u8], b: &[u8]| [a, b].concat();
        assert!(Compound::parse(&both(&first, &padded(4))).is_some());
        assert!(Compound::parse(&both(&padded(4), &first)).is_none());
        for bad in [0, 9, 12, 255] {
            assert!(Compound::parse(&padded(bad)).is_none(), "{bad}");
        }
        // All of the body is padding: what remains is malformed and nothing else.
        let all = padded(8);
        let mut packets = Compound::parse(&all).into_iter().flatten();
        assert!(matches!(packets.next(), Some(Packet::Malformed)));
        assert!(Compound::parse(&[0xa0, 201, 0, 0]).is_none());
    }

    #[test]
    fn feedback_of_chromium_is_padded_by_less_than_a_word() {
        let datagram = [
            0xaf, 0xcd, 0x00, 0x06, 0x12, 0xc6, 0xcb, 0xf4, 0x3b, 0xa1, 0xe0, 0x5f, 0x00, 0x18,
            0x00, 0x04, 0x00, 0xd5, 0x67, 0x01, 0x20, 0x04, 0xd9, 0x55, 0x14, 0x41, 0x00, 0x02,
        ];
        let mut packets = Compound::parse(&datagram).expect("a compound");
        let Some(Packet::TransportFeedback(feedback)) = packets.next() else {
            panic!("no feedback");
        };
        assert_eq!((feedback.base.get(), feedback.packets), (24, 4));
        assert_eq!(feedback.arrivals().count(), 4);
    }

    #[test]
    fn a_malformed_packet_does_not_hide_the_next_one() {
        // A sender's report of one word, then a PLI.
        let mut datagram = vec![0x80, 200, 0, 1, 0, 0, 0, 1];
        write_pli(&mut datagram, Ssrc::new(1), Ssrc::new(2));
        let packets: Vec<_> = Compound::parse(&datagram).expect("a compound").collect();
        assert!(matches!(
            packets[..],
            [Packet::Malformed, Packet::PictureLoss(_)]
        ));
    }
}
