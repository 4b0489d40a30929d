//! The client's end of the demo server's WebSocket.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::link::ConnectError;
use crate::signal::{MAX_MESSAGE, ToClient, ToServer, to_json};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A WebSocket to a demo server.
#[derive(Debug)]
pub(crate) struct Signaling(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Signaling {
    /// Connects to the server under the address that it printed.
    pub(crate) async fn connect(server: &str) -> Result<Self, ConnectError> {
        let url = web_socket_url(server)?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let connecting = connect_async_with_config(&url, Some(config), true);
        match timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok((socket, _))) => Ok(Self(socket)),
            Ok(Err(error)) => Err(ConnectError::Server(match error {
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

fn web_socket_url(server: &str) -> Result<String, ConnectError> {
    let host = match server.split_once("://") {
        None => server,
        Some(("http" | "ws", host)) => host,
        Some((scheme, _)) => {
            return Err(ConnectError::Server(format!(
                "--via cannot use {scheme}: give the http:// address that `ironrtc demo` printed"
            )));
        }
    };
    let host = host.trim_end_matches('/');
    if host.is_empty() {
        return Err(ConnectError::Server(
            "--via needs an address such as http://192.168.1.20:8080".to_owned(),
        ));
    }
    Ok(format!("ws://{host}/ws"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_people_write_them() {
        for server in ["http://a:80", "http://a:80/", "a:80", "ws://a:80"] {
            assert_eq!(web_socket_url(server).unwrap(), "ws://a:80/ws");
        }
        let error = web_socket_url("https://a").unwrap_err().to_string();
        assert!(error.contains("http://"), "{error}");
        assert!(web_socket_url("http://").is_err());
    }
}
