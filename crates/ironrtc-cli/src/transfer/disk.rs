//! Reading, writing and hashing on threads that may block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::hash::hex;

/// Bytes that are read at once.
const BLOCK: usize = 256 * 1024;
/// Blocks read ahead, and messages waiting to be written.
const QUEUE: usize = 8;

/// What a file is sent from.
pub(crate) trait Source: Read + Seek + Send + 'static {}

impl<T: Read + Seek + Send + 'static> Source for T {}

/// A part of a file on its way out.
#[derive(Debug)]
pub(super) enum Piece {
    /// Everything from this offset on follows.
    Start(u64),
    /// The next bytes.
    Block(Bytes),
    /// That was all; this is the SHA-256 of the whole file.
    End(String),
}

/// Reads `size` bytes of `source`. It begins at `offset` if `prefix` is the SHA-256 of what is
/// before it, and otherwise at 0. The last item is `End` or an error; a source that is shorter
/// gives `UnexpectedEof`.
pub(super) fn read(
    mut source: Box<dyn Source>,
    size: u64,
    offset: u64,
    prefix: Option<String>,
) -> mpsc::Receiver<io::Result<Piece>> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    spawn_blocking(move || {
        if let Err(error) = read_into(&mut *source, size, offset, prefix, &sender) {
            // Without a receiver the transfer is over, and nobody wants to know.
            let _ = sender.blocking_send(Err(error));
        }
    });
    receiver
}

fn read_into(
    source: &mut dyn Source,
    size: u64,
    mut offset: u64,
    prefix: Option<String>,
    sender: &mpsc::Sender<io::Result<Piece>>,
) -> io::Result<()> {
    let mut hash = hash_prefix(source, offset)?;
    if offset > 0 && prefix != Some(hex(&hash)) {
        offset = 0;
        hash = Sha256::new();
        source.seek(SeekFrom::Start(0))?;
    }
    let send = |piece| sender.blocking_send(Ok(piece)).is_ok();
    if !send(Piece::Start(offset)) {
        return Ok(());
    }
    let mut left = size - offset;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let mut block = vec![0; length];
        source.read_exact(&mut block)?;
        hash.update(&block);
        left -= length as u64;
        if !send(Piece::Block(block.into())) {
            return Ok(());
        }
    }
    send(Piece::End(hex(&hash)));
    Ok(())
}

/// Reads and hashes the first `length` bytes.
fn hash_prefix(source: &mut dyn Source, length: u64) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK];
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(BLOCK).min(BLOCK);
        let part = &mut block[..part];
        source.read_exact(part)?;
        hash.update(&*part);
        left -= part.len() as u64;
    }
    Ok(hash)
}

/// The SHA-256 of the first `length` bytes of a file.
pub(super) async fn hash_file(file: &File, length: u64) -> io::Result<Sha256> {
    let mut file = file.try_clone()?;
    let work = spawn_blocking(move || {
        file.seek(SeekFrom::Start(0))?;
        hash_prefix(&mut file, length)
    });
    joined(work).await
}

/// Writes and hashes what it is given, in order.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Bytes>,
    work: JoinHandle<io::Result<Sha256>>,
}

impl Writer {
    /// Cuts `file` at `offset` and goes on there; `hash` has seen what is before it.
    pub(super) fn to_file(mut file: File, offset: u64, hash: Sha256) -> Self {
        Self::run(move |blocks| {
            file.set_len(offset)?;
            file.seek(SeekFrom::Start(offset))?;
            let hash = write_all(&mut file, blocks, hash)?;
            file.sync_data()?;
            Ok(hash)
        })
    }

    /// Writes to something that only goes forward.
    pub(super) fn to(mut output: impl Write + Send + 'static) -> Self {
        Self::run(move |blocks| {
            let hash = write_all(&mut output, blocks, Sha256::new())?;
            output.flush()?;
            Ok(hash)
        })
    }

    fn run(
        work: impl FnOnce(mpsc::Receiver<Bytes>) -> io::Result<Sha256> + Send + 'static,
    ) -> Self {
        let (queue, blocks) = mpsc::channel(QUEUE);
        let work = spawn_blocking(move || work(blocks));
        Self { queue, work }
    }

    /// Waits until the bytes are queued. False if writing failed; `finish` says why.
    pub(super) async fn write(&self, bytes: Bytes) -> bool {
        self.queue.send(bytes).await.is_ok()
    }

    /// Waits until everything is on the disk, and gives the SHA-256 of the whole file.
    pub(super) async fn finish(self) -> io::Result<String> {
        drop(self.queue);
        Ok(hex(&joined(self.work).await?))
    }
}

fn write_all(
    output: &mut impl Write,
    mut blocks: mpsc::Receiver<Bytes>,
    mut hash: Sha256,
) -> io::Result<Sha256> {
    while let Some(block) = blocks.blocking_recv() {
        hash.update(&block);
        output.write_all(&block)?;
    }
    Ok(hash)
}

async fn joined<T>(work: JoinHandle<io::Result<T>>) -> io::Result<T> {
    work.await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn digest(bytes: &[u8]) -> String {
        hex(&Sha256::new_with_prefix(bytes))
    }

    async fn read_all(
        data: &[u8],
        size: u64,
        offset: u64,
        prefix: Option<String>,
    ) -> (u64, Vec<u8>, String) {
        let mut pieces = read(Box::new(Cursor::new(data.to_vec())), size, offset, prefix);
        let mut result = (u64::MAX, Vec::new(), String::new());
        while let Some(piece) = pieces.recv().await {
            match piece.unwrap() {
                Piece::Start(offset) => result.0 = offset,
                Piece::Block(block) => result.1.extend_from_slice(&block),
                Piece::End(sha256) => result.2 = sha256,
            }
        }
        result
    }

    #[tokio::test]
    async fn reading_resumes_only_behind_an_equal_prefix() {
        let data: Vec<u8> = (0..BLOCK + 1000).map(|i| i as u8).collect();
        let size = data.len() as u64;
        let whole = digest(&data);
        let offset = BLOCK + 7;
        let resumed = read_all(&data, size, offset as u64, Some(digest(&data[..offset]))).await;
        assert_eq!(
            resumed,
            (offset as u64, data[offset..].to_vec(), whole.clone())
        );
        let restarted = read_all(&data, size, 7, Some(digest(b"other"))).await;
        assert_eq!(restarted, (0, data, whole));
        assert_eq!(read_all(b"", 0, 0, None).await, (0, vec![], digest(b"")));
    }

    #[tokio::test]
    async fn a_source_that_shrank_is_an_error() {
        let mut pieces = read(Box::new(Cursor::new(b"abc")), 4, 0, None);
        let mut last = None;
        while let Some(piece) = pieces.recv().await {
            last = Some(piece);
        }
        let error = last.unwrap().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
