//! `ironrtc demo`: a page, and a peer for it to talk to.

mod browser;
mod camera;
mod casts;
mod channels;
mod chat;
mod codes;
mod download;
mod entrance;
mod files;
mod hub;
mod origin;
mod page;
mod relay;
mod report;
mod shelf;
mod socket;
mod store;
mod wire;
mod words;

use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::routing::get;
use ironrtc::observe::Observer;
use ironrtc::{Configuration, IceServer, PeerConnection};
use tokio::net::TcpListener;

use crate::args::DemoOptions;
use crate::interrupt::interrupted;
use crate::usage::Usage;
use hub::Hub;

/// How long connections may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(3);

/// Serves until Ctrl-C.
pub(crate) async fn run(options: DemoOptions, observer: Observer) -> anyhow::Result<()> {
    check_stun(&options.stun).await?;
    let listener = listen(options.listen).await?;
    let address = listener
        .local_addr()
        .context("the listening address is unknown")?;
    let (mut hub, mut sessions) = Hub::new(options.stun, options.allow_host, options.recordings);
    hub.observer = observer;
    let hub = Arc::new(hub);
    let router = Router::new()
        .route("/ws", get(entrance::upgrade))
        .route("/recordings/{name}", get(download::download))
        .merge(page::router())
        .with_state(Arc::clone(&hub));
    // What is said below holds from here on.
    let interrupted = interrupted();
    say("IronRTC demo. Open one of these in a browser:");
    for line in addresses(address) {
        say(&format!("  {line}"));
    }
    say("Press Ctrl-C to stop.");
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).into_future();
    tokio::select! {
        result = serving => result.context("the web server stopped")?,
        () = interrupted => {}
    }
    hub.stop();
    // Each session holds a sender; the channel ends with the last of them.
    let _ = tokio::time::timeout(FAREWELL, sessions.recv()).await;
    say("Stopped.");
    Ok(())
}

/// A server whose stdout is closed still serves.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// A wrong URL is better said now than to each browser.
async fn check_stun(urls: &[String]) -> anyhow::Result<()> {
    if urls.is_empty() {
        return Ok(());
    }
    let configuration =
        Configuration::default().ice_servers(urls.iter().map(IceServer::stun).collect());
    match PeerConnection::new(configuration) {
        Ok(connection) => {
            connection.close().await;
            Ok(())
        }
        Err(error) => Err(Usage(format!("--stun: {error}")).into()),
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let port = address.port();
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                let other = SocketAddr::new(address.ip(), port.checked_add(1).unwrap_or(8080));
                format!(
                    "another program uses that port. Stop it, or choose another port: \
                     ironrtc demo --listen {other}"
                )
            }
            io::ErrorKind::PermissionDenied => format!(
                "the system does not let you use port {port}. Choose one above 1023: \
                 ironrtc demo --listen {}",
                SocketAddr::new(address.ip(), 8080)
            ),
            io::ErrorKind::AddrNotAvailable => format!(
                "this machine does not have the address {}. Use 127.0.0.1 for this machine alone, \
                 or 0.0.0.0 for all its networks",
                address.ip()
            ),
            _ => error.to_string(),
        };
        anyhow::anyhow!("cannot listen on {address}: {advice}")
    })
}

/// The addresses under which browsers reach `address`, each with a word about whom it is for.
fn addresses(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let line = |ip: IpAddr, who: &str| format!("http://{}  {who}", SocketAddr::new(ip, port));
    if !address.ip().is_unspecified() {
        let who = if address.ip().is_loopback() {
            "(this machine only; --listen 0.0.0.0:PORT lets others in)"
        } else {
            ""
        };
        return vec![line(address.ip(), who).trim_end().to_owned()];
    }
    let mut lines = vec![format!("http://localhost:{port}  (this machine)")];
    let wanted = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        // A link-local address needs a zone, which browsers do not take.
        IpAddr::V6(ip) => address.is_ipv6() && !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    lines.extend(
        if_addrs::get_if_addrs()
            .unwrap_or_default()
            .iter()
            .map(if_addrs::Interface::ip)
            .filter(wanted)
            .map(|ip| line(ip, "(other machines)")),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_printed_as_it_can_be_opened() {
        let lines = addresses("[::1]:80".parse().unwrap());
        assert!(
            lines[0].starts_with("http://[::1]:80  (this machine only"),
            "{lines:?}"
        );
        assert_eq!(
            addresses("192.0.2.1:80".parse().unwrap()),
            ["http://192.0.2.1:80"]
        );
        let all = addresses("0.0.0.0:8080".parse().unwrap());
        assert_eq!(all[0], "http://localhost:8080  (this machine)");
        assert!(!all[1..].iter().any(|line| line.contains("127.0.0.1")));
    }
}
