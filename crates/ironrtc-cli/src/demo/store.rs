//! The files that browsers have given to the demo, in memory and within bounds.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

/// Most files kept.
const MAX_FILES: usize = 16;
/// Most bytes kept, those of uploads under way included.
const MAX_TOTAL: u64 = 512 * 1024 * 1024;
/// Largest file.
const MAX_FILE: u64 = 256 * 1024 * 1024;
/// Uploads under way at once.
const MAX_UPLOADS: usize = 16;

/// A complete file.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) from: Arc<str>,
    pub(super) bytes: Bytes,
}

/// Files, oldest first, and what uploads have reserved.
#[derive(Debug, Default)]
pub(super) struct Store {
    files: VecDeque<Stored>,
    next_id: u64,
    reserved: u64,
    uploads: usize,
}

impl Store {
    /// Makes room for an upload of `size` bytes, at the cost of the oldest files. The error is for
    /// people. [`finish`](Self::finish) or [`release`](Self::release) must follow.
    pub(super) fn reserve(&mut self, size: u64) -> Result<(), String> {
        const MIB: u64 = 1024 * 1024;
        if size > MAX_FILE {
            return Err(format!(
                "the demo takes files of up to {} MiB",
                MAX_FILE / MIB
            ));
        }
        if self.uploads >= MAX_UPLOADS || self.reserved + size > MAX_TOTAL {
            return Err(
                "too many uploads are under way; try again when they have ended".to_owned(),
            );
        }
        self.uploads += 1;
        self.reserved += size;
        while self.total() > MAX_TOTAL {
            self.files.pop_front();
        }
        Ok(())
    }

    /// Gives up what was reserved.
    pub(super) fn release(&mut self, size: u64) {
        self.uploads = self.uploads.saturating_sub(1);
        self.reserved = self.reserved.saturating_sub(size);
    }

    /// Keeps a file for which room was reserved, and gives its id.
    pub(super) fn finish(
        &mut self,
        name: String,
        sha256: String,
        from: Arc<str>,
        bytes: Bytes,
    ) -> String {
        self.release(bytes.len() as u64);
        self.next_id += 1;
        let id = self.next_id.to_string();
        self.files.push_back(Stored {
            id: id.clone(),
            name,
            sha256,
            from,
            bytes,
        });
        if self.files.len() > MAX_FILES {
            self.files.pop_front();
        }
        id
    }

    /// The file with that id.
    pub(super) fn get(&self, id: &str) -> Option<Stored> {
        self.files.iter().find(|file| file.id == id).cloned()
    }

    /// All files, oldest first.
    pub(super) fn files(&self) -> impl Iterator<Item = &Stored> {
        self.files.iter()
    }

    fn total(&self) -> u64 {
        let kept: u64 = self.files.iter().map(|file| file.bytes.len() as u64).sum();
        kept + self.reserved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(store: &mut Store, size: usize) -> String {
        store.reserve(size as u64).unwrap();
        let bytes = Bytes::from(vec![0; size]);
        store.finish("a".into(), "hash".into(), "me".into(), bytes)
    }

    #[test]
    fn the_oldest_file_makes_room_by_number_and_by_size() {
        let mut store = Store::default();
        let first = add(&mut store, 1);
        let second = add(&mut store, 1);
        for _ in 2..=MAX_FILES {
            add(&mut store, 1);
        }
        assert_eq!(store.files().count(), MAX_FILES);
        assert!(store.get(&first).is_none());
        assert!(store.get(&second).is_some());
        store.reserve(MAX_FILE).unwrap();
        store.reserve(MAX_FILE).unwrap();
        assert_eq!(
            store.files().count(),
            0,
            "two uploads of the largest size need everything"
        );
    }

    #[test]
    fn uploads_under_way_are_bounded_and_give_back_what_they_do_not_use() {
        let mut store = Store::default();
        assert!(store.reserve(MAX_FILE + 1).unwrap_err().contains("256 MiB"));
        store.reserve(MAX_FILE).unwrap();
        store.reserve(MAX_FILE).unwrap();
        assert!(store.reserve(1).is_err());
        store.release(MAX_FILE);
        for _ in 1..MAX_UPLOADS {
            store.reserve(1).unwrap();
        }
        assert!(store.reserve(1).is_err());
    }
}
