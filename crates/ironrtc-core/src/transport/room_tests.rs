//! Each datagram leaves the room before it that its route takes, whoever wrote it.

#![expect(
    clippy::disallowed_methods,
    reason = "DTLS counts from some moment of the system's clock"
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::*;
use crate::channel::{DataChannelInit, Message};
use crate::dtls::CertificateOptions;
use crate::ice::{Credentials, IceState, TEST_HEAD_ROOM};
use crate::rtp::RtpPlan;

/// What TURN takes most of: a Send indication over IPv6 (RFC 8656 section 10.1).
const ROOM: usize = 36 + 4;

struct Side {
    transport: Transport,
    plan: TransportPlan,
}

impl Side {
    fn new(seed: u64, role: dtls::Role) -> Self {
        let mut rng = Rng::from_test_seed(seed);
        let since_1970 = Duration::from_secs(1_790_000_000);
        let certificate =
            Certificate::generate(CertificateOptions::default(), since_1970, &mut rng).unwrap();
        let config = TransportConfig {
            ice: IceConfig::default(),
            sctp: SctpConfig::default(),
            certificate,
            epoch: Instant::now(),
            since_1970,
            observer: Observer::default(),
        };
        let plan = TransportPlan {
            ice_role: match role {
                dtls::Role::Client => ice::Role::Controlling,
                dtls::Role::Server => ice::Role::Controlled,
            },
            local_ice: Some(Credentials::generate(&mut rng)),
            remote_ice: None,
            dtls: Some(DtlsPlan {
                role,
                remote_fingerprints: Vec::new(),
            }),
            sctp: Some(SctpPlan {
                local_port: 5000,
                remote_port: 5000,
                remote_max_message_size: None,
            }),
            rtp: Some(RtpPlan {
                sections: Vec::new(),
                mixed_extensions: true,
                cryptex: false,
            }),
        };
        Self {
            transport: Transport::new(config, rng),
            plan,
        }
    }

    /// Has it know the other one, and start.
    fn start(&mut self, address: &str, other: &Self) {
        self.plan.remote_ice = other.plan.local_ice.clone().map(|credentials| RemoteIce {
            credentials,
            lite: false,
        });
        if let Some(dtls) = &mut self.plan.dtls {
            dtls.remote_fingerprints = other.transport.certificate().fingerprints();
        }
        let transport = &mut self.transport;
        transport.start_gathering(Time::ZERO);
        transport.handle_io(Time::ZERO, IoResult::Socket(address.parse().unwrap()));
        transport.handle_io(Time::ZERO, IoResult::Complete);
    }
}

/// Two sides, and the first bytes of all datagrams that went between them.
struct Room {
    sides: [Side; 2],
    now: Time,
    seen: BTreeSet<u8>,
}

impl Room {
    /// Hands datagrams on at once, without their room.
    fn exchange(&mut self) {
        let mut quiet = 0;
        for from in [0, 1].into_iter().cycle() {
            let (mut out, mut told) = (Vec::new(), false);
            while let Some(transmit) = self.sides[from]
                .transport
                .poll_transmit(self.now, 8, &mut out)
            {
                told = true;
                let batch = std::mem::take(&mut out);
                assert_eq!(batch.len(), transmit.size);
                for datagram in batch.chunks(transmit.segment_size.unwrap_or(batch.len())) {
                    let (room, datagram) = datagram.split_at_checked(ROOM).unwrap();
                    assert_eq!(room, [0; ROOM], "it is still to be filled");
                    self.seen.insert(datagram[0]);
                    let path = Path::udp(transmit.path.remote, transmit.path.local);
                    let mut datagram = datagram.to_vec();
                    let to = &mut self.sides[1 - from].transport;
                    to.handle_datagram(self.now, path, None, &mut datagram);
                }
            }
            quiet = if told { 0 } else { quiet + 1 };
            if quiet == 2 {
                return;
            }
        }
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            self.exchange();
            let timeouts = self.sides.iter();
            let next = timeouts
                .filter_map(|side| side.transport.poll_timeout())
                .min();
            let Some(next) = next.filter(|next| *next <= end) else {
                break;
            };
            self.now = next.max(self.now);
            for side in &mut self.sides {
                side.transport.handle_timeout(self.now);
            }
        }
        self.now = end;
    }
}

#[test]
fn what_is_sent_alone_stands_behind_its_routes_room_as_what_is_sent_in_batches() {
    TEST_HEAD_ROOM.set(ROOM);
    let mut one = Side::new(1, dtls::Role::Client);
    let mut other = Side::new(2, dtls::Role::Server);
    one.start("203.0.113.1:1", &other);
    other.start("203.0.113.2:2", &one);
    let candidates = [&one, &other].map(|side| side.transport.ice().local_candidates().to_vec());
    let mut room = Room {
        sides: [one, other],
        now: Time::ZERO,
        seen: BTreeSet::new(),
    };
    for (side, candidates) in room.sides.iter_mut().zip(candidates.iter().rev()) {
        side.transport.apply(Time::ZERO, &side.plan);
        let candidate = candidates[0].clone();
        side.transport
            .add_remote_candidate(Time::ZERO, candidate)
            .unwrap();
    }
    let now = room.now;
    let channel = (room.sides[0].transport.channels_mut())
        .create(now, "room", DataChannelInit::default())
        .unwrap();
    room.run(Duration::from_secs(5));
    let message = Message::Text("x".repeat(10_000).into());
    let now = room.now;
    let mut channels = room.sides[0].transport.channels_mut();
    channels.send(now, channel, message).unwrap();
    let report = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
    room.sides[0]
        .transport
        .send_media(PacketKind::Rtcp, report)
        .unwrap();
    // Long enough for checks of consent.
    room.run(Duration::from_secs(30));
    let received = room.sides[1].transport.channels();
    let (_, theirs) = received.iter().next().unwrap();
    assert_eq!(theirs.label(), "room");
    for side in &room.sides {
        assert_eq!(side.transport.dtls_state(), DtlsState::Connected);
        assert_eq!(side.transport.drops(), DropCounters::default());
    }

    // Last words: a packet of RTCP, an abort of SCTP, and an alert of DTLS.
    let report = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
    let now = room.now;
    let closing = &mut room.sides[0].transport;
    closing.send_media(PacketKind::Rtcp, report).unwrap();
    closing.close(now);
    assert!(closing.goodbyes.len() >= 3, "{}", closing.goodbyes.len());
    room.exchange();
    let left = &room.sides[1].transport;
    assert_eq!(left.dtls_state(), DtlsState::Closed);
    assert_eq!(left.ice().state(), IceState::Connected);
    // STUN requests and answers, a handshake, records, and RTCP.
    for first in [0, 1, 22, 0x80] {
        assert!(room.seen.contains(&first), "{first}: {:?}", room.seen);
    }
}
