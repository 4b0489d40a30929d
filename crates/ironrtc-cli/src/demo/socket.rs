//! A client's WebSocket.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use tokio::time::timeout;

use crate::signal::{ToClient, ToServer, to_json};

/// How long a client may take to read a message.
const SEND: Duration = Duration::from_secs(10);
/// How long a client may take to say goodbye.
const CLOSE: Duration = Duration::from_secs(1);

/// A client's WebSocket.
#[derive(Debug)]
pub(super) struct Socket(pub(super) WebSocket);

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
