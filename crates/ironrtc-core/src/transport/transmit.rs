//! Datagrams on their way out: ICE first, then DTLS flights, then a batch of sealed SCTP packets.

use super::{Security, Transport};
use crate::datagram::{Path, Transmit};
use crate::dtls::DtlsState;
use crate::observe::{Content, Direction};
use crate::time::Time;

/// Most bytes of one batch: a UDP datagram's largest payload over IPv4, which bounds what a system
/// accepts for segmentation, less a margin for what lies between us and the wire.
const MAX_BATCH: usize = 65_507 - 507;

impl Transport {
    /// Appends the next batch of datagrams to one destination.
    ///
    /// `None` says that nothing is left to send for now. Events may follow from sending: poll them
    /// afterwards.
    pub fn poll_transmit(
        &mut self,
        now: Time,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        self.draw_consequences();
        if let Some((path, datagram)) = self.goodbyes.pop_front() {
            out.extend_from_slice(&datagram);
            return Some(Transmit::single(path, datagram.len()));
        }
        if self.closed {
            return None;
        }
        let start = out.len();
        if let Some(transmit) = self.ice.poll_transmit(now, out) {
            self.tell_sent(now, transmit.path, out.get(start..).unwrap_or_default());
            return Some(transmit);
        }
        // RFC 7675 section 5.1: without consent there is no selected path, and nothing is sent.
        let path = self.ice.selected()?;
        let Security::Begun(engine) = &mut self.security else {
            return None;
        };
        let transmit = match engine.poll_transmit(out) {
            Some(size) => {
                self.tell_sent(now, path, out.get(start..).unwrap_or_default());
                Transmit::single(path, size)
            }
            None if engine.state() == DtlsState::Connected => {
                self.write_batch(now, path, max_segments.max(1), out)?
            }
            None => return None,
        };
        self.on_sent(now, &transmit);
        Some(transmit)
    }

    /// Seals SCTP packets one after the other into `out`, as segmentation offload wants them: all
    /// of one size but the last, which may be smaller. A packet's size is only known once it is
    /// written, so each is written to the side first; one that does not fit begins the next batch.
    fn write_batch(
        &mut self,
        now: Time,
        path: Path,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let (Security::Begun(engine), Some(association)) =
            (&mut self.security, &mut self.association)
        else {
            return None;
        };
        let start = out.len();
        let overhead = engine.overhead();
        let (mut segments, mut segment_size) = (0, 0);
        let (mut plain_size, mut is_probe) = (usize::MAX, false);
        while segments < max_segments {
            if self.carried.is_empty() {
                if association.write_packet(now, &mut self.carried).is_none() {
                    break;
                }
                self.carries_probe = association.wrote_probe();
            }
            let fits = out.len() - start + self.carried.len() + overhead <= MAX_BATCH;
            let too_large = self.carried.len() > plain_size || !fits;
            // A probe goes alone, as it is sent in another way.
            if segments > 0 && (too_large || self.carries_probe) {
                break;
            }
            let before = out.len();
            let observer = &self.config.observer;
            observer.packet(now, Direction::Sent, path, Content::Sctp, &self.carried);
            let sealed = engine.seal(&self.carried, out);
            let packet_size = self.carried.len();
            self.carried.clear();
            let Ok(size @ 1..) = sealed else { break };
            self.record_overhead = size.saturating_sub(packet_size);
            if segments == 0 {
                (plain_size, segment_size) = (packet_size, size);
            } else if size > segment_size {
                // Records of one epoch add the same number of bytes; if one ever does not, SCTP
                // repairs its loss.
                out.truncate(before);
                break;
            }
            segments += 1;
            is_probe = std::mem::take(&mut self.carries_probe);
            if is_probe || size < segment_size {
                break;
            }
        }
        self.on_sctp_events(now);
        (segments > 0).then(|| Transmit {
            path,
            ecn: None,
            size: out.len() - start,
            segment_size: (segments > 1).then_some(segment_size),
            is_probe,
        })
    }

    /// The driver's system did not take a datagram of `size` bytes, as it is too large for the path.
    pub fn handle_too_large(&mut self, now: Time, path: Path, size: usize) {
        let overhead = self.record_overhead;
        if self.ice.selected() == Some(path)
            && let Some(association) = &mut self.association
        {
            association.handle_too_large(now, size.saturating_sub(overhead));
        }
    }

    fn tell_sent(&self, now: Time, path: Path, data: &[u8]) {
        let observer = &self.config.observer;
        observer.packet(now, Direction::Sent, path, Content::Udp, data);
    }

    fn on_sent(&mut self, now: Time, transmit: &Transmit) {
        let segments = transmit
            .segment_size
            .map_or(1, |segment| transmit.size.div_ceil(segment)) as u64;
        let bytes = transmit.size as u64;
        self.counters.packets_sent += segments;
        self.counters.bytes_sent += bytes;
        self.ice.on_data_sent(now, transmit.path, segments, bytes);
    }
}
