//! The two sides meet through codes that a person copies and pastes, or a script pipes.

use ironrtc::OfferOptions;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::pack::{pack, unpack};
use super::{CONNECT_TIMEOUT, ConnectError, Link, PASTE_PATIENCE, Peer, print_code};
use crate::args::LinkOptions;
use crate::transfer::Progress;

/// Longest input that may be a code, in bytes.
const MAX_INPUT: u64 = 16 * 1024;

/// The sender's side.
pub(crate) async fn offer(options: &LinkOptions, progress: Progress) -> Result<Link, ConnectError> {
    let mut peer = Peer::new(options, Some(PASTE_PATIENCE))?;
    let channel = peer.create_channel()?;
    let offer = peer
        .connection
        .create_offer(OfferOptions::default())
        .await
        .map_err(ConnectError::library)?;
    peer.set_local(Some(offer)).await?;
    let code = pack(&peer.gathered().await?)?;
    let place = if options.local {
        "in another terminal"
    } else {
        "on the other machine"
    };
    let command = options.receive_command(None);
    progress.note(&format!(
        "Run `{command}` {place} and paste this code there:"
    ));
    print_code(&code, progress)?;
    let answer = loop {
        progress.note("Paste the code that it prints here:");
        match read_code().await.and_then(|code| unpack(&code, true)) {
            Ok(answer) => break answer,
            Err(error) => retry_on_terminal(progress, error)?,
        }
    };
    peer.connection
        .set_remote_description(answer)
        .await
        .map_err(ConnectError::library)?;
    let channel = tokio::time::timeout(CONNECT_TIMEOUT, peer.wait_for_channel(Some(&channel)))
        .await
        .map_err(|_| ConnectError::TimedOut)??;
    Ok(Link {
        peer,
        channel,
        progress,
    })
}

/// The receiver's side. The code is read from stdin if it is not given.
pub(crate) async fn answer(
    code: Option<String>,
    options: &LinkOptions,
    progress: Progress,
) -> Result<Link, ConnectError> {
    let offer = match code {
        Some(code) => unpack(&code, false).map_err(|error| hint_at_short_code(&code, error))?,
        None => loop {
            progress.note("Paste the code that `ironrtc send` printed:");
            match read_code().await.and_then(|code| unpack(&code, false)) {
                Ok(offer) => break offer,
                Err(error) => retry_on_terminal(progress, error)?,
            }
        },
    };
    let mut peer = Peer::new(options, Some(PASTE_PATIENCE))?;
    peer.connection
        .set_remote_description(offer)
        .await
        .map_err(ConnectError::library)?;
    peer.set_local(None).await?;
    let code = pack(&peer.gathered().await?)?;
    progress.note("Paste this code into `ironrtc send`:");
    print_code(&code, progress)?;
    // The person who carries the code decides how long this takes; ICE gives up some time.
    let channel = peer.wait_for_channel(None).await?;
    Ok(Link {
        peer,
        channel,
        progress,
    })
}

/// A person may try again; a script gets the error.
fn retry_on_terminal(progress: Progress, error: ConnectError) -> Result<(), ConnectError> {
    use std::io::IsTerminal as _;
    if matches!(error, ConnectError::Left) || !std::io::stdin().is_terminal() {
        return Err(error);
    }
    progress.note(&error.to_string());
    Ok(())
}

fn hint_at_short_code(code: &str, error: ConnectError) -> ConnectError {
    let short = code.len() < 40 && code.contains('-');
    if short {
        ConnectError::Code(format!(
            "{code} is a short code; say which server knows it: ironrtc receive {code} --via http://HOST:PORT"
        ))
    } else {
        error
    }
}

/// The next line of stdin that is not empty.
async fn read_code() -> Result<String, ConnectError> {
    let mut input = BufReader::new(tokio::io::stdin()).take(MAX_INPUT);
    let mut line = String::new();
    loop {
        line.clear();
        match input.read_line(&mut line).await {
            Ok(0) => {
                return Err(ConnectError::Code(
                    "the input ended before a code came; paste the other side's code".to_owned(),
                ));
            }
            Ok(_) if line.trim().is_empty() => {}
            Ok(_) => return Ok(line),
            Err(error) => {
                return Err(ConnectError::Code(format!(
                    "the code cannot be read: {error}"
                )));
            }
        }
    }
}
