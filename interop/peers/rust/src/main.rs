//! webrtc or rustrtc as a peer that a test program drives with lines of JSON
//! (`interop/peer/README.md`). The argument names the stack.
#![forbid(unsafe_code)]

mod rustrtc;
mod webrtc;

use ironrtc_interop_driven::Stack;

#[tokio::main]
async fn main() {
    let name = std::env::args().nth(1);
    let stack: Box<dyn Stack> = match name.as_deref() {
        Some("webrtc") => Box::new(webrtc::Webrtc),
        Some("rustrtc") => Box::new(rustrtc::Rustrtc),
        _ => panic!("usage: ironrtc-interop-stacks webrtc|rustrtc"),
    };
    let result = ironrtc_interop_driven::run(stack).await;
    // What a stack keeps running does not keep the process.
    std::process::exit(i32::from(result.is_err()));
}
