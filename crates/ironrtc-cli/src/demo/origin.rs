//! Whether a request comes from the demo's own page.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};

/// Browsers let any page open a WebSocket to anywhere, and say in `Origin` which page it is. Other
/// programs send none.
///
/// That `Origin` and `Host` agree is not enough: the owner of a name can point it at this machine
/// after his page was loaded (DNS rebinding). So the name must be one that nobody else owns.
pub(super) fn is_own_page(headers: &HeaderMap, names: &[String]) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (None, _) => !headers.contains_key(ORIGIN),
        (Some(origin), Some(host)) => {
            let from = origin.split_once("://").map(|(_, from)| from);
            from == Some(host) && is_own_name(host, names)
        }
        (Some(_), None) => false,
    }
}

/// The page was opened by a name that nobody else owns.
pub(super) fn is_own_host(headers: &HeaderMap, names: &[String]) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    host.is_some_and(|host| is_own_name(host, names))
}

/// An address, a name of this machine or of the local network, or one that was named by
/// `--allow-host`.
fn is_own_name(host: &str, names: &[String]) -> bool {
    if host.parse::<SocketAddr>().is_ok() || host.parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // Names without a dot and those of RFC 6762 are not in the public DNS.
    bare.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || name.ends_with(".localhost")
        || name.ends_with(".local")
        || names.iter().any(|known| known.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        is_own_page(&headers, &["demo.example".to_owned()])
    }

    #[test]
    fn pages_of_other_sites_are_kept_out() {
        assert!(accepted(None, "localhost:8080"));
        assert!(accepted(Some("http://localhost:8080"), "localhost:8080"));
        assert!(accepted(Some("https://demo.example"), "demo.example"));
        assert!(accepted(Some("http://192.0.2.1:8080"), "192.0.2.1:8080"));
        assert!(accepted(Some("http://[::1]:8080"), "[::1]:8080"));
        assert!(accepted(Some("http://[fe80::1]"), "[fe80::1]"));
        assert!(accepted(Some("http://nas:8080"), "nas:8080"));
        assert!(accepted(Some("http://nas.local:8080"), "nas.local:8080"));
        for origin in ["http://evil.example", "null", "", "http://localhost:8081"] {
            assert!(!accepted(Some(origin), "localhost:8080"), "{origin}");
        }
    }

    #[test]
    fn a_name_that_was_pointed_at_this_machine_is_kept_out() {
        for host in [
            "evil.example:8080",
            "evil.example",
            "127.0.0.1.evil.example:8080",
        ] {
            assert!(!accepted(Some(&format!("http://{host}")), host), "{host}");
        }
        assert!(accepted(None, "evil.example:8080"), "no browser");
        let by = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            is_own_host(&headers, &["demo.example".to_owned()])
        };
        assert!(by("localhost:8080") && by("demo.example"));
        assert!(!by("evil.example:8080"));
    }
}
