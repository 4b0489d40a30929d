//! Candidates and their one-line form in SDP (RFC 8445 section 5, RFC 8839 section 5.1).

use std::fmt::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::str::{FromStr, SplitAsciiWhitespace};

use super::credentials::{is_ice_char, is_peer_char};
use crate::words::words;

/// Longest username fragment (RFC 8839 section 5.4).
const MAX_FRAGMENT: usize = 256;
/// Longest foundation (RFC 8839 section 5.1).
const MAX_FOUNDATION: usize = 32;
/// Longest name in a candidate (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 255;
/// Longest candidate line that is looked at.
const MAX_LINE: usize = 1024;

/// How a candidate was found (RFC 8445 section 5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    /// An address of a local interface.
    Host,
    /// An address that a STUN server saw.
    ServerReflexive,
    /// An address that the peer saw during checks.
    PeerReflexive,
    /// An address at a TURN server.
    Relayed,
}

impl CandidateKind {
    /// RFC 8445 section 5.1.2.2: the recommended type preferences.
    pub(crate) const fn type_preference(self) -> u32 {
        match self {
            Self::Host => 126,
            Self::PeerReflexive => 110,
            Self::ServerReflexive => 100,
            Self::Relayed => 0,
        }
    }
}

words!(CandidateKind, "type of a candidate", {
    Host => "host",
    ServerReflexive => "srflx",
    PeerReflexive => "prflx",
    Relayed => "relay",
});

/// A candidate's transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CandidateProtocol {
    /// UDP.
    Udp,
    /// TCP (RFC 6544).
    Tcp,
}

words!(CandidateProtocol, "transport of a candidate", { Udp => "udp", Tcp => "tcp" });

/// Who opens the TCP connection (RFC 6544 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpType {
    /// Opens connections.
    Active,
    /// Accepts connections.
    Passive,
    /// Both at once.
    SimultaneousOpen,
}

words!(TcpType, "TCP type of a candidate", {
    Active => "active",
    Passive => "passive",
    SimultaneousOpen => "so",
});

/// Where a candidate is: an address, or a name that has to be resolved first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateAddress {
    /// An IP address.
    Ip(IpAddr),
    /// An mDNS `.local` name or another domain name.
    Name(String),
}

impl fmt::Display for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A transport address that one side may be reached at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Equal for candidates that behave alike (RFC 8445 section 5.1.1.3).
    pub foundation: String,
    /// 1 for RTP or data, 2 for RTCP that is not multiplexed.
    pub component: u16,
    /// UDP or TCP.
    pub protocol: CandidateProtocol,
    /// RFC 8445 section 5.1.2.
    pub priority: u32,
    /// The address or name.
    pub address: CandidateAddress,
    /// The port.
    pub port: u16,
    /// How it was found.
    pub kind: CandidateKind,
    /// The related address and port; informative.
    pub related: Option<(String, u16)>,
    /// For TCP: who connects.
    pub tcp_type: Option<TcpType>,
    /// The generation it belongs to.
    pub username_fragment: Option<String>,
    /// The STUN or TURN server it came from; never in SDP.
    pub url: Option<String>,
}

impl Candidate {
    /// The transport address, unless it is a name.
    pub const fn socket_addr(&self) -> Option<SocketAddr> {
        match self.address {
            CandidateAddress::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            CandidateAddress::Name(_) => None,
        }
    }

    /// RFC 8445 section 5.1.2.1: the priority of a component-1 candidate.
    pub(crate) const fn priority_of(kind: CandidateKind, local_preference: u16) -> u32 {
        (kind.type_preference() << 24) | ((local_preference as u32) << 8) | 255
    }
}

/// Why a candidate line was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CandidateError {
    /// The line is longer than any candidate.
    #[error("the candidate line has {0} bytes; at most 1024 are accepted")]
    TooLong(usize),
    /// A mandatory field is missing.
    #[error("the candidate ends before its {0}; give all fields up to the type")]
    Missing(&'static str),
    /// The foundation is empty, too long or not printable.
    #[error("the foundation {0:?} is not 1 to 32 printable characters")]
    Foundation(String),
    /// The component is not 1 to 256.
    #[error("the component {0:?} is not a number from 1 to 256")]
    Component(String),
    /// Neither UDP nor TCP.
    #[error("the transport {0:?} is not supported; use udp or tcp")]
    Protocol(String),
    /// Not a 32-bit number.
    #[error("the priority {0:?} is not a 32-bit number")]
    Priority(String),
    /// Neither an IP address nor a domain name.
    #[error("the address {0:?} is neither an IP address nor a domain name")]
    Address(String),
    /// Not a 16-bit number.
    #[error("the port {0:?} is not a number from 0 to 65535")]
    Port(String),
    /// The word `typ` is not where it must be.
    #[error("expected \"typ\" after the port, found {0:?}")]
    Typ(String),
    /// An unknown type.
    #[error("the candidate type {0:?} is not host, srflx, prflx or relay")]
    Kind(String),
    /// A username fragment that no description can have.
    #[error("the ufrag {0:?} is not 1 to 256 printable characters")]
    Fragment(String),
    /// An unknown TCP type.
    #[error("the tcptype {0:?} is not active, passive or so")]
    TcpType(String),
}

/// The beginning of an input, for an error text.
fn excerpt(text: &str) -> String {
    text.chars().take(64).collect()
}

fn field<'a>(
    words: &mut SplitAsciiWhitespace<'a>,
    name: &'static str,
) -> Result<&'a str, CandidateError> {
    words.next().ok_or(CandidateError::Missing(name))
}

fn parse_port(text: &str) -> Result<u16, CandidateError> {
    text.parse()
        .map_err(|_| CandidateError::Port(excerpt(text)))
}

fn parse_address(text: &str) -> Result<CandidateAddress, CandidateError> {
    if let Ok(ip) = text.parse() {
        return Ok(CandidateAddress::Ip(ip));
    }
    let is_name = text.len() <= MAX_NAME
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
    if is_name {
        Ok(CandidateAddress::Name(text.to_owned()))
    } else {
        Err(CandidateError::Address(excerpt(text)))
    }
}

/// Whether a peer's username fragment may read so (RFC 8839 section 5.4, read generously).
fn is_fragment(text: &str) -> bool {
    (1..=MAX_FRAGMENT).contains(&text.len()) && text.bytes().all(is_peer_char)
}

/// A foundation to the letter of the grammar: ice-chars only (RFC 8839 section 5.1).
fn write_foundation(foundation: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    foundation.chars().try_for_each(|c| {
        let known = u8::try_from(c).is_ok_and(is_ice_char);
        f.write_char(if known { c } else { '/' })
    })
}

impl FromStr for Candidate {
    type Err = CandidateError;

    /// Parses `candidate:…`, `a=candidate:…` or the value alone.
    fn from_str(text: &str) -> Result<Self, CandidateError> {
        if text.len() > MAX_LINE {
            return Err(CandidateError::TooLong(text.len()));
        }
        let text = text.trim();
        let text = text.strip_prefix("a=").unwrap_or(text);
        let text = text.strip_prefix("candidate:").unwrap_or(text);
        let mut words = text.split_ascii_whitespace();

        let foundation = field(&mut words, "foundation")?;
        if foundation.len() > MAX_FOUNDATION || !foundation.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(CandidateError::Foundation(excerpt(foundation)));
        }
        let component = field(&mut words, "component")?;
        let component = component
            .parse()
            .ok()
            .filter(|number| (1..=256).contains(number))
            .ok_or_else(|| CandidateError::Component(excerpt(component)))?;
        let protocol = field(&mut words, "transport")?;
        let protocol = if protocol.eq_ignore_ascii_case("udp") {
            CandidateProtocol::Udp
        } else if protocol.eq_ignore_ascii_case("tcp") {
            CandidateProtocol::Tcp
        } else {
            return Err(CandidateError::Protocol(excerpt(protocol)));
        };
        let priority = field(&mut words, "priority")?;
        let priority = priority
            .parse()
            .map_err(|_| CandidateError::Priority(excerpt(priority)))?;
        let address = parse_address(field(&mut words, "address")?)?;
        let port = parse_port(field(&mut words, "port")?)?;
        let typ = field(&mut words, "type")?;
        if !typ.eq_ignore_ascii_case("typ") {
            return Err(CandidateError::Typ(excerpt(typ)));
        }
        let kind = field(&mut words, "type")?;
        // Words are read in any case, as browsers do.
        let kind = kind
            .to_ascii_lowercase()
            .parse()
            .map_err(|_| CandidateError::Kind(excerpt(kind)))?;

        let mut candidate = Self {
            foundation: foundation.to_owned(),
            component,
            protocol,
            priority,
            address,
            port,
            kind,
            related: None,
            tcp_type: None,
            username_fragment: None,
            url: None,
        };
        candidate.parse_extensions(words)?;
        Ok(candidate)
    }
}

impl Candidate {
    fn parse_extensions(
        &mut self,
        mut words: SplitAsciiWhitespace<'_>,
    ) -> Result<(), CandidateError> {
        let mut related_address = None;
        let mut related_port = 0;
        // RFC 8839 section 5.1: extensions are name and value; unknown ones are ignored.
        while let (Some(name), Some(value)) = (words.next(), words.next()) {
            match name {
                // Both are informative: what cannot be read is left out, the candidate stays.
                "raddr" => related_address = parse_address(value).ok(),
                "rport" => related_port = parse_port(value).unwrap_or_default(),
                "tcptype" => {
                    self.tcp_type = Some(match value.to_ascii_lowercase().as_str() {
                        "active" => TcpType::Active,
                        "passive" => TcpType::Passive,
                        "so" => TcpType::SimultaneousOpen,
                        _ => return Err(CandidateError::TcpType(excerpt(value))),
                    });
                }
                "ufrag" if is_fragment(value) => self.username_fragment = Some(value.to_owned()),
                "ufrag" => return Err(CandidateError::Fragment(excerpt(value))),
                _ => {}
            }
        }
        self.related = related_address.map(|address| (address.to_string(), related_port));
        Ok(())
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("candidate:")?;
        write_foundation(&self.foundation, f)?;
        write!(
            f,
            " {} {} {} {} {} typ {}",
            self.component, self.protocol, self.priority, self.address, self.port, self.kind
        )?;
        if let Some((address, port)) = &self.related {
            write!(f, " raddr {address} rport {port}")?;
        }
        if let Some(tcp_type) = self.tcp_type {
            write!(f, " tcptype {tcp_type}")?;
        }
        if let Some(ufrag) = &self.username_fragment {
            write!(f, " ufrag {ufrag}")?;
        }
        Ok(())
    }
}

/// Whether a name is asked for on the link, never at a name server (RFC 6762 section 3).
pub fn is_mdns(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let suffix = name.len().checked_sub(".local".len());
    suffix.is_some_and(|at| {
        at > 0
            && name
                .get(at..)
                .is_some_and(|s| s.eq_ignore_ascii_case(".local"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx \
                        raddr 10.0.0.17 rport 46154 generation 0 ufrag EEtu network-cost 10";

    #[test]
    fn all_three_spellings_parse_alike_and_unknown_extensions_are_skipped() {
        let parsed: Candidate = LINE.parse().unwrap();
        assert_eq!(parsed.foundation, "842163049");
        assert_eq!(parsed.kind, CandidateKind::ServerReflexive);
        assert_eq!(parsed.related, Some(("10.0.0.17".to_owned(), 46154)));
        assert_eq!(parsed.username_fragment.as_deref(), Some("EEtu"));
        assert_eq!(
            parsed.socket_addr(),
            Some("203.0.113.7:46154".parse().unwrap())
        );
        assert_eq!(format!("a={LINE}").parse(), Ok(parsed.clone()));
        let bare = LINE.strip_prefix("candidate:").unwrap();
        assert_eq!(bare.parse(), Ok(parsed));
    }

    #[test]
    fn printing_and_parsing_round_trips() {
        for line in [
            "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host",
            "candidate:1 1 udp 2130706431 2001:db8::1 5000 typ host ufrag abcd",
            "candidate:x+/ 256 tcp 1 1a2b.local 9 typ host tcptype active",
            "candidate:2 2 udp 4294967295 192.0.2.1 0 typ relay raddr 0.0.0.0 rport 0",
            "candidate:3 1 tcp 7 192.0.2.1 1 typ prflx raddr a.local rport 2 tcptype so",
        ] {
            assert_eq!(line.parse::<Candidate>().unwrap().to_string(), line);
        }
    }

    #[test]
    fn what_is_printed_follows_the_grammar_whatever_came() {
        let printed = |line: &str| line.parse::<Candidate>().map(|c| c.to_string());
        for (read, written) in [
            (
                "candidate:a-b_1 1 UDP 5 192.0.2.1 7 TYP HOST",
                "candidate:a/b/1 1 udp 5 192.0.2.1 7 typ host",
            ),
            (
                "candidate:1 1 TCP 5 2001:DB8::1 9 typ host TCPTYPE x tcptype Active",
                "candidate:1 1 tcp 5 2001:db8::1 9 typ host tcptype active",
            ),
            (
                "1 01 udp 0005 192.0.2.1 007 typ srflx raddr \u{1}x\u{7f} rport 9",
                "candidate:1 1 udp 5 192.0.2.1 7 typ srflx",
            ),
            (
                "1 1 udp 5 192.0.2.1 7 typ srflx raddr 10.0.0.1 rport 99999 ufrag a-_=",
                "candidate:1 1 udp 5 192.0.2.1 7 typ srflx raddr 10.0.0.1 rport 0 ufrag a-_=",
            ),
        ] {
            assert_eq!(printed(read).as_deref(), Ok(written));
        }
        for ufrag in ["a:b", "a\u{2028}b", "a\u{b}b", &"u".repeat(257)] {
            let line = format!("1 1 udp 5 192.0.2.1 7 typ host ufrag {ufrag}");
            assert!(
                matches!(printed(&line), Err(CandidateError::Fragment(_))),
                "{line}"
            );
        }
    }

    #[test]
    fn each_malformed_field_names_itself() {
        use CandidateError as E;
        let cases = [
            ("", E::Missing("foundation")),
            ("candidate:", E::Missing("foundation")),
            ("1 1 udp 5 192.0.2.1", E::Missing("port")),
            ("1 1 udp 5 192.0.2.1 7 typ", E::Missing("type")),
            ("1 0 udp 5 192.0.2.1 7 typ host", E::Component("0".into())),
            ("1 257 udp 5 ::1 7 typ host", E::Component("257".into())),
            ("1 1 sctp 5 ::1 7 typ host", E::Protocol("sctp".into())),
            ("1 1 udp -1 ::1 7 typ host", E::Priority("-1".into())),
            ("1 1 udp 5 1.2.3 7 typ host", E::Address("1.2.3".into())),
            ("1 1 udp 5 a$b 7 typ host", E::Address("a$b".into())),
            ("1 1 udp 5 ::1 65536 typ host", E::Port("65536".into())),
            ("1 1 udp 5 ::1 7 type host", E::Typ("type".into())),
            ("1 1 udp 5 ::1 7 typ hots", E::Kind("hots".into())),
            ("1 1 tcp 5 ::1 7 typ host tcptype x", E::TcpType("x".into())),
        ];
        for (line, error) in cases {
            assert_eq!(line.parse::<Candidate>(), Err(error), "{line}");
        }
        assert_eq!(
            format!("{} 1 udp 5 ::1 7 typ host", "f".repeat(33)).parse::<Candidate>(),
            Err(E::Foundation("f".repeat(33)))
        );
        assert_eq!("x".repeat(2000).parse::<Candidate>(), Err(E::TooLong(2000)));
    }

    #[test]
    fn priorities_follow_the_formula() {
        // RFC 8445 section 5.1.2.1: 2^24 * type + 2^8 * local + (256 - component).
        assert_eq!(
            Candidate::priority_of(CandidateKind::Host, 65535),
            126 * (1 << 24) + 65535 * 256 + 255
        );
        assert_eq!(Candidate::priority_of(CandidateKind::Relayed, 0), 255);
    }
}
