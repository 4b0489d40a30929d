//! What a transfer shows on stderr.

use std::io::Write as _;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::text::printable;

/// Longest name beside a bar, in characters.
const MAX_NAME: usize = 28;

/// Shows progress, or nothing at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    quiet: bool,
}

impl Progress {
    /// `quiet` shows nothing.
    pub(crate) const fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// A line for people.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            // Without a stderr there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{}", printable(text));
        }
    }

    /// A bar for one file. It draws only on a terminal.
    pub(super) fn file(self, name: &str, size: u64) -> Bar {
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
        Bar {
            bar,
            progress: self,
        }
    }
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
    progress: Progress,
}

impl Bar {
    /// The bytes before `offset` need not be sent again.
    pub(super) fn resume(&self, name: &str, offset: u64) {
        if offset > 0 {
            // What was there before is not part of the rate.
            self.bar.set_position(offset);
            self.bar.reset_eta();
            self.progress
                .note(&format!("continuing {name} at {}", HumanBytes(offset)));
        }
    }

    /// So much is done.
    pub(super) fn set(&self, offset: u64) {
        self.bar.set_position(offset);
    }

    /// Done.
    pub(super) fn finish(&self, verb: &str, name: &str, sha256: &str) {
        let size = HumanBytes(self.bar.length().unwrap_or_default());
        self.bar.finish_and_clear();
        self.progress
            .note(&format!("{verb} {name} ({size}), sha256 {sha256}"));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
