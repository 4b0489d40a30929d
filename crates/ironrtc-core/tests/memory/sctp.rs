//! What a peer's SCTP makes us keep, against the window that it was told.

use ironrtc_core::datagram::DropReason;
use ironrtc_core::sctp::SctpConfig;

use super::victim::{BEGIN, END, UNORDERED, Victim};
use super::{alone, measure};

const WINDOW: usize = 1024 * 1024;
/// For each stream that the peer uses, beside the window.
const STREAM: usize = 96;
/// What an association takes that has done nothing.
const ASSOCIATION: usize = 64 * 1024;

fn connected() -> Victim {
    let config = SctpConfig::default()
        .receive_window(WINDOW)
        .max_receive_window(WINDOW);
    Victim::connected(config, 1 << 20)
}

#[test]
fn what_a_peer_sends_takes_no_more_than_the_window() {
    let _alone = alone();
    type Kind = (&'static str, u8, fn(u32) -> (u16, u32));
    let kinds: [Kind; 6] = [
        ("beginnings of ordered messages", BEGIN, |n| (1, n)),
        ("of unordered ones", BEGIN | UNORDERED, |n| (1, n)),
        ("on a stream each", BEGIN, |n| (n as u16, 0)),
        ("whole messages", BEGIN | END, |n| (1, n)),
        ("out of order", BEGIN | END, |n| (1, n + 1)),
        ("on a stream each", BEGIN | END, |n| (n as u16, 0)),
    ];
    for (name, flags, number) in kinds {
        // It is dropped while nothing else is measured, so that the peak counts.
        let (dropped, cost) = measure(|| {
            let mut victim = connected();
            for n in 0..20_000 {
                let (stream, mid) = number(n);
                victim.data(flags, stream, mid, 53, &[1]);
                while victim.association.poll_event().is_some() {}
                victim.flush();
            }
            victim.association.drops().count(DropReason::SctpChunk)
        });
        let streams = if number(1).0 == number(2).0 {
            1
        } else {
            20_000
        };
        let most = WINDOW + STREAM * streams + ASSOCIATION;
        assert!(cost.peak <= most, "{name}: {} of {most}", cost.peak);
        assert!(dropped > 0, "{name} must fill the window");
    }
}
