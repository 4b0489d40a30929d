//! Bounds on what a hostile file has a reader take.

use std::io::{self, Read};

/// Reads exactly as many bytes, and takes memory only as they come.
pub(crate) fn read_vec(reader: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut data = Vec::with_capacity(length.min(64 << 10));
    reader.take(length as u64).read_to_end(&mut data)?;
    if data.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(data)
}
