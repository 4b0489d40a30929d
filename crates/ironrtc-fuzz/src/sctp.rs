//! Two associations on a network that loses, repeats, swaps and changes packets.
//!
//! As long as nothing was changed, what arrives is what was sent: on each ordered reliable stream
//! in its order, each message once.

use std::collections::VecDeque;
use std::time::Duration;

use arbitrary::Arbitrary;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::{
    Association, OutgoingMessage, Reliability, SctpConfig, SctpState, StreamId,
};
use ironrtc_core::time::Time;

const MOST_OPERATIONS: usize = 256;
const MOST_FLYING: usize = 256;
const STREAMS: usize = 4;
const PPID: u32 = 53;

#[derive(Arbitrary, Debug)]
struct Operation {
    side: bool,
    what: What,
}

#[derive(Arbitrary, Debug)]
enum What {
    Send {
        stream: u8,
        length: u16,
        ordered: bool,
        reliability: Option<u8>,
    },
    Receive {
        stream: u8,
    },
    Deliver {
        count: u8,
    },
    Lose {
        count: u8,
    },
    Repeat,
    Swap {
        with: u8,
    },
    Change {
        at: u16,
        byte: u8,
    },
    Chunk {
        kind: u8,
        flags: u8,
        value: Vec<u8>,
    },
    Wait {
        millis: u16,
    },
    Reset {
        stream: u8,
    },
    Shutdown,
}

/// One end, what flies towards it, and what it still expects.
struct End {
    assoc: Association,
    incoming: VecDeque<Vec<u8>>,
    expected: [VecDeque<usize>; STREAMS],
}

pub(crate) struct World {
    ends: [End; 2],
    pub(crate) now: Time,
    /// Something was changed, or a stream reset: no promise holds any more.
    tampered: bool,
}

fn config() -> SctpConfig {
    SctpConfig::default()
        .receive_window(200_000)
        .max_receive_message_size(70_000)
        .max_inbound_streams(STREAMS as u16)
        .max_outbound_streams(STREAMS as u16)
}

impl World {
    pub(crate) fn connected() -> Self {
        let end = |seed| End {
            assoc: Association::new(config(), Rng::from_test_seed(seed)),
            incoming: VecDeque::new(),
            expected: Default::default(),
        };
        let mut world = Self {
            ends: [end(1), end(2)],
            now: Time::ZERO,
            tampered: false,
        };
        world.ends[0].assoc.connect(world.now);
        world.settle();
        assert_eq!(world.ends[1].assoc.state(), SctpState::Connected);
        world
    }

    fn flush(&mut self) {
        for side in 0..2 {
            let mut written = 0;
            loop {
                let mut packet = Vec::new();
                let sent = self.ends[side].assoc.write_packet(self.now, &mut packet);
                if sent.is_none() {
                    break;
                }
                written += 1;
                assert!(written < 100_000, "an association never stops sending");
                let incoming = &mut self.ends[1 - side].incoming;
                if incoming.len() < MOST_FLYING {
                    incoming.push_back(packet);
                }
            }
            while self.ends[side].assoc.poll_event().is_some() {}
        }
    }

    fn deliver(&mut self, side: usize) -> bool {
        let Some(packet) = self.ends[side].incoming.pop_front() else {
            return false;
        };
        self.ends[side].assoc.handle_packet(self.now, &packet);
        true
    }

    /// Until nothing flies.
    pub(crate) fn settle(&mut self) {
        for _ in 0..10_000 {
            self.flush();
            if !(self.deliver(0) | self.deliver(1)) {
                return;
            }
        }
    }

    fn receive(&mut self, side: usize, stream: usize) {
        let end = &mut self.ends[side];
        while let Some(message) = end.assoc.recv(StreamId(stream as u16)) {
            let expected = end.expected[stream].pop_front();
            if !self.tampered {
                assert_eq!(
                    Some(message.data.len()),
                    expected,
                    "stream {stream}: another message than was sent"
                );
            }
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for end in &mut self.ends {
            end.assoc.handle_timeout(self.now);
        }
    }

    fn step(&mut self, side: usize, what: What) {
        match what {
            What::Send {
                stream,
                length,
                ordered,
                reliability,
            } => {
                let stream = usize::from(stream) % STREAMS;
                // The first half of the streams keeps a promise, which is checked.
                let promised = stream < STREAMS / 2;
                let message = OutgoingMessage {
                    ppid: PPID,
                    data: vec![7; usize::from(length).max(1)].into(),
                    ordered: ordered || promised,
                    reliability: match reliability {
                        Some(count) if !promised => Reliability::MaxRetransmits(count.into()),
                        _ => Reliability::Reliable,
                    },
                    control: false,
                };
                let length = message.data.len();
                let sent = self.ends[side]
                    .assoc
                    .send(self.now, StreamId(stream as u16), message);
                if sent.is_ok() && promised {
                    self.ends[1 - side].expected[stream].push_back(length);
                }
            }
            What::Receive { stream } => {
                let stream = usize::from(stream) % STREAMS;
                if stream < STREAMS / 2 {
                    self.receive(side, stream);
                } else {
                    while self.ends[side]
                        .assoc
                        .recv(StreamId(stream as u16))
                        .is_some()
                    {}
                }
            }
            What::Deliver { count } => {
                for _ in 0..=count {
                    if !self.deliver(side) {
                        break;
                    }
                }
            }
            What::Lose { count } => {
                let incoming = &mut self.ends[side].incoming;
                let count = usize::from(count).min(incoming.len());
                incoming.drain(..count);
            }
            What::Repeat => {
                let incoming = &mut self.ends[side].incoming;
                if let Some(packet) = incoming.front().cloned() {
                    incoming.push_back(packet);
                }
            }
            What::Swap { with } => {
                let incoming = &mut self.ends[side].incoming;
                let count = incoming.len().max(1);
                if !incoming.is_empty() {
                    incoming.swap(0, usize::from(with) % count);
                }
            }
            What::Change { at, byte } => {
                self.tampered = true;
                if let Some(packet) = self.ends[side].incoming.front_mut() {
                    let length = packet.len().max(1);
                    if let Some(place) = packet.get_mut(usize::from(at) % length) {
                        *place = byte;
                    }
                }
            }
            What::Chunk { kind, flags, value } => {
                self.tampered = true;
                self.append_chunk(side, kind, flags, &value);
            }
            What::Wait { millis } => self.wait(Duration::from_millis(millis.into())),
            What::Reset { stream } => {
                self.tampered = true;
                let stream = StreamId(u16::from(stream) % STREAMS as u16);
                self.ends[side].assoc.reset_stream(self.now, stream);
            }
            What::Shutdown => {
                self.tampered = true;
                self.ends[side].assoc.shutdown(self.now);
            }
        }
    }

    /// A chunk of a hostile peer, behind those of a packet of its: the header is right, and the
    /// checksum is one that RFC 9653 lets pass.
    fn append_chunk(&mut self, side: usize, kind: u8, flags: u8, value: &[u8]) {
        let (Some(packet), Ok(length)) = (
            self.ends[side].incoming.front_mut(),
            u16::try_from(value.len() + 4),
        ) else {
            return;
        };
        packet.extend([kind, flags]);
        packet.extend(length.to_be_bytes());
        packet.extend(value);
        while packet.len() % 4 != 0 {
            packet.push(0);
        }
        if let Some(checksum) = packet.get_mut(8..12) {
            checksum.fill(0);
        }
    }

    /// All that was promised arrives, once the network is kind and the reader reads.
    fn finish(mut self) {
        for _ in 0..40 {
            self.settle();
            for side in 0..2 {
                for stream in 0..STREAMS / 2 {
                    self.receive(side, stream);
                }
                for stream in STREAMS / 2..STREAMS {
                    while self.ends[side]
                        .assoc
                        .recv(StreamId(stream as u16))
                        .is_some()
                    {}
                }
            }
            self.wait(Duration::from_secs(5));
        }
        let alive = |end: &End| end.assoc.state() == SctpState::Connected;
        if !self.tampered && self.ends.iter().all(alive) {
            for end in &self.ends {
                assert!(
                    end.expected.iter().all(VecDeque::is_empty),
                    "promised and not delivered: {:?}",
                    end.expected
                );
            }
        }
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut world = World::connected();
    for Operation { side, what } in crate::operations(data, MOST_OPERATIONS) {
        world.step(usize::from(side), what);
        world.flush();
    }
    world.finish();
}
