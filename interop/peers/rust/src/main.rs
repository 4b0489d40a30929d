//! webrtc or rustrtc as a peer that a test program drives with lines of JSON
//! (`interop/peer/README.md`). The argument names the stack.
#![forbid(unsafe_code)]

#[path = "../../../peer/src/bulk.rs"]
mod bulk;
mod channel;
mod commands;
#[path = "../../../peer/src/output.rs"]
mod output;
mod request;
mod rustrtc;
mod webrtc;

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, BufReader};

use commands::{Peer, Stack};

#[tokio::main]
async fn main() {
    let name = std::env::args().nth(1);
    let stack: Box<dyn Stack> = match name.as_deref() {
        Some("webrtc") => Box::new(webrtc::Webrtc),
        Some("rustrtc") => Box::new(rustrtc::Rustrtc),
        _ => panic!("usage: ironrtc-interop-stacks webrtc|rustrtc"),
    };
    let peer = Arc::new(Peer::new(stack));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let request: request::Request = serde_json::from_str(&line).expect("a command");
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
    // What a stack keeps running does not keep the process.
    std::process::exit(0);
}
