//! What strangers and forged bytes cannot do.

use std::time::Duration;

use ironrtc_core::channel::Message;
use ironrtc_core::datagram::DropReason;
use ironrtc_core::dtls::{DtlsError, DtlsState};
use ironrtc_core::ice::Route;
use ironrtc_core::jsep::{CandidateInit, SdpType, SessionDescription};
use ironrtc_core::peer::{ConnectionState, Event};
use ironrtc_core::rng::Rng;
use ironrtc_core::transport::{IoResult, TransportId};
use ironrtc_sim::{Datagram, Pair, Setup, Side, seeds};

/// Negotiates by hand, with `tamper` on the way of A's offer.
fn negotiate(pair: &mut Pair, tamper: impl Fn(&str) -> String) {
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    pair.negotiate_with(Side::A, None, |description| match description.kind {
        SdpType::Offer => SessionDescription::offer(tamper(&description.sdp)),
        _ => description,
    });
    pair.run_for(Duration::from_millis(2));
}

/// CVE-2021-28681 and its kin: a certificate that the description did not announce.
#[test]
fn a_wrong_fingerprint_fails_closed() {
    let mut pair = Pair::new(Setup {
        trickle: false,
        ..Setup::new(40)
    });
    negotiate(&mut pair, |sdp| {
        let false_one = format!("a=fingerprint:sha-256 {}", ["AB"; 32].join(":"));
        let kept = sdp
            .lines()
            .filter(|line| !line.starts_with("a=fingerprint"));
        let lines: Vec<&str> = kept.chain([false_one.as_str()]).collect();
        lines.join("\r\n") + "\r\n"
    });
    pair.run_for(Duration::from_secs(5));
    let transport = pair.b.connection.transport();
    assert_eq!(transport.dtls_state(), DtlsState::Failed);
    assert_eq!(
        transport.dtls_failure(),
        Some(&DtlsError::FingerprintMismatch)
    );
    assert_eq!(transport.remote_certificate(), None);
    assert_eq!(
        pair.b.connection.connection_state(),
        ConnectionState::Failed
    );
    for endpoint in [&pair.a, &pair.b] {
        let channels = endpoint.events_where(|event| {
            use ironrtc_core::channel::Event::{Announced, Open};
            matches!(event, Event::Channel(Open(_) | Announced(_))).then_some(())
        });
        assert!(channels.is_empty());
    }
}

/// CVE-2023-49786 (Asterisk), CVE-2023-51443 (FreeSWITCH), CVE-2023-51275 (RTPEngine): a stranger's
/// ClientHello wins the race against the peer's.
#[test]
fn a_strangers_handshake_is_not_heard_at_any_time() {
    let mut recorded = Pair::new(Setup::new(41));
    recorded.network.capture();
    recorded.connect();
    let handshake: Vec<Vec<u8>> = recorded
        .network
        .captured()
        .iter()
        .filter(|datagram| (20..64).contains(&datagram.data[0]))
        .map(|datagram| datagram.data.clone())
        .collect();
    assert!(handshake.len() >= 3);

    let mut pair = Pair::new(Setup::new(42));
    let mut sprayed = 0;
    pair.a.create(pair.now, "chat");
    for _ in 0..400 {
        for data in &handshake {
            for (to, stranger) in [
                ("203.0.113.1:5000", "203.0.113.66:5000"),
                ("203.0.113.1:5000", "203.0.113.2:6000"),
                ("203.0.113.2:5000", "203.0.113.66:5000"),
                ("203.0.113.2:5000", "203.0.113.1:6000"),
            ] {
                sprayed += 1;
                let datagram = Datagram {
                    from: stranger.parse().unwrap(),
                    to: to.parse().unwrap(),
                    data: data.clone(),
                };
                pair.network.inject(pair.now, datagram);
            }
        }
        pair.run_for(Duration::from_micros(100));
    }
    assert!(pair.a.is_connected() && pair.b.is_connected());
    let dropped: u64 = [&pair.a, &pair.b]
        .map(|endpoint| {
            let drops = endpoint.connection.transport().drops();
            drops.count(DropReason::UnvalidatedPath)
        })
        .iter()
        .sum();
    // All but those that came before B had sockets.
    assert!(dropped > sprayed * 9 / 10, "{dropped} of {sprayed}");
    let path = pair
        .a
        .connection
        .transport()
        .ice()
        .selected()
        .map(Route::path)
        .unwrap();
    assert_eq!(path.remote, "203.0.113.2:5000".parse().unwrap());
}

/// Mutated copies of everything that was said, from the peer's own address and from others: the
/// connection neither moves nor ends, and nothing panics. (CVE-2019-20786: plaintext records after
/// the handshake; CVE-2021-41105: too many failures end a call.)
#[test]
fn forged_datagrams_neither_move_nor_end_a_connection() {
    seeds(0..8, |seed| {
        let mut pair = Pair::new(Setup::new(seed));
        pair.network.capture();
        let (at_a, at_b) = pair.open();
        pair.a
            .connection
            .channels_mut()
            .send(pair.now, at_a, vec![0; 20_000].into())
            .unwrap();
        pair.run_for(Duration::from_secs(11));
        let real: Vec<Datagram> = pair.network.captured().to_vec();
        let paths = |pair: &Pair| {
            [&pair.a, &pair.b].map(|side| {
                side.connection
                    .transport()
                    .ice()
                    .selected()
                    .map(Route::path)
            })
        };
        let before = paths(&pair);
        let mut rng = Rng::from_test_seed(seed);
        for number in 0..3000_u32 {
            if number % 100 == 0 {
                let message = Message::from(number.to_string());
                pair.a
                    .connection
                    .channels_mut()
                    .send(pair.now, at_a, message)
                    .unwrap();
            }
            let mut datagram = real[rng.below(real.len() as u64) as usize].clone();
            mutate(&mut datagram.data, &mut rng);
            if rng.below(3) == 0 {
                datagram.from.set_port(9);
            }
            pair.network.inject(pair.now, datagram);
            pair.run_for(Duration::from_micros(50));
        }
        pair.run_for(Duration::from_secs(60));
        assert!(pair.a.is_connected() && pair.b.is_connected());
        assert_eq!(paths(&pair), before);
        let expected = (0..30).map(|number| Message::from((number * 100).to_string()));
        assert!(pair.b.received(at_b)[1..].iter().cloned().eq(expected));
        for endpoint in [&pair.a, &pair.b] {
            assert!(endpoint.connection.transport().drops().total() > 500);
            let dtls = endpoint.connection.transport().dtls_state();
            assert_eq!(dtls, DtlsState::Connected);
        }
    });
}

/// The same while the handshake runs, from addresses that are not the peer's.
#[test]
fn forged_datagrams_from_elsewhere_do_not_disturb_set_up() {
    seeds(0..8, |seed| {
        // Of another connection: who is not on the path knows no password of this one.
        let mut recorded = Pair::new(Setup::new(seed + 100));
        recorded.network.capture();
        recorded.connect();
        let real: Vec<Datagram> = recorded.network.captured().to_vec();
        let mut pair = Pair::new(Setup::new(seed));
        let mut rng = Rng::from_test_seed(seed);
        pair.a.create(pair.now, "chat");
        for _ in 0..2000 {
            let mut datagram = real[rng.below(real.len() as u64) as usize].clone();
            mutate(&mut datagram.data, &mut rng);
            datagram.from.set_port(9);
            pair.network.inject(pair.now, datagram);
            pair.run_for(Duration::from_micros(20));
        }
        assert!(pair.a.is_connected() && pair.b.is_connected());
    });
}

/// Any bytes at all, at any time.
#[test]
fn random_bytes_are_counted_and_nothing_else() {
    let mut pair = Pair::new(Setup::new(43));
    pair.connect();
    let mut rng = Rng::from_test_seed(43);
    for _ in 0..20_000 {
        let mut data = vec![0; rng.below(64) as usize];
        rng.fill(&mut data);
        let datagram = Datagram {
            from: "203.0.113.2:5000".parse().unwrap(),
            to: "203.0.113.1:5000".parse().unwrap(),
            data,
        };
        pair.network.inject(pair.now, datagram);
    }
    pair.run_for(Duration::from_secs(10));
    assert!(pair.a.is_connected());
    let drops = pair.a.connection.transport().drops();
    for reason in [
        DropReason::UnknownProtocol,
        DropReason::Media,
        DropReason::StunMalformed,
        DropReason::DtlsRecord,
    ] {
        assert!(drops.count(reason) > 0, "{reason}");
    }
}

/// The first flight of a peer whose description is late is held, and no more than that.
#[test]
fn what_is_held_for_a_late_description_is_bounded() {
    let mut pair = Pair::new(Setup {
        trickle: false,
        ..Setup::new(44)
    });
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    let offer = pair.describe(Side::A, None);
    pair.tell(Side::B, offer);
    pair.describe(Side::B, None);
    // B is connected by A's answers to its checks, and sends its ClientHello again and again.
    pair.run_for(Duration::from_secs(10));
    let dropped = |pair: &Pair| {
        let drops = pair.a.connection.transport().drops();
        drops.count(DropReason::UnvalidatedPath)
    };
    let refused = dropped(&pair);
    assert!(refused > 0, "the fifth and later ones are refused");
    let answer = pair.b.connection.negotiator().local_description().unwrap();
    pair.tell(Side::A, answer);
    let started = pair.now;
    let connected = pair.run_until(Duration::from_secs(5), |pair| {
        pair.a.is_connected() && pair.b.is_connected()
    });
    assert!(connected);
    let took = pair.now.since(started);
    assert!(
        took < Duration::from_millis(10),
        "{took:?}: no retransmission was waited for"
    );
}

/// CVE-2019-20786: records of epoch 0, which anyone can make, carry no data once there are keys.
#[test]
fn plaintext_records_after_the_handshake_are_nothing() {
    let mut pair = Pair::new(Setup::new(45));
    let (at_a, at_b) = pair.open();
    let abort = [
        0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0, 4, // ABORT, T bit
    ];
    for kind in [20, 21, 22, 23, 24, 25, 26] {
        for body in [&abort[..], &[1, 0], &[2, 40], &[14, 0, 0, 0]] {
            let mut data = vec![kind, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, body.len() as u8];
            data.extend_from_slice(body);
            for (from, to) in [
                ("203.0.113.2", "203.0.113.1"),
                ("203.0.113.1", "203.0.113.2"),
            ] {
                let datagram = Datagram {
                    from: format!("{from}:5000").parse().unwrap(),
                    to: format!("{to}:5000").parse().unwrap(),
                    data: data.clone(),
                };
                pair.network.inject(pair.now, datagram);
            }
        }
    }
    pair.run_for(Duration::from_secs(1));
    pair.a
        .connection
        .channels_mut()
        .send(pair.now, at_a, "still here".into())
        .unwrap();
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.b.received(at_b), [Message::from("still here")]);
    for endpoint in [&pair.a, &pair.b] {
        let transport = endpoint.connection.transport();
        assert_eq!(transport.dtls_state(), DtlsState::Connected);
        assert_eq!(
            transport.sctp().unwrap().drops().total(),
            0,
            "nothing came so far"
        );
    }
}

/// "The state of state machines": whatever the peer says, nothing leaves before this side has
/// agreed to talk.
#[test]
fn nothing_is_sent_before_a_local_description() {
    let mut pair = Pair::new(Setup::new(46));
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    let offer = pair.describe(Side::A, None);
    pair.tell(Side::B, offer);
    let init = CandidateInit {
        candidate: "candidate:1 1 udp 5 203.0.113.1 5000 typ host".into(),
        sdp_mid: Some("0".into()),
        ..CandidateInit::default()
    };
    pair.b
        .connection
        .add_ice_candidate(pair.now, &init)
        .unwrap();
    let socket = "203.0.113.2:5000".parse().unwrap();
    pair.b
        .connection
        .handle_io(pair.now, TransportId::default(), IoResult::Socket(socket));
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.network.sent(), 0);
}

/// RFC 8828: who wants relayed candidates alone does not show other addresses.
#[test]
fn a_relay_policy_shows_no_host_address() {
    let mut setup = Setup::new(47);
    setup.a.ice.relay_only = true;
    setup.stun = true;
    let mut pair = Pair::new(setup);
    pair.a.create(pair.now, "chat");
    pair.run_for(Duration::from_secs(60));
    assert_eq!(pair.network.captured().len(), 0);
    let told = pair.a.events_where(|event| match event {
        Event::IceCandidate(candidate) => Some(candidate.clone()),
        _ => None,
    });
    assert_eq!(told, [None]);
    let description = pair.a.connection.negotiator().local_description().unwrap();
    let stats = pair.a.connection.stats(pair.now, Duration::from_secs(1));
    for text in [description.sdp, format!("{stats:?}")] {
        assert!(!text.contains("203.0.113.1"), "{text}");
    }
}

/// MS-ICE2 and RFC 8445 section 19: a description is no tool to flood others with.
#[test]
fn ten_thousand_candidates_cause_a_trickle_of_checks() {
    let mut pair = Pair::new(Setup::new(48));
    negotiate(&mut pair, str::to_owned);
    let before = pair.network.sent();
    for number in 0..10_000_u32 {
        let init = CandidateInit {
            candidate: format!(
                "candidate:1 1 udp {number} 198.51.{}.{} 9 typ host",
                number / 250,
                number % 250 + 1
            ),
            sdp_mid: Some("0".into()),
            ..CandidateInit::default()
        };
        let _ = pair.b.connection.add_ice_candidate(pair.now, &init);
    }
    pair.run_for(Duration::from_secs(1));
    let sent = pair.network.sent() - before;
    assert!(sent < 100, "{sent} datagrams in a second");
    pair.run_for(Duration::from_secs(120));
    let description = pair.b.connection.negotiator().remote_description().unwrap();
    assert!(description.sdp.len() < 64 * 1024);
    assert!(pair.network.sent() - before < 64 * 7 + 300);
}

fn mutate(data: &mut Vec<u8>, rng: &mut Rng) {
    match rng.below(4) {
        0 => data.truncate(rng.below(data.len() as u64) as usize),
        1 => data.extend_from_slice(&rng.bytes::<7>()),
        _ => {}
    }
    for _ in 0..=rng.below(4) {
        if let Some(place) = data.len().checked_sub(1) {
            let place = rng.below(place as u64 + 1) as usize;
            data[place] ^= 1 << rng.below(8);
        }
    }
}
