//! Looking up names: of STUN servers, and of the peer's candidates.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::mdns;

/// How long a name server may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// All addresses of a name, or why there are none.
async fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let lookup = async {
        let found = tokio::net::lookup_host((host, port)).await?;
        Ok::<Vec<SocketAddr>, io::Error>(found.collect())
    };
    match tokio::time::timeout(TIMEOUT, lookup).await {
        Ok(Ok(found)) if found.is_empty() => Err(format!("{host} has no address")),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("{host} cannot be looked up: {error}")),
        Err(_) => Err(format!("looking {host} up took too long")),
    }
}

/// The addresses at which to ask a STUN server: one of each family.
pub(super) async fn server(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = addresses(host, port).await?;
    let first = |v4: bool| {
        found
            .iter()
            .copied()
            .find(|address| address.is_ipv4() == v4)
    };
    Ok([first(true), first(false)].into_iter().flatten().collect())
}

/// The address of a peer's candidate. RFC 8839 section 5.1: of several addresses one is used.
pub(crate) async fn candidate(name: &str) -> Result<IpAddr, String> {
    // RFC 6762 section 3: names under .local are asked for on the link, never at a name server.
    let bare = name.trim_end_matches('.');
    if bare.to_ascii_lowercase().ends_with(".local") {
        return mdns::query(bare).await;
    }
    let found = addresses(name, 0).await?;
    let address = found.first().ok_or("no address")?;
    Ok(address.ip())
}
