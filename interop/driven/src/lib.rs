//! A peer that a test program in any language drives: commands come in as lines of JSON, answers
//! and events go out so (`interop/peer/README.md`). A stack becomes one by its three traits.
#![forbid(unsafe_code)]

mod bulk;
mod channel;
mod commands;
mod link;
mod output;
mod reporter;
mod request;
mod stack;

pub use commands::Peer;
pub use link::{Event, Link};
pub use output::Failure;
pub use reporter::Reporter;
pub use request::{Candidate, Description, Options};
pub use stack::{Connection, Stack};

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, BufReader};

/// Runs the commands until the input ends.
///
/// # Errors
/// What is no command.
pub async fn run(stack: Box<dyn Stack>) -> std::io::Result<Arc<Peer>> {
    let peer = Arc::new(Peer::new(stack));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let request: request::Request = serde_json::from_str(&line)?;
        let peer = Arc::clone(&peer);
        // Some wait for the other side, and further commands must not wait for them.
        tokio::spawn(async move {
            let id = request.id;
            match peer.run(request).await {
                Ok(value) => output::answer(id, value),
                Err(failure) => output::failure(id, &failure),
            }
        });
    }
    Ok(peer)
}
