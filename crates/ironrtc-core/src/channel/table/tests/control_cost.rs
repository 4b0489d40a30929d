//! What a packet full of control messages (RFC 8832) costs against the channels that a peer has made.

use bytes::Bytes;

use super::*;
use crate::channel::dcep;
use crate::channel::message::PPID_DCEP;

/// A packet of the usual size.
const PACKET: u64 = 1200;
const MESSAGES: u16 = 2_000;

/// The n-th message, and its stream. Those of the peer's channels are odd.
type Make = fn(u16) -> (u16, Bytes);

fn open(label: &str) -> Bytes {
    dcep::open(label, &DataChannelInit::default())
}

const WORST: [(&str, Make); 8] = [
    ("new channels", |n| (2 * n + 10_001, open("a name"))),
    ("new channels on one stream", |_| (10_001, open("again"))),
    ("channels that there are", |n| (2 * (n % 400) + 1, open(""))),
    ("ACKs of channels", |n| (2 * (n % 400) + 1, dcep::ack())),
    ("ACKs of one channel", |_| (1, dcep::ack())),
    ("ACKs of none", |n| (2 * n + 10_001, dcep::ack())),
    ("no message of control", |n| {
        (2 * n + 10_001, vec![9].into())
    }),
    ("a name that is not there", |n| {
        let mut bytes = open("").to_vec();
        bytes[8..].fill(0xff);
        (2 * n + 10_001, bytes.into())
    }),
];

fn say(pair: &mut Pair, make: Make) {
    for n in 0..MESSAGES {
        let (stream, data) = make(n);
        let message = OutgoingMessage {
            ppid: PPID_DCEP,
            data,
            ordered: true,
            reliability: sctp::Reliability::Reliable,
            control: true,
        };
        let peer = &mut pair.ends[1].sctp;
        peer.send(pair.now, StreamId(stream), message).unwrap();
    }
}

fn with_channels(count: usize) -> Pair {
    let mut pair = Pair::connected();
    for _ in 0..count {
        pair.create(1, "theirs");
    }
    pair.exchange();
    assert_eq!(pair.ends[0].announced().len(), count);
    pair
}

/// The most work that a packet of the peer's causes until it has no more to say.
fn worst_packet(pair: &mut Pair) -> u64 {
    let (mut most, mut quiet) = (0, 0);
    let mut packet = Vec::new();
    while quiet < 2 {
        quiet += 1;
        for from in [1, 0] {
            while pair.ends[from]
                .sctp
                .write_packet(pair.now, &mut packet)
                .is_some()
            {
                let work = pair.ends[1 - from].handle(pair.now, &packet);
                most = most.max(if from == 1 { work } else { 0 });
                packet.clear();
                quiet = 0;
            }
        }
        pair.now += std::time::Duration::from_millis(200);
        for end in &mut pair.ends {
            end.sctp.handle_timeout(pair.now);
        }
    }
    most
}

#[test]
fn a_packet_of_control_messages_does_not_look_at_the_channels_there_are() {
    for (name, make) in WORST {
        let cost = |channels: usize| {
            let mut pair = with_channels(channels);
            say(&mut pair, make);
            worst_packet(&mut pair)
        };
        let (few, many) = (cost(500), cost(1_000));
        println!("{name}: {few} {many}");
        // Making more channels has opened the window further, so that more is acknowledged at once.
        assert!(few.abs_diff(many) <= 100, "{name}: {few} {many}");
        assert!(many <= PACKET, "{name}: {many}");
    }
}

/// An application that takes no events for a while, and then all of them: each costs the same.
#[test]
fn what_had_to_wait_for_the_application_costs_as_much_as_it_would_have() {
    for (name, make) in WORST {
        let mut pair = with_channels(500);
        pair.ends[0].takes = false;
        say(&mut pair, make);
        pair.exchange();
        let now = pair.now;
        let End { sctp, channels, .. } = &mut pair.ends[0];
        let mut events = 0;
        let work = work::of(|| {
            while channels.poll_event().is_some() {
                events += 1;
                channels.resume(now, sctp);
            }
        });
        println!("{name}: {work} for {events} events");
        let most = 4 * (u64::from(MESSAGES) + events);
        assert!(work <= most, "{name}: {work} of {most}");
    }
}
