//! Extended reports (RFC 3611): the two blocks by which a receiver measures its round trip.

use crate::ids::Ssrc;
use crate::wire::Reader;
use crate::wire::rtp::{NtpShort, NtpTime};

use super::compound::{EXTENDED_REPORT, write_packet};

const REFERENCE_TIME: u8 = 4;
const LAST_RECEIVED: u8 = 5;
const LAST_RECEIVED_WORDS: u16 = 3;

/// Blocks of one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct ExtendedReport<'a> {
    /// Whose.
    pub ssrc: Ssrc,
    /// The blocks.
    pub blocks: XrBlocks<'a>,
}

impl<'a> ExtendedReport<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        Some(Self {
            ssrc: Ssrc::new(reader.u32()?),
            blocks: XrBlocks(reader.rest()),
        })
    }
}

/// Walks over blocks, up to the first one that is malformed.
#[derive(Clone, Copy, Debug)]
pub struct XrBlocks<'a>(&'a [u8]);

/// One block.
#[derive(Clone, Copy, Debug)]
pub enum XrBlock<'a> {
    /// The time of day at a receiver (section 4.4).
    ReferenceTime(NtpTime),
    /// Which reference times somebody has received (section 4.5).
    LastReceived(LastReceived<'a>),
    /// Of a type that we do not know.
    Other(u8),
}

impl<'a> Iterator for XrBlocks<'a> {
    type Item = XrBlock<'a>;

    fn next(&mut self) -> Option<XrBlock<'a>> {
        let mut reader = Reader::new(std::mem::take(&mut self.0));
        let [kind, _specific] = reader.array()?;
        let words = usize::from(reader.u16()?);
        let body = reader.bytes(words * 4)?;
        let block = match kind {
            REFERENCE_TIME => XrBlock::ReferenceTime(NtpTime::new(Reader::new(body).u64()?)),
            LAST_RECEIVED => XrBlock::LastReceived(LastReceived(body)),
            _ => XrBlock::Other(kind),
        };
        self.0 = reader.rest();
        Some(block)
    }
}

/// Walks over receivers: which of their reference times came last, and how long ago.
#[derive(Clone, Copy, Debug)]
pub struct LastReceived<'a>(&'a [u8]);

impl Iterator for LastReceived<'_> {
    type Item = (Ssrc, NtpShort, NtpShort);

    fn next(&mut self) -> Option<Self::Item> {
        let mut reader = Reader::new(self.0);
        let found = (
            Ssrc::new(reader.u32()?),
            NtpShort::new(reader.u32()?),
            NtpShort::new(reader.u32()?),
        );
        self.0 = reader.rest();
        Some(found)
    }
}

/// Appends a receiver's reference time.
pub fn write_receiver_reference_time(out: &mut Vec<u8>, ssrc: Ssrc, now: NtpTime) {
    write_packet(out, 0, EXTENDED_REPORT, |out| {
        out.extend_from_slice(&ssrc.get().to_be_bytes());
        out.extend_from_slice(&[REFERENCE_TIME, 0, 0, 2]);
        out.extend_from_slice(&now.get().to_be_bytes());
    });
}

/// Appends which reference times were received of whom, and how long ago. Nothing for nobody, and
/// no more than 255 receivers.
pub fn write_receiver_references(
    out: &mut Vec<u8>,
    ssrc: Ssrc,
    received: &[(Ssrc, NtpShort, NtpShort)],
) {
    if received.is_empty() {
        return;
    }
    let received = received.get(..255).unwrap_or(received);
    write_packet(out, 0, EXTENDED_REPORT, |out| {
        out.extend_from_slice(&ssrc.get().to_be_bytes());
        out.extend_from_slice(&[LAST_RECEIVED, 0]);
        let words = received.len() as u16 * LAST_RECEIVED_WORDS;
        out.extend_from_slice(&words.to_be_bytes());
        for (receiver, last, since) in received {
            for word in [receiver.get(), last.get(), since.get()] {
                out.extend_from_slice(&word.to_be_bytes());
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    fn blocks(packet: &[u8]) -> Vec<String> {
        let Some(Packet::ExtendedReport(report)) =
            Compound::parse(packet).and_then(|mut p| p.next())
        else {
            panic!("no extended report");
        };
        assert_eq!(report.ssrc, Ssrc::new(1));
        let texts = report.blocks.map(|block| match block {
            XrBlock::ReferenceTime(time) => format!("time {:x}", time.get()),
            XrBlock::LastReceived(received) => received
                .map(|(ssrc, last, since)| format!("{ssrc} {:x} {:x},", last.get(), since.get()))
                .collect(),
            XrBlock::Other(kind) => format!("other {kind}"),
        });
        texts.collect()
    }

    #[test]
    fn a_reference_time_is_laid_out_as_in_rfc_3611_section_4_4() {
        let mut out = Vec::new();
        let now = NtpTime::new(0x0102_0304_0506_0708);
        write_receiver_reference_time(&mut out, Ssrc::new(1), now);
        let expected = [
            0x80, 207, 0, 4, 0, 0, 0, 1, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        assert_eq!(out, expected);
        assert_eq!(blocks(&out), ["time 102030405060708"]);
    }

    #[test]
    fn each_receiver_has_three_words() {
        let mut out = Vec::new();
        write_receiver_references(&mut out, Ssrc::new(1), &[]);
        assert!(out.is_empty());
        let short = NtpShort::new;
        let received = [
            (Ssrc::new(2), short(3), short(4)),
            (Ssrc::new(5), short(6), short(7)),
        ];
        write_receiver_references(&mut out, Ssrc::new(1), &received);
        assert_eq!(out[..12], [0x80, 207, 0, 8, 0, 0, 0, 1, 5, 0, 0, 6]);
        assert_eq!(blocks(&out), ["2 3 4,5 6 7,"]);
    }

    #[test]
    fn unknown_blocks_are_passed_over_and_cut_ones_end_the_walk() {
        let head = [0x80, 207, 0, 5, 0, 0, 0, 1];
        let unknown = [9, 1, 0, 1, 0, 0, 0, 0];
        let cut = [4, 0, 0, 2, 1, 2, 3, 4];
        let packet = [&head[..], &unknown, &cut].concat();
        assert_eq!(blocks(&packet), ["other 9"]);
        let short = [&head[..], &unknown, &[4, 0, 0, 1, 1, 2, 3, 4]].concat();
        assert_eq!(blocks(&short), ["other 9"]);
    }
}
