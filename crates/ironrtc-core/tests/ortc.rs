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
        }
    }

    fn plan(&self, role: ice::Role) -> TransportPlan {
        TransportPlan {
            mid: String::new(),
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
            side.events
                .extend(std::iter::from_fn(|| side.transport.poll_event()));
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

#[test]
fn parts_start_one_by_one_and_a_conflict_of_roles_is_resolved() {
    for role in [ice::Role::Controlling, ice::Role::Controlled] {
        let mut sides = [Side::new(1), Side::new(2)];
        let mut now = Time::ZERO;
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
