//! Two associations in virtual time over a network that loses, delays and repeats.

mod closing;
mod corners;
mod cost;
mod flow;
mod handshake;
mod hostile;
mod partial;
mod recovery;
mod streams;
mod transfer;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ironrtc_netem::{Link, Parcel, Wire};

use super::Association;
use crate::rng::Rng;
use crate::sctp::config::SctpConfig;
use crate::sctp::message::{
    Event, IncomingMessage, OutgoingMessage, Reliability, SctpState, SctpStats, StreamId,
};
use crate::time::Time;

/// A way of 10 ms that takes packets of any size, as fast as they come.
pub(super) fn plain() -> Link {
    Link::plain(Duration::from_millis(10))
}

/// One end, and what it has reported.
#[derive(Debug)]
pub(super) struct End {
    pub(super) assoc: Association,
    pub(super) events: Vec<Event>,
    /// Messages read, if reading is on.
    pub(super) received: BTreeMap<StreamId, Vec<IncomingMessage>>,
    pub(super) reads: bool,
}

impl End {
    fn new(config: SctpConfig, seed: u64) -> Self {
        Self {
            assoc: Association::new(config, Rng::from_test_seed(seed)),
            events: Vec::new(),
            received: BTreeMap::new(),
            reads: true,
        }
    }

    fn collect(&mut self) {
        while let Some(event) = self.assoc.poll_event() {
            if let (Event::Readable(stream) | Event::StreamResetByPeer(stream), true) =
                (&event, self.reads)
            {
                self.read(*stream);
            }
            self.events.push(event);
        }
    }

    pub(super) fn read(&mut self, stream: StreamId) {
        loop {
            while let Some(message) = self.assoc.recv(stream) {
                self.received.entry(stream).or_default().push(message);
            }
            if !self.assoc.take_reset(stream) {
                break;
            }
        }
    }

    pub(super) fn messages(&self, stream: u16) -> Vec<&[u8]> {
        self.received
            .get(&StreamId(stream))
            .map(|messages| messages.iter().map(|m| &m.data[..]).collect())
            .unwrap_or_default()
    }

    pub(super) fn has(&self, event: &Event) -> bool {
        self.events.contains(event)
    }
}

/// Two ends and the packets between them.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) now: Time,
    pub(super) ends: [End; 2],
    pub(super) wire: Wire<Vec<u8>>,
    rng: Rng,
    /// Every packet sent, with its sender.
    pub(super) log: Option<Vec<(usize, Vec<u8>)>>,
    /// Packets for which this returns false are lost.
    pub(super) filter: fn(usize, &[u8]) -> bool,
}

impl Pair {
    pub(super) fn new(config: SctpConfig, seed: u64) -> Self {
        Self::with_configs([config.clone(), config], seed)
    }

    pub(super) fn with_configs(configs: [SctpConfig; 2], seed: u64) -> Self {
        let [a, b] = configs;
        Self {
            now: Time::from_millis(1000),
            ends: [End::new(a, 2 * seed + 1000), End::new(b, 2 * seed + 1001)],
            wire: Wire::new(plain()),
            rng: Rng::from_test_seed(seed),
            log: None,
            filter: |_, _| true,
        }
    }

    /// A pair that is connected, by a handshake of one side.
    pub(super) fn connected(config: SctpConfig, seed: u64) -> Self {
        let mut pair = Self::new(config, seed);
        pair.connect();
        pair
    }

    pub(super) fn connect(&mut self) {
        self.connect_within(Duration::from_millis(100));
    }

    pub(super) fn connect_within(&mut self, limit: Duration) {
        self.ends[0].assoc.connect(self.now);
        self.run_for(limit);
        assert_eq!(self.states(), [SctpState::Connected; 2]);
    }

    pub(super) fn states(&self) -> [SctpState; 2] {
        [0, 1].map(|end| self.ends[end].assoc.state())
    }

    pub(super) fn send(&mut self, end: usize, stream: u16, data: impl Into<Bytes>) {
        self.send_with(end, stream, data, true, Reliability::Reliable);
    }

    pub(super) fn send_with(
        &mut self,
        end: usize,
        stream: u16,
        data: impl Into<Bytes>,
        ordered: bool,
        reliability: Reliability,
    ) {
        let message = OutgoingMessage {
            ppid: 53,
            data: data.into(),
            ordered,
            reliability,
            control: false,
        };
        let now = self.now;
        self.ends[end]
            .assoc
            .send(now, StreamId(stream), message)
            .unwrap();
    }

    /// Gives a packet to an end at once.
    pub(super) fn inject(&mut self, end: usize, packet: &[u8]) {
        self.ends[end].assoc.handle_packet(self.now, packet);
    }

    /// Sends what the ends have to send.
    pub(super) fn flush(&mut self) {
        for from in 0..2 {
            self.ends[from].collect();
            let mut packet = Vec::new();
            while let Some(len) = self.ends[from].assoc.write_packet(self.now, &mut packet) {
                assert_eq!(len, packet.len());
                self.transmit(from, &packet);
                packet.clear();
            }
            self.ends[from].collect();
        }
    }

    fn transmit(&mut self, from: usize, packet: &[u8]) {
        if let Some(log) = &mut self.log {
            log.push((from, packet.to_vec()));
        }
        if !(self.filter)(from, packet) {
            return;
        }
        let now = self.now.since(Time::ZERO);
        let (parcel, packet) = (Parcel::bare(packet.len()), packet.to_vec());
        let mut below = |bound| self.rng.below(bound);
        self.wire.send(now, from, parcel, &packet, &mut below);
    }

    fn next_event(&self) -> Option<Time> {
        let timers = self.ends.iter().filter_map(|end| end.assoc.poll_timeout());
        let packets = self.wire.next_arrival().map(|at| Time::ZERO + at);
        timers.chain(packets).min()
    }

    /// One step of virtual time; false if nothing happens before `until`.
    fn step(&mut self, until: Time) -> bool {
        self.flush();
        let Some(at) = self.next_event().filter(|at| *at <= until) else {
            self.now = until;
            return false;
        };
        self.now = self.now.max(at);
        while let Some((to, packet)) = self.wire.receive(self.now.since(Time::ZERO)) {
            self.ends[to].assoc.handle_packet(self.now, &packet);
        }
        for end in &mut self.ends {
            if end.assoc.poll_timeout().is_some_and(|at| at <= self.now) {
                end.assoc.handle_timeout(self.now);
            }
            end.collect();
        }
        true
    }

    /// Nothing arrives for a while; then everything does, at its old pace.
    pub(super) fn stall(&mut self, time: Duration) {
        self.wire.stall(self.now.since(Time::ZERO), time);
    }

    pub(super) fn run_for(&mut self, duration: Duration) {
        let until = self.now + duration;
        while self.step(until) {}
    }

    /// Runs until `done`, and says whether that came within `limit`.
    pub(super) fn run_until(
        &mut self,
        limit: Duration,
        mut done: impl FnMut(&mut Self) -> bool,
    ) -> bool {
        let until = self.now + limit;
        while !done(self) {
            if !self.step(until) {
                return done(self);
            }
        }
        true
    }
}

/// A message that tells its number and is as long as asked.
pub(super) fn numbered(number: u32, len: usize) -> Bytes {
    let mut data: Vec<u8> = (0..len.max(4)).map(|i| (i as u32 ^ number) as u8).collect();
    data[..4].copy_from_slice(&number.to_be_bytes());
    Bytes::from(data)
}
