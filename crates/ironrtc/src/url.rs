//! URLs of STUN and TURN servers (RFC 7064, RFC 7065).

use std::net::IpAddr;

use crate::{ConfigurationError, IceServer};

/// Most servers of a configuration: more only slow gathering down.
const MAX_SERVERS: usize = 16;

/// The protocol of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Stun,
    Stuns,
    Turn,
    Turns,
}

/// One server, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) scheme: Scheme,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// All URLs of a configuration, in order.
pub(crate) fn servers(configured: &[IceServer]) -> Result<Vec<Server>, ConfigurationError> {
    let mut servers = Vec::new();
    for ice_server in configured {
        for url in &ice_server.urls {
            let failed = |reason: &str| ConfigurationError::Url {
                url: url.clone(),
                reason: reason.to_owned(),
            };
            let server = parse(url).map_err(failed)?;
            // webrtc-pc section 4.4.1.6.
            let turn = matches!(server.scheme, Scheme::Turn | Scheme::Turns);
            if turn && (ice_server.username.is_none() || ice_server.credential.is_none()) {
                return Err(ConfigurationError::Credentials(url.clone()));
            }
            if servers.len() >= MAX_SERVERS {
                return Err(failed("at most 16 URLs are accepted"));
            }
            servers.push(server);
        }
    }
    Ok(servers)
}

fn parse(url: &str) -> Result<Server, &'static str> {
    let (scheme, rest) = url
        .split_once(':')
        .ok_or("it has no scheme; write stun:host or turn:host")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "stun" => Scheme::Stun,
        "stuns" => Scheme::Stuns,
        "turn" => Scheme::Turn,
        "turns" => Scheme::Turns,
        _ => return Err("the scheme must be stun, stuns, turn or turns"),
    };
    if rest.starts_with("//") {
        return Err("it has no // after the scheme; write stun:host:port");
    }
    let (authority, query) = match rest.split_once('?') {
        Some((authority, query)) => (authority, Some(query)),
        None => (rest, None),
    };
    match (scheme, query) {
        (_, None) | (Scheme::Turn | Scheme::Turns, Some("transport=udp" | "transport=tcp")) => {}
        // RFC 7064 section 3.1: a STUN URL has no query.
        (Scheme::Stun | Scheme::Stuns, Some(_)) => {
            return Err("a STUN URL has nothing after the port");
        }
        (_, Some(_)) => return Err("after ? only transport=udp or transport=tcp may stand"),
    }
    let default = match scheme {
        Scheme::Stun | Scheme::Turn => 3478,
        Scheme::Stuns | Scheme::Turns => 5349,
    };
    let (host, port) = host_and_port(authority, default)?;
    Ok(Server {
        url: url.to_owned(),
        scheme,
        host: host.to_owned(),
        port,
    })
}

fn host_and_port(authority: &str, default: u16) -> Result<(&str, u16), &'static str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("the bracket is not closed")?;
        if !matches!(host.parse(), Ok(IpAddr::V6(_))) {
            return Err("between brackets an IPv6 address must stand");
        }
        match rest {
            "" => (host, None),
            rest => (
                host,
                Some(
                    rest.strip_prefix(':')
                        .ok_or("after ] only a port may stand")?,
                ),
            ),
        }
    } else {
        match authority.split_once(':') {
            Some((_, rest)) if rest.contains(':') => {
                return Err("an IPv6 address must stand in brackets");
            }
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let bracketed = host.contains(':');
    if host.is_empty() || host.len() > 253 || !(bracketed || host.bytes().all(allowed)) {
        return Err("the host is neither a name nor an IP address");
    }
    let port = match port {
        None => default,
        Some(port) => match port.parse() {
            Ok(port) if port != 0 => port,
            _ => return Err("the port is not a number from 1 to 65535"),
        },
    };
    Ok((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_rfc_7064_and_7065_are_understood() {
        let cases = [
            ("stun:example.org", Scheme::Stun, "example.org", 3478),
            ("stuns:example.org", Scheme::Stuns, "example.org", 5349),
            ("stun:192.0.2.1:8000", Scheme::Stun, "192.0.2.1", 8000),
            ("stun:[2001:db8::1]:8000", Scheme::Stun, "2001:db8::1", 8000),
            ("turn:[2001:db8::1]", Scheme::Turn, "2001:db8::1", 3478),
            (
                "TURN:example.org?transport=udp",
                Scheme::Turn,
                "example.org",
                3478,
            ),
            (
                "turns:example.org:1?transport=tcp",
                Scheme::Turns,
                "example.org",
                1,
            ),
        ];
        for (url, scheme, host, port) in cases {
            let server = parse(url).unwrap();
            let found = (server.scheme, server.host.as_str(), server.port);
            assert_eq!(found, (scheme, host, port), "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused_with_the_url_and_a_reason() {
        let cases = [
            "",
            "example.org",
            "http://example.org",
            "stun://example.org",
            "stun:",
            "stun:example.org:0",
            "stun:example.org:65536",
            "stun:example.org:x",
            "stun:2001:db8::1",
            "stun:[2001:db8::1",
            "stun:[example.org]",
            "stun:[::1]x",
            "stun:a b",
            "stun:example.org?transport=udp",
            "turn:example.org?transport=sctp",
        ];
        for url in cases {
            let error = servers(&[IceServer::stun(url)]).unwrap_err();
            assert_eq!(error.name(), "SyntaxError", "{url}");
            assert!(error.to_string().contains(&format!("{url:?}")), "{error}");
        }
    }

    #[test]
    fn turn_needs_credentials_and_the_number_of_servers_is_bounded() {
        let error = servers(&[IceServer::stun("turn:example.org")]).unwrap_err();
        assert_eq!(error.name(), "InvalidAccessError");
        let many = vec![IceServer::stun("stun:example.org"); MAX_SERVERS + 1];
        assert!(servers(&many[1..]).is_ok());
        assert!(servers(&many).is_err());
    }
}
