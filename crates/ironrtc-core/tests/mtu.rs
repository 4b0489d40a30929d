//! Paths that take smaller packets than usual, from the start or from some moment on: nothing is
//! lost, whether routers cut, drop or refuse what is too large.

use std::time::Duration;

use ironrtc_core::channel::ChannelId;
use ironrtc_sim::{Link, Oversize, Pair, Setup, Side, seeds};

const BEHAVIOURS: [Oversize; 3] = [Oversize::Fragment, Oversize::Drop, Oversize::Refuse];
/// A tenth of a second's worth of bytes.
const MESSAGE: usize = 100_000;

/// A million bytes per second each way, 10 ms apart.
fn link(mtu: usize, oversize: Oversize) -> Link {
    Link {
        mtu,
        oversize,
        delay: Duration::from_millis(10),
        bandwidth: Some(1_000_000),
        ..Link::default()
    }
}

fn ipv6(setup: &mut Setup) {
    setup.addresses = [
        vec!["2001:db8::1".parse().unwrap()],
        vec!["2001:db8::2".parse().unwrap()],
    ];
}

fn packet_size(pair: &mut Pair, side: Side) -> usize {
    let transport = pair.side(side).connection.transport();
    transport.sctp().unwrap().stats().packet_size
}

/// Sends messages both ways, and returns how long they took.
fn exchange(pair: &mut Pair, (at_a, at_b): (ChannelId, ChannelId), count: usize) -> Duration {
    let (begun, now) = (pair.now, pair.now);
    let before = (pair.a.received(at_a).len(), pair.b.received(at_b).len());
    for number in 0..count {
        for (side, id) in [(Side::A, at_a), (Side::B, at_b)] {
            let message = vec![number as u8; MESSAGE];
            let connection = &mut pair.side(side).connection;
            connection
                .channels_mut()
                .send(now, id, message.into())
                .unwrap();
        }
    }
    let all = |pair: &mut Pair| {
        pair.a.received(at_a).len() >= before.0 + count
            && pair.b.received(at_b).len() >= before.1 + count
    };
    let arrived = pair.run_until(Duration::from_secs(120), all);
    assert!(
        arrived,
        "{} and {} of {count} arrived",
        pair.a.received(at_a).len() - before.0,
        pair.b.received(at_b).len() - before.1
    );
    pair.now.since(begun)
}

#[test]
fn a_small_path_connects_and_delivers() {
    for oversize in BEHAVIOURS {
        for mtu in [576, 1200, 1220, 1236, 1280, 1500] {
            seeds(0..4, |seed| {
                let mut pair = Pair::new(Setup::new(seed).link(link(mtu, oversize)));
                let channels = pair.open();
                // A second's worth, first while the size is not known, then with it.
                let took = exchange(&mut pair, channels, 10);
                assert!(
                    took < Duration::from_secs(3),
                    "{took:?}, {mtu} {oversize:?}"
                );
                let took = exchange(&mut pair, channels, 10);
                let most = Duration::from_secs(2);
                assert!(took < most, "{took:?}, {mtu} {oversize:?}");
                pair.run_for(Duration::from_secs(5));
                for side in [Side::A, Side::B] {
                    let size = packet_size(&mut pair, side);
                    // SCTP packets are a multiple of four long, and a record of DTLS 1.3 adds 22.
                    assert!((size & !3) + 22 + 28 <= mtu, "{size} of {mtu} {oversize:?}");
                    assert!(size >= (mtu - 28 - 41).min(1191), "{size} of {mtu}");
                }
            });
        }
    }
}

#[test]
fn a_path_of_ipv6_s_smallest_mtu_connects_and_delivers() {
    for oversize in BEHAVIOURS {
        let mut setup = Setup::new(7).link(link(1280, oversize));
        ipv6(&mut setup);
        let mut pair = Pair::new(setup);
        let channels = pair.open();
        let took = exchange(&mut pair, channels, 10);
        assert!(took < Duration::from_millis(1500), "{took:?}");
        assert_eq!(packet_size(&mut pair, Side::A), 1191);
    }
}

#[test]
fn a_path_that_shrinks_in_the_middle_of_a_transfer_loses_nothing() {
    for (oversize, mtu) in [
        (Oversize::Fragment, 1200),
        (Oversize::Fragment, 576),
        (Oversize::Refuse, 1200),
        (Oversize::Refuse, 576),
        (Oversize::Drop, 1280),
    ] {
        seeds(0..4, |seed| {
            let mut setup = Setup::new(seed).link(link(1500, oversize));
            for side in [&mut setup.a, &mut setup.b] {
                side.sctp.max_probe_packet_size = 1431;
            }
            if seed % 2 == 1 && mtu >= 1280 {
                ipv6(&mut setup);
            }
            let mut pair = Pair::new(setup);
            let (at_a, at_b) = pair.open();
            exchange(&mut pair, (at_a, at_b), 5);
            assert!(packet_size(&mut pair, Side::A) > 1391);
            let now = pair.now;
            for id in [(Side::A, at_a), (Side::B, at_b)] {
                for _ in 0..5 {
                    let message = vec![1; MESSAGE];
                    let connection = &mut pair.side(id.0).connection;
                    connection
                        .channels_mut()
                        .send(now, id.1, message.into())
                        .unwrap();
                }
            }
            pair.run_for(Duration::from_millis(100));
            // The other way only in every other case.
            pair.link_mut(Side::A).mtu = mtu;
            if seed >= 2 {
                pair.link_mut(Side::B).mtu = mtu;
            }
            let begun = pair.now;
            exchange(&mut pair, (at_a, at_b), 10);
            let whole = pair.run_until(Duration::from_secs(10), |pair| {
                pair.a.received(at_a).len() == 20 && pair.b.received(at_b).len() == 20
            });
            assert!(whole, "{mtu} {oversize:?}");
            let took = pair.now.since(begun);
            assert!(
                took < Duration::from_secs(4),
                "{took:?}: {mtu} {oversize:?}"
            );
        });
    }
}

/// Where larger packets vanish without a word from the start, or do so for some seconds only.
#[test]
fn smaller_packets_follow_where_large_ones_vanish_and_large_ones_come_back() {
    seeds(0..4, |seed| {
        let mut pair = Pair::new(Setup::new(seed).link(link(1500, Oversize::Drop)));
        let channels = pair.open();
        exchange(&mut pair, channels, 1);
        pair.link_mut(Side::A).mtu = 1200;
        exchange_after_probes(&mut pair, channels);
        assert_eq!(packet_size(&mut pair, Side::A), 1151);
        pair.link_mut(Side::A).mtu = 1500;
        pair.run_for(Duration::from_secs(700));
        assert_eq!(packet_size(&mut pair, Side::A), 1191);
    });
}

/// The periodic confirmation has found out by now.
fn exchange_after_probes(pair: &mut Pair, channels: (ChannelId, ChannelId)) {
    pair.run_for(Duration::from_secs(70));
    let took = exchange(pair, channels, 10);
    assert!(took < Duration::from_millis(1700), "{took:?}");
}

#[test]
fn an_outage_does_not_make_packets_small() {
    let mut pair = Pair::new(Setup::new(5).link(link(1500, Oversize::Drop)));
    let (at_a, at_b) = pair.open();
    let (now, message) = (pair.now, vec![1; MESSAGE]);
    pair.link_mut(Side::A).cut = true;
    pair.a
        .connection
        .channels_mut()
        .send(now, at_a, message.into())
        .unwrap();
    pair.run_for(Duration::from_secs(8));
    pair.link_mut(Side::A).cut = false;
    pair.run_for(Duration::from_secs(10));
    assert_eq!(pair.b.received(at_b).len(), 1);
    assert_eq!(packet_size(&mut pair, Side::A), 1191);
}

#[test]
fn discovery_finds_what_the_path_carries_and_no_more() {
    for (mtu, least, most) in [(1500, 1400, 1431), (1280, 1191, 1191)] {
        let mut setup = Setup::new(72);
        setup.a.sctp.max_probe_packet_size = 1431;
        let mut pair = Pair::new(setup);
        pair.link_mut(Side::A).mtu = mtu;
        let channels = pair.open();
        pair.run_for(Duration::from_secs(10));
        exchange(&mut pair, channels, 5);
        let size = packet_size(&mut pair, Side::A);
        assert!((least..=most).contains(&size), "{size}");
    }
}

#[test]
fn within_one_host_packets_grow() {
    let mut setup = Setup::new(73).link(Link {
        mtu: 65_535,
        delay: Duration::from_micros(50),
        ..Link::default()
    });
    setup.addresses = [
        vec!["127.0.0.1".parse().unwrap()],
        vec!["127.0.0.2".parse().unwrap()],
    ];
    let mut pair = Pair::new(setup);
    let channels = pair.open();
    exchange(&mut pair, channels, 50);
    assert_eq!(packet_size(&mut pair, Side::A), 16_000);
}
