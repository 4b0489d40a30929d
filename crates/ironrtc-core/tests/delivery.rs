//! What a bad network does to messages: nothing, unless the channel allows it.

use std::collections::BTreeSet;
use std::time::Duration;

use ironrtc_core::channel::{ChannelId, DataChannelInit, Message};
use ironrtc_core::rng::Rng;
use ironrtc_sim::{Link, Pair, Setup, Side, seeds};

const MESSAGES: usize = 60;

/// Message number `number`, of a length that follows from it.
fn message(number: usize) -> Message {
    let length = 4 + number * number * 7 % 9000;
    let mut data = vec![number as u8; length];
    data[..4].copy_from_slice(&(number as u32).to_be_bytes());
    Message::from(data)
}

fn number_of(received: &Message) -> usize {
    let data = received.clone().into_bytes();
    let number = u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
    assert_eq!(received, &message(number), "damaged");
    number
}

/// Sends messages over a channel of A and returns the numbers that B read, in order.
fn transfer(pair: &mut Pair, init: &DataChannelInit) -> Vec<usize> {
    pair.open();
    let id = pair.a.create_with(pair.now, "test", init.clone());
    for number in 0..MESSAGES {
        pair.a
            .connection
            .send(pair.now, id, message(number))
            .unwrap();
        pair.run_for(Duration::from_millis(10));
    }
    pair.run_for(Duration::from_secs(120));
    let at_b = pair.b.announced.iter().copied().find(|id| {
        let channels = pair.b.connection.transport().channels();
        channels.get(*id).unwrap().label() == "test"
    });
    let at_b = at_b.unwrap_or(ChannelId(u64::MAX));
    pair.b.received(at_b).iter().map(number_of).collect()
}

#[test]
fn reliable_channels_deliver_exactly_once() {
    seeds(0..30, |seed| {
        let ordered = seed % 2 == 0;
        let mut pair = Pair::new(Setup::new(seed).link(Link::bad(seed)));
        let init = DataChannelInit {
            ordered,
            ..DataChannelInit::default()
        };
        let mut received = transfer(&mut pair, &init);
        if !ordered {
            received.sort_unstable();
        }
        assert!(received.iter().copied().eq(0..MESSAGES), "{received:?}");
    });
}

#[test]
fn partially_reliable_channels_deliver_at_most_once() {
    let mut lost = 0;
    seeds(0..20, |seed| {
        let mut pair = Pair::new(Setup::new(seed).link(Link::bad(10)));
        let init = DataChannelInit {
            ordered: seed % 2 == 0,
            max_retransmits: (seed % 3 != 0).then_some(0),
            max_packet_life_time: (seed % 3 == 0).then_some(60),
            ..DataChannelInit::default()
        };
        let received = transfer(&mut pair, &init);
        let distinct: BTreeSet<usize> = received.iter().copied().collect();
        assert_eq!(distinct.len(), received.len(), "twice: {received:?}");
        assert!(!init.ordered || received.is_sorted(), "{received:?}");
        assert!(received.len() > MESSAGES / 4, "{received:?}");
        lost += MESSAGES - received.len();
    });
    assert!(lost > 0, "ten percent of loss leave a trace");
}

#[test]
fn both_ways_at_once_over_a_narrow_link() {
    seeds(0..6, |seed| {
        let link = Link {
            bandwidth: Some(500_000),
            queue: Duration::from_millis(50),
            delay: Duration::from_millis(15),
            ..Link::default()
        };
        let mut pair = Pair::new(Setup::new(seed).link(link));
        pair.open();
        pair.run_for(Duration::from_secs(1));
        let (at_a, at_b) = (ChannelId(0), pair.b.announced[0]);
        for _ in 0..20 {
            pair.a
                .connection
                .send(pair.now, at_a, vec![1; 50_000].into())
                .unwrap();
            pair.b
                .connection
                .send(pair.now, at_b, vec![2; 50_000].into())
                .unwrap();
        }
        let started = pair.now;
        let arrived = pair.run_until(Duration::from_secs(60), |pair| {
            pair.a.received(at_a).len() == 20 && pair.b.received(at_b).len() == 20
        });
        assert!(arrived);
        // A million bytes at half a million per second: the link is used well.
        let took = pair.now.since(started);
        assert!(took < Duration::from_secs(4), "{took:?}");
    });
}

/// IPv6's smallest MTU, less its header and UDP's: every path lets so much through.
const SMALLEST: usize = 1280 - 40 - 8;

#[test]
fn a_path_whose_mtu_shrinks_to_the_smallest_goes_on() {
    let mut pair = Pair::new(Setup::new(70));
    let (id, at_b) = pair.open();
    for round in 1..=2 {
        for _ in 0..20 {
            pair.a
                .connection
                .send(pair.now, id, vec![3; 30_000].into())
                .unwrap();
        }
        pair.run_for(Duration::from_secs(10));
        assert_eq!(pair.b.received(at_b).len(), 20 * round);
        pair.link_mut(Side::A).mtu = SMALLEST;
    }
}

#[test]
fn discovery_finds_what_the_path_carries_and_no_more() {
    for (mtu, least, most) in [(1472, 1400, 1431), (SMALLEST, 1191, 1191)] {
        let mut setup = Setup::new(72);
        setup.a.sctp.max_probe_packet_size = 1431;
        let mut pair = Pair::new(setup);
        pair.link_mut(Side::A).mtu = mtu;
        let (id, at_b) = pair.open();
        pair.run_for(Duration::from_secs(10));
        for _ in 0..20 {
            pair.a
                .connection
                .send(pair.now, id, vec![3; 30_000].into())
                .unwrap();
        }
        pair.run_for(Duration::from_secs(10));
        assert_eq!(pair.b.received(at_b).len(), 20);
        let stats = pair.a.connection.transport().sctp().unwrap().stats();
        assert!((least..=most).contains(&stats.packet_size), "{stats:?}");
    }
}

#[test]
fn within_one_host_packets_grow() {
    let mut setup = Setup::new(73).link(Link {
        mtu: 65_507,
        delay: Duration::from_micros(50),
        ..Link::default()
    });
    setup.addresses = [
        vec!["127.0.0.1".parse().unwrap()],
        vec!["127.0.0.2".parse().unwrap()],
    ];
    let mut pair = Pair::new(setup);
    let (id, at_b) = pair.open();
    for _ in 0..100 {
        pair.a
            .connection
            .send(pair.now, id, vec![3; 60_000].into())
            .unwrap();
        pair.run_for(Duration::from_millis(1));
    }
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.b.received(at_b).len(), 100);
    let stats = pair.a.connection.transport().sctp().unwrap().stats();
    assert_eq!(stats.packet_size, 16_000);
}

#[test]
fn data_goes_on_through_a_restart_of_ice_and_a_move() {
    seeds(0..10, |seed| {
        let mut pair = Pair::new(Setup::new(seed).link(Link::bad(5)));
        pair.open();
        let id = ChannelId(0);
        for number in 0..MESSAGES {
            if number == 20 {
                pair.a.connection.restart_ice();
            }
            if number == 40 {
                pair.move_to(Side::B, vec!["203.0.113.50".parse().unwrap()]);
                pair.b.connection.restart_ice();
            }
            pair.a
                .connection
                .send(pair.now, id, message(number))
                .unwrap();
            pair.run_for(Duration::from_millis(50));
        }
        pair.run_for(Duration::from_secs(60));
        let received = pair.b.received(pair.b.announced[0]);
        assert!(received.iter().map(number_of).eq(0..MESSAGES));
    });
}

/// The same seed gives the same messages at the same times, whatever the network does.
#[test]
fn the_course_of_a_transfer_replays() {
    let run = |seed| {
        let mut pair = Pair::new(Setup::new(seed));
        pair.open();
        for side in [Side::A, Side::B] {
            *pair.link_mut(side) = Link::bad(10);
        }
        let mut rng = Rng::from_test_seed(seed);
        for number in 0..MESSAGES {
            pair.a
                .connection
                .send(pair.now, ChannelId(0), message(number))
                .unwrap();
            pair.run_for(Duration::from_millis(rng.below(20)));
        }
        pair.run_for(Duration::from_secs(30));
        pair.trace()
    };
    assert_eq!(run(71), run(71));
}
