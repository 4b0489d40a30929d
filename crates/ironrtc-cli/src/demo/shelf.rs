//! The recordings of this run: where they are, and how many and how large they may be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::signal::RecordingLine;

/// Recordings of one run.
const MAX_RECORDINGS: usize = 64;
/// Their bytes, with as much as those under way may become.
const MAX_TOTAL: u64 = 4 << 30;

/// How large one recording becomes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) size: u64,
    pub(super) length: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: 256 << 20,
            length: Duration::from_secs(600),
        }
    }
}

/// All recordings, oldest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    folder: PathBuf,
    limits: Limits,
    recordings: Vec<RecordingLine>,
    /// Under way, those without a file yet among them.
    running: usize,
}

impl Shelf {
    /// In this folder, which is made when it is needed.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// What pages are told.
    pub(super) fn lines(&self) -> Vec<RecordingLine> {
        self.recordings.clone()
    }

    /// True while one grows.
    pub(super) const fn is_running(&self) -> bool {
        self.running > 0
    }

    /// The file of a recording that has ended. Only names that were given here lead anywhere.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        let mut recordings = self.recordings.iter();
        let found = recordings.find(|it| it.name == name && !it.running)?;
        Some(self.folder.join(&found.name))
    }

    /// Where they are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How large one becomes.
    pub(super) const fn limits(&self) -> Limits {
        self.limits
    }

    /// Other bounds than the usual ones.
    #[cfg(test)]
    pub(super) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Makes room for one. The error is for people. [`end`](Self::end) must follow.
    pub(super) fn reserve(&mut self) -> Result<(), String> {
        let ended = self.recordings.iter().filter(|it| !it.running);
        let kept: u64 = ended.clone().map(|it| it.size).sum();
        let running = self.running as u64 + 1;
        if ended.count() + self.running >= MAX_RECORDINGS
            || kept + running * self.limits.size > MAX_TOTAL
        {
            return Err("the server has no room for more recordings".to_owned());
        }
        self.running += 1;
        Ok(())
    }

    /// One that was reserved has a file, of this name.
    pub(super) fn begin(&mut self, name: &str, from: &str) {
        self.recordings.push(RecordingLine {
            name: name.to_owned(),
            from: from.to_owned(),
            size: 0,
            seconds: 0.0,
            running: true,
        });
    }

    /// It has become so large, and at least so long.
    pub(super) fn grow(&mut self, name: &str, size: u64, length: Duration) {
        if let Some(line) = self.find(name) {
            line.size = size;
            line.seconds = line.seconds.max(length.as_secs_f64());
        }
    }

    /// One that was reserved has ended, with a file or without.
    pub(super) fn end(&mut self, name: Option<&str>) {
        self.running = self.running.saturating_sub(1);
        if let Some(line) = name.and_then(|name| self.find(name)) {
            line.running = false;
        }
    }

    fn find(&mut self, name: &str) -> Option<&mut RecordingLine> {
        self.recordings.iter_mut().find(|it| it.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_bounded_by_number_and_by_what_they_may_become() {
        let limits = Limits {
            size: 1,
            ..Limits::default()
        };
        let mut shelf = Shelf::new(PathBuf::new());
        shelf.set_limits(limits);
        for _ in 0..MAX_RECORDINGS {
            shelf.reserve().unwrap();
        }
        assert!(shelf.reserve().unwrap_err().contains("no room"));
        shelf.end(None);
        shelf.reserve().unwrap();
        let mut shelf = Shelf::new(PathBuf::new());
        let largest = shelf.limits().size;
        for number in 0..MAX_TOTAL / largest {
            shelf.reserve().unwrap();
            let name = number.to_string();
            shelf.begin(&name, "Ada");
            shelf.grow(&name, largest, Duration::ZERO);
            shelf.end(Some(&name));
        }
        assert!(shelf.reserve().is_err());
        assert!(!shelf.is_running());
    }

    #[test]
    fn only_recordings_that_have_ended_can_be_fetched() {
        let mut shelf = Shelf::new(PathBuf::from("folder"));
        shelf.reserve().unwrap();
        shelf.begin("Ada-1.webm", "Ada");
        assert_eq!(shelf.path("Ada-1.webm"), None);
        shelf.end(Some("Ada-1.webm"));
        let path = Path::new("folder").join("Ada-1.webm");
        assert_eq!(shelf.path("Ada-1.webm"), Some(path));
        for wrong in ["", ".", "..", "../Cargo.toml", "Ada-2.webm", "./Ada-1.webm"] {
            assert_eq!(shelf.path(wrong), None, "{wrong}");
        }
    }
}
