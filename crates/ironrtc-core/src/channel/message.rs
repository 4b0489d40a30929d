//! Application messages and the payload protocol identifiers they travel under (RFC 8831 section 8).

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

pub(super) const PPID_DCEP: u32 = 50;
const PPID_STRING: u32 = 51;
const PPID_BINARY: u32 = 53;
const PPID_STRING_EMPTY: u32 = 56;
const PPID_BINARY_EMPTY: u32 = 57;

/// Text that is known to be UTF-8, over shared bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text(Bytes);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        // Checked when it was made.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.as_str().to_owned()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl TryFrom<Bytes> for Text {
    type Error = std::str::Utf8Error;

    fn try_from(bytes: Bytes) -> Result<Self, Self::Error> {
        std::str::from_utf8(&bytes)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message of a data channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text: a string in JavaScript.
    Text(Text),
    /// Bytes: an ArrayBuffer or a Blob in JavaScript.
    Binary(Bytes),
}

impl Message {
    /// A text message.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// A binary message.
    pub fn binary(bytes: impl Into<Bytes>) -> Self {
        Self::Binary(bytes.into())
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.0.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// True for a message of no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Binary(_) => None,
        }
    }

    /// The bytes of either kind, without a copy.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// SCTP cannot carry an empty message: RFC 8831 section 6.6 has one byte sent instead, under
    /// an identifier that says so.
    pub(super) fn into_wire(self) -> (u32, Bytes) {
        let empty = self.is_empty();
        match self {
            Self::Text(_) if empty => (PPID_STRING_EMPTY, Bytes::from_static(&[0])),
            Self::Text(text) => (PPID_STRING, text.0),
            Self::Binary(_) if empty => (PPID_BINARY_EMPTY, Bytes::from_static(&[0])),
            Self::Binary(bytes) => (PPID_BINARY, bytes),
        }
    }

    /// Whether an identifier is one of those that carry a message.
    pub(super) const fn is_known(ppid: u32) -> bool {
        matches!(
            ppid,
            PPID_STRING | PPID_BINARY | PPID_STRING_EMPTY | PPID_BINARY_EMPTY
        )
    }

    /// `None` for an identifier that carries no message (unknown, or the deprecated partial ones)
    /// and for text that is not UTF-8.
    pub(super) fn from_wire(ppid: u32, data: Bytes) -> Option<Self> {
        match ppid {
            PPID_STRING => Text::try_from(data).ok().map(Self::Text),
            PPID_BINARY => Some(Self::Binary(data)),
            PPID_STRING_EMPTY => Some(Self::Text(Text::default())),
            PPID_BINARY_EMPTY => Some(Self::Binary(Bytes::new())),
            _ => None,
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_wire_under_its_own_identifier() {
        let cases = [
            (Message::from("hé"), 51),
            (Message::from(vec![1, 2]), 53),
            (Message::from(""), 56),
            (Message::from(Vec::new()), 57),
        ];
        for (message, expected) in cases {
            let (ppid, data) = message.clone().into_wire();
            assert_eq!(ppid, expected);
            assert!(!data.is_empty(), "SCTP carries no empty message");
            assert_eq!(Message::from_wire(ppid, data), Some(message));
        }
    }

    #[test]
    fn bad_text_and_other_identifiers_are_no_messages() {
        assert_eq!(Message::from_wire(51, Bytes::from_static(&[0xff])), None);
        for ppid in [0, 50, 52, 54, 55, 58, u32::MAX] {
            assert_eq!(Message::from_wire(ppid, Bytes::from_static(b"x")), None);
        }
    }
}
