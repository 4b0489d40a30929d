//! Bounds on what a hostile file has a reader take.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Reads exactly as many bytes, and takes memory only as they come.
pub(crate) fn read_vec(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut data = Vec::with_capacity(length.min(64 << 10));
    reader.take(length as u64).read_to_end(&mut data)?;
    if data.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(data)
}

/// What a demuxer may do until it is allowed more; kept beside it, since it keeps its file.
#[derive(Clone, Debug)]
pub(crate) struct Allowance(Arc<Values>);

#[derive(Debug)]
struct Values {
    /// Bytes that may still be read.
    left: AtomicU64,
    /// How far away the end may be.
    reach: AtomicU64,
}

impl Allowance {
    pub(crate) fn new(bytes: u64, reach: u64) -> Self {
        Self(Arc::new(Values {
            left: AtomicU64::new(bytes),
            reach: AtomicU64::new(reach),
        }))
    }

    /// Allows so many bytes from now on, and ends within `reach` of where one is.
    pub(crate) fn renew(&self, bytes: u64, reach: u64) {
        self.0.left.store(bytes, Ordering::Relaxed);
        self.0.reach.store(reach, Ordering::Relaxed);
    }

    /// True if nothing more may be read.
    pub(crate) fn is_used_up(&self) -> bool {
        self.0.left.load(Ordering::Relaxed) == 0
    }
}

/// A file for a demuxer that believes what files say: bytes are counted, and no end is farther away
/// than allowed, so that nothing larger is taken to be there.
#[derive(Debug)]
pub(crate) struct Limited<R> {
    inner: BufReader<R>,
    /// Where the inner one is, and where this one is said to be.
    inner_at: u64,
    at: u64,
    end: u64,
    allowance: Allowance,
}

impl<R: Read + Seek> Limited<R> {
    pub(crate) fn new(mut inner: R, allowance: Allowance) -> io::Result<Self> {
        let end = inner.seek(SeekFrom::End(0))?;
        inner.seek(SeekFrom::Start(0))?;
        Ok(Self {
            inner: BufReader::new(inner),
            inner_at: 0,
            at: 0,
            end,
            allowance,
        })
    }
}

impl<R: Read + Seek> Read for Limited<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.allowance.0.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("more is read than allowed"));
        }
        if self.at != self.inner_at {
            // Within the buffer, most of the time.
            let by = self.at.wrapping_sub(self.inner_at).cast_signed();
            self.inner.seek_relative(by)?;
            self.inner_at = self.at;
        }
        let length = buf.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self.inner.read(buf.get_mut(..length).unwrap_or_default())?;
        self.allowance
            .0
            .left
            .store(left - read as u64, Ordering::Relaxed);
        self.at = self.at.saturating_add(read as u64);
        self.inner_at = self.at;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for Limited<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let reach = self.allowance.0.reach.load(Ordering::Relaxed);
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => {
                let end = self.end.min(self.at.saturating_add(reach));
                end.checked_add_signed(by)
            }
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
