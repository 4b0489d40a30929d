//! The ironrtc command.
fn main() {}
