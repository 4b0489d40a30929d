//! Lines of JSON to whoever drives this peer.

use std::io::Write;

use serde_json::{Value, json};

/// A command failed, under the W3C's name of the error.
#[derive(Debug)]
pub struct Failure {
    pub(crate) name: &'static str,
    pub(crate) message: String,
}

impl Failure {
    /// A failure under the name of the exception.
    pub fn new(name: &'static str, message: impl ToString) -> Self {
        Self {
            name,
            message: message.to_string(),
        }
    }

    /// The driving program asked for something that does not exist.
    pub fn usage(message: impl ToString) -> Self {
        Self::new("UsageError", message)
    }
}

fn print(line: &Value) {
    let mut out = std::io::stdout().lock();
    // Whoever drove us is gone if this fails; the input ends then, too.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

pub(crate) fn answer(id: u64, value: Value) {
    print(&json!({ "id": id, "ok": value }));
}

pub(crate) fn failure(id: u64, failure: &Failure) {
    let error = json!({ "name": failure.name, "message": failure.message });
    print(&json!({ "id": id, "error": error }));
}

/// An event of a connection, with further members.
pub(crate) fn event(pc: &str, event: &str, mut members: Value) {
    members["pc"] = pc.into();
    members["event"] = event.into();
    print(&members);
}
