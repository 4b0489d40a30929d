//! Datagrams on their way out: goodbyes and ICE first, then DTLS flights, then batches of
//! sealed packets: RTCP, RTP, SCTP.

use super::batch::{Batch, Growth};
use super::{Security, Transport};
use crate::datagram::{Path, Transmit};
use crate::dtls::DtlsState;
use crate::ice::Route;
use crate::observe::{Content, Direction};
use crate::time::Time;

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
        if let Some(route) = self.ice.write_due(now, out) {
            self.tell_sent(now, route, out.get(start..).unwrap_or_default());
            return Some(route.single(start, out));
        }
        // RFC 7675 section 5.1: without consent there is no selected path, and nothing is sent.
        let route = self.ice.selected()?;
        let Security::Begun(engine) = &mut self.security else {
            return None;
        };
        let transmit = match engine.poll_transmit(out) {
            Some(_) => {
                self.tell_sent(now, route, out.get(start..).unwrap_or_default());
                route.single(start, out)
            }
            None if engine.state() == DtlsState::Connected => {
                let max_segments = max_segments.max(1);
                self.write_media(now, route, max_segments, out)
                    .or_else(|| self.write_batch(now, route, max_segments, out))?
            }
            None => return None,
        };
        self.on_sent(now, route, &transmit);
        Some(transmit)
    }

    /// Seals SCTP packets one after the other into `out`.
    fn write_batch(
        &mut self,
        now: Time,
        route: Route,
        max_segments: usize,
        out: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let (Security::Begun(engine), Some(association)) =
            (&mut self.security, &mut self.association)
        else {
            return None;
        };
        let mut batch = Batch::new(out, route.head_room(), max_segments);
        while batch.takes_more() {
            let begun = batch.begin(engine.head_len());
            let written = self.carried.take(batch.out).or_else(|| {
                association.write_packet(now, batch.out)?;
                Some(association.wrote_probe())
            });
            let Some(is_probe) = written else {
                batch.cancel(begun);
                break;
            };
            let growth = Growth {
                expected: self.record_overhead,
                most: engine.overhead(),
            };
            if !batch.admits(&begun, growth, is_probe) {
                batch.carry_over(begun, is_probe, &mut self.carried);
                break;
            }
            let packet = batch.packet(&begun);
            let packet_size = packet.len();
            let observer = &self.config.observer;
            observer.packet(now, Direction::Sent, route.path(), Content::Sctp, packet);
            let Ok(size @ 1..) = engine.seal_in_place(begun.record_at, batch.out) else {
                batch.cancel(begun);
                break;
            };
            self.record_overhead = size.saturating_sub(packet_size);
            // Records of one epoch add the same number of bytes; if one ever does not, SCTP repairs
            // its loss.
            batch.commit(begun, is_probe);
        }
        let transmit = batch.finish(route.path());
        self.on_sctp_events(now);
        transmit
    }

    /// The driver's system did not take a datagram of `size` bytes, as it is too large for the path.
    pub fn handle_too_large(&mut self, now: Time, path: Path, size: usize) {
        let Some(route) = self.ice.selected().filter(|route| route.path() == path) else {
            return;
        };
        if let Some(session) = self.rtp_mut() {
            session.limit_packets(size.saturating_sub(route.head_room()));
        }
        if let Some(association) = &mut self.association {
            let overhead = route.head_room() + self.record_overhead;
            association.handle_too_large(now, size.saturating_sub(overhead));
        }
    }

    fn tell_sent(&self, now: Time, route: Route, data: &[u8]) {
        let observer = &self.config.observer;
        observer.packet(now, Direction::Sent, route.path(), Content::Udp, data);
    }

    fn on_sent(&mut self, now: Time, route: Route, transmit: &Transmit) {
        let segments = transmit
            .segment_size
            .map_or(1, |segment| transmit.size.div_ceil(segment)) as u64;
        let bytes = transmit.size as u64;
        self.counters.packets_sent += segments;
        self.counters.bytes_sent += bytes;
        self.ice.on_data_sent(now, route, segments, bytes);
    }
}
