//! A hostile peer above SCTP: any message under any identifier on any stream, and resets.

use std::time::Duration;

use arbitrary::Arbitrary;
use ironrtc_core::channel::{ChannelId, Channels, DataChannelInit, Event};
use ironrtc_core::dtls::Role;
use ironrtc_core::rng::Rng;
use ironrtc_core::sctp::{Association, OutgoingMessage, Reliability, SctpConfig, StreamId};
use ironrtc_core::time::Time;

const MOST_OPERATIONS: usize = 128;
const STREAMS: u16 = 16;

#[derive(Arbitrary, Debug)]
enum Operation {
    /// Of the peer.
    Raw {
        stream: u8,
        ppid: Ppid,
        data: Vec<u8>,
        ordered: bool,
    },
    /// Of the peer: DATA_CHANNEL_OPEN with a true frame.
    Open {
        stream: u8,
        kind: u8,
        parameter: u32,
        label: u8,
        protocol: u8,
    },
    ResetByPeer {
        stream: u8,
    },
    Create {
        negotiated: Option<u8>,
    },
    Send {
        channel: u8,
    },
    Receive {
        channel: u8,
    },
    Close {
        channel: u8,
    },
    Forget {
        channel: u8,
    },
    Wait {
        millis: u16,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Ppid {
    Dcep,
    Text,
    Binary,
    EmptyText,
    EmptyBinary,
    Other(u32),
}

impl From<Ppid> for u32 {
    fn from(ppid: Ppid) -> Self {
        match ppid {
            Ppid::Dcep => 50,
            Ppid::Text => 51,
            Ppid::Binary => 53,
            Ppid::EmptyText => 56,
            Ppid::EmptyBinary => 57,
            Ppid::Other(other) => other,
        }
    }
}

struct World {
    peer: Association,
    ours: Association,
    channels: Channels,
    known: Vec<ChannelId>,
    now: Time,
}

impl World {
    fn connected() -> Self {
        let association = |seed| Association::new(SctpConfig::default(), Rng::from_test_seed(seed));
        let mut channels = Channels::new();
        channels.configure(Role::Client, Some(1000));
        let mut world = Self {
            peer: association(1),
            ours: association(2),
            channels,
            known: Vec::new(),
            now: Time::ZERO,
        };
        world.peer.connect(world.now);
        world.settle();
        world
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            let mut moved = false;
            for towards_us in [true, false] {
                let (from, to) = if towards_us {
                    (&mut self.peer, &mut self.ours)
                } else {
                    (&mut self.ours, &mut self.peer)
                };
                let mut packet = Vec::new();
                while from.write_packet(self.now, &mut packet).is_some() {
                    to.handle_packet(self.now, &packet);
                    packet.clear();
                    moved = true;
                }
            }
            while let Some(event) = self.ours.poll_event() {
                self.channels
                    .handle_sctp_event(self.now, &mut self.ours, &event);
            }
            while self.peer.poll_event().is_some() {}
            while let Some(event) = self.channels.poll_event() {
                if let Event::Announced(id) = event {
                    self.known.push(id);
                }
            }
            if !moved {
                return;
            }
        }
        panic!("the two never come to rest");
    }

    fn raw(&mut self, stream: u8, ppid: u32, data: Vec<u8>, ordered: bool) {
        let message = OutgoingMessage {
            ppid,
            data: data.into(),
            ordered,
            reliability: Reliability::Reliable,
            control: false,
        };
        let stream = StreamId(u16::from(stream) % STREAMS);
        // A refusal of our own sender is not what is tried here.
        let _ = self.peer.send(self.now, stream, message);
    }

    fn step(&mut self, operation: Operation) {
        let known = &self.known;
        let pick = |channel: u8| {
            known
                .get(usize::from(channel) % known.len().max(1))
                .copied()
        };
        match operation {
            Operation::Raw {
                stream,
                ppid,
                data,
                ordered,
            } => {
                self.raw(stream, ppid.into(), data, ordered);
            }
            Operation::Open {
                stream,
                kind,
                parameter,
                label,
                protocol,
            } => {
                let mut open = vec![3, kind, 1, 0];
                open.extend(parameter.to_be_bytes());
                open.extend(u16::from(label).to_be_bytes());
                open.extend(u16::from(protocol).to_be_bytes());
                open.extend(vec![b'x'; usize::from(label) + usize::from(protocol)]);
                self.raw(stream, 50, open, true);
            }
            Operation::ResetByPeer { stream } => {
                let stream = StreamId(u16::from(stream) % STREAMS);
                self.peer.reset_stream(self.now, stream);
            }
            Operation::Create { negotiated } => {
                let init = DataChannelInit {
                    negotiated: negotiated.is_some(),
                    id: negotiated.map(|id| u16::from(id) % STREAMS),
                    ..DataChannelInit::default()
                };
                let made = self
                    .channels
                    .create(self.now, Some(&mut self.ours), "ours", init);
                self.known.extend(made);
            }
            Operation::Send { channel } => {
                if let Some(id) = pick(channel) {
                    let _ = self.channels.send(self.now, &mut self.ours, id, "x".into());
                }
            }
            Operation::Receive { channel } => {
                if let Some(id) = pick(channel) {
                    while self.channels.recv(&mut self.ours, id).is_some() {}
                }
            }
            Operation::Close { channel } => {
                if let Some(id) = pick(channel) {
                    self.channels.close(self.now, Some(&mut self.ours), id);
                }
            }
            Operation::Forget { channel } => {
                if let Some(id) = pick(channel) {
                    self.channels.forget(Some(&mut self.ours), id);
                    self.known.retain(|known| *known != id);
                }
            }
            Operation::Wait { millis } => {
                self.now += Duration::from_millis(millis.into());
                self.ours.handle_timeout(self.now);
                self.peer.handle_timeout(self.now);
            }
        }
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut world = World::connected();
    for operation in crate::operations(data, MOST_OPERATIONS) {
        world.step(operation);
        world.settle();
        assert!(world.channels.iter().count() <= 4 * MOST_OPERATIONS);
    }
}
