//! As much of an RTP header as protection needs, read before anything is known to be true.

use crate::wire::rtp;

/// The fixed part (RFC 3550 section 5.1).
const FIXED_LEN: usize = rtp::FixedHeader::LENGTH;
/// The head of a header extension (RFC 3550 section 5.3.1): what defines it, and its length.
const EXTENSION_HEAD_LEN: usize = 4;
const EXTENSION_BIT: u8 = 0x10;

/// RFC 8285 section 4.2.
const ONE_BYTE: u16 = 0xbede;
/// RFC 8285 section 4.3, with application bits of 0.
const TWO_BYTE: u16 = 0x1000;
/// RFC 9335 section 4: the same two, encrypted.
const CRYPTEX_ONE_BYTE: u16 = 0xc0de;
const CRYPTEX_TWO_BYTE: u16 = 0xc2de;

/// Where things are in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sequence: u16,
    pub(super) ssrc: u32,
    /// The end of the contributing sources.
    csrcs_end: usize,
    /// The end of the header.
    end: usize,
    extension: Option<u16>,
}

impl Header {
    /// Reads a packet's header; none if it is cut short.
    pub(super) fn read(packet: &[u8]) -> Option<Self> {
        let header = rtp::Header::parse(packet)?;
        let extension = header.extension();
        let extension_len = extension.map_or(0, |block| EXTENSION_HEAD_LEN + block.data.len());
        Some(Self {
            sequence: header.fixed.sequence.get(),
            ssrc: header.fixed.ssrc.get(),
            csrcs_end: header.length() - extension_len,
            end: header.length(),
            extension: extension.map(|block| block.profile),
        })
    }

    /// The length of the header.
    pub(super) const fn len(&self) -> usize {
        self.end
    }

    /// True if header extensions and contributing sources are encrypted (RFC 9335 section 4).
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.extension, Some(CRYPTEX_ONE_BYTE | CRYPTEX_TWO_BYTE))
    }

    /// True if there is something in the header that RFC 9335 would encrypt.
    pub(super) const fn has_secrets(&self) -> bool {
        self.extension.is_some() || self.csrcs_end > FIXED_LEN
    }

    /// Where encryption begins, once the packet is [turned](Self::turn).
    pub(super) fn clear_len(&self) -> usize {
        if self.is_encrypted() {
            FIXED_LEN + EXTENSION_HEAD_LEN
        } else {
            self.end
        }
    }

    /// RFC 9335 section 5.2: while they are encrypted, the contributing sources stand behind the
    /// extension's head, next to its content.
    pub(super) fn turn(&self, packet: &mut [u8]) {
        if let Some(both) = self.movable(packet) {
            both.rotate_right(EXTENSION_HEAD_LEN);
        }
    }

    /// Undoes [`turn`](Self::turn).
    pub(super) fn turn_back(&self, packet: &mut [u8]) {
        if let Some(both) = self.movable(packet) {
            both.rotate_left(EXTENSION_HEAD_LEN);
        }
    }

    fn movable<'a>(&self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        if !self.is_encrypted() || self.csrcs_end == FIXED_LEN {
            return None;
        }
        packet.get_mut(FIXED_LEN..self.csrcs_end + EXTENSION_HEAD_LEN)
    }

    /// Marks the header of the packet at `start` as encrypted; `Err` if its extension has another
    /// form than those of RFC 8285. Contributing sources without an extension get an empty one.
    pub(super) fn mark(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), ()> {
        let place = start + self.csrcs_end;
        let mark = match self.extension {
            Some(ONE_BYTE) => CRYPTEX_ONE_BYTE,
            Some(TWO_BYTE) => CRYPTEX_TWO_BYTE,
            Some(_) => return Err(()),
            None => {
                let payload = out.len();
                out.extend_from_slice(&[0; EXTENSION_HEAD_LEN]);
                let moved = out.get_mut(place..).unwrap_or_default();
                debug_assert!(place <= payload);
                moved.rotate_right(EXTENSION_HEAD_LEN);
                self.end += EXTENSION_HEAD_LEN;
                if let Some(first) = out.get_mut(start) {
                    *first |= EXTENSION_BIT;
                }
                CRYPTEX_ONE_BYTE
            }
        };
        self.extension = Some(mark);
        write(out, place, mark);
        Ok(())
    }

    /// Gives the extension of an opened packet its usual form back.
    pub(super) fn unmark(&self, packet: &mut [u8]) {
        let usual = match self.extension {
            Some(CRYPTEX_ONE_BYTE) => ONE_BYTE,
            Some(CRYPTEX_TWO_BYTE) => TWO_BYTE,
            _ => return,
        };
        write(packet, self.csrcs_end, usual);
    }
}

fn write(packet: &mut [u8], place: usize, value: u16) {
    if let Some(room) = packet.get_mut(place..place + 2) {
        room.copy_from_slice(&value.to_be_bytes());
    }
}
