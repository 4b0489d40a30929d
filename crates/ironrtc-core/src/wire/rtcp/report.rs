//! Reports of senders and receivers (RFC 3550 section 6.4).

use crate::ids::Ssrc;
use crate::wire::Reader;
use crate::wire::rtp::{NtpShort, NtpTime, RtpTime};

use super::compound::{RECEIVER_REPORT, SENDER_REPORT, write_packet};

/// What was received of one source (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source.
    pub ssrc: Ssrc,
    /// The share that was lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// How many were lost in all; negative if duplicates came. 24 bits are sent, and more are the
    /// most that can be said.
    pub cumulative_lost: i32,
    /// The highest sequence number, with the number of its cycles in the upper half.
    pub highest: u32,
    /// The jitter of arrivals, in units of the source's clock.
    pub jitter: u32,
    /// The middle of the last sender report's time, 0 if there was none.
    pub last_report: NtpShort,
    /// The time since that report.
    pub since_last_report: NtpShort,
}

/// The range of a cumulative loss (RFC 3550 appendix A.3).
const MAX_LOST: i32 = 0x7f_ffff;
const MIN_LOST: i32 = -0x80_0000;

impl ReportBlock {
    /// Its length.
    pub const LENGTH: usize = 24;
    /// Most of them in a packet.
    pub const MAX: usize = 31;

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let ssrc = Ssrc::new(reader.u32()?);
        let [fraction_lost, lost @ ..] = reader.array::<4>()?;
        let [a, b, c] = lost;
        Some(Self {
            ssrc,
            fraction_lost,
            cumulative_lost: i32::from_be_bytes([a, b, c, 0]) >> 8,
            highest: reader.u32()?,
            jitter: reader.u32()?,
            last_report: NtpShort::new(reader.u32()?),
            since_last_report: NtpShort::new(reader.u32()?),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.ssrc.get().to_be_bytes());
        let lost = self.cumulative_lost.clamp(MIN_LOST, MAX_LOST) as u32 & 0x00ff_ffff;
        out.extend_from_slice(&(u32::from(self.fraction_lost) << 24 | lost).to_be_bytes());
        for word in [
            self.highest,
            self.jitter,
            self.last_report.get(),
            self.since_last_report.get(),
        ] {
            out.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// Walks over the blocks of a report.
#[derive(Clone, Copy, Debug)]
pub struct ReportBlocks<'a>(&'a [u8]);

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let mut reader = Reader::new(self.0);
        let block = ReportBlock::read(&mut reader)?;
        self.0 = reader.rest();
        Some(block)
    }
}

fn read_blocks<'a>(count: u8, reader: &mut Reader<'a>) -> Option<ReportBlocks<'a>> {
    // What follows the blocks are a profile's extensions, which we do not know.
    let length = usize::from(count) * ReportBlock::LENGTH;
    reader.bytes(length).map(ReportBlocks)
}

/// What a sender tells of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// The time of day of this report.
    pub ntp: NtpTime,
    /// The same moment in the stream's timestamps.
    pub rtp: RtpTime,
    /// Packets sent, modulo 2^32.
    pub packets: u32,
    /// Bytes of payload sent, modulo 2^32.
    pub octets: u32,
}

/// A report of a source that sends (RFC 3550 section 6.4.1).
#[derive(Clone, Copy, Debug)]
pub struct SenderReport<'a> {
    /// Whose report it is.
    pub ssrc: Ssrc,
    /// What it has sent.
    pub info: SenderInfo,
    /// What it has received.
    pub blocks: ReportBlocks<'a>,
}

impl<'a> SenderReport<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        Some(Self {
            ssrc: Ssrc::new(reader.u32()?),
            info: SenderInfo {
                ntp: NtpTime::new(reader.u64()?),
                rtp: RtpTime::new(reader.u32()?),
                packets: reader.u32()?,
                octets: reader.u32()?,
            },
            blocks: read_blocks(count, &mut reader)?,
        })
    }
}

/// A report of a source that only receives (RFC 3550 section 6.4.2).
#[derive(Clone, Copy, Debug)]
pub struct ReceiverReport<'a> {
    /// Whose report it is.
    pub ssrc: Ssrc,
    /// What it has received.
    pub blocks: ReportBlocks<'a>,
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn read(count: u8, body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        Some(Self {
            ssrc: Ssrc::new(reader.u32()?),
            blocks: read_blocks(count, &mut reader)?,
        })
    }
}

fn write_blocks(out: &mut Vec<u8>, blocks: &[ReportBlock]) {
    for block in blocks {
        block.write(out);
    }
}

/// As many blocks as a packet takes.
fn first_blocks(blocks: &[ReportBlock]) -> &[ReportBlock] {
    blocks.get(..ReportBlock::MAX).unwrap_or(blocks)
}

/// Appends a sender's report with at most [`ReportBlock::MAX`] blocks.
pub fn write_sender_report(
    out: &mut Vec<u8>,
    ssrc: Ssrc,
    info: &SenderInfo,
    blocks: &[ReportBlock],
) {
    let blocks = first_blocks(blocks);
    write_packet(out, blocks.len() as u8, SENDER_REPORT, |out| {
        out.extend_from_slice(&ssrc.get().to_be_bytes());
        out.extend_from_slice(&info.ntp.get().to_be_bytes());
        out.extend_from_slice(&info.rtp.get().to_be_bytes());
        out.extend_from_slice(&info.packets.to_be_bytes());
        out.extend_from_slice(&info.octets.to_be_bytes());
        write_blocks(out, blocks);
    });
}

/// Appends a receiver's report with at most [`ReportBlock::MAX`] blocks.
pub fn write_receiver_report(out: &mut Vec<u8>, ssrc: Ssrc, blocks: &[ReportBlock]) {
    let blocks = first_blocks(blocks);
    write_packet(out, blocks.len() as u8, RECEIVER_REPORT, |out| {
        out.extend_from_slice(&ssrc.get().to_be_bytes());
        write_blocks(out, blocks);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::rtcp::{Compound, Packet};

    const BLOCK: ReportBlock = ReportBlock {
        ssrc: Ssrc::new(0x0a0b_0c0d),
        fraction_lost: 0x40,
        cumulative_lost: -2,
        highest: 0x0001_ffff,
        jitter: 7,
        last_report: NtpShort::new(0xb705_2000),
        since_last_report: NtpShort::new(0x0005_4000),
    };
    const BLOCK_BYTES: [u8; 24] = [
        0x0a, 0x0b, 0x0c, 0x0d, 0x40, 0xff, 0xff, 0xfe, 0, 1, 0xff, 0xff, 0, 0, 0, 7, 0xb7, 5,
        0x20, 0, 0, 5, 0x40, 0,
    ];

    #[test]
    fn a_senders_report_is_laid_out_as_in_rfc_3550_section_6_4_1() {
        let info = SenderInfo {
            ntp: NtpTime::new(0xb44d_b705_2000_0000),
            rtp: RtpTime::new(0x1122_3344),
            packets: 5,
            octets: 600,
        };
        let mut out = Vec::new();
        write_sender_report(&mut out, Ssrc::new(1), &info, &[BLOCK]);
        let head = [
            0x81, 200, 0, 12, 0, 0, 0, 1, 0xb4, 0x4d, 0xb7, 5, 0x20, 0, 0, 0, 0x11, 0x22, 0x33,
            0x44, 0, 0, 0, 5, 0, 0, 2, 0x58,
        ];
        assert_eq!(out, [&head[..], &BLOCK_BYTES[..]].concat());
        let Some(Packet::SenderReport(report)) = Compound::parse(&out).and_then(|mut p| p.next())
        else {
            panic!("no sender's report");
        };
        assert_eq!((report.ssrc, report.info), (Ssrc::new(1), info));
        assert_eq!(report.blocks.collect::<Vec<_>>(), [BLOCK]);
    }

    #[test]
    fn a_receivers_report_may_end_with_a_profiles_extension() {
        let mut out = Vec::new();
        write_receiver_report(&mut out, Ssrc::new(1), &[BLOCK, BLOCK]);
        out.extend_from_slice(&[9; 4]);
        out[3] += 1;
        let Some(Packet::ReceiverReport(report)) = Compound::parse(&out).and_then(|mut p| p.next())
        else {
            panic!("no receiver's report");
        };
        assert_eq!(report.blocks.collect::<Vec<_>>(), [BLOCK, BLOCK]);
    }

    #[test]
    fn more_blocks_than_bytes_are_malformed() {
        let packet = [0x81, 201, 0, 1, 0, 0, 0, 1];
        let first = Compound::parse(&packet).and_then(|mut p| p.next());
        assert!(matches!(first, Some(Packet::Malformed)));
    }

    #[test]
    fn a_packet_has_31_blocks_at_most() {
        let mut out = Vec::new();
        write_receiver_report(&mut out, Ssrc::new(1), &[BLOCK; 40]);
        assert_eq!(out[0], 0x80 | 31);
        assert_eq!(out.len(), 8 + 31 * 24);
    }

    #[test]
    fn a_loss_beyond_24_bits_is_the_most_that_can_be_said() {
        for (lost, bytes) in [
            (i32::MAX, [0x7f, 0xff, 0xff]),
            (i32::MIN, [0x80, 0, 0]),
            (3, [0, 0, 3]),
        ] {
            let block = ReportBlock {
                cumulative_lost: lost,
                ..BLOCK
            };
            let mut out = Vec::new();
            write_receiver_report(&mut out, Ssrc::new(1), &[block]);
            assert_eq!(out[13..16], bytes);
        }
    }
}
