//! Application data on its way out.

use dimpl::Output;

use super::output::MAX_SCRATCH;
use super::{Engine, MAX_OVERHEAD};
use crate::dtls::{DtlsState, SealError};

impl Engine {
    /// The most bytes that [`seal`](Self::seal) adds.
    pub fn overhead(&self) -> usize {
        MAX_OVERHEAD
    }

    /// Appends one record with `plaintext` to `out` and returns its length.
    pub fn seal(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<usize, SealError> {
        let start = out.len();
        out.resize(start + self.head_len(), 0);
        out.extend_from_slice(plaintext);
        self.seal_in_place(start, out)
    }

    /// The room that [`seal_in_place`](Self::seal_in_place) wants before the plaintext. It can be
    /// another one for each record.
    pub fn head_len(&self) -> usize {
        self.records.head_len()
    }

    /// Makes a record of what stands in `out` from `start` on: [`head_len`](Self::head_len) bytes
    /// of room, and the plaintext. Returns the record's length; of what cannot be sealed nothing is
    /// left in `out`.
    pub fn seal_in_place(&mut self, start: usize, out: &mut Vec<u8>) -> Result<usize, SealError> {
        debug_assert!(
            start + self.head_len() <= out.len(),
            "there is room for the head"
        );
        if self.state != DtlsState::Connected {
            out.truncate(start);
            return Err(SealError::NotConnected);
        }
        match self.records.seal_in_place(start, out) {
            None => {
                let plaintext = out.get(start..).unwrap_or_default().to_vec();
                out.truncate(start);
                self.in_dimpl(|engine| engine.seal_in_dimpl(&plaintext, out))
            }
            Some(Ok((len, tick))) => {
                if tick {
                    self.tick();
                }
                Ok(len)
            }
            Some(Err(failure)) => Err(SealError::Record(failure.to_string())),
        }
    }

    /// Has dimpl count a record: it starts a key update when there were enough.
    pub(super) fn tick(&mut self) {
        self.in_dimpl(|engine| {
            // An error would mean that dimpl is closed; so are we then, when it says so.
            if engine.dtls.send_application_data(&[]).is_ok() && engine.advance_clock() {
                engine.drain(&mut |_| {});
            }
        });
    }

    fn seal_in_dimpl(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<usize, SealError> {
        self.dtls
            .send_application_data(plaintext)
            .map_err(|error| SealError::Record(error.to_string()))?;
        let mut written = 0;
        // dimpl gives up for good when ten records wait, so each is collected at once.
        loop {
            match self.dtls.poll_output(&mut self.scratch) {
                Output::Packet(packet) if written == 0 => {
                    out.extend_from_slice(packet);
                    written = packet.len();
                }
                // A key update of DTLS 1.3 can come with it.
                Output::Packet(packet) => self.outgoing.push_back(packet.to_vec()),
                Output::BufferTooSmall { needed } if needed <= MAX_SCRATCH => {
                    self.scratch.resize(needed, 0);
                }
                Output::Timeout(at) => {
                    self.deadline = Some(self.clock.time(at));
                    return Ok(written);
                }
                _ => {}
            }
        }
    }
}
