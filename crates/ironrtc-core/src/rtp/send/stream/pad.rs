//! Packets that fill the rate.

use crate::ids::{PayloadType, Ssrc};
use crate::rtp::MediaKind;
use crate::time::Time;
use crate::wire::rtp::{FixedHeader, HeaderExtension, SeqNo, write_padding};

use super::super::padding;
use super::{SendStream, Writing, push_names, push_times};

impl SendStream {
    /// Whether packets of its retransmissions' source can fill the rate.
    pub(in crate::rtp::send) fn can_pad(&self) -> bool {
        self.is_active
            && self.kind == MediaKind::Video
            && self.repair.is_some()
            && self.last_repair().is_some()
    }

    /// The type of retransmissions of what was sent last.
    fn last_repair(&self) -> Option<PayloadType> {
        self.payloads.get(&self.counters.payload_type?)?.rtx
    }

    /// Appends a packet that fills the rate: what was sent last, once more, which may repair something
    /// besides; or nothing but padding.
    pub(in crate::rtp::send) fn write_padding(
        &mut self,
        now: Time,
        writing: &mut Writing<'_>,
        out: &mut Vec<u8>,
    ) -> Option<(Ssrc, u64)> {
        if let Some(position) = self.history.newest(padding::LEAST_AGAIN)
            && let Some(written) = self.write_again(now, position, writing, out)
        {
            return Some(written);
        }
        let payload_type = self.last_repair()?;
        let timestamp = self.clock.as_ref()?.at(now);
        let repair = self.repair.as_mut()?;
        let number = repair.take();
        let header = FixedHeader {
            marker: false,
            payload_type,
            sequence: SeqNo::of(number),
            timestamp,
            ssrc: repair.ssrc,
        };
        let start = out.len();
        writing.elements.clear();
        if !repair.is_known {
            let kind = HeaderExtension::RepairedRtpStreamId;
            push_names(writing, &self.mid, kind, self.rid.as_ref());
        }
        push_times(now, writing);
        header.write(out, &[], writing.elements, writing.form, true);
        write_padding(out, padding::LONGEST);
        self.counters.header_bytes += (out.len() - start) as u64;
        self.counters.padding += 1;
        Some((repair.ssrc, number))
    }
}
