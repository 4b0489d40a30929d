//! A link between two UDP sockets of this host: rate, delay and a queue, in user space, so that no
//! privilege and no module of the kernel is needed. `BENCH_LINK=100mbit,50ms,5ms` names the rate, the
//! round trip and the longest wait in the queue, both ways alike.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// Headers of UDP and IPv4.
const HEADERS: usize = 28;

/// What a link does to packets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    bits_a_second: f64,
    delay: Duration,
    queue: Duration,
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("{text:?} is not like 100mbit,50ms,5ms");
        let part = |part: Option<&str>, unit: &str| {
            let number = part.and_then(|part| part.strip_suffix(unit)?.parse::<f64>().ok());
            number.filter(|number| *number >= 0.0).ok_or_else(error)
        };
        let mut parts = text.split(',');
        let link = Self {
            bits_a_second: part(parts.next(), "mbit")? * 1e6,
            delay: Duration::from_secs_f64(part(parts.next(), "ms")? / 2e3),
            queue: Duration::from_secs_f64(part(parts.next(), "ms")? / 1e3),
        };
        let complete = parts.next().is_none() && link.bits_a_second > 0.0;
        complete.then_some(link).ok_or_else(error)
    }
}

/// The link itself. A caller sends to [`near`](Self::near) instead of the callee, who answers to the
/// relay.
#[derive(Debug)]
pub struct Relay {
    near: SocketAddr,
    far: SocketAddr,
    callee: Arc<OnceLock<SocketAddr>>,
}

impl Relay {
    /// The link that `BENCH_LINK` asks for, if it does.
    pub fn from_environment() -> Option<Self> {
        let text = std::env::var("BENCH_LINK").ok()?;
        Some(Self::new(text.parse().expect("BENCH_LINK is a link")))
    }

    fn new(link: Link) -> Self {
        let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let (near, far) = (socket(), socket());
        let address = |socket: &UdpSocket| socket.local_addr().expect("an address");
        let (caller, callee) = (Arc::new(OnceLock::new()), Arc::new(OnceLock::new()));
        let relay = Self {
            near: address(&near),
            far: address(&far),
            callee: callee.clone(),
        };
        let copy = |socket: &UdpSocket| socket.try_clone().expect("a socket");
        run(
            link,
            copy(&near),
            copy(&far),
            caller.clone(),
            callee.clone(),
        );
        run(link, far, near, callee, caller);
        relay
    }

    /// Where the caller finds the callee.
    pub fn near(&self) -> SocketAddr {
        self.near
    }

    /// Where the callee finds the caller.
    pub fn far(&self) -> SocketAddr {
        self.far
    }

    /// The callee's own address, if it has not spoken first.
    pub fn towards(&self, callee: SocketAddr) {
        let known = self.callee.get_or_init(|| callee);
        assert_eq!(*known, callee, "a link has one callee");
    }
}

/// One way: who sends to `from` is `source`, and is heard from `to` by `target`.
fn run(
    link: Link,
    from: UdpSocket,
    to: UdpSocket,
    source: Arc<OnceLock<SocketAddr>>,
    target: Arc<OnceLock<SocketAddr>>,
) {
    let (sender, receiver) = channel();
    thread::spawn(move || accept(link, &from, &source, &sender));
    thread::spawn(move || deliver(&to, &target, &receiver));
}

type Packet = (Instant, Vec<u8>);

fn accept(link: Link, from: &UdpSocket, source: &OnceLock<SocketAddr>, on: &Sender<Packet>) {
    let mut buffer = vec![0; 65_536];
    let mut free = Instant::now();
    loop {
        // A port that nobody has yet is told by an error of the next call.
        let Ok((len, sender)) = from.recv_from(&mut buffer) else {
            continue;
        };
        source.get_or_init(|| sender);
        let now = Instant::now();
        let start = free.max(now);
        if start - now > link.queue {
            continue;
        }
        let bits = ((len + HEADERS) * 8) as f64;
        free = start + Duration::from_secs_f64(bits / link.bits_a_second);
        if on
            .send((free + link.delay, buffer[..len].to_vec()))
            .is_err()
        {
            return;
        }
    }
}

fn deliver(to: &UdpSocket, target: &OnceLock<SocketAddr>, packets: &Receiver<Packet>) {
    for (at, packet) in packets {
        thread::sleep(at.saturating_duration_since(Instant::now()));
        if let Some(target) = target.get() {
            let _ = to.send_to(&packet, target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_and_nonsense_is_not() {
        let link: Link = "100mbit,50ms,5ms".parse().unwrap();
        assert_eq!(link.bits_a_second, 1e8);
        assert_eq!(link.delay, Duration::from_millis(25));
        assert_eq!(link.queue, Duration::from_millis(5));
        for text in [
            "",
            "100mbit",
            "100mbit,50ms",
            "0mbit,1ms,1ms",
            "1mbit,1ms,1ms,1ms",
            "1mbit,-1ms,1ms",
        ] {
            assert!(text.parse::<Link>().is_err(), "{text}");
        }
    }

    #[test]
    fn packets_pass_both_ways_and_none_before_its_time() {
        let relay = Relay::new("100mbit,50ms,5ms".parse().unwrap());
        let [caller, callee] = [0, 1].map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        relay.towards(callee.local_addr().unwrap());
        let mut buffer = [0; 16];
        let start = Instant::now();
        caller.send_to(b"there", relay.near()).unwrap();
        assert_eq!(callee.recv_from(&mut buffer).unwrap(), (5, relay.far()));
        callee.send_to(b"back", relay.far()).unwrap();
        assert_eq!(caller.recv_from(&mut buffer).unwrap(), (4, relay.near()));
        assert!(start.elapsed() >= Duration::from_millis(50));
    }
}
