//! What strangers and forged bytes cannot do.

use std::time::Duration;

use ironrtc_core::datagram::DropReason;
use ironrtc_core::dtls::{DtlsError, DtlsState};
use ironrtc_core::jsep::SessionDescription;
use ironrtc_core::peer::{ConnectionState, Event};
use ironrtc_core::rng::Rng;
use ironrtc_sim::{Datagram, Pair, Setup, seeds};

/// Negotiates by hand, with `tamper` on the way of A's offer.
fn negotiate(pair: &mut Pair, tamper: impl Fn(&str) -> String) {
    pair.auto_negotiate = false;
    pair.a.create(pair.now, "chat");
    pair.a
        .connection
        .set_local_description(pair.now, None)
        .unwrap();
    pair.run_for(Duration::from_millis(1));
    let offer = pair.a.connection.negotiator().local_description().unwrap();
    let offer = SessionDescription {
        sdp: tamper(&offer.sdp),
        ..offer
    };
    let now = pair.now;
    pair.b
        .connection
        .set_remote_description(now, offer)
        .unwrap();
    pair.b.connection.set_local_description(now, None).unwrap();
    pair.run_for(Duration::from_millis(1));
    let answer = pair.b.connection.negotiator().local_description().unwrap();
    pair.a
        .connection
        .set_remote_description(pair.now, answer)
        .unwrap();
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
    let path = pair.a.connection.transport().ice().selected().unwrap();
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
        pair.connect();
        pair.run_for(Duration::from_secs(11));
        let real: Vec<Datagram> = pair.network.captured().to_vec();
        let paths = |pair: &Pair| {
            [&pair.a, &pair.b].map(|side| side.connection.transport().ice().selected())
        };
        let before = paths(&pair);
        let mut rng = Rng::from_test_seed(seed);
        for _ in 0..3000 {
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
    pair.a
        .connection
        .set_local_description(pair.now, None)
        .unwrap();
    pair.run_for(Duration::from_millis(1));
    let offer = pair.a.connection.negotiator().local_description().unwrap();
    let now = pair.now;
    pair.b
        .connection
        .set_remote_description(now, offer)
        .unwrap();
    pair.b.connection.set_local_description(now, None).unwrap();
    // B is connected by A's answers to its checks, and sends its ClientHello again and again.
    pair.run_for(Duration::from_secs(10));
    let dropped = |pair: &Pair| {
        let drops = pair.a.connection.transport().drops();
        drops.count(DropReason::UnvalidatedPath)
    };
    let refused = dropped(&pair);
    assert!(refused > 0, "the fifth and later ones are refused");
    let answer = pair.b.connection.negotiator().local_description().unwrap();
    pair.a
        .connection
        .set_remote_description(pair.now, answer)
        .unwrap();
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
