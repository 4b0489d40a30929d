//! Channels over two associations without a network between them.

mod control_cost;

use super::*;
use crate::rng::Rng;
use crate::sctp::SctpConfig;
use crate::work;

/// An association, its channels, and what was reported of them.
struct End {
    sctp: Association,
    channels: Channels,
    events: Vec<Event>,
    role: Role,
    /// The application takes the events.
    takes: bool,
}

impl End {
    fn new(seed: u64, role: Role) -> Self {
        let mut channels = Channels::new();
        channels.configure(role, None);
        Self {
            sctp: Association::new(SctpConfig::default(), Rng::from_test_seed(seed)),
            channels,
            events: Vec::new(),
            role,
            takes: true,
        }
    }

    /// Takes in a packet as a transport does; returns the work.
    fn handle(&mut self, now: Time, packet: &[u8]) -> u64 {
        let work = work::of(|| {
            self.sctp.handle_packet(now, packet);
            while let Some(event) = self.sctp.poll_event() {
                self.channels.handle_sctp_event(now, &mut self.sctp, &event);
            }
        });
        while self.takes
            && let Some(event) = self.channels.poll_event()
        {
            self.events.push(event);
            self.channels.resume(now, &mut self.sctp);
        }
        work
    }

    fn announced(&self) -> Vec<ChannelId> {
        let announced = |event: &Event| match event {
            Event::Announced(id) => Some(*id),
            _ => None,
        };
        self.events.iter().filter_map(announced).collect()
    }
}

/// Two ends.
struct Pair {
    now: Time,
    ends: [End; 2],
}

impl Pair {
    fn connected() -> Self {
        let mut pair = Self {
            now: Time::from_millis(1000),
            ends: [End::new(1, Role::Client), End::new(2, Role::Server)],
        };
        pair.connect(0);
        pair
    }

    fn connect(&mut self, end: usize) {
        self.ends[end].sctp.connect(self.now);
        self.exchange();
        for end in &self.ends {
            assert_eq!(end.sctp.state(), SctpState::Connected);
        }
    }

    /// Moves packets until both sides have nothing to say; returns the most work of a packet.
    fn exchange(&mut self) -> u64 {
        let mut most = 0;
        let mut quiet = 0;
        while quiet < 2 {
            quiet += 1;
            for from in 0..2 {
                let mut packet = Vec::new();
                while self.ends[from]
                    .sctp
                    .write_packet(self.now, &mut packet)
                    .is_some()
                {
                    most = most.max(self.ends[1 - from].handle(self.now, &packet));
                    packet.clear();
                    quiet = 0;
                }
            }
            self.now += std::time::Duration::from_millis(200);
            for end in &mut self.ends {
                if end.sctp.poll_timeout().is_some_and(|at| at <= self.now) {
                    end.sctp.handle_timeout(self.now);
                }
            }
        }
        most
    }

    fn create(&mut self, end: usize, label: &str) -> ChannelId {
        let End { sctp, channels, .. } = &mut self.ends[end];
        let init = DataChannelInit::default();
        channels.create(self.now, Some(sctp), label, init).unwrap()
    }

    fn send(&mut self, end: usize, id: ChannelId, text: &str) {
        let End { sctp, channels, .. } = &mut self.ends[end];
        channels.send(self.now, sctp, id, text.into()).unwrap();
    }

    fn read(&mut self, end: usize, id: ChannelId) -> Vec<Message> {
        let End { sctp, channels, .. } = &mut self.ends[end];
        std::iter::from_fn(|| channels.recv(sctp, id)).collect()
    }
}

/// RFC 9260 section 5.2: a peer that lost its state sets up the association anew.
#[test]
fn after_the_peer_has_restarted_channels_are_made_anew_and_what_had_arrived_is_read() {
    let mut pair = Pair::connected();
    let lost = pair.create(0, "lost");
    let theirs = pair.create(1, "theirs");
    pair.exchange();
    pair.send(1, theirs, "before");
    pair.exchange();
    let at_a = pair.ends[0].announced()[0];
    let role = pair.ends[1].role;
    pair.ends[1] = End::new(3, role);
    pair.ends[0].events.clear();
    pair.connect(1);
    let events = &pair.ends[0].events;
    assert!(events.contains(&Event::Closed(lost)), "{events:?}");
    assert!(!events.contains(&Event::Closed(at_a)), "{events:?}");
    // The same ids, in both directions, before the old message was read.
    let again = pair.create(1, "again");
    let new = pair.create(0, "new");
    pair.exchange();
    pair.send(1, again, "after");
    pair.send(0, new, "after");
    pair.exchange();
    assert_eq!(pair.ends[0].announced(), []);
    assert_eq!(pair.read(0, at_a), [Message::from("before")]);
    pair.exchange();
    let now = pair.now;
    // A driver takes the event, and the table goes on.
    let End { sctp, channels, .. } = &mut pair.ends[0];
    let mut events = Vec::new();
    while let Some(event) = channels.poll_event() {
        events.push(event);
        channels.resume(now, sctp);
    }
    pair.ends[0].events.extend(events);
    let announced = pair.ends[0].announced();
    assert_eq!(announced.len(), 1);
    assert_eq!(pair.read(0, announced[0]), [Message::from("after")]);
    let at_b = pair.ends[1].announced()[0];
    assert_eq!(pair.read(1, at_b), [Message::from("after")]);
}

#[test]
fn channels_that_waited_to_be_made_when_the_peer_restarted_hide_no_later_one() {
    let mut pair = Pair::connected();
    pair.ends[0].takes = false;
    let old = std::iter::repeat_n(Event::Open(ChannelId(1000)), MAX_WAITING_EVENTS);
    pair.ends[0].channels.events.extend(old);
    // Two channels on one stream, one after the other.
    let stream = StreamId(1);
    for _ in 0..2 {
        let open = OutgoingMessage {
            ppid: 50,
            data: crate::channel::dcep::open("waits", &DataChannelInit::default()),
            ordered: true,
            reliability: sctp::Reliability::Reliable,
            control: true,
        };
        let peer = &mut pair.ends[1].sctp;
        peer.send(pair.now, stream, open).unwrap();
        peer.reset_stream(pair.now, stream);
        pair.exchange();
    }
    let role = pair.ends[1].role;
    pair.ends[1] = End::new(3, role);
    pair.connect(1);
    pair.ends[0].takes = true;
    let new = pair.create(1, "new");
    assert_eq!(
        pair.ends[1].channels.get(new).unwrap().stream_id(),
        Some(stream.0)
    );
    pair.exchange();
    let label = |id| pair.ends[0].channels.get(id).map(Channel::label);
    let announced = pair.ends[0].announced();
    let labels: Vec<_> = announced.into_iter().map(label).collect();
    assert_eq!(labels, [Some("new")]);
}

/// A peer that closes all its channels at once, with one request and no acknowledgement before.
#[test]
fn closing_many_channels_at_once_costs_in_proportion() {
    for count in [500, 1000] {
        let mut pair = Pair::connected();
        let ids: Vec<_> = (0..count).map(|n| pair.create(0, &n.to_string())).collect();
        pair.exchange();
        assert_eq!(pair.ends[1].announced().len(), count);
        for id in ids {
            let End { sctp, channels, .. } = &mut pair.ends[0];
            channels.close(pair.now, Some(sctp), id);
        }
        let most = pair.exchange();
        assert!(most <= 4 * count as u64, "{most}");
        let closed = |event: &&Event| matches!(event, Event::Closed(_));
        assert_eq!(pair.ends[1].events.iter().filter(closed).count(), count);
    }
}

/// Ids are looked for once, not from the first on for every channel.
#[test]
fn making_many_channels_costs_in_proportion() {
    for count in [500, 1000] {
        let mut pair = Pair::connected();
        let End { sctp, channels, .. } = &mut pair.ends[0];
        let make = |channels: &mut Channels, sctp: &mut Association| {
            let init = DataChannelInit::default();
            let id = channels.create(pair.now, Some(sctp), "", init).unwrap();
            (id, channels.get(id).unwrap().stream_id().unwrap())
        };
        let mut made = Vec::new();
        let cost = work::of(|| made = (0..count).map(|_| make(channels, sctp)).collect());
        assert!(cost <= 2 * count, "{cost}");
        // RFC 8832 section 6: a client's ids are even, and the lowest are used first.
        let ids: Vec<u16> = made.iter().map(|(_, stream)| *stream).collect();
        assert!(ids.iter().copied().eq((0..count as u16).map(|n| 2 * n)));
        // Those of channels that are over are used again.
        for (id, stream) in &made {
            channels.closed(*id);
            sctp.reset_stream(pair.now, StreamId(*stream));
        }
        assert_eq!(channels.free_stream(u16::MAX), Some(StreamId(0)));
        assert_eq!(channels.free_stream(u16::MAX), Some(StreamId(2)));
    }
}

/// An id that was given back may have been taken by a negotiated channel since.
#[test]
fn a_free_id_is_one_that_nobody_has_taken() {
    let mut pair = Pair::connected();
    let first = pair.create(0, "first");
    let now = pair.now;
    let End { sctp, channels, .. } = &mut pair.ends[0];
    let agreed = |id| DataChannelInit {
        negotiated: true,
        id: Some(id),
        ..DataChannelInit::default()
    };
    channels.create(now, Some(sctp), "", agreed(2)).unwrap();
    channels.closed(first);
    channels.create(now, Some(sctp), "", agreed(0)).unwrap();
    assert_eq!(channels.free_stream(4), None);
    assert_eq!(channels.free_stream(5), Some(StreamId(4)));
}

/// A peer may start over as often as it likes, and an application may keep what is closed.
#[test]
fn starting_over_does_not_look_at_channels_that_are_over() {
    let cost = |count: usize| {
        let mut pair = Pair::connected();
        let ids: Vec<_> = (0..count).map(|_| pair.create(0, "")).collect();
        pair.exchange();
        for id in ids {
            let End { sctp, channels, .. } = &mut pair.ends[0];
            channels.close(pair.now, Some(sctp), id);
        }
        pair.exchange();
        let left = pair.ends[0].channels.iter();
        assert!(left.filter(|(_, channel)| !channel.is_live()).count() == count);
        pair.ends[1] = End::new(3, Role::Server);
        pair.ends[0].events.clear();
        pair.ends[1].sctp.connect(pair.now);
        pair.exchange()
    };
    let (few, many) = (cost(100), cost(200));
    assert!(few.abs_diff(many) <= 2, "{few} {many}");
}
