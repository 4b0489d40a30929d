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
            .channels_mut()
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
        let mut pair = Pair::new(Setup::new(seed).link(Link::bad(10 * seed)));
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
        let mut pair = Pair::new(Setup::new(seed).link(Link::bad(100)));
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
                .channels_mut()
                .send(pair.now, at_a, vec![1; 50_000].into())
                .unwrap();
            pair.b
                .connection
                .channels_mut()
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

#[test]
fn data_goes_on_through_a_restart_of_ice_and_a_move() {
    seeds(0..10, |seed| {
        let mut pair = Pair::new(Setup::new(seed).link(Link::bad(50)));
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
                .channels_mut()
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
            *pair.link_mut(side) = Link::bad(100);
        }
        let mut rng = Rng::from_test_seed(seed);
        for number in 0..MESSAGES {
            pair.a
                .connection
                .channels_mut()
                .send(pair.now, ChannelId(0), message(number))
                .unwrap();
            pair.run_for(Duration::from_millis(rng.below(20)));
        }
        pair.run_for(Duration::from_secs(30));
        pair.trace()
    };
    assert_eq!(run(71), run(71));
}
