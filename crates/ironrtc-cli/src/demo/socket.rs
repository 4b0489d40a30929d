//! The WebSocket: who comes, and what for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{ConnectInfo, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

use super::hub::Hub;
use super::{browser, relay};
use crate::signal::{MAX_MESSAGE, ToClient, ToServer, to_json};

/// How long a client may take to say what it wants.
const HELLO: Duration = Duration::from_secs(10);
/// How long a client may take to read a message.
const SEND: Duration = Duration::from_secs(10);
/// How long a client may take to say goodbye.
const CLOSE: Duration = Duration::from_secs(1);

/// `GET /ws`.
pub(super) async fn upgrade(
    upgrade: WebSocketUpgrade,
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !is_same_origin(&headers) {
        return (
            StatusCode::FORBIDDEN,
            "the page of another site has no business here",
        )
            .into_response();
    }
    let Some(slot) = hub.slot() else {
        let text = "too many connections; close another page or try again later";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .on_upgrade(move |socket| async move {
            let mut socket = Socket(socket);
            match timeout(HELLO, socket.recv()).await {
                Ok(Some(Ok(ToServer::Hello {
                    name,
                    offerer,
                    trickle,
                }))) => {
                    let wish = browser::Wish {
                        name,
                        offerer,
                        trickle,
                    };
                    browser::run(socket, hub, slot, wish).await;
                }
                Ok(Some(Ok(ToServer::Share))) => relay::share(socket, hub, slot).await,
                Ok(Some(Ok(ToServer::Join { code }))) => {
                    relay::join(socket, hub, slot, &code, from.ip()).await;
                }
                Ok(Some(Ok(_))) => {
                    socket
                        .fail("the first message must be hello, share or join")
                        .await
                }
                Ok(Some(Err(reason))) => socket.fail(&reason).await,
                Ok(None) => {}
                Err(_) => socket.fail("no first message came").await,
            }
        })
}

/// Browsers let any page open a WebSocket to anywhere, and say in `Origin` which page it is. Other
/// programs send none.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (None, _) => !headers.contains_key(ORIGIN),
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// A client's WebSocket.
#[derive(Debug)]
pub(super) struct Socket(WebSocket);

impl Socket {
    /// The next message, or why it is none; `None` when the client is gone. Can be called off.
    pub(super) async fn recv(&mut self) -> Option<Result<ToServer, String>> {
        loop {
            return match self.0.recv().await? {
                Ok(Message::Text(text)) => Some(ToServer::parse(&text)),
                Ok(Message::Binary(_)) => Some(Err("only text is understood here".to_owned())),
                // The page has closed it, which means the same as saying so.
                Ok(Message::Close(_)) => Some(Ok(ToServer::Bye)),
                Ok(Message::Ping(_) | Message::Pong(_)) => continue,
                Err(error) => {
                    tracing::debug!("a WebSocket failed: {error}");
                    None
                }
            };
        }
    }

    /// Sends a message; false if the client does not take it.
    pub(super) async fn send(&mut self, message: &ToClient) -> bool {
        let message = Message::text(to_json(message));
        matches!(timeout(SEND, self.0.send(message)).await, Ok(Ok(())))
    }

    /// Keeps the way open through proxies, and notices when it is not.
    pub(super) async fn ping(&mut self) -> bool {
        let ping = Message::Ping(Default::default());
        matches!(timeout(SEND, self.0.send(ping)).await, Ok(Ok(())))
    }

    /// Says what is wrong and hangs up.
    pub(super) async fn fail(mut self, text: &str) {
        let text = text.to_owned();
        self.send(&ToClient::Error { text }).await;
        self.close().await;
    }

    /// Hangs up.
    pub(super) async fn close(mut self) {
        let frame = CloseFrame {
            code: close_code::NORMAL,
            reason: "".into(),
        };
        let _ = timeout(CLOSE, self.0.send(Message::Close(Some(frame)))).await;
    }
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
        is_same_origin(&headers)
    }

    #[test]
    fn pages_of_other_sites_are_kept_out() {
        assert!(accepted(None, "localhost:8080"));
        assert!(accepted(Some("http://localhost:8080"), "localhost:8080"));
        assert!(accepted(Some("https://demo.example"), "demo.example"));
        for origin in ["http://evil.example", "null", "", "http://localhost:8081"] {
            assert!(!accepted(Some(origin), "localhost:8080"), "{origin}");
        }
    }
}
