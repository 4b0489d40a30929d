use super::*;
use crate::sctp::message::StreamId;
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
        let payload = Bytes::from_static(b"x");
        let now = Time::from_millis(1000 + index / 100);
        outstanding.push(now, header, payload, index, Limits::default());
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
