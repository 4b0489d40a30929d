//! The client's end of the demo server's WebSocket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

use crate::link::ConnectError;
use crate::server_url::ServerUrl;
use crate::signal::{MAX_MESSAGE, ToClient, ToServer, to_json};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A WebSocket to a demo server.
#[derive(Debug)]
pub(crate) struct Signaling(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Signaling {
    /// Connects to the server under the address that it printed.
    pub(crate) async fn connect(server: &ServerUrl) -> Result<Self, ConnectError> {
        let url = server.web_socket();
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let tls = url.starts_with("wss:").then(tls).transpose()?;
        let connecting = connect_async_tls_with_config(url, Some(config), true, tls);
        match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(error)) => Err(ConnectError::Server(match error {
                Error::Io(error)
                    if error
                        .get_ref()
                        .is_some_and(|inner| inner.is::<rustls::Error>()) =>
                {
                    format!("{server} cannot be trusted: {error}")
                }
                Error::Io(error) => format!(
                    "{server} cannot be reached: {error}; is `ironrtc demo` running there, with --listen 0.0.0.0:PORT?"
                ),
                Error::Http(response) => format!(
                    "{server} is not an ironrtc demo server of this version, or is full (status {})",
                    response.status()
                ),
                other => format!("{server} cannot be used: {other}"),
            })),
            Err(_) => Err(ConnectError::Server(format!(
                "{server} does not answer; check the address and the firewall"
            ))),
        }
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &ToServer) -> Result<(), ConnectError> {
        let text = to_json(message);
        self.0.send(Message::text(text)).await.map_err(lost)
    }

    /// Waits for a message.
    pub(crate) async fn next(&mut self) -> Result<ToClient, ConnectError> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                    Ok(message) => return Ok(message),
                    Err(error) => tracing::debug!("the server says something unknown: {error}"),
                },
                Some(Ok(Message::Close(_))) | None => {
                    return Err(lost(Error::ConnectionClosed));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(error)),
            }
        }
    }

    /// Says goodbye.
    pub(crate) async fn close(mut self) {
        let _ = timeout(CLOSE_TIMEOUT, self.0.close(None)).await;
    }
}

fn lost(error: Error) -> ConnectError {
    ConnectError::Server(format!(
        "the connection to the server was lost: {error}; start both commands again"
    ))
}

/// TLS with the system's certificate authorities (or those in `SSL_CERT_FILE`).
fn tls() -> Result<Connector, ConnectError> {
    let failed = |error: rustls::Error| {
        ConnectError::Server(format!("https:// cannot be used: {error}; use http://"))
    };
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!("certificates of the system cannot be read: {error}");
    }
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Connector::Rustls(Arc::new(config)))
}
