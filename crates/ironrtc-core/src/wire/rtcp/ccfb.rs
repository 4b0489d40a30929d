//! Congestion control feedback (RFC 8888): when packets of each stream arrived, and with which mark.

use std::time::Duration;

use crate::datagram::Ecn;
use crate::ids::Ssrc;
use crate::wire::Reader;
use crate::wire::rtp::{NtpShort, SeqNo};

use super::compound::{FORMAT_CCFB, TRANSPORT_FEEDBACK, write_packet};

const RECEIVED: u16 = 0x8000;
const ECN_SHIFT: u32 = 13;
const OFFSET_BITS: u16 = 0x1fff;
/// RFC 8888 section 3.1: an offset this long or longer, and one that is not known.
const OFFSET_MAX: u16 = 0x1ffe;
const OFFSET_UNKNOWN: u16 = 0x1fff;
const OFFSETS_PER_SECOND: u128 = 1024;

/// What is told of a packet that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CcfbArrival {
    /// The mark that it came with.
    pub ecn: Option<Ecn>,
    /// How long before the feedback's time it arrived, in units of 1/1024 s; none if that is not
    /// known. 8,190 is that or longer.
    pub offset: Option<u16>,
}

impl CcfbArrival {
    /// A packet that arrived so long before the feedback's time.
    pub fn before(age: Duration, ecn: Option<Ecn>) -> Self {
        let units = age.as_nanos() * OFFSETS_PER_SECOND / 1_000_000_000;
        Self {
            ecn,
            offset: Some(u16::try_from(units).map_or(OFFSET_MAX, |units| units.min(OFFSET_MAX))),
        }
    }

    fn read(word: u16) -> Option<Self> {
        if word & RECEIVED == 0 {
            return None;
        }
        Some(Self {
            // The codepoints of the IP header (RFC 3168 section 5).
            ecn: match word >> ECN_SHIFT & 3 {
                0 => None,
                1 => Some(Ecn::Ect1),
                2 => Some(Ecn::Ect0),
                _ => Some(Ecn::Ce),
            },
            offset: Some(word & OFFSET_BITS).filter(|offset| *offset != OFFSET_UNKNOWN),
        })
    }

    fn word(self) -> u16 {
        let ecn = match self.ecn {
            None => 0,
            Some(Ecn::Ect1) => 1,
            Some(Ecn::Ect0) => 2,
            Some(Ecn::Ce) => 3,
        };
        let offset = self
            .offset
            .map_or(OFFSET_UNKNOWN, |offset| offset.min(OFFSET_MAX));
        RECEIVED | ecn << ECN_SHIFT | offset
    }
}

/// What a receiver tells of streams.
#[derive(Clone, Copy, Debug)]
pub struct CongestionFeedback<'a> {
    /// Who tells it.
    pub sender: Ssrc,
    /// When it was made, by the receiver's clock.
    pub time: NtpShort,
    streams: &'a [u8],
}

/// What is told of one stream.
#[derive(Clone, Copy, Debug)]
pub struct CcfbStream<'a> {
    /// The stream.
    pub ssrc: Ssrc,
    /// The number of the first packet that it is about.
    pub first: SeqNo,
    reports: &'a [u8],
}

impl<'a> CongestionFeedback<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let sender = Ssrc::new(reader.u32()?);
        let rest = reader.rest();
        // The time is the last word, behind as many streams as there are.
        let streams = reader.bytes(rest.len().checked_sub(4)?)?;
        let feedback = Self {
            sender,
            time: NtpShort::new(reader.u32()?),
            streams,
        };
        let mut walk = feedback;
        while walk.next_stream().is_some() {}
        walk.streams.is_empty().then_some(feedback)
    }

    fn next_stream(&mut self) -> Option<CcfbStream<'a>> {
        let mut reader = Reader::new(self.streams);
        let ssrc = Ssrc::new(reader.u32()?);
        let first = SeqNo::new(reader.u16()?);
        let length = usize::from(reader.u16()?) * 2;
        let reports = reader.bytes(length)?;
        // Reports fill whole words.
        reader.bytes(length % 4)?;
        self.streams = reader.rest();
        Some(CcfbStream {
            ssrc,
            first,
            reports,
        })
    }

    /// The streams.
    pub fn streams(&self) -> impl Iterator<Item = CcfbStream<'a>> + use<'a> {
        let mut walk = *self;
        std::iter::from_fn(move || walk.next_stream())
    }
}

impl<'a> CcfbStream<'a> {
    /// The packets with what is told of them; none have not arrived.
    pub const fn reports(&self) -> CcfbReports<'a> {
        CcfbReports {
            next: self.first,
            rest: self.reports,
        }
    }
}

/// Walks over the packets of a stream.
#[derive(Clone, Copy, Debug)]
pub struct CcfbReports<'a> {
    next: SeqNo,
    rest: &'a [u8],
}

impl Iterator for CcfbReports<'_> {
    type Item = (SeqNo, Option<CcfbArrival>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = Reader::new(self.rest);
        let word = reader.u16()?;
        self.rest = reader.rest();
        let sequence = self.next;
        self.next = sequence.plus(1);
        Some((sequence, CcfbArrival::read(word)))
    }
}

/// Appends feedback: for each stream the number of the first packet, and what is told of it and of
/// those behind it.
pub fn write_congestion_feedback<R: IntoIterator<Item = Option<CcfbArrival>>>(
    out: &mut Vec<u8>,
    sender: Ssrc,
    streams: impl IntoIterator<Item = (Ssrc, SeqNo, R)>,
    time: NtpShort,
) {
    write_packet(out, FORMAT_CCFB, TRANSPORT_FEEDBACK, |out| {
        out.extend_from_slice(&sender.get().to_be_bytes());
        for (ssrc, first, reports) in streams {
            out.extend_from_slice(&ssrc.get().to_be_bytes());
            out.extend_from_slice(&first.get().to_be_bytes());
            let start = out.len();
            out.extend_from_slice(&[0; 2]);
            let mut count = 0_u16;
            for report in reports.into_iter().take(usize::from(u16::MAX)) {
                let word = report.map_or(0, CcfbArrival::word);
                out.extend_from_slice(&word.to_be_bytes());
                count += 1;
            }
            if let Some(field) = out.get_mut(start..start + 2) {
                field.copy_from_slice(&count.to_be_bytes());
            }
            if !count.is_multiple_of(2) {
                out.extend_from_slice(&[0; 2]);
            }
        }
        out.extend_from_slice(&time.get().to_be_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    fn first(packet: &[u8]) -> Option<Packet<'_>> {
        Compound::parse(packet).and_then(|mut packets| packets.next())
    }

    const ARRIVAL: CcfbArrival = CcfbArrival {
        ecn: Some(Ecn::Ce),
        offset: Some(0x123),
    };

    #[test]
    fn feedback_is_laid_out_as_in_rfc_8888_section_3_1() {
        let unknown = CcfbArrival {
            ecn: Some(Ecn::Ect1),
            offset: None,
        };
        let late = CcfbArrival {
            ecn: Some(Ecn::Ect0),
            offset: Some(1),
        };
        let reports = [
            (
                Ssrc::new(2),
                SeqNo::new(65_535),
                vec![Some(ARRIVAL), None, Some(unknown)],
            ),
            (Ssrc::new(3), SeqNo::new(9), vec![Some(late), None]),
        ];
        let mut out = Vec::new();
        let time = NtpShort::new(0x0102_0304);
        write_congestion_feedback(&mut out, Ssrc::new(1), reports.clone(), time);
        let expected = [
            0x8b, 205, 0, 9, 0, 0, 0, 1, // head
            0, 0, 0, 2, 0xff, 0xff, 0, 3, 0xe1, 0x23, 0, 0, 0xbf, 0xff, 0,
            0, // three, and room
            0, 0, 0, 3, 0, 9, 0, 2, 0xc0, 0x01, 0, 0, // two
            1, 2, 3, 4,
        ];
        assert_eq!(out, expected);
        let Some(Packet::CongestionFeedback(feedback)) = first(&out) else {
            panic!("no feedback");
        };
        assert_eq!((feedback.sender, feedback.time), (Ssrc::new(1), time));
        let streams = feedback.streams().map(|stream| {
            let reports = stream.reports().map(|(_, report)| report).collect();
            (stream.ssrc, stream.first, reports)
        });
        assert_eq!(streams.collect::<Vec<_>>(), reports);
        let stream = feedback.streams().next().expect("a stream");
        let numbers: Vec<_> = stream.reports().map(|(number, _)| number.get()).collect();
        assert_eq!(numbers, [65_535, 0, 1]);
    }

    #[test]
    fn an_age_is_told_in_1024ths_of_a_second_up_to_eight_seconds() {
        let offset = |millis| CcfbArrival::before(Duration::from_millis(millis), None).offset;
        assert_eq!(offset(500), Some(512));
        assert_eq!(offset(7_990), Some(8181));
        assert_eq!(offset(60_000), Some(0x1ffe));
    }

    #[test]
    fn no_streams_are_feedback_too() {
        let mut out = Vec::new();
        let none: [(Ssrc, SeqNo, Vec<Option<CcfbArrival>>); 0] = [];
        write_congestion_feedback(&mut out, Ssrc::new(1), none, NtpShort::new(5));
        assert!(
            matches!(first(&out), Some(Packet::CongestionFeedback(feedback))
            if feedback.streams().count() == 0 && feedback.time.get() == 5)
        );
    }

    #[test]
    fn more_reports_than_there_are_bytes_are_malformed() {
        let mut packet = [
            0x8b, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 2, 0x80, 0, 0x80, 0, 0, 0, 0, 0,
        ];
        assert!(matches!(
            first(&packet),
            Some(Packet::CongestionFeedback(_))
        ));
        for count in [3, 4, 255] {
            packet[15] = count;
            assert!(matches!(first(&packet), Some(Packet::Malformed)), "{count}");
        }
        let short = [0x8b, 205, 0, 1, 0, 0, 0, 1];
        assert!(matches!(first(&short), Some(Packet::Malformed)));
    }
}
