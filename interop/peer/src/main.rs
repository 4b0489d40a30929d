//! An IronRTC peer for tests in other languages: commands come in as lines of JSON, answers and
//! events go out so. `README.md` has the list.
#![forbid(unsafe_code)]

mod bulk;
mod channel;
mod commands;
mod connection;
mod output;
mod request;

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, BufReader};

use commands::Peer;
use request::Request;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let peer = Arc::new(Peer::default());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let request: Request = serde_json::from_str(&line)?;
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
    peer.close_all().await;
    Ok(())
}
