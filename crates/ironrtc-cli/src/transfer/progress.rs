//! What a transfer shows: text and bars on stderr, codes and events on stdout.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use crate::args::LinkOptions;
use crate::text::{json_line, printable};

/// Longest name beside a bar, in characters.
const MAX_NAME: usize = 28;
/// Milliseconds between two events of progress.
const EVENT_INTERVAL: u64 = 250;

/// What stdout carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stdout {
    Codes,
    Events,
    /// The files themselves.
    Data,
}

/// Shows progress, or nothing at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    quiet: bool,
    stdout: Stdout,
}

impl Progress {
    /// As the user wants it; `data` is true if files go to stdout.
    pub(super) const fn new(options: &LinkOptions, data: bool) -> Self {
        Self {
            quiet: options.quiet,
            stdout: match (data, options.json) {
                (true, _) => Stdout::Data,
                (false, true) => Stdout::Events,
                (false, false) => Stdout::Codes,
            },
        }
    }

    /// A line for people.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            // Without a stderr there is nobody to tell.
            let _ = writeln!(io::stderr(), "{}", printable(text));
        }
    }

    /// The code that the user carries to the other side.
    pub(crate) fn code(self, code: &str) -> io::Result<()> {
        match self.stdout {
            Stdout::Codes => writeln!(io::stdout(), "{}", printable(code)),
            Stdout::Events => {
                self.event(&json!({"event": "code", "code": code}));
                Ok(())
            }
            Stdout::Data => writeln!(io::stderr(), "{}", printable(code)),
        }
    }

    /// The two sides have met.
    pub(super) fn connected(self) {
        self.note("connected");
        self.event(&json!({"event": "connected"}));
    }

    /// One file does not arrive; the others may.
    pub(super) fn failed(self, verb: &str, name: &str, error: &super::TransferError) {
        self.note(&format!("{verb}: {name}: {error}"));
        self.event(&json!({"event": "failed", "name": name, "message": error.to_string()}));
    }

    fn event(self, event: &Value) {
        if self.stdout == Stdout::Events {
            // Without a reader there is nobody to tell.
            let _ = writeln!(io::stdout(), "{}", json_line(event));
        }
    }

    /// A bar for one file or empty directory. It draws only on a terminal.
    pub(super) fn file(self, name: &str, size: u64, directory: bool) -> Bar {
        let bar = ProgressBar::with_draw_target(
            Some(size),
            if self.quiet {
                ProgressDrawTarget::hidden()
            } else {
                ProgressDrawTarget::stderr_with_hz(10)
            },
        );
        // A template that does not parse leaves indicatif's own, which is no reason to stop.
        if let Ok(style) = ProgressStyle::with_template(
            "{msg} {wide_bar:.cyan/blue} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_message(shortened(&printable(name)));
        let event = json!({"event": "file", "name": name, "size": size});
        self.event(&marked(event, directory));
        Bar {
            bar,
            name: name.to_owned(),
            directory,
            progress: self,
            started: Instant::now(),
            next_event: AtomicU64::new(0),
        }
    }
}

/// An empty directory, told from an empty file.
fn marked(mut event: Value, directory: bool) -> Value {
    if directory {
        event["directory"] = true.into();
    }
    event
}

/// Room for the bar is wanted as well.
fn shortened(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(MAX_NAME - 1).collect();
    short.push('…');
    short
}

/// The bar of one file.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    name: String,
    directory: bool,
    progress: Progress,
    started: Instant,
    /// In milliseconds since `started`.
    next_event: AtomicU64,
}

impl Bar {
    /// The bytes before `offset` need not be sent again.
    pub(super) fn resume(&self, offset: u64) {
        if offset > 0 {
            // What was there before is not part of the rate.
            self.bar.set_position(offset);
            self.bar.reset_eta();
            let at = HumanBytes(offset);
            self.progress
                .note(&format!("continuing {} at {at}", self.name));
        }
    }

    /// So much is done.
    pub(super) fn set(&self, offset: u64) {
        self.bar.set_position(offset);
        if self.progress.stdout != Stdout::Events {
            return;
        }
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now >= self.next_event.load(Ordering::Relaxed) {
            self.next_event
                .store(now + EVENT_INTERVAL, Ordering::Relaxed);
            let size = self.bar.length();
            let event =
                json!({"event": "progress", "name": self.name, "bytes": offset, "size": size});
            self.progress.event(&event);
        }
    }

    /// Done; `path` is where the file is on this machine.
    pub(super) fn finish(&self, verb: &str, path: &str, sha256: &str) {
        let bytes = self.bar.length().unwrap_or_default();
        let size = HumanBytes(bytes);
        self.bar.finish_and_clear();
        self.progress.note(&if self.directory {
            format!("{verb} {path}, an empty directory")
        } else {
            format!("{verb} {path} ({size}), sha256 {sha256}")
        });
        let event = json!({
            "event": "done", "name": self.name, "path": path, "size": bytes, "sha256": sha256,
        });
        self.progress.event(&marked(event, self.directory));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
