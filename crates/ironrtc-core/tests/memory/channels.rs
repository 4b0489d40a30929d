//! What the channels that a peer makes have us keep.

use ironrtc_core::channel::{Channels, Event};
use ironrtc_core::dtls::Role;
use ironrtc_core::sctp::SctpConfig;

use super::victim::{BEGIN, END, Victim};
use super::{alone, measure};

const PPID_DCEP: u32 = 50;
/// For all channels of the peer's, by what they were measured to take.
const CHANNELS: usize = 32 * 1024 * 1024;
/// For each channel, beside its names.
const CHANNEL: usize = 768;
/// For each stream on which a channel was refused, until the peer has answered the reset.
const REFUSED: usize = 256;
/// For each stream that the peer uses.
const STREAM: usize = 96;
/// What an association takes that has done nothing.
const ASSOCIATION: usize = 64 * 1024;

/// A DATA_CHANNEL_OPEN (RFC 8832 section 5.1).
fn open(label: &str) -> Vec<u8> {
    let mut open = vec![3, 0, 1, 0, 0, 0, 0, 0];
    open.extend((label.len() as u16).to_be_bytes());
    open.extend([0, 0]);
    open.extend(label.as_bytes());
    open
}

/// A peer opens a channel on every stream of the first `count`.
fn open_all(window: u32, count: u16, label: &str) -> (Victim, Channels, usize) {
    let mut victim = Victim::connected(SctpConfig::default(), window);
    let mut channels = Channels::new();
    channels.configure(Role::Server, None);
    let mut announced = 0;
    for stream in 0..count {
        victim.data(BEGIN | END, stream, 0, PPID_DCEP, &open(label));
        announced += take_events(&mut victim, &mut channels);
        victim.flush();
    }
    (victim, channels, announced)
}

/// Gives the number of channels announced.
fn take_events(victim: &mut Victim, channels: &mut Channels) -> usize {
    while let Some(event) = victim.association.poll_event() {
        channels.handle_sctp_event(victim.now, &mut victim.association, &event);
    }
    std::iter::from_fn(|| channels.poll_event())
        .filter(|event| matches!(event, Event::Announced(_)))
        .count()
}

#[test]
fn the_channels_that_a_peer_makes_take_no_more_than_their_budget() {
    let _alone = alone();
    // Whether the answers to its OPENs are sent, or wait for its window.
    for window in [0, 1 << 20] {
        for (len, count) in [(0, 26_000), (0, 65_535), (1000, 65_535)] {
            let label = "x".repeat(len);
            let ((_, _, announced), cost) = measure(|| open_all(window, count, &label));
            let refused = usize::from(count) - announced;
            let channels = announced * (CHANNEL + len);
            println!("{announced} with {len} B, {refused} refused: {cost:?}");
            assert!(channels <= CHANNELS, "{announced}");
            assert!(refused == 0 || channels + CHANNEL + len > CHANNELS);
            let most = channels + refused * REFUSED + ASSOCIATION;
            assert!(cost.peak <= most, "{} of {most}", cost.peak);
        }
    }
}

#[test]
fn a_refused_channel_leaves_nothing_behind_once_the_peer_has_answered() {
    let _alone = alone();
    let label = "x".repeat(60_000);
    let ((_, _, announced), cost) = measure(|| {
        let (mut victim, mut channels, announced) = open_all(0, 8_000, &label);
        victim.wait();
        while victim.answer_resets() > 0 {
            take_events(&mut victim, &mut channels);
        }
        (victim, channels, announced)
    });
    let refused = 8_000 - announced;
    let channels = announced * (CHANNEL + label.len());
    let most = channels + refused * STREAM + ASSOCIATION;
    println!("{announced}, {refused} refused: {cost:?} of {most}");
    assert!(refused > 7_000);
    assert!(cost.kept <= most, "{} of {most}", cost.kept);
}
