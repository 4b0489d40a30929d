//! Transports without offer and answer, from plans written by hand.

use std::collections::VecDeque;
use std::time::Duration;

use ironrtc_core::channel;
use ironrtc_core::datagram::Path;
use ironrtc_core::dtls::{self, DtlsState};
use ironrtc_core::ice::{self, Credentials};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;
use ironrtc_core::transport::{
    DtlsPlan, Event, RemoteIce, SctpPlan, Transport, TransportConfig, TransportPlan,
};
use ironrtc_sim::peer_config;

struct Side {
    transport: Transport,
    credentials: Credentials,
    events: Vec<Event>,
    /// Takes its events.
    reads: bool,
}

impl Side {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::from_test_seed(seed);
        let config = peer_config(&mut rng);
        let config = TransportConfig {
            ice: config.ice,
            sctp: config.sctp,
            certificate: config.certificate,
            epoch: config.epoch,
        };
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
        }
    }
}

/// Moves datagrams without delay until both are quiet, then lets timers run.
fn run(sides: &mut [Side; 2], now: &mut Time, time: Duration) {
    let end = *now + time;
    loop {
        let mut queue = VecDeque::new();
        for (index, side) in sides.iter_mut().enumerate() {
            let mut out = Vec::new();
            while let Some(transmit) = side.transport.poll_transmit(*now, 1, &mut out) {
                queue.push_back((1 - index, transmit.path, std::mem::take(&mut out)));
            }
            if side.reads {
                side.events
                    .extend(std::iter::from_fn(|| side.transport.poll_event()));
            }
        }
        if queue.is_empty() {
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
        for (to, path, mut data) in queue {
            let path = Path {
                local: path.remote,
                remote: path.local,
            };
            sides[to]
                .transport
                .handle_datagram(*now, path, None, &mut data);
        }
    }
}

/// Gathers and starts ICE on both sides, in the role that the plan gives both of them.
fn start_ice(sides: &mut [Side; 2], role: ice::Role, now: Time) -> [TransportPlan; 2] {
    let mut plans = [sides[0].plan(role), sides[1].plan(role)];
    for (side, address) in sides.iter_mut().zip(["203.0.113.1:1", "203.0.113.2:2"]) {
        side.transport.start_gathering(now);
        side.transport
            .add_local_socket(now, address.parse().unwrap());
        side.transport.all_sockets_added(now);
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
            .create_channel(now, &label, init)
            .unwrap();
    }
    run(&mut sides, &mut now, Duration::from_secs(10));
    let made = sides[1].transport.channels().iter().count();
    assert!((100..=1024).contains(&made), "{made}");
    // Of those that wait, one is closed, which is still told in the end.
    let last = channel::ChannelId(CHANNELS as u64 - 1);
    sides[0].transport.close_channel(now, last);
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
