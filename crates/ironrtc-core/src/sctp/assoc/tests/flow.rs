//! Windows, buffered amounts, packet sizes, timers.

use super::handshake::kinds;
use super::*;
use crate::sctp::config::CongestionAlgorithm;
use crate::sctp::message::SendError;
use crate::sctp::packet::kind;

#[test]
fn an_unread_window_stops_the_sender_and_reading_starts_it_again() {
    for message in [16, 1000, 60_000] {
        let config = SctpConfig {
            receive_window: 300_000,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.ends[1].reads = false;
        let count = 2_000_000 / message;
        for number in 0..count {
            pair.send(0, 1, numbered(number as u32, message));
        }
        pair.run_for(Duration::from_secs(60));
        let held = pair.ends[1].assoc.rx.as_ref().unwrap().used();
        assert!((250_000..=375_000).contains(&held), "{message}: {held}");
        let before = pair.ends[0].assoc.stats();
        assert!(before.queued > 0);
        pair.run_for(Duration::from_secs(200));
        assert_eq!(pair.states(), [SctpState::Connected; 2]);
        pair.ends[1].reads = true;
        pair.ends[1].read(StreamId(1));
        let begun = pair.now;
        let done = pair.run_until(Duration::from_secs(60), |pair| {
            pair.ends[1].messages(1).len() == count
        });
        assert!(done, "{message}");
        let took = pair.now - begun;
        assert!(took < Duration::from_secs(8), "{message}: {took:?}");
        for (number, data) in pair.ends[1].messages(1).iter().enumerate() {
            assert_eq!(data, &numbered(number as u32, message));
        }
    }
}

#[test]
fn the_window_is_raised_so_that_the_largest_message_fits() {
    let config = SctpConfig {
        receive_window: 1000,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    pair.send(0, 1, numbered(1, 256 * 1024));
    pair.run_for(Duration::from_secs(5));
    assert_eq!(pair.ends[1].messages(1).len(), 1);
}

#[test]
fn a_small_message_does_not_wait_for_the_end_of_one_that_fills_the_window() {
    let config = SctpConfig {
        max_receive_message_size: 4 << 20,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    pair.wire.link.spacing = Duration::from_micros(500);
    pair.send(0, 1, vec![1; 3 << 20]);
    pair.run_for(Duration::from_millis(300));
    pair.send(0, 2, "small");
    let begun = pair.now;
    pair.run_until(Duration::from_secs(5), |pair| {
        !pair.ends[1].messages(2).is_empty()
    });
    let took = pair.now - begun;
    assert!(took < Duration::from_millis(150), "{took:?}");
    assert!(pair.ends[1].messages(1).is_empty());
}

#[test]
fn the_receive_window_grows_for_who_reads_and_not_for_who_does_not() {
    for reads in [true, false] {
        let mut pair = Pair::connected(SctpConfig::default(), 1);
        pair.wire.link.spacing = Duration::from_micros(10);
        pair.wire.link.delay = Duration::from_millis(50);
        pair.ends[1].reads = reads;
        // With which it measures the round trip.
        pair.send(1, 1, "hello");
        pair.run_for(Duration::from_secs(1));
        for _ in 0..1000 {
            pair.send(0, 1, vec![1; 16_384]);
        }
        pair.run_for(Duration::from_secs(5));
        let rx = pair.ends[1].assoc.rx.as_ref().unwrap();
        assert_eq!(rx.limit() > 8 << 20, reads, "{}", rx.limit());
        assert!(rx.limit() <= 32 << 20 && rx.used() <= 10 << 20);
    }
}

#[test]
fn a_message_above_the_limit_ends_the_association() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            max_receive_message_size: 5000,
            interleaving,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.send(0, 1, numbered(0, 5000));
        pair.send(0, 1, numbered(1, 5001));
        pair.run_for(Duration::from_secs(5));
        assert_eq!(pair.ends[1].messages(1).len(), 1);
        assert_eq!(pair.states(), [SctpState::Closed; 2]);
    }
}

#[test]
fn the_buffered_amount_falls_as_data_is_sent_and_crosses_its_threshold_once() {
    let config = SctpConfig {
        initial_window_packets: 10,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    let stream = StreamId(4);
    let assoc = &mut pair.ends[0].assoc;
    assoc.set_buffered_amount_low_threshold(stream, 1000);
    pair.send(0, 4, vec![1; 100_000]);
    let now = pair.now;
    let control = OutgoingMessage {
        ppid: 50,
        data: Bytes::from_static(b"control"),
        ordered: true,
        reliability: Reliability::Reliable,
        control: true,
    };
    pair.ends[0].assoc.send(now, stream, control).unwrap();
    assert_eq!(pair.ends[0].assoc.buffered_amount(stream), 100_000);
    assert_eq!(pair.ends[0].assoc.stats().queued, 100_007);
    pair.flush();
    let buffered = pair.ends[0].assoc.buffered_amount(stream);
    assert!(buffered > 80_000 && buffered < 100_000, "{buffered}");
    pair.run_for(Duration::from_secs(2));
    assert_eq!(pair.ends[0].assoc.buffered_amount(stream), 0);
    let low = Event::BufferedAmountLow(stream);
    let count = |pair: &Pair| pair.ends[0].events.iter().filter(|e| **e == low).count();
    assert_eq!(count(&pair), 1);
    // Not from above: no event.
    pair.send(0, 4, vec![1; 1000]);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(count(&pair), 1);
    pair.send(0, 4, vec![1; 1001]);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(count(&pair), 2);
}

#[test]
fn the_send_buffer_is_bounded_but_takes_one_message_of_any_size() {
    let config = SctpConfig {
        max_send_buffer: 1000,
        ..SctpConfig::default()
    };
    let mut pair = Pair::new(config, 1);
    pair.send(0, 0, vec![0; 5000]);
    let message = |len: usize| OutgoingMessage {
        ppid: 1,
        data: Bytes::from(vec![0; len]),
        ordered: true,
        reliability: Reliability::Reliable,
        control: false,
    };
    let now = pair.now;
    let assoc = &mut pair.ends[0].assoc;
    let mut send = |stream, len| assoc.send(now, StreamId(stream), message(len));
    assert_eq!(send(1, 1), Err(SendError::BufferFull));
    assert_eq!(send(1, 0), Err(SendError::Empty));
    assert_eq!(
        send(65_535, 1),
        Err(SendError::InvalidStream {
            stream: StreamId(65_535),
            limit: 65_535
        })
    );
}

#[test]
fn packets_of_a_bulk_transfer_are_equal_and_full() {
    for interleaving in [false, true] {
        let config = SctpConfig {
            interleaving,
            initial_window_packets: 100,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.log = Some(Vec::new());
        for _ in 0..8 {
            pair.send(0, 1, vec![3; 16_384]);
        }
        pair.flush();
        let sizes: Vec<usize> = pair.log.unwrap().iter().map(|(_, p)| p.len()).collect();
        let full = sizes.iter().filter(|size| **size == 1188).count();
        assert!(sizes.len() > 95 && full >= sizes.len() - 4, "{sizes:?}");
    }
}

#[test]
fn small_messages_share_packets_and_are_not_cut() {
    let config = SctpConfig {
        interleaving: false,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    pair.log = Some(Vec::new());
    for _ in 0..6 {
        pair.send(0, 1, vec![3; 400]);
    }
    pair.flush();
    let log = pair.log.unwrap();
    assert_eq!(log.len(), 3);
    for (_, packet) in log {
        assert_eq!(kinds(&packet), [kind::DATA; 2]);
        assert_eq!(packet.len(), 12 + 2 * 416);
    }
}

#[test]
fn one_sack_answers_all_packets_handled_before_it() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.log = Some(Vec::new());
    pair.send(0, 1, vec![3; 10_000]);
    pair.run_for(Duration::from_millis(15));
    let log = pair.log.unwrap();
    let sacks = log
        .iter()
        .filter(|(from, p)| *from == 1 && kinds(p) == [kind::SACK]);
    assert_eq!((log.len(), sacks.count()), (10, 1));
}

#[test]
fn a_lone_packet_is_acknowledged_after_the_delay_or_with_data() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.log = Some(Vec::new());
    pair.send(0, 1, "ping");
    pair.run_for(Duration::from_millis(190));
    assert_eq!(pair.log.as_ref().unwrap().len(), 1);
    pair.run_for(Duration::from_millis(30));
    assert_eq!(kinds(&pair.log.as_ref().unwrap()[1].1), [kind::SACK]);
    pair.log = Some(Vec::new());
    pair.send(0, 1, "ping");
    pair.run_for(Duration::from_millis(50));
    pair.send(1, 1, "pong");
    pair.flush();
    assert_eq!(
        kinds(&pair.log.as_ref().unwrap()[1].1),
        [kind::SACK, kind::I_DATA]
    );
}

#[test]
fn a_loss_at_the_end_does_not_cost_a_retransmission_timeout() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    for _ in 0..20 {
        pair.send(0, 1, vec![1; 5000]);
        pair.run_for(Duration::from_millis(300));
    }
    pair.send(0, 1, vec![2; 5000]);
    // The last two packets of the message are lost.
    pair.filter = |from, packet| from != 0 || packet.len() > 1100;
    pair.flush();
    pair.filter = |_, _| true;
    let begun = pair.now;
    let done = pair.run_until(Duration::from_secs(5), |pair| {
        pair.ends[1].messages(1).len() == 21
    });
    let took = pair.now - begun;
    assert!(done && took < Duration::from_millis(350), "{took:?}");
    assert_eq!(pair.ends[0].assoc.stats().timeouts, 0);
}

#[test]
fn a_single_loss_is_repaired_fast_and_costs_one_retransmission() {
    for congestion in ALGORITHMS {
        let config = SctpConfig {
            congestion,
            initial_window_packets: 40,
            ..SctpConfig::default()
        };
        let mut pair = Pair::connected(config, 1);
        pair.wire.link.spacing = Duration::from_micros(100);
        let before = pair.ends[0].assoc.stats().cwnd;
        pair.send(0, 1, vec![1; 200_000]);
        let mut packet = Vec::new();
        let now = pair.now;
        pair.ends[0].assoc.write_packet(now, &mut packet);
        let begun = pair.now;
        let done = pair.run_until(Duration::from_secs(5), |pair| {
            pair.ends[1].messages(1).len() == 1
        });
        let took = pair.now - begun;
        assert!(done && took < Duration::from_millis(300), "{took:?}");
        let stats = pair.ends[0].assoc.stats();
        assert_eq!((stats.timeouts, stats.fast_recoveries), (0, 1));
        assert!(stats.retransmissions <= 3, "{}", stats.retransmissions);
        // BBR takes one loss without a queue for a radio link's.
        let reduced = stats.ssthresh < 2 * before;
        assert_eq!(reduced, congestion != CongestionAlgorithm::Bbr);
    }
}

#[test]
fn discovery_finds_the_path_s_size_and_a_black_hole_ends_it() {
    let config = SctpConfig {
        max_probe_packet_size: 9000,
        ..SctpConfig::default()
    };
    let mut pair = Pair::new(config, 1);
    pair.wire.link.mtu = 1420;
    pair.connect();
    pair.run_for(Duration::from_secs(10));
    let stats = pair.ends[0].assoc.stats();
    assert_eq!((stats.packet_size, stats.timeouts), (1411, 0));
    assert_eq!(stats.fast_recoveries, 0);
    pair.log = Some(Vec::new());
    pair.send(0, 1, vec![1; 100_000]);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.ends[1].messages(1).len(), 1);
    let log = pair.log.take().unwrap();
    assert!(log.iter().filter(|(_, p)| p.len() == 1408).count() > 50);
    // The path gets narrower; what was sent before and what comes later gets through.
    pair.wire.link.mtu = 1200;
    pair.send(0, 1, vec![1; 1100]);
    pair.run_for(Duration::from_secs(1));
    pair.send(0, 1, vec![1; 1300]);
    pair.run_for(Duration::from_secs(3));
    assert_eq!(pair.ends[0].assoc.stats().packet_size, 1191);
    assert_eq!(pair.ends[1].messages(1).len(), 3);
}

#[test]
fn large_packets_are_probed_for_only_where_the_peer_takes_them() {
    let config = SctpConfig {
        max_probe_packet_size: 9000,
        ..SctpConfig::default()
    };
    let pair = Pair::new(config.clone(), 1);
    assert_eq!(pair.ends[0].assoc.pmtud.limit(), 0, "not said yet");
    let pair = Pair::connected(config, 1);
    for end in &pair.ends {
        assert_eq!(end.assoc.pmtud.limit(), 9000);
    }
}

#[test]
fn acknowledgements_do_not_make_packets_of_retransmissions_too_large() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.wire.link.loss = 200;
    pair.log = Some(Vec::new());
    for end in 0..2 {
        for _ in 0..20 {
            pair.send(end, 1, vec![1; 50_000]);
        }
    }
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.ends[0].messages(1).len(), 20);
    assert_eq!(pair.ends[1].messages(1).len(), 20);
    let largest = pair.log.unwrap().iter().map(|(_, p)| p.len()).max();
    assert!(largest <= Some(1191), "{largest:?}");
}

#[test]
fn a_smaller_packet_size_is_obeyed_at_once() {
    let mut pair = Pair::connected(SctpConfig::default(), 1);
    pair.ends[0].assoc.set_max_packet_size(600);
    pair.log = Some(Vec::new());
    pair.send(0, 1, vec![1; 50_000]);
    pair.run_for(Duration::from_secs(2));
    assert_eq!(pair.ends[1].messages(1).len(), 1);
    let log = pair.log.unwrap();
    assert!(log.iter().all(|(_, packet)| packet.len() <= 600));
}

#[test]
fn a_sender_that_pauses_begins_again_with_a_smaller_window() {
    let config = SctpConfig {
        congestion: CongestionAlgorithm::Cubic,
        initial_window_packets: 10,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    for _ in 0..20 {
        pair.send(0, 1, vec![1; 200_000]);
    }
    pair.run_for(Duration::from_secs(5));
    let before = pair.ends[0].assoc.stats().cwnd;
    assert!(before > 100_000);
    pair.run_for(Duration::from_secs(20));
    pair.send(0, 1, "x");
    pair.flush();
    assert_eq!(pair.ends[0].assoc.stats().cwnd, 11_910);
}

const ALGORITHMS: [CongestionAlgorithm; 3] = [
    CongestionAlgorithm::NewReno,
    CongestionAlgorithm::Cubic,
    CongestionAlgorithm::Bbr,
];

/// How much of a line's capacity a transfer uses, in percent.
fn utilization(congestion: CongestionAlgorithm, network: &Link, millis: u64) -> u64 {
    let config = SctpConfig {
        congestion,
        ..SctpConfig::default()
    };
    let mut pair = Pair::connected(config, 1);
    pair.wire.link = network.clone();
    let stream = StreamId(1);
    let begun = pair.now;
    let end = begun + Duration::from_millis(millis);
    let data = Bytes::from(vec![1; 16_384]);
    while pair.now < end {
        while pair.ends[0].assoc.buffered_amount(stream) < 4_000_000 {
            pair.send(0, 1, data.clone());
        }
        pair.run_for(Duration::from_millis(10));
    }
    let arrived: u64 = pair.ends[1]
        .messages(1)
        .iter()
        .map(|m| m.len() as u64)
        .sum();
    let capacity = 1188 * millis * 1_000_000 / network.spacing.as_nanos() as u64;
    let stats = pair.ends[0].assoc.stats();
    assert_eq!(stats.timeouts, 0, "{congestion:?} {network:?}");
    arrived * 100 / capacity
}

#[test]
fn a_transfer_fills_the_line() {
    // 95 Mbit/s with 20 ms; the queue holds a round trip, a quarter of it, or a lot. With a lot, what
    // waits for a repair when time is up is a quarter of a second's.
    for congestion in ALGORITHMS {
        for (queue, least) in [(20, 90), (5, 75), (200, 90)] {
            let network = Link {
                spacing: Duration::from_micros(100),
                queue: Duration::from_millis(queue),
                ..plain()
            };
            let used = utilization(congestion, &network, 6_000);
            assert!(used >= least, "{congestion:?} with {queue} ms: {used} %");
        }
    }
}

#[test]
fn a_receiver_on_the_same_host_with_a_small_socket_buffer_is_served_without_timeouts() {
    for congestion in ALGORITHMS {
        // 1.9 Gbit/s, and a buffer of 200 KiB.
        let network = Link {
            spacing: Duration::from_micros(5),
            queue: Duration::from_micros(5 * 172),
            delay: Duration::from_micros(50),
            ..plain()
        };
        let used = utilization(congestion, &network, 300);
        assert!(used >= 80, "{congestion:?}: {used} %");
    }
}

#[test]
fn random_loss_does_not_stall_a_transfer() {
    for congestion in ALGORITHMS {
        let network = Link {
            spacing: Duration::from_micros(100),
            queue: Duration::from_millis(50),
            loss: 1,
            ..plain()
        };
        let used = utilization(congestion, &network, 4_000);
        // The square-root law allows about 20 % of this line at 0.1 % of loss for Reno.
        assert!(used >= 15, "{congestion:?}: {used} %");
    }
}
