//! One question by multicast DNS (RFC 6762 section 5.1: a one-shot query), for the names behind
//! which browsers hide their addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

const GROUP_IP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP: SocketAddr = SocketAddr::new(IpAddr::V4(GROUP_IP), 5353);
/// RFC 6762 section 5.2: a second apart.
const RETRY: Duration = Duration::from_secs(1);
const TIMEOUT: Duration = Duration::from_millis(2500);
const MAX_INTERFACES: usize = 8;

const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

/// Why a name of the link's leads to no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum QueryError {
    /// Nothing that can be asked for.
    #[error("{0} is not a host name")]
    Name(String),
    /// Silence.
    #[error("nobody on the link answers for {0}")]
    NoAnswer(String),
}

/// The address behind a `.local` name.
pub(super) async fn query(name: &str) -> Result<IpAddr, QueryError> {
    let question = question(name).ok_or_else(|| QueryError::Name(name.to_owned()))?;
    let mut asked = JoinSet::new();
    let unspecified = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
    for address in super::interfaces::addresses(&[unspecified]) {
        if let IpAddr::V4(interface) = address.ip()
            && asked.len() < MAX_INTERFACES
        {
            asked.spawn(ask(interface, question.clone(), name.to_owned()));
        }
    }
    let first = async {
        while let Some(answer) = asked.join_next().await {
            if let Ok(Ok(ip)) = answer {
                return Some(ip);
            }
        }
        None
    };
    match tokio::time::timeout(TIMEOUT, first).await {
        Ok(Some(ip)) => Ok(ip),
        _ => Err(QueryError::NoAnswer(name.to_owned())),
    }
}

async fn ask(interface: Ipv4Addr, question: Vec<u8>, name: String) -> io::Result<IpAddr> {
    let own = own_socket(interface)?;
    // Responders should answer us alone, yet some tell the whole group. Where the group's port
    // cannot be shared, the first kind has to do.
    let group = group_socket(interface).ok();
    loop {
        own.send_to(&question, GROUP).await?;
        let answer = async {
            tokio::select! {
                answer = listen(&own, &name) => answer,
                answer = async {
                    match &group {
                        Some(group) => listen(group, &name).await,
                        None => std::future::pending().await,
                    }
                } => answer,
            }
        };
        if let Ok(result) = tokio::time::timeout(RETRY, answer).await {
            return result;
        }
    }
}

async fn listen(socket: &UdpSocket, name: &str) -> io::Result<IpAddr> {
    let mut buffer = [0; 9000];
    loop {
        let (len, _) = socket.recv_from(&mut buffer).await?;
        if let Some(ip) = buffer.get(..len).and_then(|data| answer(data, name)) {
            return Ok(ip);
        }
    }
}

fn new_socket() -> io::Result<socket2::Socket> {
    let (domain, protocol) = (socket2::Domain::IPV4, socket2::Protocol::UDP);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn own_socket(interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = new_socket()?;
    socket.set_multicast_if_v4(&interface)?;
    socket.bind(&SocketAddr::new(interface.into(), 0).into())?;
    UdpSocket::from_std(socket.into())
}

/// Bound to the group's own address, so that it takes no unicast datagram from a responder on this
/// machine.
fn group_socket(interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = new_socket()?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&GROUP.into())?;
    socket.join_multicast_v4(&GROUP_IP, &interface)?;
    UdpSocket::from_std(socket.into())
}

/// A query for both kinds of address (RFC 1035 section 4.1).
fn question(name: &str) -> Option<Vec<u8>> {
    let mut message = vec![0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0];
    for kind in [TYPE_A, TYPE_AAAA] {
        for label in name.split('.') {
            let len = u8::try_from(label.len())
                .ok()
                .filter(|len| (1..64).contains(len))?;
            message.push(len);
            message.extend(label.as_bytes());
        }
        message.push(0);
        message.extend(kind.to_be_bytes());
        // The class Internet; RFC 6762 section 5.4: the top bit asks for a unicast answer.
        message.extend([0x80, 1]);
    }
    Some(message)
}

/// The first address that a response gives for `name`.
fn answer(message: &[u8], name: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let bytes = message.get(at..at + 2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    };
    let is_response = word(2)? & 0x8000 != 0;
    let (questions, records) = (word(4)?, word(6)?);
    if !is_response {
        return None;
    }
    let mut at = 12;
    for _ in 0..questions {
        at = read_name(message, at)?.1 + 4;
    }
    for _ in 0..records {
        let (owner, after) = read_name(message, at)?;
        let (kind, len) = (word(after)?, usize::from(word(after + 8)?));
        let data = message.get(after + 10..after + 10 + len)?;
        at = after + 10 + len;
        if !owner.eq_ignore_ascii_case(name) {
            continue;
        }
        if let (TYPE_A, Ok(octets)) = (kind, <[u8; 4]>::try_from(data)) {
            return Some(Ipv4Addr::from(octets).into());
        }
        if let (TYPE_AAAA, Ok(octets)) = (kind, <[u8; 16]>::try_from(data)) {
            return Some(Ipv6Addr::from(octets).into());
        }
    }
    None
}

/// A name that may be compressed (RFC 1035 section 4.1.4), and where it ends.
fn read_name(message: &[u8], start: usize) -> Option<(String, usize)> {
    let mut name = String::new();
    let (mut at, mut end) = (start, None);
    // A pointer may point at itself: the number of steps is bounded.
    for _ in 0..128 {
        let len = usize::from(*message.get(at)?);
        match len {
            0 => return Some((name, end.unwrap_or(at + 1))),
            1..=63 => {
                if !name.is_empty() {
                    name.push('.');
                }
                let label = message.get(at + 1..at + 1 + len)?;
                name.push_str(&String::from_utf8_lossy(label));
                at += 1 + len;
            }
            192.. => {
                end = end.or(Some(at + 2));
                at = (len & 63) << 8 | usize::from(*message.get(at + 1)?);
            }
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "4f2c.local";

    /// A response to `question(NAME)` whose records point back at the question's name.
    fn response(records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut message = question(NAME).unwrap();
        message[2] = 0x84;
        message[7] = u8::try_from(records.len()).unwrap();
        for (kind, data) in records {
            message.extend([0xc0, 12]);
            message.extend(kind.to_be_bytes());
            message.extend([0x80, 1, 0, 0, 0, 120]);
            message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            message.extend(*data);
        }
        message
    }

    #[test]
    fn the_address_of_the_name_is_found_among_other_records() {
        let message = response(&[(16, b"text"), (TYPE_A, &[192, 0, 2, 7])]);
        assert_eq!(answer(&message, NAME), Some([192, 0, 2, 7].into()));
        assert_eq!(answer(&message, "4F2C.Local"), Some([192, 0, 2, 7].into()));
        assert_eq!(answer(&message, "other.local"), None);
        let v6: [u8; 16] = std::array::from_fn(|i| i as u8);
        let message = response(&[(TYPE_AAAA, &v6)]);
        assert_eq!(answer(&message, NAME), Some(v6.into()));
    }

    #[test]
    fn broken_responses_and_queries_give_nothing() {
        let whole = response(&[(TYPE_A, &[192, 0, 2, 7])]);
        for len in 0..whole.len() {
            assert_eq!(answer(&whole[..len], NAME), None, "cut after {len}");
        }
        assert_eq!(answer(&question(NAME).unwrap(), NAME), None);
        // A name that points at itself.
        let mut looping = whole;
        let at = looping.len() - 16;
        looping[at + 1] = u8::try_from(at).unwrap();
        assert_eq!(answer(&looping, NAME), None);
        assert_eq!(question("..local"), None);
        assert_eq!(question(&"x".repeat(64)), None);
    }
}
