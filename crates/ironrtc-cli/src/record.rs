//! Files that show what connections do.

use std::path::{Path, PathBuf};

use clap::Args;
use ironrtc::observe::{Observer, Recorder};

use crate::usage::Usage;

#[derive(Debug, Args)]
#[command(next_help_heading = "Seeing inside")]
pub(crate) struct RecordOptions {
    /// Write what connections do, one JSON object a line: states, candidates, figures; `time` is
    /// in milliseconds.
    #[arg(long, global = true, value_name = "FILE")]
    event_log: Option<PathBuf>,
    /// Write the packets of connections, decrypted, for Wireshark (pcapng).
    #[arg(long, global = true, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Append the keys of connections, as SSLKEYLOGFILE does. Who has them can read everything.
    #[arg(long, global = true, value_name = "FILE")]
    key_log: Option<PathBuf>,
}

impl RecordOptions {
    /// Opens the files.
    pub(crate) fn observer(&self) -> Result<Observer, Usage> {
        let mut recorder = Recorder::new();
        if let Some(path) = &self.event_log {
            recorder = opened("--event-log", path, recorder.event_log(path))?;
        }
        if let Some(path) = &self.capture {
            recorder = opened("--capture", path, recorder.capture(path))?;
        }
        if let Some(path) = &self.key_log {
            recorder = opened("--key-log", path, recorder.key_log(path))?;
        }
        Ok(recorder.observer())
    }
}

fn opened(option: &str, path: &Path, result: std::io::Result<Recorder>) -> Result<Recorder, Usage> {
    result.map_err(|error| Usage(format!("{option} {}: {error}", path.display())))
}
