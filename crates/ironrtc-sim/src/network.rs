//! Hosts, NATs, a STUN server, and the datagrams between them.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use ironrtc_core::rng::Rng;
use ironrtc_core::time::Time;
use ironrtc_core::wire::stun::{BINDING, Class, Message, Writer};
use ironrtc_netem::{Carrier, InFlight, Link, Parcel, TooLarge};

use crate::Nat;

/// The address of the STUN server that every network has.
const STUN_SERVER: &str = "198.51.100.1:3478";

/// A datagram as the receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The source address.
    pub from: SocketAddr,
    /// The receiver's own address.
    pub to: SocketAddr,
    /// The payload.
    pub data: Vec<u8>,
}

/// The line behind a host's queue. Hosts that share one compete for it.
#[derive(Clone, Debug, Default)]
pub struct Line(Rc<RefCell<ironrtc_netem::Line>>);

/// What carries a datagram to an address.
pub(crate) const fn carrier(to: SocketAddr) -> Carrier {
    match to {
        SocketAddr::V4(_) => Carrier::Ipv4,
        SocketAddr::V6(_) => Carrier::Ipv6,
    }
}

#[derive(Debug)]
struct Host {
    addresses: Vec<IpAddr>,
    nat: Option<usize>,
    link: Link,
    line: Line,
}

/// The network.
#[derive(Debug)]
pub struct Network {
    rng: Rng,
    hosts: Vec<Host>,
    nats: Vec<Nat>,
    stun: SocketAddr,
    in_flight: InFlight<Datagram>,
    sent: u64,
    /// Copies of what was delivered, if [`capture`](Self::capture) asked for it.
    captured: Option<Vec<Datagram>>,
}

impl Network {
    /// A network without hosts.
    pub fn new(rng: Rng) -> Self {
        Self {
            rng,
            hosts: Vec::new(),
            nats: Vec::new(),
            stun: STUN_SERVER.parse().expect("a socket address"),
            in_flight: InFlight::default(),
            sent: 0,
            captured: None,
        }
    }

    /// Adds a host and returns its number. Behind a NAT its addresses are private to it.
    pub fn add_host(&mut self, addresses: Vec<IpAddr>, link: Link, nat: Option<Nat>) -> usize {
        let nat = nat.map(|nat| {
            self.nats.push(nat);
            self.nats.len() - 1
        });
        self.hosts.push(Host {
            addresses,
            nat,
            link,
            line: Line::default(),
        });
        self.hosts.len() - 1
    }

    /// The link of a host, to change it at any time.
    pub fn link_mut(&mut self, host: usize) -> &mut Link {
        &mut self.hosts[host].link
    }

    /// The line of a host.
    pub fn line(&self, host: usize) -> Line {
        self.hosts[host].line.clone()
    }

    /// Has a host send on a line that it shares with others, who may be in another network. Who
    /// runs them keeps their times together.
    pub fn share_line(&mut self, host: usize, line: Line) {
        self.hosts[host].line = line;
    }

    /// Gives a host other addresses, as when it moves to another network.
    pub fn set_addresses(&mut self, host: usize, addresses: Vec<IpAddr>) {
        self.hosts[host].addresses = addresses;
    }

    /// The STUN server's address.
    pub fn stun_server(&self) -> SocketAddr {
        self.stun
    }

    /// Begins to keep a copy of each datagram that is delivered.
    pub fn capture(&mut self) {
        self.captured = Some(Vec::new());
    }

    /// What was delivered since [`capture`](Self::capture).
    pub fn captured(&self) -> &[Datagram] {
        self.captured.as_deref().unwrap_or_default()
    }

    /// How many datagrams hosts have sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// A host sends a datagram.
    pub fn send(&mut self, now: Time, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        let parcel = Parcel {
            carrier: carrier(to),
            ..Parcel::bare(data.len())
        };
        // Alone, and with leave to cut it, nothing is refused.
        let _ = self.send_parcel(now, (from, to), data, parcel);
    }

    /// A host sends a datagram of a batch, or a probe that nobody may cut. What the system refuses
    /// to send in a batch is sent alone, and what it refuses alone is lost.
    pub(crate) fn send_parcel(
        &mut self,
        now: Time,
        (from, to): (SocketAddr, SocketAddr),
        data: &[u8],
        parcel: Parcel,
    ) -> Result<(), TooLarge> {
        self.sent += 1;
        let Some(host) = self.host_of(from.ip()) else {
            return Ok(());
        };
        let sender = &mut self.hosts[host];
        let refusal = sender.link.refusal(parcel);
        let mut below = |bound| self.rng.below(bound);
        let now = now.since(Time::ZERO);
        let line = &sender.line.0;
        let arrivals = sender
            .link
            .arrivals(now, parcel, &mut line.borrow_mut(), &mut below);
        // Private addresses are only reached behind the same NAT, where there is one host each.
        let from = match sender.nat {
            Some(nat) => self.nats[nat].outbound(from, to),
            None => from,
        };
        for at in arrivals {
            self.route(Time::ZERO + at, from, to, data.to_vec());
        }
        refusal
    }

    /// Puts a datagram on the wire close to its receiver, as someone off the path does who knows
    /// its address and forges the source.
    pub fn inject(&mut self, at: Time, datagram: Datagram) {
        self.deliver(at, datagram);
    }

    fn route(&mut self, at: Time, from: SocketAddr, to: SocketAddr, data: Vec<u8>) {
        if to == self.stun {
            self.answer(at, from, &data);
            return;
        }
        let behind = self.nats.iter().find(|nat| nat.outer() == to.ip());
        let to = match behind {
            Some(nat) => nat.inbound(from, to.port()),
            None => Some(to).filter(|to| {
                let host = self.host_of(to.ip());
                host.is_some_and(|host| self.hosts[host].nat.is_none())
            }),
        };
        if let Some(to) = to {
            self.deliver(at, Datagram { from, to, data });
        }
    }

    fn deliver(&mut self, at: Time, datagram: Datagram) {
        self.in_flight.insert(at.since(Time::ZERO), datagram);
    }

    /// The STUN server answers with the source that it sees; its way back takes as long again.
    fn answer(&mut self, at: Time, from: SocketAddr, data: &[u8]) {
        let Ok(message) = Message::parse(data) else {
            return;
        };
        if message.class() != Class::Request {
            return;
        }
        let mut answer = Vec::new();
        let mut writer = Writer::new(&mut answer, Class::Success, BINDING, message.transaction());
        writer.xor_mapped_address(from);
        writer.fingerprint();
        self.route(at + Link::default().delay, self.stun, from, answer);
    }

    fn host_of(&self, address: IpAddr) -> Option<usize> {
        self.hosts
            .iter()
            .position(|host| host.addresses.contains(&address))
    }

    /// When the next datagram arrives.
    pub fn next_arrival(&self) -> Option<Time> {
        self.in_flight.next_arrival().map(|at| Time::ZERO + at)
    }

    /// The next datagram that has arrived by now, and its host.
    pub fn receive(&mut self, now: Time) -> Option<(usize, Datagram)> {
        loop {
            let datagram = self.in_flight.receive(now.since(Time::ZERO))?;
            // The host may have moved away in the meantime.
            if let Some(host) = self.host_of(datagram.to.ip()) {
                if let Some(captured) = &mut self.captured {
                    captured.push(datagram.clone());
                }
                return Some((host, datagram));
            }
        }
    }
}
