//! What two peers have to know of each other for one data channel transport: the part of a
//! description that is not the same every time.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use ironrtc::{IceCandidate, SdpType, SessionDescription};

/// Most candidates in a code; each costs 11 or 23 bytes.
pub(super) const MAX_CANDIDATES: usize = 32;

/// The hash functions of a fingerprint, and the lengths of their digests.
pub(super) const HASHES: [(&str, usize); 3] = [("sha-256", 32), ("sha-384", 48), ("sha-512", 64)];

/// `a=setup` (RFC 8842 section 5).
pub(super) const SETUPS: [&str; 3] = ["actpass", "active", "passive"];

/// A candidate that needs no TURN server and no name lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) reflexive: bool,
    pub(super) priority: u32,
    pub(super) address: SocketAddr,
}

/// One side of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) answer: bool,
    pub(super) ufrag: String,
    pub(super) pwd: String,
    /// Index into [`HASHES`].
    pub(super) hash: usize,
    pub(super) fingerprint: Vec<u8>,
    /// Index into [`SETUPS`].
    pub(super) setup: usize,
    pub(super) sctp_port: u16,
    pub(super) max_message_size: u32,
    pub(super) candidates: Vec<Address>,
}

impl Session {
    /// Takes the essence out of our own description with one data section.
    pub(super) fn of(description: &SessionDescription) -> Result<Self, String> {
        let value = |name: &'static str| attribute(&description.sdp, name);
        let need = |name: &'static str| value(name).ok_or_else(|| format!("it has no a={name}"));
        let (hash, digest) = need("fingerprint")?
            .split_once(' ')
            .ok_or("its fingerprint has no value")?;
        let hash = HASHES
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case(hash))
            .ok_or("its fingerprint is of an unknown kind")?;
        let setup = need("setup")?;
        Ok(Self {
            answer: description.kind == SdpType::Answer,
            ufrag: need("ice-ufrag")?.to_owned(),
            pwd: need("ice-pwd")?.to_owned(),
            hash,
            fingerprint: parse_hex(digest).ok_or("its fingerprint is not hexadecimal")?,
            setup: SETUPS
                .iter()
                .position(|name| *name == setup)
                .ok_or("its a=setup is unknown")?,
            sctp_port: number(value("sctp-port")).unwrap_or(5000),
            // RFC 8841 section 6.1: 64 KiB if it is not said.
            max_message_size: number(value("max-message-size")).unwrap_or(65_536),
            candidates: attributes(&description.sdp, "candidate")
                .filter_map(|line| address(&line.parse().ok()?))
                .take(MAX_CANDIDATES)
                .collect(),
        })
    }

    /// A description that says the same.
    pub(super) fn description(&self, id: u32) -> SessionDescription {
        let kind = if self.answer {
            SdpType::Answer
        } else {
            SdpType::Offer
        };
        let mut sdp = format!(
            "v=0\r\no=- {id} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
             m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n"
        );
        for (index, candidate) in self.candidates.iter().enumerate() {
            // The foundation groups candidates for pacing only; each may have its own.
            let (ip, port) = (candidate.address.ip(), candidate.address.port());
            let kind = match (candidate.reflexive, ip) {
                (false, _) => "host",
                (true, IpAddr::V4(_)) => "srflx raddr 0.0.0.0 rport 0",
                (true, IpAddr::V6(_)) => "srflx raddr :: rport 0",
            };
            let priority = candidate.priority;
            let _ = write!(
                sdp,
                "a=candidate:{index} 1 udp {priority} {ip} {port} typ {kind}\r\n"
            );
        }
        let hash = HASHES.get(self.hash).map_or("", |(name, _)| name);
        let setup = SETUPS.get(self.setup).copied().unwrap_or_default();
        let _ = write!(
            sdp,
            "a=end-of-candidates\r\na=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=fingerprint:{hash} {}\r\n\
             a=setup:{setup}\r\na=mid:0\r\na=sctp-port:{}\r\na=max-message-size:{}\r\n",
            self.ufrag,
            self.pwd,
            colons(&self.fingerprint),
            self.sctp_port,
            self.max_message_size
        );
        SessionDescription { kind, sdp }
    }
}

/// Whether another machine may reach one of the candidates.
pub(super) fn is_reachable(description: &SessionDescription) -> bool {
    attributes(&description.sdp, "candidate")
        .filter_map(|line| line.parse::<IceCandidate>().ok()?.socket_addr())
        .any(|address| !address.ip().is_loopback())
}

fn attributes<'a>(sdp: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    sdp.lines().filter_map(move |line| {
        line.strip_prefix("a=")?
            .strip_prefix(name)?
            .strip_prefix(':')
            .map(str::trim)
    })
}

fn attribute<'a>(sdp: &'a str, name: &'a str) -> Option<&'a str> {
    attributes(sdp, name).next()
}

fn number<T: std::str::FromStr>(text: Option<&str>) -> Option<T> {
    text?.parse().ok()
}

fn address(candidate: &IceCandidate) -> Option<Address> {
    let words = candidate.to_string();
    let reflexive = match words.split(' ').nth(7)? {
        "host" => false,
        "srflx" => true,
        _ => return None,
    };
    if candidate.component != 1 || candidate.tcp_type.is_some() {
        return None;
    }
    Some(Address {
        reflexive,
        priority: candidate.priority,
        address: candidate.socket_addr()?,
    })
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    text.split(':')
        .map(|pair| match pair.len() {
            2 => u8::from_str_radix(pair, 16).ok(),
            _ => None,
        })
        .collect()
}

fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn example() -> Session {
        Session {
            answer: false,
            ufrag: "EsAw".into(),
            pwd: "P2uYro0UCOQ4zxjKXaWCBui1".into(),
            hash: 0,
            fingerprint: (0..32).map(|i| i * 7).collect(),
            setup: 0,
            sctp_port: 5000,
            max_message_size: 262_144,
            candidates: vec![
                Address {
                    reflexive: false,
                    priority: 2_130_706_431,
                    address: "192.0.2.1:5000".parse().unwrap(),
                },
                Address {
                    reflexive: true,
                    priority: 1_694_498_815,
                    address: "[2001:db8::1]:6000".parse().unwrap(),
                },
            ],
        }
    }

    #[test]
    fn a_description_and_its_essence_say_the_same() {
        for answer in [false, true] {
            let session = Session {
                answer,
                setup: usize::from(answer),
                ..example()
            };
            assert_eq!(Session::of(&session.description(9)), Ok(session));
        }
    }

    #[test]
    fn a_description_of_another_stack_is_understood() {
        let sdp = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
            a=fingerprint:SHA-256 00:FF:0a\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
            c=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
            a=setup:active\r\na=mid:0\r\n\
            a=candidate:1 1 udp 5 192.0.2.1 7 typ host\r\n\
            a=candidate:2 1 tcp 5 192.0.2.1 9 typ host tcptype active\r\n\
            a=candidate:3 1 udp 5 3e6a.local 7 typ host\r\n\
            a=candidate:4 1 udp 5 192.0.2.9 7 typ relay raddr 0.0.0.0 rport 0\r\n";
        let session = Session::of(&SessionDescription::answer(sdp)).unwrap();
        assert_eq!(session.fingerprint, [0, 255, 10]);
        assert_eq!(
            (session.sctp_port, session.max_message_size),
            (5000, 65_536)
        );
        assert_eq!(session.candidates.len(), 1);
    }

    #[test]
    fn loopback_is_no_network() {
        let with = |addresses: &[&str]| {
            let candidates = addresses.iter().map(|address| Address {
                reflexive: false,
                priority: 1,
                address: address.parse().unwrap(),
            });
            Session {
                candidates: candidates.collect(),
                ..example()
            }
        };
        let is_reachable = |session: Session| is_reachable(&session.description(1));
        assert!(!is_reachable(with(&[])));
        assert!(!is_reachable(with(&["127.0.0.1:5", "[::1]:5"])));
        assert!(is_reachable(with(&["127.0.0.1:5", "192.0.2.1:5"])));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Session::of(&SessionDescription::offer("v=0\r\n")).unwrap_err();
        assert_eq!(error, "it has no a=fingerprint");
    }
}
