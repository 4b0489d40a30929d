use std::time::Duration;

use super::*;
use crate::sctp::num::Fsn;

const COUNT: u64 = 30_000;

fn full() -> Outstanding {
    let mut outstanding = Outstanding::new(Tsn(1));
    for index in 0..COUNT {
        let header = DataHeader {
            stream: StreamId(0),
            sequence: index as u32,
            fsn: Fsn(0),
            ppid: 53,
            flags: 3,
        };
        let fragment = Fragment {
            header,
            payload: Bytes::from_static(b"x"),
            previous: None,
            limits: Limits::default(),
        };
        outstanding.push(Time::from_millis(1000 + index / 100), fragment);
    }
    outstanding
}

/// Work of one SACK, with the search for losses behind it.
fn cost(outstanding: &mut Outstanding, cumulative: u32, blocks: &[(u16, u16)]) -> u64 {
    let now = Time::from_millis(1400);
    let blocks = blocks.iter().copied();
    let mut doubts = Doubts::default();
    work::of(|| {
        let acked = outstanding
            .on_sack(now, Tsn(cumulative), blocks, &mut doubts)
            .unwrap();
        let patience = Duration::from_millis(600);
        let deadline = acked.latest.map(|latest| (latest, patience));
        outstanding.detect_losses(now, deadline, &mut Vec::new());
    })
}

#[test]
fn a_sack_costs_what_it_holds_and_newly_acknowledges_and_not_what_is_outstanding() {
    let mut outstanding = full();
    // Every second chunk: as many holes as there can be.
    let blocks: Vec<(u16, u16)> = (1..COUNT as u16 / 2).map(|n| (2 * n, 2 * n)).collect();
    for part in blocks.chunks(290) {
        let first = cost(&mut outstanding, 0, part);
        assert!(first <= 3 * part.len() as u64 + 2, "{first}");
        let again = cost(&mut outstanding, 0, part);
        assert!(again <= 2 * part.len() as u64 + 2, "{again}");
    }
    // Blocks over everything that is acknowledged and missing, as often as fits.
    let wide = vec![(1000, 29_000); 290];
    let new = 14_001;
    let first = cost(&mut outstanding, 0, &wide);
    assert!(first <= 2 * new + 3 * wide.len() as u64, "{first}");
    let again = cost(&mut outstanding, 0, &wide);
    assert!(again <= 2 * wide.len() as u64 + 2, "{again}");
    assert!(cost(&mut outstanding, 0, &[]) <= 2);
    // What ends is counted once more, chunk and transmission.
    assert!(cost(&mut outstanding, COUNT as u32, &[]) <= 2 * COUNT + 2);
}

#[test]
fn giving_up_a_message_costs_what_it_has_chunks_and_not_what_is_outstanding() {
    const CHUNKS: u64 = 4;
    let now = Time::from_millis(1);
    for messages in [1000_u64, 7000] {
        let mut outstanding = Outstanding::new(Tsn(1));
        outstanding.partial_reliability = true;
        let first = outstanding.next();
        // Fragments of many streams' messages in turn; the last messages are not sent to their end.
        for index in 0..messages * CHUNKS {
            let (fragment, stream) = (index / messages, index % messages);
            let ends = fragment == CHUNKS - 1 && stream < messages / 2;
            let fragment = Fragment {
                header: DataHeader {
                    stream: StreamId(stream as u16),
                    sequence: 0,
                    fsn: Fsn(fragment as u32),
                    ppid: 53,
                    flags: u8::from(fragment == 0) << 1 | u8::from(ends),
                },
                payload: Bytes::from_static(b"x"),
                previous: (index >= messages).then(|| first + index - messages),
                limits: Limits {
                    retransmits: Some(0),
                    expires: None,
                },
            };
            outstanding.push(now, fragment);
        }
        let wait = Duration::from_millis(100);
        let last = outstanding.next() - 1;
        let lost = now + Duration::from_secs(1);
        outstanding.detect_losses(lost, Some(((lost, last), wait)), &mut Vec::new());
        for stream in 0..messages {
            let mut abandoned = None;
            let cost = work::of(|| abandoned = outstanding.take_abandoned(lost));
            assert!(cost <= CHUNKS + 2, "{messages}: {cost}");
            let abandoned = abandoned.expect("a message");
            assert_eq!(abandoned.stream, StreamId(stream as u16));
            assert_eq!(abandoned.complete, stream < messages / 2);
            assert_eq!(abandoned.last, first + stream + (CHUNKS - 1) * messages);
        }
        assert!(!outstanding.has_lost() && outstanding.flight() == 0);
        assert!(outstanding.take_abandoned(lost).is_none());
    }
}

#[test]
fn telling_the_peer_what_to_skip_costs_what_is_told() {
    let mut outstanding = full();
    outstanding.partial_reliability = true;
    let first = outstanding.base;
    // One message after the other is given up, of four streams; none is acknowledged.
    for position in first..first + COUNT / 2 {
        let sent = outstanding.get_mut(position).unwrap();
        sent.state = State::Abandoned;
        sent.header.stream = StreamId(position as u16 % 4);
        outstanding.advance_forward();
        for interleaved in [false, true] {
            let mut told = None;
            let cost = work::of(|| told = Some(outstanding.forward(interleaved, 100)));
            let (tsn, skips) = told.unwrap();
            assert_eq!(tsn, Tsn::of(position));
            assert!(cost <= 4, "{cost}");
            let latest: Vec<u32> = skips.iter().map(|skip| skip.sequence).collect();
            let newest = (position - first) as u32;
            assert!(latest.contains(&newest) && latest.iter().all(|at| at + 4 > newest));
        }
    }
    // Fewer streams fit than there are.
    let (tsn, skips) = outstanding.forward(true, 2);
    assert_eq!((tsn, skips.len()), (Tsn::of(first + 1), 2));
    // What is acknowledged is not told again.
    let end = outstanding.forward_tsn();
    let mut doubts = Doubts::default();
    outstanding.on_sack(Time::ZERO, Tsn(end.0 - 1), [].into_iter(), &mut doubts);
    assert_eq!(outstanding.forward(true, 100).1.len(), 1);
    outstanding.on_sack(Time::ZERO, end, [].into_iter(), &mut doubts);
    assert!(!outstanding.must_forward() && outstanding.skipped.is_empty());
}
