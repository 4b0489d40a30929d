//! A chat room in browsers: each page has a data channel to this server, which hands what one says
//! to all.
//!
//! `cargo run --package ironrtc --example axum_chat`, then open two pages of the address printed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use ironrtc::{
    Configuration, ConnectionState, DataChannel, Event, Events, PeerConnection, SessionDescription,
};
use tokio::sync::broadcast;

type Room = broadcast::Sender<String>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:8080");
    let router = Router::new()
        .route("/", get(Html(include_str!("page.html"))))
        .route("/offer", post(answer))
        .with_state(Room::new(256));
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("open http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}

/// Takes a page's offer and gives the answer to it. Both are in the JSON of browsers, by the
/// feature `serde`.
async fn answer(
    State(room): State<Room>,
    Json(offer): Json<SessionDescription>,
) -> Result<Json<SessionDescription>, (StatusCode, String)> {
    let connection = PeerConnection::new(Configuration::default())
        .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let events = connection.events();
    let refused = |error: ironrtc::Error| (StatusCode::BAD_REQUEST, error.to_string());
    connection
        .set_remote_description(offer)
        .await
        .map_err(refused)?;
    connection
        .set_local_description(None)
        .await
        .map_err(refused)?;
    // The page asks once, so it is told all candidates at once.
    connection.gathering_complete().await;
    let answer = connection.local_description();
    let closed = || (StatusCode::GONE, "the connection is closed".to_owned());
    let answer = answer.ok_or_else(closed)?;
    tokio::spawn(serve(connection, events, room));
    Ok(Json(answer))
}

/// Lives as long as the page: a connection closes when its last handle is dropped.
async fn serve(connection: PeerConnection, mut events: Events, room: Room) {
    while let Some(event) = events.next().await {
        match event {
            Event::DataChannel(channel) => {
                tokio::spawn(chat(channel, room.clone()));
            }
            Event::ConnectionStateChange(ConnectionState::Failed) => break,
            _ => {}
        }
    }
    connection.close().await;
}

async fn chat(channel: DataChannel, room: Room) {
    let mut heard = room.subscribe();
    loop {
        // Both are cancel safe: what is not chosen loses nothing.
        tokio::select! {
            said = channel.recv() => match said {
                Some(message) => {
                    if let Some(text) = message.as_text() {
                        // It is heard by this page at least.
                        let _ = room.send(text.to_owned());
                    }
                }
                None => return,
            },
            text = heard.recv() => match text {
                Ok(text) => {
                    if channel.send(text).is_err() {
                        return;
                    }
                }
                // This page was too slow for the room.
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            },
        }
    }
}
