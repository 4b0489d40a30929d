//! Data channels over a whole connection.

use std::time::Duration;

use ironrtc_core::channel::{
    ChannelId, ChannelState, DataChannelInit, Event as ChannelEvent, Message, Priority, SendError,
};
use ironrtc_core::peer::{Event, TransportEvent};
use ironrtc_core::sctp::SctpState;
use ironrtc_core::transport::TransportId;
use ironrtc_sim::{Endpoint, Pair, Setup, Side, seeds};

/// One channel of each kind.
fn kinds() -> Vec<DataChannelInit> {
    let plain = DataChannelInit::default();
    let mut kinds = Vec::new();
    for ordered in [true, false] {
        let kind = DataChannelInit {
            ordered,
            ..plain.clone()
        };
        kinds.push(kind.clone());
        kinds.push(DataChannelInit {
            max_retransmits: Some(0),
            protocol: "soap".into(),
            ..kind.clone()
        });
        kinds.push(DataChannelInit {
            max_packet_life_time: Some(500),
            priority: Priority::High,
            ..kind
        });
    }
    for id in [7, 100] {
        kinds.push(DataChannelInit {
            negotiated: true,
            id: Some(id),
            ..plain.clone()
        });
    }
    kinds.push(DataChannelInit {
        protocol: "x".repeat(3000),
        ..plain
    });
    kinds.push(DataChannelInit {
        priority: Priority::VeryLow,
        ..plain
    });
    kinds
}

fn state(endpoint: &Endpoint, id: ChannelId) -> ChannelState {
    let channels = endpoint.connection.transport().channels();
    channels.get(id).expect("a channel").state()
}

fn name(endpoint: &Endpoint, id: ChannelId) -> String {
    let channels = endpoint.connection.transport().channels();
    channels.get(id).expect("a channel").label().to_owned()
}

fn stream(endpoint: &Endpoint, id: ChannelId) -> Option<u16> {
    let channels = endpoint.connection.transport().channels();
    channels.get(id).expect("a channel").stream_id()
}

fn saw(endpoint: &Endpoint, event: ChannelEvent) -> bool {
    endpoint.saw(&Event::Channel(event))
}

#[test]
fn ten_channels_of_all_kinds_carry_messages_both_ways() {
    for creator in [Side::A, Side::B] {
        let mut pair = Pair::new(Setup::new(60));
        let now = pair.now;
        let mut created = Vec::new();
        for (number, init) in kinds().into_iter().enumerate() {
            let label = format!("channel {number} é");
            let negotiated = init.negotiated;
            let there = pair.side(creator).create_with(now, &label, init.clone());
            let here =
                negotiated.then(|| pair.side(creator.other()).create_with(now, &label, init));
            created.push((there, here));
        }
        assert_eq!(created.len(), 10);
        let announced = pair.run_until(Duration::from_secs(5), |pair| {
            pair.side(creator.other()).announced.len() == 8
        });
        assert!(announced);
        let announced = pair.side(creator.other()).announced.clone();
        let now = pair.now;
        for (number, ((there, here), init)) in created.into_iter().zip(kinds()).enumerate() {
            let label = format!("channel {number} é");
            let endpoint = pair.side(creator.other());
            let labelled = |id: &&ChannelId| name(endpoint, **id) == label;
            let here = here.unwrap_or_else(|| *announced.iter().find(labelled).unwrap());
            let channels = pair.side(creator.other()).connection.transport().channels();
            let known = channels.get(here).unwrap().init().clone();
            assert_eq!(
                DataChannelInit {
                    id: init.id,
                    ..known
                },
                init
            );
            let messages = [
                Message::from("héllo"),
                Message::from(vec![1, 2, 3]),
                Message::from(""),
                Message::from(Vec::new()),
            ];
            for message in messages.clone() {
                let (from, to) = (creator, creator.other());
                pair.side(from)
                    .connection
                    .channels_mut()
                    .send(now, there, message.clone())
                    .unwrap();
                pair.side(to)
                    .connection
                    .channels_mut()
                    .send(now, here, message)
                    .unwrap();
            }
            pair.run_for(Duration::from_millis(10));
            assert_eq!(pair.side(creator.other()).received(here), messages);
            assert_eq!(pair.side(creator).received(there), messages);
        }
    }
}

/// RFC 8832 section 6: the DTLS client, here the answerer, uses even ids.
#[test]
fn ids_follow_the_role_in_dtls() {
    let mut pair = Pair::new(Setup::new(61));
    pair.connect();
    let from_a = pair.a.create(pair.now, "a");
    let from_b = pair.b.create(pair.now, "b");
    pair.run_for(Duration::from_millis(50));
    assert_eq!(stream(&pair.a, ChannelId(0)), Some(1));
    assert_eq!(stream(&pair.a, from_a), Some(3));
    assert_eq!(stream(&pair.b, from_b), Some(0));
}

#[test]
fn either_side_closes_a_channel_and_its_id_is_used_again() {
    for closer in [Side::A, Side::B] {
        let mut pair = Pair::new(Setup::new(62));
        let (at_a, at_b) = pair.open();
        let id = if closer == Side::A { at_a } else { at_b };
        let now = pair.now;
        pair.side(closer)
            .connection
            .channels_mut()
            .send(now, id, "last words".into())
            .unwrap();
        pair.side(closer).connection.channels_mut().close(now, id);
        assert_eq!(state(pair.side(closer), id), ChannelState::Closing);
        let refused = pair
            .side(closer)
            .connection
            .channels_mut()
            .send(now, id, "more".into());
        assert_eq!(refused, Err(SendError::NotOpen));
        let done = pair.run_until(Duration::from_secs(5), |pair| {
            saw(&pair.a, ChannelEvent::Closed(at_a)) && saw(&pair.b, ChannelEvent::Closed(at_b))
        });
        assert!(done, "{closer:?}");
        let (peer, at_peer) = match closer {
            Side::A => (&pair.b, at_b),
            Side::B => (&pair.a, at_a),
        };
        assert!(saw(peer, ChannelEvent::Closing(at_peer)));
        assert_eq!(peer.received(at_peer), [Message::from("last words")]);
        let freed = stream(&pair.a, at_a);

        let again = pair.a.create(pair.now, "again");
        assert_eq!(stream(&pair.a, again), freed);
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, again, "anew".into())
            .unwrap();
        pair.run_for(Duration::from_secs(1));
        let announced = *pair.b.announced.last().unwrap();
        assert_ne!(announced, at_b);
        assert_eq!(pair.b.received(announced), [Message::from("anew")]);
    }
}

#[test]
fn both_sides_close_at_once_on_a_bad_network() {
    seeds(0..20, |seed| {
        let mut pair = Pair::new(Setup::new(seed).link(ironrtc_sim::Link::bad(150)));
        let (at_a, at_b) = pair.open();
        let now = pair.now;
        pair.a.connection.channels_mut().close(now, at_a);
        pair.b.connection.channels_mut().close(now, at_b);
        let done = pair.run_until(Duration::from_secs(60), |pair| {
            saw(&pair.a, ChannelEvent::Closed(at_a)) && saw(&pair.b, ChannelEvent::Closed(at_b))
        });
        assert!(done);
    });
}

#[test]
fn closing_the_connection_ends_all_channels_on_both_sides() {
    for closer in [Side::A, Side::B] {
        let mut pair = Pair::new(Setup::new(63));
        let (at_a, at_b) = pair.open();
        let now = pair.now;
        pair.side(closer).connection.close(now);
        pair.run_for(Duration::from_millis(2));
        for (endpoint, id) in [(&pair.a, at_a), (&pair.b, at_b)] {
            assert!(saw(endpoint, ChannelEvent::Closed(id)), "{closer:?}");
            assert!(endpoint.saw(&Event::Transport(
                TransportId::default(),
                TransportEvent::SctpStateChange(SctpState::Closed)
            )));
        }
        let now = pair.now;
        let refused = pair.side(closer.other()).connection.create_data_channel(
            now,
            "late",
            DataChannelInit::default(),
        );
        assert!(refused.is_err());
    }
}

#[test]
fn a_large_message_arrives_whole_and_a_larger_one_is_refused() {
    let mut setup = Setup::new(64);
    setup.b.sctp.max_receive_message_size = 5_000_000;
    let mut pair = Pair::new(setup);
    let (at_a, at_b) = pair.open();
    let data: Vec<u8> = (0..5_000_000_u32).map(|n| (n * 7 / 3) as u8).collect();
    let too_large = Message::from(vec![0; 5_000_001]);
    assert_eq!(
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, at_a, too_large),
        Err(SendError::TooLarge {
            size: 5_000_001,
            limit: 5_000_000
        })
    );
    pair.a
        .connection
        .channels_mut()
        .send(pair.now, at_a, data.clone().into())
        .unwrap();
    let arrived = pair.run_until(Duration::from_secs(30), |pair| {
        !pair.b.received(at_b).is_empty()
    });
    assert!(arrived);
    assert!(pair.b.received(at_b) == [Message::from(data)]);
    assert!(pair.a.largest_batch > 1, "packets leave in batches");
    // A itself accepts 256 KiB.
    let refused = pair
        .b
        .connection
        .channels_mut()
        .send(pair.now, at_b, vec![0; 262_145].into());
    assert!(matches!(refused, Err(SendError::TooLarge { .. })));
}

#[test]
fn an_unread_channel_does_not_stall_another() {
    // What is not read of one channel fits into the window, which all share.
    let mut setup = Setup::new(65);
    setup.b.sctp.receive_window = 8 << 20;
    let mut pair = Pair::new(setup);
    let (slow, slow_at_b) = pair.open();
    pair.b.unread.push(slow_at_b);
    for _ in 0..100 {
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, slow, vec![0; 50_000].into())
            .unwrap();
    }
    let quick = pair.a.create(pair.now, "quick");
    for number in 0..100 {
        let message = Message::from(format!("{number}"));
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, quick, message)
            .unwrap();
        pair.run_for(Duration::from_millis(20));
    }
    let quick_at_b = *pair.b.announced.last().unwrap();
    assert_eq!(pair.b.received(quick_at_b).len(), 100);
    assert!(pair.b.received(slow_at_b).is_empty());
    pair.b.unread.clear();
    pair.b.read(pair.now, slow_at_b);
    pair.run_for(Duration::from_secs(5));
    assert_eq!(pair.b.received(slow_at_b).len(), 100);
}

/// What an application does not read is bounded here by the receive window, and there by the send
/// buffer.
#[test]
fn memory_is_bounded_when_nobody_reads() {
    let mut setup = Setup::new(66);
    setup.b.sctp.receive_window = 300_000;
    setup.a.sctp.max_send_buffer = 400_000;
    let mut pair = Pair::new(setup);
    let (at_a, at_b) = pair.open();
    pair.b.unread.push(at_b);
    let mut accepted = 0;
    for _ in 0..2000 {
        match pair
            .a
            .connection
            .channels_mut()
            .send(pair.now, at_a, vec![1; 10_000].into())
        {
            Ok(()) => accepted += 10_000,
            Err(error) => assert_eq!(error, SendError::BufferFull),
        }
        pair.run_for(Duration::from_millis(5));
    }
    assert!((400_000..=750_000).contains(&accepted), "{accepted} bytes");
    let waiting = pair.a.connection.transport().buffered_amount(at_a);
    assert!(waiting <= 400_000, "{waiting}");
    pair.b.unread.clear();
    pair.b.read(pair.now, at_b);
    pair.run_for(Duration::from_secs(10));
    let received: usize = pair.b.received(at_b).iter().map(Message::len).sum();
    assert_eq!(received, accepted);
}

/// Messages that the application does not read yet stay in SCTP and close its window, on every
/// channel, and the application hears of them once.
#[test]
fn what_arrives_before_the_application_reads_is_kept_and_announced_once() {
    let mut setup = Setup::new(78);
    setup.b.sctp.receive_window = 300_000;
    setup.a.sctp.max_send_buffer = 64 << 20;
    let mut pair = Pair::new(setup);
    let (first, first_at_b) = pair.open();
    let mut at_a = vec![first];
    for number in 1..20 {
        at_a.push(pair.a.create(pair.now, &number.to_string()));
    }
    pair.run_for(Duration::from_secs(1));
    let mut at_b = vec![first_at_b];
    at_b.extend(pair.b.announced.iter().filter(|id| **id != first_at_b));
    assert_eq!(at_b.len(), 20);
    pair.b.unread.extend(at_b.clone());
    for number in 0..320_u32 {
        for id in &at_a {
            let message = [&number.to_be_bytes()[..], &[0; 3996]].concat();
            let now = pair.now;
            pair.a
                .connection
                .channels_mut()
                .send(now, *id, message.into())
                .unwrap();
        }
    }
    pair.run_for(Duration::from_secs(5));
    let sent = |pair: &Pair| {
        let waits = |id: &ChannelId| pair.a.connection.transport().buffered_amount(*id);
        20 * 320 * 4000 - at_a.iter().map(waits).sum::<usize>()
    };
    // One message of the largest size has to fit, so that the window is a little larger.
    assert!(sent(&pair) <= 340_000, "{} bytes", sent(&pair));
    // Reading with more behind it says nothing new.
    let announced = |pair: &Pair, id| {
        let readable = Event::Channel(ChannelEvent::Readable(id));
        let found = pair
            .b
            .events_where(|event| (*event == readable).then_some(()));
        found.len()
    };
    assert_eq!(announced(&pair, first_at_b), 1);
    let now = pair.now;
    let message = pair.b.connection.channels_mut().recv(now, first_at_b);
    assert_eq!(message.map(|message| message.len()), Some(4000));
    assert_eq!(pair.b.connection.poll_event(), None);
    let stay_unread = std::mem::take(&mut pair.b.unread);
    let now = pair.now;
    for id in stay_unread {
        pair.b.read(now, id);
    }
    pair.run_for(Duration::from_secs(60));
    for id in at_b {
        let numbers: Vec<u32> = pair
            .b
            .received(id)
            .iter()
            .map(|message| match message {
                Message::Binary(data) => u32::from_be_bytes(data[..4].try_into().unwrap()),
                Message::Text(_) => panic!("text"),
            })
            .collect();
        let taken = u32::from(id == first_at_b);
        assert!(numbers.into_iter().eq(taken..320), "{id:?}");
    }
}

/// The peer may use a channel's id again as soon as both directions are reset, which does not wait
/// for the application to read.
#[test]
fn a_channel_on_the_id_of_one_that_was_not_read_to_its_end_loses_nothing() {
    let mut pair = Pair::new(Setup::new(79));
    let (first, first_at_b) = pair.open();
    pair.b.unread.push(first_at_b);
    let say = |pair: &mut Pair, id, generation| {
        for number in 0..3 {
            let message = Message::from(format!("{generation} {number}"));
            pair.a
                .connection
                .channels_mut()
                .send(pair.now, id, message)
                .unwrap();
        }
        pair.a.connection.channels_mut().close(pair.now, id);
        pair.run_for(Duration::from_secs(1));
    };
    say(&mut pair, first, 0);
    assert_eq!(state(&pair.a, first), ChannelState::Closed);
    let second = pair.a.create(pair.now, "second");
    assert_eq!(stream(&pair.a, second), stream(&pair.a, first));
    say(&mut pair, second, 1);
    assert_eq!(pair.b.announced, [first_at_b]);
    pair.b.unread.clear();
    pair.b.read(pair.now, first_at_b);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(state(&pair.a, second), ChannelState::Closed);
    let announced = pair.b.announced.clone();
    assert_eq!(announced.len(), 2);
    for (generation, id) in announced.into_iter().enumerate() {
        let expected = [0, 1, 2].map(|number| Message::from(format!("{generation} {number}")));
        assert_eq!(pair.b.received(id), expected);
        assert!(saw(&pair.b, ChannelEvent::Closed(id)), "{generation}");
    }
}

#[test]
fn the_buffered_amount_falls_and_says_so_once() {
    let mut pair = Pair::new(Setup::new(67));
    let (id, _) = pair.open();
    pair.a
        .connection
        .channels_mut()
        .set_buffered_amount_low_threshold(id, 100_000);
    pair.a.events.clear();
    for _ in 0..20 {
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, id, vec![0; 50_000].into())
            .unwrap();
    }
    let amount = |pair: &Pair| pair.a.connection.transport().buffered_amount(id);
    assert_eq!(amount(&pair), 1_000_000);
    let low = Event::Channel(ChannelEvent::BufferedAmountLow(id));
    assert!(pair.run_until(Duration::from_secs(10), |pair| pair.a.saw(&low)));
    assert!(amount(&pair) <= 100_000);
    pair.run_for(Duration::from_secs(5));
    assert_eq!(amount(&pair), 0);
    let times = pair.a.events_where(|event| (*event == low).then_some(()));
    assert_eq!(times.len(), 1);
}

#[test]
fn a_forgotten_channel_does_not_stall_the_others() {
    let mut pair = Pair::new(Setup::new(77));
    let (a, b) = pair.open();
    let other = pair.a.create(pair.now, "other");
    pair.run_for(Duration::from_secs(1));
    // B's application drops its handle of the first channel, which stays open.
    pair.b.unread.push(b);
    pair.b.connection.channels_mut().forget(b);
    let mut sent = 0;
    for _ in 0..1000 {
        let now = pair.now;
        if pair
            .a
            .connection
            .channels_mut()
            .send(now, a, Message::Binary(vec![0; 16_000].into()))
            .is_ok()
        {
            sent += 1;
        }
        if sent % 100 == 99 {
            pair.run_for(Duration::from_millis(200));
        }
    }
    pair.run_for(Duration::from_secs(20));
    let now = pair.now;
    pair.a
        .connection
        .channels_mut()
        .send(now, other, Message::Text("hello".into()))
        .unwrap();
    pair.run_for(Duration::from_secs(20));
    let got: usize = pair
        .b
        .events_where(|e| match e {
            Event::Channel(ChannelEvent::Readable(id)) if *id != b => Some(()),
            _ => None,
        })
        .len();
    assert!(
        got > 0,
        "stalled; a buffered {}",
        pair.a.connection.transport().buffered_amount(a)
    );
}
