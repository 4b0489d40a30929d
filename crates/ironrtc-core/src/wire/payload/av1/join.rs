//! Payloads become a temporal unit: OBUs with their sizes, without a temporal delimiter.

use super::super::JoinError;
use super::obu::{Elements, HAS_SIZE, Header, TEMPORAL_DELIMITER, TILE_LIST, leb128, to_leb128};

pub(in super::super) fn join<'a, I>(payloads: I, out: &mut Vec<u8>) -> Result<(), JoinError>
where
    I: Iterator<Item = &'a [u8]> + Clone,
{
    let mut open: Option<Open> = None;
    let mut following = payloads;
    let mut empty = true;
    while let Some(payload) = following.next() {
        let elements = Elements::parse(payload).ok_or(JoinError::Malformed)?;
        match (elements.continues, open.is_some()) {
            (true, false) if empty => return Err(JoinError::NotBegun),
            (true, false) => return Err(JoinError::Mixed),
            (false, true) => return Err(JoinError::NotEnded),
            _ => {}
        }
        empty = false;
        let goes_on = elements.goes_on;
        let mut rest = elements.peekable();
        while let Some(element) = rest.next() {
            let element = element.ok_or(JoinError::Malformed)?;
            let unfinished = goes_on && rest.peek().is_none();
            let mut obu = match open.take() {
                Some(obu) => obu,
                None => {
                    let length = if unfinished {
                        element.len() + continued(following.clone())?
                    } else {
                        element.len()
                    };
                    Open::begin(element, length, out)?
                }
            };
            obu.append(element, out)?;
            if unfinished {
                open = Some(obu);
            } else {
                obu.end()?;
            }
        }
    }
    match (empty, open) {
        (true, _) => Err(JoinError::Empty),
        (_, Some(_)) => Err(JoinError::NotEnded),
        (_, None) => Ok(()),
    }
}

/// How much of an OBU is in the payloads that follow. Each is looked at once more for it.
fn continued<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Result<usize, JoinError> {
    let mut length = 0;
    for payload in payloads {
        let mut elements = Elements::parse(payload).ok_or(JoinError::Malformed)?;
        if !elements.continues {
            return Err(JoinError::NotEnded);
        }
        let goes_on = elements.goes_on;
        let first = elements.next().flatten().ok_or(JoinError::Malformed)?;
        length += first.len();
        if !goes_on || elements.next().is_some() {
            return Ok(length);
        }
    }
    Err(JoinError::NotEnded)
}

/// An OBU under way.
struct Open {
    /// Octets of elements that are still to come.
    left: usize,
    /// Of those, how many were written already.
    skip: usize,
    /// A temporal delimiter or tile list, which a payload should not have.
    dropped: bool,
}

impl Open {
    /// Writes the header and the size of an OBU of `length` octets in elements.
    fn begin(element: &[u8], length: usize, out: &mut Vec<u8>) -> Result<Self, JoinError> {
        let header = Header::parse(element).ok_or(JoinError::Malformed)?;
        let mut skip = header.len;
        if header.has_size {
            // Section 5: it should have none; one that is there must be right.
            let rest = element.get(header.len..).unwrap_or_default();
            let (size, octets) = leb128(rest).ok_or(JoinError::Malformed)?;
            skip += octets;
            if Some(size) != length.checked_sub(skip) {
                return Err(JoinError::Malformed);
            }
        }
        let dropped = matches!(header.kind, TEMPORAL_DELIMITER | TILE_LIST);
        if !dropped {
            let body = length.checked_sub(skip).ok_or(JoinError::Malformed)?;
            let (size, used) = to_leb128(body);
            let mut head = element.iter().take(header.len).copied();
            out.extend(head.next().map(|octet| octet | HAS_SIZE));
            out.extend(head);
            out.extend_from_slice(size.get(..used).unwrap_or_default());
        }
        Ok(Self {
            left: length,
            skip,
            dropped,
        })
    }

    fn append(&mut self, element: &[u8], out: &mut Vec<u8>) -> Result<(), JoinError> {
        self.left = self
            .left
            .checked_sub(element.len())
            .ok_or(JoinError::Mixed)?;
        let skipped = self.skip.min(element.len());
        self.skip -= skipped;
        if !self.dropped {
            out.extend_from_slice(element.get(skipped..).unwrap_or_default());
        }
        Ok(())
    }

    /// Nothing may be missing.
    fn end(self) -> Result<(), JoinError> {
        if self.left == 0 && self.skip == 0 {
            Ok(())
        } else {
            Err(JoinError::Malformed)
        }
    }
}
