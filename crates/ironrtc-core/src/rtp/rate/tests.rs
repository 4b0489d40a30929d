//! The controller against a bottleneck, with the peer's real feedback.

use super::*;
use crate::ids::PayloadType;
use crate::rng::Rng;
use crate::rtp::tests::{plan, sending, video};
use crate::rtp::{Feedback, FeedbackSet, OutgoingPacket, RtpSection, RtpSession};
use crate::wire::rtp::RtpTime;
use bytes::Bytes;
use ironrtc_netem::{Link, Parcel, Wire};

const STREAM: Ssrc = Ssrc::new(50);
const PAYLOAD: usize = 1_000;

fn section(feedback: &[Feedback]) -> RtpSection {
    let mut section = video("v");
    if let Some(receive) = &mut section.receive {
        receive.codecs[0].feedback = FeedbackSet::of(feedback);
    }
    section
}

const BY_TRANSPORT: &[Feedback] = &[Feedback::TransportCc, Feedback::Nack];
const BY_SOURCE: &[Feedback] = &[Feedback::AckCcfb, Feedback::Nack];

/// One session that sends as much as it may to another.
struct Call {
    now: u64,
    here: RtpSession,
    there: RtpSession,
    wire: Wire<(bool, Vec<u8>)>,
    rng: Rng,
    /// Bits that the application owes to its rate, and the most that it makes.
    owed: f64,
    most: f64,
}

impl Call {
    fn new(link: Link, begin: u64, feedback: &[Feedback]) -> Self {
        let now = Time::from_millis(begin);
        let session = |seed, section| {
            let since_1970 = Duration::from_secs(1_000_000_000);
            let mut session = RtpSession::new(now, since_1970, Rng::from_test_seed(seed));
            session.apply(now, &plan(vec![section]));
            session
        };
        Self {
            now: begin,
            here: session(1, sending(section(feedback), &[(50, Some(51), None)])),
            there: session(2, section(feedback)),
            wire: Wire::new(link),
            rng: Rng::from_test_seed(3),
            owed: 0.0,
            most: f64::MAX,
        }
    }

    fn target(&self) -> u64 {
        self.here.target_bitrate().expect("there is feedback")
    }

    fn step(&mut self) {
        let now = Time::from_millis(self.now);
        let at = Duration::from_millis(self.now);
        let Self { rng, wire, .. } = self;
        let mut below = |bound| rng.below(bound);
        while let Some((to, (is_rtcp, packet))) = wire.receive(at) {
            let session = if to == 0 {
                &mut self.here
            } else {
                &mut self.there
            };
            let _ = match is_rtcp {
                true => session.handle_rtcp(now, &packet),
                false => session.handle_rtp(now, None, &packet.into()),
            };
        }
        let target = self.here.target_bitrate().unwrap_or(0) as f64;
        self.owed += target.min(self.most) / 1_000.0;
        while self.owed > 0.0 {
            self.owed -= PAYLOAD as f64 * 8.0;
            let packet = OutgoingPacket {
                payload_type: PayloadType::of_low_bits(96),
                marker: true,
                timestamp: RtpTime::new((90 * self.now) as u32),
                captured: now,
                payload: Bytes::from_static(&[0; PAYLOAD]),
                extensions: Default::default(),
                place: None,
            };
            self.here.send_packet(STREAM, packet).expect("room");
        }
        for (from, session) in [&mut self.here, &mut self.there].into_iter().enumerate() {
            session.handle_timeout(now);
            let mut out = Vec::new();
            while session.poll_rtcp(now, &mut out) {
                let packet = (true, std::mem::take(&mut out));
                wire.send(at, from, Parcel::bare(packet.1.len()), &packet, &mut below);
            }
            while session.poll_rtp(now, &mut out) {
                let packet = (false, std::mem::take(&mut out));
                wire.send(at, from, Parcel::bare(packet.1.len()), &packet, &mut below);
            }
        }
        while self.there.recv_packet(STREAM).is_some() {}
        self.now += 1;
    }

    /// The mean target of so many seconds.
    fn run(&mut self, seconds: u64) -> u64 {
        let mut sum = 0;
        for _ in 0..seconds * 1_000 {
            self.step();
            sum += self.target();
        }
        sum / (seconds * 1_000)
    }
}

fn bottleneck(bits: u64) -> Link {
    Link {
        delay: Duration::from_millis(20),
        bandwidth: Some(bits / 8),
        ..Link::default()
    }
}

fn assert_between(bits: u64, least: u64, most: u64) {
    assert!((least..=most).contains(&bits), "{bits}");
}

#[test]
fn the_rate_of_a_link_is_found_within_some_seconds_by_either_feedback() {
    for feedback in [BY_TRANSPORT, BY_SOURCE] {
        for (link, seconds) in [(1_000_000, 4), (10_000_000, 8)] {
            let mut call = Call::new(bottleneck(link), 10_000, feedback);
            call.run(seconds);
            assert_between(call.run(10), link * 8 / 10, link * 11 / 10);
        }
    }
}

#[test]
fn the_rate_follows_a_link_that_halves() {
    let mut call = Call::new(bottleneck(2_000_000), 10_000, BY_TRANSPORT);
    call.run(8);
    call.wire.link = bottleneck(1_000_000);
    call.run(3);
    assert_between(call.run(10), 750_000, 1_100_000);
}

#[test]
fn random_losses_of_two_percent_do_not_pull_the_rate_down() {
    let mut call = Call::new(bottleneck(2_000_000), 10_000, BY_TRANSPORT);
    call.wire.link.loss = 20;
    call.run(10);
    assert_between(call.run(20), 1_400_000, 2_200_000);
}

#[test]
fn jitter_and_reordering_do_not_pull_the_rate_down() {
    let mut link = bottleneck(2_000_000);
    // 50 ms, give or take 50.
    (link.delay, link.jitter) = (Duration::ZERO, Duration::from_millis(100));
    // Without retransmissions, which would take as much as the packets that came late.
    let mut call = Call::new(link, 10_000, &[Feedback::TransportCc]);
    call.run(10);
    assert_between(call.run(20), 1_600_000, 2_400_000);
}

#[test]
fn clocks_and_numbers_wrap_without_a_trace() {
    // The reference time has 24 bits of 64 ms, and would be negative at half of that.
    for wrap in [(1_u64 << 23) * 64, (1 << 24) * 64] {
        let mut call = Call::new(bottleneck(2_000_000), wrap - 10_000, BY_TRANSPORT);
        call.run(8);
        for _ in 0..4 {
            assert_between(call.run(1), 1_500_000, 2_300_000);
        }
    }
    // 65,536 packets of a thousand bytes.
    let mut call = Call::new(bottleneck(20_000_000), 10_000, BY_TRANSPORT);
    call.run(10);
    for _ in 0..6 {
        assert_between(call.run(5), 15_000_000, 23_000_000);
    }
}

#[test]
fn silence_of_a_peer_that_told_arrivals_halves_the_rate_again_and_again() {
    let mut call = Call::new(bottleneck(1_000_000), 10_000, BY_TRANSPORT);
    call.run(8);
    let before = call.target();
    call.wire.link.cut = true;
    call.run(1);
    assert_between(call.target(), before / 4, before * 6 / 10);
    call.run(10);
    assert_eq!(call.target(), BitrateLimits::default().min);
    call.wire.link.cut = false;
    call.run(10);
    assert_between(call.target(), 500_000, 1_100_000);
}

#[test]
fn an_application_that_sends_little_does_not_make_the_rate_grow_for_ever() {
    let mut call = Call::new(bottleneck(50_000_000), 10_000, BY_TRANSPORT);
    call.most = 500_000.0;
    call.run(20);
    assert_between(call.target(), 500_000, 1_000_000);
}

#[test]
fn the_rate_stays_between_its_limits() {
    let mut call = Call::new(bottleneck(10_000_000), 10_000, BY_TRANSPORT);
    let limits = BitrateLimits {
        min: 200_000,
        start: 400_000,
        max: 600_000,
    };
    let now = Time::from_millis(call.now);
    call.here.set_bitrate_limits(now, Some(limits));
    assert_eq!(call.target(), 400_000);
    call.run(5);
    assert_eq!(call.target(), 600_000);
    call.wire.link.cut = true;
    call.run(10);
    assert_eq!(call.target(), 200_000);
}

#[test]
fn changes_are_told_by_twentieths() {
    let mut call = Call::new(bottleneck(1_000_000), 10_000, BY_TRANSPORT);
    let mut told = Vec::new();
    for _ in 0..10_000 {
        call.step();
        while let Some(event) = call.here.poll_event() {
            if let crate::rtp::RtpEvent::TargetBitrate(bits) = event {
                told.push(bits);
            }
        }
    }
    assert!(told.len() > 3 && told.len() < 100, "{told:?}");
    let is_change = |pair: &[u64]| pair[0].abs_diff(pair[1]) > pair[0] / 20;
    assert!(told.windows(2).all(is_change), "{told:?}");
    let last = told.last().copied().unwrap_or_default();
    assert!(last.abs_diff(call.target()) <= last / 20);
}
