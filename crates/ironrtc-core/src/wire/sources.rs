//! Lists of sources, as headers and reports have them.

use crate::ids::Ssrc;

use super::Reader;

/// Walks over sources.
#[derive(Clone, Copy, Debug)]
pub struct Ssrcs<'a>(pub(super) &'a [u8]);

impl Iterator for Ssrcs<'_> {
    type Item = Ssrc;

    fn next(&mut self) -> Option<Ssrc> {
        let mut reader = Reader::new(self.0);
        let number = reader.u32()?;
        self.0 = reader.rest();
        Some(Ssrc::new(number))
    }
}
