//! The address of a demo server, as people write it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// A demo server's address that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    given: String,
    web_socket: String,
}

impl ServerUrl {
    /// The URL of its WebSocket.
    pub(crate) fn web_socket(&self) -> &str {
        &self.web_socket
    }

    /// True if only programs of this machine reach it.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = (self.web_socket.split_once("://")).map_or("", |(_, host)| host);
        let host = host.split('/').next().unwrap_or_default();
        if let Ok(address) = host.parse::<SocketAddr>() {
            return address.ip().is_loopback();
        }
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.parse::<u16>().is_ok() => name,
            _ => host,
        };
        let address: Result<IpAddr, _> = name.trim_matches(['[', ']']).parse();
        // RFC 6761 section 6.3: names that end in localhost are this machine's too.
        address.map_or_else(
            |_| {
                name.rsplit('.')
                    .next()
                    .is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
            },
            |address| address.is_loopback(),
        )
    }
}

/// As it was given.
impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given)
    }
}

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, host) = match text.split_once("://") {
            None => ("ws", text),
            Some(("http" | "ws", host)) => ("ws", host),
            Some(("https" | "wss", host)) => ("wss", host),
            Some((scheme, _)) => {
                return Err(format!(
                    "{scheme} cannot be used: give the http:// address that `ironrtc demo` printed, or its https:// address behind a proxy"
                ));
            }
        };
        let host = host.trim_end_matches('/');
        if host.is_empty() {
            return Err("give an address such as http://192.168.1.20:8080".to_owned());
        }
        Ok(Self {
            given: text.to_owned(),
            web_socket: format!("{scheme}://{host}/ws"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_loopback(server: &str) -> bool {
        server.parse::<ServerUrl>().unwrap().is_loopback()
    }

    fn web_socket_url(server: &str) -> Result<String, String> {
        let server: ServerUrl = server.parse()?;
        Ok(server.web_socket().to_owned())
    }

    #[test]
    fn addresses_of_this_machine_alone() {
        for server in [
            "http://localhost:8080",
            "http://127.0.0.1:8080/",
            "ws://[::1]:80",
            "https://[::1]/",
            "LOCALHOST",
            "127.0.0.2",
            "http://demo.localhost",
        ] {
            assert!(is_loopback(server), "{server}");
        }
        for server in [
            "http://192.0.2.1:80",
            "localhost.example.org:80",
            "[2001:db8::1]:80",
        ] {
            assert!(!is_loopback(server), "{server}");
        }
    }

    #[test]
    fn addresses_as_people_write_them() {
        for server in ["http://a:80", "http://a:80/", "a:80", "ws://a:80"] {
            assert_eq!(web_socket_url(server).unwrap(), "ws://a:80/ws");
        }
        for server in ["https://a", "wss://a/"] {
            assert_eq!(web_socket_url(server).unwrap(), "wss://a/ws");
        }
        let error = web_socket_url("ftp://a").unwrap_err();
        assert!(error.contains("http://"), "{error}");
        for nothing in ["", "http://"] {
            assert!(web_socket_url(nothing).is_err());
        }
    }
}
