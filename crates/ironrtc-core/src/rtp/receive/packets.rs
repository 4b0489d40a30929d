//! The way of a packet to its stream: whose it is, what it is wrapped in, what it helps to make.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::datagram::{DropReason, Ecn};
use crate::ids::Ssrc;
use crate::rtp::event::RtpEvent;
use crate::rtp::route::{Format, Target, Wrap};
use crate::time::Time;
use crate::wire::rtp::{Extensions, FixedHeader, Packet};

use super::packet::{Incoming, Span, Way};
use super::parity::Protected;
use super::stream::ReceiveStream;
use super::{Receiver, redundant, rtx};

impl Incoming {
    /// The parts of a packet.
    fn new(packet: &Bytes, read: &Packet<'_>, names: &Extensions<'_>) -> Self {
        let head = packet.slice(..read.header.length());
        Self {
            header: read.header.fixed,
            overhead: packet.len() - read.payload.len(),
            descriptor: Span::of(&head, names.descriptor),
            head,
            payload: packet.slice_ref(read.payload),
        }
    }
}

impl Receiver {
    /// Takes a packet in the clear.
    pub(crate) fn on_packet(
        &mut self,
        now: Time,
        ecn: Option<Ecn>,
        packet: &Bytes,
        events: &mut VecDeque<RtpEvent>,
    ) -> Result<(), DropReason> {
        let read = Packet::parse(packet).ok_or(DropReason::RtpMalformed)?;
        let header = read.header.fixed;
        let names = Extensions::read(read.header.elements(), &self.map);
        // Before anything else, whatever the source is: the sender's congestion control counts all
        // packets, those that probe from sources without a stream too.
        self.telling
            .on_packet(now, ecn, &read, &names, packet.len());
        let route = self.router.route(now, &header, &names)?;
        if let Some(evicted) = route.evicted {
            if self.streams.contains_key(&evicted) {
                events.push_back(RtpEvent::Ended(evicted));
            }
            self.forget(evicted);
        }
        if route.is_new {
            self.forget(header.ssrc);
        }
        let mut incoming = Incoming::new(packet, &read, &names);
        match route.target {
            Target::Media => {
                self.last_media = header.ssrc;
                if route.is_new {
                    self.begin(header.ssrc, events);
                }
                let stream = self
                    .streams
                    .entry(header.ssrc)
                    .or_insert_with(|| ReceiveStream::new(route.format));
                stream.heard_mut().on_packet(now, &read.header, &names);
                if stream.returns() {
                    self.begin(header.ssrc, events);
                }
                self.deliver(now, route.format, Way::Own, packet, incoming, events)?;
            }
            Target::Repair { of, payload_type } => {
                self.repairs.entry(header.ssrc).or_default().on_packet(
                    now,
                    header.sequence,
                    header.timestamp,
                    route.format.clock_rate,
                );
                let Some((sequence, before)) = rtx::original(&incoming.payload) else {
                    return Ok(());
                };
                incoming.header = FixedHeader {
                    payload_type,
                    sequence,
                    ssrc: of,
                    ..header
                };
                incoming.overhead += before;
                incoming.payload.advance(before);
                self.deliver(now, route.format, Way::Repair, packet, incoming, events)?;
            }
        }
        self.shed();
        Ok(())
    }

    /// Gives a packet to its stream, out of what it is wrapped in.
    fn deliver(
        &mut self,
        now: Time,
        format: Format,
        way: Way,
        packet: &Bytes,
        mut incoming: Incoming,
        events: &mut VecDeque<RtpEvent>,
    ) -> Result<(), DropReason> {
        let ssrc = incoming.header.ssrc;
        let (mut format, mut repeated) = (format, Vec::new());
        let is_wrapped = format.wrap == Wrap::Red;
        let stream = self.streams.get(&ssrc);
        let known = stream.map(ReceiveStream::format);
        if incoming.payload.is_empty() && format.wrap != Wrap::None {
            // Padding: its number is all that counts, for a stream of whatever it was.
            format = known.unwrap_or(format);
            let payload_type = stream.and_then(|stream| stream.counters().payload_type);
            incoming.header.payload_type = payload_type.unwrap_or(incoming.header.payload_type);
        } else if is_wrapped {
            let unwrapped = redundant::unwrap(&incoming.payload).ok_or(DropReason::RtpMalformed)?;
            let inner = self.router.format(ssrc, unwrapped.payload_type);
            let inner = inner.filter(|inner| inner.wrap != Wrap::Red);
            let inner = inner.ok_or(DropReason::Media)?;
            // What is in RED is sent again in RED.
            let repairs = inner.repairs || inner.nack && format.repairs;
            format = Format { repairs, ..inner };
            incoming.header.payload_type = unwrapped.payload_type;
            incoming.overhead += incoming.payload.len() - unwrapped.payload.len();
            incoming.payload = unwrapped.payload;
            repeated = unwrapped.repeated;
        }
        let event = if format.wrap == Wrap::Parity {
            let format = known.unwrap_or(format);
            self.at(ssrc, |stream| stream.on_parity(now, format, incoming, way))
        } else {
            let is_video = format.payload.is_some_and(|payload| payload.is_video());
            // A retransmission has another header than what was protected.
            if is_wrapped && is_video && way == Way::Own {
                let protected = Protected {
                    sequence: incoming.header.sequence,
                    packet: packet.clone(),
                    payload_type: incoming.header.payload_type,
                    payload: incoming.payload.clone(),
                };
                self.at(ssrc, |stream| stream.on_protected(protected));
            }
            self.at(ssrc, |stream| match way {
                Way::Own if !repeated.is_empty() => {
                    stream.on_redundant(now, format, incoming, &repeated)
                }
                Way::Own => stream.on_packet(now, format, incoming),
                Way::Repair | Way::Recovery => stream.on_repair(now, incoming),
            })
        };
        events.extend(event.flatten());
        self.recover(now, ssrc, events);
        Ok(())
    }

    /// Makes what packets can be made of others.
    fn recover(&mut self, now: Time, ssrc: Ssrc, events: &mut VecDeque<RtpEvent>) {
        loop {
            let Some(stream) = self.streams.get_mut(&ssrc) else {
                return;
            };
            let before = stream.held();
            let made = stream.recover(&self.map);
            self.held = self.held - before + stream.held();
            let Some(packet) = made else {
                return;
            };
            let Some(read) = Packet::parse(&packet) else {
                continue;
            };
            let header = read.header.fixed;
            let format = self.router.format(ssrc, header.payload_type);
            let is_media = format.is_some_and(|format| format.wrap == Wrap::None);
            if header.ssrc != ssrc || !is_media {
                continue;
            }
            let names = Extensions::read(read.header.elements(), &self.map);
            let incoming = Incoming::new(&packet, &read, &names);
            let protected = Protected {
                sequence: header.sequence,
                payload_type: header.payload_type,
                payload: incoming.payload.clone(),
                packet: packet.clone(),
            };
            let event = self.at(ssrc, |stream| {
                stream.on_protected(protected);
                stream.on_recovery(now, incoming)
            });
            events.extend(event.flatten());
        }
    }
}
