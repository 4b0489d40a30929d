//! The two sides meet at a demo server, which passes their descriptions on.

use std::time::Duration;

use ironrtc::{DataChannel, Event, OfferOptions};
use tokio::time::timeout;

use super::{CONNECT_TIMEOUT, ConnectError, Link, Peer, file_channel, opened, print_code};
use crate::args::LinkOptions;
use crate::server_url::ServerUrl;
use crate::signal::{ToClient, ToServer};
use crate::transfer::Progress;
use crate::web_socket::Signaling;

/// How long a server may take to answer.
const SERVER_TIMEOUT: Duration = Duration::from_secs(10);

/// The sender's side: prints a short code and waits for the receiver.
pub(crate) async fn share(
    server: &ServerUrl,
    options: &LinkOptions,
    progress: Progress,
) -> Result<Link, ConnectError> {
    let mut signaling = Signaling::connect(server).await?;
    signaling.send(&ToServer::Share).await?;
    let ToClient::Code { code } = prompt(&mut signaling).await? else {
        return Err(strange());
    };
    let command = options.receive_command(Some(&code));
    if server.is_loopback() {
        progress.note(&format!("In another terminal run: {command}"));
        progress.note(
            "(this machine only: for others, start the server with --listen 0.0.0.0:PORT, and give \
             --via the address that it prints)",
        );
    } else {
        progress.note(&format!("On the other machine run: {command}"));
    }
    print_code(&code, progress)?;
    match signaling.next().await? {
        ToClient::Joined => {}
        ToClient::Error { text } => return Err(ConnectError::Server(text)),
        _ => return Err(strange()),
    }
    let peer = Peer::new(options, None)?;
    let channel = peer.create_channel()?;
    let offer = peer
        .connection
        .create_offer(OfferOptions::default())
        .await
        .map_err(ConnectError::library)?;
    peer.set_local(Some(offer)).await?;
    send_description(&peer, &mut signaling).await?;
    finish(peer, signaling, Some(channel), progress).await
}

/// The receiver's side.
pub(crate) async fn join(
    server: &ServerUrl,
    code: &str,
    options: &LinkOptions,
    progress: Progress,
) -> Result<Link, ConnectError> {
    let mut signaling = Signaling::connect(server).await?;
    let code = code.trim().to_ascii_lowercase();
    signaling.send(&ToServer::Join { code }).await?;
    match prompt(&mut signaling).await? {
        ToClient::Joined => {}
        _ => return Err(strange()),
    }
    let peer = Peer::new(options, None)?;
    finish(peer, signaling, None, progress).await
}

/// The answer to our first message.
async fn prompt(signaling: &mut Signaling) -> Result<ToClient, ConnectError> {
    let answer = timeout(SERVER_TIMEOUT, signaling.next())
        .await
        .map_err(|_| {
            ConnectError::Server("the server does not answer; is it ironrtc demo?".to_owned())
        })??;
    match answer {
        ToClient::Error { text } => Err(ConnectError::Server(text)),
        other => Ok(other),
    }
}

fn strange() -> ConnectError {
    ConnectError::Server(
        "the server says something unexpected; use the same version of ironrtc on all sides"
            .to_owned(),
    )
}

async fn send_description(peer: &Peer, signaling: &mut Signaling) -> Result<(), ConnectError> {
    let description = peer.connection.local_description().ok_or_else(strange)?;
    signaling.send(&ToServer::Description { description }).await
}

/// Trickles candidates both ways until there is a channel.
async fn finish(
    mut peer: Peer,
    mut signaling: Signaling,
    ours: Option<DataChannel>,
    progress: Progress,
) -> Result<Link, ConnectError> {
    let channel = timeout(
        CONNECT_TIMEOUT,
        trickle(&mut peer, &mut signaling, ours.as_ref()),
    )
    .await
    .map_err(|_| ConnectError::TimedOut)??;
    signaling.close().await;
    Ok(Link {
        peer,
        channel,
        progress,
    })
}

async fn trickle(
    peer: &mut Peer,
    signaling: &mut Signaling,
    ours: Option<&DataChannel>,
) -> Result<DataChannel, ConnectError> {
    // Once the descriptions are exchanged, the way to the server may break.
    let mut relay_open = true;
    loop {
        tokio::select! {
            channel = opened(ours) => return channel,
            message = signaling.next(), if relay_open => match message {
                Ok(message) => on_message(peer, signaling, message).await?,
                Err(error) if peer.connection.remote_description().is_none() => return Err(error),
                Err(_) => relay_open = false,
            },
            event = peer.next() => match event? {
                Event::IceCandidate(candidate) if relay_open => {
                    relay_open = signaling.send(&ToServer::Candidate { candidate }).await.is_ok();
                }
                event => if let Some(channel) = file_channel(event) {
                    return Ok(channel);
                },
            },
        }
    }
}

async fn on_message(
    peer: &Peer,
    signaling: &mut Signaling,
    message: ToClient,
) -> Result<(), ConnectError> {
    match message {
        ToClient::Description { description } => {
            let is_offer = description.kind == ironrtc::SdpType::Offer;
            peer.connection
                .set_remote_description(description)
                .await
                .map_err(ConnectError::library)?;
            if is_offer {
                peer.set_local(None).await?;
                send_description(peer, signaling).await?;
            }
        }
        ToClient::Candidate { candidate } => {
            let candidate = candidate.unwrap_or_default();
            if let Err(error) = peer.connection.add_ice_candidate(candidate).await {
                // One address less; the others may do.
                tracing::warn!("a candidate of the other side cannot be used: {error}");
            }
        }
        // With the descriptions exchanged, the peers need the server no more.
        ToClient::Left if peer.connection.remote_description().is_some() => {}
        ToClient::Left => return Err(ConnectError::Left),
        ToClient::Error { text } => return Err(ConnectError::Server(text)),
        _ => {}
    }
    Ok(())
}
