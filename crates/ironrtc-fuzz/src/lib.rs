//! The bodies of the fuzz targets. They live in a crate of the workspace, so that they compile with
//! the code they attack; `fuzz/` holds the stubs for libFuzzer, and `tests/replay.rs` runs the
//! corpus with stable Rust in the test command.
//!
//! A body takes any bytes. It fails by a panic: of the code, or of what is asserted here.
#![forbid(unsafe_code)]

mod candidate;
mod dcep;
mod dtls;
mod ice;
mod jsep;
mod media;
mod payload;
mod rtcp;
mod rtp;
mod sctp;
mod sdp;
mod srtp;
mod stun;

/// One target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 13] = [
    ("candidate", candidate::run),
    ("dcep", dcep::run),
    ("dtls", dtls::run),
    ("ice", ice::run),
    ("jsep", jsep::run),
    ("media", media::run),
    ("payload", payload::run),
    ("rtcp", rtcp::run),
    ("rtp", rtp::run),
    ("sctp", sctp::run),
    ("sdp", sdp::run),
    ("srtp", srtp::run),
    ("stun", stun::run),
];

/// Runs a target by its name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, body) = target.unwrap_or_else(|| panic!("there is no target {name}"));
    body(data);
}

/// The operations that an input stands for, at most `limit`.
fn operations<'a, T: arbitrary::Arbitrary<'a>>(data: &'a [u8], limit: usize) -> Vec<T> {
    let mut input = arbitrary::Unstructured::new(data);
    let mut operations = Vec::new();
    while !input.is_empty() && operations.len() < limit {
        let Ok(operation) = input.arbitrary() else {
            break;
        };
        operations.push(operation);
    }
    operations
}
