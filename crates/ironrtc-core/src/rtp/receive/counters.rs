//! What is counted of a stream that is received.

use crate::ids::PayloadType;
use crate::time::Time;
use crate::wire::rtcp::SenderInfo;
use crate::wire::rtp::NtpTime;

/// What became of packets of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiveCounters {
    /// Packets received of the stream's own source, duplicates included.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Bytes of headers and padding, those of retransmissions too.
    pub header_bytes: u64,
    /// What the last packet was.
    pub payload_type: Option<PayloadType>,
    /// When it came.
    pub last_packet: Option<Time>,
    /// Packets lost, fewer than none if duplicates came.
    pub lost: i64,
    /// The jitter in ticks of the stream's clock.
    pub jitter: u32,
    /// Retransmissions received, of packets that had come all the same too.
    pub retransmitted: u64,
    /// Bytes of their payloads.
    pub retransmitted_bytes: u64,
    /// Packets that retransmissions brought.
    pub repaired: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Retransmissions of packets too old, or too far ahead, to be of use.
    pub discarded: u64,
    /// Parity (RFC 5109) and repeated payloads (RFC 2198) that came for packets that might be lost.
    pub fec: u64,
    /// Bytes of them.
    pub fec_bytes: u64,
    /// Those of them that were of no use: nothing was lost, or too much.
    pub fec_discarded: u64,
    /// Packets that were made of them.
    pub recovered: u64,
    /// Packets that nobody read in time.
    pub unread: u64,
    /// Requests for packets that were sent.
    pub nacks: u64,
    /// Requests for key frames that were sent as PLI.
    pub plis: u64,
    /// Requests for key frames that were sent as FIR.
    pub firs: u64,
    /// The stream is read by frames, which are counted then.
    pub reads_frames: bool,
    /// Whole frames.
    pub frames: u64,
    /// Those of them that a decoder can start with.
    pub key_frames: u64,
    /// Frames that nobody read in time.
    pub unread_frames: u64,
    /// Frames that came whole, or in part, and that nothing could be decoded of.
    pub dropped_frames: u64,
    /// Packets of which no frame was made, as others never came, or one before them did not.
    pub dropped: u64,
    /// What the sender last reported, if it has.
    pub reported: Option<SenderReported>,
}

/// What the sender of a stream reported of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SenderReported {
    /// When the last report came.
    pub arrived: Time,
    /// The sender's time of day in it.
    pub ntp: NtpTime,
    /// Packets that it had sent.
    pub packets: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Reports that came.
    pub reports: u64,
}

impl SenderReported {
    /// Takes the next report, whose counters wrap.
    pub(super) fn next(before: Option<Self>, now: Time, info: SenderInfo) -> Self {
        Self {
            arrived: now,
            ntp: info.ntp,
            packets: unwrap(before.map(|before| before.packets), info.packets),
            bytes: unwrap(before.map(|before| before.bytes), info.octets),
            reports: before.map_or(0, |before| before.reports) + 1,
        }
    }
}

/// The counter whose lower half is given that is next to the one before.
fn unwrap(before: Option<u64>, counter: u32) -> u64 {
    let Some(before) = before else {
        return counter.into();
    };
    let change = counter.wrapping_sub(before as u32) as i32;
    before.saturating_add_signed(change.into())
}
