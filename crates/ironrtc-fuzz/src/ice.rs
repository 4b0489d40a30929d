//! Two ICE agents on a network that loses, repeats and misroutes, with strangers on it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use arbitrary::Arbitrary;
use ironrtc_core::datagram::Path;
use ironrtc_core::ice::{Agent, Candidate, Credentials, IceConfig, IceState, Role};
use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;

const MOST_OPERATIONS: usize = 128;
const MOST_FLYING: usize = 64;
/// docs/architecture.md, "Limits".
const MOST_PAIRS: usize = 100;

#[derive(Arbitrary, Debug)]
struct Operation {
    side: bool,
    what: What,
}

#[derive(Arbitrary, Debug)]
enum What {
    /// The oldest datagram in flight arrives, perhaps from another port and perhaps twice.
    Deliver {
        from_port: Option<u8>,
        again: bool,
        change: Option<(u16, u8)>,
    },
    /// It is lost.
    Lose,
    /// A stranger's bytes.
    Noise {
        port: u8,
        bytes: Vec<u8>,
    },
    Wait {
        millis: u16,
    },
    AddSocket {
        port: u8,
    },
    AddCandidate {
        port: u8,
        own: bool,
    },
    EndOfCandidates,
    Introduce {
        lite: bool,
    },
    Restart,
    SetRole {
        controlling: bool,
    },
    Close,
}

fn address(host: u8, port: u8) -> SocketAddr {
    let ip = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
    SocketAddr::new(ip, 1000 + u16::from(port))
}

struct World {
    agents: [Agent; 2],
    rng: Rng,
    now: Time,
    flying: Vec<(Path, Vec<u8>)>,
}

impl World {
    fn new() -> Self {
        let mut rng = Rng::from_test_seed(1);
        let agents = [Role::Controlling, Role::Controlled].map(|role| {
            let mut agent = Agent::new(IceConfig::default(), rng.fork());
            agent.set_role(role);
            agent.set_local_credentials(Time::ZERO, Credentials::generate(&mut rng));
            agent.start_gathering(Time::ZERO);
            agent
        });
        Self {
            agents,
            rng,
            now: Time::ZERO,
            flying: Vec::new(),
        }
    }

    fn flush(&mut self) {
        for agent in &mut self.agents {
            let mut sent = 0;
            let mut out = Vec::new();
            while let Some(transmit) = agent.poll_transmit(self.now, &mut out) {
                let bytes = std::mem::take(&mut out);
                sent += 1;
                assert!(sent <= 256, "an agent never stops sending");
                if self.flying.len() < MOST_FLYING {
                    self.flying.push((transmit.path, bytes));
                }
            }
            while agent.poll_event().is_some() {}
        }
    }

    fn arrive(&mut self, path: Path, bytes: &[u8]) {
        let back = Path::udp(path.remote, path.local);
        // Each agent's sockets are those of its own host.
        let side = usize::from(back.local.ip() == address(2, 0).ip());
        self.agents[side].handle_datagram(self.now, back, bytes);
    }

    fn step(&mut self, side: usize, what: What) {
        let host = 1 + side as u8;
        match what {
            What::Deliver {
                from_port,
                again,
                change,
            } => {
                if self.flying.is_empty() {
                    return;
                }
                let (mut path, mut bytes) = self.flying.remove(0);
                if let Some(port) = from_port {
                    path.local.set_port(1000 + u16::from(port));
                }
                let length = bytes.len().max(1);
                if let Some((at, byte)) = change
                    && let Some(place) = bytes.get_mut(usize::from(at) % length)
                {
                    *place = byte;
                }
                self.arrive(path, &bytes);
                if again {
                    self.arrive(path, &bytes);
                }
            }
            What::Lose => {
                if !self.flying.is_empty() {
                    self.flying.remove(0);
                }
            }
            What::Noise { port, bytes } => {
                let path = Path::udp(address(9, port), address(host, port % 3));
                self.arrive(path, &bytes);
            }
            What::Wait { millis } => {
                self.now += Duration::from_millis(millis.into());
                for agent in &mut self.agents {
                    agent.handle_timeout(self.now);
                }
            }
            What::AddSocket { port } => {
                self.agents[side].add_local_socket(self.now, address(host, port % 3));
                self.agents[side].all_sockets_added(self.now);
            }
            What::AddCandidate { port, own } => {
                let host = if own { 3 - host } else { 7 };
                let at = address(host, port);
                let line = format!("candidate:1 1 udp 1 {} {} typ host", at.ip(), at.port());
                let candidate: Candidate = line.parse().expect("a candidate");
                let _ = self.agents[side].add_remote_candidate(self.now, candidate);
            }
            What::EndOfCandidates => self.agents[side].end_of_remote_candidates(self.now),
            What::Introduce { lite } => {
                if let Some(remote) = self.agents[1 - side].local_credentials().cloned() {
                    self.agents[side].set_remote(self.now, remote, lite);
                }
            }
            What::Restart => {
                let credentials = Credentials::generate(&mut self.rng);
                self.agents[side].set_local_credentials(self.now, credentials);
            }
            What::SetRole { controlling } => self.agents[side].set_role(if controlling {
                Role::Controlling
            } else {
                Role::Controlled
            }),
            What::Close => self.agents[side].close(),
        }
    }
}

pub(crate) fn run(data: &[u8]) {
    let mut world = World::new();
    for Operation { side, what } in crate::operations(data, MOST_OPERATIONS) {
        world.step(usize::from(side), what);
        world.flush();
        for agent in &world.agents {
            assert!(agent.pair_stats().len() <= MOST_PAIRS);
            if agent.state() == IceState::Closed {
                assert_eq!(
                    agent.poll_timeout(),
                    None,
                    "a closed agent waits for nothing"
                );
            }
        }
    }
}
