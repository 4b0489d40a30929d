//! Who comes to the WebSocket, and what for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

use super::hub::Hub;
use super::origin::is_own_page;
use super::socket::Socket;
use super::{browser, relay};
use crate::signal::{MAX_MESSAGE, ToServer};

/// How long a client may take to say what it wants.
const HELLO: Duration = Duration::from_secs(10);
/// `GET /ws`.
pub(super) async fn upgrade(
    upgrade: WebSocketUpgrade,
    State(hub): State<Arc<Hub>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !is_own_page(&headers, &hub.names) {
        let text = "the page of another site has no business here; open the page by this machine's \
                    address, or start the demo with --allow-host NAME";
        return (StatusCode::FORBIDDEN, text).into_response();
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
