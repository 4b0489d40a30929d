//! Passes the descriptions of `ironrtc send` and `ironrtc receive` on to each other.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::codes::LIFETIME;
use super::hub::{Hub, Slot};
use super::socket::Socket;
use super::wire::{Wire, pair};
use crate::signal::{ToClient, ToServer};

/// Messages one side may send: a description, its candidates, and room to spare.
const MAX_MESSAGES: usize = 256;
/// How long two peers may talk here; they need seconds.
const TALK: Duration = Duration::from_secs(120);

/// The sender: gets a code, waits for its receiver, talks.
pub(super) async fn share(mut socket: Socket, hub: Arc<Hub>, mut slot: Slot) {
    let code = hub.with_codes(|codes| codes.create(Instant::now(), random));
    let Some((code, met)) = code else {
        socket
            .fail("too many senders are waiting here; try again in some minutes")
            .await;
        return;
    };
    if !socket.send(&ToClient::Code { code }).await {
        return;
    }
    let wire = tokio::select! {
        met = timeout(LIFETIME, met) => met,
        // The sender has nothing to say before it is joined.
        _ = socket.recv() => return,
        () = slot.stopped() => {
            socket.fail("the server stops").await;
            return;
        }
    };
    match wire {
        Ok(Ok(wire)) => talk(socket, wire, slot).await,
        _ => {
            socket
                .fail("nobody used the code in time; call ironrtc send again for a new one")
                .await;
        }
    }
}

/// The receiver: redeems a code, talks.
pub(super) async fn join(socket: Socket, hub: Arc<Hub>, slot: Slot, code: &str, from: IpAddr) {
    let now = Instant::now();
    if !hub.may_guess(from, now) {
        socket
            .fail("too many wrong codes from this address; wait ten minutes")
            .await;
        return;
    }
    let (ours, theirs) = pair();
    if hub.with_codes(|codes| codes.redeem(code, now, theirs)) {
        talk(socket, ours, slot).await;
    } else {
        hub.guessed_wrong(from, now);
        socket
            .fail("nobody waits under that code: check its spelling, or ask the sender for a new one, as a code works once and for ten minutes")
            .await;
    }
}

async fn talk(mut socket: Socket, wire: Wire, mut slot: Slot) {
    if !socket.send(&ToClient::Joined).await {
        return;
    }
    tokio::select! {
        () = pass_on(&mut socket, wire) => {}
        () = slot.stopped() => {}
        () = tokio::time::sleep(TALK) => {}
    }
    socket.close().await;
}

async fn pass_on(socket: &mut Socket, mut wire: Wire) {
    let mut left = MAX_MESSAGES;
    loop {
        tokio::select! {
            message = socket.recv() => {
                let message = match message {
                    Some(Ok(ToServer::Description { description })) => {
                        ToClient::Description { description }
                    }
                    Some(Ok(ToServer::Candidate { candidate })) => ToClient::Candidate { candidate },
                    // It leaves, or it has no business here.
                    _ => return,
                };
                let Some(rest) = left.checked_sub(1) else { return };
                left = rest;
                // A side that does not read loses the conversation, not the server its memory.
                if wire.outgoing.try_send(message).is_err() {
                    return;
                }
            }
            message = wire.incoming.recv() => match message {
                Some(message) => if !socket.send(&message).await {
                    return;
                },
                None => {
                    socket.send(&ToClient::Left).await;
                    return;
                }
            }
        }
    }
}

/// A code must not be guessable, so it comes from the system.
fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|error| {
        tracing::error!("the system gives no randomness: {error}");
        0
    })
}
