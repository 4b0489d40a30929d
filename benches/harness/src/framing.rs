//! Messages on a byte stream: each is its length in four bytes, then its bytes.

use std::collections::VecDeque;

use bytes::Bytes;

const HEADER: usize = 4;

/// The parts of a message as written on the stream.
pub fn frame(message: Bytes) -> [Bytes; 2] {
    let length = u32::try_from(message.len()).expect("a message of sane size");
    [Bytes::copy_from_slice(&length.to_be_bytes()), message]
}

/// Finds messages in the bytes of a stream.
#[derive(Default)]
pub struct Reader {
    header: Vec<u8>,
    /// Size of the message that is being read, and how much of it is missing.
    current: Option<(usize, usize)>,
    complete: VecDeque<usize>,
}

impl Reader {
    pub fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (size, missing) = match self.current {
                Some(current) => current,
                None => {
                    let (header, rest) =
                        bytes.split_at(bytes.len().min(HEADER - self.header.len()));
                    self.header.extend_from_slice(header);
                    bytes = rest;
                    let Ok(header) = <[u8; HEADER]>::try_from(&self.header[..]) else {
                        return;
                    };
                    self.header.clear();
                    let size = u32::from_be_bytes(header) as usize;
                    (size, size)
                }
            };
            let taken = missing.min(bytes.len());
            bytes = &bytes[taken..];
            self.current = Some((size, missing - taken));
            if missing == taken {
                self.complete.push_back(size);
                self.current = None;
            }
        }
    }

    /// The length of the next complete message.
    pub fn next_message(&mut self) -> Option<usize> {
        self.complete.pop_front()
    }
}
