//! Transports without offer and answer, from plans written by hand.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use ironrtc_core::channel;
use ironrtc_core::datagram::{DropReason, Path};
use ironrtc_core::dtls::{self, DtlsState};
use ironrtc_core::ice::{self, Credentials};
use ironrtc_core::observe::{self, Observe, Observer, Value};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{
    DtlsPlan, Event, IoResult, RemoteIce, SctpPlan, Transport, TransportConfig, TransportPlan,
};
use ironrtc_core::wire::stun::{AttributeType, BINDING, Class, IntegrityKind, Writer};
use ironrtc_netem::{Link, Parcel, Wire};
use ironrtc_sim::peer_config;

pub(crate) struct Side {
    pub(crate) transport: Transport,
    credentials: Credentials,
    pub(crate) events: Vec<Event>,
    /// Takes its events.
    reads: bool,
}

fn transport_config(rng: &mut Rng) -> TransportConfig {
    let config = peer_config(rng);
    TransportConfig {
        ice: config.ice,
        sctp: config.sctp,
        certificate: config.certificate,
        epoch: config.epoch,
        since_1970: config.since_1970,
        observer: config.observer,
    }
}

impl Side {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Rng::from_test_seed(seed);
        let config = transport_config(&mut rng);
        Self {
            credentials: Credentials::generate(&mut rng),
            transport: Transport::new(config, rng),
            events: Vec::new(),
            reads: true,
        }
    }

    fn plan(&self, role: ice::Role) -> TransportPlan {
        TransportPlan {
            ice_role: role,
            local_ice: Some(self.credentials.clone()),
            remote_ice: None,
            dtls: None,
            sctp: None,
            rtp: None,
        }
    }
}

/// Moves datagrams without delay until both are quiet, then lets timers run.
pub(crate) fn run(sides: &mut [Side; 2], now: &mut Time, time: Duration) {
    let end = *now + time;
    let mut wire = Wire::new(Link::plain(Duration::ZERO));
    loop {
        let at = now.since(Time::ZERO);
        for (from, side) in sides.iter_mut().enumerate() {
            let mut out = Vec::new();
            while let Some(transmit) = side.transport.poll_transmit(*now, 1, &mut out) {
                let packet = (transmit.path, std::mem::take(&mut out));
                let parcel = Parcel::bare(packet.1.len());
                // Nothing on this wire is left to chance.
                wire.send(at, from, parcel, &packet, &mut |_| 0);
            }
            if side.reads {
                side.events
                    .extend(std::iter::from_fn(|| side.transport.poll_event()));
            }
        }
        if wire.next_arrival().is_none() {
            let timeouts = sides
                .iter()
                .filter_map(|side| side.transport.poll_timeout());
            let Some(next) = timeouts.min().filter(|next| *next <= end) else {
                *now = end;
                return;
            };
            *now = next.max(*now);
            for side in sides.iter_mut() {
                side.transport.handle_timeout(*now);
            }
        }
        while let Some((to, (path, mut data))) = wire.receive(at) {
            let path = Path::udp(path.remote, path.local);
            sides[to]
                .transport
                .handle_datagram(*now, path, None, &mut data);
        }
    }
}

/// Gathers and starts ICE on both sides, in the role that the plan gives both of them.
pub(crate) fn start_ice(sides: &mut [Side; 2], role: ice::Role, now: Time) -> [TransportPlan; 2] {
    let mut plans = [sides[0].plan(role), sides[1].plan(role)];
    for (side, address) in sides.iter_mut().zip(["203.0.113.1:1", "203.0.113.2:2"]) {
        side.transport.start_gathering(now);
        side.transport
            .handle_io(now, IoResult::Socket(address.parse().unwrap()));
        side.transport.handle_io(now, IoResult::Complete);
    }
    for index in [0, 1] {
        let peer = &sides[1 - index];
        let candidates = peer.transport.ice().local_candidates().to_vec();
        plans[index].remote_ice = Some(RemoteIce {
            credentials: peer.credentials.clone(),
            lite: false,
        });
        let transport = &mut sides[index].transport;
        transport.apply(now, &plans[index]);
        for candidate in candidates {
            transport.add_remote_candidate(now, candidate).unwrap();
        }
    }
    plans
}

#[test]
fn parts_start_one_by_one_and_a_conflict_of_roles_is_resolved() {
    for role in [ice::Role::Controlling, ice::Role::Controlled] {
        let mut sides = [Side::new(1), Side::new(2)];
        let mut now = Time::ZERO;
        let mut plans = start_ice(&mut sides, role, now);
        run(&mut sides, &mut now, Duration::from_secs(2));
        let [a, b] = &sides;
        assert!(a.transport.ice().selected().is_some());
        assert_eq!(
            a.transport.ice().role(),
            b.transport.ice().role().opposite()
        );
        assert_eq!(a.transport.dtls_state(), DtlsState::New);

        let fingerprints =
            [&sides[1], &sides[0]].map(|side| side.transport.certificate().fingerprints());
        let roles = [dtls::Role::Server, dtls::Role::Client];
        for (index, remote_fingerprints) in fingerprints.into_iter().enumerate() {
            plans[index].dtls = Some(DtlsPlan {
                role: roles[index],
                remote_fingerprints,
            });
            sides[index].transport.apply(now, &plans[index]);
            // The other side learns of it later: its first flight comes again or is held.
            run(&mut sides, &mut now, Duration::from_secs(2));
        }
        for side in &sides {
            assert_eq!(side.transport.dtls_state(), DtlsState::Connected);
        }
        let role = sides[0].transport.ice().role();
        for index in [1, 0] {
            plans[index].sctp = Some(SctpPlan {
                local_port: 5000,
                remote_port: 5000,
                remote_max_message_size: None,
            });
            sides[index].transport.apply(now, &plans[index]);
        }
        assert_eq!(
            sides[0].transport.ice().role(),
            role,
            "the plan's role does not come back"
        );
        sides[0].transport.stop_dtls(now);
        run(&mut sides, &mut now, Duration::from_secs(1));
        for side in &sides {
            assert_eq!(side.transport.dtls_state(), DtlsState::Closed);
            assert!(side.transport.ice().selected().is_some(), "ICE goes on");
            let refused = |event: &Event| matches!(event, Event::Channel(channel::Event::Open(_)));
            assert!(!side.events.iter().any(refused));
        }
    }
}

/// RFC 8842 section 5.1: the handshake is another one, whose states begin anew.
#[test]
fn the_states_of_dtls_are_told_anew_if_the_peer_has_another_certificate_before_it_is_connected() {
    use DtlsState::{Connecting, New};
    let mut sides = [Side::new(1), Side::new(2)];
    let mut now = Time::ZERO;
    let mut plans = start_ice(&mut sides, ice::Role::Controlling, now);
    run(&mut sides, &mut now, Duration::from_secs(2));
    let theirs = sides[1].transport.certificate().fingerprints();
    let another = Side::new(3).transport.certificate().fingerprints();
    for remote_fingerprints in [another, theirs] {
        plans[0].dtls = Some(DtlsPlan {
            role: dtls::Role::Client,
            remote_fingerprints,
        });
        let candidates = sides[1].transport.ice().local_candidates().to_vec();
        let transport = &mut sides[0].transport;
        transport.apply(now, &plans[0]);
        for candidate in candidates {
            transport.add_remote_candidate(now, candidate).unwrap();
        }
        run(&mut sides, &mut now, Duration::from_secs(3));
        let state = sides[0].transport.dtls_state();
        assert_eq!(state, Connecting, "the peer does not answer yet");
    }
    let told = sides[0].events.iter().filter_map(|event| match event {
        Event::DtlsStateChange(state) => Some(*state),
        _ => None,
    });
    let told: Vec<DtlsState> = told.collect();
    assert_eq!(told, [Connecting, New, Connecting]);
}

/// A check of the peer's that somebody has recorded and sends first.
fn recorded(ours: &Credentials, theirs: &Credentials) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, Class::Request, BINDING, [7; 12]);
    let username = format!("{}:{}", ours.ufrag(), theirs.ufrag());
    writer.attribute(AttributeType::USERNAME, username.as_bytes());
    writer.attribute(AttributeType::PRIORITY, &[110, 0, 1, 255]);
    writer.integrity(IntegrityKind::Sha1, ours.pwd().as_bytes());
    writer.fingerprint();
    bytes
}

/// Before the peer's description has come, its first flight waits; whoever repeats its checks may have
/// something wait too, and takes no place of the peer's.
#[test]
fn what_somebody_else_has_us_hold_is_not_held_in_place_of_the_peers_first_flight() {
    let mut sides = [Side::new(5), Side::new(6)];
    let mut now = Time::ZERO;
    let own = "203.0.113.1:1".parse().unwrap();
    let mut plans = [
        sides[0].plan(ice::Role::Controlled),
        sides[1].plan(ice::Role::Controlling),
    ];
    sides[0].transport.handle_io(now, IoResult::Socket(own));
    sides[0].transport.apply(now, &plans[0]);
    let stranger = Path::udp(own, "198.51.100.66:9".parse().unwrap());
    let victim = &mut sides[0];
    let mut check = recorded(
        &victim.credentials,
        &Credentials::new("abcd", "p".repeat(22)).unwrap(),
    );
    victim
        .transport
        .handle_datagram(now, stranger, None, &mut check);
    for _ in 0..50 {
        let mut junk = vec![22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 12];
        junk.resize(25, 0);
        victim
            .transport
            .handle_datagram(now, stranger, None, &mut junk);
    }
    let fingerprints =
        [&sides[1], &sides[0]].map(|side| side.transport.certificate().fingerprints());
    let roles = [dtls::Role::Server, dtls::Role::Client];
    for (index, remote_fingerprints) in fingerprints.into_iter().enumerate() {
        plans[index].remote_ice = Some(RemoteIce {
            credentials: sides[1 - index].credentials.clone(),
            lite: false,
        });
        plans[index].dtls = Some(DtlsPlan {
            role: roles[index],
            remote_fingerprints,
        });
    }
    // The peer has our description already.
    let peer = &mut sides[1].transport;
    peer.handle_io(now, IoResult::Socket("203.0.113.2:2".parse().unwrap()));
    peer.apply(now, &plans[1]);
    let candidate = "candidate:1 1 udp 2130706431 203.0.113.1 1 typ host";
    peer.add_remote_candidate(now, candidate.parse().unwrap())
        .unwrap();
    run(&mut sides, &mut now, Duration::from_millis(50));
    assert_eq!(sides[0].transport.dtls_state(), DtlsState::New);
    let dropped = sides[0].transport.drops();
    let dropped = dropped.count(DropReason::UnvalidatedPath);
    assert_eq!(dropped, 50 - 4, "and nothing of the peer's");
    sides[0].transport.apply(now, &plans[0]);
    // Sooner than a flight is sent again.
    run(&mut sides, &mut now, Duration::from_millis(100));
    for side in &sides {
        assert_eq!(side.transport.dtls_state(), DtlsState::Connected);
    }
}

/// A peer that makes channels faster than the application takes its events fills SCTP's window, not
/// the queue of events.
#[test]
fn channels_that_nobody_looks_at_are_not_made() {
    const CHANNELS: usize = 3000;
    let mut sides = [Side::new(3), Side::new(4)];
    let mut now = Time::ZERO;
    let mut plans = start_ice(&mut sides, ice::Role::Controlling, now);
    let fingerprints =
        [&sides[1], &sides[0]].map(|side| side.transport.certificate().fingerprints());
    let roles = [dtls::Role::Server, dtls::Role::Client];
    for (index, remote_fingerprints) in fingerprints.into_iter().enumerate() {
        plans[index].dtls = Some(DtlsPlan {
            role: roles[index],
            remote_fingerprints,
        });
        plans[index].sctp = Some(SctpPlan {
            local_port: 5000,
            remote_port: 5000,
            remote_max_message_size: None,
        });
        sides[index].transport.apply(now, &plans[index]);
    }
    sides[1].reads = false;
    for number in 0..CHANNELS {
        let label = format!("{number}");
        let init = channel::DataChannelInit::default();
        sides[0]
            .transport
            .channels_mut()
            .create(now, &label, init)
            .unwrap();
    }
    run(&mut sides, &mut now, Duration::from_secs(10));
    let made = sides[1].transport.channels().iter().count();
    assert!((100..=1024).contains(&made), "{made}");
    // Of those that wait, one is closed, which is still told in the end.
    let last = channel::ChannelId(CHANNELS as u64 - 1);
    sides[0].transport.channels_mut().close(now, last);
    run(&mut sides, &mut now, Duration::from_secs(10));

    sides[1].reads = true;
    run(&mut sides, &mut now, Duration::from_secs(30));
    let count = |wanted: fn(&channel::Event) -> bool| {
        let events = sides[1].events.iter();
        let matching = events.filter(|event| match event {
            Event::Channel(event) => wanted(event),
            _ => false,
        });
        matching.count()
    };
    assert_eq!(
        count(|event| matches!(event, channel::Event::Announced(_))),
        CHANNELS
    );
    assert_eq!(count(|event| matches!(event, channel::Event::Closed(_))), 1);
}

/// A driver that looks at the timer before it polls does not sleep over what it handed in.
#[test]
fn input_whose_consequences_are_not_drawn_yet_is_due_at_once() {
    let mut side = Side::new(7);
    let now = Time::ZERO + Duration::from_secs(3);
    side.transport.start_gathering(now);
    assert_eq!(side.transport.poll_timeout(), Some(now));
    side.transport.handle_timeout(now);
    assert_eq!(side.transport.poll_timeout(), None);
    let gathering = ice::Event::GatheringStateChange(ice::GatheringState::Gathering);
    assert_eq!(side.transport.poll_event(), Some(Event::Ice(gathering)));
}

/// Notes the values that logs hide, under the names of their events.
#[derive(Debug)]
struct Hidden(mpsc::Sender<(&'static str, String)>);

impl Observe for Hidden {
    fn event(&self, event: &observe::Event<'_>) {
        for (_, value) in event.fields {
            if let Value::Private(text) = value {
                self.0.send((event.name, (*text).to_owned())).unwrap();
            }
        }
    }
}

/// A name or an address may say who the peer is: an observer is told, and a log shows nothing of it.
#[test]
fn an_observer_is_told_why_a_candidate_is_not_used_and_logs_do_not_name_it() {
    let (hidden, seen) = mpsc::channel();
    let mut rng = Rng::from_test_seed(8);
    let config = TransportConfig {
        observer: Observer::new(Arc::new(Hidden(hidden))),
        ..transport_config(&mut rng)
    };
    let mut transport = Transport::new(config, rng);
    transport.look_up("peer.example").unwrap_err();
    let candidate = "candidate:1 1 udp 1 224.0.0.1 9 typ host".parse().unwrap();
    let result = transport.add_remote_candidate(Time::ZERO, candidate);
    result.unwrap_err();
    let refused = seen
        .try_iter()
        .filter(|(name, _)| *name == "remote_candidate_refused");
    let reasons: Vec<String> = refused.map(|(_, reason)| reason).collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].contains("peer.example"), "{reasons:?}");
    assert!(reasons[1].contains("224.0.0.1"), "{reasons:?}");
}
