//! The elements of a header extension (RFC 8285), in their one-byte and two-byte forms.

use crate::wire::Reader;

/// RFC 8285 section 4.2: the profile of one-byte elements.
const ONE_BYTE: u16 = 0xBEDE;
/// Section 4.3: the profile of two-byte elements; its low four bits are the application's.
const TWO_BYTE: u16 = 0x1000;
const APPBITS: u16 = 0x000f;

/// The longest value of an element in the one-byte form.
const MAX_SHORT: usize = 16;
/// The highest number of one: 15 ends the block.
const MAX_SHORT_ID: u8 = 14;

/// What a header's X bit announces (RFC 3550 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionBlock<'a> {
    /// Says what the data is.
    pub profile: u16,
    /// Whole words of data.
    pub data: &'a [u8],
}

impl<'a> ExtensionBlock<'a> {
    /// The elements of RFC 8285; none if the profile is another one's.
    pub const fn elements(self) -> Elements<'a> {
        let (rest, is_long) = match self.profile {
            ONE_BYTE => (self.data, false),
            profile if profile & !APPBITS == TWO_BYTE => (self.data, true),
            _ => (&[] as &[u8], false),
        };
        Elements { rest, is_long }
    }
}

/// One element: what it is was negotiated for its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// 1 to 14 in the one-byte form, 1 to 255 in the two-byte form.
    pub id: u8,
    /// The value, which may be empty in the two-byte form only.
    pub value: &'a [u8],
}

/// Walks over elements, up to the first one that is malformed.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
    is_long: bool,
}

impl Elements<'_> {
    pub(super) const fn none() -> Self {
        Self {
            rest: &[],
            is_long: false,
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        // Whatever ends the walk ends it for good.
        let mut reader = Reader::new(std::mem::take(&mut self.rest));
        let (id, length) = loop {
            let byte = reader.u8()?;
            if byte == 0 {
                // Padding, which may stand between elements too (RFC 8285 section 4.1.2).
                continue;
            }
            if self.is_long {
                break (byte, usize::from(reader.u8()?));
            }
            let (id, length) = (byte >> 4, usize::from(byte & 0x0f) + 1);
            // Section 4.2: neither 0 with a length nor 15 is an element, and what stands behind them
            // is not looked at.
            if id == 0 || id > MAX_SHORT_ID {
                return None;
            }
            break (id, length);
        };
        let value = reader.bytes(length)?;
        self.rest = reader.rest();
        Some(Element { id, value })
    }
}

/// Which forms of elements may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The one-byte form alone: what does not fit it is left out.
    OneByte,
    /// The two-byte form alone.
    TwoByte,
    /// Both, by packet (`a=extmap-allow-mixed`): two-byte only where an element needs it.
    Mixed,
}

/// The elements of a packet that is being written. It is made once and cleared for each packet, so
/// that writing allocates nothing.
#[derive(Clone, Debug, Default)]
pub struct ElementSet {
    entries: Vec<(u8, u8)>,
    values: Vec<u8>,
}

impl ElementSet {
    /// Most elements of a packet.
    pub const MAX_ELEMENTS: usize = 32;
    /// The longest value.
    pub const MAX_VALUE: usize = 255;

    /// No elements.
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Removes all elements and keeps their memory.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.values.clear();
    }

    /// Adds an element. False, and nothing is added, if the number is 0, the value is too long or
    /// there are too many.
    pub fn push(&mut self, id: u8, value: &[u8]) -> bool {
        self.push_with(id, |out| out.extend_from_slice(value))
    }

    /// Adds an element whose value `write` appends.
    pub fn push_with(&mut self, id: u8, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let start = self.values.len();
        write(&mut self.values);
        let length = u8::try_from(self.values.len().saturating_sub(start));
        match length {
            Ok(length) if id != 0 && self.entries.len() < Self::MAX_ELEMENTS => {
                self.entries.push((id, length));
                true
            }
            _ => {
                self.values.truncate(start);
                false
            }
        }
    }

    fn is_short((id, length): (u8, u8)) -> bool {
        id <= MAX_SHORT_ID && (1..=MAX_SHORT).contains(&usize::from(length))
    }

    fn is_long(&self, form: Form) -> bool {
        match form {
            Form::OneByte => false,
            Form::TwoByte => true,
            Form::Mixed => !self.entries.iter().all(|entry| Self::is_short(*entry)),
        }
    }

    /// How many bytes [`write`](Self::write) would append.
    pub fn length(&self, form: Form) -> usize {
        let is_long = self.is_long(form);
        let entries = self.entries.iter();
        let written = entries.filter(|entry| is_long || Self::is_short(**entry));
        let head = 1 + usize::from(is_long);
        match written.map(|(_, length)| head + usize::from(*length)).sum() {
            0 => 0,
            bytes => 4 + usize::next_multiple_of(bytes, 4),
        }
    }

    /// Appends the extension block, profile and length first. False if there is nothing to write,
    /// and nothing is.
    pub fn write(&self, out: &mut Vec<u8>, form: Form) -> bool {
        let length = self.length(form);
        if length == 0 {
            return false;
        }
        let is_long = self.is_long(form);
        let end = out.len() + length;
        let profile = if is_long { TWO_BYTE } else { ONE_BYTE };
        out.extend_from_slice(&profile.to_be_bytes());
        let words = u16::try_from(length / 4 - 1).unwrap_or(u16::MAX);
        out.extend_from_slice(&words.to_be_bytes());
        let mut values = Reader::new(&self.values);
        for entry in &self.entries {
            let (id, length) = *entry;
            let value = values.bytes(usize::from(length)).unwrap_or_default();
            if is_long {
                out.extend_from_slice(&[id, length]);
            } else if Self::is_short(*entry) {
                out.push(id << 4 | (length - 1));
            } else {
                continue;
            }
            out.extend_from_slice(value);
        }
        out.resize(end, 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(profile: u16, data: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let found = ExtensionBlock { profile, data }.elements();
        found.map(|e| (e.id, e.value.to_vec())).collect()
    }

    #[test]
    fn rfc_8285_figure_1_has_three_one_byte_elements() {
        // Section 4.2: lengths 1, 2 and 4 with padding inside.
        let data = [
            0x10, b'a', 0x21, b'b', b'c', 0, 0, 0x33, b'd', b'e', b'f', b'g',
        ];
        let expected = [
            (1, b"a".to_vec()),
            (2, b"bc".to_vec()),
            (3, b"defg".to_vec()),
        ];
        assert_eq!(elements(0xBEDE, &data), expected);
    }

    #[test]
    fn rfc_8285_section_4_3_has_two_byte_elements_of_any_length() {
        // Lengths 0, 1 and 4, in a block with appbits.
        let data = [1, 0, 2, 1, b'x', 0, 200, 4, b'd', b'e', b'f', b'g'];
        let expected = [(1, Vec::new()), (2, b"x".to_vec()), (200, b"defg".to_vec())];
        assert_eq!(elements(0x1000, &data), expected);
        assert_eq!(elements(0x100f, &data), expected);
        assert_eq!(elements(0x1010, &data), []);
        assert_eq!(elements(0xC0DE, &data), []);
    }

    #[test]
    fn a_reserved_or_cut_element_ends_the_walk_with_what_came_before() {
        let first = [(1, b"a".to_vec())];
        // The number 15.
        assert_eq!(elements(0xBEDE, &[0x10, b'a', 0xf0, 1, 0x20, 2]), first);
        // The number 0 with a length.
        assert_eq!(elements(0xBEDE, &[0x10, b'a', 0x03, 1, 0x20, 2]), first);
        // A value that goes on behind the block.
        assert_eq!(elements(0xBEDE, &[0x10, b'a', 0x22, 1]), first);
        assert_eq!(elements(0x1000, &[1, 1, b'a', 2, 3, 1, 1]), first);
        assert_eq!(elements(0x1000, &[1, 1, b'a', 2]), first);
    }

    #[test]
    fn the_two_byte_form_is_used_only_where_an_element_needs_it() {
        let mut set = ElementSet::new();
        assert!(set.push(14, &[7; 16]));
        let mut out = Vec::new();
        assert!(set.write(&mut out, Form::Mixed));
        assert_eq!(out[..5], [0xbe, 0xde, 0, 5, 0xef]);
        assert_eq!(out.len(), set.length(Form::Mixed));
        for (id, value) in [(15, &b"a"[..]), (1, &[]), (1, &[0; 17])] {
            let mut set = set.clone();
            assert!(set.push(id, value));
            out.clear();
            assert!(set.write(&mut out, Form::Mixed));
            assert_eq!(out[..2], [0x10, 0]);
            assert_eq!(out.len(), set.length(Form::Mixed));
            let found = elements(0x1000, &out[4..]);
            assert_eq!(found, [(14, vec![7; 16]), (id, value.to_vec())]);
            // Where mixing was not agreed on, it is left out.
            out.clear();
            assert!(set.write(&mut out, Form::OneByte));
            assert_eq!(elements(0xBEDE, &out[4..]), [(14, vec![7; 16])]);
        }
        out.clear();
        assert!(set.write(&mut out, Form::TwoByte));
        assert_eq!(elements(0x1000, &out[4..]), [(14, vec![7; 16])]);
    }

    #[test]
    fn nothing_is_written_for_no_elements() {
        let mut out = Vec::new();
        let mut set = ElementSet::new();
        assert!(!set.write(&mut out, Form::TwoByte));
        // Nor for those that the form has no room for.
        set.push(99, b"a");
        assert!(!set.write(&mut out, Form::OneByte));
        assert!(out.is_empty());
        set.clear();
        assert_eq!(set.length(Form::TwoByte), 0);
    }

    #[test]
    fn what_has_no_room_is_not_added() {
        let mut set = ElementSet::new();
        assert!(!set.push(0, b"a"));
        assert!(!set.push(1, &[0; 256]));
        assert!(set.push(1, &[0; 255]));
        for _ in 1..ElementSet::MAX_ELEMENTS {
            assert!(set.push(2, b"b"));
        }
        assert!(!set.push(3, b"c"));
        assert_eq!(set.values.len(), 255 + ElementSet::MAX_ELEMENTS - 1);
    }
}
